package engine

import (
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// withModel are parameters with a model inside.
func withModel(sizeBytes int, x ...float64) *canon.Object {
	return params(x...).Set(ModelMember, strings.Repeat("A", sizeBytes))
}

// TestRoom sends claims and champions with models inside: what is held of them has a bound, and comes free when they are judged.
func TestRoom(t *testing.T) {
	cfg := testConfig(domainConfig())
	cfg.MaxHeldBytes = 5000
	l := newNetwork(t, 1, cfg)
	m := l.members[0]
	sender := strings.Repeat("ab", 20)
	claim := func(id string, p *canon.Object, claimed float64) {
		hash := chain.Commitment(p, "nonce")
		m.step(l.from(sender, chain.MsgOptimaeCommit, canon.NewObject("commitment_hash", hash, "domain_id", "q")))
		m.step(l.from(sender, chain.MsgOptimaeReveal, canon.NewObject("commitment_hash", hash, "domain_id", "q", "optimae_id", id,
			"parameters", p, "reported_performance", claimed, "nonce", "nonce", "champion_metrics", nil)))
	}
	champion := func(p *canon.Object, claimed float64) {
		m.step(l.from(sender, chain.MsgChampionResponse, canon.NewObject("domain_id", "q", "request_id", "r", "parameters", p, "performance", claimed,
			"has_champion", true, "champion_metrics", nil)))
	}
	f := func(what string, jobs int, held bool) {
		t.Helper()
		if n := len(m.jobs) + len(m.queue); n != jobs || (m.room.used > 0) != held || m.room.used > cfg.MaxHeldBytes {
			t.Errorf("%s: %d trainings, %d bytes held, want %d, held %v", what, n, m.room.used, jobs, held)
		}
	}
	claim("opt-a-1", withModel(2000, 4, -2), -9)
	champion(withModel(2000, 3, -2), -4)
	f("two models", 2, true)
	claim("opt-a-2", withModel(2000, 2, -2), -1)
	champion(withModel(2000, 2, -2), -1)
	f("two more than there is room for", 2, true)
	l.run(Second)
	f("all are judged", 0, false)
	if best := m.View().Domains["q"].Best; best == nil || *best != -4 {
		t.Errorf("best %v, want that of the champion", best)
	}
	claim("opt-a-3", withModel(2000, 9, 9), -1) // false
	l.run(Second)
	f("a false claim", 0, false)
	claim("opt-a-4", withModel(2000, 1.5, -2), -0.25)
	l.run(Second)
	f("a true claim", 0, false)
	if v := m.View(); *v.Domains["q"].Best != -0.25 {
		t.Errorf("best %v, want -0.25", *v.Domains["q"].Best)
	}
}

// TestBlockBytes accepts better and better models of which one alone fits into a block: it has the best, and the others without
// their models.
func TestBlockBytes(t *testing.T) {
	cfg := testConfig(domainConfig())
	cfg.MaxBlockBytes = 7500
	l := newNetwork(t, 1, cfg)
	m := l.members[0]
	propose := func(x float64) {
		m.given++
		m.step(protocol.Propose{Domain: "q", Proposal: m.given, Parameters: withModel(3000, x, -2), Nonce: [16]byte{byte(m.given)}})
		l.run(3 * Second)
	}
	propose(3)
	propose(2.5)
	if len(m.chain.blocks) != 2 {
		t.Fatalf("%d blocks, want one of both acceptances", len(m.chain.blocks)-1)
	}
	var models []bool
	for _, tx := range m.chain.blocks[1].Transactions {
		if p, err := tx.Payload.ObjectOr("parameters", nil); err == nil && p != nil {
			models = append(models, p.Has(ModelMember))
		}
		if tx.ID != tx.ComputeID() {
			t.Errorf("transaction %.12s is not named by its content", tx.ID)
		}
	}
	if len(models) != 2 || models[0] || !models[1] {
		t.Errorf("records with a model: %v, want the second alone", models)
	}
	if m.pending.kept > 2*cfg.MaxBlockBytes || m.pending.kept == 0 {
		t.Errorf("%d bytes are kept of own blocks", m.pending.kept)
	}
}
