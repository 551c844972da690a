// Package memnet is a network of named nodes inside one process, under a
// virtual clock: messages take a seeded latency, are lost, doubled or cut off by
// partitions, and every run with one seed is the same run.
//
// A Net is an explicit event queue, not a set of goroutines: Send and After put
// events in, Step and AdvanceTo take them out in the order of virtual time (ties
// in the order of entry) and call the receiving node's handler, which may send
// again. Nothing happens between calls and nothing needs a lock.
//
//	net := memnet.New[Msg](memnet.Config{Seed: 1, MinLatency: time.Millisecond, MaxLatency: 20 * time.Millisecond})
//	net.Join("a", func(d memnet.Delivery[Msg]) { … net.Send("a", d.From, reply) … })
//	net.Partition([]string{"a"}, []string{"b", "c"})
//	net.AdvanceTo(30 * time.Second)
//
// The method after hashicorp/raft's in-memory transport and the simulators of
// FoundationDB: one thread, one clock, one seed. Deliberately absent: bandwidth,
// connection set-up, real time. A Net is not safe for concurrent use.
package memnet

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Config describes every link that has none of its own.
type Config struct {
	// Seed decides every draw.
	Seed uint64
	// MinLatency and MaxLatency bound the latency of one message, uniform,
	// both ends included. 0 ≤ MinLatency ≤ MaxLatency.
	MinLatency, MaxLatency time.Duration
	// Loss is the probability in [0, 1] that a message vanishes.
	Loss float64
	// Duplicate is the probability in [0, 1] that a message arrives twice.
	Duplicate float64
}

// Delivery is one payload that arrives.
type Delivery[P any] struct {
	From, To string
	// SentAt and At are virtual times since the beginning.
	SentAt, At time.Duration
	Payload    P
}

// Stats counts messages by what became of them.
type Stats struct {
	// Sent counts calls of Send, a Broadcast as one per receiver.
	Sent int
	// Delivered counts handler calls, duplicates included.
	Delivered int
	// Lost counts messages dropped by Loss.
	Lost int
	// Cut counts messages dropped by a partition, at sending or on arrival.
	Cut int
	// Unknown counts messages to a node that is not there on arrival.
	Unknown int
}

// Net is the network. Create it with New.
type Net[P any] struct {
	cfg    Config
	rng    *rand.Rand
	now    time.Duration
	seq    uint64
	queue  queue
	nodes  map[string]func(Delivery[P])
	group  map[string]int
	links  map[[2]string]Config
	stats  Stats
	handle uint64
	live   map[uint64]bool // timers that were not stopped
}

// New returns an empty network at virtual time 0. It panics when cfg is outside
// the ranges stated at its fields.
func New[P any](cfg Config) *Net[P] {
	check(cfg)
	return &Net[P]{
		cfg:   cfg,
		rng:   rand.New(rand.NewPCG(cfg.Seed, 0x6d656d6e6574)),
		nodes: make(map[string]func(Delivery[P])),
		links: make(map[[2]string]Config),
		live:  make(map[uint64]bool),
	}
}

func check(c Config) {
	if c.MinLatency < 0 || c.MaxLatency < c.MinLatency ||
		!(c.Loss >= 0 && c.Loss <= 1) || !(c.Duplicate >= 0 && c.Duplicate <= 1) {
		panic(fmt.Sprintf("memnet: configuration out of range: %+v", c))
	}
}

// Join adds node id or replaces its handler. The handler runs inside Step.
func (n *Net[P]) Join(id string, handler func(Delivery[P])) { n.nodes[id] = handler }

// Leave removes node id: what is on its way to it is lost. Its timers stay.
func (n *Net[P]) Leave(id string) { delete(n.nodes, id) }

// Nodes returns the ids of the nodes that are there, sorted.
func (n *Net[P]) Nodes() []string {
	ids := make([]string, 0, len(n.nodes))
	for id := range n.nodes {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// SetLink gives the directed link from → to latency, loss and duplication of
// its own; Seed is ignored. It panics like New.
func (n *Net[P]) SetLink(from, to string, c Config) {
	check(c)
	n.links[[2]string{from, to}] = c
}

// Partition cuts every link between nodes of different groups; nodes named in
// no group form one more. It replaces an earlier partition and also cuts what
// is on its way across.
func (n *Net[P]) Partition(groups ...[]string) {
	n.group = make(map[string]int)
	for i, g := range groups {
		for _, id := range g {
			n.group[id] = i + 1
		}
	}
}

// Heal ends the partition.
func (n *Net[P]) Heal() { n.group = nil }

// Connected reports whether the partition lets from reach to.
func (n *Net[P]) Connected(from, to string) bool { return n.group[from] == n.group[to] }

// Send puts payload on its way. The network keeps payload as it is, so it must
// not be changed afterwards.
func (n *Net[P]) Send(from, to string, payload P) {
	n.stats.Sent++
	c, ok := n.links[[2]string{from, to}]
	if !ok {
		c = n.cfg
	}
	// Every message draws the same number of times, so that cutting a link does
	// not shift the draws of the messages after it.
	first, second := n.latency(c), n.latency(c)
	lost, twice := n.rng.Float64() < c.Loss, n.rng.Float64() < c.Duplicate
	switch {
	case !n.Connected(from, to):
		n.stats.Cut++
		return
	case lost:
		n.stats.Lost++
		return
	}
	d := Delivery[P]{From: from, To: to, SentAt: n.now, Payload: payload}
	n.schedule(n.now+first, func() { n.deliver(d) })
	if twice {
		n.schedule(n.now+second, func() { n.deliver(d) })
	}
}

// Broadcast sends payload to every other node, in the order of their ids.
func (n *Net[P]) Broadcast(from string, payload P) {
	for _, id := range n.Nodes() {
		if id != from {
			n.Send(from, id, payload)
		}
	}
}

// After calls f when d ≥ 0 of virtual time has passed. The returned function
// stops it and reports whether it was still to come.
func (n *Net[P]) After(d time.Duration, f func()) (stop func() bool) {
	if d < 0 {
		panic(fmt.Sprintf("memnet: After(%v): negative", d))
	}
	n.handle++
	h := n.handle
	n.live[h] = true
	n.schedule(n.now+d, func() {
		if n.live[h] {
			delete(n.live, h)
			f()
		}
	})
	return func() bool {
		was := n.live[h]
		delete(n.live, h)
		return was
	}
}

// Now returns the virtual time since the beginning.
func (n *Net[P]) Now() time.Duration { return n.now }

// Pending returns the number of events in the queue.
func (n *Net[P]) Pending() int { return len(n.queue) }

// Stats returns the counters.
func (n *Net[P]) Stats() Stats { return n.stats }

// Rand returns the network's generator, for drivers that want their own faults
// decided by the same seed.
func (n *Net[P]) Rand() *rand.Rand { return n.rng }

// Step moves the clock to the next event and performs it. It reports false,
// without moving the clock, when there is none.
func (n *Net[P]) Step() bool {
	if len(n.queue) == 0 {
		return false
	}
	e := heap.Pop(&n.queue).(event)
	n.now = e.at
	e.do()
	return true
}

// AdvanceTo performs every event up to and including t, those that are added
// meanwhile too, and leaves the clock at t. A t in the past does nothing.
func (n *Net[P]) AdvanceTo(t time.Duration) {
	for len(n.queue) > 0 && n.queue[0].at <= t {
		n.Step()
	}
	n.now = max(n.now, t)
}

// Advance is AdvanceTo(Now() + d).
func (n *Net[P]) Advance(d time.Duration) { n.AdvanceTo(n.now + d) }

// Until performs events until done reports true, checked before each event, and
// reports whether it did before the clock passed limit or the queue ran empty.
func (n *Net[P]) Until(limit time.Duration, done func() bool) bool {
	for {
		if done() {
			return true
		}
		if len(n.queue) == 0 || n.queue[0].at > limit {
			return false
		}
		n.Step()
	}
}

func (n *Net[P]) latency(c Config) time.Duration {
	return c.MinLatency + time.Duration(n.rng.Int64N(int64(c.MaxLatency-c.MinLatency)+1))
}

func (n *Net[P]) deliver(d Delivery[P]) {
	if !n.Connected(d.From, d.To) {
		n.stats.Cut++
		return
	}
	h := n.nodes[d.To]
	if h == nil {
		n.stats.Unknown++
		return
	}
	n.stats.Delivered++
	d.At = n.now
	h(d)
}

func (n *Net[P]) schedule(at time.Duration, do func()) {
	n.seq++
	heap.Push(&n.queue, event{at: at, seq: n.seq, do: do})
}

// event is one thing to happen; queue orders them by time, then by entry.
type event struct {
	at  time.Duration
	seq uint64
	do  func()
}

type queue []event

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].at != q[j].at {
		return q[i].at < q[j].at
	}
	return q[i].seq < q[j].seq
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(event)) }
func (q *queue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = event{}
	*q = old[:len(old)-1]
	return e
}
