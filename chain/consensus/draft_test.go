package consensus

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
)

// plain is the draft that lies over nothing: copies of everything, as one would do it without an overlay.
func (s *State) plain() *draft {
	d := s.draft()
	d.peers = overlay[Peer]{under: map[string]*Peer{}, own: map[string]*Peer{}}
	d.doms = overlay[Domain]{under: map[string]*Domain{}, own: map[string]*Domain{}}
	d.money = s.Ledger.Merged()
	for id, p := range s.Peers {
		e := *p
		d.peers.own[id] = &e
	}
	for id, m := range s.Domains {
		e := *m
		d.doms.own[id] = &e
	}
	d.registered = slices.Clone(s.registered)
	return d
}

// TestDraftAgainstCopy: random transactions, good and bad, give the same errors, receipts and state over an overlay and in a
// copy of everything, and leave the parent as it was.
func TestDraftAgainstCopy(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 7))
		w := newNetwork(t, 5)
		w.state.rules.MayLeave = true
		more := newNetwork(t, 9)
		maps.Copy(w.keys, more.keys)
		everybody := more.ids
		for height := range 12 {
			var txs []*chain.Tx
			base := w.state.Champion(domain)
			for range 12 {
				o := everybody[r.IntN(len(everybody))]
				switch r.IntN(7) {
				case 0, 1:
					st := w.statementOn(base, o, -1/(1+float64(height)+r.Float64()))
					if r.IntN(3) > 0 {
						base = st.OptimaeID
					}
					txs = append(txs, w.acceptance(st))
				case 2:
					st := w.statement(o, -1e-9)
					for i, v := range st.Votes {
						st.Votes[i] = w.vote(st, v.EvaluatorID, -3)
					}
					txs = append(txs, w.rejection(st, o))
				case 3:
					_, _, left := w.state.RegisteredAt(o)
					txs = append(txs, w.tx(TxRegistered, o, RegistrationPayload(left)))
				case 6:
					at, _, _ := w.state.RegisteredAt(o)
					txs = append(txs, w.tx(TxLeft, o, LeavePayload(at)))
				case 4:
					txs = append(txs, w.tx(TxTask, o, TaskPayload(fmt.Sprintf("%064x", r.Uint64()), w.state.Tip)))
				default:
					all := w.state.Ledger.Balance(o)
					amount := []int64{1 + r.Int64N(ledger.Unit), max(1, all-w.state.BaseFee)}[r.IntN(2)] // the second one empties the account
					txs = append(txs, w.tx(TxTransfer, o, TransferPayload(ledger.Transfer{Sender: o, Recipient: everybody[r.IntN(len(everybody))],
						Amount: amount, Fee: w.state.BaseFee, Nonce: w.state.Ledger.Nonce(o) + 1 + r.Int64N(2)})))
				}
			}
			root := w.state.Root()
			now, by := w.state.TipTime+EmptyAfter*w.target, w.ids[r.IntN(len(w.ids))]
			over, plain := begin(w.state, now, by), begin(w.state, now, by)
			plain.s = w.state.plain()
			plain.s.Height, plain.s.TipTime, plain.s.Generator = over.s.Height, over.s.TipTime, over.s.Generator
			for i, tx := range txs {
				a, b := over.add(tx), plain.add(tx)
				if fmt.Sprint(a) != fmt.Sprint(b) {
					t.Fatalf("seed %d height %d transaction %d: add = %v, in a copy %v", seed, height, i, a, b)
				}
			}
			_, errA := over.finish()
			_, errB := plain.finish()
			if fmt.Sprint(errA, over.receipts) != fmt.Sprint(errB, plain.receipts) {
				t.Fatalf("seed %d height %d: receipts %+v (%v), in a copy %+v (%v)", seed, height, over.receipts, errA, plain.receipts, errB)
			}
			a, b := over.seal("x"), plain.seal("x")
			if a.Root() != b.Root() || !slices.Equal(a.registered, b.registered) || a.inferences != b.inferences {
				t.Fatalf("seed %d height %d: states differ:\n%s\n%s", seed, height, a.AppendCanonical(nil), b.AppendCanonical(nil))
			}
			derived := *a
			if derived.index(); derived.inferences != a.inferences || !slices.Equal(derived.registered, a.registered) {
				t.Fatalf("seed %d height %d: %d inferences and evaluators %v, counted again %d and %v", seed, height, a.inferences, a.registered,
					derived.inferences, derived.registered)
			}
			if w.state.Root() != root {
				t.Fatalf("seed %d height %d: the parent was changed", seed, height)
			}
			if built, err := Build(w.state, txs, now, w.keys[by]); err == nil {
				w.state = built.State
			}
		}
		if w.state.Height < 3 {
			t.Errorf("seed %d: %d blocks, the test means little", seed, w.state.Height)
		}
	}
}

// crowd is a network of four evaluators with n more accounts and peers.
func crowd(t testing.TB, n int) *network {
	t.Helper()
	w := newNetwork(t, 4)
	w.extend(w.ids[1], Micro, w.acceptance(w.statement(w.ids[0], -0.5)))
	s, money := *w.state, w.state.Ledger.Merged()
	s.Peers = maps.Clone(s.Peers)
	for i := range n {
		id := hashText(fmt.Sprint("account ", i))[:40]
		w.must(money.Restore(id, 3, 1))
		s.Peers[id] = &Peer{Reputation: Reputation{Score: Micro, Last: s.TipTime}, Accepted: 1}
	}
	w.must(money.RestoreTotals(money.Minted()+3*int64(n), money.Burned()))
	s.Ledger = money
	s.index()
	w.state = &s
	return w
}

// samples are one valid transaction of each type that the network can hold now.
func (w *network) samples() map[string]*chain.Tx {
	o := w.ids[0]
	lie := w.statement(w.ids[2], -0.1)
	for i, v := range lie.Votes {
		lie.Votes[i] = w.vote(lie, v.EvaluatorID, -0.9)
	}
	rules := *w.state.rules
	rules.MayLeave, rules.MayAdd, w.state.rules = true, true, &rules
	rich := newNetwork(w.t, 5).keys
	for id, k := range rich {
		if w.keys[id] == nil {
			w.keys[id] = k
			w.must(w.state.Ledger.Restore(id, ledger.Stake(w.state.BaseFee), 0))
			w.must(w.state.Ledger.RestoreTotals(w.state.Ledger.Minted()+ledger.Stake(w.state.BaseFee), w.state.Ledger.Burned()))
			added, open := chain.DefaultDomain("another"), chain.DefaultDomain("open")
			w.state.Added = map[string]*Added{open.ID: {Entry: open, Author: o}}
			w.on = open.ID
			closing := w.tx(TxClosed, o, ClosingPayload())
			w.on = added.ID
			addition := w.tx(TxAdded, w.ids[1], AdditionPayload(&added, Deposit(w.state.Height+1)))
			w.on = domain
			return map[string]*chain.Tx{
				TxAdded:    addition,
				TxClosed:   closing,
				TxAccepted: w.acceptance(w.statement(o, -0.4)),
				TxRejected: w.rejection(lie, lie.Votes[0].EvaluatorID),
				TxTask:     w.tx(TxTask, o, TaskPayload(strings.Repeat("ab", 32), w.state.Tip)),
				TxTransfer: w.tx(TxTransfer, o, TransferPayload(ledger.Transfer{Sender: o, Recipient: w.ids[1], Amount: 5,
					Fee: ledger.MinBaseFee, Nonce: 1})),
				TxRegistered: w.tx(TxRegistered, id, canon.NewObject()),
				TxLeft:       w.tx(TxLeft, o, LeavePayload(0)),
			}
		}
	}
	panic("no newcomer")
}

// TestCheckTxCost: a look at a transaction costs what the transaction touches, whatever the number of accounts.
func TestCheckTxCost(t *testing.T) {
	small, large := crowd(t, 100), crowd(t, 100_000)
	few, many := small.samples(), large.samples()
	for _, kind := range Types() {
		for name, check := range map[string]func(*State, *chain.Tx, int64) error{"CheckTx": CheckTx, "RecheckTx": RecheckTx} {
			once := func(w *network, tx *chain.Tx) time.Duration {
				start := time.Now()
				if err := check(w.state, tx, w.state.TipTime); err != nil {
					t.Fatalf("%s of %s = %v", name, kind, err)
				}
				return time.Since(start)
			}
			allocs := testing.AllocsPerRun(5, func() { once(small, few[kind]) })
			allocsMany := testing.AllocsPerRun(5, func() { once(large, many[kind]) })
			least, leastMany := time.Hour, time.Hour
			for range 50 { // the least of many, by turns: the machine may have other work
				least, leastMany = min(least, once(small, few[kind])), min(leastMany, once(large, many[kind]))
			}
			if allocsMany > 2*allocs || leastMany > 2*least+10*time.Microsecond {
				t.Errorf("%s of %s: %v allocations in %v with 100,000 accounts, %v in %v with 100", name, kind, allocsMany, leastMany, allocs, least)
			}
		}
	}
}

func BenchmarkCheckTx(b *testing.B)   { benchmarkCheck(b, CheckTx) }
func BenchmarkRecheckTx(b *testing.B) { benchmarkCheck(b, RecheckTx) }

func benchmarkCheck(b *testing.B, check func(*State, *chain.Tx, int64) error) {
	for _, n := range []int{100, 100_000} {
		w := crowd(b, n)
		samples := w.samples()
		for _, kind := range Types() {
			b.Run(fmt.Sprintf("%s/accounts=%d", kind, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := check(w.state, samples[kind], w.state.TipTime); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkMembers(b *testing.B) {
	peers := make([]string, 10_000)
	for i := range peers {
		peers[i] = hashText(fmt.Sprint(i))[:40]
	}
	b.Run("drawn", func(b *testing.B) {
		for b.Loop() {
			Members("anchor", "commitment", "", peers, 3)
		}
	})
	b.Run("remembered", func(b *testing.B) {
		var q quorums
		for b.Loop() {
			q.members("anchor", "commitment", "", peers, 3)
		}
	})
}
