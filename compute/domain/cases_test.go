package domain_test

import (
	"math"
	"math/big"
	"testing"

	"doin.network/node/compute/domain"
)

func TestCaseError(t *testing.T) {
	f := func(e float32, want int64) {
		t.Helper()
		if got := domain.CaseError(e); got != want {
			t.Errorf("CaseError(%v) = %d, want %d", e, got, want)
		}
	}
	f(0, 0)
	f(1, 1<<20)
	f(0x1p-21, 0) // half to even
	f(0x3p-21, 2)
	f(0x1.8p-20, 2)
	f(-1, 0)
	f(0x1p20, 1<<40)
	f(0x1p21, 1<<40)
	f(float32(math.NaN()), 1<<40)
	f(float32(math.Inf(1)), 1<<40)
	f(float32(math.Inf(-1)), 0)
}

func TestPair(t *testing.T) {
	f := func(base, challenger []int64, s1 int64, s2 string, n int) {
		t.Helper()
		got := domain.Pair(base, challenger)
		if got.S1 != s1 || got.S2.String() != s2 || got.N != n {
			t.Errorf("Pair(%v, %v) = %d, %v, %d, want %d, %s, %d", base, challenger, got.S1, got.S2, got.N, s1, s2, n)
		}
	}
	f(nil, nil, 0, "0", 0)
	f([]int64{1, 2}, []int64{1}, 0, "0", 0)
	f(nil, []int64{1}, 0, "0", 0)
	f([]int64{5, 2}, []int64{1, 4}, 2, "20", 2)
	most := new(big.Int).Mul(big.NewInt(2), new(big.Int).Lsh(big.NewInt(1), 80))
	f([]int64{1 << 40, 1 << 40}, []int64{0, 0}, 1<<41, most.String(), 2)
}
