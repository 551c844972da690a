package p2p

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/config"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/multiformats/go-multiaddr"
	"golang.org/x/sync/errgroup"
)

// prefix begins the names of all protocols and topics of ours.
const prefix = "/doin/"

// protocols are the names of a network's.
type protocols struct{ http, body protocol.ID }

// namespace is the network's part in names: 16 hex digits, whatever the form of a network's id.
func namespace(network string) string {
	sum := sha256.Sum256([]byte("doin/p2p\n" + network))
	return prefix + hex.EncodeToString(sum[:8])
}

func protocolsOf(network string) protocols {
	return protocols{http: protocol.ID(namespace(network) + "/http/1"), body: protocol.ID(namespace(network) + "/body/1")}
}

// Stats are counters since New and sizes now.
type Stats struct {
	// Accepted, Ignored, Rejected and PutOff count messages of others by verdict, Duplicates the copies that came beside the first.
	Accepted, Ignored, Rejected, PutOff, Duplicates uint64
	// Published counts own messages, Announced those of them that were too long to travel as they are.
	Published, Announced uint64
	// Fetched counts announced bodies that were got, FetchErrors the attempts that failed.
	Fetched, FetchErrors uint64
	// SentBytes and ReceivedBytes count what gossip has carried, control messages included.
	SentBytes, ReceivedBytes uint64
	// Dials and DialErrors count attempts to connect.
	Dials, DialErrors uint64
	// Connected is the number of peers of our network now, ShutOut that of those that are shut out.
	Connected, ShutOut int
	// Mesh is the number of peers in each topic's mesh now.
	Mesh map[string]int
}

// Node is one node's end. Create it with New, run it with Run, close it with Close. It is safe for concurrent use.
type Node struct {
	cfg       Config
	protocols protocols
	host      host.Host
	pubsub    *pubsub.PubSub
	topics    map[string]*pubsub.Topic
	events    event.Subscription
	gate      *gate
	bodies    *bodies
	wanted    *wanted
	fetches   chan struct{}
	listener  *Listener
	wake      chan struct{}
	meeting   *rendezvous        // nil: none
	relay     *relay.Relay       // for others; watchReach's
	ctx       context.Context    // of pubsub and of late judgements: validators are called without one of Run's
	stop      context.CancelFunc // of ctx
	late      *putOff
	judges    chan struct{} // has room for who judges late messages
	judging   sync.WaitGroup

	mu      sync.Mutex
	entries []*target // of the configuration
	peers   map[peer.ID]*link
	known   map[peer.ID]*target         // of before
	score   map[peer.ID]float64         // as pubsub sees it
	mesh    map[string]map[peer.ID]bool // by topic
	stats   Stats
	reach   reached
}

// New listens and joins the topics. It reports every problem of cfg at once.
func New(cfg Config) (*Node, error) { return newNode(cfg) }

// newNode is New with options for libp2p after our own, by which simulations replace the network.
func newNode(cfg Config, options ...config.Option) (_ *Node, err error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	listen, err := parseAll(cfg.Listen)
	if err := errors.Join(cfg.Validate(), err); err != nil {
		return nil, err
	}
	n := &Node{
		cfg: cfg, protocols: protocolsOf(cfg.Network), topics: make(map[string]*pubsub.Topic),
		bodies: newBodies(cfg.KeepBytes), wanted: newWanted(), late: newPutOff(), judges: make(chan struct{}, maxAgain), fetches: make(chan struct{}, cfg.MaxFetches), wake: make(chan struct{}, 1),
		peers: make(map[peer.ID]*link), known: make(map[peer.ID]*target), score: make(map[peer.ID]float64), mesh: make(map[string]map[peer.ID]bool),
	}
	for _, b := range cfg.Bootstrap {
		n.entries = append(n.entries, &target{entry: b})
	}
	n.gate = newGate(cfg.AllowLoopback, cfg.Bootstrap)
	defer func() {
		if err != nil {
			n.Close()
		}
	}()
	if n.host, err = n.open(options); err != nil {
		return nil, fmt.Errorf("p2p: open host: %w", err)
	}
	n.listener = newListener(n.host.ID().String(), cfg.MaxStreams)
	n.host.SetStreamHandler(n.protocols.http, n.listener.take)
	n.host.SetStreamHandler(n.protocols.body, n.serveBody)
	if n.events, err = n.host.EventBus().Subscribe([]any{new(event.EvtPeerIdentificationCompleted), new(event.EvtPeerConnectednessChanged)}); err != nil {
		return nil, fmt.Errorf("p2p: subscribe to events: %w", err)
	}
	if err := n.join(); err != nil {
		return nil, err
	}
	if cfg.Rendezvous {
		if n.meeting, err = n.meet(); err != nil {
			return nil, err
		}
	}
	// Only now, so that no peer is told of fewer protocols than there are.
	if err := n.host.Network().Listen(listen...); err != nil {
		return nil, fmt.Errorf("p2p: listen on %v: %w", cfg.Listen, err)
	}
	return n, nil
}

// Run keeps the links to peers until ctx ends, and returns nil when everything that it started has ended.
func (n *Node) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return n.watch(ctx) })
	g.Go(func() error { return n.dial(ctx) })
	g.Go(func() error { return n.watchReach(ctx) })
	if n.cfg.Nearby {
		g.Go(func() error { return n.nearby(ctx) })
	}
	if n.meeting != nil {
		g.Go(func() error { return n.meeting.run(ctx, n) })
	}
	return g.Wait()
}

// Close closes every link and the port.
func (n *Node) Close() {
	if n.listener != nil {
		n.listener.Close()
	}
	if n.stop != nil {
		n.mu.Lock()
		n.stop() // from here on, no judgement begins
		n.mu.Unlock()
	}
	n.judging.Wait()
	if n.events != nil {
		_ = n.events.Close()
	}
	if n.meeting != nil {
		_ = n.meeting.table.Close()
	}
	if n.host != nil {
		_ = n.host.Close()
	}
}

// HostID is the id by which libp2p knows this node.
func (n *Node) HostID() string { return n.host.ID().String() }

// Addresses are the multiaddresses at which the node believes to be reached, with its id.
func (n *Node) Addresses() []string {
	own := multiaddr.StringCast("/p2p/" + n.HostID())
	var out []string
	for _, a := range n.host.Addrs() {
		out = append(out, a.Encapsulate(own).String())
	}
	return out
}

// Stats returns counters and sizes.
func (n *Node) Stats() Stats {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.stats
	for _, l := range n.peers {
		if l.ID != "" {
			s.Connected++
		}
	}
	s.ShutOut, s.Mesh = n.gate.size(), make(map[string]int, len(n.mesh))
	for topic, peers := range n.mesh {
		s.Mesh[topic] = len(peers)
	}
	return s
}

func (n *Node) count(f func(*Stats)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f(&n.stats)
}
