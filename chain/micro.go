package chain

import (
	"fmt"
	"math/big"
)

// MicroUnit is 1 in micro units, the integers of strict consensus.
const MicroUnit = 1_000_000

var (
	bigMicro = big.NewInt(MicroUnit)
	bigTwo   = big.NewInt(2)
)

// Micro returns f × 10⁶ rounded to the nearest integer, halves to even, from the exact value of f.
// A value that is not finite or beyond int64 is an ErrInvalid.
func Micro(f float64) (int64, error) {
	exact := new(big.Rat)
	if exact.SetFloat64(f) == nil {
		return 0, fmt.Errorf("%w: %v in micro units", ErrInvalid, f)
	}
	num := new(big.Int).Mul(exact.Num(), bigMicro)
	whole, rest := new(big.Int), new(big.Int)
	whole.DivMod(num, exact.Denom(), rest) // floor; 0 ≤ rest < denominator
	switch rest.Mul(rest, bigTwo).Cmp(exact.Denom()) {
	case 1:
		whole.Add(whole, big.NewInt(1))
	case 0:
		if whole.Bit(0) == 1 {
			whole.Add(whole, big.NewInt(1))
		}
	}
	if !whole.IsInt64() {
		return 0, fmt.Errorf("%w: %v in micro units is beyond 64 bits", ErrInvalid, f)
	}
	return whole.Int64(), nil
}

// MicroToFloat returns the double nearest to v / 10⁶. Micro gives v back for |v| ≤ 2⁵².
func MicroToFloat(v int64) float64 {
	f, _ := big.NewRat(v, MicroUnit).Float64()
	return f
}
