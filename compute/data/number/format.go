package number

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Max is the largest magnitude of a number: squares of differences stay finite.
const Max = 1e30

// maxLength bounds a number's text, in bytes.
const maxLength = 64

// Format is the marks of numbers. It is comparable; its zero value is that of plain numbers.
type Format struct {
	// Decimal is '.' or ','. Zero means '.'.
	Decimal byte
	// Thousands is what may stand between groups of three digits: ',', '.', '\'' (or U+2019), '_', or ' ' (or the spaces
	// U+00A0, U+2009 and U+202F). Zero means nothing.
	Thousands byte
}

// Names of the settings, and of the marks among their values.
const (
	OptionDecimal   = "decimal"
	OptionThousands = "thousands"
)

// marks are the names of marks that are not the mark itself.
var marks = map[string]byte{"": 0, "none": 0, "point": '.', "dot": '.', "comma": ',', "space": ' ', "apostrophe": '\'', "underscore": '_',
	"\u00a0": ' ', "\u2009": ' ', "\u202f": ' ', "\u2019": '\''}

// NewFormat returns the format of two settings, each a mark or its name: point, comma; none, space, apostrophe, underscore. An empty
// decimal is a point, an empty thousands none.
func NewFormat(decimal, thousands string) (Format, error) {
	var errs []error
	mark := func(option, s, allowed string) byte {
		c, ok := marks[s]
		if !ok && len(s) == 1 {
			c, ok = s[0], true
		}
		if !ok || c != 0 && strings.IndexByte(allowed, c) < 0 {
			errs = append(errs, fmt.Errorf("%s %.20q: must be one of %s", option, s, strings.Join(names(allowed), ", ")))
		}
		return c
	}
	f := Format{mark(OptionDecimal, decimal, ".,"), mark(OptionThousands, thousands, ",. '_")}
	if len(errs) == 0 && f.Thousands != 0 && f.Thousands == f.point() {
		errs = append(errs, fmt.Errorf("%s and %s are both %q", OptionDecimal, OptionThousands, f.Thousands))
	}
	return f, errors.Join(errs...)
}

// names are the names of marks as settings have them.
func names(marks string) (out []string) {
	if len(marks) > 2 {
		out = append(out, `"none"`)
	}
	for _, c := range []byte(marks) {
		out = append(out, strconv.Quote(string(rune(c))))
	}
	return out
}

// Settings returns the two settings that NewFormat makes the format of.
func (f Format) Settings() (decimal, thousands string) {
	if f.Thousands == 0 {
		return string(rune(f.point())), "none"
	}
	return string(rune(f.point())), string(rune(f.Thousands))
}

// point is the decimal mark.
func (f Format) point() byte {
	if f.Decimal == 0 {
		return '.'
	}
	return f.Decimal
}

// Errors of Parse, Exact and Plain; the others are sentences of their own.
var (
	// ErrMissing is that of an empty text.
	ErrMissing = errors.New("missing")
	// ErrNumber is that of a text that is no number of the format; errors that say more wrap it.
	ErrNumber = errors.New("not a decimal number")
)

// Parse returns the number that a text is, rounded once to the nearest binary64. The error is a sentence without the text.
func (f Format) Parse(s string) (float64, error) {
	plain, err := f.Plain(s)
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(plain, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, ErrNumber
	}
	if err != nil || math.Abs(v) > Max {
		return 0, fmt.Errorf("magnitude above %g", float64(Max))
	}
	return v, nil
}

// small is the length of a text without an exponent that is no number above Max.
const small = 30

// Check is Plain with all of Parse's errors, and quicker where the number itself is not wanted.
func (f Format) Check(s string) (plain string, err error) {
	plain, err = f.Plain(s)
	if err != nil {
		return "", err
	}
	if len(plain) > small || strings.ContainsAny(plain, "eE") {
		if _, err := f.Parse(s); err != nil {
			return "", err
		}
	}
	return plain, nil
}

// Exact returns the number that a text is as sign and digits, and a power of ten: "-1,5" with a decimal comma is "-15" and -1. The
// exponent is within ±1000: beyond, a number within Max is 0 at any scale. The error is Parse's.
func (f Format) Exact(s string) (digits string, exponent int, err error) {
	plain, err := f.Check(s)
	if err != nil {
		return "", 0, err
	}
	mantissa := plain
	if at := strings.IndexAny(plain, "eE"); at >= 0 {
		mantissa = plain[:at]
		exponent, _ = strconv.Atoi(plain[at+1:]) // of one that is too long, the bound on its side
		exponent = min(max(exponent, -maxExponent), maxExponent)
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	return strings.TrimPrefix(whole+fraction, "+"), exponent - len(fraction), nil
}

// maxExponent bounds the exponent of a text.
const maxExponent = 1000

// Shift returns the number that a text is times 10^power, rounded once. The error is Parse's.
func (f Format) Shift(s string, power int) (float64, error) {
	digits, exponent, err := f.Exact(s)
	if err != nil {
		return 0, err
	}
	v, _ := strconv.ParseFloat(digits+"e"+strconv.Itoa(exponent+power), 64) // out of range: ±Inf or 0, as it is
	return v, nil
}
