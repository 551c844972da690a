package p2p

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/x/simlibp2p"
	"github.com/marcopolo/simnet"
)

// simulation is a network of nodes in one process, on a virtual clock.
type simulation struct {
	Nodes      int     `json:"nodes"`
	Links      int     `json:"links_per_node"` // that each node opens
	Messages   int     `json:"messages"`
	Bytes      int     `json:"bytes_per_message"`
	LinkFrom   string  `json:"link_delay_from"` // one way
	LinkTo     string  `json:"link_delay_to"`
	Crashed    float64 `json:"crashed"`
	Seed       uint64  `json:"seed"`
	Delivered  float64 `json:"delivered"` // of message × living node
	P50        float64 `json:"p50_ms"`
	P99        float64 `json:"p99_ms"`
	Worst      float64 `json:"worst_ms"`
	Duplicates float64 `json:"duplicates_per_message_and_node"`
	Sent       float64 `json:"gossip_bytes_per_message_and_node"`

	from, to time.Duration
}

// arrivals is a Consumer that notes when each message came.
type arrivals struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (a *arrivals) Take(_ context.Context, _ Peer, _ string, body []byte) Verdict {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.at[string(body[:8])]; !ok {
		a.at[string(body[:8])] = time.Now()
	}
	return Accept
}

// run fills in the results. It must be called inside a synctest bubble.
func (s *simulation) run(t *testing.T) {
	r := rand.New(rand.NewPCG(s.Seed, 0))
	delays := make(map[[2]string]time.Duration)
	var mu sync.Mutex
	lan := &simnet.Simnet{LatencyFunc: func(p *simnet.Packet) time.Duration {
		pair := [2]string{p.From.String(), p.To.String()}
		if pair[0] > pair[1] {
			pair[0], pair[1] = pair[1], pair[0]
		}
		mu.Lock()
		defer mu.Unlock()
		d, ok := delays[pair]
		if !ok {
			d = s.from + time.Duration(r.Int64N(int64(s.to-s.from)))
			delays[pair] = d
		}
		return d
	}}
	link := simnet.NodeBiDiLinkSettings{Downlink: simnet.LinkSettings{BitsPerSecond: 50 * simlibp2p.OneMbps}, Uplink: simnet.LinkSettings{BitsPerSecond: 50 * simlibp2p.OneMbps}}
	ctx, cancel := context.WithCancel(context.Background())
	nodes, boxes := make([]*Node, s.Nodes), make([]*arrivals, s.Nodes)
	var running sync.WaitGroup
	for i := range nodes {
		boxes[i] = &arrivals{at: make(map[string]time.Time)}
		c := DefaultConfig()
		c.Key, c.Network, c.Topics, c.Consumer = key(t, fmt.Sprintf("node %d", i)), "simulation", []string{"claims"}, boxes[i]
		c.Listen = []string{fmt.Sprintf("/ip4/%s/udp/8000/quic-v1", simnet.IntToPublicIPv4(i))}
		for range min(s.Links, i) {
			if at := nodes[r.IntN(i)].Addresses()[0]; !slices.Contains(c.Bootstrap, at) {
				c.Bootstrap = append(c.Bootstrap, at)
			}
		}
		n, err := newNode(c, simlibp2p.QUICSimnet(lan, link), libp2p.DisableIdentifyAddressDiscovery())
		if err != nil {
			t.Fatal(err)
		}
		nodes[i] = n
	}
	lan.Start()
	for _, n := range nodes {
		running.Go(func() { _ = n.Run(ctx) })
	}
	time.Sleep(20 * time.Second) // virtual: links, and meshes that have settled
	living := nodes
	if crashed := int(s.Crashed * float64(s.Nodes)); crashed > 0 {
		for _, n := range nodes[s.Nodes-crashed:] {
			n.Close()
		}
		living = nodes[:s.Nodes-crashed]
	}
	before := s.totals(living)
	sent := make(map[string]time.Time)
	for i := range s.Messages {
		body := make([]byte, s.Bytes)
		copy(body, fmt.Sprintf("%08d", i))
		sent[string(body[:8])] = time.Now()
		if err := living[r.IntN(len(living))].Publish("claims", body); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
	}
	time.Sleep(5 * time.Second) // virtual: more than three heartbeats
	s.measure(boxes[:len(living)], sent, before, s.totals(living))
	cancel()
	running.Wait()
	for _, n := range living {
		n.Close()
	}
	lan.Close()
}

// totals sums the counters of nodes.
func (s *simulation) totals(nodes []*Node) (sum Stats) {
	for _, n := range nodes {
		st := n.Stats()
		sum.Duplicates += st.Duplicates
		sum.SentBytes += st.SentBytes
	}
	return sum
}

// measure fills in the results; an author has its own message without it arriving.
func (s *simulation) measure(boxes []*arrivals, sent map[string]time.Time, before, after Stats) {
	var took []float64
	for _, b := range boxes {
		for id, at := range b.at {
			took = append(took, float64(at.Sub(sent[id]).Microseconds())/1000)
		}
	}
	slices.Sort(took)
	pairs := float64(len(sent) * (len(boxes) - 1))
	s.Delivered = float64(len(took)) / pairs
	s.P50, s.P99, s.Worst = took[len(took)/2], took[len(took)*99/100], took[len(took)-1]
	s.Duplicates = float64(after.Duplicates-before.Duplicates) / pairs
	s.Sent = float64(after.SentBytes-before.SentBytes) / pairs
}

// results is where the figures of the longer simulation are kept.
var results = filepath.Join("..", "..", "bench", "results", "gossip.json")

// TestSimulation: messages of 1 KB among many nodes over links of 10–120 ms there and back. DOIN_GOSSIP_NODES=50,200,1000 asks for
// more of them, with and without crashes, and writes the figures down.
func TestSimulation(t *testing.T) {
	sizes, crashes, write := []int{200}, []float64{0}, false
	if testing.Short() {
		sizes = []int{30} // the race detector cannot count what 200 do
	}
	if text := os.Getenv("DOIN_GOSSIP_NODES"); text != "" {
		sizes, crashes, write = nil, []float64{0, 0.2}, true
		for _, s := range strings.Split(text, ",") {
			n, err := strconv.Atoi(s)
			if err != nil || n < 2 || n > 2000 {
				t.Fatalf("DOIN_GOSSIP_NODES = %q: want numbers from 2 to 2000", text)
			}
			sizes = append(sizes, n)
		}
	}
	var all []*simulation
	for _, n := range sizes {
		for _, crashed := range crashes {
			s := &simulation{Nodes: n, Links: 6, Messages: 20, Bytes: 1000, Crashed: crashed, Seed: uint64(n), from: 5 * time.Millisecond, to: 60 * time.Millisecond}
			s.LinkFrom, s.LinkTo = s.from.String(), s.to.String()
			began := time.Now()
			synctest.Test(t, s.run)
			t.Logf("%d nodes, %.0f %% crashed: %.4f delivered, p50 %.0f ms, p99 %.0f ms, worst %.0f ms, %.2f duplicates, %.0f bytes, in %v",
				n, 100*crashed, s.Delivered, s.P50, s.P99, s.Worst, s.Duplicates, s.Sent, time.Since(began).Round(time.Millisecond))
			all = append(all, s)
			if least := 1 - 0.001*min(1, crashed*1000); s.Delivered < least {
				t.Errorf("%d nodes, %.0f %% crashed: %.5f were delivered, want at least %.3f", n, 100*crashed, s.Delivered, least)
			}
			if crashed == 0 && s.P99 > 200 {
				t.Errorf("%d nodes: p99 %.0f ms, want at most 200", n, s.P99)
			}
			if s.Duplicates > 6.5 {
				t.Errorf("%d nodes: %.2f duplicates a message and node, want at most 6.5", n, s.Duplicates)
			}
		}
	}
	if !write {
		return
	}
	text, err := json.MarshalIndent(map[string]any{"simulations": all, "go": runtime.Version()}, "", "  ")
	if err == nil {
		err = os.WriteFile(results, append(text, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
