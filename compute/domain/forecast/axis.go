package forecast

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"doin.network/node/compute/domain/supervised"
)

// unit is what an axis counts.
type unit uint8

const (
	integers  unit = iota + 1
	months         // labelled YYYY-MM
	monthDays      // labelled YYYY-MM-DD, always the same day
	monthEnds      // labelled YYYY-MM-DD, always the last day
	days           // labelled YYYY-MM-DD
)

// axis is the equally spaced times of a table: row i lies at start + i·step units.
type axis struct {
	unit        unit
	start, step int64
	day         int // of monthDays
}

// label returns the label of row i, which may lie beyond the table.
func (a *axis) label(i int) string {
	at := a.start + int64(i)*a.step
	switch a.unit {
	case integers:
		return strconv.FormatInt(at, 10)
	case days:
		return time.Unix(at*secondsPerDay, 0).UTC().Format(time.DateOnly)
	}
	year, month := at/12, int(at%12)+1 // at > 0: years begin at 1
	switch a.unit {
	case monthDays:
		return fmt.Sprintf("%04d-%02d-%02d", year, month, a.day)
	case monthEnds:
		return fmt.Sprintf("%04d-%02d-%02d", year, month, daysIn(int(year), month))
	}
	return fmt.Sprintf("%04d-%02d", year, month)
}

// index returns the row, which may lie outside the table, that a label names.
func (a *axis) index(label string) (int, error) {
	p, err := parseTime(label)
	if err != nil {
		return 0, err
	}
	at := p.value
	switch {
	case p.unit == days && (a.unit == monthDays && p.day == a.day || a.unit == monthEnds && p.end):
		at = p.month
	case p.unit != a.unit:
		return 0, fmt.Errorf("does not look like %q, the first time of the data", a.label(0))
	}
	offset := at - a.start
	if offset%a.step != 0 || offset/a.step > 1<<30 || offset/a.step < -1<<30 {
		return 0, fmt.Errorf("is no whole number of steps from %q, the first time of the data", a.label(0))
	}
	return int(offset / a.step), nil
}

// phase returns the position of row 0 in a period of the given number of steps, in [0, period): with monthly data and
// period 12 January is 0.
func (a *axis) phase(period int) int {
	position, p := a.start/a.step, int64(period)
	if a.start%a.step < 0 {
		position-- // floor
	}
	return int(((position % p) + p) % p)
}

const secondsPerDay = 24 * 60 * 60

// parsedTime is one label.
type parsedTime struct {
	unit  unit  // integers, months or days
	value int64 // in units
	month int64 // of days: its month, counted as months are
	day   int   // of days: its day of the month
	end   bool  // of days: the last of its month
}

// maxInteger bounds the magnitude of integer times.
const maxInteger = 1 << 52

// parseTime reads YYYY-MM, YYYY-MM-DD or an integer.
func parseTime(s string) (p parsedTime, err error) {
	digits := func(s string, low, high int) int {
		n, e := strconv.Atoi(s)
		if e != nil || s[0] < '0' || n < low || n > high {
			err = errors.New("not a time")
			return low
		}
		return n
	}
	switch {
	case (len(s) == 7 || len(s) == 10 && s[7] == '-') && s[4] == '-':
		year, month := digits(s[:4], 1, 9999), digits(s[5:7], 1, 12)
		p = parsedTime{unit: months, value: int64(year)*12 + int64(month) - 1}
		if len(s) == 10 {
			last := daysIn(year, month)
			day := digits(s[8:], 1, last)
			at := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay
			p = parsedTime{unit: days, value: at, month: p.value, day: day, end: day == last}
		}
	default:
		p.unit = integers
		p.value, err = strconv.ParseInt(s, 10, 64)
		if err != nil || s[0] == '+' || p.value > maxInteger || p.value < -maxInteger {
			err = errors.New("not a time")
		}
	}
	if err != nil {
		return p, fmt.Errorf("%w: want YYYY-MM, YYYY-MM-DD or an integer", err)
	}
	return p, nil
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// timeReader collects the labels of a table.
type timeReader struct {
	times []parsedTime
	lines []int
	// sameDay and ends say whether all days so far are equal, or the last of their month.
	sameDay, ends bool
}

// add reads the next label.
func (r *timeReader) add(label string, line int) error {
	p, err := parseTime(label)
	if err != nil {
		return supervised.AtLine(line, "time %.40q: %v", label, err)
	}
	if len(r.times) == 0 {
		r.sameDay, r.ends = true, p.end
	} else {
		switch first, previous := r.times[0], r.times[len(r.times)-1]; {
		case p.unit != first.unit:
			return supervised.AtLine(line, "time %.40q: of another form than the first", label)
		case p.value <= previous.value:
			return supervised.AtLine(line, "time %.40q: not after the one before", label)
		default:
			r.sameDay, r.ends = r.sameDay && p.day == first.day, r.ends && p.end
		}
	}
	r.times, r.lines = append(r.times, p), append(r.lines, line)
	return nil
}

// axis returns the axis of the labels, or an error naming the line where the spacing changes.
func (r *timeReader) axis() (axis, error) {
	if len(r.times) < 2 {
		return axis{}, fmt.Errorf("%w: %d rows: need more", supervised.ErrData, len(r.times))
	}
	first := r.times[0]
	a := axis{unit: first.unit, start: first.value, day: first.day}
	at := func(i int) int64 { return r.times[i].value }
	if first.unit == days && (r.sameDay || r.ends) {
		a.unit, a.start = monthDays, first.month
		if !r.sameDay {
			a.unit = monthEnds
		}
		at = func(i int) int64 { return r.times[i].month }
	}
	a.step = at(1) - at(0)
	for i := 1; i < len(r.times); i++ {
		if at(i)-at(i-1) != a.step {
			return axis{}, supervised.AtLine(r.lines[i], "time is not one step after the one before: want %q", a.label(i))
		}
	}
	return a, nil
}
