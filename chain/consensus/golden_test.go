package consensus

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/ratio"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// golden compares a scenario's text with testdata/name.txt. The strict rules are their own authority: a change here is
// a change of the protocol, and two builds that differ here are two networks.
func golden(t *testing.T, name string, run func(say func(format string, args ...any))) {
	t.Helper()
	var text bytes.Buffer
	run(func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) })
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, wanted := strings.Split(text.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(wanted)) {
		line := func(l []string) string {
			if i < len(l) {
				return l[i]
			}
			return "(nothing)"
		}
		if line(got) != line(wanted) {
			t.Fatalf("%s:%d:\n got %s\nwant %s", file, i+1, line(got), line(wanted))
		}
	}
}

// TestGoldenRules pins the numbers of the rules, in 10⁻⁶ unless they are money (10⁻⁸ DOIN) or time (µs).
func TestGoldenRules(t *testing.T) {
	golden(t, "rules", func(say func(string, ...any)) {
		say("# raw increment of a step from old to new with a scale")
		for _, c := range [][3]float64{
			{-1, -0.5, 1}, {-0.5, -0.4, 1}, {-0.36, -0.355, 0.25}, {2, 3, 1e3}, {0, 1, 1}, {0, 1e-7, 1e-6}, {1e-9, 2e-9, 1e-6},
			{-3, 4, 1}, {-1e300, 1e300, 1}, {5e-324, 1, 1e9}, {0.1, 0.3, 0.7}, {-0.34210526315789475, -0.3333333333333333, 1},
		} {
			say("%v → %v / %v: %d", c[0], c[1], c[2], RawIncrement(c[0], c[1], c[2]))
		}

		say("\n# a claim with the sums s1, s2, n is beyond noise at z² = 4, at 9/4, at 0")
		for _, s := range []chain.Sums{
			{}, {S1: 1, S2: "1", N: 1}, {S1: 0, S2: "2", N: 2}, {S1: 100, S2: "2000", N: 10}, {S1: 100, S2: "3250", N: 10}, {S1: 100, S2: "3251", N: 10},
			{S1: 100, S2: "5000", N: 10}, {S1: 100, S2: "5001", N: 10}, {S1: -100, S2: "2000", N: 10},
			{S1: 1 << 52, S2: "1267650600228229401496703205376", N: chain.MaxCases}, {S1: 1 << 50, S2: "1267650600228229401496703205376", N: chain.MaxCases},
		} {
			say("%d %s %d: %v %v %v", s.S1, s.S2, s.N, beyondNoise(s, ratio.Ratio{Num: 4, Den: 1}), beyondNoise(s, ratio.Ratio{Num: 9, Den: 4}), beyondNoise(s, ratio.Ratio{Den: 1}))
		}

		say("\n# domain weight: base, improvements, their sum, own and all inferences, domains, synthetic data")
		for _, c := range []struct {
			base, improved, total, own, all, domains int64
			synthetic                                bool
		}{
			{Micro, 0, 0, 0, 0, 1, true}, {Micro, 1, 500_000, 0, 0, 1, true}, {Micro, 3, 700_000, 0, 0, 1, true},
			{Micro, 3, 700_000, 1, 3, 2, true}, {Micro, 3, 700_000, 0, 7, 2, true}, {2_500_000, 3, 700_000, 5, 7, 2, false}, {0, 1, Micro, 1, 1, 1, true},
		} {
			d := Domain{Improved: c.improved, TotalIncrement: c.total, Inferences: c.own}
			say("%v: %d", c, d.Weight(c.base, c.synthetic, c.all, c.domains))
		}

		say("\n# reputation factor of a reputation")
		for _, r := range []int64{-5, 0, 1, Micro, 2 * Micro, 5_500_000, 9_999_999, 10 * Micro, 100 * Micro} {
			say("%d: %d", r, ReputationFactor(r))
		}

		say("\n# decay of reputation 10 after a number of days")
		r := Reputation{Score: 10 * Micro, Last: 1_700_000_000 * Micro}
		for _, days := range []int64{-1, 0, 1, 3, 7, 10, 14, 16, 17, 30, 100, 500} {
			say("%d days: %d", days, r.At(r.Last+days*86_400*Micro))
		}
		say("then −3 after ten days: %d", r.add(-reputationRejected, r.Last+10*86_400*Micro).Score)

		say("\n# threshold of the controller at target 20 s, and what it requires one, two and a half target times later")
		d := NewDifficulty(50_000, 20*Micro, 0)
		r8 := uint32(8)
		for i := range 205 {
			r8 = r8*1_664_525 + 1_013_904_223 // intervals from 1 to 60 s, at first too short, then too long
			interval := int64(r8)%(30*Micro) + Micro
			if i > 120 {
				interval *= 6
			}
			d = d.Next(d.Last+interval, 20*Micro)
			if i%20 == 0 || i == 99 || i == 199 {
				say("block %d: threshold %d, ema %d, adjustments %d, later %d %d", i+1, d.Threshold, d.EMA, d.Adjustments,
					d.Required(d.Last+20*Micro, 20*Micro), d.Required(d.Last+50*Micro, 20*Micro))
			}
		}

		say("\n# quorum of three, and generators by rank")
		eligible := []string{"ada", "bob", "cyd", "dan", "eve", "fay"}
		for _, commitment := range []string{"c0ffee", "c0ffef"} {
			say("anchor a1, commitment %s, by bob: %v", commitment, Members("a1", commitment, "bob", eligible, 3))
		}
		say("anchor a1, commitment c0ffee, by nobody of them: %v", Members("a1", "c0ffee", "zoe", eligible, 3))
		say("of two: %v", Members("a1", "c0ffee", "bob", eligible[:2], 3))
		say("after block p0: %v", Rank("p0", eligible))
		for k := range 11 {
			say("of %d members %d must agree", k, Needed(k))
		}

		say("\n# reward and its split")
		for _, h := range []int64{0, 1, 209_999, 210_000, 420_000, 6_930_000, 12_390_000} {
			say("reward of block %d: %d", h, ledger.Reward(h))
		}
		for _, c := range []struct {
			total      int64
			optimizers []ledger.Share
			evaluators []ledger.Share
		}{
			{50 * ledger.Unit, []ledger.Share{{PeerID: "ada", Weight: 1}}, []ledger.Share{{PeerID: "bob", Weight: 1}, {PeerID: "cyd", Weight: 1}}},
			{50*ledger.Unit + 300_000, []ledger.Share{{PeerID: "ada", Weight: 7}, {PeerID: "bob", Weight: 3}}, []ledger.Share{{PeerID: "cyd", Weight: 2}, {PeerID: "cyd", Weight: 1}, {PeerID: "dan", Weight: 4}}},
			{100, nil, nil}, {7, []ledger.Share{{PeerID: "ada", Weight: 1}, {PeerID: "bob", Weight: 1}}, nil}, {0, nil, nil},
		} {
			say("%d: %v", c.total, ledger.Split(c.total, c.optimizers, c.evaluators, "gen"))
		}

		say("\n# base fee after blocks of so many transactions")
		fee := int64(ledger.MinBaseFee)
		for _, n := range []int{0, 100, 101, 150, 200, 200, 200, 99, 50, 0, 0} {
			fee = ledger.NextBaseFee(fee, n)
			say("%d: %d", n, fee)
		}
	})
}

// TestGoldenChain pins a small chain: keys are made from names and signatures are deterministic, so every byte is.
func TestGoldenChain(t *testing.T) {
	golden(t, "chain", func(say func(string, ...any)) {
		w := newNetwork(t, 5)
		name := map[string]string{}
		for i, id := range w.ids {
			name[id] = string(rune('A' + i))
			say("%s is %s", name[id], id)
		}
		names := func(ids []string) (s string) {
			for _, id := range ids {
				s += name[id]
			}
			return s
		}
		late := newNetwork(t, 6)
		newcomer := late.ids[5]
		w.keys[newcomer], name[newcomer] = late.keys[newcomer], "N"
		say("N is %s, not registered", newcomer)
		say("network %s", w.genesis.NetworkID())
		say("block 0 %s\n  root %s", w.state.Tip, w.state.Root())

		block := func(what, by string, after int64, txs ...*chain.Tx) {
			built := w.extend(by, after, txs...)
			h := built.Block.Header
			say("\nblock %d by %s after %d µs: %s", h.Index, name[by], after, what)
			say("  hash %s\n  root %s\n  signature %s", w.state.Tip, w.state.Root(), built.Block.Ext.Signature)
			say("  sum %v of %v, work %d, threshold now %d, base fee %d, finalized %d", h.WeightedPerformanceSum, h.Threshold,
				w.state.Work, w.state.Difficulty.Threshold, w.state.BaseFee, w.state.FinalizedHeight)
			for _, r := range built.Receipts.Tx {
				say("  %s %s", r.Type, r.TxID)
				if r.OptimaeID != "" {
					say("    optimae %s of %s: raw %d × weight %d × factor %d = %d, improved %v, agreed %s, divergent %s", r.OptimaeID, name[r.OptimizerID],
						r.Raw, r.Weight, r.Factor, r.Effective, r.Improved, names(r.Agreed), names(r.Divergent))
				}
			}
			for _, o := range built.Receipts.Outputs {
				say("  %s gets %d as %s", name[o.Recipient], o.Amount, o.Reason)
			}
			var people []string
			for _, id := range append(w.ids, newcomer) {
				people = append(people, fmt.Sprintf("%s %d", name[id], w.state.Reputation(id)))
			}
			say("  reputations %s; eligible %d", strings.Join(people, ", "), len(w.state.Generators()))
		}
		a, b, c, d, e := w.ids[0], w.ids[1], w.ids[2], w.ids[3], w.ids[4]

		block("the first acceptance counts one half", b, 3*Micro, w.acceptance(w.statement(a, -0.5)))
		first, overtaken := w.statement(a, -0.4), w.statement(c, -0.45)
		block("an improvement; a rival on the same base is superseded", c, 5*Micro, w.acceptance(first), w.acceptance(overtaken))

		lie := w.statement(d, -0.1)
		for i, v := range lie.Votes {
			lie.Votes[i] = w.vote(lie, v.EvaluatorID, -0.9)
		}
		split := w.statement(b, -0.35)
		split.Votes[2] = w.vote(split, split.Votes[2].EvaluatorID, -0.36)
		block("a false claim is rejected, one evaluator diverges", a, 12*Micro, w.rejection(lie, lie.Votes[0].EvaluatorID),
			w.tx(TxAccepted, b, AcceptancePayload(split, 2, nil, canon.NewObject("experiment_id", "golden"))))

		pay := func(to string, amount, nonce int64) *chain.Tx {
			return w.tx(TxTransfer, a, TransferPayload(ledger.Transfer{Sender: a, Recipient: to, Amount: amount, Fee: 2 * ledger.MinBaseFee, Nonce: nonce}))
		}
		block("transfers, a registration and a served inference; a stranger improves", b, 60*Micro, pay(newcomer, ledger.Unit, 1), pay(e, 12_345, 2),
			w.tx(TxRegistered, newcomer, canon.NewObject()), w.tx(TxTask, e, TaskPayload(strings.Repeat("ab", 32), w.state.Tip)),
			w.acceptance(w.statementWith(w.state.Champion(domain), newcomer, -0.3, chain.Sums{S1: 100, S2: "2000", N: 10})))
		block("nothing for twenty target times: an empty block", d, EmptyAfter*w.target)
		for i := range 6 {
			o := w.ids[i%5]
			block("another improvement", w.ids[(i+2)%5], 45*Micro, w.acceptance(w.statement(o, -0.29+0.02*float64(i))))
		}
		block("after a week", a, ReputationHalfLife)
	})
}
