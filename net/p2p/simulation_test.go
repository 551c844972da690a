package p2p

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// simulation is a network of nodes in one process, on a virtual clock.
type simulation struct {
	Scenario   string  `json:"scenario"`
	Nodes      int     `json:"nodes"`
	Links      int     `json:"links_per_node"` // that each node opens
	Messages   int     `json:"messages"`
	Bytes      int     `json:"bytes_per_message"`
	LinkFrom   string  `json:"link_delay_from"` // one way
	LinkTo     string  `json:"link_delay_to"`
	Crashed    float64 `json:"crashed"`
	Lost       float64 `json:"packets_lost"`
	Seed       uint64  `json:"seed"`
	Delivered  float64 `json:"delivered"` // of message × living node, within three heartbeats
	P50        float64 `json:"p50_ms"`
	P99        float64 `json:"p99_ms"`
	Worst      float64 `json:"worst_ms"`
	Duplicates float64 `json:"duplicates_per_message_and_node"`
	Sent       float64 `json:"gossip_bytes_per_message_and_node"`
	Copies     float64 `json:"copies_per_message_and_node"` // the first among them
	Recovered  float64 `json:"recovered_after_s,omitempty"`

	from, to time.Duration
	prepare  func(*world) []*Node // before the start; returns the nodes that are judged
	spoil    func(*world, int)    // before the i-th message
	after    func(*world)         // when everything was measured
	trial    func(*world)         // in the place of all of these, where set
}

// arrivals is a Consumer that notes when each message came.
type arrivals struct {
	judge func(from Peer, body []byte) Verdict // nil: everything is accepted

	mu sync.Mutex
	at map[string]time.Time
}

func (a *arrivals) Take(_ context.Context, from Peer, _ string, body []byte) Verdict {
	if a.judge != nil {
		if v := a.judge(from, body); v != Accept {
			return v
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.at[string(body[:8])]; !ok {
		a.at[string(body[:8])] = time.Now()
	}
	return Accept
}

// has reports whether a message came.
func (a *arrivals) has(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.at[id].IsZero()
}

// run fills in the results. It must be called inside a synctest bubble.
func (s *simulation) run(t *testing.T) {
	w := s.open(t)
	defer w.close()
	judged := w.nodes
	crashed := int(s.Crashed * float64(s.Nodes))
	if s.prepare != nil {
		judged = s.prepare(w)
	}
	w.start()
	time.Sleep(20 * time.Second) // virtual: links, and meshes that have settled
	if s.trial != nil {
		s.trial(w)
		return
	}
	for _, n := range w.nodes[s.Nodes-crashed : s.Nodes] {
		n.Close()
		judged = w.nodes[:s.Nodes-crashed]
	}
	before := s.totals(judged)
	sent := make(map[string]time.Time)
	for i := range s.Messages {
		if s.spoil != nil {
			s.spoil(w, i)
		}
		body := message(i, s.Bytes)
		sent[string(body[:8])] = time.Now()
		author := judged[w.r.IntN(len(judged))]
		if i%4 == 0 {
			author = judged[0] // the one that adversaries are after
		}
		if err := author.Publish("claims", body); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
	}
	time.Sleep(5 * time.Second) // virtual: more than three heartbeats
	s.measure(w.boxesOf(judged), sent, before, s.totals(judged))
	if s.after != nil {
		s.after(w)
	}
}

// message is the i-th of a simulation.
func message(i, bytes int) []byte {
	body := make([]byte, bytes)
	copy(body, fmt.Sprintf("%08d", i))
	return body
}

const threeHeartbeats = 3 * time.Second

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
			if d := at.Sub(sent[id]); d <= threeHeartbeats {
				took = append(took, float64(d.Microseconds())/1000)
			}
		}
	}
	slices.Sort(took)
	pairs := float64(len(sent) * (len(boxes) - 1))
	s.Delivered = float64(len(took)) / pairs
	s.P50, s.P99, s.Worst = took[len(took)/2], took[len(took)*99/100], took[len(took)-1]
	s.Duplicates = float64(after.Duplicates-before.Duplicates) / pairs
	s.Sent = float64(after.SentBytes-before.SentBytes) / pairs
	s.Copies = s.Delivered + s.Duplicates
}
