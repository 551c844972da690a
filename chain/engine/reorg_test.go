package engine_test

import (
	"slices"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// TestFinalOverReorganisations: what a proposal's end was stays its end, whatever becomes of the block; its record waits
// again if it can, and is superseded if it cannot.
func TestFinalOverReorganisations(t *testing.T) {
	t.Parallel()
	f := func(name string, own bool, want protocol.Stage) {
		t.Helper()
		c := newCluster(t, 4, 86)
		victim, author := c.nodes[0], c.nodes[1]
		for _, n := range c.nodes {
			n.search = func(*node) *canon.Object { return nil }
			n.worker = func(protocol.Evaluate) (protocol.Outcome, error) { return protocol.Outcome{}, protocol.ErrAbstain }
		}
		victim.worker = honest
		var reveal *chain.Message
		c.log = func(_ time.Duration, n *node, e protocol.Effect) {
			if b, ok := e.(protocol.Broadcast); ok && n == victim && b.Message.Type == chain.MsgOptimaeReveal {
				reveal = b.Message
			}
		}
		genesis := victim.state()
		theirs := victim.claim(author.key, 50, -50)
		victim.step(protocol.Propose{Domain: domain, Proposal: 1, Parameters: canon.NewObject("v", int64(40))})
		c.net.Advance(3 * time.Second)
		st, err := consensus.ParseReveal(reveal)
		c.must(err)
		ours := c.accepted(genesis, st, victim.key)
		_, short := c.extend(genesis, c.nodes[2:3], 3_000_000, ours)
		// The other branch has done more work: a claim, and a better one on top of it.
		s, long := c.extend(genesis, c.nodes[3:4], 3_000_000, c.accepted(genesis, theirs, author.key))
		top := victim.claim(author.key, 10, -10)
		top.Base = theirs.OptimaeID
		_, more := c.extend(s, c.nodes[3:4], 3_000_000, c.accepted(s, top, author.key))
		long = append(long, more...)
		c.net.Advance(10 * time.Second)
		branches := [][]*chain.Block{short, long}
		if !own {
			branches = [][]*chain.Block{long, short}
		}
		for _, b := range branches {
			victim.offer(b)
		}
		if victim.tip() != long[1].Hash {
			t.Fatalf("%s: tip %.8s at %d", name, victim.tip(), victim.height())
		}
		list := victim.claims[1]
		if got := list[len(list)-1]; got.Stage != want {
			t.Errorf("%s: the proposal is %s (%s), want %s", name, got.Stage, got.Reason, want)
		}
		if v := victim.eng.View(); v.Pending != 0 || v.Quorums != 0 {
			t.Errorf("%s: %d pending, %d claims", name, v.Pending, v.Quorums)
		}
		decided := 2 // the branch's own
		if own {
			decided++
		}
		if len(victim.said) != decided {
			t.Errorf("%s: %d claims were decided, want %d", name, len(victim.said), decided)
		}
		if ch := victim.champs[len(victim.champs)-1]; ch.OptimaeID != top.OptimaeID || !ch.Verified {
			t.Errorf("%s: champion %+v", name, ch)
		}
	}
	f("accepted, then undone", true, protocol.Accepted)
	f("superseded by a branch", false, protocol.Superseded)
}

// TestRejectionStays: a new champion supersedes the claims on the old one, but not the rejection of a lie.
func TestRejectionStays(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 87)
	victim, liar, author := c.nodes[0], c.nodes[1], c.nodes[2]
	for _, n := range c.nodes {
		n.search = func(*node) *canon.Object { return nil }
	}
	lie, other, good := victim.claim(liar.key, 50, -5), victim.claim(author.key, 40, -40), victim.claim(author.key, 20, -20)
	for _, st := range []*consensus.Statement{lie, other} {
		key := c.byID[st.OptimizerID].key
		victim.say(key, chain.MsgOptimaeCommit, commitOf(st))
		victim.say(key, chain.MsgOptimaeReveal, revealOf(st))
	}
	network := victim.state().Rules().Network
	reveal := &chain.Message{Type: chain.MsgOptimaeReveal, SenderID: liar.id, TTL: 7, Timestamp: when, Payload: revealOf(lie)}
	c.must(chain.SignMessage(reveal, liar.key, network))
	for _, n := range []*node{victim, c.nodes[2], c.nodes[3]} {
		v := &chain.Vote{OptimaeID: lie.OptimaeID, DomainID: domain, Anchor: lie.Anchor, Base: lie.Base, Digest: other.Claim.Digest, VerifiedPerformance: -50}
		c.must(chain.SignVote(v, n.key, network))
		lie.Votes = append(lie.Votes, v)
	}
	tx := &chain.Tx{Type: consensus.TxRejected, DomainID: domain, Timestamp: when, Payload: consensus.RejectionPayload(lie, "not so", reveal.Object())}
	c.must(chain.SignTx(tx, author.key, network))
	victim.say(author.key, chain.MsgTransaction, canon.NewObject("transaction", tx.Object()))
	if v := victim.eng.View(); v.Pending != 1 || v.Quorums != 1 {
		t.Fatalf("%d pending, %d claims", v.Pending, v.Quorums)
	}
	_, blocks := c.extend(victim.state(), c.nodes[3:4], 3_000_000, c.accepted(victim.state(), good, author.key))
	c.net.Advance(10 * time.Second)
	before := victim.eng.View()
	victim.offer(blocks)
	if v := victim.eng.View(); v.State == before.State || v.Pending != 1 || v.Quorums != 0 {
		t.Errorf("%d pending, %d claims after the new champion", v.Pending, v.Quorums)
	}
}

// TestDecidedWhileConfirming: what an earlier life of the node had revealed is decided while this one repeats the confirming
// run; the proposal ends as the record says.
func TestDecidedWhileConfirming(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 92)
	victim := c.nodes[0]
	for _, n := range c.nodes {
		n.search = func(*node) *canon.Object { return nil }
	}
	st := victim.claim(victim.key, 7, -7)
	_, blocks := c.extend(victim.state(), c.nodes[2:3], 3_000_000, c.accepted(victim.state(), st, victim.key))
	victim.step(protocol.Propose{Domain: domain, Proposal: 1, Parameters: st.Parameters, Nonce: [16]byte{7}})
	victim.offer(blocks)
	c.net.Advance(2 * time.Second)
	list := victim.claims[1]
	if len(list) != 1 || list[0].Stage != protocol.Accepted || list[0].OptimaeID != st.OptimaeID {
		t.Errorf("%+v, want accepted alone", list)
	}
	if v := victim.eng.View(); v.Quorums != 0 || v.Commits != 0 {
		t.Errorf("%d claims, %d commits", v.Quorums, v.Commits)
	}
}

// TestStatesAreMadeAgain: of a long branch only some states are stored; a node that has started since still judges a branch that
// leaves it where there is none.
func TestStatesAreMadeAgain(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 229)
	for _, n := range c.nodes {
		n.down = true // nothing moves but by hand
	}
	c.net.AdvanceTo(10 * time.Hour)
	n := c.nodes[0]
	_, branch := c.extend(n.state(), slices.Repeat(c.nodes[2:3], 50), 400*engine.Second)
	n.down = false
	if r := n.offer(branch); !r.Adopted || r.Err != nil {
		t.Fatalf("fifty blocks: %+v", r)
	}
	kept := 0
	for h := 1; h <= 50; h++ {
		if len(n.chain.states[h]) > 0 {
			kept++
		}
	}
	if kept != 2 || len(n.chain.states[32]) == 0 || len(n.chain.states[50]) == 0 {
		t.Errorf("%d states are stored, want those of 32 and 50", kept)
	}
	tip, err := consensus.ParseState(n.chain.states[50], n.state().Rules())
	c.must(err)
	for _, from := range []int64{1, 31, 32, 45, 49} {
		s, err := consensus.ParseState(n.chain.states[0], n.state().Rules())
		c.must(err)
		for _, b := range n.chain.blocks[1 : from+1] {
			s, _, err = consensus.Apply(s, b)
			c.must(err)
		}
		again, err := engine.New(engine.DefaultConfig(), n.key, tip, n.chain)
		c.must(err)
		_, other := c.extend(s, c.nodes[1:2], 401*engine.Second)
		for _, f := range again.Step(n.now(), protocol.Blocks{From: "x", Blocks: other}) {
			if r, ok := f.(protocol.BlocksResult); ok && r.Err != nil {
				t.Errorf("a branch from %d: %+v", from, r)
			}
		}
	}
}
