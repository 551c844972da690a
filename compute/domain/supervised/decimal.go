package supervised

import (
	"math"
	"strconv"
	"strings"
)

// Exponent returns the decimal exponent of the largest magnitude among numbers: e with 10^e ≤ |v| < 10^(e+1). NaN is passed
// over; without a number other than 0 it is 0.
func Exponent(numbers []float64) int {
	largest := 0.0
	for _, v := range numbers {
		if a := math.Abs(v); a > largest {
			largest = a
		}
	}
	if largest == 0 {
		return 0
	}
	_, e := decimal(largest)
	return e
}

// Shift returns v × 10^power, rounded once: that of the shortest decimal number that is v. What a file writes with at most 15
// digits therefore comes out the same in whatever power of ten it is written. NaN stays NaN.
func Shift(v float64, power int) float64 {
	if power == 0 || v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return v
	}
	digits, e := decimal(v)
	out, _ := strconv.ParseFloat(digits+"e"+strconv.Itoa(e+power), 64) // out of range: ±Inf or 0, as it is
	return out
}

// maxExponent bounds the exponent of a text: with a mantissa of 64 digits a lesser one is 0 in any power of ten that a series
// can have, and a greater one is that of a 0, because package number refuses what is large.
const maxExponent = 1000

// ShiftText returns the number that a text is, times 10^power, rounded once. The text is a plain decimal
// number: number.Format's Plain.
func ShiftText(s string, power int) float64 {
	if power == 0 && len(s) < maxExponent { // as it is
		if v, err := strconv.ParseFloat(s, 64); err == nil {
			return v
		}
	}
	mantissa, exponent := s, 0
	if at := strings.IndexAny(s, "eE"); at >= 0 {
		mantissa = s[:at]
		exponent, _ = strconv.Atoi(s[at+1:]) // of one that is too long, the bound on its side
		exponent = min(max(exponent, -maxExponent), maxExponent)
	}
	v, _ := strconv.ParseFloat(mantissa+"e"+strconv.Itoa(exponent+power), 64)
	return v
}

// decimal returns the shortest decimal number that is v: digits with a point after the first, and the exponent.
func decimal(v float64) (digits string, exponent int) {
	digits, e, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, 64), "e")
	exponent, _ = strconv.Atoi(e)
	return digits, exponent
}
