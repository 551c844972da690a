package engine_test

import (
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// transferOf is a signed transfer.
func (c *cluster) transferOf(n *node, to string, amount, nonce int64) *chain.Tx {
	c.t.Helper()
	tx := &chain.Tx{Type: consensus.TxTransfer, Timestamp: timestamp.FromMicro(n.now()), Payload: consensus.TransferPayload(
		ledger.Transfer{Sender: n.id, Recipient: to, Amount: amount, Fee: ledger.Unit / 100, Nonce: nonce})}
	c.must(chain.SignTx(tx, n.key, n.state().Rules().Network))
	return tx
}

// post hands over a transaction as an API does and returns what the machine answers.
func (n *node) post(tx *chain.Tx) (err error) {
	payload, err := engine.Verify(tx, n.state().Rules().Network)
	n.c.must(err)
	for _, f := range n.eng.Step(n.now(), protocol.Submit{Tx: tx, Payload: payload}) {
		if r, ok := f.(protocol.SubmitResult); ok {
			err = r.Err
			continue
		}
		n.do(f)
	}
	return err
}

// TestRegister: a node that is no evaluator says so once, registers by itself as soon as it is sent the money, and is in the
// quorums of blocks after that. A transfer waits under its id until it is in a block, whoever was down meanwhile.
func TestRegister(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3, 41, func(g *chain.Genesis) {
		g.Parameters.QuorumMinEvaluators = 3
		g.Evaluators = g.Evaluators[:2]
	})
	n, rich := c.nodes[2], c.nodes[0]
	cfg := engine.DefaultConfig()
	cfg.Domains[domain] = engine.Role{Evaluate: true}
	cfg.Register = true
	var err error
	n.eng, err = engine.New(cfg, n.key, n.state(), n.chain)
	c.must(err)
	n.search = func(*node) *canon.Object { return nil }
	var notices []string
	c.log = func(_ time.Duration, at *node, f protocol.Effect) {
		if f, ok := f.(protocol.Notice); ok && at == n {
			notices = append(notices, f.Text)
		}
	}
	c.net.AdvanceTo(time.Minute)
	for rich.state().Ledger.Balance(rich.id) < 2*ledger.Unit && c.net.Now() < 20*time.Minute {
		c.net.AdvanceTo(c.net.Now() + 10*time.Second)
	}
	if n := count(notices, "this node is no evaluator"); n != 1 || count(notices, "registration sent") != 0 {
		t.Fatalf("%d warnings in %q, want one and no registration", n, notices)
	}
	if s := engine.StandingOf(n.state(), n.id, false); s.Registered || s.Eligible || !strings.Contains(s.Remedy, "wallet send "+n.id) {
		t.Errorf("StandingOf(a stranger) = %+v", s)
	}

	tx := c.transferOf(rich, n.id, ledger.Unit, 1)
	if err := rich.post(tx); err != nil {
		t.Fatalf("Submit(transfer) = %v", err)
	}
	if err := rich.post(tx); err == nil || !rich.eng.Pending(tx.ID) || len(rich.eng.Waiting(rich.id)) != 1 {
		t.Errorf("Submit(the same again) = %v, pending %v", err, rich.eng.Pending(tx.ID))
	}
	if err := rich.post(c.transferOf(rich, n.id, 2*ledger.Unit, 1)); err == nil {
		t.Error("a second transfer with the nonce of one that waits was taken")
	}
	evaluator := func() bool { return engine.StandingOf(rich.state(), n.id, true).Eligible }
	for !evaluator() && c.net.Now() < time.Hour {
		c.net.AdvanceTo(c.net.Now() + 10*time.Second)
	}
	if !evaluator() || rich.state().Ledger.Nonce(rich.id) != 1 {
		t.Fatalf("after an hour: %+v, nonce %d", engine.StandingOf(rich.state(), n.id, true), rich.state().Ledger.Nonce(rich.id))
	}
	votes := func() int64 { return rich.state().Peers[n.id].Agreed }
	for votes() == 0 && c.net.Now() < 2*time.Hour {
		c.net.AdvanceTo(c.net.Now() + 10*time.Second)
	}
	if votes() == 0 || count(notices, "registration sent") != 1 || count(notices, "this node is an evaluator") != 1 {
		t.Errorf("%d votes counted, notices %q", votes(), notices)
	}
	if burned := n.state().Ledger.Burned(); burned != ledger.Stake(ledger.MinBaseFee) {
		t.Errorf("the registration burned %d, want %d", burned, ledger.Stake(ledger.MinBaseFee))
	}
}

func count(list []string, what string) (n int) {
	for _, s := range list {
		if s == what {
			n++
		}
	}
	return n
}
