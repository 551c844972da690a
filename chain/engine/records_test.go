package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// TestNamesAnOptimae: a transaction that names an optimae beside what it is about decides nothing of it. The attack is a
// transfer with somebody's optimae id in its payload, made impossible by another one.
func TestNamesAnOptimae(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 88, targetTime(1))
	victim, attacker, author := c.nodes[0], c.nodes[1], c.nodes[2]
	for _, n := range c.nodes[1:] {
		n.down = true
	}
	victim.search = func(*node) *canon.Object { return nil }
	victim.worker = func(protocol.Evaluate) (protocol.Outcome, error) { return protocol.Outcome{}, protocol.ErrAbstain }
	earned := victim.claim(attacker.key, 50, -50)
	s, first := c.extend(victim.state(), c.nodes[1:2], 3_000_000, c.accepted(victim.state(), earned, attacker.key))
	if r := victim.offer(first); !r.Adopted {
		t.Fatalf("first block: %+v", r)
	}
	st := victim.claim(author.key, 10, -10)
	st.Base = earned.OptimaeID
	victim.say(author.key, chain.MsgOptimaeCommit, commitOf(st))
	victim.say(author.key, chain.MsgOptimaeReveal, revealOf(st))
	transfer := func(amount int64) *chain.Tx {
		p := consensus.TransferPayload(ledger.Transfer{Sender: attacker.id, Recipient: author.id, Amount: amount, Fee: s.BaseFee, Nonce: 1})
		tx := &chain.Tx{Type: consensus.TxTransfer, Timestamp: when, Payload: p.Set("optimae_id", st.OptimaeID)}
		c.must(chain.SignTx(tx, attacker.key, s.Rules().Network))
		return tx
	}
	out := victim.say(attacker.key, chain.MsgTransaction, canon.NewObject("transaction", transfer(1).Object()))
	if v := victim.eng.View(); v.Pending != 1 || v.Quorums != 1 {
		t.Errorf("%d pending, %d claims after the transfer, want 1, 1", v.Pending, v.Quorums)
	}
	for _, f := range out {
		if d, ok := f.(protocol.Decided); ok {
			t.Errorf("a transfer decides a claim: %+v", d)
		}
	}
	_, second := c.extend(s, c.nodes[1:2], consensus.EmptyAfter*s.Rules().TargetBlockTime, transfer(2))
	c.net.Advance(14 * time.Second)
	if r := victim.offer(second); !r.Adopted {
		t.Fatalf("second block: %+v", r)
	}
	if v := victim.eng.View(); v.Pending != 0 || v.Quorums != 1 {
		t.Errorf("%d pending, %d claims after the transfer became impossible, want 0, 1", v.Pending, v.Quorums)
	}
}

// TestDecidedOnce: a rejection that waits longer for its block than decisions are remembered is not said again.
func TestDecidedOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 89, targetTime(600))
	victim, liar, author := c.nodes[0], c.nodes[1], c.nodes[2]
	for _, n := range c.nodes[1:] {
		n.down = true
	}
	victim.search = func(*node) *canon.Object { return nil }
	lie := victim.claim(liar.key, 50, -5)
	network := victim.state().Rules().Network
	reveal := &chain.Message{Type: chain.MsgOptimaeReveal, SenderID: liar.id, TTL: 7, Timestamp: when, Payload: revealOf(lie)}
	c.must(chain.SignMessage(reveal, liar.key, network))
	for _, n := range []*node{victim, c.nodes[2], c.nodes[3]} {
		v := &chain.Vote{OptimaeID: lie.OptimaeID, DomainID: domain, Anchor: lie.Anchor, Base: lie.Base, Digest: lie.Anchor, VerifiedPerformance: -50}
		c.must(chain.SignVote(v, n.key, network))
		lie.Votes = append(lie.Votes, v)
	}
	tx := &chain.Tx{Type: consensus.TxRejected, DomainID: domain, Timestamp: when, Payload: consensus.RejectionPayload(lie, "not so", reveal.Object())}
	c.must(chain.SignTx(tx, author.key, network))
	for _, f := range victim.say(author.key, chain.MsgTransaction, canon.NewObject("transaction", tx.Object())) {
		victim.do(f)
	}
	if len(victim.said) != 1 {
		t.Fatalf("%d decided, want 1", len(victim.said))
	}
	c.net.Advance(25 * time.Minute)
	_, blocks := c.extend(victim.state(), c.nodes[3:4], 20*60*1_000_000, c.accepted(victim.state(), victim.claim(author.key, 20, -20), author.key), tx)
	if r := victim.offer(blocks); !r.Adopted { // node.do fails the test if the lie is decided twice
		t.Fatalf("%+v", r)
	}
	if len(victim.said) != 2 {
		t.Errorf("%d decided, want 2", len(victim.said))
	}
}

// TestCommitsOutOfOrder: commits of one hash that overtake each other do not get their author punished, nor its reveal
// refused.
func TestCommitsOutOfOrder(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 5, 90, targetTime(1))
	for _, n := range c.nodes {
		n.search = func(*node) *canon.Object { return nil }
	}
	c.poll()
	victim, author := c.nodes[0], c.nodes[1].key
	st := victim.claim(author, 7, -7)
	older := commitOf(st)
	c.net.Until(5*time.Minute, func() bool { return victim.height() == 2 })
	st.Anchor = victim.tip()
	victim.say(author, chain.MsgOptimaeCommit, commitOf(st))
	out := victim.say(author, chain.MsgOptimaeCommit, older)
	out = append(out, victim.say(author, chain.MsgOptimaeReveal, revealOf(st))...)
	if v := victim.eng.View(); penalized(out) || v.Quorums != 1 || v.Commits != 0 {
		t.Errorf("%d claims, %d commits, %v", v.Quorums, v.Commits, out)
	}
}

// TestUndecidable: a lie whose anchor has left the window can be rejected no more; the member who finds that out says so once.
func TestUndecidable(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 93, targetTime(1))
	c.poll()
	liar := c.nodes[3]
	lie := liar.claim(liar.key, 50, -5)
	members, _ := liar.state().Members(lie.Anchor, lie.OptimaeID, liar.id)
	victim := c.byID[members[0]]
	for _, n := range c.nodes {
		n.search = func(*node) *canon.Object { return nil }
		n.worker = func(protocol.Evaluate) (protocol.Outcome, error) { return protocol.Outcome{}, protocol.ErrAbstain }
	}
	victim.say(liar.key, chain.MsgOptimaeCommit, commitOf(lie))
	victim.say(liar.key, chain.MsgOptimaeReveal, revealOf(lie))
	c.net.Until(1150*time.Second, func() bool { return victim.state().RecentAt(lie.Anchor) == nil })
	if v := victim.eng.View(); v.State.RecentAt(lie.Anchor) != nil || v.Quorums != 1 {
		t.Fatalf("height %d, %d claims: the test means nothing", v.State.Height, v.Quorums)
	}
	said := 0
	c.log = func(_ time.Duration, n *node, f protocol.Effect) {
		if f, ok := f.(protocol.Notice); ok && n == victim && f.Warn {
			said++
		}
	}
	for _, id := range members[:2] {
		v := &chain.Vote{OptimaeID: lie.OptimaeID, DomainID: domain, Anchor: lie.Anchor, Base: lie.Base, Digest: lie.Anchor, VerifiedPerformance: -50}
		c.must(chain.SignVote(v, c.byID[id].key, victim.state().Rules().Network))
		victim.step(protocol.Vote{Vote: v})
	}
	c.net.Advance(20 * time.Second)
	if said != 1 || victim.eng.View().Quorums != 0 {
		t.Errorf("said %d times, %d claims are left", said, victim.eng.View().Quorums)
	}
}

// TestEarlyVotes: votes ahead of their reveals are kept, but one evaluator's flood of them keeps nobody else's out.
func TestEarlyVotes(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 96)
	for _, n := range c.nodes[1:] {
		n.down = true
	}
	victim, flooder := c.nodes[0], c.nodes[1]
	victim.search = func(*node) *canon.Object { return nil }
	vote := func(from *node, id string) error {
		t.Helper()
		v := &chain.Vote{OptimaeID: id, DomainID: domain, Anchor: victim.tip(), Digest: victim.tip(), VerifiedPerformance: -5}
		c.must(chain.SignVote(v, from.key, victim.state().Rules().Network))
		for _, f := range victim.eng.Step(victim.now(), protocol.Vote{Vote: v}) {
			if r, ok := f.(protocol.SubmitResult); ok {
				return r.Err
			}
		}
		return nil
	}
	kept := 0
	for i := range 1100 {
		if vote(flooder, fmt.Sprintf("%064x", i)) == nil {
			kept++
		}
	}
	if kept == 0 || kept > 100 {
		t.Errorf("%d early votes of one evaluator are kept", kept)
	}
	if err := vote(c.nodes[2], strings.Repeat("ab", 32)); err != nil {
		t.Errorf("another one's vote: %v", err)
	}
	c.net.Advance(11 * time.Minute)
	if err := vote(flooder, strings.Repeat("cd", 32)); err != nil {
		t.Errorf("a vote after the flood is forgotten: %v", err)
	}
}
