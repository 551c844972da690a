package engine

import (
	"math"
	"slices"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/python"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
	"doin.network/node/internal/timestamp"
)

func referenceIncentives() python.IncentiveConfig { return python.DefaultIncentives() }

// TestOwnClaim follows a result from the proposal to the block, member by member of the reference's records.
func TestOwnClaim(t *testing.T) {
	l := newNetwork(t, 1, testConfig(domainConfig()))
	m := l.members[0]
	m.propose(3, -2) // performance −4
	l.run(3 * Second)
	whole := []protocol.Stage{protocol.Confirmed, protocol.Committed, protocol.Revealed, protocol.Accepted}
	if len(m.chain.blocks) != 1 || !slices.Equal(m.stages(1), whole) {
		t.Fatalf("%d blocks, stages %v, want none before the threshold and %v", len(m.chain.blocks)-1, m.stages(1), whole)
	}
	// The reference's figures: raw 4, weight 1 × 1 × 1 × 0.5, reputation factor ln 2 / ln 11.
	want := float64(4 * 0.5 * (math.Log1p(1) / math.Log1p(10)))
	if v := m.View(); v.Pending != 2 || math.Abs(v.PendingSum-want) > 1e-12 {
		t.Errorf("pending %d with sum %v, want 2 with %v", v.Pending, v.PendingSum, want)
	}
	m.propose(2.5, -2) // −2.25, by a weight that the first one's progress has raised
	l.run(3 * Second)
	if len(m.chain.blocks) != 2 {
		t.Fatalf("%d blocks, want one", len(m.chain.blocks)-1)
	}
	b := m.chain.blocks[1]
	if err := CheckBlock(1, chain.GenesisHash, b, nil); err != nil {
		t.Error(err)
	}
	if err := chain.VerifyBlock(b, Network); err != nil {
		t.Errorf("the node's signature: %v", err)
	}
	if len(b.Transactions) != 4 || b.Header.Threshold != 1 || b.Header.WeightedPerformanceSum < 1 {
		t.Fatalf("%d transactions, sum %v, threshold %v", len(b.Transactions), b.Header.WeightedPerformanceSum, b.Header.Threshold)
	}
	short, full := b.Transactions[2], b.Transactions[3]
	if got := strings.Join(short.Payload.Keys(), " "); got != "optimae_id performance increment" {
		t.Errorf("short record: %s", got)
	}
	if got, want := strings.Join(full.Payload.Keys(), " "), "optimae_id parameters verified_performance effective_increment reward_fraction "+
		"quorum_agree_fraction incentive_reason val_mae train_mae val_naive_mae train_naive_mae test_mae test_naive_mae champion_metrics "+
		"experiment_id round_number"; got != want {
		t.Errorf("full record: %s\nwant %s", got, want)
	}
	id, _ := full.Payload.String("optimae_id")
	if want := "opt-" + m.key.PeerID()[:8] + "-"; !strings.HasPrefix(id, want) {
		t.Errorf("optimae id %q", id)
	}
	if reason, _ := full.Payload.String("incentive_reason"); reason != "auto_accept_no_synthetic_validation" {
		t.Errorf("reason %q", reason)
	}
	v := m.View()
	if math.Abs(v.Supply-50) > 1e-9 || v.Pending != 0 || v.Difficulty.Threshold == 1 {
		t.Errorf("supply %v, pending %d, threshold %v after a block", v.Supply, v.Pending, v.Difficulty.Threshold)
	}
	var kinds []string
	for _, f := range find[protocol.Broadcast](m.log) {
		kinds = append(kinds, f.Message.Type)
	}
	if want := []string{"optimae_commit", "optimae_reveal", "optimae_commit", "optimae_reveal", "block_announcement"}; !slices.Equal(kinds, want) {
		t.Errorf("sent %v, want %v", kinds, want)
	}
	m.propose(3, -2) // worse: not announced
	l.run(Second)
	if got, want := m.stages(3), []protocol.Stage{protocol.Confirmed, protocol.Withdrawn}; !slices.Equal(got, want) {
		t.Errorf("stages of what is worse: %v, want %v", got, want)
	}
}

// TestFalseClaims offers lies; nothing of them is adopted or paid, and the author gets the champion.
func TestFalseClaims(t *testing.T) {
	l := newNetwork(t, 1, testConfig(domainConfig()))
	m := l.members[0]
	m.propose(3, -2)
	l.run(3 * Second)
	liar := strings.Repeat("ab", 20)
	l.claimFrom(m, liar, "opt-liar-1", -0.5, 9, 9) // −185 in truth
	l.run(Second)
	if v := m.View(); *v.Domains["q"].Best != -4 || v.Domains["q"].Rejected != 1 || v.Pending != 3 {
		t.Errorf("best %v, view %+v, pending %d after a false claim", *v.Domains["q"].Best, v.Domains["q"], v.Pending)
	}
	sent := find[protocol.Send](m.log)
	if len(sent) != 1 || sent[0].Peer != liar || sent[0].Message.Type != chain.MsgChampionResponse {
		t.Fatalf("sent %v, want the champion to the liar", sent)
	}
	if got, _ := sent[0].Message.Payload.String("request_id"); got != "reject-push-opt-liar-1" {
		t.Errorf("request id %q", got)
	}
	l.claimFrom(m, liar, "opt-liar-2", -10, 4, -3) // true, but worse: refused without a training
	trained := len(find[protocol.Evaluate](m.log))
	l.run(Second)
	if len(find[protocol.Evaluate](m.log)) != trained || m.View().Domains["q"].Rejected != 2 {
		t.Error("a claim that is no improvement was trained, or not refused")
	}
	l.claimFrom(m, liar, "opt-liar-3", -1, 2, -2) // true
	l.run(Second)
	if v := m.View(); *v.Domains["q"].Best != -1 || v.Domains["q"].Optimizer != liar || v.Domains["q"].Accepted != 2 {
		t.Errorf("view %+v after a true claim", v.Domains["q"])
	}
	if got := find[protocol.Migrant](m.log); len(got) != 1 || got[0].Performance != -1 || got[0].OptimizerID != liar {
		t.Errorf("migrants %+v, want the true claim's", got)
	}
	// A champion is trained too before it counts.
	for _, c := range []struct {
		kind, member, value string
		claimed             float64
		x                   []float64
		best                float64
	}{
		{chain.MsgChampionResponse, "parameters", "performance", -0.1, []float64{7, 7}, -1},
		{chain.MsgChampionResponse, "parameters", "performance", -0.25, []float64{1.5, -2}, -0.25},
		{chain.MsgStageComplete, "champion_params", "champion_fitness", 0, []float64{1, -2.25}, -0.0625},
	} {
		m.step(l.from(liar, c.kind, canon.NewObject("domain_id", "q", "request_id", "", c.member, params(c.x...), c.value, c.claimed,
			"has_champion", true, "champion_metrics", nil)))
		l.run(Second)
		if got := *m.View().Domains["q"].Best; got != c.best {
			t.Errorf("%s: best %v, want %v", c.kind, got, c.best)
		}
	}
	if p := find[protocol.Penalize](m.log); len(p) != 0 {
		t.Errorf("penalized: %v", p)
	}
}

// TestMalformed sends what no node of the reference sends.
func TestMalformed(t *testing.T) {
	l := newNetwork(t, 1, testConfig(domainConfig()))
	m := l.members[0]
	nan := math.NaN()
	hash := strings.Repeat("a", 64)
	for i, ev := range []protocol.Event{
		l.from("x", chain.MsgOptimaeCommit, canon.NewObject("commitment_hash", "short", "domain_id", "q")),
		l.from("x", chain.MsgOptimaeReveal, canon.NewObject("commitment_hash", hash)),
		l.from("x", chain.MsgOptimaeReveal, canon.NewObject("commitment_hash", hash, "domain_id", "q", "optimae_id", "o", "parameters", params(1, nan),
			"reported_performance", 1, "nonce", "n")),
		l.from("x", chain.MsgOptimaeReveal, canon.NewObject("commitment_hash", hash, "domain_id", "q", "optimae_id", "o", "parameters", params(1),
			"reported_performance", nan, "nonce", "n")),
		l.from("x", chain.MsgBlockAnnouncement, canon.NewObject("block_index", 3, "block_hash", "?")),
		l.from("x", chain.MsgTaskCompleted, canon.NewObject("task_id", "t", "evaluator_id", m.key.PeerID(), "verified_performance", 1)),
		l.from("x", chain.MsgTaskCompleted, canon.NewObject("task_id", "t", "evaluator_id", "e", "verified_performance", nan)),
		l.from("x", chain.MsgTaskCreated, canon.NewObject("task_id", "t")),
		l.from("x", chain.MsgChampionResponse, canon.NewObject("domain_id", "q", "parameters", params(1, 2), "performance", nan)),
		l.from("x", chain.MsgCandidateEvaluation, canon.NewObject("tx_id", hash, "domain_id", "q", "peer_id", "p", "candidate_data",
			canon.NewObject("fitness", 1), "timestamp", "2026-01-01T00:00:00Z")), // not its id
	} {
		if p := find[protocol.Penalize](m.step(ev)); len(p) != 1 {
			t.Errorf("message %d: penalties %v", i, p)
		}
	}
	// What is only late, or for somebody else, is no offence.
	for i, ev := range []protocol.Event{
		l.from("x", chain.MsgOptimaeReveal, canon.NewObject("commitment_hash", hash, "domain_id", "q", "optimae_id", "o", "parameters", params(1, 2),
			"reported_performance", 1, "nonce", "n", "champion_metrics", nil)),
		l.from("x", chain.MsgOptimaeCommit, canon.NewObject("commitment_hash", hash, "domain_id", "elsewhere")),
		l.from("x", chain.MsgTaskCompleted, canon.NewObject("task_id", "unknown", "evaluator_id", "e", "verified_performance", nil, "result", nil)),
		l.from("x", chain.MsgPeerDiscovery, canon.NewObject()),
		l.from("x", chain.MsgCandidateEvaluation, canon.NewObject("tx_id", "claim:q:1:2:x", "domain_id", "q", "peer_id", "x",
			"candidate_data", canon.NewObject("_shared_claim", true, "generation", 1, "candidate_idx", 2))),
	} {
		if p := find[protocol.Penalize](m.step(ev)); len(p) != 0 {
			t.Errorf("harmless message %d: penalties %v", i, p)
		}
	}
	if len(find[protocol.Evaluate](m.log)) != 0 {
		t.Error("something was trained for malformed messages")
	}
}

// TestCandidate records another node's candidate under its own id, once.
func TestCandidate(t *testing.T) {
	l := newNetwork(t, 1, testConfig(domainConfig()))
	m := l.members[0]
	tx := &chain.Tx{Type: chain.TxCandidateEvaluated, DomainID: "q", PeerID: "p", Payload: canon.NewObject("fitness", 1.5),
		Timestamp: timestamp.FromMicro(start)}
	tx.ID = tx.ComputeID()
	ev := l.from("p", chain.MsgCandidateEvaluation, canon.NewObject("tx_id", tx.ID, "domain_id", "q", "peer_id", "p",
		"candidate_data", tx.Payload, "timestamp", tx.Timestamp.ISO()))
	m.step(ev)
	m.step(ev)
	if v := m.View(); v.Pending != 1 {
		t.Errorf("%d pending, want 1", v.Pending)
	}
}

// TestMixedNetwork lets three nodes find better and better results under auto-accept: all end with one chain, in which
// every optimae stands once.
func TestMixedNetwork(t *testing.T) {
	l := newNetwork(t, 3, testConfig(domainConfig()))
	for i := range 12 {
		x := 8 / math.Pow(1.3, float64(i))
		l.members[i%3].propose(1+x, -2)
		l.run(12 * Second)
	}
	l.run(20 * Second)
	blocks := l.agree()
	if len(blocks) < 3 {
		t.Fatalf("%d blocks", len(blocks)-1)
	}
	seen := map[string]int{}
	for _, b := range blocks {
		for _, tx := range b.Transactions {
			if id := acceptedID(tx); id != "" {
				seen[id]++
			}
		}
	}
	for id, n := range seen {
		if n != 2 {
			t.Errorf("optimae %s has %d records, want the short and the full one", id, n)
		}
	}
	want := *l.members[0].View().Domains["q"].Best
	for i, m := range l.members {
		if got := *m.View().Domains["q"].Best; got != want {
			t.Errorf("member %d: best %v, member 0 %v", i, got, want)
		}
		if p := find[protocol.Penalize](m.log); len(p) != 0 {
			t.Errorf("member %d penalizes %v", i, p)
		}
	}
	t.Logf("%d blocks, %d optimae recorded of 12", len(blocks)-1, len(seen))
}

// TestQuorum lets three nodes verify by quorum; the block is made although nobody calls /tasks/complete.
func TestQuorum(t *testing.T) {
	d := domainConfig()
	d.Validate, d.HasSynthetic, d.Synthetic = true, true, true
	l := newNetwork(t, 3, testConfig(d))
	l.members[0].propose(6, -2) // −25
	l.run(20 * Second)
	blocks := l.agree()
	if len(blocks) != 2 {
		t.Fatalf("%d blocks, want 1", len(blocks)-1)
	}
	var full *chain.Tx
	for _, tx := range blocks[1].Transactions {
		if tx.Type == chain.TxOptimaeAccepted && tx.Payload.Has("parameters") {
			full = tx
		}
	}
	if full == nil {
		t.Fatal("no full record")
	}
	if got := strings.Join(full.Payload.Keys()[:8], " "); got != "optimae_id parameters verified_performance effective_increment reward_fraction "+
		"quorum_agree_fraction incentive_reason champion_metrics" {
		t.Errorf("full record: %s", got)
	}
	if reason, _ := full.Payload.String("incentive_reason"); reason != "full reward: verified matches reported" {
		t.Errorf("reason %q", reason)
	}
	if n := l.members[0].View().Tasks.Pending; n != 0 {
		t.Errorf("%d tasks are left", n)
	}
	// A claim that the members cannot confirm is refused by the quorum.
	l.members[1].lies = true
	l.members[1].propose(4, -2) // claims −4.5, −9 in truth
	l.run(20 * Second)
	for i, m := range l.members {
		if v := m.View().Domains["q"]; v.Rejected != 1 || *v.Best != -25 && *v.Best != -9 {
			t.Errorf("member %d: %+v, best %v", i, v, *v.Best)
		}
	}
	// Alone there is nobody to ask.
	alone := newNetwork(t, 1, testConfig(d))
	alone.members[0].propose(6, -2)
	alone.run(3 * Second)
	if v := alone.members[0].View(); v.Pending != 0 || v.Height != 0 {
		t.Errorf("a lone node accepted its own result: %+v", v)
	}
}

// TestVectors holds the reference's own blocks against the append check: what it accepts is accepted, but for content
// changed under a kept id.
func TestVectors(t *testing.T) {
	golden.Run(t, "chain_validation", func(t *testing.T, c golden.Case) {
		list, err := c.Inputs.List("blocks")
		if err != nil {
			t.Fatal(err)
		}
		want, err := c.Expected.Int("sqlite_appended")
		if err != nil {
			t.Fatalf("%v in %s", err, canon.Default(c.Expected))
		}
		l := newNetwork(t, 1, testConfig(domainConfig()))
		l.now = start + 100*365*86400*Second
		m := l.members[0]
		accepted := int64(0)
		tampered := false
		for _, v := range list {
			b, err := chain.BlockFromObject(v.(*canon.Object))
			if err != nil {
				t.Fatal(err)
			}
			for _, tx := range b.Transactions {
				tampered = tampered || tx.ID != tx.ComputeID()
			}
			if r := find[protocol.BlocksResult](m.step(protocol.Blocks{Blocks: []*chain.Block{b}})); r[0].Err != nil {
				t.Logf("%v", r[0].Err)
				break
			}
			accepted++
		}
		if tampered && accepted >= want && want > 0 {
			t.Errorf("%d of %d blocks accepted with content that is not its id's", accepted, want)
		}
		if !tampered && accepted != want {
			t.Errorf("%d blocks accepted, want %d", accepted, want)
		}
	})
}
