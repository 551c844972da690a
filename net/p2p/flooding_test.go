package p2p

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
	"doin.network/node/net/flood"
)

// comparison is how commits spread among the same nodes over the same links by one way.
type comparison struct {
	Way    string  `json:"way"`
	Nodes  int     `json:"nodes"`
	Peers  float64 `json:"peers_per_node"`
	Commit int     `json:"bytes_of_a_commit"`
	Median float64 `json:"until_95_percent_median_ms"` // of commits
	Worst  float64 `json:"until_95_percent_worst_ms"`
	Bytes  float64 `json:"bytes_per_commit_and_node"` // that leave a node: of the streams, without what packets add
}

// Of a comparison: commits that count, and those before them, by which connections are made and meshes settle.
const (
	compared = 20
	warmUp   = 5
)

// spread notes when each commit reached each node.
type spread struct {
	mu sync.Mutex
	at map[string][]time.Time // by commitment
}

func (s *spread) reached(commitment string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at[commitment] = append(s.at[commitment], time.Now())
}

// within returns, for each commit that counts, how long it took until 95 % of n nodes held it, its author among them; in order.
func (s *spread) within(t *testing.T, n int, sent []time.Time) (out []float64) {
	for i, began := range sent {
		at := s.at[commitment(warmUp+i)]
		if len(at) < n*95/100-1 {
			t.Fatalf("commit %d reached %d of %d nodes", i, len(at), n)
		}
		slices.SortFunc(at, time.Time.Compare)
		out = append(out, float64(at[n*95/100-2].Sub(began).Microseconds())/1000)
	}
	slices.Sort(out)
	return out
}

func commitment(i int) string { return fmt.Sprintf("%064x", i+1) }

// commit is the i-th commit, signed by the node who.
func commit(t *testing.T, who string, i int) *chain.Message {
	t.Helper()
	m := &chain.Message{
		Type: chain.MsgOptimaeCommit, Timestamp: timestamp.FromTime(time.Now()), TTL: chain.DefaultTTL,
		Payload: canon.NewObject("commitment_hash", commitment(i), "domain_id", "forecast"),
	}
	if err := chain.SignMessage(m, key(t, who), "simulation"); err != nil {
		t.Fatal(err)
	}
	return m
}

// publishAll has nodes drawn by r publish commits every 200 ms, and returns when those that count began. settled is called before them.
func publishAll(t *testing.T, n int, r *rand.Rand, settled func(), publish func(who int, m *chain.Message) error) (sent []time.Time) {
	t.Helper()
	for i := range warmUp + compared {
		if i == warmUp {
			time.Sleep(threeHeartbeats)
			settled()
		}
		who := r.IntN(n)
		m := commit(t, fmt.Sprintf("node %d", who), i)
		if i >= warmUp {
			sent = append(sent, time.Now())
		}
		if err := publish(who, m); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
	}
	time.Sleep(5 * time.Second)
	return sent
}

// byGossip spreads commits by GossipSub.
func (c *comparison) byGossip(t *testing.T) {
	s := &simulation{Nodes: c.Nodes, Links: 6, Seed: uint64(c.Nodes), from: 5 * time.Millisecond, to: 60 * time.Millisecond}
	w := s.open(t)
	defer w.close()
	all := &spread{at: make(map[string][]time.Time)}
	for _, n := range w.nodes {
		w.boxes[n].judge = func(_ Peer, body []byte) Verdict {
			o, err := canon.ParseObject(body)
			if err != nil {
				return Reject
			}
			m, err := chain.MessageFromObject(o)
			if err != nil {
				return Reject
			}
			name, _ := m.Payload.String("commitment_hash")
			all.reached(name)
			return Accept
		}
	}
	w.start()
	time.Sleep(20 * time.Second)
	var before Stats
	sent := publishAll(t, c.Nodes, w.r, func() { before = s.totals(w.nodes) }, func(who int, m *chain.Message) error {
		body := canon.Default(m.Object())
		c.Commit = len(body)
		return w.nodes[who].Publish("claims", body)
	})
	links := 0
	for _, n := range w.nodes {
		links += len(n.Peers())
	}
	c.Peers = float64(links) / float64(c.Nodes)
	c.note(all.within(t, c.Nodes, sent), s.totals(w.nodes).SentBytes-before.SentBytes)
}

func (c *comparison) note(took []float64, sent uint64) {
	c.Median, c.Worst = took[len(took)/2], took[len(took)-1]
	c.Bytes = float64(sent) / float64(compared*c.Nodes)
}

// byFlooding spreads commits as nodes with "network": "http" do: each passes them on to all its peers, over connections that are kept.
func (c *comparison) byFlooding(t *testing.T) {
	r := rand.New(rand.NewPCG(uint64(c.Nodes), 0))
	peers := graph(r, c.Nodes, int(c.Peers))
	all := &spread{at: make(map[string][]time.Time)}
	wires := newWires(r)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	var closers []func()
	ids := make([]string, c.Nodes)
	for i := range ids {
		ids[i] = key(t, fmt.Sprintf("node %d", i)).PeerID()
	}
	floods := make([]*flood.Flood, c.Nodes)
	for i := range floods {
		client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, to string) (net.Conn, error) {
			return wires.dial(ctx, hostAt(i), strings.TrimSuffix(to, ":80"))
		}}}
		cfg := flood.DefaultConfig()
		cfg.Signer, cfg.Network, cfg.Port = key(t, fmt.Sprintf("node %d", i)), "simulation", 80
		var list []flood.Peer
		for _, p := range peers[i] {
			list = append(list, flood.Peer{ID: ids[p], Host: hostAt(p), Port: 80, Endpoint: hostAt(p) + ":80"})
		}
		f, err := flood.New(cfg, flood.PeersFunc(func() []flood.Peer { return list }), poster{client},
			func(_ context.Context, m *chain.Message, _ flood.Peer) error {
				name, _ := m.Payload.String("commitment_hash")
				all.reached(name)
				return nil
			})
		if err != nil {
			t.Fatal(err)
		}
		floods[i] = f
		l := wires.listen(hostAt(i))
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			body, err := io.ReadAll(q.Body)
			if err == nil {
				err = f.Receive(q.Context(), strings.Split(q.RemoteAddr, ":")[0], body)
			}
			if err != nil && !errors.Is(err, flood.ErrDuplicate) {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			_, _ = io.WriteString(w, `{"status": "ok"}`)
		})}
		running.Go(func() { _ = server.Serve(l) })
		running.Go(func() { _ = f.Run(ctx) })
		closers = append(closers, client.CloseIdleConnections, func() { _ = server.Close() })
	}
	var before uint64
	sent := publishAll(t, c.Nodes, r, func() { before = wires.bytes.Load() }, func(who int, m *chain.Message) error {
		c.Commit = len(canon.Default(m.Object()))
		return floods[who].Broadcast(m)
	})
	c.note(all.within(t, c.Nodes, sent), wires.bytes.Load()-before)
	cancel()
	for _, f := range closers {
		f()
	}
	running.Wait()
}

// poster is a flood.Sender over HTTP.
type poster struct{ http *http.Client }

func (p poster) PostMessage(ctx context.Context, endpoint string, body []byte) error {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+endpoint+"/message", bytes.NewReader(body))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "application/json")
	answer, err := p.http.Do(q)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %w", answer.StatusCode, err)
	}
	return nil
}

func hostAt(i int) string { return fmt.Sprintf("10.0.%d.%d", i/250, i%250+1) }

// graph draws who is whose peer, both ways, degree of each on the mean; it is connected where each has more than a few.
func graph(r *rand.Rand, n, degree int) [][]int {
	peers := make([][]int, n)
	for edges := 0; edges < n*degree/2; {
		a, b := r.IntN(n), r.IntN(n)
		if a != b && !slices.Contains(peers[a], b) {
			peers[a], peers[b] = append(peers[a], b), append(peers[b], a)
			edges++
		}
	}
	return peers
}

// TestFlooding compares GossipSub with flooding over HTTP among 100 nodes over links of 10–120 ms there and back and 50 Mbit/s: the time
// until 95 % hold a commit, and bytes. Flooding has 50 peers, as many as a node's table connects with, and for comparison as many as
// GossipSub has links. In every run it is 20 nodes. What computing takes does not count on a virtual clock. DOIN_GOSSIP_FLOODING=1 asks for it.
func TestFlooding(t *testing.T) {
	n, write := 20, false
	if os.Getenv("DOIN_GOSSIP_FLOODING") != "" {
		n, write = 100, true
	}
	gossip := &comparison{Way: "GossipSub", Nodes: n}
	table := &comparison{Way: "flooding to a table of half of them", Nodes: n, Peers: float64(n / 2)}
	synctest.Test(t, gossip.byGossip)
	links := &comparison{Way: "flooding over as many links", Nodes: n, Peers: math.Round(gossip.Peers)}
	synctest.Test(t, table.byFlooding)
	synctest.Test(t, links.byFlooding)
	for _, c := range []*comparison{gossip, table, links} {
		t.Logf("%s, %d nodes, %.1f peers: 95 %% after %.0f ms, at worst %.0f; %.0f bytes a commit of %d and node", c.Way, c.Nodes, c.Peers, c.Median, c.Worst, c.Bytes, c.Commit)
	}
	if gossip.Bytes >= table.Bytes {
		t.Errorf("GossipSub takes %.0f bytes, flooding %.0f: want fewer", gossip.Bytes, table.Bytes)
	}
	if !write {
		return
	}
	text, err := json.MarshalIndent(map[string]any{
		"ways": []*comparison{gossip, table, links}, "go": runtime.Version(),
		"times_faster": table.Median / gossip.Median, "share_of_bytes": gossip.Bytes / table.Bytes,
	}, "", "  ")
	if err == nil {
		err = os.WriteFile(results+"-flooding.json", append(text, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
