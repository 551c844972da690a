package application

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"doin.network/node/chain/consensus"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/light"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/streamlet"
	"doin.network/node/chain/vrf"
	"doin.network/node/net/memnet"
)

// This file is the simulated network: nodes with a machine of the certified chain over this application, a disk, a clock, a pool, and an
// agent that commits, reveals, votes and opens. What faults a run has is simulate_test.go's.

const slotTime = 2 * time.Second

// simScheme has keys whose signatures everybody can make: nobody in a simulation signs for others.
type simScheme struct{}

type simKey string // an id

func (k simKey) Point() []byte {
	id, err := hex.DecodeString(string(k))
	if err != nil {
		panic(err)
	}
	return append(id, make([]byte, identity.PointBytes-len(id))...)
}

func (k simKey) Sign(message []byte) ([]byte, error) {
	hash := sha256.Sum256(append([]byte("sign "+k), message...))
	return append(hash[:], hash[:]...), nil
}

func (k simKey) Prove(message []byte) (proof []byte, output ID) {
	output = sha256.Sum256(append([]byte("prove "+k), message...))
	return append(output[:], make([]byte, vrf.ProofSize-len(output))...), output
}

func (simScheme) Peer(point []byte) (string, error) { return hex.EncodeToString(point[:20]), nil }

func (s simScheme) Verify(point, message, signature []byte) error {
	peer, _ := s.Peer(point)
	if want, _ := simKey(peer).Sign(message); !slices.Equal(want, signature) {
		return identity.ErrBadSignature
	}
	return nil
}

func (s simScheme) Output(point, message, proof []byte) (ID, error) {
	peer, _ := s.Peer(point)
	want, output := simKey(peer).Prove(message)
	if !slices.Equal(want, proof) {
		return ID{}, vrf.ErrProof
	}
	return output, nil
}

// packet is what travels: a message of machines, blocks in bytes, or transactions for everybody's pool.
type packet struct {
	message streamlet.Message
	wires   [][]byte // of message's block or branch
	txs     []*Tx
}

// pending is a transaction in a pool.
type pending struct {
	tx    *Tx
	since int64 // slot
}

// node is one of the network.
type node struct {
	w     *world
	id    string
	agent *agent
	rules *simRules
	m     *streamlet.Machine
	skew  time.Duration
	crash float64 // the probability that the power fails before an effect

	up, gone bool
	evil     *evil // nil: honest
	pool     map[ID]*pending
	done     map[ID]bool // transactions in final blocks
	mine     map[ID]bool // transactions of this node's own
	chain    []*streamlet.Block
	returned int64 // slot in which it last said that it is back

	blocks []*streamlet.Block // on the disk
	has    map[ID]bool
	lock   *streamlet.Lock
}

// simRules are a node's, with the results of blocks that others have applied: they are pure.
type simRules struct {
	*Rules
	w *world
}

func (r simRules) Check(parent *streamlet.Node, b *streamlet.Block) (streamlet.Outcome, error) {
	if out, ok := r.w.known[b.ID]; ok && r.w.shares {
		return out, nil
	}
	out, err := r.Rules.Check(parent, b)
	if err == nil {
		if had, ok := r.w.known[b.ID]; ok && had.State.(*State).Root != out.State.(*State).Root {
			r.w.fault("two states after block %d", b.Height)
		}
		r.w.known[b.ID] = out
		r.w.applied[b.ID] = r.Result()
	}
	return out, err
}

// world is a simulated network.
type world struct {
	seed    uint64
	rng     *rand.Rand
	net     *memnet.Net[packet]
	app     *Network
	nodes   []*node
	keys    map[string][]byte
	known   map[ID]streamlet.Outcome
	applied map[ID]*Result
	shares  bool // results of one node serve the others
	truth   map[ID]promise
	results map[ID]optimae.Result
	// committed are the claims of honest nodes whose commits are in final blocks: each must have a result.
	committed map[ID]bool
	final     map[int64]ID
	idle      int64 // slots that everybody has slept through
	faults    []string
	calm      time.Duration
	best      int // what claims have promised so far, in thousandths
	crashes   int
	offence   int
	paid      int
	moved     int // transfers in final blocks
}

func newWorld(seed uint64, n int, links memnet.Config) *world {
	links.Seed = seed
	w := &world{seed: seed, rng: rand.New(rand.NewPCG(seed, 1)), net: memnet.New[packet](links), known: map[ID]streamlet.Outcome{}, applied: map[ID]*Result{},
		truth: map[ID]promise{}, results: map[ID]optimae.Result{}, committed: map[ID]bool{}, final: map[int64]ID{}, best: 100, shares: seed%8 != 0, keys: map[string][]byte{}}
	g := &Genesis{Protocol: Protocol, Slot: slotTime.Microseconds(), TargetTime: 60_000_000, InitialThreshold: 100_000, StampBits: 4, Balances: []Balance{},
		Domains: []Domain{{ID: "d", Weight: consensus.Micro, PerformanceScale: 1, MinIncrement: 1000, NoiseZ2: 4, VerifyWindow: 40, Possible: consensus.Micro}}}
	for i := range n {
		hash := sha256.Sum256(fmt.Append(nil, seed, i))
		id := hex.EncodeToString(hash[:20])
		g.Evaluators = append(g.Evaluators, Evaluator{hex.EncodeToString(simKey(id).Point()), []string{"d"}})
		g.Balances = append(g.Balances, Balance{id, 1000 * ledger.Unit})
		x := &node{w: w, id: id, pool: map[ID]*pending{}, done: map[ID]bool{}, mine: map[ID]bool{}, has: map[ID]bool{}, lock: &streamlet.Lock{}}
		x.agent = &agent{peer: id, promised: w.truth, sign: func(kind optimae.Kind, body []byte) *Tx {
			tx, err := Sign(simKey(id), w.app.ID(), kind, body)
			if err != nil {
				panic(err)
			}
			return tx
		}}
		w.nodes = append(w.nodes, x)
	}
	text, err := json.Marshal(g)
	if err == nil {
		g, err = ParseGenesis(text)
	}
	if err != nil {
		panic(err)
	}
	w.app = NewNetwork(g, simScheme{})
	return w
}

// begin starts all that are not gone.
func (w *world) begin() {
	for _, x := range w.nodes {
		if !x.gone {
			x.start()
			w.net.Join(x.id, func(d memnet.Delivery[packet]) { x.deliver(d.From, d.Payload) })
			x.ticks()
		}
	}
}

// start makes the machine from the disk.
func (x *node) start() {
	_, s, err := x.w.app.Genesis()
	if err != nil {
		panic(err)
	}
	r, err := NewRules(x.w.app, s, simKey(x.id), x)
	if err != nil {
		panic(err)
	}
	maps.Copy(x.w.keys, r.keys)
	r.keys = x.w.keys
	x.rules = &simRules{r, x.w}
	block, s, err := x.w.app.Genesis()
	if err != nil {
		panic(err)
	}
	e, err := s.Electorate()
	if err != nil {
		panic(err)
	}
	tree := streamlet.NewTree(block, s, e, x.rules, x.rules)
	x.chain = []*streamlet.Block{block}
	for _, b := range x.blocks {
		_, final, err := tree.Add(b)
		if err != nil && x.evil == nil {
			// A sibling of what has become final since is the only block that does not fit any more.
			if parent := tree.Node(b.Parent); parent != nil && parent.Height >= tree.Final().Height {
				x.w.fault("%.8s: its own disk: %v", x.id, err)
			}
		}
		for _, n := range final {
			x.chain = append(x.chain, n.Block)
		}
	}
	x.m = streamlet.New(tree, x.rules, x.rules, x.lock)
	x.up = true
}

func (w *world) fault(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf("%v: ", w.net.Now())+fmt.Sprintf(format, args...))
}

func (x *node) slot() int64 { return x.w.idle + int64((x.w.net.Now()+x.skew+time.Minute)/slotTime) }

func (x *node) ticks() {
	if x.up {
		x.step(streamlet.Tick{Slot: x.slot()})
		x.act()
	}
	next := time.Duration(x.slot()-x.w.idle+1)*slotTime - x.skew - time.Minute
	x.w.net.After(max(next-x.w.net.Now(), time.Millisecond), x.ticks)
}

func (x *node) best() *State { return x.m.Tree().Best().State.(*State) }

// act says what the agent has to say, and says what is old once more.
func (x *node) act() {
	s := x.best()
	if e, err := s.Electorate(); err != nil || !slices.Equal(e.Peers(), x.m.Tree().Best().Electorate.Peers()) {
		x.w.fault("%.8s: the electorate of the state is %v, %v, the certified chain goes by another", x.id, e, err)
	}
	txs := x.agent.due(x.w.app, s)
	if x.evil != nil {
		txs = append(txs, x.evil.say(x, s)...)
	} else if optimae.Away(s.Draft(), x.id) && x.slot() > x.returned+20 {
		x.returned = x.slot()
		txs = append(txs, x.agent.tx(&optimae.Return{Slot: x.slot() - 1}))
	}
	x.submit(txs...)
	if x.slot()%5 == 0 {
		var again []*Tx
		for id := range x.mine {
			if p := x.pool[id]; p != nil {
				again = append(again, p.tx)
			}
		}
		if len(again) > 0 {
			x.w.net.Broadcast(x.id, packet{txs: x.sorted(again)})
		}
	}
}

// sorted is a list in an order that is the same in every run.
func (x *node) sorted(txs []*Tx) []*Tx {
	slices.SortFunc(txs, func(a, b *Tx) int { return slices.Compare(a.Append(nil), b.Append(nil)) })
	return txs
}

// submit puts transactions of this node's own into the pool and tells all others.
func (x *node) submit(txs ...*Tx) {
	var fresh []*Tx
	for _, tx := range txs {
		if x.take(tx) {
			x.mine[tx.ID(x.w.app.ID())] = true
			fresh = append(fresh, tx)
		}
	}
	if len(fresh) > 0 {
		x.w.net.Broadcast(x.id, packet{txs: fresh})
		x.w.net.After(time.Millisecond, func() { // never amid the effects of another event
			if x.up {
				x.step(streamlet.Wake{})
			}
		})
	}
}

// take puts a transaction into the pool, unless it is or was there.
func (x *node) take(tx *Tx) bool {
	id := tx.ID(x.w.app.ID())
	if x.done[id] || x.pool[id] != nil || len(x.pool) > 500 {
		return false
	}
	x.pool[id] = &pending{tx, x.slot()}
	return true
}

// order is how urgent kinds are.
func order(kind optimae.Kind) int {
	switch kind {
	case optimae.KindTwoBlocks, optimae.KindTwoVotes:
		return 0
	case optimae.KindOpen, optimae.KindVote, optimae.KindReveal:
		return 1
	case KindTransfer:
		return 3
	}
	return 2
}

// Pending is the pool's, the urgent first.
func (x *node) Pending(*State) []*Tx {
	for id, p := range x.pool {
		if x.slot() > p.since+300 {
			delete(x.pool, id)
		}
	}
	ids := slices.SortedFunc(maps.Keys(x.pool), func(a, b ID) int {
		return cmp.Or(cmp.Compare(order(x.pool[a].tx.Kind), order(x.pool[b].tx.Kind)), cmp.Compare(x.pool[a].since, x.pool[b].since),
			slices.Compare(a[:], b[:]))
	})
	var txs []*Tx
	for _, id := range ids {
		txs = append(txs, x.pool[id].tx)
	}
	return txs
}

// pack is a message as it travels: blocks are bytes.
func pack(m streamlet.Message) packet {
	p := packet{message: m}
	encode := func(b *streamlet.Block) { p.wires = append(p.wires, b.Body.(*Wire).Append(nil)) }
	if m.Block != nil {
		encode(m.Block)
	}
	if m.Branch != nil {
		for _, b := range m.Branch.Blocks {
			encode(b)
		}
	}
	return p
}

// unpack reads the blocks of a message.
func (p packet) unpack() (m streamlet.Message, err error) {
	m = p.message
	var blocks []*streamlet.Block
	for _, data := range p.wires {
		w, err := ParseBlock(data)
		if err != nil {
			return m, err
		}
		blocks = append(blocks, w.Chain())
	}
	if m.Block != nil {
		m.Block = blocks[0]
	}
	if m.Branch != nil {
		m.Branch = &streamlet.Branch{Blocks: blocks, Certificate: m.Branch.Certificate}
	}
	return m, nil
}

func (x *node) deliver(from string, p packet) {
	if !x.up {
		return
	}
	if p.txs != nil {
		any := false
		for _, tx := range p.txs {
			any = x.take(tx) || any
		}
		if any {
			x.step(streamlet.Wake{})
		}
		return
	}
	m, err := p.unpack()
	if err != nil {
		if x.w.node(from).evil == nil {
			x.w.fault("%.8s cannot read what %.8s sent: %v", x.id, from, err)
		}
		return
	}
	if x.evil != nil {
		x.evil.hear(x, m)
	}
	x.step(streamlet.Received{From: from, Message: m})
}

// step tells the machine of an event and does what it wants done, unless the power fails in between.
func (x *node) step(ev streamlet.Event) {
	for _, e := range x.m.Step(ev) {
		if x.evil == nil && x.crash > 0 && x.w.net.Now() < x.w.calm && x.w.rng.Float64() < x.crash {
			x.fail()
			return
		}
		if x.evil == nil || x.evil.does(x, e) {
			x.do(e)
		}
	}
}

// fail cuts the power for a while. What was in the pool is lost.
func (x *node) fail() {
	if x.evil != nil || x.gone || !x.up {
		return
	}
	x.up = false
	x.w.crashes++
	x.pool = map[ID]*pending{}
	away := time.Duration(x.w.rng.Int64N(int64(15 * slotTime)))
	x.w.net.After(away, func() {
		if !x.up {
			x.start()
		}
	})
}

func (x *node) keep(blocks []*streamlet.Block) {
	for _, b := range blocks {
		if !x.has[b.ID] {
			x.has[b.ID] = true
			x.blocks = append(x.blocks, b)
		}
	}
}

func (x *node) do(e streamlet.Effect) {
	switch e := e.(type) {
	case streamlet.Persist:
		x.keep(e.Blocks)
		x.lock = &e.Lock
	case streamlet.Broadcast:
		x.w.net.Broadcast(x.id, pack(e.Message))
	case streamlet.Send:
		x.w.net.Send(x.id, e.To, pack(e.Message))
	case streamlet.Serve:
		blocks := slices.Concat(x.chain[e.Above+1:e.To+1], e.Branch.Blocks)
		answer := streamlet.Branch{Blocks: blocks, Certificate: e.Branch.Certificate}
		if len(blocks) > streamlet.MaxBranch {
			answer = streamlet.Branch{Blocks: blocks[:streamlet.MaxBranch]}
		}
		x.w.net.Send(x.id, e.Peer, pack(streamlet.Message{Branch: &answer}))
	case streamlet.Finalized:
		x.keep(e.Blocks)
		for _, b := range e.Blocks {
			x.finalized(b)
		}
	case streamlet.Offence:
		x.w.offence++
		if x.w.node(e.First.Peer).evil == nil {
			x.w.fault("%.8s has signed twice in slot %d, and is honest", e.First.Peer, e.First.Slot)
		}
		if x.evil == nil {
			x.submit(x.agent.tx(&optimae.TwoBlocks{Peer: e.First.Peer, Slot: e.First.Slot, First: e.First.Block, Second: e.Second.Block,
				FirstSignature: string(e.First.Signature), SecondSignature: string(e.Second.Signature)}))
		}
	case streamlet.Refused:
		if x.w.node(e.Peer).evil == nil {
			x.w.fault("%.8s refuses what %.8s, which is honest, sent: %v", x.id, e.Peer, e.Err)
		}
	}
}

func (w *world) node(id string) *node {
	return w.nodes[slices.IndexFunc(w.nodes, func(x *node) bool { return x.id == id })]
}

// finalized is where honest nodes must agree, and what must hold of each final state.
func (x *node) finalized(b *streamlet.Block) {
	x.chain = append(x.chain, b)
	for _, tx := range b.Body.(*Wire).Txs {
		id := tx.ID(x.w.app.ID())
		x.done[id] = true
		delete(x.pool, id)
		delete(x.mine, id)
	}
	if x.evil != nil {
		return
	}
	if b.Height != int64(len(x.chain))-1 {
		x.w.fault("%.8s: final height %d after %d", x.id, b.Height, len(x.chain)-2)
	}
	had, ok := x.w.final[b.Height]
	if ok && had != b.ID {
		x.w.fault("two final blocks at height %d", b.Height)
	}
	if x.w.final[b.Height] = b.ID; !ok {
		x.w.look(b)
	}
}

// look checks a block that is final for the first time.
func (w *world) look(b *streamlet.Block) {
	result := w.applied[b.ID]
	if err := conserved(result.State); err != nil {
		w.fault("%v", err)
	}
	e, err := result.State.Electorate()
	if want := optimae.Electorate(result.State.Draft()); err != nil || !slices.Equal(e.Peers(), want) || len(want) > light.MaxPeers {
		w.fault("block %d: the state's electorate is %v, %v, its peers are %v", b.Height, e, err, want)
	}
	for _, o := range result.Claims {
		if o.Result == optimae.Settled || o.Result == optimae.Redrawn {
			continue
		}
		if had, ok := w.results[o.Commitment]; ok && had != o.Result {
			w.fault("a claim was %v and is %v", had, o.Result)
		}
		w.results[o.Commitment] = o.Result
		honest := w.node(o.Author).evil == nil
		switch {
		case (o.Result == optimae.Accepted || o.Result == optimae.Overtaken || o.Result == optimae.NotBetter) && o.Performance != truth(w.truth[o.Commitment]).Performance:
			w.fault("a claim is %v with %v, and its recipe gives %v", o.Result, o.Performance, truth(w.truth[o.Commitment]).Performance)
		case honest && (o.Result == optimae.Unrevealed || o.Result == optimae.Refused || o.Result == optimae.Duplicate):
			w.fault("a claim of %.8s, which is honest, is %v", o.Author, o.Result)
		}
	}
	w.paid += len(result.Paid)
	for i, x := range b.Body.(*Wire).Txs {
		from, _ := simScheme{}.Peer(x.Point[:])
		if w.node(from).evil == nil && result.Receipts[i].Burned > 0 && x.Kind != optimae.KindTwoBlocks {
			w.fault("a %v of %.8s, which is honest, burned %d", x.Kind, from, result.Receipts[i].Burned)
		}
		if x.Kind == KindTransfer {
			w.moved++
		}
		if body, err := (optimae.Tx{Kind: x.Kind, Body: x.Body}).Parse(); err == nil && x.Kind == optimae.KindCommit && w.node(from).evil == nil {
			w.committed[body.(*optimae.Commit).Commitment] = true
		}
	}
}
