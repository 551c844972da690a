package forecast

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"doin.network/node/compute/closed"
	"doin.network/node/compute/data/when"
)

// base is what an axis counts.
type base uint8

const (
	rowBase     base = iota // rows: there are no times, or they do not step evenly
	numberBase              // units of 10^-digits
	monthBase               // months since year 0; years and quarters are whole numbers of them
	dayBase                 // days since 1970-01-01; weeks are seven
	sessionBase             // rows, each a day of the weekdays found
	secondBase              // seconds since 1970-01-01 UTC
	nanoBase                // nanoseconds since then
)

// frequency says how rows follow each other: by n units of the base.
type frequency struct {
	base   base
	n      int64
	digits int  // of numberBase
	week   week // of sessionBase
}

// week is a set of weekdays; bit 0 is Monday.
type week uint8

const workdays week = 0b11111

func (w week) has(day int64) bool { return w>>(when.Weekday(day)-1)&1 != 0 }

func (w week) len() int { return bits.OnesCount8(uint8(w)) }

// before is the number of the set's days before a day, counted from Monday, 1970-01-05.
func (w week) before(day int64) int64 {
	weeks, in := floor(day-firstMonday, 7)
	return weeks*int64(w.len()) + int64(bits.OnesCount8(uint8(w)&(1<<in-1)))
}

// day is the inverse of before for the days of the set.
func (w week) day(n int64) int64 {
	weeks, left := floor(n, int64(w.len()))
	day := firstMonday + 7*weeks
	for ; !w.has(day) || left > 0; day++ {
		if w.has(day) {
			left--
		}
	}
	return day
}

var weekdayNames = [...]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// firstMonday is 1970-01-05 as a day since 1970-01-01, of the first ISO week that is counted.
const firstMonday = 4

// floor returns the quotient, rounded down, and the remainder of a by b > 0.
func floor(a, b int64) (quotient, rest int64) {
	quotient = a / b
	if a%b < 0 {
		quotient--
	}
	return quotient, a - quotient*b
}

// unitName is a unit of time with names of its own.
type unitName struct {
	base       base
	n          int64
	one, names string // "hourly", "hours"
}

// unitNames are the units, of each base the largest first.
var unitNames = []unitName{
	{monthBase, 12, "yearly", "years"}, {monthBase, 3, "quarterly", "quarters"}, {monthBase, 1, "monthly", "months"},
	{dayBase, 7, "weekly", "weeks"}, {dayBase, 1, "daily", "days"},
	{secondBase, 3600, "hourly", "hours"}, {secondBase, 60, "", "minutes"}, {secondBase, 1, "", "seconds"},
	{nanoBase, 1e6, "", "milliseconds"}, {nanoBase, 1e3, "", "microseconds"}, {nanoBase, 1, "", "nanoseconds"},
}

// aliases are other words for frequencies, those of pandas among them.
var aliases = map[string]string{
	"y": "yearly", "a": "yearly", "ys": "yearly", "as": "yearly", "ye": "yearly", "annual": "yearly", "annually": "yearly", "q": "quarterly",
	"qs": "quarterly", "qe": "quarterly", "m": "monthly", "ms": "monthly", "me": "monthly", "w": "weekly", "d": "daily", "b": "business days", "h": "hourly",
	"min": "1 minutes", "t": "1 minutes", "s": "1 seconds", "business": "business days", "minutely": "1 minutes",
}

// String writes a frequency as parseFrequency reads it: "monthly", "15 minutes", "business days", "sun mon tue wed thu",
// "step 0.5", "rows".
func (f frequency) String() string {
	switch f.base {
	case rowBase:
		return "rows"
	case numberBase:
		return "step " + decimal(f.n, f.digits)
	case sessionBase:
		if f.week == workdays {
			return "business days"
		}
		var names []string
		for i, name := range weekdayNames {
			if f.week>>i&1 != 0 {
				names = append(names, name)
			}
		}
		return strings.Join(names, " ")
	}
	for _, u := range unitNames {
		if u.base != f.base || f.n%u.n != 0 {
			continue
		}
		if f.n == u.n && u.one != "" {
			return u.one
		}
		return fmt.Sprintf("%d %s", f.n/u.n, u.names)
	}
	panic("forecast: a frequency of no unit")
}

// parseFrequency reads a frequency. Its error is the reason alone.
func parseFrequency(s string) (frequency, error) {
	text := strings.ToLower(strings.TrimSpace(s))
	if other, ok := aliases[text]; ok {
		text = other
	}
	switch words := strings.Fields(text); {
	case text == "rows":
		return frequency{base: rowBase, n: 1}, nil
	case text == "business days":
		return frequency{base: sessionBase, n: 1, week: workdays}, nil
	case len(words) == 2 && words[0] == "step":
		if n, digits, ok := parseDecimal(words[1]); ok && n > 0 {
			return frequency{base: numberBase, n: n, digits: digits}, nil
		}
	case len(words) == 2:
		count, err := strconv.ParseInt(words[0], 10, 64)
		for _, u := range unitNames {
			if (words[1] == u.names || words[1]+"s" == u.names) && err == nil && count > 0 && count <= far/u.n {
				return frequency{base: u.base, n: count * u.n}, nil
			}
		}
	case len(words) == 1:
		for _, u := range unitNames {
			if u.one == text && text != "" {
				return frequency{base: u.base, n: u.n}, nil
			}
		}
	}
	if w, ok := parseWeek(text); ok {
		return frequency{base: sessionBase, n: 1, week: w}, nil
	}
	return frequency{}, fmt.Errorf(`want "yearly", "quarterly", "monthly", "weekly", "daily", "hourly", "business days", a list as "sun mon tue", ` +
		`a number of units as "15 minutes", "step 0.5" or "rows"`)
}

// parseWeek reads a list of weekdays.
func parseWeek(text string) (w week, ok bool) {
	for _, word := range strings.Fields(text) {
		i := slices.Index(weekdayNames[:], word)
		if i < 0 || w>>i&1 != 0 {
			return 0, false
		}
		w |= 1 << i
	}
	return w, w.len() > 1
}

// seasons returns the periods that a calendar gives the frequency, ascending; ok is false where there is no calendar. A year
// of sessions has perYear rows.
func (f frequency) seasons(perYear int) (periods []int, ok bool) {
	switch {
	case f.base == monthBase && 12%f.n == 0:
		periods = []int{int(12 / f.n)}
	case f.base == monthBase && f.n%12 == 0: // none
	case f.base == dayBase && f.n == 1:
		return closed.Daily.Seasons(), true
	case f.base == dayBase && f.n%7 == 0 && 52%(f.n/7) == 0:
		periods = []int{int(52 / (f.n / 7))}
	case f.base == sessionBase:
		periods = []int{f.week.len(), perYear}
	case f.base == secondBase && secondsPerDay%f.n == 0:
		if f.n <= 300 && 3600%f.n == 0 {
			periods = append(periods, int(3600/f.n))
		}
		periods = append(periods, int(secondsPerDay/f.n), int(7*secondsPerDay/f.n))
	default:
		return nil, false
	}
	return slices.DeleteFunc(periods, func(p int) bool { return p < 2 }), true
}

// far bounds the units of a base, so that sums of two fit.
const far = 1 << 62

// maxDigits bounds the decimals of numbers that count: a stamp has billionths.
const maxDigits = 9

// powers are those of ten up to maxDigits.
var powers = [maxDigits + 1]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// decimal writes n units of 10^-digits.
func decimal(n int64, digits int) string {
	if digits == 0 {
		return strconv.FormatInt(n, 10)
	}
	whole, rest := floor(n, powers[digits])
	sign := ""
	if n < 0 {
		sign = "-"
		whole, rest = floor(-n, powers[digits])
	}
	return fmt.Sprintf("%s%d.%0*d", sign, whole, digits, rest)
}

// parseDecimal is the inverse of decimal.
func parseDecimal(s string) (n int64, digits int, ok bool) {
	whole, rest, point := strings.Cut(s, ".")
	if digits = len(rest); digits > maxDigits || point && digits == 0 || len(whole) > 9 || strings.ContainsAny(s, "+-") {
		return 0, 0, false
	}
	n, err := strconv.ParseInt(whole+rest, 10, 64)
	return n, digits, err == nil
}
