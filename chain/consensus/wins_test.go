package consensus

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"doin.network/node/chain"
)

// sumsOf adds up differences.
func sumsOf(t *testing.T, d []int64) chain.Sums {
	t.Helper()
	var s1 int64
	s2 := new(big.Int)
	for _, x := range d {
		s1 += x
		s2.Add(s2, new(big.Int).Mul(big.NewInt(x), big.NewInt(x)))
	}
	s, err := chain.NewSums(s1, s2, int64(len(d)))
	if err != nil {
		t.Fatalf("NewSums of %v: %v", d, err)
	}
	return s
}

// modelBeyond is the rule as statistics say it: the mean is above 0, and its square is at least z² times the variance over n − 1
// divided by n.
func modelBeyond(d []int64, z2 *big.Rat) bool {
	n := int64(len(d))
	mean := new(big.Rat)
	for _, x := range d {
		mean.Add(mean, big.NewRat(x, n))
	}
	variance := new(big.Rat)
	for _, x := range d {
		off := new(big.Rat).Sub(big.NewRat(x, 1), mean)
		variance.Add(variance, off.Mul(off, off))
	}
	if mean.Sign() <= 0 {
		return false
	}
	if n == 1 {
		return true // nothing is known of the noise
	}
	variance.Mul(variance, big.NewRat(1, (n-1)*n)) // of the mean
	return mean.Mul(mean, mean).Cmp(variance.Mul(variance, z2)) >= 0
}

func TestBeyondNoiseAgainstModel(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 11))
	won := 0
	for range 20_000 {
		d := make([]int64, 1+r.IntN(12))
		spread := int64(1) << r.IntN(40)
		shift := r.Int64N(spread + 1)
		for i := range d {
			d[i] = min(max(r.Int64N(2*spread+1)-spread+shift, -1<<40), 1<<40)
		}
		z2 := chain.Ratio{Num: r.Int64N(20), Den: 1 + r.Int64N(4)}
		got, want := beyondNoise(sumsOf(t, d), z2), modelBeyond(d, big.NewRat(z2.Num, z2.Den))
		if got != want {
			t.Fatalf("beyondNoise(%v, %v) = %v, want %v", d, z2, got, want)
		}
		if got {
			won++
		}
	}
	if won < 1000 || won > 19_000 {
		t.Errorf("%d of 20000 cases won: they test one side only", won)
	}
}

func TestBeyondNoiseAtTheEdges(t *testing.T) {
	f := func(s chain.Sums, z2 chain.Ratio, want bool) {
		t.Helper()
		if got := beyondNoise(s, z2); got != want {
			t.Errorf("beyondNoise(%+v, %v) = %v, want %v", s, z2, got, want)
		}
	}
	four := chain.Ratio{Num: 4, Den: 1}
	const n, d = chain.MaxCases, int64(1) << 40
	whole := new(big.Int).Mul(big.NewInt(n), new(big.Int).Lsh(big.NewInt(1), 80)).String() // n·2⁸⁰
	f(chain.Sums{}, four, true)
	f(chain.Sums{S1: n * d, S2: whole, N: n}, four, true)    // every case at its bound: no variance
	f(chain.Sums{S1: -n * d, S2: whole, N: n}, four, false)  // its square is the same
	f(chain.Sums{S1: 0, S2: whole, N: n}, four, false)       // half of them each way
	f(chain.Sums{S1: 1, S2: whole, N: n}, four, false)       // 2⁶⁰ and 2¹⁰⁰ do not meet in 64 bits
	f(chain.Sums{S1: 1 << 52, S2: whole, N: n}, four, true)  // z² = (2²⁰−1)·2¹⁰⁴ / (2¹²⁰ − 2¹⁰⁴) ≈ 16
	f(chain.Sums{S1: 1 << 50, S2: whole, N: n}, four, false) // ≈ 1
	f(chain.Sums{S1: 30, S2: "190", N: 10}, chain.Ratio{Num: 8_100, Den: 1_000}, true)
	f(chain.Sums{S1: 30, S2: "190", N: 10}, chain.Ratio{Num: 8_101, Den: 1_000}, false) // z² is exactly 8.1
	f(chain.Sums{S1: 30, S2: "190", N: 10}, chain.Ratio{Num: 0, Den: 1}, true)
	f(chain.Sums{S1: 5, S2: "25", N: 1}, four, true) // one case: nothing is known of the noise
}

func TestWins(t *testing.T) {
	rule := DomainRules{PerformanceScale: 2, MinIncrement: 5_000, NoiseZ2: chain.Ratio{Num: 4, Den: 1}}
	f := func(old, now float64, known bool, s chain.Sums, raw int64, ok bool) {
		t.Helper()
		got, err := rule.Wins(old, now, known, s)
		if (err == nil) != ok || got != raw || !ok && !errors.Is(err, ErrLoses) {
			t.Errorf("Wins(%v, %v, %v, %+v) = %d, %v; want %d, ok %v", old, now, known, s, got, err, raw, ok)
		}
	}
	strong, weak := chain.Sums{S1: 100, S2: "2000", N: 10}, chain.Sums{S1: 100, S2: "10000", N: 10}
	f(-1, -0.75, true, chain.Sums{}, 125_000, true)
	f(-1, -0.75, true, strong, 125_000, true)
	f(-1, -0.75, true, weak, 0, false)
	f(-1, -0.984375, true, strong, 7_812, true) // 1/64 over 2
	f(-1, -0.9921875, true, strong, 0, false)   // 1/128 over 2
	f(-1, math.Nextafter(-1, -2), true, strong, 0, false)
	f(0, -7, false, chain.Sums{}, 500_000, true) // the baseline's performance is nobody's business here
	f(0, -7, false, strong, 500_000, true)
	f(0, -7, false, weak, 0, false)
}
