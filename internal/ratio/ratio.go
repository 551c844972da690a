// Package ratio holds a number that rules need exactly and that people write: an integer, or a fraction as text.
package ratio

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Max bounds numerator and denominator of a Ratio.
const Max = 1_000_000

// ErrRatio is matched by every error of this package.
var ErrRatio = errors.New("ratio: want an integer, or a fraction as \"9/4\"")

// Ratio is Num / Den, 0 ≤ Num ≤ 10⁶, 1 ≤ Den ≤ 10⁶. In JSON it is an integer,
// or a text "9/4".
type Ratio struct{ Num, Den int64 }

// Parse reads the JSON form.
func Parse(v any) (Ratio, error) {
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
			return r, fmt.Errorf("%w, not %.40q", ErrRatio, v)
		}
	default:
		return r, fmt.Errorf("%w, not %.40v", ErrRatio, v)
	}
	return r, r.Validate()
}

// Validate reports whether both parts are within their bounds.
func (r Ratio) Validate() error {
	if r.Num < 0 || r.Num > Max || r.Den < 1 || r.Den > Max {
		return fmt.Errorf("%w: of %d/%d the parts must be 0 to %d, the lower at least 1", ErrRatio, r.Num, r.Den, Max)
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
