package olap

import (
	"math"
	"strconv"

	"doin.network/node/internal/canon"
)

// JSON is the text of one JSON value, pure ASCII; "" means absent. Rows hold text, not values:
// a row shares nothing with the objects it was made from.
type JSON string

// DefaultJSON returns v in the default flavour (insertion order); a nil object gives "{}".
// Numbers that are not finite become null.
func DefaultJSON(v any) JSON { return JSON(canon.AppendDefault(nil, finite(v))) }

// CanonicalJSON returns v in the canonical flavour (sorted keys), otherwise as DefaultJSON.
func CanonicalJSON(v any) JSON { return JSON(canon.AppendCanonical(nil, finite(v))) }

// finite returns v, or a copy of it in which non-finite numbers are nil.
func finite(v any) any {
	if canon.Finite(v) {
		return v
	}
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = finite(e)
		}
		return out
	case *canon.Object:
		out := canon.NewObject()
		for key, e := range v.All() {
			out.Set(key, finite(e))
		}
		return out
	}
	return nil
}

// RoundDecimals rounds x to digits decimals, half to even on the exact binary value, as the
// reference's language does.
func RoundDecimals(x float64, digits int) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return x
	}
	r, err := strconv.ParseFloat(strconv.FormatFloat(x, 'f', digits, 64), 64)
	if err != nil {
		return x // out of range cannot happen: the text is at most |x| plus half a unit
	}
	return r
}

// Float returns a pointer to x: the form of an optional column.
func Float(x float64) *float64 { return &x }

// Int returns a pointer to x: the form of an optional column.
func Int(x int64) *int64 { return &x }

// isFinite reports whether the numbers given are all finite; nil pointers are.
func isFinite(xs ...*float64) bool {
	for _, x := range xs {
		if x != nil && (math.IsNaN(*x) || math.IsInf(*x, 0)) {
			return false
		}
	}
	return true
}

func optFloat(p *float64) any {
	if p == nil {
		return nil
	}
	return *p
}
