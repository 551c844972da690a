package ledger

import (
	"fmt"
	"strings"
)

// decimals is the number of digits behind the point of a DOIN: Unit is 10 to this power.
const decimals = 8

// ParseAmount reads an amount of DOIN as people write it, "12", "0.5" or "12.00000001", into base units: digits, and behind a
// point at most eight more. No sign, exponent or separator; at most MaxSupply. Nothing is rounded: what does not fit is an error.
func ParseAmount(text string) (int64, error) {
	whole, part, point := strings.Cut(text, ".")
	switch {
	case whole == "" || point && part == "" || !digits(whole) || !digits(part):
		return 0, fmt.Errorf("amount %.40q: want a decimal number of DOIN, for example 12.5", text)
	case len(part) > decimals:
		return 0, fmt.Errorf("amount %.40q: has more than %d digits behind the point", text, decimals)
	}
	units := int64(0)
	for _, d := range whole + part + strings.Repeat("0", decimals-len(part)) {
		if units = 10*units + int64(d-'0'); units > MaxSupply { // far from overflow
			return 0, fmt.Errorf("amount %.40q: is more than all there can be, %s DOIN", text, FormatAmount(MaxSupply))
		}
	}
	return units, nil
}

// FormatAmount writes base units as DOIN, without zeros at the end: ParseAmount reads the same number back, if it is not negative.
func FormatAmount(units int64) string {
	sign, u := "", uint64(units)
	if units < 0 {
		sign, u = "-", -u
	}
	text := fmt.Sprintf("%s%d.%08d", sign, u/Unit, u%Unit)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
