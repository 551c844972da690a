package streamlet

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"doin.network/node/net/memnet"
)

// This file is the simulated network: honest nodes with a disk, a clock and a pool of records, and the key that all verify with. What
// faults a run has, and what its dishonest nodes do, is scenario_test.go's.

const slotTime = 2 * time.Second

// packet is what travels: a message of machines, or a record for everybody's pool.
type packet struct {
	message Message
	record  *record
}

// record is something to be agreed on: a number, or a wish about the electorate.
type record struct {
	id     int
	change *Change
	active string // whose signed return it is
}

// simKey signs with a hash that everybody can make: nobody in a simulation signs for others.
type simKey string

func (k simKey) Peer() string { return string(k) }

func (k simKey) Sign(slot int64, block ID) []byte {
	hash := sha256.Sum256(append(binary.BigEndian.AppendUint64([]byte(k), uint64(slot)), block[:]...))
	return hash[:8]
}

func (k simKey) Verify(peer string, slot int64, block ID, signature []byte) bool {
	return bytes.Equal(simKey(peer).Sign(slot, block), signature)
}

// simState is what blocks have done so far.
type simState struct {
	done    map[int]bool // ids of records
	waiting []Change
	active  []string         // whose return the block holds
	since   map[string]int64 // for those of the electorate that came by a block: its height
}

// simRules are the rules of a network whose blocks hold records.
type simRules struct {
	key  simKey
	pool map[int]*record
}

func (r *simRules) Check(parent *Node, b *Block) (Outcome, error) {
	state := parent.State.(*simState)
	records := b.Body.([]*record)
	next := &simState{done: state.done, since: state.since}
	for _, c := range state.waiting {
		if parent.Electorate.after(c) != parent.Electorate {
			next.waiting = append(next.waiting, c)
		}
	}
	out := Outcome{Record: len(records) > 0, Work: 1, State: next}
	if len(records) > 0 {
		next.done = make(map[int]bool, len(state.done)+len(records))
		for id := range state.done {
			next.done[id] = true
		}
	}
	for _, x := range records {
		if next.done[x.id] {
			return out, fmt.Errorf("record %d twice", x.id)
		}
		next.done[x.id] = true
		if x.change != nil {
			next.waiting = append(next.waiting[:len(next.waiting):len(next.waiting)], *x.change)
		}
		if x.active != "" {
			next.active = append(next.active, x.active)
		}
	}
	out.Change = next.turn(parent, b)
	return out, nil
}

// turn returns the change that a block makes, and notes it: the first by peer of those that wait and are allowed, the absent among them.
func (s *simState) turn(parent *Node, b *Block) *Change {
	all := slices.Clone(s.waiting)
	for _, peer := range s.absent(parent, b) {
		if !slices.ContainsFunc(s.waiting, func(c Change) bool { return c.Peer == peer }) {
			all = append(all, Change{Peer: peer})
		}
	}
	all = slices.DeleteFunc(all, func(c Change) bool { return !parent.Allowed(b.Certificate, c) })
	if len(all) == 0 {
		return nil
	}
	c := slices.MinFunc(all, func(a, b Change) int { return cmp.Compare(a.Peer, b.Peer) })
	since := maps.Clone(s.since)
	if since == nil {
		since = map[string]int64{}
	}
	delete(since, c.Peer)
	if c.Add {
		since[c.Peer] = b.Height
	}
	s.since = since
	return &c
}

// absent returns those of the electorate who did nothing in the last AbsentBlocks blocks.
func (s *simState) absent(parent *Node, b *Block) (out []string) {
	present := map[string]bool{b.Leader: true}
	height, since, electorate := b.Height, s.since, parent.Electorate
	for range AbsentBlocks {
		if height <= 1 {
			return nil // the chain is younger
		}
		for _, peer := range s.active {
			present[peer] = true
		}
		for _, peer := range b.Certificate.Signers {
			present[peer] = true
		}
		b, s, height = parent.Block, parent.State.(*simState), height-1
		if height > 1 {
			parent = parent.Up
		}
	}
	for _, peer := range electorate.peers {
		if !present[peer] && since[peer] < height {
			out = append(out, peer)
		}
	}
	return out
}

func (r *simRules) Build(parent *Node, _ int64, due bool) (any, bool) {
	state := parent.State.(*simState)
	body := []*record{}
	for id, x := range r.pool {
		if !state.done[id] {
			body = append(body, x)
		}
	}
	slices.SortFunc(body, func(a, b *record) int { return a.id - b.id })
	body = body[:min(len(body), 8)]
	return body, due || len(body) > 0 || len(state.waiting) > 0
}

func (r *simRules) Seal(parent *Node, b *Block) { seal(r.key, parent, b) }

func seal(key simKey, parent *Node, b *Block) {
	b.Beacon = sha256.Sum256(append(append([]byte("beacon "), parent.Beacon[:]...), key...))
	h := sha256.New()
	h.Write(b.Parent[:])
	binary.Write(h, binary.BigEndian, [2]int64{b.Height, b.Slot})
	h.Write([]byte(b.Leader))
	if c := b.Certificate; c != nil {
		fmt.Fprint(h, c.Signers)
	}
	for _, x := range b.Body.([]*record) {
		fmt.Fprint(h, x.id, " ")
	}
	b.ID = ID(h.Sum(nil))
	b.Signature = key.Sign(b.Slot, b.ID)
}

// disk is what outlives a crash.
type disk struct {
	blocks []*Block
	lock   *Lock
	has    map[ID]bool
}

func (d *disk) keep(blocks []*Block) {
	for _, b := range blocks {
		if !d.has[b.ID] {
			d.has[b.ID] = true
			d.blocks = append(d.blocks, b)
		}
	}
}

// forget makes the disk one that keeps nothing but final blocks and the slot of the last signature.
func (d *disk) forget(final []*Block) {
	*d = disk{has: map[ID]bool{}, lock: &Lock{Slot: d.lock.Slot}}
	d.keep(final[1:])
}

// restore makes the disk an older copy of itself, without a lock.
func (d *disk) restore(share float64) {
	blocks := d.blocks[:int(share*float64(len(d.blocks)))]
	*d = disk{has: map[ID]bool{}}
	d.keep(blocks)
}

// node is one of the network.
type node struct {
	w      *world
	id     string
	skew   time.Duration
	rules  *simRules
	m      *Machine
	disk   disk
	up     bool
	evil   *evil // nil: honest
	gone   bool  // it never answers
	leaves bool  // it wants to be out
	// crash is the probability that the power fails before an effect.
	crash float64
	// chain is the final blocks, by height; a run from the disk begins it anew.
	chain []*Block
}

// world is a simulated network.
type world struct {
	seed    uint64
	rng     *rand.Rand
	net     *memnet.Net[packet]
	nodes   []*node
	genesis *Block
	first   *Electorate
	// final is the block that the first honest node called final at a height, and who that was.
	final   map[int64]*Block
	records int
	faults  []string // what must not happen, and did
	// calm is from when on nothing fails.
	calm time.Duration
	// forget breaks nodes on purpose: after a crash they know no height.
	forget            bool
	offences, crashes int
	cabal             *cabal        // nil for none
	restored          *node         // from an older copy; one in a run
	waited            time.Duration // from calm until all was final
}

func newWorld(seed uint64, n int, links memnet.Config) *world {
	links.Seed = seed
	w := &world{seed: seed, rng: rand.New(rand.NewPCG(seed, 1)), net: memnet.New[packet](links), final: map[int64]*Block{}}
	w.genesis = &Block{ID: sha256.Sum256(binary.BigEndian.AppendUint64(nil, seed)), Leader: "genesis"}
	w.genesis.Beacon = w.genesis.ID
	for i := range n {
		w.nodes = append(w.nodes, &node{w: w, id: fmt.Sprintf("n%02d", i), disk: disk{has: map[ID]bool{}, lock: &Lock{}}})
	}
	return w
}

// begin makes the first n nodes the first electorate, and starts all that are not gone.
func (w *world) begin(n int) {
	var peers []string
	for _, x := range w.nodes[:n] {
		peers = append(peers, x.id)
	}
	w.first = NewElectorate(peers...)
	for _, x := range w.nodes {
		if x.gone {
			continue
		}
		x.rules = &simRules{key: simKey(x.id), pool: map[int]*record{}}
		x.start()
		w.net.Join(x.id, func(d memnet.Delivery[packet]) { x.deliver(d.From, d.Payload) })
		x.ticks()
		w.net.After(20*slotTime, x.home)
	}
}

// start makes the machine from the disk.
func (x *node) start() {
	tree := NewTree(x.w.genesis, &simState{}, x.w.first, simKey(x.id), x.rules)
	x.chain = []*Block{x.w.genesis}
	for _, b := range x.disk.blocks {
		_, final, err := tree.Add(b)
		if err != nil && x.evil == nil {
			// A sibling of what has become final since is the only block that does not fit any more.
			if parent := tree.Node(b.Parent); parent != nil && parent.Height >= tree.Final().Height {
				x.w.fault("%s: its own disk: %v", x.id, err)
			}
		}
		for _, n := range final {
			x.chain = append(x.chain, n.Block)
		}
	}
	x.m = New(tree, simKey(x.id), x.rules, x.disk.lock)
	x.up = true
}

func (w *world) fault(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf("%v: ", w.net.Now())+fmt.Sprintf(format, args...))
}

func (x *node) slot() int64 { return int64((x.w.net.Now() + x.skew + time.Minute) / slotTime) }

// ticks tells the machine of every slot.
func (x *node) ticks() {
	if x.up {
		x.step(Tick{x.slot()})
	}
	next := time.Duration(x.slot()+1)*slotTime - x.skew - time.Minute
	x.w.net.After(max(next-x.w.net.Now(), time.Millisecond), x.ticks)
}

func (x *node) deliver(from string, p packet) {
	switch {
	case !x.up:
	case p.record != nil:
		x.rules.pool[p.record.id] = p.record
		x.step(Wake{})
	default:
		x.step(Received{from, p.message})
	}
}

// step tells the machine of an event and does what it wants done, unless the power fails in between.
func (x *node) step(ev Event) {
	if x.evil != nil {
		x.evil.step(x, ev)
		return
	}
	for _, e := range x.m.Step(ev) {
		if x.crash > 0 && x.w.net.Now() < x.w.calm && x.w.rng.Float64() < x.crash {
			x.fail()
			return
		}
		x.do(e)
	}
}

// fail cuts the power for a while.
func (x *node) fail() {
	if x.evil != nil || x.gone || !x.up {
		return
	}
	x.up = false
	if x.w.forget {
		x.disk.forget(x.chain)
	}
	x.w.crashes++
	away := time.Duration(x.w.rng.Int64N(int64(20 * slotTime)))
	x.w.net.After(away, func() {
		if !x.up {
			x.start()
		}
	})
}

func (x *node) do(e Effect) {
	switch e := e.(type) {
	case Persist:
		x.disk.keep(e.Blocks)
		x.disk.lock = &e.Lock
		if e.Lock.Slot > x.slot()+1 {
			x.w.fault("%s has signed in slot %d, and it is %d", x.id, e.Lock.Slot, x.slot())
		}
	case Broadcast:
		if x.evil == nil && x.w.cabal != nil {
			x.w.cabal.hear(e.Message)
		}
		x.w.net.Broadcast(x.id, packet{message: e.Message})
	case Send:
		x.w.net.Send(x.id, e.To, packet{message: e.Message})
	case Serve:
		blocks := append([]*Block{}, x.chain[e.Above+1:e.To+1]...)
		blocks = append(blocks, e.Branch.Blocks...)
		answer := Branch{blocks, e.Branch.Certificate}
		if len(blocks) > MaxBranch {
			answer = Branch{Blocks: blocks[:MaxBranch]}
		}
		x.w.net.Send(x.id, e.Peer, packet{message: Message{Branch: &answer}})
	case Finalized:
		x.disk.keep(e.Blocks)
		for _, b := range e.Blocks {
			x.finalized(b)
		}
	case Offence:
		x.w.offences++
		if e.First.Block == e.Second.Block || e.First.Slot != e.Second.Slot || e.First.Peer != e.Second.Peer {
			x.w.fault("%s: no offence: %v, %v", x.id, e.First, e.Second)
		}
		if x.w.node(e.First.Peer).evil == nil {
			x.w.fault("%s has signed twice in slot %d, and is honest", e.First.Peer, e.First.Slot)
		}
	case Refused:
		if from := x.w.node(e.Peer); from.evil == nil {
			x.w.fault("%s refuses what %s, which is honest, sent: %v", x.id, e.Peer, e.Err)
		}
	}
}

func (w *world) node(id string) *node {
	return w.nodes[slices.IndexFunc(w.nodes, func(x *node) bool { return x.id == id })]
}

// finalized is where honest nodes must agree.
func (x *node) finalized(b *Block) {
	if b.Height != int64(len(x.chain)) {
		x.w.fault("%s: final height %d after %d", x.id, b.Height, len(x.chain)-1)
		return
	}
	x.chain = append(x.chain, b)
	if had := x.w.final[b.Height]; had == nil {
		x.w.final[b.Height] = b
	} else if had.ID != b.ID {
		x.w.fault("two final blocks at height %d: slots %d and %d", b.Height, had.Slot, b.Slot)
	}
}

// submit hands a record to an honest node, which tells all others again and again: the pool's gossip.
func (w *world) submit(x *node, r record) {
	r.id = w.records
	w.records++
	x.rules.pool[r.id] = &r
	var again func()
	again = func() {
		if x.up {
			w.net.Broadcast(x.id, packet{record: &r})
		}
		if !x.has(r.id) {
			w.net.After(5*slotTime, again)
		}
	}
	again()
	if x.up {
		x.step(Wake{})
	}
}

// has reports whether a record is final for a node.
func (x *node) has(record int) bool { return x.m.Tree().Final().State.(*simState).done[record] }

// home submits a node's return when it finds itself outside of the final electorate.
func (x *node) home() {
	if x.up && x.evil == nil && !x.leaves && x.w.first.Has(x.id) && !x.m.Tree().Final().Electorate.Has(x.id) && !x.m.Tree().Best().Electorate.Has(x.id) {
		x.w.submit(x, record{change: &Change{x.id, true}, active: x.id})
	}
	x.w.net.After(20*slotTime, x.home)
}

// honest are the nodes that follow the rules.
func (w *world) honest() (out []*node) {
	for _, x := range w.nodes {
		if x.evil == nil {
			out = append(out, x)
		}
	}
	return out
}
