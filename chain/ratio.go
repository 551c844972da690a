package chain

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"doin.network/node/internal/canon"
)

// maxRatio bounds numerator and denominator of a Ratio.
const maxRatio = 1_000_000

// Ratio is a number of a genesis file that rules need exactly: Num / Den, 0 ≤ Num ≤ 10⁶, 1 ≤ Den ≤ 10⁶. In JSON it is an integer,
// or a text "9/4".
type Ratio struct{ Num, Den int64 }

// ParseRatio reads the JSON form. Errors match ErrInvalid.
func ParseRatio(v any) (Ratio, error) {
	r := Ratio{-1, 1}
	switch v := v.(type) {
	case int64:
		r.Num = v
	case string:
		num, den, divided := strings.Cut(v, "/")
		if !divided {
			den = "1"
		}
		var err1, err2 error
		r.Num, err1 = strconv.ParseInt(num, 10, 64)
		r.Den, err2 = strconv.ParseInt(den, 10, 64)
		if err1 != nil || err2 != nil || strings.ContainsAny(v, "+-") {
			return r, fmt.Errorf("%w: %.40q: want an integer, or a fraction as \"9/4\"", ErrInvalid, v)
		}
	default:
		return r, fmt.Errorf("%w: a %s: want an integer, or a fraction as \"9/4\"", ErrInvalid, canon.KindOf(v))
	}
	return r, r.Validate()
}

// Validate reports whether both parts are within their bounds. Errors match ErrInvalid.
func (r Ratio) Validate() error {
	if r.Num < 0 || r.Num > maxRatio || r.Den < 1 || r.Den > maxRatio {
		return fmt.Errorf("%w: %d/%d: want parts of 0 to %d, the lower at least 1", ErrInvalid, r.Num, r.Den, maxRatio)
	}
	return nil
}

// Value returns the JSON form.
func (r Ratio) Value() any {
	if r.Den == 1 {
		return r.Num
	}
	return r.String()
}

// String returns "9/4", or "4" for a whole number.
func (r Ratio) String() string { return new(big.Rat).SetFrac64(r.Num, max(r.Den, 1)).RatString() }
