package p2p

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// scenario is a simulation with what goes wrong in it, and what must hold nevertheless.
type scenario struct {
	simulation
	least float64       // of what is delivered
	p99   float64       // milliseconds; 0: any
	most  time.Duration // that recovering takes; 0: there is nothing to recover from
}

// scenarioOf returns one of n nodes.
func scenarioOf(name string, n int) *scenario {
	s := &scenario{least: 0.999, simulation: simulation{
		Scenario: name, Nodes: n, Links: 6, Messages: 20, Bytes: 1000, Seed: uint64(n), from: 5 * time.Millisecond, to: 60 * time.Millisecond,
	}}
	s.LinkFrom, s.LinkTo = s.from.String(), s.to.String()
	return s
}

// honest: nothing goes wrong.
func honest(n int) *scenario {
	s := scenarioOf("honest", n)
	s.least, s.p99 = 1, 200
	return s
}

// crashes: a fifth of the nodes are gone when messages begin.
func crashes(n int) *scenario {
	s := scenarioOf("crashes", n)
	s.Crashed = 0.2
	return s
}

// loss: every twentieth packet is lost.
func loss(n int) *scenario {
	s := scenarioOf("loss", n)
	s.Lost = 0.05
	s.after = func(w *world) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.drops < s.Messages*n {
			w.t.Errorf("%d packets were lost, want more than a message and node", w.drops)
		}
	}
	return s
}

// liars: a tenth publishes what everybody else rejects, and is shut out by all.
func liars(n int) *scenario {
	s := scenarioOf("liars", n)
	liars := n / 10
	s.prepare = func(w *world) []*Node {
		for _, node := range w.nodes[:n-liars] {
			w.boxes[node].judge = func(_ Peer, body []byte) Verdict {
				if strings.HasPrefix(string(body), "lie") {
					return Reject
				}
				return Accept
			}
		}
		return w.nodes[:n-liars]
	}
	s.spoil = func(w *world, i int) {
		for k, node := range w.nodes[n-liars:] {
			_ = node.Publish("claims", fmt.Appendf(nil, "lie %04d of %d", i, k))
		}
	}
	s.after = func(w *world) {
		shut := 0
		for _, node := range w.nodes[:n-liars] {
			shut += node.Stats().ShutOut
			for _, p := range node.Peers() {
				for _, liar := range w.nodes[n-liars:] {
					if p.Host == liar.HostID() {
						w.t.Errorf("liars of %d: a liar is still linked", n)
					}
				}
			}
		}
		if shut < liars {
			w.t.Errorf("liars of %d: %d were shut out, want each of %d by somebody", n, shut, liars)
		}
	}
	return s
}

// flooder: one node publishes a hundred messages before each of the others'; who has them over its rate takes ten of a peer.
func flooder(n int) *scenario {
	s := scenarioOf("flooder", n)
	s.p99 = 200
	s.prepare = func(w *world) []*Node {
		for _, node := range w.nodes {
			w.boxes[node].judge = rated(10)
		}
		return w.nodes[:n-1]
	}
	s.spoil = func(w *world, i int) {
		for k := range 100 {
			_ = w.nodes[n-1].Publish("claims", fmt.Appendf(nil, "flood %04d of %d", k, i))
		}
	}
	s.after = func(w *world) {
		for _, node := range w.nodes[:n-1] {
			if st := node.Stats(); st.Accepted > uint64(s.Messages)+20 {
				w.t.Errorf("flooder among %d: a node took %d messages, want at most %d", n, st.Accepted, s.Messages+20)
			}
		}
	}
	return s
}

// rated returns a judge that takes so many floods of a peer, and does not forward more.
func rated(most int) func(Peer, []byte) Verdict {
	var mu sync.Mutex
	of := make(map[string]int)
	return func(from Peer, body []byte) Verdict {
		if !strings.HasPrefix(string(body), "flood") {
			return Accept
		}
		mu.Lock()
		defer mu.Unlock()
		if of[from.ID]++; of[from.ID] > most {
			return Later
		}
		return Ignore
	}
}

// mute: a fifth takes everything and forwards nothing.
func mute(n int) *scenario {
	s := scenarioOf("mute", n)
	s.prepare = func(w *world) []*Node {
		silent := w.nodes[n-n/5:]
		for _, node := range silent {
			w.boxes[node].judge = silence
		}
		return w.nodes[:n-n/5]
	}
	return s
}

func silence(Peer, []byte) Verdict { return Ignore }

// slow: a tenth has links that take two seconds more each way; the others do not wait for it.
func slow(n int) *scenario {
	s := scenarioOf("slow", n)
	s.p99 = 200
	s.prepare = func(w *world) []*Node {
		is := make(map[string]bool)
		for i := n - n/10; i < n; i++ {
			is[addressAt(i)] = true
		}
		w.extra = func(from, to string) time.Duration {
			if is[from] || is[to] {
				return 2 * time.Second
			}
			return 0
		}
		return w.nodes[:n-n/10]
	}
	return s
}

// addressAt is the i-th node's address in packets.
func addressAt(i int) string {
	at := strings.Split(endpoint(i), "/")
	return at[2] + ":" + at[4]
}

// sybils is how many ids of one adversary there are.
const sybils = 20

// eclipse: as many nodes of one adversary link with the first node before anybody else, on one host or each on its own, and forward
// nothing. What it says is heard by all, and it hears all.
func eclipse(n int, oneHost bool) *scenario {
	name := "eclipse by 20 sybils"
	if oneHost {
		name = "eclipse by one host"
	}
	s := scenarioOf(name, n)
	s.prepare = func(w *world) []*Node {
		honest := w.nodes
		for i := range sybils {
			at := endpoint(n + i)
			if oneHost {
				at = strings.Replace(endpoint(n), "/8000/", fmt.Sprintf("/%d/", 8000+i), 1)
			}
			node := w.add(fmt.Sprintf("sybil %d", i), at, func(c *Config) { c.Bootstrap = honest[0].Addresses()[:1] })
			w.boxes[node].judge = silence
		}
		return honest
	}
	s.after = func(w *world) {
		linked := 0
		for _, p := range w.nodes[0].Peers() {
			for _, sybil := range w.nodes[n:] {
				if p.Host == sybil.HostID() {
					linked++
				}
			}
		}
		if most := DefaultConfig().MaxConnsPerHost; oneHost && linked > most {
			w.t.Errorf("one host has %d links, want at most %d", linked, most)
		}
		if !oneHost && linked < sybils/2 {
			w.t.Errorf("%d of %d sybils are linked: the scenario is none", linked, sybils)
		}
	}
	return s
}

// partition: for a minute, nothing passes between the two halves; each goes on, and once it is over they find together. In the meantime
// not everything reaches everybody of a half: one node in 64 has opened all of its six links to the other.
func partition(n int) *scenario {
	s := scenarioOf("partition of 60 s", n)
	s.least = 0.9
	s.most = 75 * time.Second // a peer that is lost is dialled at least every minute
	s.Messages = 0
	s.trial = func(w *world) {
		upper := make(map[string]bool)
		for i := range n / 2 {
			upper[addressAt(i)] = true
		}
		w.lose(func(from, to string) bool { return upper[from] != upper[to] })
		for range 30 {
			for _, author := range []int{w.r.IntN(n / 2), n/2 + w.r.IntN(n-n/2)} {
				s.say(w, author)
			}
			time.Sleep(2 * time.Second)
		}
		time.Sleep(threeHeartbeats)
		had := 0
		for i, node := range w.nodes {
			for m := range s.Messages {
				switch same := (m%2 == 0) == (i < n/2); {
				case same && w.boxes[node].has(id(m)):
					had++
				case !same && w.boxes[node].has(id(m)):
					w.t.Fatalf("message %d has passed from one half to the other", m)
				}
			}
		}
		s.Delivered = float64(had) / float64((n-2)*s.Messages/2)
		w.lose(nil)
		s.recover(w, w.nodes[1:])
	}
	return s
}

// restart: a node dies without a word and comes back a second later, with its key and its address, and one peer that it knows.
func restart(n int) *scenario {
	s := scenarioOf("restart", n)
	s.most = 10 * time.Second
	s.Messages, s.least = 0, 0 // what the others have meanwhile is not looked at
	s.trial = func(w *world) {
		dead := n / 2
		w.lose(func(from, to string) bool { return from == addressAt(dead) || to == addressAt(dead) })
		w.nodes[dead].Close()
		time.Sleep(time.Second)
		w.lose(nil)
		back := w.add(fmt.Sprintf("node %d", dead), endpoint(dead), func(c *Config) { c.Bootstrap = w.nodes[0].Addresses()[:1] })
		s.recover(w, []*Node{back})
	}
	return s
}

// id is the id of the i-th message.
func id(i int) string { return string(message(i, 8)) }

// say has a node publish the next message.
func (s *simulation) say(w *world, author int) {
	w.t.Helper()
	if err := w.nodes[author].Publish("claims", message(s.Messages, s.Bytes)); err != nil {
		w.t.Fatal(err)
	}
	s.Messages++
}

// recover has the first node publish until one of its messages has reached all of others, and notes how long that took.
func (s *simulation) recover(w *world, others []*Node) {
	began := time.Now()
	for time.Since(began) < 3*time.Minute {
		s.say(w, 0)
		time.Sleep(500 * time.Millisecond)
		all := true
		for _, node := range others {
			all = all && w.boxes[node].has(id(s.Messages-1))
		}
		if all {
			s.Recovered = time.Since(began).Seconds()
			return
		}
	}
	w.t.Errorf("not within %v", time.Since(began))
}

// everything returns all scenarios of n nodes but the honest one.
func everything(n int) []*scenario {
	return []*scenario{
		crashes(n), loss(n), liars(n), flooder(n), mute(n), slow(n), eclipse(n, true), eclipse(n, false), partition(n), restart(n),
	}
}

// results is where the figures of the longer simulations are kept.
var results = filepath.Join("..", "..", "bench", "results", "gossip")

// TestSimulation: messages of 1 KB among many nodes over links of 10–120 ms there and back, and whatever goes wrong. 200 and 50 nodes
// without faults and 30 with them in every run; DOIN_GOSSIP_NODES=50,200,1000 asks for other numbers, of which 200 sees every
// fault, and writes the figures down.
func TestSimulation(t *testing.T) {
	all := append([]*scenario{honest(200), honest(50)}, everything(30)...)
	if testing.Short() {
		all = []*scenario{honest(30), flooder(20), restart(20)} // the race detector cannot count what more do
	}
	text := os.Getenv("DOIN_GOSSIP_NODES")
	if text != "" {
		all = nil
		for _, s := range strings.Split(text, ",") {
			n, err := strconv.Atoi(s)
			if err != nil || n < 20 || n > 2000 {
				t.Fatalf("DOIN_GOSSIP_NODES = %q: want numbers from 20 to 2000", text)
			}
			all = append(all, honest(n), crashes(n), loss(n))
			if n == 200 {
				all = append(all, everything(n)[2:]...)
			}
		}
	}
	for _, s := range all {
		t.Run(fmt.Sprintf("%s/%d", strings.ReplaceAll(s.Scenario, " ", "-"), s.Nodes), func(t *testing.T) { s.check(t) })
	}
	if text != "" && !t.Failed() {
		write(t, all)
	}
}

// check runs a scenario and says what does not hold.
func (s *scenario) check(t *testing.T) {
	began, fresh := time.Now(), *s
	synctest.Test(t, s.run)
	t.Logf("%.1f s until it had recovered, %.4f delivered, p50 %.0f ms, p99 %.0f ms, worst %.0f ms, %.2f duplicates, %.0f bytes, in %v",
		s.Recovered, s.Delivered, s.P50, s.P99, s.Worst, s.Duplicates, s.Sent, time.Since(began).Round(time.Millisecond))
	if s.Delivered < s.least {
		t.Errorf("%.5f were delivered, want at least %.3f", s.Delivered, s.least)
	}
	if s.p99 > 0 && s.P99 > s.p99 {
		t.Errorf("p99 %.0f ms, want at most %.0f", s.P99, s.p99)
	}
	if s.Recovered > s.most.Seconds() {
		t.Errorf("recovered after %.1f s, want at most %v", s.Recovered, s.most)
	}
	if s.Duplicates <= 6.5 {
		return
	}
	// The bound is one on the mean: meshes of few nodes differ from one another, so that one draw of links says little.
	const more = 4
	sum := s.Duplicates
	for range more {
		again := fresh
		synctest.Test(t, again.run)
		sum += again.Duplicates
	}
	if mean := sum / (more + 1); mean > 6.5 {
		t.Errorf("%.2f duplicates a message and node at the mean of %d meshes, want at most 6.5", mean, more+1)
	}
}

// write keeps the figures as JSON and as a table.
func write(t *testing.T, all []*scenario) {
	t.Helper()
	var rows []*simulation
	for _, s := range all {
		rows = append(rows, &s.simulation)
	}
	text, err := json.MarshalIndent(map[string]any{"simulations": rows, "go": runtime.Version()}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := picture(rows)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{".json": append(text, '\n'), ".md": table(rows), ".svg": drawn} {
		if err := os.WriteFile(results+name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// table is the figures for people. A message reaches everybody in a number of steps that grows as log N, and every node has the same
// number of copies of it, whatever N is.
func table(rows []*simulation) []byte {
	out := []byte("# Gossip\n\nMade by `make soak-gossip`: messages of 1 KB among nodes on a virtual clock, over links of 10 to 120 ms there and back and 50 Mbit/s.\n" +
		"`bench/results/gossip.svg` draws the copies beside log N.\n" +
		"Delivered: within three heartbeats, of message × node. Copies: of one message that one node receives, the first among them.\n\n" +
		"| scenario | nodes | log₂ N | delivered | p50 ms | p99 ms | worst ms | copies | bytes sent a message and node |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, s := range rows {
		if s.Recovered > 0 {
			continue
		}
		out = fmt.Appendf(out, "| %s | %d | %.1f | %.2f %% | %.0f | %.0f | %.0f | %.2f | %.0f |\n",
			s.Scenario, s.Nodes, math.Log2(float64(s.Nodes)), 100*s.Delivered, s.P50, s.P99, s.Worst, s.Copies, s.Sent)
	}
	for _, s := range rows {
		if s.Recovered > 0 {
			out = fmt.Appendf(out, "\n%s, %d nodes: a message reaches all again after %.1f s.", s.Scenario, s.Nodes, s.Recovered)
			if s.Delivered > 0 {
				out = fmt.Appendf(out, " Before that, each half had %.2f %% of its messages.", 100*s.Delivered)
			}
			out = append(out, '\n')
		}
	}
	return out
}
