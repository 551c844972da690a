package p2p

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/x/simlibp2p"
	"github.com/marcopolo/simnet"
)

// world is the nodes of a simulation and the links among them.
type world struct {
	s       *simulation
	t       *testing.T
	r       *rand.Rand
	lan     *simnet.Simnet
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	started bool
	nodes   []*Node
	boxes   map[*Node]*arrivals

	mu     sync.Mutex
	delays map[[2]string]time.Duration
	lost   func(from, to string) bool          // nil: nothing is lost but by chance
	drops  int                                 // packets that were lost
	extra  func(from, to string) time.Duration // nil: nothing is slower than the rest
}

// nowhere is an address that nobody has: packets that are lost go there.
var nowhere = &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 9}

// open makes the links and the honest nodes, each with some links to those before it.
func (s *simulation) open(t *testing.T) *world {
	w := &world{s: s, t: t, r: rand.New(rand.NewPCG(s.Seed, 0)), boxes: make(map[*Node]*arrivals), delays: make(map[[2]string]time.Duration)}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	packets := rand.New(rand.NewPCG(s.Seed, 1))
	w.lan = &simnet.Simnet{Logger: slog.New(slog.DiscardHandler), LatencyFunc: func(p *simnet.Packet) time.Duration {
		return w.route(p, packets)
	}}
	for i := range s.Nodes {
		w.add(fmt.Sprintf("node %d", i), endpoint(i), func(c *Config) {
			for range min(s.Links, i) {
				if at := w.nodes[w.r.IntN(i)].Addresses()[0]; !slices.Contains(c.Bootstrap, at) {
					c.Bootstrap = append(c.Bootstrap, at)
				}
			}
		})
	}
	return w
}

// endpoint is where the i-th node listens.
func endpoint(i int) string {
	return fmt.Sprintf("/ip4/%s/udp/8000/quic-v1", simnet.IntToPublicIPv4(i))
}

// route returns how long a packet takes, the same both ways between two nodes, or loses it.
func (w *world) route(p *simnet.Packet, r *rand.Rand) time.Duration {
	from, to := p.From.String(), p.To.String()
	pair := [2]string{min(from, to), max(from, to)}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lost != nil && w.lost(from, to) || r.Float64() < w.s.Lost {
		p.To = nowhere
		w.drops++
	}
	d, ok := w.delays[pair]
	if !ok {
		d = w.s.from + time.Duration(r.Int64N(int64(w.s.to-w.s.from)))
		w.delays[pair] = d
	}
	if w.extra != nil {
		d += w.extra(from, to)
	}
	return d
}

// lose sets what is lost from now on.
func (w *world) lose(lost func(from, to string) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost = lost
}

// add makes a node, and runs it where the others run.
func (w *world) add(seed, listen string, change func(*Config)) *Node {
	w.t.Helper()
	box := &arrivals{at: make(map[string]time.Time)}
	c := DefaultConfig()
	c.Key, c.Network, c.Topics, c.Consumer = key(w.t, seed), "simulation", []string{"claims"}, box
	c.Listen = []string{listen}
	change(&c)
	rate := simnet.LinkSettings{BitsPerSecond: 50 * simlibp2p.OneMbps}
	n, err := newNode(c, simlibp2p.QUICSimnet(w.lan, simnet.NodeBiDiLinkSettings{Downlink: rate, Uplink: rate}), libp2p.DisableIdentifyAddressDiscovery())
	if err != nil {
		w.t.Fatal(err)
	}
	w.nodes = append(w.nodes, n)
	w.boxes[n] = box
	if w.started {
		w.run(n)
	}
	return n
}

func (w *world) run(n *Node) { w.running.Go(func() { _ = n.Run(w.ctx) }) }

// start runs what there is.
func (w *world) start() {
	w.started = true
	w.lan.Start()
	for _, n := range w.nodes {
		w.run(n)
	}
}

func (w *world) boxesOf(nodes []*Node) (out []*arrivals) {
	for _, n := range nodes {
		out = append(out, w.boxes[n])
	}
	return out
}

func (w *world) close() {
	w.cancel()
	w.running.Wait()
	for _, n := range w.nodes {
		n.Close()
	}
	w.lan.Close()
}
