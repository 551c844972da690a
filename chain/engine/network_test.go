package engine_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
	"doin.network/node/net/memnet"
)

const domain = "d"

// start is the virtual clock's zero.
const start = 1_700_000_000 * engine.Second

// cluster is n engines on an in-memory network with a fake worker each.
type cluster struct {
	t     testing.TB
	net   *memnet.Net[[]byte]
	nodes []*node
	byID  map[string]*node
	pace  time.Duration // from one proposal to the next, whatever becomes of it
	log   func(at time.Duration, n *node, f protocol.Effect)
}

// node is an engine with what a real one has around it: a chain, a worker, a search.
type node struct {
	c      *cluster
	id     string
	key    *identity.Key
	eng    *engine.Engine
	chain  *memoryChain
	seen   map[string]bool
	value  int64 // the search's current genome: performance rises as it falls
	number int64 // of the last proposal
	claims map[int64][]protocol.Claim
	bests  []float64 // migrants' performances, in order
	champs []protocol.Champion
	said   map[string]protocol.Decided
	worker func(protocol.Evaluate) (protocol.Outcome, error)
	search func(n *node) *canon.Object
	lag    time.Duration // how much longer its trainings take
	skew   int64         // microseconds by which its clock is wrong
	down   bool
	syncs  bool // it is told that its tip is an old one
	anchor []protocol.AnchorDue
	result []protocol.BlocksResult
	fines  []protocol.Penalize
	served []protocol.Inference
}

// memoryChain is the store of a test node.
type memoryChain struct {
	blocks []*chain.Block
	states [][]byte
}

func (m *memoryChain) Block(h int64) (*chain.Block, error) { return m.blocks[h], nil }
func (m *memoryChain) State(h int64) ([]byte, error)       { return m.states[h], nil }
func (m *memoryChain) Hash(h int64) (string, bool) {
	if h < 0 || h >= int64(len(m.blocks)) {
		return "", false
	}
	return m.blocks[h].Hash, true
}

// newCluster makes n nodes; more change the genesis file before they are made.
func newCluster(t testing.TB, n int, seed uint64, more ...func(*chain.Genesis)) *cluster {
	t.Helper()
	c := &cluster{t: t, byID: map[string]*node{}, pace: 2 * time.Second,
		net: memnet.New[[]byte](memnet.Config{Seed: seed, MinLatency: 2 * time.Millisecond, MaxLatency: 60 * time.Millisecond})}
	g := &chain.Genesis{Protocol: chain.Protocol, Format: chain.Format, Parameters: chain.DefaultParameters(), Domains: []chain.Domain{chain.DefaultDomain(domain)}}
	g.Parameters.StartTime = timestamp.FromMicro(start)
	g.Parameters.TargetBlockTime = 20
	g.Parameters.InitialThreshold = 0.05
	for i := range n {
		k, err := identity.FromSeed(fmt.Sprint("engine test ", seed, i))
		c.must(err)
		nd := &node{c: c, id: k.PeerID(), key: k, seen: map[string]bool{}, claims: map[int64][]protocol.Claim{}, said: map[string]protocol.Decided{}, value: 1e12 + int64(i), worker: honest, search: improve}
		g.Evaluators = append(g.Evaluators, chain.Evaluator{PeerID: nd.id, PublicKey: k.PublicKey()})
		c.nodes, c.byID[nd.id] = append(c.nodes, nd), nd
	}
	for _, change := range more {
		change(g)
	}
	for _, nd := range c.nodes {
		state, err := consensus.NewState(g)
		c.must(err)
		nd.chain = &memoryChain{blocks: []*chain.Block{chain.GenesisBlock()}, states: [][]byte{state.AppendCanonical(nil)}}
		cfg := engine.DefaultConfig()
		cfg.Domains[domain] = engine.Role{Optimize: true, Evaluate: true}
		cfg.AnchorInterval = 5
		nd.eng, err = engine.New(cfg, nd.key, state, nd.chain)
		c.must(err)
		c.net.Join(nd.id, func(d memnet.Delivery[[]byte]) { nd.receive(d.Payload) })
		nd.tick()
		c.net.After(time.Second, nd.propose)
		c.net.After(time.Second/2, func() { nd.step(protocol.Synced{}) })
	}
	return c
}

// honest trains nothing: performance, digest and sums are functions of the recipe, its seeds and its base.
func honest(ev protocol.Evaluate) (protocol.Outcome, error) {
	v, err := ev.Parameters.Int("v")
	if err != nil {
		return protocol.Outcome{}, fmt.Errorf("%w: %v", protocol.ErrRefused, err)
	}
	h := sha256.Sum256(canon.Canonical([]any{ev.Parameters, fmt.Sprint(ev.Seeds)}))
	o := protocol.Outcome{Performance: -float64(v) - float64(h[0])/256, Digest: hex.EncodeToString(h[:]), Metrics: canon.NewObject("v", v)}
	// On each of four cases the error is v, the baseline's v + 1.
	d := int64(1)
	if ev.Base != nil {
		other, err := ev.Base.Parameters.Int("v")
		if err != nil || len(ev.Base.Seeds) != len(ev.Seeds) {
			return protocol.Outcome{}, fmt.Errorf("base %+v: %v", ev.Base, err)
		}
		d = other - v
	}
	o.Sums = fourCases(d)
	if ev.Synthetic != nil {
		o.SyntheticScore, o.IncumbentScore = float64(v), float64(v)+1
		o.SyntheticDataHash = fmt.Sprintf("%064x", ev.Synthetic.Seed)
	}
	return o, nil
}

// fourCases are the sums of four equal differences.
func fourCases(d int64) chain.Sums {
	s, err := chain.NewSums(4*d, new(big.Int).Mul(big.NewInt(4), new(big.Int).Mul(big.NewInt(d), big.NewInt(d))), 4)
	if err != nil {
		panic(err)
	}
	return s
}

// improve is a search that gets better by two per cent a round.
func improve(n *node) *canon.Object {
	n.value -= max(1, n.value/50)
	return canon.NewObject("v", n.value)
}

func (n *node) now() int64 { return start + n.c.net.Now().Microseconds() + n.skew }

// step feeds the engine and carries out what it asks for.
func (n *node) step(ev protocol.Event) {
	if n.down {
		return
	}
	for _, f := range n.eng.Step(n.now(), ev) {
		n.do(f)
	}
}

func (n *node) do(f protocol.Effect) {
	c := n.c
	if c.log != nil {
		c.log(c.net.Now(), n, f)
	}
	switch f := f.(type) {
	case protocol.Broadcast:
		n.seen[chain.FloodID(f.Message)] = true
		c.net.Broadcast(n.id, canon.Default(f.Message.Object()))
	case protocol.Evaluate:
		c.net.After(300*time.Millisecond+n.lag, func() {
			o, err := n.worker(f)
			n.step(protocol.Evaluated{Job: f.Job, Outcome: o, Err: err})
		})
	case protocol.Commit:
		if int(f.Ancestor)+1+len(f.Dropped) != len(n.chain.blocks) {
			c.t.Fatalf("%.6s: commit above %d drops %d of a chain of %d", n.id, f.Ancestor, len(f.Dropped), len(n.chain.blocks))
		}
		n.chain.blocks, n.chain.states = n.chain.blocks[:f.Ancestor+1], n.chain.states[:f.Ancestor+1]
		for _, e := range f.Entries {
			n.chain.blocks = append(n.chain.blocks, e.Block)
			n.chain.states = append(n.chain.states, e.State)
			if _, err := consensus.ParseReceipts(e.Receipts); err != nil {
				c.t.Errorf("stored receipts of block %d: %v", e.Block.Header.Index, err)
			}
		}
	case protocol.Fetch:
		n.sync(c.byID[f.Peer])
	case protocol.Claim:
		list := n.claims[f.Proposal]
		if len(list) > 0 && list[len(list)-1].Stage.Final() {
			c.t.Errorf("%.6s: proposal %d is %s after it was %s", n.id, f.Proposal, f.Stage, list[len(list)-1].Stage)
		}
		n.claims[f.Proposal] = append(list, f)
	case protocol.Decided:
		if _, again := n.said[f.OptimaeID]; again {
			c.t.Errorf("%.6s: %.8s is decided twice", n.id, f.OptimaeID)
		}
		n.said[f.OptimaeID] = f
	case protocol.Champion:
		n.champs = append(n.champs, f)
	case protocol.Migrant:
		n.bests = append(n.bests, f.Performance)
		if v, err := f.Parameters.Int("v"); err == nil {
			n.value = min(n.value, v)
		}
	case protocol.AnchorDue:
		n.anchor = append(n.anchor, f)
	case protocol.BlocksResult:
		n.result = append(n.result, f)
	case protocol.Penalize:
		n.fines = append(n.fines, f)
	case protocol.Inference:
		n.served = append(n.served, f)
		n.step(protocol.Inferred{TaskID: f.TaskID, Result: canon.NewObject("forecast", []any{1.0})})
	case protocol.Notice:
		if testing.Verbose() && f.Warn {
			c.t.Logf("%8v %.6s %s %v", c.net.Now(), n.id, f.Text, f.Args)
		}
	}
}

// receive is the network layer: parse, verify, deduplicate.
func (n *node) receive(data []byte) {
	o, err := canon.ParseObject(data)
	n.c.must(err)
	m, err := chain.MessageFromObject(o)
	n.c.must(err)
	n.c.must(m.ValidateBasic())
	if chain.VerifyMessage(m, n.eng.View().State.Rules().Network) != nil || n.seen[chain.FloodID(m)] {
		return
	}
	n.seen[chain.FloodID(m)] = true
	n.step(protocol.Received{Message: m})
}

// sync fetches the branch of a peer above the common ancestor, as net/chainsync does.
func (n *node) sync(peer *node) {
	if peer == nil || peer.down || n.down || !n.c.net.Connected(n.id, peer.id) {
		return
	}
	n.c.net.After(50*time.Millisecond, func() {
		a := 0
		for a+1 < len(n.chain.blocks) && a+1 < len(peer.chain.blocks) && n.chain.blocks[a+1].Hash == peer.chain.blocks[a+1].Hash {
			a++
		}
		var branch []*chain.Block
		for _, b := range peer.chain.blocks[a+1:] {
			o, err := canon.ParseObject(canon.Default(b.Object()))
			n.c.must(err)
			b, err := chain.BlockFromObject(o)
			n.c.must(err)
			branch = append(branch, b)
		}
		n.step(protocol.Blocks{From: peer.id, Blocks: branch})
	})
}

func (n *node) tick() {
	n.step(protocol.Tick{Syncing: n.syncs})
	n.c.net.After(100*time.Millisecond, n.tick)
}

func (n *node) propose() {
	if recipe := n.search(n); recipe != nil && !n.down {
		var nonce [16]byte
		n.number++
		h := sha256.Sum256(fmt.Appendf(nil, "%s %d %v", n.id, n.number, n.c.net.Now()))
		copy(nonce[:], h[:])
		n.step(protocol.Propose{Domain: domain, Proposal: n.number, Parameters: recipe, Nonce: nonce, Experiment: canon.NewObject("experiment_id", "e-"+n.id[:6])})
	}
	n.c.net.After(n.c.pace, n.propose)
}

// count returns how many proposals have reached a stage.
func (n *node) count(stage protocol.Stage) int {
	k := 0
	for _, list := range n.claims {
		for _, f := range list {
			if f.Stage == stage {
				k++
			}
		}
	}
	return k
}

// unfinished returns how many proposals have not reached a final stage.
func (n *node) unfinished() int {
	k := 0
	for i := range n.number {
		list := n.claims[i+1]
		if len(list) == 0 || !list[len(list)-1].Stage.Final() {
			k++
		}
	}
	return k
}

// poll makes every node ask every reachable peer for its chain, as the periodic status poll does.
func (c *cluster) poll() {
	for _, n := range c.nodes {
		for _, p := range c.nodes {
			if p != n && p.tip() != n.tip() {
				n.sync(p)
			}
		}
	}
	c.net.After(5*time.Second, c.poll)
}

func (n *node) tip() string     { return n.eng.View().State.Tip }
func (n *node) height() int64   { return n.eng.View().State.Height }
func (n *node) final() int64    { return n.eng.View().State.FinalizedHeight }
func (n *node) accepted() int64 { return n.eng.View().State.Domains[domain].Accepted }

func (c *cluster) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// check asserts what must hold at any time: every node's chain replays to its state, and money is conserved.
func (c *cluster) check() {
	c.t.Helper()
	for _, n := range c.nodes {
		rules := n.eng.View().State.Rules()
		s, err := consensus.ParseState(n.chain.states[0], rules)
		c.must(err)
		for h, b := range n.chain.blocks[1:] {
			// A node that has just started, and draws no quorum from memory, says the same.
			fresh := s
			if data := n.chain.states[h]; len(data) > 0 { // of a long branch not every state is stored
				fresh, err = consensus.ParseState(data, rules)
				c.must(err)
			}
			fresh, _, err = consensus.Apply(fresh, b)
			c.must(err)
			s, _, err = consensus.Apply(s, b)
			c.must(err)
			if !bytes.Equal(s.AppendCanonical(nil), fresh.AppendCanonical(nil)) {
				c.t.Errorf("%.6s: block %d upon the stored state gives another one", n.id, h+1)
			}
		}
		if s.Root() != n.eng.View().State.Root() {
			c.t.Errorf("%.6s: replay of the stored chain gives another state", n.id)
		}
		var sum int64
		for _, p := range s.Ledger.Peers() {
			sum += s.Ledger.Balance(p)
		}
		if sum != s.Ledger.Supply() {
			c.t.Errorf("%.6s: balances %d, supply %d", n.id, sum, s.Ledger.Supply())
		}
	}
}

// settled advances the clock until the tips of the nodes agree and returns that tip.
func (c *cluster) settled(within time.Duration, nodes ...*node) string {
	c.t.Helper()
	end := c.net.Now() + within
	for c.net.Now() < end {
		c.net.Advance(100 * time.Millisecond)
		same := true
		for _, n := range nodes {
			same = same && n.tip() == nodes[0].tip()
		}
		if same {
			return nodes[0].tip()
		}
	}
	var tips []string
	for _, n := range nodes {
		tips = append(tips, fmt.Sprintf("%.6s at %d: %.8s", n.id, n.height(), n.tip()))
	}
	c.t.Fatalf("tips differ after %v: %s", within, strings.Join(tips, ", "))
	return ""
}
