package forecast

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"doin.network/node/compute/data/when"
)

// axis is the times of the rows of a table: row i lies at start + i·n units of the base.
type axis struct {
	frequency
	start int64
	// layout is how the file writes times, kind what it writes; 0 where there are none and rows are counted from 0.
	layout when.Layout
	kind   when.Kind
	day    int  // of months written as days: that of the month; 0 for the last
	loose  bool // any time within a unit stands for it
	// clock has the time of day of days that are written with one, and what is known of zones.
	clock   when.Stamp
	offsets []change
	// times are those of the rows where they do not follow from row 0: of sessions, and of rows that do not step evenly.
	times []when.Stamp
}

// change says that moments from a row on are so far ahead of UTC, in seconds.
type change struct {
	row    int
	offset int32
}

// label returns the time of row i as the file writes it. The row may lie beyond the table: where times do not step evenly it is
// the number of rows after the last, "+1".
func (a *axis) label(i int) string {
	switch {
	case a.kind == 0:
		return strconv.Itoa(i)
	case a.base != rowBase || i >= 0 && i < len(a.times):
		return a.layout.Format(a.stamp(i))
	case i < 0:
		return strconv.Itoa(i)
	}
	return fmt.Sprintf("+%d", i-len(a.times)+1)
}

// stamp returns the time of row i.
func (a *axis) stamp(i int) when.Stamp {
	at := a.start + int64(i)*a.n
	switch a.base {
	case numberBase:
		whole, rest := floor(at, powers[a.digits])
		return when.Stamp{Kind: a.kind, Value: whole, Nanos: int32(rest * powers[maxDigits-a.digits])}
	case monthBase:
		return a.month(at, i)
	case dayBase:
		if a.kind == when.Week {
			at, _ = floor(at-firstMonday, 7)
			return when.Stamp{Kind: when.Week, Value: at}
		}
		return a.ofDay(at, i)
	case rowBase:
		return a.times[i]
	case sessionBase:
		if i >= 0 && i < len(a.times) {
			return a.times[i]
		}
		return a.ofDay(a.week.day(a.session(i)), i)
	}
	s := when.Stamp{Kind: when.Moment, Value: at, Offset: a.offset(i), Zoned: a.clock.Zoned}
	if a.base == nanoBase {
		seconds, rest := floor(at, powers[maxDigits])
		s.Value, s.Nanos = seconds, int32(rest)
	}
	return s
}

// session returns the place among the days of the week's set of a row that is not listed.
func (a *axis) session(i int) int64 {
	if i < 0 || len(a.times) == 0 {
		return a.start + int64(i)
	}
	last := len(a.times) - 1
	return a.week.before(civil(a.times[last])) + int64(i-last)
}

// month returns the time of row i, which is in a month since year 0.
func (a *axis) month(at int64, i int) when.Stamp {
	switch a.kind {
	case when.Year:
		at, _ = floor(at, 12)
		return when.Stamp{Kind: when.Year, Value: at}
	case when.Quarter:
		at, _ = floor(at, 3)
		return when.Stamp{Kind: when.Quarter, Value: at}
	case when.Month:
		return when.Stamp{Kind: when.Month, Value: at}
	}
	year, month := floor(at, 12)
	day := a.day
	if last := when.DaysIn(int(year), int(month)+1); day == 0 || day > last {
		day = last
	}
	return a.ofDay(when.Days(int(year), int(month)+1, day), i)
}

// ofDay returns the time of row i, which is on a day since 1970-01-01.
func (a *axis) ofDay(at int64, i int) when.Stamp {
	s := a.clock
	if s.Offset = a.offset(i); a.kind == when.Moment {
		s.Value += at*secondsPerDay - int64(s.Offset)
		return s
	}
	year, month, day := when.Date(at)
	s.Value, s.DayOfMonth, s.End = at, int8(day), day == when.DaysIn(year, month)
	return s
}

// offset returns how far the clock of row i is ahead of UTC; beyond the table, that of the nearest row.
func (a *axis) offset(i int) int32 {
	offset := a.clock.Offset
	for _, c := range a.offsets {
		if c.row <= i {
			offset = c.offset
		}
	}
	return offset
}

// maxRow bounds the rows that labels name.
const maxRow = 1 << 30

// index returns the row, which may lie outside the table, that a label names: in the form of the file, or in another that is
// no finer. Its error is the reason alone.
func (a *axis) index(label string) (int, error) {
	if a.kind == 0 {
		row, err := strconv.Atoi(label)
		if err != nil || row > maxRow || row < -maxRow {
			return 0, errors.New("is no number of a row, of which the first is 0")
		}
		return row, nil
	}
	s, err := a.layout.Parse(label)
	if err != nil {
		if s, err = alone(label); err != nil || s.Kind > a.kind {
			return 0, fmt.Errorf("does not look like %q, the first time of the data", a.label(0))
		}
	}
	return a.rowOf(s)
}

// rowOf returns the row of a time, which may lie outside the table. Its error is the reason alone.
func (a *axis) rowOf(s when.Stamp) (int, error) {
	if row, ok := a.listed(s); ok {
		return row, nil
	}
	at, ok := at(s, a.frequency)
	if !ok || a.base == rowBase {
		return 0, fmt.Errorf("is no time of the data, which begin at %q", a.label(0))
	}
	row, rest := floor(at-a.start, a.n)
	if a.base == sessionBase && row > 0 && len(a.times) > 0 {
		row += int64(len(a.times)-1) - a.week.before(civil(a.times[len(a.times)-1])) + a.start
		if row < int64(len(a.times)) { // a holiday
			return 0, errors.New("is no time of the data")
		}
	}
	if row > maxRow || row < -maxRow || rest != 0 && !a.loose || s.Kind == a.kind && !a.loose && a.stamp(int(row)).Compare(s) != 0 {
		return 0, fmt.Errorf("is no whole number of steps from %q, the first time of the data", a.label(0))
	}
	return int(row), nil
}

// listed returns the row of a time among those that are kept.
func (a *axis) listed(s when.Stamp) (row int, ok bool) {
	if s.Kind != a.kind {
		return 0, false
	}
	return slices.BinarySearchFunc(a.times, s, when.Stamp.Compare)
}

// alone reads a time by itself.
func alone(label string) (when.Stamp, error) {
	layout, err := when.Detect(func(yield func(int, string) bool) { yield(0, label) })
	if err != nil {
		return when.Stamp{}, err
	}
	return layout.Parse(label)
}

// phase returns the position of row 0 in a period of the given number of rows, in [0, period): with monthly data and
// period 12 January is 0.
func (a *axis) phase(period int) int {
	position, _ := floor(a.start, a.n)
	_, phase := floor(position, int64(period))
	return int(phase)
}

const secondsPerDay = 24 * 60 * 60

// civil returns the day since 1970-01-01 of a Day or Moment, on the clock that was read.
func civil(s when.Stamp) int64 {
	if s.Kind == when.Day {
		return s.Value
	}
	day, _ := floor(s.Value+int64(s.Offset), secondsPerDay)
	return day
}

// at returns where a time lies in units of a frequency's base, rounded down; ok is false where the base counts what the time does
// not say, or where it is too far away.
func at(s when.Stamp, f frequency) (value int64, ok bool) {
	switch f.base {
	case numberBase:
		scale := powers[f.digits]
		if s.Kind != when.Number || s.Value > far/scale || s.Value < -far/scale {
			return 0, false
		}
		return s.Value*scale + int64(s.Nanos)/powers[maxDigits-f.digits], true
	case monthBase:
		switch s.Kind {
		case when.Year:
			return 12 * s.Value, true
		case when.Quarter:
			return 3 * s.Value, true
		case when.Month:
			return s.Value, true
		case when.Day, when.Moment:
			year, month, _ := when.Date(civil(s))
			return int64(year)*12 + int64(month) - 1, true
		}
	case dayBase, sessionBase:
		switch s.Kind {
		case when.Week:
			return firstMonday + 7*s.Value, f.base == dayBase
		case when.Day, when.Moment:
			if value = civil(s); f.base == dayBase {
				return value, true
			}
			return f.week.before(value), f.week.has(value)
		}
	case secondBase, nanoBase:
		if s.Kind == when.Day {
			s.Value *= secondsPerDay
		}
		switch {
		case s.Kind != when.Day && s.Kind != when.Moment:
		case f.base == secondBase:
			return s.Value, true
		case s.Value < far/powers[maxDigits] && s.Value > -far/powers[maxDigits]:
			return s.Value*powers[maxDigits] + int64(s.Nanos), true
		}
	}
	return 0, false
}
