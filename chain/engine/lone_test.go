package engine_test

import (
	"slices"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

func (n *node) infer() {
	n.step(protocol.Infer{Domain: domain, Input: canon.NewObject(), ClientID: "x"})
}

// TestLone: a node alone answers with its own best from its first confirming run on, and makes no block.
func TestLone(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1, 7)
	n := c.nodes[0]
	n.infer()
	if len(n.served) != 0 {
		t.Error("served without a champion")
	}
	c.net.AdvanceTo(2 * time.Second)
	n.infer()
	if len(n.served) != 1 || n.served[0].Verified || n.served[0].OptimaeID != n.champs[0].OptimaeID {
		t.Fatalf("served %+v", n.served)
	}
	c.net.AdvanceTo(time.Hour)
	if n.height() != 0 || !n.eng.View().Alone || n.eng.View().Pending != 0 {
		t.Errorf("height %d, alone %v, %d pending", n.height(), n.eng.View().Alone, n.eng.View().Pending)
	}
	for i, f := range n.champs {
		if f.Verified || i > 0 && f.Performance <= n.champs[i-1].Performance {
			t.Fatalf("champion %d: %+v", i, f)
		}
	}
	if n.count(protocol.Confirmed) < 100 || n.count(protocol.Withdrawn) != n.count(protocol.Confirmed) {
		t.Errorf("%d confirmed, %d withdrawn", n.count(protocol.Confirmed), n.count(protocol.Withdrawn))
	}

	// After a start the best of the last life answers, until there is a better one.
	state, err := consensus.ParseState(n.chain.states[0], n.state().Rules())
	c.must(err)
	cfg := engine.DefaultConfig()
	cfg.Domains[domain] = engine.Role{Optimize: true}
	again, err := engine.New(cfg, n.key, state, n.chain)
	c.must(err)
	last := n.champs[len(n.champs)-1]
	out := again.Step(n.now(), protocol.Restore{Champion: last})
	if len(out) != 1 || out[0].(protocol.Champion).OptimaeID != last.OptimaeID {
		t.Fatalf("Restore: %v", out)
	}
	worse := last
	worse.OptimaeID, worse.Performance = "x", last.Performance-1
	if out := again.Step(n.now(), protocol.Restore{Champion: worse}); len(out) != 0 {
		t.Errorf("a worse champion was restored: %v", out)
	}
	for _, f := range again.Step(n.now(), protocol.Infer{Domain: domain, Input: canon.NewObject(), ClientID: "x"}) {
		if i, ok := f.(protocol.Inference); !ok || i.Verified || i.OptimaeID != last.OptimaeID || !slices.Equal(i.Seeds, last.Seeds) {
			t.Errorf("Infer after a restart: %+v", f)
		}
	}
}

// soloAnswers checks that what the chain holds answers after a start, marked.
func soloAnswers(t *testing.T, n *node) {
	t.Helper()
	state, err := consensus.ParseState(n.chain.states[len(n.chain.states)-1], n.state().Rules())
	if err != nil {
		t.Fatal(err)
	}
	cfg := engine.DefaultConfig()
	cfg.Domains[domain] = engine.Role{Optimize: true}
	again, err := engine.New(cfg, n.key, state, n.chain)
	if err != nil {
		t.Fatal(err)
	}
	champions, served := 0, 0
	for _, ev := range []protocol.Event{protocol.Synced{}, protocol.Infer{Domain: domain, Input: canon.NewObject(), ClientID: "x"}} {
		for _, f := range again.Step(n.now(), ev) {
			switch f := f.(type) {
			case protocol.Champion:
				if champions++; !f.Verified || !f.Solo || f.OptimaeID != state.Champion(domain) {
					t.Errorf("champion %+v", f)
				}
			case protocol.Inference:
				if served++; !f.Verified || !f.Solo || f.OptimaeID != state.Champion(domain) {
					t.Errorf("served %+v", f)
				}
			}
		}
	}
	if champions != 1 || served != 1 {
		t.Errorf("%d champions, %d answers, want 1 of each", champions, served)
	}
}

// TestSolo: where the genesis file says solo a lone evaluator's re-run is the quorum, marked, until another one registers.
func TestSolo(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1, 78, func(g *chain.Genesis) { g.Parameters.Solo = true })
	n := c.nodes[0]
	c.net.AdvanceTo(3 * time.Minute)
	if n.height() < 3 || n.final() < 0 || n.accepted() != n.state().Domains[domain].Improved {
		t.Fatalf("height %d, final %d, %d accepted", n.height(), n.final(), n.accepted())
	}
	for _, d := range n.said {
		if !d.Solo || !d.Accepted {
			t.Errorf("decided: %+v", d)
		}
	}
	last := n.champs[len(n.champs)-1]
	n.infer()
	if s := n.served[len(n.served)-1]; s.OptimaeID != last.OptimaeID || s.Verified != last.Verified || s.Solo != last.Solo {
		t.Errorf("served %.8s, champion %.8s", s.OptimaeID, last.OptimaeID)
	}
	soloAnswers(t, n)
	c.check()

	// A second evaluator, paid by the first.
	other, err := identity.FromSeed("second evaluator")
	c.must(err)
	submit := func(key *identity.Key, kind string, payload *canon.Object) {
		t.Helper()
		tx := &chain.Tx{Type: kind, PeerID: key.PeerID(), Payload: payload, Timestamp: when}
		c.must(chain.SignTx(tx, key, n.state().Rules().Network))
		for _, f := range n.eng.Step(n.now(), protocol.Submit{Tx: tx}) {
			if r, ok := f.(protocol.SubmitResult); ok {
				c.must(r.Err)
			}
			n.do(f)
		}
	}
	fee := n.state().BaseFee
	submit(n.key, consensus.TxTransfer, consensus.TransferPayload(ledger.Transfer{Sender: n.id, Recipient: other.PeerID(),
		Amount: 2 * ledger.Stake(fee), Fee: fee * 10, Nonce: n.state().Ledger.Nonce(n.id) + 1}))
	c.net.Until(10*time.Minute, func() bool { return n.state().Ledger.Balance(other.PeerID()) > 0 })
	submit(other, consensus.TxRegistered, canon.NewObject())
	c.net.Until(10*time.Minute, func() bool { return len(n.state().Generators()) == 2 })
	if len(n.state().Generators()) != 2 || n.eng.View().Alone {
		t.Fatalf("generators %v, alone %v", n.state().Generators(), n.eng.View().Alone)
	}
	before := n.accepted()
	c.net.Advance(10 * time.Minute)
	if n.accepted() != before {
		t.Errorf("%d acceptances without the other evaluator", n.accepted()-before)
	}
	c.check()
}
