package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// TestThreeNodes: commits, reveals, votes and blocks lead three nodes to one chain that grows.
func TestThreeNodes(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3, 1)
	c.poll()
	c.net.AdvanceTo(100 * time.Second)
	c.settled(20*time.Second, c.nodes...)
	n := c.nodes[0]
	if n.height() < 3 || n.accepted() < 6 {
		t.Errorf("height %d, %d acceptances", n.height(), n.accepted())
	}
	optimizers := map[string]bool{}
	for _, b := range n.chain.blocks {
		for _, tx := range b.Transactions {
			if tx.Type == consensus.TxAccepted {
				optimizers[tx.PeerID] = true
				if id, err := tx.Payload.String("experiment_id"); err != nil || id != "e-"+tx.PeerID[:6] {
					t.Errorf("experiment metrics of %.6s: %q, %v", tx.PeerID, id, err)
				}
			}
		}
	}
	if len(optimizers) < 2 {
		t.Errorf("only %d optimizers were accepted", len(optimizers))
	}
	if n.final() < 0 || n.final() > n.height()-6 {
		t.Errorf("finalized %d at height %d", n.final(), n.height())
	}
	for _, n := range c.nodes {
		if len(n.bests) == 0 {
			t.Errorf("%.6s got no migrant", n.id)
		}
		for _, f := range n.fines {
			t.Errorf("%.6s punished honest %.6s: %s", n.id, f.Peer, f.Reason)
		}
	}
	c.check()
}

// TestSameSeedSameChain: the network is a function of its seed (signatures are not part of any hash).
func TestSameSeedSameChain(t *testing.T) {
	t.Parallel()
	run := func() string {
		c := newCluster(t, 3, 42)
		c.poll()
		c.net.AdvanceTo(30 * time.Second)
		return c.nodes[1].tip()
	}
	if a, b := run(), run(); a != b {
		t.Errorf("two runs end in %.8s and %.8s", a, b)
	}
}

// TestPartition: the larger half goes on, the smaller one waits, and after healing all agree; nothing final is lost.
func TestPartition(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, 4, seed)
			c.pace = 6 * time.Second
			c.poll()
			c.net.AdvanceTo(20 * time.Second)
			a, rest := c.nodes[0], c.nodes[1:]
			var others []string
			for _, n := range rest {
				others = append(others, n.id)
			}
			c.net.Partition([]string{a.id}, others)
			c.net.Advance(4 * time.Minute)
			final := rest[0].final()
			finalHash := rest[0].chain.blocks[max(0, final)].Hash
			if final < 5 {
				t.Errorf("three of four nodes finalized only %d", final)
			}
			if a.final() > c.nodes[1].height() {
				t.Errorf("a lone node finalized %d", a.final())
			}
			c.net.Heal()
			c.settled(time.Minute, c.nodes...)
			if h, _ := a.chain.Hash(final); h != finalHash {
				t.Error("a finalized block was left")
			}
			before := a.height()
			c.net.Advance(time.Minute)
			c.settled(20*time.Second, c.nodes...)
			if a.height() <= before {
				t.Error("no block after healing")
			}
			c.check()
		})
	}
}

// TestEvenSplitHeals: neither half of 2|2 can finalize, so any duration heals.
func TestEvenSplitHeals(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 9, targetTime(3)) // an empty block a minute
	c.pace = 10 * time.Second
	c.poll()
	c.net.AdvanceTo(30 * time.Second)
	c.settled(20*time.Second, c.nodes...)
	ids := []string{c.nodes[0].id, c.nodes[1].id, c.nodes[2].id, c.nodes[3].id}
	c.net.Partition(ids[:2], ids[2:])
	before := c.nodes[0].height()
	c.net.Advance(12 * time.Minute)
	for _, n := range c.nodes {
		if n.height() < before+8 {
			t.Errorf("height %d after %d: too short a branch for this test to mean something", n.height(), before)
		}
		if n.final() > before {
			t.Errorf("half of the network finalized block %d, the split was at %d", n.final(), before)
		}
	}
	c.net.Heal()
	c.settled(2*time.Minute, c.nodes...)
	c.check()
}

// TestLiar: a node that claims more than it has is rejected and loses reputation; nobody adopts its claim.
func TestLiar(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 3)
	liar := c.nodes[3]
	liar.worker = func(ev protocol.Evaluate) (protocol.Outcome, error) {
		o, err := honest(ev)
		if ev.Own {
			o.Performance = -1
		}
		return o, err
	}
	c.poll()
	c.net.AdvanceTo(time.Minute)
	c.settled(20*time.Second, c.nodes...)
	s := c.nodes[0].eng.View().State
	if s.Domains[domain].Rejected == 0 {
		t.Error("no rejection on the chain")
	}
	if s.Domains[domain].Best == -1 {
		t.Error("the false claim became the champion")
	}
	if got := s.Peers[liar.id].Rejected; got == 0 || s.Reputation(liar.id) >= 10*consensus.Micro {
		t.Errorf("the liar was rejected %d times and has reputation %d", got, s.Reputation(liar.id))
	}
	if liar.count(protocol.Rejected) == 0 || liar.count(protocol.Accepted) != 0 {
		t.Errorf("the liar hears of %d rejections, %d acceptances", liar.count(protocol.Rejected), liar.count(protocol.Accepted))
	}
	for _, n := range c.nodes[:3] {
		if !slices.ContainsFunc(slices.Collect(maps.Values(n.said)), func(d protocol.Decided) bool {
			return !d.Accepted && d.OptimizerID == liar.id && d.Performance == -1
		}) {
			t.Error("nobody said that the false claim is rejected")
		}
		if slices.Contains(n.bests, -1) {
			t.Error("a false claim was adopted as an immigrant")
		}
	}
	c.check()
}

// TestDataMismatchAbstains: an evaluator with other data does not vote, and with k = 2 nothing is accepted.
func TestDataMismatchAbstains(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3, 5)
	odd := c.nodes[2]
	odd.search = func(*node) *canon.Object { return nil }
	odd.worker = func(protocol.Evaluate) (protocol.Outcome, error) { return protocol.Outcome{}, protocol.ErrAbstain }
	c.poll()
	c.net.AdvanceTo(time.Minute)
	s := c.nodes[0].eng.View().State
	if s.Domains[domain].Rejected != 0 || s.Domains[domain].Accepted != 0 {
		t.Errorf("accepted %d, rejected %d without a second vote", s.Domains[domain].Accepted, s.Domains[domain].Rejected)
	}
	if s.Reputation(odd.id) < 9*consensus.Micro {
		t.Error("abstaining cost reputation")
	}
}

// TestCrashAndReturn: a node that was away catches up from blocks alone.
func TestCrashAndReturn(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 6)
	c.poll()
	c.net.AdvanceTo(20 * time.Second)
	c.nodes[2].down = true
	c.net.Advance(2 * time.Minute)
	c.nodes[2].down = false
	c.nodes[2].tick()
	c.settled(time.Minute, c.nodes...)
	c.check()
}

// TestInference: a forecast is served by the champion and counted by the chain.
func TestInference(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3, 8)
	c.poll()
	n := c.nodes[0]
	n.step(protocol.Infer{Domain: domain, Input: canon.NewObject(), ClientID: "x"})
	if len(n.served) != 0 {
		t.Error("served without a champion")
	}
	c.net.AdvanceTo(time.Minute)
	n.step(protocol.Infer{Domain: domain, Input: canon.NewObject("steps", int64(3)), ClientID: "x"})
	if len(n.served) != 1 {
		t.Fatalf("%d inferences asked for", len(n.served))
	}
	if task, ok := n.eng.Task(n.served[0].TaskID); !ok || task.Result == nil {
		t.Errorf("task %+v, %v", task, ok)
	}
	c.net.Advance(time.Minute)
	if got := n.eng.View().State.Domains[domain].Inferences; got != 1 {
		t.Errorf("chain counts %d inferences", got)
	}
}

// TestSlowNodeGetsChampions: a node that is still at work on a claim when its acceptance is in a block gets it as a
// migrant all the same.
func TestSlowNodeGetsChampions(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 5, 11)
	slow := c.nodes[4]
	slow.lag = 25 * time.Second
	slow.search = func(*node) *canon.Object { return nil }
	c.poll()
	c.net.AdvanceTo(100 * time.Second)
	if len(slow.bests) == 0 {
		t.Error("no immigrants")
	}
}

// TestQueuedChampionIsRerun: a claim that is accepted while its re-run still waits in the queue is re-run if it has become
// the champion, and forgotten if it has not.
func TestQueuedChampionIsRerun(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 8, 12)
	victim, author := c.nodes[0], c.nodes[1].key
	for _, n := range c.nodes {
		n.search = func(*node) *canon.Object { return nil }
	}
	var jobs []protocol.Evaluate
	take := func(effects []protocol.Effect) {
		for _, f := range effects {
			if ev, ok := f.(protocol.Evaluate); ok {
				jobs = append(jobs, ev)
			}
		}
	}
	var claims []*consensus.Statement
	for v := int64(20); v > 14; v-- {
		st := victim.claim(author, v, -float64(v))
		if v == 15 {
			st.Base = claims[4].OptimaeID
		}
		claims = append(claims, st)
		take(victim.say(author, chain.MsgOptimaeCommit, commitOf(st)))
		take(victim.say(author, chain.MsgOptimaeReveal, revealOf(st)))
	}
	if len(jobs) != 3 {
		t.Fatalf("%d re-runs at once", len(jobs))
	}
	genesis := victim.state()
	_, blocks := c.extend(genesis, c.nodes[2:3], 3*engine.Second, c.accepted(genesis, claims[4], author), c.accepted(genesis, claims[5], author))
	c.net.Advance(10 * time.Second)
	take(victim.eng.Step(victim.now(), protocol.Blocks{From: "x", Blocks: blocks}))
	for i := 0; i < len(jobs); i++ {
		c.net.Advance(time.Second)
		take(victim.eng.Step(victim.now(), protocol.Evaluated{Job: jobs[i].Job, Err: protocol.ErrAbstain}))
	}
	var got []int64
	for _, j := range jobs {
		v, _ := j.Parameters.Int("v")
		got = append(got, v)
	}
	if !slices.Contains(got, 15) || slices.Contains(got, 16) {
		t.Errorf("re-runs of %v, want that of the champion 15 and none of the overtaken 16", got)
	}
}

// TestHostileMessages: none of these changes anything but the sender's score.
func TestHostileMessages(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 10)
	c.poll()
	c.net.AdvanceTo(30 * time.Second)
	victim, attacker := c.nodes[0], c.nodes[3]
	send := func(kind string, payload *canon.Object) {
		t.Helper()
		m := &chain.Message{Type: kind, SenderID: attacker.id, Timestamp: c.nodes[0].chain.blocks[0].Header.Timestamp, TTL: 7, Payload: payload}
		c.must(chain.SignMessage(m, attacker.key, victim.eng.View().State.Rules().Network))
		before := victim.eng.View()
		victim.step(protocol.Received{Message: m})
		after := victim.eng.View()
		if after.State != before.State || after.Pending != before.Pending || after.Quorums != before.Quorums {
			t.Errorf("%s %s changed the victim", kind, canon.Default(payload))
		}
	}
	for _, kind := range []string{chain.MsgOptimaeCommit, chain.MsgOptimaeReveal, chain.MsgTaskCompleted, chain.MsgTransaction, chain.MsgBlockAnnouncement} {
		send(kind, canon.NewObject())
		send(kind, canon.NewObject("commitment_hash", "x", "domain_id", int64(3), "anchor", nil, "vote", "v", "transaction", []any{}, "block_index", "y"))
	}
	send(chain.MsgTaskCompleted, canon.NewObject("vote", canon.NewObject("optimae_id", "x")))
	send(chain.MsgTransaction, canon.NewObject("transaction", canon.NewObject("tx_type", "optimae_accepted", "domain_id", domain, "peer_id", attacker.id, "payload", canon.NewObject(), "timestamp", int64(0))))
	if len(victim.fines) == 0 {
		t.Error("garbage went unpunished")
	}

	// Votes for reveals that never come, and commits that are never revealed, stay bounded.
	for i := range 5000 {
		m := &chain.Message{Type: chain.MsgOptimaeCommit, SenderID: attacker.id, TTL: 7, Timestamp: c.nodes[0].chain.blocks[0].Header.Timestamp,
			Payload: canon.NewObject("commitment_hash", fmt.Sprintf("%064x", i), "domain_id", domain, "anchor", victim.tip())}
		victim.step(protocol.Received{Message: m})
	}
	if got := victim.eng.View().Commits; got > 40 {
		t.Errorf("%d open commits of one sender", got)
	}
}

// targetTime sets the target block time in seconds.
func targetTime(seconds float64) func(*chain.Genesis) {
	return func(g *chain.Genesis) { g.Parameters.TargetBlockTime = seconds }
}

// TestOverfittedIsNotAnnounced: what fails synthetic data of the optimizer's own seed is kept to itself.
func TestOverfittedIsNotAnnounced(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3, 12)
	odd := c.nodes[0]
	odd.worker = func(ev protocol.Evaluate) (protocol.Outcome, error) {
		o, err := honest(ev)
		if ev.Own && ev.Synthetic != nil {
			o.SyntheticScore, o.IncumbentScore = 1.06, 1
		}
		return o, err
	}
	c.poll()
	c.net.AdvanceTo(40 * time.Second)
	if odd.count(protocol.Withdrawn) == 0 || odd.count(protocol.Committed) > 0 {
		t.Errorf("%d withdrawn, %d committed: what fails synthetic data is to be kept", odd.count(protocol.Withdrawn), odd.count(protocol.Committed))
	}
	s := c.nodes[1].eng.View().State
	if s.Domains[domain].Rejected != 0 || s.Domains[domain].Accepted == 0 {
		t.Errorf("accepted %d, rejected %d", s.Domains[domain].Accepted, s.Domains[domain].Rejected)
	}
}
