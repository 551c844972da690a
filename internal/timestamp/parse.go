package timestamp

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"
)

// ErrInvalid is returned (wrapped, with the reason) by Parse.
var ErrInvalid = errors.New("timestamp: invalid time")

func invalid(reason string) error { return fmt.Errorf("%w: %s", ErrInvalid, reason) }

// maxText bounds the text that Parse looks at.
const maxText = 64

// Parse reads a JSON value of package canon as a time.
//
// A string is YYYY-MM-DD, alone (midnight, naive) or followed by T, t, _ or a blank and
// HH:MM[:SS[.fraction]] and an optional Z, z, ±HH:MM or ±HHMM; without an offset the time is
// naive. Fractions longer than six digits are cut. Any other decimal text, and a number, counts
// Unix seconds in UTC, or milliseconds if its magnitude exceeds 2×10¹⁰, of the years
// 1600 to 9999. Everything else, null included, is an ErrInvalid.
func Parse(v any) (Time, error) {
	switch v := v.(type) {
	case string:
		if len(v) > maxText {
			return Time{}, invalid("text too long")
		}
		t, err := parseText(v)
		if err == nil {
			return t, nil
		}
		if n, ok := decimal(v); ok {
			return fromNumber(n)
		}
		return Time{}, err
	case int64:
		return fromNumber(new(big.Rat).SetInt64(v))
	case float64:
		n := new(big.Rat)
		if n.SetFloat64(v) == nil {
			return Time{}, invalid("not a finite number")
		}
		return fromNumber(n)
	case *big.Int:
		return Time{}, invalid("number out of range")
	default:
		return Time{}, invalid("want a string or a number")
	}
}

// decimal reads [+-]digits[.digits]; big.Rat alone would also take fractions and exponents.
func decimal(s string) (*big.Rat, bool) {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && c != '.' && !(i == 0 && (c == '-' || c == '+')) {
			return nil, false
		}
	}
	return new(big.Rat).SetString(s)
}

// fromNumber rounds to the nearest microsecond, halves away from zero.
func fromNumber(n *big.Rat) (Time, error) {
	perUnit := int64(microSec)
	if new(big.Rat).Abs(n).Cmp(new(big.Rat).SetInt64(watershed)) > 0 {
		perUnit = 1000
	}
	us, _ := new(big.Rat).Mul(n, new(big.Rat).SetInt64(perUnit)).Float64()
	// The range is checked first, so that the exact conversion below fits an int64.
	if math.Abs(us) > float64(maxMicro) {
		return Time{}, invalid("number out of range")
	}
	exact := new(big.Rat).Mul(n, new(big.Rat).SetInt64(2*perUnit)) // doubled: +1 then halve rounds
	num, den := exact.Num(), exact.Denom()
	half := new(big.Int).Quo(num, den).Int64()
	micro := (half + sign(half)) / 2
	if micro < unix1600*microSec || micro > unix9999*microSec+999_999 {
		return Time{}, invalid("number out of range")
	}
	return FromMicro(micro), nil
}

func sign(n int64) int64 {
	switch {
	case n > 0:
		return 1
	case n < 0:
		return -1
	}
	return 0
}

// scanner reads fixed-width fields; ok turns false at the first mismatch and stays so.
type scanner struct {
	s  string
	ok bool
}

// num reads exactly width digits.
func (sc *scanner) num(width int) int {
	if len(sc.s) < width {
		sc.ok = false
		return 0
	}
	n := 0
	for i := range width {
		c := sc.s[i]
		if c < '0' || c > '9' {
			sc.ok = false
			return 0
		}
		n = n*10 + int(c-'0')
	}
	sc.s = sc.s[width:]
	return n
}

// one consumes the next byte if it is one of set, and reports whether it did.
func (sc *scanner) one(set string) bool {
	if sc.s == "" || strings.IndexByte(set, sc.s[0]) < 0 {
		return false
	}
	sc.s = sc.s[1:]
	return true
}

func (sc *scanner) must(set string) {
	if !sc.one(set) {
		sc.ok = false
	}
}

// fraction reads one or more digits and returns the first six as microseconds.
func (sc *scanner) fraction() int {
	n, width := 0, 0
	for ; sc.s != "" && sc.s[0] >= '0' && sc.s[0] <= '9'; sc.s = sc.s[1:] {
		if width < 6 {
			n = n*10 + int(sc.s[0]-'0')
		}
		width++
	}
	if width == 0 {
		sc.ok = false
	}
	for ; width < 6; width++ {
		n *= 10
	}
	return n
}

func parseText(s string) (Time, error) {
	sc := &scanner{s: s, ok: true}
	year := sc.num(4)
	sc.must("-")
	month := sc.num(2)
	sc.must("-")
	dayOfMonth := sc.num(2)
	if !sc.ok {
		return Time{}, invalid("want YYYY-MM-DD")
	}
	var hour, minute, second, us int
	t := Time{kind: naive}
	if sc.s != "" {
		sc.must("Tt _")
		hour = sc.num(2)
		sc.must(":")
		minute = sc.num(2)
		if sc.one(":") {
			second = sc.num(2)
			if sc.one(".,") {
				us = sc.fraction()
			}
		}
		if err := t.parseOffset(sc); err != nil {
			return Time{}, err
		}
	}
	if !sc.ok || sc.s != "" {
		return Time{}, invalid("want HH:MM[:SS[.fraction]] and an offset")
	}
	if year < 1 || month < 1 || month > 12 || dayOfMonth < 1 || hour > 23 || minute > 59 || second > 59 {
		return Time{}, invalid("field out of range")
	}
	d := time.Date(year, time.Month(month), dayOfMonth, hour, minute, second, 0, time.UTC)
	if d.Day() != dayOfMonth { // time.Date carries 30 February into March
		return Time{}, invalid("no such day")
	}
	t.local = d.Unix()*microSec + int64(us)
	return t, nil
}

func (t *Time) parseOffset(sc *scanner) error {
	if sc.s == "" {
		return nil
	}
	t.kind = aware
	if sc.one("Zz") {
		return nil
	}
	negative := sc.s[0] == '-'
	sc.must("+-")
	hour := sc.num(2)
	sc.one(":")
	minute := sc.num(2)
	if !sc.ok || hour > 23 || minute > 59 {
		return invalid("malformed offset")
	}
	t.offset = int32(hour*3600 + minute*60)
	if negative {
		t.offset = -t.offset
	}
	return nil
}
