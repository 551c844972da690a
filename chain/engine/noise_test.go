package engine_test

import (
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// noisy is honest, but for the comparison: it is beyond noise on the baseline alone.
func noisy(ev protocol.Evaluate) (protocol.Outcome, error) {
	o, err := honest(ev)
	if err == nil && ev.Base != nil {
		o.Sums, err = chain.NewSums(100, big.NewInt(10_000), 10) // z = 1
	}
	return o, err
}

// TestWithinNoise: an author whose own comparison is within the noise makes no claim of it, and says so.
func TestWithinNoise(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 91)
	for _, n := range c.nodes {
		n.worker = noisy
	}
	c.net.AdvanceTo(40 * time.Second)
	accepted, reasons := 0, 0
	for _, n := range c.nodes {
		accepted += n.count(protocol.Accepted)
		for _, list := range n.claims {
			if last := list[len(list)-1]; strings.Contains(last.Reason, "within the noise: z = 1 over 10 cases") {
				reasons++
				if last.Stage != protocol.Withdrawn && last.Stage != protocol.Superseded {
					t.Errorf("a claim within the noise is %s", last.Stage)
				}
			}
		}
		if len(n.fines) != 0 {
			t.Errorf("%.6s fined %v", n.id, n.fines)
		}
	}
	if accepted != 1 || reasons == 0 {
		t.Errorf("%d accepted, %d withdrawn as noise; want 1 and some", accepted, reasons)
	}
}

// TestForgedSums: an author who reports better sums than its runs gave is outvoted, and no claim of its is accepted.
func TestForgedSums(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 5, 92)
	liar := c.nodes[4]
	for _, n := range c.nodes {
		n.worker = noisy
	}
	liar.worker = func(ev protocol.Evaluate) (protocol.Outcome, error) {
		o, err := honest(ev)
		if err == nil && ev.Own {
			o.Sums = chain.Sums{S1: 1000, S2: "200000", N: 10}
		}
		return o, err
	}
	c.net.AdvanceTo(60 * time.Second)
	if liar.count(protocol.Revealed) == 0 || liar.count(protocol.Accepted) != 0 {
		t.Errorf("liar: %d revealed, %d accepted; want some and none", liar.count(protocol.Revealed), liar.count(protocol.Accepted))
	}
	rejected := 0
	for _, d := range c.nodes[0].said {
		if d.OptimizerID == liar.id && !d.Accepted {
			rejected++
		}
	}
	if rejected == 0 {
		t.Error("no forged claim was rejected")
	}
}

// TestVotesOfOtherSums: a member whose re-run gave other sums than the claim votes against it, one that compared with another base
// is not counted at all.
func TestVotesOfOtherSums(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 5, 93)
	for _, n := range c.nodes {
		n.search = func(*node) *canon.Object { return nil }
	}
	victim, author := c.nodes[0], c.nodes[1].key
	st := victim.claim(author, 7, -7)
	st.Claim.Sums = fourCases(1)
	victim.say(author, chain.MsgOptimaeCommit, commitOf(st))
	victim.say(author, chain.MsgOptimaeReveal, revealOf(st))
	members, _ := victim.state().Members(st.Anchor, st.OptimaeID, st.OptimizerID)
	vote := func(member string, base string, sums chain.Sums) error {
		v := &chain.Vote{OptimaeID: st.OptimaeID, DomainID: domain, EvaluatorID: member, Anchor: st.Anchor, Base: base, Digest: st.Claim.Digest,
			Sums: sums, VerifiedPerformance: st.Claim.Performance}
		c.must(chain.SignVote(v, c.byID[member].key, victim.state().Rules().Network))
		for _, f := range victim.eng.Step(victim.now(), protocol.Vote{Vote: v}) {
			if r, ok := f.(protocol.SubmitResult); ok {
				return r.Err
			}
		}
		return nil
	}
	members = slices.DeleteFunc(members, func(id string) bool { return id == victim.id })
	if err := vote(members[0], strings.Repeat("a", 64), fourCases(1)); err == nil || !strings.Contains(err.Error(), "another base") {
		t.Errorf("vote about another base: %v, want it refused", err)
	}
	for _, id := range members[:2] {
		if err := vote(id, "", fourCases(2)); err != nil {
			t.Errorf("vote with other sums: %v", err)
		}
	}
	if v := victim.state(); v.Champion(domain) != "" {
		t.Error("a claim that two of three contradict is champion")
	}
	forged := revealOf(st)
	forged.Set("s2", "3") // less than s1²/n
	if !penalized(victim.say(author, chain.MsgOptimaeReveal, forged)) {
		t.Error("sums of no differences were not punished")
	}
}

// TestComparesAgain: where another claim becomes the base between commit and reveal, the author has its own compared with that one,
// and reveals it on it.
func TestComparesAgain(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 94)
	for _, n := range c.nodes {
		n.search = func(*node) *canon.Object { return nil }
	}
	n, author := c.nodes[0], c.nodes[1].key
	var bases []*protocol.Recipe
	n.worker = func(ev protocol.Evaluate) (protocol.Outcome, error) {
		if ev.Own {
			bases = append(bases, ev.Base)
		}
		return honest(ev)
	}
	c.net.AdvanceTo(2 * time.Second)
	n.step(protocol.Propose{Domain: domain, Proposal: 1, Parameters: canon.NewObject("v", int64(500)), Nonce: [16]byte{1}})
	c.net.Advance(time.Second) // committed
	st := n.claim(author, 900, -900)
	st.Claim.Sums = fourCases(1)
	_, blocks := c.extend(n.state(), c.nodes[2:3], 3_000_000, c.accepted(n.state(), st, author))
	c.net.Advance(500 * time.Millisecond)
	n.offer(blocks)
	c.net.Advance(3 * time.Second)
	if len(bases) != 2 || bases[0] != nil || bases[1] == nil || !slices.Equal(bases[1].Seeds, chain.TrainingSeeds(domain, st.OptimaeID, 4)) {
		t.Fatalf("compared with %+v, want the baseline, then the new champion with its seeds", bases)
	}
	if v, _ := bases[1].Parameters.Int("v"); v != 900 {
		t.Errorf("compared with v = %d, want 900", v)
	}
	list := n.claims[1]
	last := list[len(list)-1]
	if n.count(protocol.Revealed) != 1 || last.Base != st.OptimaeID || last.Outcome.Sums != fourCases(400) {
		t.Errorf("the proposal is %s on %.8s with %+v, want it revealed on %.8s with the sums against that", last.Stage, last.Base, last.Outcome, st.OptimaeID)
	}
}
