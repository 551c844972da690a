package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/valyala/fasthttp"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/net/api"
	"doin.network/node/net/chainsync"
	"doin.network/node/net/discovery"
	"doin.network/node/net/flood"
	"doin.network/node/net/peerscore"
	"doin.network/node/net/transport"
	"doin.network/node/net/web"
)

// network is everything that talks to peers and clients.
type network struct {
	client  *transport.Client // to peers: messages and handshakes
	status  *transport.Client // to peers: the state of their chain
	blocks  *transport.Client // to peers: the chain
	flood   *flood.Flood
	peers   peers
	table   *discovery.Table
	mesh    *mesh // nil where nodes speak HTTP
	syncer  *chainsync.Syncer
	api     *api.API
	server  *transport.Server
	dash    *dashboard
	callers *peerscore.Board // by address
	authors *peerscore.Board // by peer id
	node    api.Node         // what the machine tells of itself
}

// peers is who is there: discovery's table over HTTP, or the mesh.
type peers interface {
	api.Peers
	Run(ctx context.Context) error
	// Connected are the peers that get messages, by id; Known those that were heard of, bootstrap peers first of all.
	Connected() []discovery.Peer
	Known() []discovery.Peer
	Lookup(id string) (discovery.Peer, bool)
	// Penalize cuts off the peer with that id for d.
	Penalize(id string, d time.Duration)
	Stats() discovery.Stats
}

func (n *network) closeClients() {
	for _, c := range n.clients() {
		c.Close()
	}
}

// close closes the clients and the mesh, as far as they were opened.
func (n *network) close() {
	if n.mesh != nil {
		n.mesh.close()
	}
	for _, c := range n.clients() {
		if c != nil {
			c.Close()
		}
	}
}

func (n *network) clients() []*transport.Client {
	return []*transport.Client{n.client, n.status, n.blocks}
}

// parseBytes bounds what the pages of blocks that are parsed at one time become in memory.
const parseBytes = 128 << 20

// maxStatusBytes is the largest answer of /chain/status that is read.
const maxStatusBytes = 64 << 10

// largeMessages is how many messages of the largest size the node holds in each of their places at one time: being received, being
// parsed, waiting for peers.
const largeMessages = 3

func (s *Stack) openNetwork() (err error) {
	n, limits := &s.net, &s.Config.Limits
	if s.Config.Network.Transport == config.P2P {
		n.mesh = newMesh(s)
	}
	blocks := transport.DefaultClientConfig() // pages of blocks are larger, and fewer at a time
	blocks.MaxResponseBytes, blocks.MaxInFlight = s.profile.MaxPageBytes, chainsync.DefaultConfig().MaxSyncs
	blocks.Dial = n.dial()
	blocks.Timeout = max(blocks.Timeout, s.profile.PageTimeout)
	n.blocks = transport.NewClient(blocks)
	status := transport.DefaultClientConfig()
	status.MaxResponseBytes, status.Dial = maxStatusBytes, n.dial()
	n.status = transport.NewClient(status)
	score := peerscore.DefaultConfig()
	score.Points, score.Penalty = limits.PenaltyPoints, limits.PenaltyTime
	if n.callers, err = peerscore.New(score); err != nil {
		return err
	}
	if n.authors, err = peerscore.New(score); err != nil {
		return err
	}
	fc, dc := s.floodConfig(), s.discoveryConfig()
	ac := api.DefaultConfig()
	ac.Port, ac.Network, ac.Log = s.Port, s.profile.Network, fc.Log
	ac.Token = s.Config.Network.InferenceToken
	ac.MaxMessageBytes, ac.BudgetBytes = limits.MaxMessageBytes, max(ac.BudgetBytes, largeMessages*int64(limits.MaxMessageBytes))
	s.metrics = newMetrics(s)
	ac.Observe = s.metrics.answered
	ac.Offence = func(host string) { s.offence(host, "a request that was refused") }
	if s.profile.Adapt != nil {
		s.profile.Adapt(&fc, &dc, &ac)
	}
	small := transport.DefaultClientConfig()
	small.MaxResponseBytes, small.MaxResponseValues, small.Timeout = 512<<10, 8192, max(small.Timeout, fc.SendTimeout) // lists of peers
	small.Dial = n.dial()
	n.client = transport.NewClient(small)
	if n.flood, err = flood.New(fc, flood.PeersFunc(s.floodPeers), n.client, s.receive); err != nil {
		return err
	}
	if err := s.openTable(dc); err != nil {
		return err
	}
	fetcher := chainsync.HTTPFetcher{Client: n.blocks, Small: n.status, MaxBlockBytes: s.profile.MaxBlockBytes, Room: chainsync.NewRoom(parseBytes),
		TooLarge: func(err error) bool { return errors.Is(err, transport.ErrResponseTooLarge) }}
	if n.syncer, err = chainsync.New(s.syncConfig(), chainView{s}, chainsync.PeersFunc(s.syncPeers), fetcher); err != nil {
		return err
	}
	parts := s.profile.Parts(s)
	n.node, parts.Health = parts.Node, s.watch
	parts.Chain, parts.Stats, parts.Peers, parts.Flood, parts.Metrics = blockView{s}, statsView{s}, n.peers, n.flood, s.metrics.registry
	if n.api, err = api.New(ac, parts); err != nil {
		return err
	}
	if n.dash, err = s.openDashboard(parts.Node); err != nil {
		return err
	}
	if err := s.openServer(); err != nil || n.mesh == nil {
		return err
	}
	return n.mesh.open(s.meshConfig(fc))
}

// openTable opens the table of peers: discovery's, which over libp2p only says who this node is.
func (s *Stack) openTable(dc discovery.Config) (err error) {
	if s.net.mesh != nil {
		dc.Bootstrap, dc.NoExchange = nil, true
	}
	table, err := discovery.New(dc, discovery.HTTPDialer{Client: s.net.client})
	if err != nil {
		return err
	}
	if s.net.table = table; s.net.mesh == nil {
		s.net.peers = table
		return nil
	}
	s.net.peers = s.net.mesh
	return nil
}

func (s *Stack) floodConfig() flood.Config {
	log, limits := s.Log.With("component", "net"), &s.Config.Limits
	c := flood.DefaultConfig()
	c.Signer, c.Network, c.Port, c.Log = s.Key, s.profile.Network, s.Port, log
	c.MaxBytes, c.MaxBytesOf = limits.MaxMessageBytes, s.profile.MaxBytesOf
	c.QueueBytes, c.HeldBytes = max(c.QueueBytes, 2*c.MaxBytes), max(c.HeldBytes, largeMessages*c.MaxBytes)
	c.AddressRate, c.AddressBurst = limits.AddressRate, 4*limits.AddressRate
	c.AuthorRate, c.AuthorBurst = limits.AuthorRate, 10*limits.AuthorRate
	c.Addresses, c.Authors = s.net.callers, s.net.authors
	c.Twin = func(host string) { s.twin("address", host) }
	c.CutOff = func(author string) { s.net.peers.Penalize(author, limits.PenaltyTime) }
	c.Learn = func(host string, port int, id string) {
		if err := s.net.table.Learn(host, port, id); err != nil {
			log.Debug("caller not learned", "host", host, "port", port, "err", err)
		}
	}
	c.Report = func(p flood.Peer, err error) { s.net.table.Report(p.Endpoint, err) }
	if s.net.mesh != nil {
		c.Mesh, c.Learn, c.Report = s.net.mesh, nil, nil
	}
	return c
}

func (s *Stack) discoveryConfig() discovery.Config {
	log, network := s.Log.With("component", "net"), &s.Config.Network
	c := discovery.DefaultConfig()
	c.Key, c.Network, c.Port, c.Log = s.Key, s.profile.Network, s.Port, log
	c.Bootstrap, c.Interval, c.NoExchange = network.Bootstrap, network.DiscoveryInterval, !network.Discovery
	c.MaxKnown, c.MaxPerLocalHost = s.Config.Limits.MaxPeers, s.Config.Limits.MaxLocalPeers
	c.Announce = func(ctx context.Context, p discovery.Peer) error {
		return s.net.flood.Announce(ctx, s.net.floodPeer(p))
	}
	c.Twin = func(endpoint string) { s.twin("endpoint", endpoint) }
	c.OnConnect = s.connected
	return c
}

func (s *Stack) connected(p discovery.Peer) {
	s.Log.Info("peer connected", "component", "net", "peer", p.ID, "endpoint", p.Endpoint(), "proved_its_key", p.Verified)
	s.net.syncer.Poll()
}

func (s *Stack) syncConfig() chainsync.Config {
	log := s.Log.With("component", "net")
	c := chainsync.DefaultConfig()
	c.Network, c.Log, c.Synced = s.profile.Network, log, s.synced
	c.RequestTimeout = max(c.RequestTimeout, s.profile.PageTimeout)
	c.Penalize = func(p chainsync.Peer, reason error) {
		log.Warn("peer served a bad chain", "peer", p.ID, "endpoint", p.Endpoint, "err", reason)
		s.net.peers.Penalize(p.ID, time.Minute)
	}
	return c
}

// dial is how requests reach peers; nil: over TCP.
func (n *network) dial() func(ctx context.Context, address string) (net.Conn, error) {
	if n.mesh == nil {
		return nil
	}
	return n.mesh.dial
}

func (s *Stack) openServer() error {
	tc := s.serverConfig()
	if err := tc.Validate(); err != nil {
		return err
	}
	s.net.server = transport.NewServer(tc, s.net.serve)
	return nil
}

// serverConfig are the bounds of who answers requests.
func (s *Stack) serverConfig() transport.ServerConfig {
	limits := &s.Config.Limits
	tc := transport.DefaultServerConfig()
	tc.MaxBodyBytes, tc.HeldBytes = limits.MaxBodyBytes, max(tc.HeldBytes, largeMessages*limits.MaxMessageBytes)
	tc.MaxConns, tc.MaxConnsPerIP = limits.MaxConnections, limits.MaxPerAddress
	tc.ReadTimeout, tc.IdleTimeout = limits.RequestTimeout, limits.IdleTimeout
	tc.Refuse = func(host string) bool { return s.net.callers.Cut(peerscore.Address(host), s.Now()) }
	tc.Offence = func(host string) { s.offence(host, "no readable request") }
	tc.TooLarge, tc.BodyLimit = s.net.api.TooLarge, s.net.api.BodyLimit
	return tc
}

// serve answers a request: the dashboard's, or the API's.
func (n *network) serve(ctx context.Context, rc *fasthttp.RequestCtx) {
	if n.dash != nil && web.Is(string(rc.Path())) {
		n.dash.web.Serve(ctx, rc)
		return
	}
	n.api.Serve(ctx, rc)
}

// twin says that another machine uses this node's key: their messages and votes contradict each other.
func (s *Stack) twin(kind, where string) {
	s.twinAt.Store(s.Now().UnixNano())
	s.alarms.Set("same_key", fmt.Sprintf("another machine uses this node's key %.12s: seen at %s %s", s.Key.PeerID(), kind, where),
		"stop one of them, or give it a key of its own by moving identity.json away")
}

// offence charges an address for what it has sent.
func (s *Stack) offence(host, what string) {
	if s.net.callers.Charge(peerscore.Address(host), 1, s.Now()) {
		s.Log.Warn("address is cut off", "component", "net", "address", host, "last", what)
	}
}

func (n *network) floodPeer(p discovery.Peer) flood.Peer {
	return flood.Peer{ID: p.ID, Host: p.Host, Port: p.Port, Endpoint: n.endpoint(p), Early: p.Early}
}

// endpoint is where the clients reach a peer: over libp2p by its id.
func (n *network) endpoint(p discovery.Peer) string {
	if n.mesh != nil {
		return p.ID
	}
	return p.Endpoint()
}

func (s *Stack) floodPeers() []flood.Peer {
	list := s.net.peers.Connected()
	out := make([]flood.Peer, len(list))
	for i, p := range list {
		out[i] = s.net.floodPeer(p)
	}
	return out
}

func (s *Stack) syncPeers() (out []chainsync.Peer) {
	if s.profile.Fetches {
		return nil
	}
	for _, p := range s.net.peers.Connected() {
		if p.Early {
			continue // its chain begins with a block of its own
		}
		out = append(out, chainsync.Peer{ID: p.ID, Endpoint: s.net.endpoint(p)})
	}
	return out
}

func (s *Stack) peerIDs() []string {
	list := s.net.peers.Connected()
	out := make([]string, 0, len(list))
	for _, p := range list {
		if !p.Short() { // no vote can come under half a name
			out = append(out, p.ID)
		}
	}
	return out
}

// PeerCount is the number of connected peers.
func (s *Stack) PeerCount() int { return len(s.net.peers.Connected()) }

// Endpoints are the HTTP ports of the peers that are connected, as far as they are known: over libp2p none is.
func (s *Stack) Endpoints() (out []string) {
	if s.net.mesh != nil {
		return nil
	}
	for _, p := range s.net.peers.Connected() {
		out = append(out, p.Endpoint())
	}
	return out
}

// Known are the peers that the node has heard of, whether they are connected or not.
func (s *Stack) Known() []discovery.Peer { return s.net.peers.Known() }
