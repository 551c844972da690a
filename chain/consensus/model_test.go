package consensus

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
)

// A second implementation of the rules in unbounded integers, written after their text and not after the code.

func bigDiv(num, den *big.Int) *big.Int { return new(big.Int).Div(num, den) }

func product(fs ...int64) *big.Int {
	p := big.NewInt(1)
	for _, f := range fs {
		p.Mul(p, big.NewInt(f))
	}
	return p
}

func limited(v *big.Int, lo, hi int64) int64 {
	switch {
	case v.Cmp(big.NewInt(lo)) < 0:
		return lo
	case v.Cmp(big.NewInt(hi)) > 0:
		return hi
	}
	return v.Int64()
}

// integerOf returns f·2¹⁰⁷⁴, which is an integer for every finite f.
func integerOf(f float64) *big.Int {
	v, _ := new(big.Float).SetPrec(2200).SetMantExp(big.NewFloat(f), 1074).Int(nil)
	return v
}

func modelRaw(old, now, scale float64) int64 {
	d := new(big.Int).Sub(integerOf(now), integerOf(old))
	d.Abs(d).Mul(d, big.NewInt(1_000_000))
	return limited(bigDiv(d, integerOf(scale)), 0, 1_000_000)
}

func modelNext(d Difficulty, t, target int64) Difficulty {
	elapsed := max(1000, t-d.Last)
	d.EMA = bigDiv(new(big.Int).Add(big.NewInt(elapsed), product(9, d.EMA)), big.NewInt(10)).Int64()
	if d.EMA > 0 {
		// Truncated towards zero, so that both signs are treated alike.
		c := new(big.Int).Quo(product(target-d.EMA, 1_000_000), big.NewInt(d.EMA))
		d.Threshold = limited(bigDiv(product(d.Threshold, 1_000_000+limited(c, -20_000, 20_000)), big.NewInt(1_000_000)), 1, 1e15)
	}
	d.InEpoch, d.Last = d.InEpoch+1, t
	if d.InEpoch == 100 {
		actual, wanted := max(1000, t-d.EpochStart), 100*target
		switch {
		case product(wanted).Cmp(product(4, actual)) >= 0:
			actual, wanted = 1, 4
		case product(actual).Cmp(product(4, wanted)) >= 0:
			actual, wanted = 4, 1
		}
		d.Threshold = limited(bigDiv(product(d.Threshold, wanted), big.NewInt(actual)), 1, 1e15)
		d.EpochStart, d.InEpoch, d.Adjustments = t, 0, d.Adjustments+1
	}
	return d
}

func modelReputation(r Reputation, t int64) int64 {
	score, elapsed := max(0, r.Score), max(0, t-r.Last)
	for elapsed >= 604_800_000_000 && score > 0 {
		score, elapsed = score/2, elapsed-604_800_000_000
	}
	if score == 0 {
		return 0
	}
	return score - bigDiv(product(score, elapsed), big.NewInt(2*604_800_000_000)).Int64()
}

func TestRulesAgainstModel(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	float := func() float64 {
		for {
			if f := math.Float64frombits(r.Uint64()); finite(f) && r.IntN(2) == 0 {
				return f
			}
			if r.IntN(2) == 0 {
				return (r.Float64() - 0.5) * 10
			}
		}
	}
	for range 5000 {
		old, now, scale := float(), float(), max(math.Abs(float()), 5e-324)
		if got, want := RawIncrement(old, now, scale), modelRaw(old, now, scale); got != want {
			t.Fatalf("RawIncrement(%v, %v, %v) = %d, want %d", old, now, scale, got, want)
		}
	}
	for range 200 {
		target := 1 + r.Int64N(1<<uint(10+r.IntN(36)))
		target = max(1000, target)
		d := NewDifficulty(1+r.Int64N(1<<uint(1+r.IntN(49))), target, 0)
		for range 120 {
			at := d.Last + 1000 + r.Int64N(1+min(target, 1<<40)*int64(1+r.IntN(300))/10)
			got, want := d.Next(at, target), modelNext(d, at, target)
			if got != want {
				t.Fatalf("%+v at %d, target %d: next = %+v, want %+v", d, at, target, got, want)
			}
			d = got
		}
	}
	for range 20_000 {
		rep := Reputation{Score: r.Int64N(1<<uint(1+r.IntN(50))) - 10, Last: r.Int64N(1 << 50)}
		at := rep.Last + r.Int64N(1<<uint(1+r.IntN(46))) - 10
		if got, want := rep.At(at), modelReputation(rep, at); got != want {
			t.Fatalf("%+v at %d = %d, want %d", rep, at, got, want)
		}
	}
	for range 500 {
		var peers []string
		for range r.IntN(12) {
			peers = append(peers, hashText(string(rune('a' + r.IntN(26))))[:40])
		}
		slices.Sort(peers)
		peers = slices.Compact(peers)
		k, without := r.IntN(6), ""
		if len(peers) > 0 {
			without = peers[r.IntN(len(peers))]
		}
		want := slices.DeleteFunc(slices.Clone(peers), func(p string) bool { return p == without })
		sort.Slice(want, func(i, j int) bool { return hashText("x:y:"+want[i]) < hashText("x:y:"+want[j]) })
		want = want[:min(k, len(want))]
		if got := Members("x", "y", without, peers, k); !slices.Equal(got, want) {
			t.Fatalf("Members = %v, want %v", got, want)
		}
	}
	for range 5000 {
		a, b, c := r.Int64N(1<<uint(1+r.IntN(62))), r.Int64N(1<<uint(1+r.IntN(62))), 1+r.Int64N(1<<uint(1+r.IntN(62)))
		if got, want := MulDiv(a, b, c), limited(bigDiv(product(a, b), big.NewInt(c)), 0, 1<<62); got != want {
			t.Fatalf("MulDiv(%d, %d, %d) = %d, want %d", a, b, c, got, want)
		}
	}
}

// TestRandomChain drives a network with random blocks and checks after each one what must hold in every state, with
// sums taken from the receipts alone.
func TestRandomChain(t *testing.T) {
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 99))
		w := newNetwork(t, 3+r.IntN(4))
		var work, minted int64
		best, reputation := math.Inf(-1), map[string]Reputation{}
		for id, p := range w.state.Peers {
			reputation[id] = p.Reputation
		}
		add := func(id string, delta, at int64) {
			rep := reputation[id]
			reputation[id] = Reputation{Score: max(0, modelReputation(rep, at)+delta), Last: at}
		}
		performance := -100.0
		for range 40 {
			var txs []*chain.Tx
			for range r.IntN(4) {
				o := w.ids[r.IntN(len(w.ids))]
				switch r.IntN(4) {
				case 0:
					st := w.statement(o, performance/2)
					for i, v := range st.Votes {
						st.Votes[i] = w.vote(st, v.EvaluatorID, performance*2)
					}
					txs = append(txs, w.rejection(st, w.ids[0]))
				case 1:
					tr := ledger.Transfer{Sender: o, Recipient: w.ids[(slices.Index(w.ids, o)+1)%len(w.ids)], Amount: 1 + r.Int64N(ledger.Unit),
						Fee: w.state.BaseFee, Nonce: w.state.Ledger.Nonce(o) + 1}
					txs = append(txs, w.tx(TxTransfer, o, TransferPayload(tr)))
				default:
					performance *= 0.5 + r.Float64()/1.7 // mostly better, sometimes worse
					txs = append(txs, w.acceptance(w.statement(o, performance)))
				}
			}
			built, err := Build(w.state, txs, w.state.TipTime+EmptyAfter*w.target/(1+r.Int64N(40)), w.keys[w.ids[r.IntN(len(w.ids))]])
			if err != nil {
				built, err = Build(w.state, nil, w.state.TipTime+EmptyAfter*w.target, w.keys[w.ids[0]])
				w.must(err)
			}
			parent := w.state.Root()
			next, receipts, err := Apply(w.state, built.Block)
			w.must(err)
			if w.state.Root() != parent {
				t.Fatal("Apply changed the parent")
			}
			var sum, paid int64
			for i, rc := range receipts.Tx {
				tx := built.Block.Transactions[i]
				switch tx.Type {
				case TxAccepted:
					p, _ := tx.Payload.Float("verified_performance")
					wantRaw := int64(500_000)
					if !math.IsInf(best, -1) {
						wantRaw = modelRaw(best, p, 0.25)
					}
					if rc.Raw != wantRaw || !rc.Improved || p <= best || wantRaw < 5000 {
						t.Fatalf("seed %d block %d: %v after %v: raw %d, want %d", seed, next.Height, p, best, rc.Raw, wantRaw)
					}
					factor := min(1_000_000, (1_000_000+modelReputation(reputation[rc.OptimizerID], next.TipTime))/11)
					if rc.Factor != factor || rc.Effective != rc.Raw*rc.Weight/1_000_000*factor/1_000_000 {
						t.Fatalf("seed %d block %d: factor %d, effective %d of %d × %d", seed, next.Height, rc.Factor, rc.Effective, rc.Raw, rc.Weight)
					}
					best = p
					add(rc.OptimizerID, 1_000_000, next.TipTime)
					for _, id := range rc.Agreed {
						add(id, 400_000, next.TipTime)
					}
					sum += rc.Effective
				case TxRejected:
					add(rc.OptimizerID, -3_000_000, next.TipTime)
					for _, id := range rc.Divergent {
						add(id, 400_000, next.TipTime)
					}
				}
			}
			for _, o := range receipts.Outputs {
				paid += o.Amount
			}
			work += sum
			minted += receipts.Reward
			switch {
			case sum != receipts.Sum || next.Work != work || paid != receipts.Reward+receipts.Fees || next.Ledger.Minted() != minted:
				t.Fatalf("seed %d block %d: sum %d of %d, work %d of %d, paid %d of %d", seed, next.Height, receipts.Sum, sum, next.Work, work, paid, receipts.Reward+receipts.Fees)
			case (receipts.Reward > 0) != (sum > 0):
				t.Fatalf("seed %d block %d: reward %d for %d", seed, next.Height, receipts.Reward, sum)
			case next.FinalizedHeight < w.state.FinalizedHeight:
				t.Fatalf("seed %d block %d: finality went back", seed, next.Height)
			}
			var balances int64
			for _, id := range next.Ledger.Peers() {
				balances += next.Ledger.Balance(id)
			}
			if balances != minted-next.Ledger.Burned() {
				t.Fatalf("seed %d block %d: balances %d, minted %d, burned %d", seed, next.Height, balances, minted, next.Ledger.Burned())
			}
			for id, rep := range reputation {
				if got := next.Peers[id].Reputation.At(next.TipTime); got != modelReputation(rep, next.TipTime) {
					t.Fatalf("seed %d block %d: %.6s has reputation %d, want %d", seed, next.Height, id, got, modelReputation(rep, next.TipTime))
				}
			}
			o, err := canon.ParseObject(canon.Default(built.Block.Object()))
			w.must(err)
			again, err := chain.BlockFromObject(o)
			w.must(err)
			if s, _, err := Apply(w.state, again); err != nil || s.Root() != next.Root() {
				t.Fatalf("seed %d block %d: as it travels: %v", seed, next.Height, err)
			}
			w.state = next
		}
	}
}
