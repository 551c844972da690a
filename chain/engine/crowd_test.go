package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// rich is an engine whose state gives n peers money, and the time.
func rich(t testing.TB, n int, each int64) (e *engine.Engine, keys []*identity.Key, peers []*identity.Key, now *int64) {
	t.Helper()
	g := &chain.Genesis{Protocol: chain.Protocol, Format: chain.Format, Parameters: chain.DefaultParameters(), Domains: []chain.Domain{chain.DefaultDomain(domain)}}
	g.Parameters.StartTime = timestamp.FromMicro(start)
	g.Parameters.InitialThreshold = 0.05
	for i := range 4 {
		k := enemyKey(t, "evaluator ", i)
		keys = append(keys, k)
		g.Evaluators = append(g.Evaluators, chain.Evaluator{PeerID: k.PeerID(), PublicKey: k.PublicKey()})
	}
	s, err := consensus.NewState(g)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		k := enemyKey(t, "rich ", i)
		peers = append(peers, k)
		s.Ledger.Restore(k.PeerID(), each, 0)
	}
	s.Ledger.RestoreTotals(int64(n)*each, 0)
	cfg := engine.DefaultConfig()
	cfg.Domains[domain] = engine.Role{Evaluate: true}
	e, err = engine.New(cfg, keys[0], s, &memoryChain{blocks: []*chain.Block{chain.GenesisBlock()}, states: [][]byte{s.AppendCanonical(nil)}})
	if err != nil {
		t.Fatal(err)
	}
	at := int64(start + engine.Second)
	return e, keys, peers, &at
}

// pay offers a transfer of somebody to nobody.
func pay(t testing.TB, e *engine.Engine, from *identity.Key, amount, nonce, now int64) error {
	t.Helper()
	tx := &chain.Tx{Type: consensus.TxTransfer, PeerID: from.PeerID(), Timestamp: timestamp.FromMicro(now), Payload: consensus.TransferPayload(
		ledger.Transfer{Sender: from.PeerID(), Recipient: fmt.Sprintf("%040x", 1), Amount: amount, Fee: ledger.MinBaseFee, Nonce: nonce})}
	if err := chain.SignTx(tx, from, e.View().State.Rules().Network); err != nil {
		t.Fatal(err)
	}
	m := &chain.Message{Type: chain.MsgTransaction, SenderID: from.PeerID(), TTL: 7, Timestamp: timestamp.FromMicro(now), Payload: canon.NewObject("transaction", tx.Object())}
	before := e.View().Pending
	for _, f := range e.Step(now, protocol.Received{Message: m}) {
		if p, ok := f.(protocol.Penalize); ok {
			t.Errorf("punished: %s", p.Reason)
		}
	}
	if e.View().Pending == before {
		return fmt.Errorf("not pooled")
	}
	return nil
}

// TestTransfersThatMustWait: of a sender whose first transfer is missing few are kept, of all such senders together few more,
// and none spends what its sender's others have spent. A sender that leaves no gaps is not held up by it.
func TestTransfersThatMustWait(t *testing.T) {
	t.Parallel()
	const fee = ledger.MinBaseFee
	e, _, peers, now := rich(t, 100, 30*(fee+1))
	pooled := func(k *identity.Key, amount int64, nonces ...int64) (n int) {
		for _, nonce := range nonces {
			if pay(t, e, k, amount, nonce, *now) == nil {
				n++
			}
		}
		return n
	}
	f := func(what string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %d were pooled, want %d", what, got, want)
		}
	}
	to := func(from, to int64) (list []int64) {
		for n := from; n <= to; n++ {
			list = append(list, n)
		}
		return list
	}
	f("twelve in order", pooled(peers[0], 1, to(1, 12)...), 12)
	f("eight before the first, and the first", pooled(peers[1], 1, append(to(2, 9), 1, 10, 11)...), 11)
	f("without the first", pooled(peers[2], 1, to(2, 20)...), 8)
	f("more money than there is", pooled(peers[3], 10*(fee+1), to(1, 5)...), 2)
	pending := e.View().Pending
	for _, k := range peers[4:] {
		pooled(k, 1, to(2, 20)...)
	}
	if n := e.View().Pending - pending; n < 400 || n > 512 {
		t.Errorf("%d transfers wait for what is missing, want at most 512", n)
	}
	f("in order, while the room for others is full", pooled(peers[0], 1, to(13, 14)...), 2)
}

// TestMessageBesideAFullPool: a transfer that comes costs the same beside 2,000 that wait: the block under construction is not made
// anew for it, nor is anybody else's transfer looked at again.
func TestMessageBesideAFullPool(t *testing.T) { // not parallel: it counts allocations
	cost := func(waiting int) float64 {
		e, _, peers, now := rich(t, waiting/10+1, 1_000_000_000)
		for round := int64(1); round <= 10; round++ {
			for _, k := range peers[1:] {
				if err := pay(t, e, k, 1, round, *now); err != nil {
					t.Fatal(err)
				}
			}
		}
		if n := e.View().Pending; n != waiting {
			t.Fatalf("%d transfers wait, want %d", n, waiting)
		}
		var messages []*chain.Message
		for nonce := int64(1); nonce <= 12; nonce++ {
			tx := &chain.Tx{Type: consensus.TxTransfer, PeerID: peers[0].PeerID(), Timestamp: timestamp.FromMicro(*now), Payload: consensus.TransferPayload(
				ledger.Transfer{Sender: peers[0].PeerID(), Recipient: fmt.Sprintf("%040x", 1), Amount: 1, Fee: ledger.MinBaseFee, Nonce: nonce})}
			if err := chain.SignTx(tx, peers[0], e.View().State.Rules().Network); err != nil {
				t.Fatal(err)
			}
			messages = append(messages, &chain.Message{Type: chain.MsgTransaction, SenderID: peers[0].PeerID(), TTL: 7, Timestamp: timestamp.FromMicro(*now),
				Payload: canon.NewObject("transaction", tx.Object())})
		}
		i := 0
		n := testing.AllocsPerRun(len(messages)-1, func() {
			e.Step(*now, protocol.Received{Message: messages[i]})
			i++
		})
		if got := e.View().Pending; got != waiting+len(messages) {
			t.Errorf("%d transfers wait, want %d", got, waiting+len(messages))
		}
		return n
	}
	if alone, beside := cost(0), cost(2000); beside > 1.5*alone {
		t.Errorf("a transfer costs %.0f allocations beside 2,000 others, %.0f alone", beside, alone)
	}
}

// TestPaddedTransactions: a transfer that carries more than a transfer says is not pooled.
func TestPaddedTransactions(t *testing.T) {
	t.Parallel()
	const fee = ledger.MinBaseFee
	e, _, peers, now := rich(t, 1, 100*(fee+1))
	f := func(nonce int64, padding any, want error) {
		t.Helper()
		payload := consensus.TransferPayload(ledger.Transfer{Sender: peers[0].PeerID(), Recipient: fmt.Sprintf("%040x", 1), Amount: 1, Fee: fee, Nonce: nonce})
		tx := &chain.Tx{Type: consensus.TxTransfer, PeerID: peers[0].PeerID(), Timestamp: timestamp.FromMicro(*now), Payload: payload.Set("note", padding)}
		if err := chain.SignTx(tx, peers[0], e.View().State.Rules().Network); err != nil {
			t.Fatal(err)
		}
		for _, f := range e.Step(*now, protocol.Submit{Tx: tx}) {
			if r, ok := f.(protocol.SubmitResult); ok && !errors.Is(r.Err, want) {
				t.Errorf("a transfer with a note of %.20v: %v, want %v", padding, r.Err, want)
			}
		}
	}
	f(1, "for the coffee", nil)
	f(2, strings.Repeat("x", 200_000), protocol.ErrLate)
	f(2, lists(1000), protocol.ErrLate)
	f(2, nil, nil)
}

// lists is a value of n empty lists.
func lists(n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = []any{}
	}
	return out
}

// BenchmarkFullPool is what one more transfer, and one block, cost a node whose pool holds as many as it takes.
func BenchmarkFullPool(b *testing.B) {
	e, keys, peers, now := rich(b, 1000, 1_000_000_000)
	for round := int64(1); round <= 10; round++ {
		for _, k := range peers[1:] {
			_ = pay(b, e, k, 1, round, *now)
		}
		*now++
	}
	held := e.View().Pending
	nonce := int64(0)
	for b.Loop() {
		*now += 61 * engine.Second / 20
		nonce++
		_ = pay(b, e, peers[0], 1, nonce, *now)
	}
	b.ReportMetric(float64(held), "pending")
	s := e.View().State
	st := &consensus.Statement{DomainID: domain, OptimizerID: keys[1].PeerID(), Parameters: canon.NewObject("v", int64(1)), Nonce: consensus.Nonce(keys[1].PeerID(), [16]byte{1}),
		Anchor: s.Tip, Claim: consensus.Claim{Performance: -1, Digest: fmt.Sprintf("%064x", 1)}}
	st.OptimaeID = chain.Commitment(st.Parameters, st.Nonce)
	members, _ := s.Members(st.Anchor, st.OptimaeID, st.OptimizerID)
	for _, id := range members {
		for _, k := range keys {
			if k.PeerID() == id {
				v := &chain.Vote{OptimaeID: st.OptimaeID, DomainID: domain, EvaluatorID: id, Anchor: st.Anchor, Digest: st.Claim.Digest, VerifiedPerformance: -1, SyntheticDataHash: st.Claim.Digest}
				if err := chain.SignVote(v, k, s.Rules().Network); err != nil {
					b.Fatal(err)
				}
				st.Votes = append(st.Votes, v)
			}
		}
	}
	tx := &chain.Tx{Type: consensus.TxAccepted, DomainID: domain, PeerID: keys[1].PeerID(), Timestamp: timestamp.FromMicro(*now), Payload: consensus.AcceptancePayload(st, len(st.Votes), nil, nil)}
	if err := chain.SignTx(tx, keys[1], s.Rules().Network); err != nil {
		b.Fatal(err)
	}
	built, err := consensus.Build(s, []*chain.Tx{tx}, *now, keys[2])
	if err != nil {
		b.Fatal(err)
	}
	begun := time.Now()
	for _, f := range e.Step(*now, protocol.Blocks{From: "x", Blocks: []*chain.Block{built.Block}}) {
		if r, ok := f.(protocol.BlocksResult); ok && !r.Adopted {
			b.Fatal(r.Err)
		}
	}
	b.ReportMetric(float64(time.Since(begun).Microseconds()), "µs/block")
}
