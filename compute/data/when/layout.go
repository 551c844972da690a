package when

import (
	"errors"
	"fmt"
	"strings"
)

// ErrForm is what errors about a text that is no time of a layout wrap.
var ErrForm = errors.New("not a time")

// Option is the name of the setting that takes a layout's name.
const Option = "time_format"

// Layout is one form in which times are written. The zero value is none. It is immutable and safe for concurrent use.
type Layout struct {
	name       string
	kind       Kind
	directives []directive // nil: a count
	zulu       bool        // ends in a letter or word for UTC
	count      count
}

// Name returns the name by which ByName finds the layout; that of none is empty.
func (l *Layout) Name() string { return l.name }

// Kind returns the kind of the layout's stamps; that of none is 0.
func (l *Layout) Kind() Kind { return l.kind }

// ByName returns the layout of a name: see the package's comment. The error is a sentence.
func ByName(name string) (Layout, error) {
	if !strings.Contains(name, "%") {
		c, kind, err := parseCount(name)
		return Layout{name: name, kind: kind, count: c}, err
	}
	if len(name) > maxCell {
		return Layout{}, fmt.Errorf("%.40q: longer than %d bytes", name, maxCell)
	}
	list, err := directives(name)
	if err != nil {
		return Layout{}, fmt.Errorf("%.40q: %w", name, err)
	}
	l, err := compile(list)
	if err != nil {
		return Layout{}, fmt.Errorf("%.40q: %w", name, err)
	}
	return l, nil
}

// compile makes a layout of directives, which it keeps.
func compile(list []directive) (Layout, error) {
	l := Layout{directives: list}
	var has [256]bool
	followed := false
	for i := range list {
		d := &list[i]
		switch at := d.letter; {
		case d.next && (followed || !has['Y'] && !has['y']):
			return l, fmt.Errorf("%s: once, and after %%Y or %%y", d.name())
		case d.next:
			followed = true
		case at != 0 && has[at]:
			return l, fmt.Errorf("%%%c: twice", at)
		default:
			has[at] = true
		}
		d.fixed = i > 0 && list[i-1].digital() || i+1 < len(list) && list[i+1].digital()
		l.name += d.name()
	}
	if last := list[len(list)-1]; last.letter == 0 {
		for _, word := range [...]string{"Z", "UTC", "GMT"} {
			l.zulu = l.zulu || strings.HasSuffix(last.text, word)
		}
	}
	var err error
	if l.kind, err = kindOf(&has); err == nil && followed && l.kind != Year {
		err = errors.New("a year and the one after it have no part of a year beside them")
	}
	if l.kind < Day {
		l.zulu = false
	}
	return l, err
}

// digital reports whether a directive is written in digits.
func (d *directive) digital() bool {
	return d.letter != 0 && strings.IndexByte("bBaApPz", d.letter) < 0
}

// kindOf returns the kind that directives amount to, or why they amount to none.
func kindOf(has *[256]bool) (Kind, error) {
	any := func(letters string) (n int) {
		for _, c := range []byte(letters) {
			if has[c] {
				n++
			}
		}
		return n
	}
	clock := any("HIMSpP") > 0
	kind := Year
	switch {
	case any("YyG") != 1:
		return 0, errors.New("must have one year: %Y, %y or %G")
	case any("mbBjq") > 1 || any("dj") > 1 || any("VG") == 1 || has['V'] && any("mbBdjq") > 0 || has['u'] && !has['V'] || any("aA") > 1:
		return 0, errors.New("directives that do not go together")
	case has['V'] && has['u'], has['j'], has['d'] && any("mbB") == 1:
		kind = Day
	case has['V']:
		kind = Week
	case has['d']:
		return 0, errors.New("a day without a month")
	case any("mbB") == 1:
		kind = Month
	case has['q']:
		kind = Quarter
	}
	if clock {
		if any("HI") != 1 || has['S'] && !has['M'] || has['I'] != (any("pP") == 1) {
			return 0, errors.New("a time of day is %H or %I with %p, then %M, then %S")
		}
	}
	if (clock || has['z'] || any("aA") > 0) && kind != Day {
		return 0, errors.New("a time of day, an offset or a day of the week without a date")
	}
	if clock {
		kind = Moment
	}
	return kind, nil
}

// maxCell bounds the length of a time.
const maxCell = 64

// Parse reads a time, with or without spaces around it. The error, which wraps ErrForm, is a sentence without the text.
func (l *Layout) Parse(s string) (Stamp, error) {
	s = strings.Trim(s, " \t")
	if stamp, ok := l.read(s, nil); ok {
		return stamp, nil
	}
	if reason := refusal(s); reason != "" {
		return Stamp{}, fmt.Errorf("%w: %s", ErrForm, reason)
	}
	return Stamp{}, fmt.Errorf("%w of the form %s", ErrForm, l.name)
}

// read reads a time; how may be nil, else it gets how the text was written where it is a time.
func (l *Layout) read(s string, how *seen) (Stamp, bool) {
	if l.directives == nil {
		if l.kind == 0 {
			return Stamp{}, false
		}
		return l.count.read(s, l.kind, how)
	}
	if len(s) > maxCell {
		return Stamp{}, false
	}
	var f fields
	for i := range l.directives {
		var ok bool
		if s, ok = f.match(&l.directives[i], s); !ok {
			return Stamp{}, false
		}
	}
	if s != "" {
		return Stamp{}, false
	}
	stamp, ok := f.stamp(l.kind)
	if l.zulu {
		stamp.Zoned = true
	}
	if how != nil && ok {
		*how = f.seen
	}
	return stamp, ok
}

// stamp makes a stamp of fields, false where the calendar has none.
func (f *fields) stamp(k Kind) (Stamp, bool) {
	year := int64(f.year)
	switch k {
	case Year:
		return Stamp{Kind: k, Value: year}, true
	case Quarter:
		return Stamp{Kind: k, Value: year*4 + int64(f.quarter) - 1}, true
	case Month:
		return Stamp{Kind: k, Value: year*12 + int64(f.month) - 1}, true
	case Week:
		monday, ok := weekDay(f.year, f.week)
		return Stamp{Kind: k, Value: floorDiv(monday-firstMonday, 7)}, ok
	}
	day, ok := f.date()
	if ok && f.named > 0 {
		ok = Weekday(day) == f.named
	}
	s := Stamp{Kind: k, Value: day, Offset: int32(f.offset), Zoned: f.zoned}
	switch {
	case k == Moment:
		hour := f.hour
		if f.half > 0 {
			hour = hour%12 + (f.half-1)*12
		}
		s.Value = day*secondsPerDay + int64(hour*3600+f.minute*60+f.second-f.offset)
		s.Nanos = int32(f.nanos)
	case f.day > 0:
		s.DayOfMonth, s.End = int8(f.day), f.day == DaysIn(f.year, f.month)
	default:
		year, month, of := Date(day)
		s.DayOfMonth, s.End = int8(of), of == DaysIn(year, month)
	}
	return s, ok
}

// date returns the day since 1970-01-01 that fields name.
func (f *fields) date() (int64, bool) {
	switch {
	case f.week > 0:
		monday, ok := weekDay(f.year, f.week)
		return monday + int64(f.weekday) - 1, ok
	case f.dayOfYear > 0:
		first := Days(f.year, 1, 1)
		return first + int64(f.dayOfYear) - 1, f.dayOfYear <= int(Days(f.year+1, 1, 1)-first)
	}
	return Days(f.year, f.month, f.day), f.day <= DaysIn(f.year, f.month)
}
