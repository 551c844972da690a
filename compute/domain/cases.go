package domain

import (
	"math"
	"math/big"
)

// CaseUnit is the unit in which errors of cases are counted, in units of the performance.
const CaseUnit = 1.0 / (1 << 20)

// MaxCaseError bounds the error of a case, so that differences and their sum over 2^20 cases fit 64 bits.
const MaxCaseError = 1 << 40

// CaseError is the error of a case, in units of the performance, as an integer: error × 2^20, halves to even, in
// [0, MaxCaseError]. One that is no number is MaxCaseError.
func CaseError(e float32) int64 {
	v := math.RoundToEven(float64(e) * (1 << 20)) // exact product
	if !(v <= MaxCaseError) {
		return MaxCaseError
	}
	return int64(max(v, 0))
}

// Paired are the sums of dᵢ = (the base's error − the challenger's) over cases, in CaseUnit and its square.
type Paired struct {
	S1 int64
	S2 *big.Int // never nil in what Pair returns
	N  int      // 0: there are no cases to compare
}

// Pair compares a challenger with the base case by case. Cases of another number, or none, make N = 0 with sums of 0.
func Pair(base, challenger []int64) Paired {
	p := Paired{S2: new(big.Int)}
	if len(base) != len(challenger) {
		return p
	}
	var d big.Int
	for i, e := range base {
		x := e - challenger[i]
		p.S1 += x
		d.SetInt64(x)
		p.S2.Add(p.S2, d.Mul(&d, &d))
	}
	p.N = len(base)
	return p
}
