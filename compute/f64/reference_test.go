package f64

import (
	"math"
	"math/big"
)

// The reference: series in 200 bits, far below the last place of a binary64.
const precision = 200

func exact(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }

func zero() *big.Float { return new(big.Float).SetPrec(precision) }

// series returns Σ t_i, t_0 = first and t_(i+1) = t_i·factor ÷ divisor(i+1), to the precision.
func series(first, factor *big.Float, divisor func(i int) float64) *big.Float {
	sum, t := zero().Set(first), zero().Set(first)
	for i := 1; t.Sign() != 0 && (sum.Sign() == 0 || t.MantExp(nil) > sum.MantExp(nil)-precision); i++ {
		t.Mul(t, factor).Quo(t, exact(divisor(i)))
		sum.Add(sum, t)
	}
	return sum
}

// arctan returns the inverse tangent of 1/n.
func arctan(n float64) *big.Float {
	x := zero().Quo(exact(1), exact(n))
	square := zero().Mul(x, x)
	sum, p := zero().Set(x), zero().Set(x)
	for i := 1; i < precision; i++ {
		p.Mul(p, square).Neg(p)
		sum.Add(sum, zero().Quo(p, exact(float64(2*i+1))))
	}
	return sum
}

// exactPi is Machin's 16·arctan(1/5) − 4·arctan(1/239).
var exactPi = zero().Sub(zero().Mul(exact(16), arctan(5)), zero().Mul(exact(4), arctan(239)))

// exactLn2 is 2·artanh(1/3).
var exactLn2 = func() *big.Float {
	sum, p := zero(), zero().Quo(exact(2), exact(3))
	for i := 0; i < precision; i++ {
		sum.Add(sum, zero().Quo(p, exact(float64(2*i+1))))
		p.Quo(p, exact(9))
	}
	return sum
}()

// bigExp returns e^x for |x| < 800.
func bigExp(x *big.Float) *big.Float {
	q, _ := zero().Quo(x, exactLn2).Float64()
	n := math.RoundToEven(q)
	r := zero().Sub(x, zero().Mul(exact(n), exactLn2))
	e := series(exact(1), r, func(i int) float64 { return float64(i) })
	return e.SetMantExp(e, int(n))
}

// bigLog returns ln x by one step of Halley's from a value good to 50 bits, which triples them.
func bigLog(x float64) *big.Float {
	m, e := math.Frexp(x)
	y := exact(math.Log(m))
	for range 2 {
		v := bigExp(y)
		d := zero().Quo(zero().Sub(exact(m), v), zero().Add(exact(m), v))
		y.Add(y, d.Mul(d, exact(2)))
	}
	return y.Add(y, zero().Mul(exact(float64(e)), exactLn2))
}

// bigSin returns the sine of x + quarters·π/2.
func bigSin(x float64, quarters int) *big.Float {
	half := zero().Quo(exactPi, exact(2))
	q, _ := zero().Quo(exact(x), half).Float64()
	n := math.RoundToEven(q)
	r := zero().Sub(exact(x), zero().Mul(exact(n), half))
	square := zero().Mul(r, r)
	square.Neg(square)
	quarters += int(int64(n) & 3)
	var v *big.Float
	if quarters&1 == 0 {
		v = series(r, square, func(i int) float64 { return float64(2*i) * float64(2*i+1) })
	} else {
		v = series(exact(1), square, func(i int) float64 { return float64(2*i-1) * float64(2*i) })
	}
	if quarters&2 != 0 {
		v.Neg(v)
	}
	return v
}

// ulps returns |got − want| in units of the last place of want.
func ulps(got float64, want *big.Float) float64 {
	w, _ := want.Float64()
	if math.IsInf(w, 0) || math.IsInf(got, 0) {
		if got == w {
			return 0
		}
		return math.Inf(1)
	}
	_, e := math.Frexp(w)
	unit := math.Ldexp(1, max(e-53, -1074))
	d, _ := zero().Quo(zero().Sub(exact(got), want), exact(unit)).Float64()
	return math.Abs(d)
}
