package when

import (
	"fmt"
	"strconv"
	"strings"
)

const billion = 1_000_000_000

// maxNumber bounds the magnitude of a number that counts, so that differences and steps stay exact wherever they are computed.
const maxNumber = 1 << 52

// Bounds of a moment: the years 1 to 9999.
const (
	minSecond = -62_135_596_800
	maxSecond = 253_402_300_799
)

// count is a layout that is one number.
type count struct {
	perSecond int64 // of a Moment: units in a second
	parts     int   // of a Year: 4 or 12, so that the stamps are quarters or months
	epoch     int64 // of serial dates: day 0, since 1970-01-01; else 0
	first     int64 // of serial dates: the least
	decimals  int   // that are written; 0: as few as there are
	bare      bool  // at most so many
}

// counts are the names of such layouts.
var counts = [...]struct {
	name string
	kind Kind
	count
}{
	{"number", Number, count{}},
	{"epoch-s", Moment, count{perSecond: 1}},
	{"epoch-ms", Moment, count{perSecond: 1e3}},
	{"epoch-us", Moment, count{perSecond: 1e6}},
	{"epoch-ns", Moment, count{perSecond: 1e9}},
	{"excel-1900", Day, count{epoch: -25569, first: 61}},
	{"excel-1904", Day, count{epoch: -24107}},
	{"year/4", Quarter, count{parts: 4, decimals: 2, bare: true}},
	{"year/12", Month, count{parts: 12, decimals: 3, bare: true}},
}

// parseCount reads the name of a layout that is a number.
func parseCount(name string) (count, Kind, error) {
	base, decimals, dotted := strings.Cut(name, ".")
	for _, e := range counts {
		if e.name != base {
			continue
		}
		c := e.count
		if dotted {
			digits, bare := strings.CutPrefix(decimals, "-")
			n, err := strconv.Atoi(digits)
			if err != nil || n < 1 || n > 9 || len(digits) != 1 || bare && c.parts == 0 {
				return c, 0, fmt.Errorf("%.40q: %q is no number of decimals from 1 to 9", name, decimals)
			}
			c.decimals, c.bare = n, bare
			if c.epoch != 0 {
				return c, Moment, nil
			}
		}
		return c, e.kind, nil
	}
	return count{}, 0, fmt.Errorf("%.40q: no form of times: write one like %%d/%%m/%%Y, or number, epoch-s, epoch-ms, epoch-us, epoch-ns, excel-1900, excel-1904, year/4, year/12", name)
}

// read reads a count.
func (c *count) read(s string, k Kind, how *seen) (Stamp, bool) {
	value, nanos, digits, ok := decimal(s)
	if !ok || digits > 9 && c.parts == 0 && c.epoch == 0 {
		return Stamp{}, false
	}
	if how != nil {
		how.digits = digits
	}
	switch {
	case c.epoch != 0:
		return c.dated(value, nanos, k)
	case c.parts > 0:
		stamp, off, ok := c.fraction(value, nanos, k)
		if how != nil {
			how.exact = off <= billion/80 && (digits >= 3 || nanos%(billion/4) == 0)
			how.twelfth = floorMod(stamp.Value, 3) != 0
		}
		return stamp, ok
	case k == Number:
		return Stamp{Kind: k, Value: value, Nanos: int32(nanos)}, -maxNumber <= value && value <= maxNumber
	}
	second, rest := floorDiv(value, c.perSecond), floorMod(value, c.perSecond)*billion
	rest += nanos
	out := Stamp{Kind: k, Value: second, Nanos: int32(rest / c.perSecond), Zoned: true}
	return out, rest%c.perSecond == 0 && minSecond <= second && second <= maxSecond
}

// Serial dates of spreadsheets count days, of which a fraction is the time of day, rounded to the second: programs write five or more
// decimals of it. In the system of 1900 day 60 is a 29th of February that there was not, so that it is read from the day after on.

// maxSerial is the last day, 9999-12-31, in the system of 1900.
const maxSerial = 2_958_465

// dated reads a serial date.
func (c *count) dated(day, nanos int64, k Kind) (Stamp, bool) {
	second := (nanos*secondsPerDay + billion/2) / billion
	if day < c.first || day > maxSerial || k == Day && nanos != 0 {
		return Stamp{}, false
	}
	day += c.epoch
	if k == Moment {
		return Stamp{Kind: k, Value: day*secondsPerDay + second}, true
	}
	year, month, of := Date(day)
	return Stamp{Kind: k, Value: day, DayOfMonth: int8(of), End: of == DaysIn(year, month)}, true
}

// serial is the inverse of dated: days and billionths of one, which are rounded to the decimals that are written.
func (c *count) serial(s Stamp, k Kind) (day, nanos int64) {
	if k == Day {
		return s.Value - c.epoch, 0
	}
	day = floorDiv(s.Value, secondsPerDay)
	nanos = c.rounded((floorMod(s.Value, secondsPerDay)*billion + secondsPerDay/2) / secondsPerDay)
	return day - c.epoch + nanos/billion, nanos % billion
}

// fraction reads a decimal year, of which a twentieth of a part off is near enough; off is how much it is, in billionths.
func (c *count) fraction(year, nanos int64, k Kind) (s Stamp, off int64, ok bool) {
	parts := int64(c.parts)
	at := (nanos*parts + billion/2) / billion
	off = nanos*parts - at*billion
	off = max(off, -off)
	return Stamp{Kind: k, Value: year*parts + at}, off, off <= billion/20 && 1 <= year && year <= 9999
}

// decimal reads a decimal number: value is rounded down, nanos are the billionths above it, cut there.
func decimal(s string) (value, nanos int64, digits int, ok bool) {
	negative := false
	switch {
	case s == "":
		return 0, 0, 0, false
	case s[0] == '-':
		negative, s = true, s[1:]
	case strings.HasPrefix(s, "\u2212"):
		negative, s = true, s[len("\u2212"):]
	}
	n := 0
	for ; n < len(s) && '0' <= s[n] && s[n] <= '9'; n++ {
		if n == 19 || value > (1<<63-10)/10 {
			return 0, 0, 0, false
		}
		value = value*10 + int64(s[n]-'0')
	}
	if n == 0 || n < len(s) && s[n] != '.' || n+1 == len(s) {
		return 0, 0, 0, false
	}
	if n < len(s) {
		for unit, frac := int64(billion/10), s[n+1:]; digits < len(frac); digits++ {
			if frac[digits] < '0' || frac[digits] > '9' || digits == maxCell {
				return 0, 0, 0, false
			}
			nanos += unit * int64(frac[digits]-'0')
			unit /= 10
		}
	}
	if negative {
		if value = -value; nanos > 0 {
			value, nanos = value-1, billion-nanos
		}
	}
	return value, nanos, digits, true
}
