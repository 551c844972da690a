package optimae

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
)

// simulate runs one chain of n evaluators, away of which never build nor vote and liars of which vote for one false finding and try
// to open it. Every claim's author is honest. It returns the slots from commit to outcome.
func simulate(tb testing.TB, seed, n, away, liars int) (latency []int64) {
	tb.Helper()
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	w := newWorld(tb, n, fmt.Sprintf("%d (n %d, away %d, liars %d)", seed, n, away, liars))
	bad := map[string]bool{}
	for i, j := range r.Perm(n)[:away+liars] {
		if i < away {
			w.away[name(j)] = true
		} else {
			bad[name(j)] = true
		}
	}
	recipes, begun, reveals := map[ID]string{}, map[ID]int64{}, map[ID]Tx{}
	best := 100
	for block := 0; ; block++ {
		var txs []Tx
		claims := w.claims()
		for _, m := range claims {
			f := truth(recipes[m.Commitment])
			lie := truth("999999")
			if m.Begun > 0 && m.Phase == waiting {
				txs = append(txs, reveals[m.Commitment])
			}
			for _, peer := range m.Members {
				switch {
				case m.Phase != voting || w.away[peer] || load(w.state, voteKey(m.Commitment, peer), new(ballot)):
				case bad[peer]:
					txs = append(txs, w.voteTx(m, peer, lie))
				default:
					txs = append(txs, w.voteTx(m, peer, f))
				}
			}
			if m.Phase == opening {
				txs = append(txs, w.openTx(m, m.Members[0], lie), w.openTx(m, m.Members[0], f))
			}
		}
		if block < 60 && r.IntN(4) == 0 {
			author := name(r.IntN(n))
			best += r.IntN(30) - 8
			recipe := fmt.Sprintf("%d %d", best, block)
			if !w.away[author] && !bad[author] {
				commit, reveal, c := promise(author, recipe)
				recipes[c], reveals[c] = recipe, reveal
				txs = append(txs, commit)
				begun[c] = int64(len(w.slots)) // height it is offered to
			}
		}
		w.step(txs...)
		if block >= 60 && len(w.claims()) == 0 {
			break
		}
		if block > 800 {
			tb.Fatalf("seed %s: %d claims never end", w.seed, len(w.claims()))
		}
		for _, o := range w.out {
			c, open := begun[o.Commitment]
			if !open || o.Result == Redrawn || o.Result == Settled {
				continue
			}
			latency = append(latency, w.slot-w.slots[c])
			delete(begun, o.Commitment)
		}
	}
	for _, o := range w.out {
		switch {
		case (o.Result == Accepted || o.Result == Overtaken) && o.Performance != truth(recipes[o.Commitment]).Performance:
			tb.Fatalf("seed %s: %v with %v, and its recipe gives %v", w.seed, o.Result, o.Performance, truth(recipes[o.Commitment]).Performance)
		case o.Result == Unrevealed || o.Result == Refused || o.Result == Duplicate || o.Result == Void:
			tb.Fatalf("seed %s: an honest claim was %v", w.seed, o.Result)
		}
	}
	if lost := w.burned(); lost != 0 {
		tb.Fatalf("seed %s: honest peers lost %d", w.seed, lost)
	}
	return latency
}

// Below a third away or lying, every honest claim ends as its recipe deserves, and money is conserved after each block.
// DOIN_SIMULATIONS says how many seeds.
func TestSimulations(t *testing.T) {
	seeds := 100
	if s := os.Getenv("DOIN_SIMULATIONS"); s != "" {
		seeds, _ = strconv.Atoi(s)
	}
	for seed := range seeds {
		n := 4 + seed%7
		bad := (n - 1) / 3
		away := seed % (bad + 1)
		simulate(t, seed, n, away, bad-away)
	}
}

// With everybody there the median from commit to outcome is at most min(f+1, 8) + 5 slots.
func TestLatency(t *testing.T) {
	for _, n := range []int{7, 30} {
		var all []int64
		for seed := range 5 {
			all = append(all, simulate(t, seed, n, 0, 0)...)
		}
		slices.Sort(all)
		median, most := all[len(all)/2], int64(min((n-1)/3+1, 8)+5)
		t.Logf("n %d: median %d slots of %d claims, want at most %d", n, median, len(all), most)
		if median > most {
			t.Errorf("n %d: median %d slots, want at most %d", n, median, most)
		}
	}
}
