package consensus

import (
	"math/big"
	"math/bits"

	"doin.network/node/chain"
)

// Micro is the number of units in one: every ratio of the strict chain counts 10⁻⁶.
const Micro = chain.MicroUnit

// maxMicro bounds every product, so that sums of a block's worth of them stay far from overflow.
const maxMicro = 1_000_000 * Micro

// saturated is what MulDiv returns for every larger result.
const saturated = 1 << 62

// MulDiv returns ⌊a·b/c⌋ for non-negative a and b and positive c, at most 2⁶².
func MulDiv(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi >= uint64(c) {
		return saturated
	}
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(min(q, saturated))
}

// mulMicro returns ⌊a·b/10⁶⌋, at most maxMicro, for non-negative a and b.
func mulMicro(a, b int64) int64 { return min(MulDiv(a, b, Micro), maxMicro) }

func clamp(v, lo, hi int64) int64 { return max(lo, min(hi, v)) }

// RawIncrement returns ⌊10⁶·|now − old| / scale⌋, at most Micro, computed exactly: increments have one unit, so that what is
// gained in slices pays no more than what is gained at once. All three are finite; scale is positive.
func RawIncrement(old, now, scale float64) int64 {
	d := new(big.Rat).Sub(rat(now), rat(old))
	d.Abs(d)
	d.Quo(d, rat(scale)).Mul(d, new(big.Rat).SetInt64(Micro))
	q := new(big.Int).Quo(d.Num(), d.Denom())
	if !q.IsInt64() || q.Int64() > Micro {
		return Micro
	}
	return q.Int64()
}

// Tolerates reports whether challenger ≤ (1 + tolerance)·incumbent, exactly: the synthetic scores of a vote, errors that are
// finite and not negative. tolerance is in 10⁻⁶.
func Tolerates(challenger, incumbent float64, tolerance int64) bool {
	limit := new(big.Rat).SetFrac64(Micro+tolerance, Micro)
	limit.Mul(limit, rat(incumbent))
	return rat(challenger).Cmp(limit) <= 0
}

func rat(f float64) *big.Rat {
	r := new(big.Rat).SetFloat64(f)
	if r == nil {
		panic("consensus: non-finite number past validation")
	}
	return r
}

// finite reports whether f is neither NaN nor infinite.
func finite(f float64) bool { return f-f == 0 }
