package when

import (
	"fmt"
	"strconv"
	"strings"
)

// Format writes a stamp of the layout's kind as Parse reads it. Of a year beyond 1 to 9999, or of another kind, it writes
// something that Parse does not read.
func (l *Layout) Format(s Stamp) string {
	if l.directives == nil {
		return l.count.format(s, l.kind)
	}
	var b strings.Builder
	w := newWritten(s)
	for i := range l.directives {
		l.directives[i].write(&b, &w)
	}
	return b.String()
}

// written is a stamp as the directives of its calendar need it.
type written struct {
	stamp            Stamp
	year, month, day int
	days             int64
	clock            int
}

func newWritten(s Stamp) written {
	w := written{stamp: s, clock: s.Clock()}
	w.year, w.month, w.day = s.Date()
	w.days = Days(w.year, w.month, w.day)
	return w
}

// write writes one directive.
func (d *directive) write(b *strings.Builder, w *written) {
	pad := func(v, width int) {
		if d.bare {
			width = 1
		}
		fmt.Fprintf(b, "%0*d", width, v)
	}
	name := func(s string, short bool) {
		if short {
			s = s[:3]
		}
		if d.upper {
			s = strings.ToUpper(s)
		}
		b.WriteString(strings.ToUpper(s[:1]) + s[1:])
	}
	switch d.letter {
	case 0:
		b.WriteString(d.text)
	case 'Y':
		pad(d.year(w), 4)
	case 'y':
		pad(int(floorMod(int64(d.year(w)), 100)), 2)
	case 'm':
		pad(w.month, 2)
	case 'd':
		pad(w.day, 2)
	case 'j':
		pad(int(w.days-Days(w.year, 1, 1))+1, 3)
	case 'b', 'B':
		name(months[max(w.month, 1)-1], d.letter == 'b')
	case 'a', 'A':
		name(weekdays[Weekday(w.days)-1], d.letter == 'a')
	case 'q':
		pad((w.month+2)/3, 1)
	case 'G':
		year, _ := ISOWeek(w.days)
		pad(year, 4)
	case 'V':
		_, week := ISOWeek(w.days)
		pad(week, 2)
	case 'u':
		pad(Weekday(w.days), 1)
	default:
		d.writeClock(b, w, pad)
	}
}

// year is the year that a directive writes.
func (d *directive) year(w *written) int {
	if d.next {
		return w.year + 1
	}
	return w.year
}

// writeClock writes a directive of the time of day.
func (d *directive) writeClock(b *strings.Builder, w *written, pad func(v, width int)) {
	hour := w.clock / 3600
	switch d.letter {
	case 'H':
		pad(hour, 2)
	case 'I':
		pad((hour+11)%12+1, 2)
	case 'M':
		pad(w.clock/60%60, 2)
	case 'S':
		pad(w.clock%60, 2)
		if d.digits > 0 {
			b.WriteString("." + fmt.Sprintf("%09d", w.stamp.Nanos)[:d.digits])
		}
	case 'p':
		b.WriteString([...]string{"AM", "PM"}[hour/12])
	case 'P':
		b.WriteString([...]string{"am", "pm"}[hour/12])
	case 'z':
		b.WriteString(d.offset(int(w.stamp.Offset) / 60))
	}
}

// offset writes an offset of minutes from UTC.
func (d *directive) offset(minutes int) string {
	sign := "+"
	if minutes < 0 {
		sign, minutes = "-", -minutes
	}
	switch {
	case d.bare && minutes%60 == 0:
		return fmt.Sprintf("%s%02d", sign, minutes/60)
	case d.colon || d.bare:
		return fmt.Sprintf("%s%02d:%02d", sign, minutes/60, minutes%60)
	}
	return fmt.Sprintf("%s%02d%02d", sign, minutes/60, minutes%60)
}

// format writes a count.
func (c *count) format(s Stamp, k Kind) string {
	value, nanos := s.Value, int64(s.Nanos)
	switch {
	case c.epoch != 0:
		value, nanos = c.serial(s, k)
	case c.parts > 0:
		value, nanos = floorDiv(s.Value, int64(c.parts)), (floorMod(s.Value, int64(c.parts))*billion+int64(c.parts)/2)/int64(c.parts)
		nanos = c.rounded(nanos)
	case k == Moment:
		value, nanos = value*c.perSecond, nanos*c.perSecond
		value, nanos = value+nanos/billion, nanos%billion
	}
	sign := ""
	if value < 0 {
		if sign, value = "-", -value; nanos > 0 {
			value, nanos = value-1, billion-nanos
		}
	}
	text := fmt.Sprintf("%09d", nanos)
	switch {
	case c.parts > 0 && c.bare:
		text = strings.TrimRight(text[:c.decimals], "0")
	case c.decimals > 0:
		text = text[:c.decimals]
	default:
		text = strings.TrimRight(text, "0")
	}
	if text != "" {
		text = "." + text
	}
	return sign + strconv.FormatInt(value, 10) + text
}

// rounded rounds billionths to the decimals that are written.
func (c *count) rounded(nanos int64) int64 {
	unit := int64(1)
	for range 9 - c.decimals {
		unit *= 10
	}
	return (nanos + unit/2) / unit * unit
}
