package engine_test

import (
	"fmt"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// TestDecodedOnce: the engine works with what Decode made of a message and reads its payload no more.
func TestDecodedOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 80)
	victim, author := c.nodes[0], c.nodes[1]
	network := victim.state().Rules().Network
	st := victim.claim(author.key, 7, -7)
	f := func(kind string, payload *canon.Object, check func() bool) {
		t.Helper()
		m := &chain.Message{Type: kind, SenderID: author.id, TTL: 7, Timestamp: when, Payload: payload}
		c.must(chain.SignMessage(m, author.key, network))
		p, err := engine.Decode(m, network)
		c.must(err)
		m.Payload = canon.NewObject("gone", true)
		if out := victim.eng.Step(victim.now(), protocol.Received{Message: m, Payload: p}); penalized(out) || !check() {
			t.Errorf("%s: %v", kind, out)
		}
	}
	view := func() *engine.View { return victim.eng.View() }
	f(chain.MsgOptimaeCommit, commitOf(st), func() bool { return view().Commits == 1 })
	f(chain.MsgOptimaeReveal, revealOf(st), func() bool { return view().Commits == 0 && view().Quorums == 1 })
	tx := c.accepted(victim.state(), st, author.key)
	f(chain.MsgTransaction, canon.NewObject("transaction", tx.Object()), func() bool { return view().Pending == 1 && view().Quorums == 0 })
}

// TestDecodeVerifies: every signature in a message is Decode's to verify. The attacks swap one of them, or the rest.
func TestDecodeVerifies(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 81)
	n, author, other := c.nodes[0], c.nodes[1], c.nodes[2]
	network := n.state().Rules().Network
	f := func(name, kind string, payload *canon.Object, good bool) {
		t.Helper()
		m := &chain.Message{Type: kind, SenderID: other.id, TTL: 7, Timestamp: when, Payload: payload}
		if p, err := engine.Decode(m, network); (err == nil) != good || good && p == nil {
			t.Errorf("Decode(%s) = %v, %v", name, p, err)
		}
	}
	st := n.claim(author.key, 7, -7)
	vote := func(signer *identity.Key, change func(*chain.Vote)) *canon.Object {
		v := &chain.Vote{OptimaeID: st.OptimaeID, DomainID: domain, Anchor: st.Anchor, Base: st.Base, Digest: st.Claim.Digest, VerifiedPerformance: -7}
		c.must(chain.SignVote(v, signer, network))
		change(v)
		return canon.NewObject("vote", v.Object())
	}
	f("vote", chain.MsgTaskCompleted, vote(other.key, func(*chain.Vote) {}), true)
	f("changed vote", chain.MsgTaskCompleted, vote(other.key, func(v *chain.Vote) { v.VerifiedPerformance = -6 }), false)
	f("vote in another's name", chain.MsgTaskCompleted, vote(other.key, func(v *chain.Vote) { v.EvaluatorID = n.id }), false)

	transaction := func(tx *chain.Tx) *canon.Object { return canon.NewObject("transaction", tx.Object()) }
	sign := func(kind string, payload *canon.Object) *canon.Object {
		tx := &chain.Tx{Type: kind, DomainID: domain, PeerID: author.id, Timestamp: when, Payload: payload}
		c.must(chain.SignTx(tx, author.key, network))
		return transaction(tx)
	}
	acceptance := c.accepted(n.state(), st, author.key)
	f("acceptance", chain.MsgTransaction, transaction(acceptance), true)
	changed := *acceptance
	changed.Timestamp = timestamp.FromMicro(start + 1)
	f("changed acceptance", chain.MsgTransaction, transaction(&changed), false)
	forged := *st
	forged.Votes = append([]*chain.Vote(nil), st.Votes...)
	bad := *st.Votes[0]
	bad.SyntheticScore = 3
	forged.Votes[0] = &bad
	f("acceptance with a changed vote", chain.MsgTransaction, sign(consensus.TxAccepted, consensus.AcceptancePayload(&forged, 3, nil, nil)), false)

	reveal := &chain.Message{Type: chain.MsgOptimaeReveal, SenderID: author.id, TTL: 7, Timestamp: when, Payload: revealOf(st)}
	c.must(chain.SignMessage(reveal, author.key, network))
	f("rejection", chain.MsgTransaction, sign(consensus.TxRejected, consensus.RejectionPayload(st, "x", reveal.Object())), true)
	lie := *st
	lie.Claim.Performance = -1
	reveal.Payload = revealOf(&lie)
	f("rejection of a reveal nobody signed", chain.MsgTransaction, sign(consensus.TxRejected, consensus.RejectionPayload(st, "x", reveal.Object())), false)
	f("type without a place", chain.MsgTransaction, sign("optimae_announced", canon.NewObject()), false)
}

// TestViewStays: the picture for readers is the same until something in it changes.
func TestViewStays(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3, 82)
	n, author := c.nodes[0], c.nodes[1].key
	before := n.eng.View()
	n.eng.Step(n.now(), protocol.Tick{})
	st := n.claim(author, 7, -7)
	n.say(author, chain.MsgOptimaeReveal, revealOf(st))
	if n.eng.View() != before {
		t.Error("a new picture of nothing new")
	}
	n.say(author, chain.MsgOptimaeCommit, commitOf(st))
	after := n.eng.View()
	if after == before || after.Commits != 1 || before.Commits != 0 {
		t.Errorf("%d commits after one, %d before", after.Commits, before.Commits)
	}
	c.net.AdvanceTo(1500 * time.Millisecond)
	if ch := n.eng.View().Champions[domain]; ch == nil || ch.Verified || ch.OptimaeID != n.champs[0].OptimaeID {
		t.Errorf("champion %+v", ch)
	}
}

// BenchmarkReceivedVote is what a vote costs the event loop, decoded there and before.
func BenchmarkReceivedVote(b *testing.B) {
	for _, before := range []bool{false, true} {
		b.Run(fmt.Sprint("decoded=", before), func(b *testing.B) {
			c := newCluster(b, 4, 83)
			n, voter := c.nodes[0], c.nodes[1]
			network := n.state().Rules().Network
			v := &chain.Vote{OptimaeID: fmt.Sprintf("%064x", 1), DomainID: domain, Anchor: n.tip(), Digest: n.tip(), VerifiedPerformance: -7}
			c.must(chain.SignVote(v, voter.key, network))
			m := &chain.Message{Type: chain.MsgTaskCompleted, SenderID: voter.id, TTL: 7, Timestamp: when, Payload: canon.NewObject("vote", v.Object())}
			ev := protocol.Received{Message: m}
			if before {
				p, err := engine.Decode(m, network)
				c.must(err)
				ev.Payload = p
			}
			for b.Loop() {
				n.eng.Step(n.now(), ev)
				n.eng.View()
			}
		})
	}
}

// TestMessagesFitTheirKind: what nodes send is within what they take.
func TestMessagesFitTheirKind(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 95)
	largest := map[string]int{}
	c.log = func(_ time.Duration, _ *node, f protocol.Effect) {
		if b, ok := f.(protocol.Broadcast); ok {
			m := b.Message
			largest[m.Type] = max(largest[m.Type], len(canon.Default(m.Object())))
		}
	}
	c.net.Advance(60 * time.Second)
	for _, kind := range []string{chain.MsgOptimaeCommit, chain.MsgOptimaeReveal, chain.MsgTaskCompleted, chain.MsgTransaction, chain.MsgBlockAnnouncement} {
		if largest[kind] == 0 {
			t.Errorf("no %s was sent", kind)
		}
	}
	for kind, n := range largest {
		if most := engine.MaxBytes(kind); 2*n > most {
			t.Errorf("a %s of %d bytes was sent, most is %d", kind, n, most)
		}
	}
}
