package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
	"golang.org/x/sync/errgroup"

	"doin.network/node/chain"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/canon"
	"doin.network/node/net/discovery"
	"doin.network/node/net/flood"
	"doin.network/node/net/p2p"
	"doin.network/node/net/transport"
)

// mesh is the node's network over libp2p: flood's way to spread messages, the table of peers, and a second server, which answers
// what peers ask over streams.
type mesh struct {
	s      *Stack
	node   *p2p.Node // nil before open
	server *transport.Server
	ask    *transport.Client // over HTTP, where bootstrap peers are
}

var (
	_ peers        = (*mesh)(nil)
	_ flood.Mesh   = (*mesh)(nil)
	_ p2p.Consumer = (*mesh)(nil)
)

// Topics of the mesh.
const (
	topicClaims       = "claims" // commits, reveals, votes, and what belongs to them
	topicBlocks       = "blocks" // heads
	topicTransactions = "transactions"
)

// topicOf is the topic of a kind of messages.
func topicOf(kind string) string {
	switch {
	case kind == chain.MsgTransaction:
		return topicTransactions
	case chain.Topic(kind) == chain.TopicBlocks:
		return topicBlocks
	}
	return topicClaims
}

// errNotOpen is the error of a mesh that does not listen yet.
var errNotOpen = errors.New("the mesh is not open")

func newMesh(s *Stack) *mesh {
	c := transport.DefaultClientConfig()
	c.MaxResponseBytes = 64 << 10
	return &mesh{s: s, ask: transport.NewClient(c)}
}

// meshConfig are the settings of libp2p; fc are those of flood, whose bounds hold here, too.
func (s *Stack) meshConfig(fc flood.Config) p2p.Config {
	c, n := p2p.DefaultConfig(), &s.Config.Network
	c.Key, c.Network, c.Log = s.Key, s.profile.Network, fc.Log
	c.Listen = listenAddresses(n.Host, s.p2pPort())
	c.Bootstrap, c.Ask = n.Bootstrap, s.net.mesh.multiaddresses
	c.Topics, c.Consumer = []string{topicClaims, topicBlocks, topicTransactions}, s.net.mesh
	c.MaxBody = fc.MaxBytes
	c.MaxInline = min(c.MaxInline, c.MaxBody)
	c.HighConns = min(c.HighConns, s.Config.Limits.MaxPeers)
	c.LowConns = min(c.LowConns, (c.HighConns+1)/2)
	c.Rendezvous = n.Discovery && n.Table
	if !onLoopback(n.Host) { // else nobody else reaches it, and neither the LAN nor a router is asked for anything
		c.Nearby, c.Traverse, c.PortMap = n.Discovery && n.LAN, n.Traversal, n.Traversal && n.PortMapping
	}
	c.Reputation, c.Metrics = s.net.mesh.reputation, s.metrics.registry
	c.OnConnect = func(p p2p.Peer) { s.connected(discoveryPeer(p)) }
	return c
}

// onLoopback reports whether a host is this machine's own interface.
func onLoopback(host string) bool {
	at, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && at.IsLoopback()
}

// p2pPort is the port of libp2p.
func (s *Stack) p2pPort() int {
	if p := s.Config.Network.P2PPort; p != 0 {
		return p
	}
	return s.Port + config.P2PPortOffset
}

// listenAddresses are the multiaddresses of a host, TCP and QUIC.
func listenAddresses(host string, port int) []string {
	kind := "ip4"
	switch ip := net.ParseIP(host); {
	case ip == nil:
		kind = "dns"
	case ip.To4() == nil:
		kind = "ip6"
	}
	at := "/" + kind + "/" + host
	return []string{fmt.Sprintf("%s/tcp/%d", at, port), fmt.Sprintf("%s/udp/%d/quic-v1", at, port)}
}

// open listens, and opens the server for streams.
func (m *mesh) open(c p2p.Config) (err error) {
	tc := m.s.serverConfig()
	tc.MaxConns, tc.MaxConnsPerIP = c.MaxStreams, c.MaxStreams // libp2p counts the streams of each peer
	if err := tc.Validate(); err != nil {
		return err
	}
	m.server = transport.NewServer(tc, m.serve)
	m.node, err = p2p.New(c)
	return err
}

func (m *mesh) close() {
	m.ask.Close()
	if m.node != nil {
		m.node.Close()
	}
}

// Run implements peers.
func (m *mesh) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return m.node.Run(ctx) })
	g.Go(func() error { return m.server.Run(ctx, m.node.Listener()) })
	return g.Wait()
}

// between are the routes that nodes ask each other for; the others are for people and tools, over HTTP.
var between = []string{"/chain/status", "/chain/blocks", "/chain/block/", "/message", "/genesis", "/data/", "/tasks/"}

// serve answers a request that came over a stream.
func (m *mesh) serve(ctx context.Context, rc *fasthttp.RequestCtx) {
	path := string(rc.Path())
	for _, p := range between {
		if path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(path, p) {
			m.s.net.api.Serve(ctx, rc)
			return
		}
	}
	rc.Error("not answered over streams: ask over HTTP", fasthttp.StatusNotFound)
}

// dial opens a stream for the clients.
func (m *mesh) dial(ctx context.Context, endpoint string) (net.Conn, error) {
	if m.node == nil {
		return nil, errNotOpen
	}
	return m.node.Dial(ctx, endpoint)
}

// Publish implements flood.Mesh.
func (m *mesh) Publish(kind string, body []byte) error {
	if m.node == nil {
		return errNotOpen
	}
	return m.node.Publish(topicOf(kind), body)
}

// Take implements p2p.Consumer: the pipeline of flood judges.
func (m *mesh) Take(ctx context.Context, from p2p.Peer, topic string, body []byte) p2p.Verdict {
	err := m.s.net.flood.Deliver(ctx, from.Address.Addr().String(), body, func(kind string) bool { return topicOf(kind) == topic })
	var r *flood.Refusal
	switch {
	case err == nil:
		return p2p.Accept
	case errors.As(err, &r) && r.Fault():
		return p2p.Reject
	case errors.As(err, &r) && r.Passing():
		return p2p.Later
	}
	return p2p.Ignore
}

// cutOff is the reputation of an author that is cut off: below every threshold.
const cutOff = -1000

// reputation is what the node thinks of a peer as an author: the points that it has lost.
func (m *mesh) reputation(id string) float64 {
	now := m.s.Now()
	if m.s.net.authors.Cut(id, now) {
		return cutOff
	}
	return m.s.net.authors.Points(id, now) - m.s.Config.Limits.PenaltyPoints
}

// multiaddresses asks a bootstrap peer where it is, over HTTP. Who is there proves its key by the handshake.
func (m *mesh) multiaddresses(ctx context.Context, endpoint string) ([]string, error) {
	o, err := m.ask.GetJSON(ctx, endpoint, "/peers")
	if err != nil {
		return nil, err
	}
	self, err := o.Object("self")
	if err != nil {
		return nil, fmt.Errorf("answer of %s/peers: %w", endpoint, err)
	}
	if id, err := self.StringOr("network_id", ""); err != nil || id != m.s.profile.Network {
		return nil, fmt.Errorf("%w: %s is of %.12s", discovery.ErrNetwork, endpoint, id)
	}
	list, err := self.List("multiaddresses")
	if err != nil {
		return nil, fmt.Errorf("%s does not speak libp2p: start it with \"network\": \"p2p\", or this node with \"http\"", endpoint)
	}
	var out []string
	for _, v := range list {
		if text, ok := v.(string); ok {
			out = append(out, text)
		}
	}
	return out, nil
}

// discoveryPeer is a peer as the table over HTTP would have it.
func discoveryPeer(p p2p.Peer) discovery.Peer {
	source := discovery.SourceExchange
	if p.Inbound {
		source = discovery.SourceInbound
	}
	return discovery.Peer{
		ID: p.ID, Host: p.Address.Addr().String(), Port: int(p.Address.Port()), Source: source, LastSeen: p.Since,
		Verified: true, Connected: true, Inbound: p.Inbound,
	}
}

// Connected implements peers. A link through a relay is for meeting: nothing is asked over it.
func (m *mesh) Connected() (out []discovery.Peer) {
	if m.node == nil {
		return nil
	}
	for _, p := range m.node.Peers() {
		if !p.Relayed {
			out = append(out, discoveryPeer(p))
		}
	}
	return out
}

// Known implements peers.
func (m *mesh) Known() []discovery.Peer {
	out := m.Connected()
	if m.node == nil {
		return out
	}
	for _, e := range m.node.Bootstrap() {
		out = append(out, discovery.Peer{
			Host: e.Host, Port: e.Port, Source: discovery.SourceBootstrap, Failures: e.Failures, Connected: e.Connected, Foreign: errors.Is(e.Err, discovery.ErrNetwork),
		})
	}
	return out
}

// Lookup implements peers.
func (m *mesh) Lookup(id string) (discovery.Peer, bool) {
	if m.node == nil {
		return discovery.Peer{}, false
	}
	p, ok := m.node.Lookup(id)
	return discoveryPeer(p), ok
}

// Penalize implements peers.
func (m *mesh) Penalize(id string, d time.Duration) {
	if m.node != nil {
		m.node.Penalize(id, d)
	}
}

// Stats implements peers.
func (m *mesh) Stats() discovery.Stats {
	out := discovery.Stats{BySource: make(map[discovery.Source]int)}
	if m.node == nil {
		return out
	}
	st := m.node.Stats()
	out.Dials, out.Failures = st.Dials, st.DialErrors
	for _, p := range m.Connected() {
		out.Connected++
		out.Known++
		out.BySource[p.Source]++
	}
	for _, e := range m.node.Bootstrap() {
		if !e.Connected {
			out.Known++
			out.BySource[discovery.SourceBootstrap]++
		}
	}
	return out
}

// PeersObject implements api.Peers: who this node is and where libp2p reaches it, and who is connected.
func (m *mesh) PeersObject(challenge string) (*canon.Object, error) {
	o, err := m.s.net.table.PeersObject(challenge)
	if err != nil || m.node == nil {
		return o, err
	}
	self, err := o.Object("self")
	if err != nil {
		return nil, err
	}
	self.Set("multiaddresses", texts(m.node.Addresses()))
	list := []any{}
	for _, p := range m.node.Peers() { // without a port, since none of them is one of HTTP
		list = append(list, canon.NewObject("peer_id", p.ID, "host_id", p.Host, "link", net.JoinHostPort(p.Address.Addr().String(), strconv.Itoa(int(p.Address.Port())))))
	}
	return o.Set("peers", list), nil
}

// object is what /status says of libp2p.
func (m *mesh) object() *canon.Object {
	if m.node == nil {
		return canon.NewObject()
	}
	st := m.node.Stats()
	reach, relayed := m.node.Reach(), int64(0)
	for _, p := range m.node.Peers() {
		if p.Relayed {
			relayed++
		}
	}
	sizes := canon.NewObject()
	for _, t := range []string{topicClaims, topicBlocks, topicTransactions} {
		sizes.Set(t, int64(st.Mesh[t]))
	}
	return canon.NewObject(
		"host_id", m.node.HostID(), "addresses", texts(m.node.Addresses()), "reachability", string(reach.Reachability), "confirmed", texts(reach.Confirmed),
		"relays", texts(reach.Relays), "relayed_links", relayed, "mesh", sizes, "shut_out", int64(st.ShutOut),
		"published", int64(st.Published), "announced", int64(st.Announced), "accepted", int64(st.Accepted), "ignored", int64(st.Ignored), "put_off", int64(st.PutOff),
		"rejected", int64(st.Rejected), "duplicates", int64(st.Duplicates), "fetched", int64(st.Fetched), "fetch_errors", int64(st.FetchErrors),
		"sent_bytes", int64(st.SentBytes), "received_bytes", int64(st.ReceivedBytes))
}

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// protocol is how messages spread.
func (n *network) protocol() string {
	if n.mesh != nil {
		return config.Gossipsub
	}
	return config.Flooding
}
