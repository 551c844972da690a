package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// TestEveryProposalEnds: several proposals of each of five nodes are open at once, through a partition and a node that is
// away, and each of them ends once.
func TestEveryProposalEnds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, 5, 70+seed)
			c.pace = 1500 * time.Millisecond
			c.poll()
			most := 0
			c.log = func(time.Duration, *node, protocol.Effect) {
				for _, n := range c.nodes {
					most = max(most, n.unfinished())
				}
			}
			c.net.AdvanceTo(40 * time.Second)
			c.log = nil
			c.net.Partition([]string{c.nodes[0].id, c.nodes[1].id}, []string{c.nodes[2].id, c.nodes[3].id, c.nodes[4].id})
			c.net.Advance(90 * time.Second)
			c.net.Heal()
			c.net.Advance(20 * time.Second)
			for _, n := range c.nodes {
				n.search = func(*node) *canon.Object { return nil }
			}
			c.net.Advance(4 * time.Minute)
			c.settled(2*time.Minute, c.nodes...)
			if most < 2 {
				t.Errorf("at most %d proposals of a node were open at once", most)
			}
			for _, n := range c.nodes {
				if k := n.unfinished(); k != 0 {
					t.Errorf("%.6s: %d of %d proposals have no end", n.id, k, n.number)
				}
				for _, f := range n.fines {
					t.Errorf("%.6s punished honest %.6s: %s", n.id, f.Peer, f.Reason)
				}
				if v := n.eng.View(); v.Quorums != 0 {
					t.Errorf("%.6s: %d claims are left", n.id, v.Quorums)
				}
			}
			for _, stage := range []protocol.Stage{protocol.Accepted, protocol.Superseded, protocol.Withdrawn} {
				k := 0
				for _, n := range c.nodes {
					k += n.count(stage)
				}
				if k == 0 {
					t.Errorf("no proposal was %s", stage)
				}
			}
			c.check()
		})
	}
}

// TestTooManyOpen: the fifth undecided proposal of a domain is withdrawn at once, and so is what cannot be one.
func TestTooManyOpen(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3, 74)
	n := c.nodes[0]
	f := func(p protocol.Propose, want string) {
		t.Helper()
		n.step(p)
		list := n.claims[p.Proposal]
		switch {
		case want == "" && len(list) != 0:
			t.Errorf("proposal %d: %v", p.Proposal, list)
		case want != "" && (len(list) != 1 || list[0].Stage != protocol.Withdrawn || list[0].Reason != want):
			t.Errorf("proposal %d: %v, want withdrawn: %s", p.Proposal, list, want)
		}
	}
	recipe := func(v int64) *canon.Object { return canon.NewObject("v", v) }
	f(protocol.Propose{Domain: "x", Proposal: 1, Parameters: recipe(1)}, "this node does not optimize the domain")
	f(protocol.Propose{Domain: domain, Proposal: 2}, "nothing to confirm")
	for i := range int64(4) {
		f(protocol.Propose{Domain: domain, Proposal: 3 + i, Parameters: recipe(i)}, "")
		if i == 0 {
			f(protocol.Propose{Domain: domain, Proposal: 100, Parameters: recipe(i)}, "the same commitment was made before")
		}
	}
	f(protocol.Propose{Domain: domain, Proposal: 7, Parameters: recipe(9)}, "too many open claims")
}

// TestNobodyVotes: claims that nobody decides are given up, and make room for others.
func TestNobodyVotes(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3, 85)
	n := c.nodes[0]
	c.nodes[1].down, c.nodes[2].down = true, true
	c.net.AdvanceTo(20 * time.Second)
	if n.count(protocol.Revealed) != 4 || n.count(protocol.Expired) != 0 {
		t.Errorf("%d revealed, %d expired", n.count(protocol.Revealed), n.count(protocol.Expired))
	}
	c.net.AdvanceTo(100 * time.Second)
	if n.count(protocol.Revealed) <= 4 || n.count(protocol.Expired) != 4 {
		t.Errorf("%d revealed, %d expired after the first are given up", n.count(protocol.Revealed), n.count(protocol.Expired))
	}
	n.search = func(*node) *canon.Object { return nil }
	c.net.Advance(2 * time.Minute)
	if k := n.unfinished(); k != 0 || n.eng.View().Quorums != 0 {
		t.Errorf("%d of %d proposals have no end, %d claims are left", k, n.number, n.eng.View().Quorums)
	}
}

// TestClaimsOfOneNode: of two claims on their way the second must promise more than the first.
func TestClaimsOfOneNode(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3, 75, func(g *chain.Genesis) { g.Domains[0].PerformanceScale = 1000 })
	n := c.nodes[0]
	for i, v := range []int64{1000, 999, 500} {
		n.step(protocol.Propose{Domain: domain, Proposal: int64(i + 1), Parameters: canon.NewObject("v", v), Nonce: [16]byte{byte(i)}})
	}
	c.net.Advance(900 * time.Millisecond)
	for i, want := range []protocol.Stage{protocol.Committed, protocol.Withdrawn, protocol.Committed} {
		list := n.claims[int64(i+1)]
		if got := list[len(list)-1]; got.Stage != want {
			t.Errorf("proposal %d is %s (%s), want %s", i+1, got.Stage, got.Reason, want)
		}
	}
}

// TestWaitsForBase: a claim on a base that this node has not heard of is looked at when it has; one on a base that the chain
// has passed is not.
func TestWaitsForBase(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 5, 76)
	victim, author := c.nodes[0], c.nodes[1].key
	for _, n := range c.nodes {
		n.search = func(*node) *canon.Object { return nil }
	}
	first, second, third := victim.claim(author, 20, -20), victim.claim(author, 10, -10), victim.claim(author, 11, -11)
	second.Base, third.Base = first.OptimaeID, ""
	victim.say(author, chain.MsgOptimaeCommit, commitOf(second))
	victim.say(author, chain.MsgOptimaeReveal, revealOf(second))
	if q := victim.eng.View().Quorums; q != 0 {
		t.Fatalf("%d claims on an unknown base", q)
	}
	tx := c.accepted(victim.state(), first, author)
	victim.say(author, chain.MsgTransaction, canon.NewObject("transaction", tx.Object()))
	if v := victim.eng.View(); v.Pending != 1 || v.Quorums != 1 {
		t.Fatalf("%d pending, %d claims after the base was accepted", v.Pending, v.Quorums)
	}
	_, blocks := c.extend(victim.state(), c.nodes[2:3], 3_000_000, tx)
	c.net.Advance(10 * time.Second)
	victim.step(protocol.Blocks{From: c.nodes[2].id, Blocks: blocks})
	if v := victim.eng.View(); v.State.Champion(domain) != first.OptimaeID || v.Quorums != 1 {
		t.Errorf("champion %.8s, %d claims on it", v.State.Champion(domain), v.Quorums)
	}
	victim.say(author, chain.MsgOptimaeCommit, commitOf(third))
	if f := victim.say(author, chain.MsgOptimaeReveal, revealOf(third)); penalized(f) || victim.eng.View().Quorums != 1 {
		t.Errorf("a claim on a passed base: %v, %d claims", f, victim.eng.View().Quorums)
	}
}

// TestAuthorsTakeTurns: whose claims are many waits longer than whose are few, and votes go before curiosity.
func TestAuthorsTakeTurns(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 77) // the quorum is everybody else
	victim := c.nodes[0]
	victim.worker = func(protocol.Evaluate) (protocol.Outcome, error) { return protocol.Outcome{}, protocol.ErrAbstain }
	var order []int64
	c.log = func(_ time.Duration, n *node, f protocol.Effect) {
		if ev, ok := f.(protocol.Evaluate); ok && n == victim && !ev.Own {
			v, _ := ev.Parameters.Int("v")
			order = append(order, v)
		}
	}
	for _, n := range c.nodes {
		n.search = func(*node) *canon.Object { return nil }
	}
	reveal := func(author *node, v int64) {
		st := victim.claim(author.key, v, -float64(v))
		victim.say(author.key, chain.MsgOptimaeCommit, commitOf(st))
		m := &chain.Message{Type: chain.MsgOptimaeReveal, SenderID: author.id, TTL: 7, Timestamp: when, Payload: revealOf(st)}
		c.must(chain.SignMessage(m, author.key, victim.state().Rules().Network))
		victim.step(protocol.Received{Message: m})
	}
	for v := int64(30); v > 20; v-- {
		reveal(c.nodes[1], v)
	}
	reveal(c.nodes[2], 9)
	reveal(c.nodes[3], 8)
	c.net.Advance(5 * time.Second)
	want := []int64{30, 29, 28, 27, 9, 8, 26, 25, 24, 23, 22, 21}
	if fmt.Sprint(order) != fmt.Sprint(want) {
		t.Errorf("re-runs in the order %v, want %v", order, want)
	}
}

// TestBogusBases: claims on bases that nobody has heard of cost no training, are bounded, and keep no honest claim out.
func TestBogusBases(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 5, 79)
	victim, attacker, honest := c.nodes[0], c.nodes[1].key, c.nodes[2].key
	for _, n := range c.nodes {
		n.search = func(*node) *canon.Object { return nil }
	}
	evaluates := func(effects []protocol.Effect) bool {
		return slices.ContainsFunc(effects, func(f protocol.Effect) bool { _, ok := f.(protocol.Evaluate); return ok })
	}
	for i := range int64(200) {
		if i%15 == 0 {
			c.net.Advance(time.Minute)
		}
		st := victim.claim(attacker, 1000+i, -5)
		st.Base = fmt.Sprintf("%064x", i)
		victim.say(attacker, chain.MsgOptimaeCommit, commitOf(st))
		if evaluates(victim.say(attacker, chain.MsgOptimaeReveal, revealOf(st))) {
			t.Fatal("a claim on a bogus base is trained")
		}
	}
	if n := victim.eng.View().Quorums; n != 0 {
		t.Errorf("%d claims are open", n)
	}
	first, second := victim.claim(honest, 20, -20), victim.claim(honest, 10, -10)
	second.Base = first.OptimaeID
	victim.say(honest, chain.MsgOptimaeCommit, commitOf(second))
	victim.say(honest, chain.MsgOptimaeReveal, revealOf(second))
	tx := c.accepted(victim.state(), first, honest)
	if out := victim.say(honest, chain.MsgTransaction, canon.NewObject("transaction", tx.Object())); !evaluates(out) {
		t.Error("the honest claim is kept out")
	}
}

// TestCommitsAgain: a node that was stopped after its commit makes it again at the newer block, and its reveal is good.
func TestCommitsAgain(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 5, 84, targetTime(1))
	for _, n := range c.nodes {
		n.search = func(*node) *canon.Object { return nil }
	}
	c.poll()
	victim, author := c.nodes[0], c.nodes[1].key
	st := victim.claim(author, 7, -7)
	victim.say(author, chain.MsgOptimaeCommit, commitOf(st))
	c.net.Until(5*time.Minute, func() bool { return victim.height() == 2 })
	st.Anchor = victim.tip()
	out := victim.say(author, chain.MsgOptimaeCommit, commitOf(st))
	out = append(out, victim.say(author, chain.MsgOptimaeReveal, revealOf(st))...)
	if v := victim.eng.View(); penalized(out) || v.Quorums != 1 || v.Commits != 0 {
		t.Errorf("%d claims, %d commits, %v", v.Quorums, v.Commits, out)
	}
}

// TestBaseIsSuperseded: an acceptance that comes late, when what it improves on has been superseded, neither waits nor decides
// anything.
func TestBaseIsSuperseded(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 5, 94)
	victim, author := c.nodes[0], c.nodes[1].key
	for _, n := range c.nodes {
		n.search = func(*node) *canon.Object { return nil }
	}
	genesis := victim.state()
	first, rival, second := victim.claim(author, 20, -20), victim.claim(c.nodes[3].key, 15, -15), victim.claim(author, 10, -10)
	second.Base = first.OptimaeID
	waits, late := c.accepted(genesis, first, author), c.accepted(genesis, second, author)
	victim.say(author, chain.MsgTransaction, canon.NewObject("transaction", waits.Object()))
	_, blocks := c.extend(genesis, c.nodes[2:3], 3_000_000, c.accepted(genesis, rival, c.nodes[3].key))
	if r := victim.offer(blocks); !r.Adopted || victim.eng.View().Pending != 0 {
		t.Fatalf("%+v, %d pending, want adopted, 0", r, victim.eng.View().Pending)
	}
	out := victim.say(author, chain.MsgTransaction, canon.NewObject("transaction", late.Object()))
	if k := victim.eng.View().Pending; k != 0 || len(out) != 0 {
		t.Errorf("%d pending after what is based on the superseded one, %v", k, out)
	}
}

// TestRevealsAgain: of two reveals of one commitment that wait for their base the later one counts, as does the later commit.
func TestRevealsAgain(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 95, targetTime(1))
	for _, n := range c.nodes {
		n.search = func(*node) *canon.Object { return nil }
	}
	c.poll()
	victim, author := c.nodes[0], c.nodes[1].key
	first, st := victim.claim(author, 20, -20), victim.claim(author, 7, -7)
	waits := c.accepted(victim.state(), first, author)
	st.Base = first.OptimaeID
	for range 2 {
		victim.say(author, chain.MsgOptimaeCommit, commitOf(st))
		victim.say(author, chain.MsgOptimaeReveal, revealOf(st))
		h := victim.height()
		c.net.Until(5*time.Minute, func() bool { return victim.height() > h })
		st.Anchor = victim.tip()
	}
	var last string
	c.log = func(_ time.Duration, n *node, f protocol.Effect) {
		if b, ok := f.(protocol.Broadcast); ok && n == victim && b.Message.Type == chain.MsgTaskCompleted {
			if v, err := b.Message.Payload.Object("vote"); err == nil {
				last, _ = v.String("anchor")
			}
		}
	}
	victim.step(protocol.Submit{Tx: waits})
	c.net.Advance(5 * time.Second)
	members, _ := victim.state().Members(victim.chain.blocks[1].Hash, st.OptimaeID, st.OptimizerID)
	if slices.Contains(members, victim.id) && last != victim.chain.blocks[1].Hash {
		t.Errorf("voted about anchor %.8s, want %.8s", last, victim.chain.blocks[1].Hash)
	}
	if !slices.Contains(members, victim.id) || victim.eng.View().Quorums != 1 {
		t.Errorf("%d claims; victim a member %v: the test means nothing", victim.eng.View().Quorums, slices.Contains(members, victim.id))
	}
}

// TestClaimReachesLateMembers: members that were away when a claim was made vote on it once they are there: its author sends it again,
// ever more rarely, and nobody is fined for hearing it twice.
func TestClaimReachesLateMembers(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 75)
	author := c.nodes[0]
	proposed := false
	sent := map[string]int{}
	c.log = func(_ time.Duration, n *node, f protocol.Effect) {
		if b, ok := f.(protocol.Broadcast); ok && n == author {
			sent[b.Message.Type]++
		}
	}
	for _, n := range c.nodes {
		n.search = func(n *node) *canon.Object {
			if n != author || proposed {
				return nil
			}
			proposed = true
			return improve(n)
		}
	}
	away := c.nodes[2:]
	for _, n := range away {
		n.down = true
	}
	c.net.AdvanceTo(20 * time.Second)
	if got := author.accepted(); got != 0 {
		t.Fatalf("%d acceptances without a quorum", got)
	}
	if reveals := sent[chain.MsgOptimaeReveal]; reveals != 3 {
		t.Errorf("the claim was sent %d times in twenty seconds, want 3", reveals)
	}
	for _, n := range away {
		n.down = false
	}
	c.net.Advance(30 * time.Second)
	for _, n := range c.nodes[:2] {
		if n.accepted() != 1 {
			t.Errorf("%.6s: %d acceptances after its members came, want 1; claims %v", n.id, n.accepted(), author.claims)
		}
	}
	for _, n := range c.nodes {
		for _, f := range n.fines {
			t.Errorf("%.6s punished honest %.6s: %s", n.id, f.Peer, f.Reason)
		}
	}
}

// TestCommitOfAnUnknownDomain: a commit for a domain that was not there at an anchor we know is an offence; one whose anchor is still to
// come here may speak of a domain that was added by then, and is none where domains may be added.
func TestCommitOfAnUnknownDomain(t *testing.T) {
	t.Parallel()
	for _, may := range []bool{false, true} {
		c := newCluster(t, 3, 76, func(g *chain.Genesis) { g.Parameters.MayAdd = may })
		c.net.AdvanceTo(time.Second / 4)
		from, to := c.nodes[0], c.nodes[1]
		f := func(anchor string, fined bool) {
			t.Helper()
			to.fines = nil
			m := &chain.Message{Type: chain.MsgOptimaeCommit, SenderID: from.id, Timestamp: timestamp.FromMicro(to.now()), TTL: chain.DefaultTTL,
				Payload: canon.NewObject("commitment_hash", strings.Repeat("ab", 32), "domain_id", "another", "anchor", anchor)}
			c.must(chain.SignMessage(m, from.key, to.eng.View().State.Rules().Network))
			to.step(protocol.Received{Message: m})
			if len(to.fines) > 0 != fined {
				t.Errorf("domains may be added: %v; commit anchored at %.8s: fines %v, want some: %v", may, anchor, to.fines, fined)
			}
		}
		f(to.tip(), true)
		f(strings.Repeat("cd", 32), !may)
	}
}
