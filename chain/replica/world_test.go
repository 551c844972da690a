package replica

import (
	"cmp"
	"container/heap"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/application"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/state"
	"doin.network/node/chain/store"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// This file is a network of machines under a virtual clock: every message is signed, encoded and decoded, every disk holds what was
// promised and nothing else, and a training takes its time.

const (
	domain    = "d"
	second    = 1_000_000
	slotTime  = 2 * second
	began     = 1_700_000_000 * second
	latency   = 50_000
	training  = second
	tickEvery = 100_000
)

// disk is a node's, in memory.
type disk struct {
	blocks map[int64]map[[32]byte][]byte
	notes  map[string][]byte
	chain  []*chain.Block
	meta   []string // receipts
	trees  *store.Store
	read   int // heights
}

func newDisk() *disk {
	return &disk{blocks: map[int64]map[[32]byte][]byte{}, notes: map[string][]byte{}}
}

func (d *disk) State(block [32]byte) (*state.Tree, error) { return d.trees.Tree(block) }

func (d *disk) Hash(height int64) (string, error) {
	if height >= int64(len(d.chain)) {
		return "", store.ErrNotFound
	}
	return d.chain[height].Hash, nil
}

func (d *disk) Blocks(from int64, f func([]byte) error) error {
	for _, h := range slices.Sorted(maps.Keys(d.blocks)) {
		if h < from {
			continue
		}
		d.read++
		for _, id := range slices.SortedFunc(maps.Keys(d.blocks[h]), func(a, b [32]byte) int { return slices.Compare(a[:], b[:]) }) {
			if err := f(d.blocks[h][id]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *disk) Final(h int64) ([]byte, error) {
	if len(d.blocks[h]) != 1 {
		return nil, fmt.Errorf("%d blocks of height %d", len(d.blocks[h]), h)
	}
	for _, data := range d.blocks[h] {
		return data, nil
	}
	return nil, context.Canceled
}

func (d *disk) Notes() (map[string][]byte, error) { return maps.Clone(d.notes), nil }

func (d *disk) Tip() (int64, string) {
	if len(d.chain) == 0 {
		return -1, ""
	}
	last := d.chain[len(d.chain)-1]
	return last.Header.Index, last.Hash
}

// keep does what chain/store does.
func (d *disk) keep(t testing.TB, p protocol.Persist) {
	if x := p.State; x != nil {
		d.counted(t, x.Notes)
		if d.trees == nil {
			var err error
			if d.trees, err = store.Open(t.TempDir(), store.Options{ReserveBytes: -1}); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { d.trees.Close() })
		}
		var notes []store.Note
		for _, n := range x.Notes {
			notes = append(notes, store.Note(n))
		}
		if err := d.trees.KeepTree(t.Context(), x.Block, x.Parent, x.Tree, x.Base, notes); err != nil {
			t.Fatal(err)
		}
		defer d.note(x.Notes) // behind the others
	}
	for _, b := range p.Blocks {
		if d.blocks[b.Height] == nil {
			d.blocks[b.Height] = map[[32]byte][]byte{}
		}
		d.blocks[b.Height][b.ID] = b.Data
	}
	for _, b := range p.Final {
		maps.DeleteFunc(d.blocks[b.Height], func(id [32]byte, _ []byte) bool { return id != b.ID })
	}
	d.note(p.Notes)
}

// counted checks that what goes with a stored state is of the block that is on the disk, and counts what the chain up to there has.
func (d *disk) counted(t testing.TB, notes []protocol.Note) {
	o, err := canon.ParseObject(notes[len(notes)-1].Value)
	if err != nil {
		t.Fatal(err)
	}
	f := &reading{o: o}
	if height := f.integer("height"); f.err != nil || height != int64(len(d.chain))-1 {
		t.Errorf("a state of block %d is stored, the chain that readers know has %d, %v", height, len(d.chain)-1, f.err)
	}
	accepted := int64(0)
	decided, err := o.Object("decided")
	if err != nil {
		t.Fatal(err)
	}
	if decided.Has(domain) {
		of, err := decided.Object(domain)
		if err != nil {
			t.Fatal(err)
		}
		accepted, _ = of.Int("accepted")
	}
	want := int64(0)
	for _, b := range d.chain {
		for _, tx := range b.Transactions {
			if tx.Type == chain.TxOptimaeAccepted {
				want++
			}
		}
	}
	if accepted != want {
		t.Errorf("the state of block %d goes with %d acceptances, the chain has %d", len(d.chain)-1, accepted, want)
	}
}

func (d *disk) note(notes []protocol.Note) {
	for _, n := range notes {
		if n.Value == nil {
			delete(d.notes, n.Name)
		} else {
			d.notes[n.Name] = n.Value
		}
	}
}

// peer is a node of a test's network.
type peer struct {
	w     *world
	key   *identity.Key
	id    string
	cfg   Config
	m     *Machine
	disk  *disk
	up    bool
	lives int // so that what an earlier life has begun does not end in a later one
	lies  float64
	tries bool // trains what is refused everywhere else
	// unsteady is whether its runs give another result in each life, so that what it forgets shows.
	unsteady bool
	cut      bool                         // from everybody
	beats    func(f protocol.Effect) bool // reports whether the power fails before an effect; nil: never

	effects []protocol.Effect // all that came, but for messages
}

// event is something that happens at a time.
type event struct {
	at  int64
	seq int
	do  func()
}

type queue []event

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].at, q[j].at), cmp.Compare(q[i].seq, q[j].seq)) < 0
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(event)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// world is a network.
type world struct {
	t       testing.TB
	file    *chain.Genesis
	net     *application.Network
	peers   []*peer
	now     int64
	seq     int
	todo    queue
	bytes   int
	fingers int64                           // proposals
	every   int64                           // blocks between snapshots, 0: as many as in networks
	late    func() (delay int64, lost bool) // of a message; nil: all take the same
	hears   func(*chain.Message)            // is told of every broadcast; nil: nobody is
	lie     func(p *peer) float64           // what a re-run of a node's is said to give more than it gives; nil: nothing
	heard   map[[32]byte]message            // those of late, by the hash of their bytes
	// recoveries are those that the network has had, nil for none.
	recoveries *application.Recoveries
	signed     map[string]string // what each peer has signed in a slot, and said about a draw
}

// newWorld makes a network of n evaluators; change may alter the genesis file.
func newWorld(t testing.TB, n int, change func(*chain.Genesis)) *world {
	t.Helper()
	w := &world{t: t, now: began, signed: map[string]string{}, heard: map[[32]byte]message{}}
	file := &chain.Genesis{Protocol: chain.Certified, Format: chain.CertifiedFormat, Parameters: chain.DefaultParameters(), Domains: []chain.Domain{chain.DefaultDomain(domain)}}
	p := &file.Parameters
	p.StartTime, p.TargetBlockTime, p.InitialThreshold, p.QuorumMinEvaluators = timestamp.FromMicro(began), 60, 0.1, 1
	file.Domains[0].Seeds, file.Domains[0].HasSyntheticData, file.Domains[0].VerifyWindow = 2, false, 60
	for i := range n {
		k, err := identity.FromSeed(fmt.Sprintf("replica %d", i))
		if err != nil {
			t.Fatal(err)
		}
		file.Evaluators = append(file.Evaluators, chain.Evaluator{PeerID: k.PeerID(), PublicKey: k.PublicKey()})
		cfg := DefaultConfig()
		cfg.Domains[domain] = Role{Optimize: true, Evaluate: true}
		w.peers = append(w.peers, &peer{w: w, key: k, id: k.PeerID(), cfg: cfg, disk: newDisk()})
	}
	if change != nil {
		change(file)
	}
	parsed, err := chain.ParseGenesis(canon.Default(file.Object()))
	if err != nil {
		t.Fatal(err)
	}
	g, err := application.Of(parsed)
	if err != nil {
		t.Fatal(err)
	}
	w.file, w.net = parsed, application.NewNetwork(g, application.P256{})
	return w
}

func (w *world) after(d int64, do func()) {
	w.seq++
	heap.Push(&w.todo, event{w.now + d, w.seq, do})
}

// run lets time pass.
func (w *world) run(d int64) {
	for end := w.now + d; len(w.todo) > 0 && w.todo[0].at <= end; {
		e := heap.Pop(&w.todo).(event)
		w.now = e.at
		e.do()
	}
}

// until lets time pass until something is so, at most d.
func (w *world) until(d int64, what string, so func() bool) {
	w.t.Helper()
	for end := w.now + d; !so(); {
		if w.now >= end || len(w.todo) == 0 {
			w.t.Fatalf("after %d s: still not: %s", d/second, what)
		}
		e := heap.Pop(&w.todo).(event)
		w.now = e.at
		e.do()
	}
}

// start begins a life of a node.
func (p *peer) start() {
	p.w.t.Helper()
	m, err := New(p.cfg, p.w.file, p.w.net, p.key, p.disk)
	if err != nil {
		p.w.t.Fatal(err)
	}
	if p.w.every > 0 {
		m.every = p.w.every
	}
	p.m, p.up = m, true
	p.lives++
	life := p.lives
	p.step(protocol.Synced{})
	var tick func()
	tick = func() {
		if p.up && p.lives == life {
			p.step(protocol.Tick{})
			p.w.after(tickEvery, tick)
		}
	}
	tick()
}

func (w *world) start() {
	w.t.Helper()
	for _, p := range w.peers {
		p.start()
	}
}

// step hands the machine an event and does what it wants done, in order, unless the power fails.
func (p *peer) step(ev protocol.Event) {
	for _, f := range p.m.Step(p.w.now, ev) {
		if p.beats != nil && p.beats(f) {
			p.up = false
			return
		}
		switch f := f.(type) {
		case protocol.Persist:
			p.disk.keep(p.w.t, f)
		case protocol.Commit:
			for _, e := range f.Entries {
				if height, hash := p.disk.Tip(); e.Block.Header.Index != height+1 || height >= 0 && e.Block.Header.PreviousHash != hash || e.Block.ComputeHash() != e.Block.Hash {
					p.w.t.Fatalf("block %d of readers on %d", e.Block.Header.Index, height)
				}
				if err := e.Block.ValidateBasic(); err != nil {
					p.w.t.Errorf("block %d of readers: %v", e.Block.Header.Index, err)
				}
				p.disk.chain, p.disk.meta = append(p.disk.chain, e.Block), append(p.disk.meta, string(e.Receipts))
			}
		case protocol.Broadcast:
			p.w.witness(f.Message)
			if p.w.hears != nil {
				p.w.hears(f.Message)
			}
			for _, to := range p.w.peers {
				p.deliver(to, f.Message)
			}
		case protocol.Send:
			for _, to := range p.w.peers {
				if to.id == f.Peer {
					p.deliver(to, f.Message)
				}
			}
		case protocol.Evaluate:
			p.train(f)
		case protocol.Stamp:
			life := p.lives
			p.w.after(second, func() {
				nonce := int64(0)
				for !f.Good(nonce) {
					nonce++
				}
				if p.up && p.lives == life {
					p.step(protocol.Stamped{Job: f.Job, Nonce: nonce})
				}
			})
		case protocol.Penalize:
			p.w.t.Errorf("%.6s penalizes %.6s: %s", p.id, f.Peer, f.Reason)
		}
		switch f.(type) {
		case protocol.Broadcast, protocol.Send, protocol.Persist, protocol.Commit:
		default:
			p.effects = append(p.effects, f)
		}
	}
}

// witness holds what is said in public against what was said before: nobody signs two blocks of a slot, or says two things about a draw.
func (w *world) witness(m *chain.Message) {
	payload, err := Decode(m, w.net.ID())
	if err != nil {
		w.t.Fatal(err)
	}
	r := payload.(*received)
	once := func(what, said string) {
		if had, ok := w.signed[what]; ok && had != said {
			w.t.Errorf("two words of one peer: %s", what)
		}
		w.signed[what] = said
	}
	if b := r.Chain.Block; b != nil {
		once(fmt.Sprint("block ", w.net.ID(), b.Leader, b.Slot), fmt.Sprint(b.ID))
	}
	if s := r.Chain.Signature; s != nil {
		once(fmt.Sprint("block ", w.net.ID(), s.Peer, s.Slot), fmt.Sprint(s.Block))
	}
	for i, tx := range r.Transactions {
		body, err := (optimae.Tx{From: r.authors[i], Kind: tx.Kind, Body: tx.Body}).Parse()
		if err != nil {
			w.t.Fatal(err)
		}
		if v, ok := body.(*optimae.Vote); ok {
			once(fmt.Sprint("vote ", r.authors[i], v.Commitment, v.Draw), fmt.Sprint(*v))
		}
	}
}

// deliver sends a message as a network does: in bytes, bounded, verified by who takes it.
func (p *peer) deliver(to *peer, m *chain.Message) {
	if to == p || p.cut || to.cut {
		return
	}
	data := canon.Default(m.Object())
	if most := MaxBytes(m.Type); len(data) > most {
		p.w.t.Errorf("a %s of %d bytes, at most %d", m.Type, len(data), most)
	}
	p.w.bytes += len(data)
	delay, lost := int64(latency), false
	if p.w.late != nil {
		delay, lost = p.w.late()
	}
	if lost {
		return
	}
	p.w.after(delay, func() {
		if !to.up || to.cut {
			return
		}
		m, payload := p.w.read(data)
		to.step(protocol.Received{Message: m, Payload: &payload})
	})
}

// read verifies and decodes a message: once, however many hear it, since all would come to the same.
func (w *world) read(data []byte) (*chain.Message, received) {
	key := sha256.Sum256(data)
	if h, ok := w.heard[key]; ok {
		return h.message, h.payload
	}
	o, err := canon.ParseObject(data)
	if err != nil {
		w.t.Fatal(err)
	}
	m, err := chain.MessageFromObject(o)
	if err == nil {
		err = chain.VerifyMessage(m, w.net.NetworkID())
	}
	if err != nil {
		w.t.Fatal(err)
	}
	payload, err := Decode(m, w.net.ID())
	if err != nil {
		w.t.Fatalf("a %s is refused: %v", m.Type, err)
	}
	if len(w.heard) > 4096 {
		clear(w.heard)
	}
	w.heard[key] = message{m, *payload.(*received)}
	return m, w.heard[key].payload
}

// message is one that was verified and decoded.
type message struct {
	message *chain.Message
	payload received
}

// worth is what a recipe gives with seeds: the number that it holds.
func worth(r protocol.Recipe) protocol.Outcome {
	x, err := r.Parameters.Float("x")
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(fmt.Append(canon.Canonical(r.Parameters), r.Seeds))
	return protocol.Outcome{Performance: x, Digest: hex.EncodeToString(sum[:]), Metrics: canon.NewObject("x", x)}
}

// train runs a recipe for a while.
func (p *peer) train(f protocol.Evaluate) {
	life := p.lives
	p.w.after(training, func() {
		if !p.up || p.lives != life {
			return
		}
		o, err := worth(f.Recipe), error(nil)
		if p.unsteady {
			o.Digest = fmt.Sprintf("%064x", life)
		}
		if !f.Own {
			o.Performance += p.lies
			if p.w.lie != nil {
				o.Performance += p.w.lie(p)
			}
		}
		if x, _ := f.Parameters.Float("x"); x > 1000 && !p.tries {
			err = fmt.Errorf("%w: too large", protocol.ErrRefused)
		}
		p.step(protocol.Evaluated{Job: f.Job, Outcome: o, Err: err})
	})
}

// propose has a node claim a recipe that is worth x.
func (p *peer) propose(x float64) int64 {
	p.w.fingers++
	ev := protocol.Propose{Domain: domain, Proposal: p.w.fingers, Parameters: canon.NewObject("x", x)}
	ev.Nonce[0], ev.Nonce[1] = byte(p.w.fingers), byte(p.w.fingers>>8)
	p.step(ev)
	return ev.Proposal
}

// stages are what a node was told of a proposal.
func (p *peer) stages(proposal int64) (out []protocol.Stage) {
	for _, f := range p.effects {
		if c, ok := f.(protocol.Claim); ok && c.Proposal == proposal {
			out = append(out, c.Stage)
		}
	}
	return out
}

// last is a proposal's last stage, Committed of none: no final one.
func (p *peer) last(proposal int64) protocol.Stage {
	if s := p.stages(proposal); len(s) > 0 {
		return s[len(s)-1]
	}
	return protocol.Committed
}

// agree checks that all nodes have the same chain, as far as both have one.
func (w *world) agree() {
	w.t.Helper()
	for _, p := range w.peers[1:] {
		for h := range min(len(p.disk.chain), len(w.peers[0].disk.chain)) {
			if a, b := w.peers[0].disk.chain[h], p.disk.chain[h]; a.Hash != b.Hash || w.peers[0].disk.meta[h] == "" != (p.disk.meta[h] == "") {
				w.t.Fatalf("two blocks at height %d", h)
			}
		}
	}
}

// find returns the transactions of a type in a node's chain.
func (p *peer) find(kind string) (out []*chain.Tx) {
	for _, b := range p.disk.chain {
		for _, tx := range b.Transactions {
			if tx.Type == kind {
				out = append(out, tx)
			}
		}
	}
	return out
}
