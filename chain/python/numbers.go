package python

import (
	"math"
	"math/big"
	"strconv"

	"doin.network/node/internal/canon"
)

// sum adds xs in order as the interpreter that runs the reference does since its version 3.12:
// the rounding error of every addition is collected (Neumaier's variant of Kahan's method)
// and added once at the end. Loops that add one by one do not use it.
func sum(xs []float64) float64 {
	var s, lost float64
	for _, x := range xs {
		t := s + x
		if math.Abs(s) >= math.Abs(x) {
			lost += (s - t) + x
		} else {
			lost += (x - t) + s
		}
		s = t
	}
	if lost != 0 && !math.IsInf(lost, 0) && !math.IsNaN(lost) {
		s += lost
	}
	return s
}

// clamp returns max(low, min(high, x)).
func clamp(x, low, high float64) float64 { return max(low, min(high, x)) }

// fixed renders x with n decimals, rounding half to even on the exact binary value.
func fixed(x float64, n int) string {
	switch {
	case math.IsNaN(x):
		return "nan"
	case math.IsInf(x, 1):
		return "inf"
	case math.IsInf(x, -1):
		return "-inf"
	}
	return strconv.FormatFloat(x, 'f', n, 64)
}

// percent renders 100·x with n decimals and a percent sign.
func percent(x float64, n int) string { return fixed(x*100, n) + "%" }

// Round returns x rounded to n decimals, half to even on the exact binary value, as a double.
func Round(x float64, n int) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(x, 'f', n, 64), 64)
	if err != nil { // not reached: the text of a double is in range
		return x
	}
	return r
}

// number returns v as a double if it is a JSON number; nothing else is converted.
func number(v any) (float64, bool) {
	switch x := v.(type) {
	case float64:
		return x, true
	case int64:
		return float64(x), true
	case *big.Int:
		f, _ := new(big.Float).SetInt(x).Float64()
		return f, true
	default:
		return 0, false
	}
}

// numberIn returns member key of o as number does, 0 if it is absent or no number.
func numberIn(o *canon.Object, key string) float64 {
	v, _ := o.Get(key)
	f, _ := number(v)
	return f
}

// literal renders a number or boolean as the reference's texts show it.
func literal(v any) string {
	switch x := v.(type) {
	case float64:
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return fixed(x, 0)
		}
		return canon.FormatFloat(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case *big.Int:
		return x.String()
	case bool:
		if x {
			return "True"
		}
		return "False"
	default:
		return ""
	}
}
