package engine_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/anchor"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// TestSecurity has one subtest per security system that needs a node: the property, the attack, the refusal. The others
// are in chain/consensus.
func TestSecurity(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T){
		"commit_reveal":    testCommitReveal,
		"quorum":           testQuorum,
		"resource_limits":  testResourceLimits,
		"finality":         testFinality,
		"external_anchors": testExternalAnchors,
		"fork_choice":      testForkChoice,
		"seeds":            testSeeds,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// when is the time of everything made by hand.
var when = timestamp.FromMicro(start)

func (n *node) state() *consensus.State { return n.eng.View().State }

// say hands the node a signed message of somebody and returns what came of it.
func (n *node) say(from *identity.Key, kind string, payload *canon.Object) []protocol.Effect {
	n.c.t.Helper()
	m := &chain.Message{Type: kind, SenderID: from.PeerID(), TTL: 7, Timestamp: when, Payload: payload}
	n.c.must(chain.SignMessage(m, from, n.state().Rules().Network))
	return n.eng.Step(n.now(), protocol.Received{Message: m})
}

// claim is an optimae of somebody, anchored at the node's tip.
func (n *node) claim(from *identity.Key, v int64, performance float64) *consensus.Statement {
	st := &consensus.Statement{DomainID: domain, OptimizerID: from.PeerID(), Parameters: canon.NewObject("v", v),
		Nonce: consensus.Nonce(from.PeerID(), [16]byte{byte(v), byte(v >> 8)}), Anchor: n.tip(),
		Claim: consensus.Claim{Performance: performance, Digest: fmt.Sprintf("%064x", v)}}
	st.OptimaeID = chain.Commitment(st.Parameters, st.Nonce)
	return st
}

func commitOf(st *consensus.Statement) *canon.Object {
	return canon.NewObject("commitment_hash", st.OptimaeID, "domain_id", st.DomainID, "anchor", st.Anchor)
}

func revealOf(st *consensus.Statement) *canon.Object {
	return st.Claim.Sums.AppendTo(canon.NewObject("commitment_hash", st.OptimaeID, "domain_id", st.DomainID, "optimae_id", st.OptimaeID,
		"parameters", st.Parameters, "reported_performance", st.Claim.Performance, "nonce", st.Nonce, "champion_metrics", nil,
		"digest", st.Claim.Digest, "anchor", st.Anchor, "base", st.Base))
}

// accepted is the claim's acceptance with the votes of all members, who are nodes of the cluster.
func (c *cluster) accepted(s *consensus.State, st *consensus.Statement, from *identity.Key) *chain.Tx {
	members, _ := s.Members(st.Anchor, st.OptimaeID, st.OptimizerID)
	for _, id := range members {
		v := &chain.Vote{OptimaeID: st.OptimaeID, DomainID: st.DomainID, EvaluatorID: id, Anchor: st.Anchor, Base: st.Base, Digest: st.Claim.Digest, Sums: st.Claim.Sums,
			VerifiedPerformance: st.Claim.Performance, SyntheticDataHash: st.Claim.Digest}
		c.must(chain.SignVote(v, c.byID[id].key, s.Rules().Network))
		st.Votes = append(st.Votes, v)
	}
	tx := &chain.Tx{Type: consensus.TxAccepted, DomainID: st.DomainID, Timestamp: when,
		Payload: consensus.AcceptancePayload(st, len(st.Votes), nil, nil)}
	c.must(chain.SignTx(tx, from, s.Rules().Network))
	return tx
}

func penalized(effects []protocol.Effect) bool {
	return slices.ContainsFunc(effects, func(f protocol.Effect) bool { _, ok := f.(protocol.Penalize); return ok })
}

// testCommitReveal: a reveal opens a commit of the same author, domain and anchor, once. The attacks skip the commit,
// swap it or steal the reveal.
func testCommitReveal(t *testing.T) {
	c := newCluster(t, 5, 20)
	victim, author, thief := c.nodes[0], c.nodes[1].key, c.nodes[2].key
	st := victim.claim(author, 7, -7)
	f := func(name string, punished bool, effects []protocol.Effect) {
		t.Helper()
		if n := victim.eng.View().Quorums; n != 0 {
			t.Errorf("%s: %d claims were opened", name, n)
		}
		if penalized(effects) != punished {
			t.Errorf("%s: punished %v, want %v", name, !punished, punished)
		}
	}
	f("reveal without a commit", false, victim.say(author, chain.MsgOptimaeReveal, revealOf(st)))
	victim.say(thief, chain.MsgOptimaeCommit, commitOf(st)) // squatting on the hash keeps nobody out
	victim.say(author, chain.MsgOptimaeCommit, commitOf(st))
	f("reveal of another's nonce", true, victim.say(thief, chain.MsgOptimaeReveal, revealOf(st)))
	moved := *st
	moved.Anchor = strings.Repeat("a", 64)
	f("reveal with another anchor than the commit's", true, victim.say(author, chain.MsgOptimaeReveal, revealOf(&moved)))
	swapped := *st
	swapped.Parameters = canon.NewObject("v", int64(6))
	f("reveal of other parameters", true, victim.say(author, chain.MsgOptimaeReveal, revealOf(&swapped)))

	if victim.say(author, chain.MsgOptimaeReveal, revealOf(st)); victim.eng.View().Quorums != 1 {
		t.Fatal("the honest reveal was not taken")
	}
	better := *st
	better.Claim.Performance = -1
	victim.say(author, chain.MsgOptimaeReveal, revealOf(&better))
	if victim.eng.View().Quorums != 1 {
		t.Error("a commit was opened twice")
	}
}

// testQuorum: only members vote, each once, for themselves. The attacks are a volunteer and a forged ballot.
func testQuorum(t *testing.T) {
	c := newCluster(t, 8, 21)
	victim, author := c.nodes[0], c.nodes[1].key
	st := victim.claim(author, 7, -7)
	victim.say(author, chain.MsgOptimaeCommit, commitOf(st))
	victim.say(author, chain.MsgOptimaeReveal, revealOf(st))
	members, _ := victim.state().Members(st.Anchor, st.OptimaeID, st.OptimizerID)
	f := func(name string, want error, voter, signer *node) {
		t.Helper()
		v := &chain.Vote{OptimaeID: st.OptimaeID, DomainID: domain, EvaluatorID: signer.id, Anchor: st.Anchor, Base: st.Base, Digest: st.Claim.Digest, VerifiedPerformance: -7}
		c.must(chain.SignVote(v, signer.key, victim.state().Rules().Network))
		v.EvaluatorID = voter.id
		for _, e := range victim.eng.Step(victim.now(), protocol.Vote{Vote: v}) {
			if r, ok := e.(protocol.SubmitResult); ok && (want == nil && r.Err != nil || !errors.Is(r.Err, want)) {
				t.Errorf("%s: %v, want %v", name, r.Err, want)
			}
		}
	}
	for _, n := range c.nodes {
		switch {
		case n == victim:
		case slices.Contains(members, n.id):
			f("forged ballot", identity.ErrBadKey, n, c.nodes[1])
			f("member", nil, n, n)
			f("member again", protocol.ErrLate, n, n)
		default:
			f("volunteer", protocol.ErrVote, n, n)
		}
	}
}

// testResourceLimits: what peers can make a node remember and train is bounded, and strangers cannot crowd out
// those whom the chain knows. The attack is a crowd of fresh identities.
func testResourceLimits(t *testing.T) {
	c := newCluster(t, 4, 22)
	victim := c.nodes[0]
	var crowd []*identity.Key
	for i := range 50 {
		k, err := identity.FromSeed(fmt.Sprint("crowd ", i))
		c.must(err)
		crowd = append(crowd, k)
	}
	for i, k := range crowd {
		for j := range 4 {
			st := victim.claim(k, int64(1000*i+j), -5)
			victim.say(k, chain.MsgOptimaeCommit, commitOf(st))
			victim.say(k, chain.MsgOptimaeReveal, revealOf(st))
		}
		tx := &chain.Tx{Type: consensus.TxTransfer, Timestamp: when, Payload: consensus.TransferPayload(
			ledger.Transfer{Sender: k.PeerID(), Recipient: victim.id, Amount: 1, Fee: 1 << 60, Nonce: 2})}
		c.must(chain.SignTx(tx, k, victim.state().Rules().Network))
		victim.say(k, chain.MsgTransaction, canon.NewObject("transaction", tx.Object()))
		v := &chain.Vote{OptimaeID: fmt.Sprintf("%064x", i), DomainID: domain, Anchor: victim.tip(), Digest: victim.tip()}
		c.must(chain.SignVote(v, k, victim.state().Rules().Network))
		victim.say(k, chain.MsgTaskCompleted, canon.NewObject("vote", v.Object()))
	}
	limit := engine.DefaultConfig().MaxCommits
	if v := victim.eng.View(); v.Quorums > limit || v.Pending != 0 {
		t.Errorf("200 commits of strangers opened %d claims, 50 moneyless transfers put %d in the pool", v.Quorums, v.Pending)
	}
	before := victim.eng.View().Quorums
	st := victim.claim(c.nodes[1].key, 7, -4)
	victim.say(c.nodes[1].key, chain.MsgOptimaeCommit, commitOf(st))
	if victim.say(c.nodes[1].key, chain.MsgOptimaeReveal, revealOf(st)); victim.eng.View().Quorums != before+1 {
		t.Error("strangers crowd out a registered peer")
	}

	// A recipe beyond the limits of training is voted against, by everyone alike.
	c = newCluster(t, 4, 23)
	glutton := c.nodes[3]
	for _, n := range c.nodes {
		n.worker = func(ev protocol.Evaluate) (protocol.Outcome, error) {
			if big, _ := ev.Parameters.BoolOr("big", false); big && !(ev.Own && n == glutton) {
				return protocol.Outcome{}, fmt.Errorf("%w: epochs out of bounds", protocol.ErrRefused)
			}
			return honest(ev)
		}
	}
	glutton.search = func(n *node) *canon.Object { return improve(n).Set("big", true) }
	c.net.AdvanceTo(30 * time.Second)
	s := c.settledState(time.Minute)
	if s.Domains[domain].Rejected == 0 || s.Domains[domain].OptimizerID == glutton.id {
		t.Errorf("%d rejections, champion of %.6s", s.Domains[domain].Rejected, s.Domains[domain].OptimizerID)
	}
}

// settledState waits for equal tips and returns the state there.
func (c *cluster) settledState(within time.Duration) *consensus.State {
	c.settled(within, c.nodes...)
	return c.nodes[0].state()
}

// extend builds blocks by hand on a state: one per generator, empty, or with txs in the first.
func (c *cluster) extend(s *consensus.State, generators []*node, after int64, txs ...*chain.Tx) (*consensus.State, []*chain.Block) {
	c.t.Helper()
	var blocks []*chain.Block
	for _, g := range generators {
		built, err := consensus.Build(s, txs, s.TipTime+after, g.key)
		c.must(err)
		s, blocks, txs = built.State, append(blocks, built.Block), nil
	}
	return s, blocks
}

// offer hands the node a branch and returns the answer.
func (n *node) offer(blocks []*chain.Block) protocol.BlocksResult {
	n.result = nil
	n.step(protocol.Blocks{From: n.c.nodes[1].id, Blocks: blocks})
	if len(n.result) != 1 {
		n.c.t.Fatalf("%d answers", len(n.result))
	}
	return n.result[0]
}

// testFinality: a finalized block stays. The attack is a longer valid branch from below it, signed by everybody.
func testFinality(t *testing.T) {
	c := newCluster(t, 4, 24, targetTime(1))
	for _, n := range c.nodes {
		n.search = func(*node) *canon.Object { return nil }
	}
	c.poll()
	c.net.Until(20*time.Minute, func() bool { return c.nodes[0].final() >= 3 })
	n := c.nodes[0]
	if n.final() < 3 {
		t.Fatalf("finalized %d at height %d", n.final(), n.height())
	}
	below, err := consensus.ParseState(n.chain.states[1], n.state().Rules())
	c.must(err)
	_, branch := c.extend(below, slices.Concat(c.nodes, c.nodes, c.nodes, c.nodes), 20*engine.Second)
	tip, final := n.tip(), n.final()
	if r := n.offer(branch); r.Adopted || !errors.Is(r.Err, engine.ErrFinalized) {
		t.Errorf("branch below the finalized block: %+v", r)
	}
	if n.tip() != tip || n.final() != final {
		t.Error("the refused branch changed the node")
	}
	// It is in the blocks, not in memory: a node that restarts from its store knows it.
	back, err := consensus.ParseState(n.state().AppendCanonical(nil), n.state().Rules())
	c.must(err)
	again, err := engine.New(engine.DefaultConfig(), n.key, back, n.chain)
	c.must(err)
	for _, f := range again.Step(n.now(), protocol.Blocks{From: "x", Blocks: branch}) {
		if r, ok := f.(protocol.BlocksResult); ok && !errors.Is(r.Err, engine.ErrFinalized) {
			t.Errorf("after a restart: %+v", r)
		}
	}
}

// testExternalAnchors: what is anchored is final, so it is never taken back, and a rewritten history contradicts it.
func testExternalAnchors(t *testing.T) {
	c := newCluster(t, 4, 25, targetTime(1))
	for _, n := range c.nodes {
		n.search = func(*node) *canon.Object { return nil }
	}
	c.poll()
	c.net.Until(20*time.Minute, func() bool { return c.nodes[0].final() >= 11 })
	n := c.nodes[0]
	if len(n.anchor) != 2 || n.anchor[0].Height != 5 || n.anchor[1].Height != 10 {
		t.Fatalf("anchors %+v at finalized height %d, want 5 and 10", n.anchor, n.final())
	}
	log, err := anchor.OpenFileLog(filepath.Join(t.TempDir(), "anchors"), n.key, n.state().Rules().Network)
	c.must(err)
	defer log.Close()
	var hashes []string
	for _, b := range n.chain.blocks {
		hashes = append(hashes, b.Hash)
	}
	record := func(hashes []string, h int64) anchor.Record {
		return anchor.Record{Height: h, Hash: hashes[h], StateHash: chain.ChainStateHash(hashes[:h+1])}
	}
	for _, a := range n.anchor {
		if a.Hash != hashes[a.Height] {
			t.Errorf("anchor of %d names %.8s, the block is %.8s", a.Height, a.Hash, hashes[a.Height])
		}
		c.must(log.Publish(t.Context(), record(hashes, a.Height)))
	}
	genesis, err := consensus.ParseState(n.chain.states[0], n.state().Rules())
	c.must(err)
	_, rewritten := c.extend(genesis, slices.Concat(c.nodes, c.nodes), 30*engine.Second)
	other := hashes[:1:1]
	for _, b := range rewritten {
		other = append(other, b.Hash)
	}
	if err := anchor.Verify(t.Context(), log, record(other, 5)); !errors.Is(err, anchor.ErrConflict) {
		t.Errorf("rewritten history: %v, want ErrConflict", err)
	}
	c.must(anchor.Verify(t.Context(), log, record(hashes, 10)))
}

// testForkChoice: certified work decides, in whatever order branches come. The attack is a longer chain of nothing.
func testForkChoice(t *testing.T) {
	c := newCluster(t, 4, 226)
	for _, n := range c.nodes {
		n.down = true // nothing moves but by hand
	}
	c.net.AdvanceTo(2 * time.Hour)
	genesis := c.nodes[0].state()
	st := c.nodes[0].claim(c.nodes[1].key, 7, -7)
	_, work := c.extend(genesis, c.nodes[2:3], 3*engine.Second, c.accepted(genesis, st, c.nodes[1].key))
	_, empty := c.extend(genesis, c.nodes[:4], 400*engine.Second)
	f := func(n *node, name string, branch []*chain.Block, adopted bool, tip *chain.Block) {
		t.Helper()
		n.down = false
		if r := n.offer(branch); r.Adopted != adopted || r.Err != nil {
			t.Errorf("%s: %+v, want adopted %v", name, r, adopted)
		}
		if n.tip() != tip.Hash {
			t.Errorf("%s: tip %.8s, want %.8s", name, n.tip(), tip.Hash)
		}
		n.down = true
	}
	a, b := c.nodes[0], c.nodes[3]
	f(a, "work first", work, true, work[0])
	f(a, "then four empty blocks", empty, false, work[0])
	f(b, "empty blocks first", empty, true, empty[3])
	f(b, "then work", work, true, work[0])
	f(b, "then the empty blocks again", empty, false, work[0])

	// A branch with one bad block is refused whole, before anything changes.
	_, longer := c.extend(a.state(), c.nodes[:2], 400*engine.Second)
	bad := *longer[1]
	bad.Ext = &chain.Ext{StateRoot: strings.Repeat("0", 64)}
	c.must(chain.SignBlock(&bad, c.nodes[1].key, genesis.Rules().Network))
	a.down = false
	if r := a.offer([]*chain.Block{longer[0], &bad}); r.Adopted || !errors.Is(r.Err, consensus.ErrBlock) || a.tip() != work[0].Hash {
		t.Errorf("branch with a bad block: %+v, tip %.8s", r, a.tip())
	}
}

// testSeeds: everybody trains with the seed that the commitment names, and each evaluator draws data of its own. The
// attack trains with a better seed.
func testSeeds(t *testing.T) {
	c := newCluster(t, 4, 27)
	cheat := c.nodes[3]
	cheat.worker = func(ev protocol.Evaluate) (protocol.Outcome, error) {
		if ev.Own {
			ev.Seeds = []uint64{ev.Seeds[0] + 1}
		}
		return honest(ev)
	}
	type trained struct{ confirm, verify map[uint64]bool }
	seeds, synthetic := map[string]*trained{}, map[uint32]string{}
	c.log = func(_ time.Duration, n *node, f protocol.Effect) {
		ev, ok := f.(protocol.Evaluate)
		if !ok {
			return
		}
		key := canon.Hash(ev.Parameters)
		if seeds[key] == nil {
			seeds[key] = &trained{map[uint64]bool{}, map[uint64]bool{}}
		}
		if ev.Own {
			seeds[key].confirm[ev.Seeds[0]] = true
		} else {
			seeds[key].verify[ev.Seeds[0]] = true
		}
		if ev.Synthetic != nil {
			id := key + n.id
			if was, known := synthetic[ev.Synthetic.Seed]; known && was != id {
				t.Errorf("two evaluators share synthetic seed %d", ev.Synthetic.Seed)
			}
			synthetic[ev.Synthetic.Seed] = id
		}
	}
	c.net.AdvanceTo(30 * time.Second)
	for key, s := range seeds {
		for seed := range s.verify {
			if !s.confirm[seed] {
				t.Errorf("%.8s was verified with seed %d, nobody confirmed with it", key, seed)
			}
		}
	}
	s := c.settledState(time.Minute)
	if s.Peers[cheat.id].Rejected == 0 || s.Peers[cheat.id].Accepted != 0 {
		t.Errorf("trained with another seed: %d rejected, %d accepted", s.Peers[cheat.id].Rejected, s.Peers[cheat.id].Accepted)
	}
	if len(synthetic) == 0 {
		t.Error("no synthetic seeds seen")
	}
}
