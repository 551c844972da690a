package when

import (
	"fmt"
	"strings"
)

// directive is one element of a layout.
type directive struct {
	letter byte // of strftime; 0: text
	text   string
	bare   bool // without leading zeros
	upper  bool // names in capitals
	colon  bool // of z: +01:00
	next   bool // of Y and y: of the year after
	digits int  // of S: of the fraction
	fixed  bool // two digits and no fewer: other digits stand beside it. Not of its name
}

// letters are the directives there are; singles those that a "-" changes, but z.
const (
	letters = "YymdjbBaAqGVuHIpPMSz"
	singles = "mdHI"
)

// directives reads a name of strftime's kind.
func directives(name string) ([]directive, error) {
	var out []directive
	text := func(s string) {
		if n := len(out); n > 0 && out[n-1].letter == 0 {
			out[n-1].text += s
		} else {
			out = append(out, directive{text: s})
		}
	}
	for len(name) > 0 {
		if name[0] != '%' {
			text(name[:1])
			name = name[1:]
			continue
		}
		rest, d := name[1:], directive{}
		for len(rest) > 0 && strings.IndexByte("-+^:123456789", rest[0]) >= 0 {
			switch c := rest[0]; c {
			case '+':
				d.next = true
			case '-':
				d.bare = true
			case '^':
				d.upper = true
			case ':':
				d.colon = true
			default:
				d.digits = int(c - '0')
			}
			rest = rest[1:]
		}
		if len(rest) > 0 && rest[0] == '%' {
			text("%")
			name = rest[1:]
			continue
		}
		if len(rest) == 0 || strings.IndexByte(letters, rest[0]) < 0 {
			return nil, fmt.Errorf("%%%.1s: no such directive: there are %%%s", rest, strings.Join(strings.Split(letters, ""), " %"))
		}
		d.letter, name = rest[0], rest[1:]
		if d.bare && strings.IndexByte(singles+"z", d.letter) < 0 || d.upper && strings.IndexByte("bBaA", d.letter) < 0 ||
			d.colon && d.letter != 'z' || d.next && strings.IndexByte("Yy", d.letter) < 0 || d.digits > 0 && d.letter != 'S' || d.bare && d.colon {
			return nil, fmt.Errorf("%s: a mark that %%%c does not have", d.name(), d.letter)
		}
		out = append(out, d)
	}
	return out, nil
}

// name writes a directive as directives reads it.
func (d directive) name() string {
	if d.letter == 0 {
		return strings.ReplaceAll(d.text, "%", "%%")
	}
	s := "%"
	if d.bare {
		s += "-"
	}
	if d.next {
		s += "+"
	}
	if d.upper {
		s += "^"
	}
	if d.colon {
		s += ":"
	}
	if d.digits > 0 {
		s += string(rune('0' + d.digits))
	}
	return s + string(rune(d.letter))
}

// fields are what the directives of a cell say. Zero is what was not said, but of the hour, minute and second.
type fields struct {
	year, month, day, dayOfYear int
	quarter, week, weekday      int
	named                       int // weekday by name
	hour, minute, second, nanos int
	half                        int // of the day: 1 AM, 2 PM
	offset                      int
	zoned                       bool
	seen                        seen
}

// seen is how one cell was written, which its layout leaves open.
type seen struct {
	single [4]bool // as singles: one digit where two may stand
	short  bool    // a name of the month that is shorter than the whole
	title  bool    // a name that is not in capitals
	lower  bool    // am or pm
	digits int     // of the fraction
	comma  bool    // before it
	colon  bool    // of the offset
	bare   bool    // an offset of hours alone
	signed bool    // an offset that is not Z
	late   bool    // a year of two digits above 31
	// Of a decimal year: near enough to one of its parts not to be by chance; no quarter.
	exact, twelfth bool
}

var months = [...]string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}

var weekdays = [...]string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

// match reads a directive at the beginning of s, and returns what follows.
func (f *fields) match(d *directive, s string) (rest string, ok bool) {
	switch {
	case d.letter == 0:
		return cutFold(s, d.text)
	case d.next:
		return f.following(d, s)
	}
	switch d.letter {
	case 'Y', 'G':
		return number(s, 4, 4, 1, 9999, &f.year)
	case 'y':
		if rest, ok = number(s, 2, 2, 0, 99, &f.year); ok {
			f.seen.late = f.year > 31
			if f.year += 1900; f.year < 1969 {
				f.year += 100
			}
		}
		return rest, ok
	case 'm':
		return f.padded(d, s, 1, 12, &f.month)
	case 'd':
		return f.padded(d, s, 1, 31, &f.day)
	case 'j':
		return number(s, 3, 3, 1, 366, &f.dayOfYear)
	case 'q':
		return number(s, 1, 1, 1, 4, &f.quarter)
	case 'V':
		return number(s, 2, 2, 1, 53, &f.week)
	case 'u':
		return number(s, 1, 1, 1, 7, &f.weekday)
	case 'b', 'B':
		return f.name(s, months[:], &f.month)
	case 'a', 'A':
		return f.name(s, weekdays[:], &f.named)
	case 'H':
		return f.padded(d, s, 0, 23, &f.hour)
	case 'I':
		return f.padded(d, s, 1, 12, &f.hour)
	case 'p', 'P':
		return f.halfDay(s)
	case 'M':
		return number(s, 2, 2, 0, 59, &f.minute)
	case 'S':
		if rest, ok = number(s, 2, 2, 0, 59, &f.second); ok && d.digits > 0 {
			rest, ok = f.fraction(rest)
		}
		return rest, ok
	}
	return f.zone(s)
}

// following reads the year after the one that was read, in four digits or its last two.
func (f *fields) following(d *directive, s string) (string, bool) {
	year, want, digits := 0, f.year+1, 4
	if d.letter == 'y' {
		want, digits = want%100, 2
	}
	rest, ok := number(s, digits, digits, 0, 9999, &year)
	return rest, ok && year == want
}

// number reads a number of a few digits in [low, high].
func number(s string, fewest, most, low, high int, to *int) (rest string, ok bool) {
	n := 0
	v := 0
	for n < most && n < len(s) && '0' <= s[n] && s[n] <= '9' {
		v = v*10 + int(s[n]-'0')
		n++
	}
	*to = v
	return s[n:], n >= fewest && low <= v && v <= high
}

// padded reads a number of one or two digits.
func (f *fields) padded(d *directive, s string, low, high int, to *int) (string, bool) {
	rest, ok := number(s, 1, 2, low, high, to)
	if ok && len(s)-len(rest) == 1 {
		f.seen.single[strings.IndexByte(singles, d.letter)] = true
		ok = !d.fixed
	}
	return rest, ok
}

// name reads a name or its first three letters, in any case.
func (f *fields) name(s string, names []string, to *int) (string, bool) {
	n := 0
	for n < len(s) && isLetter(s[n]) {
		n++
	}
	for i, name := range names {
		if n != 3 && n != len(name) || !strings.EqualFold(s[:n], name[:n]) {
			continue
		}
		*to = i + 1
		if n < len(name) {
			f.seen.short = true
		}
		if s[1] >= 'a' {
			f.seen.title = true
		}
		return s[n:], true
	}
	return s, false
}

// halfDay reads AM or PM.
func (f *fields) halfDay(s string) (string, bool) {
	for i, name := range [...]string{"am", "pm"} {
		if rest, ok := cutFold(s, name); ok {
			f.half = i + 1
			if s[0] >= 'a' {
				f.seen.lower = true
			}
			return rest, true
		}
	}
	return s, false
}

// fraction reads a point or comma and up to nine digits, or nothing.
func (f *fields) fraction(s string) (string, bool) {
	if s == "" || s[0] != '.' && s[0] != ',' {
		return s, true
	}
	f.seen.comma = s[0] == ','
	n := 0
	v := 0
	for s = s[1:]; n < len(s) && '0' <= s[n] && s[n] <= '9'; n++ {
		if n < 9 {
			v = v*10 + int(s[n]-'0')
		}
	}
	for i := n; i < 9; i++ {
		v *= 10
	}
	f.nanos, f.seen.digits = v, n
	return s[n:], 1 <= n && n <= 9
}

// maxOffset bounds an offset, in hours.
const maxOffset = 18

// zone reads Z, ±hh, ±hhmm or ±hh:mm.
func (f *fields) zone(s string) (string, bool) {
	f.zoned = true
	if rest, ok := cutFold(s, "z"); ok {
		return rest, true
	}
	f.seen.signed = true
	sign := 1
	switch {
	case s == "":
		return s, false
	case s[0] == '-':
		sign, s = -1, s[1:]
	case strings.HasPrefix(s, "\u2212"):
		sign, s = -1, s[len("\u2212"):]
	case s[0] == '+':
		s = s[1:]
	default:
		return s, false
	}
	var hours, minutes int
	rest, ok := number(s, 2, 2, 0, maxOffset, &hours)
	if !ok {
		return s, false
	}
	switch {
	case rest != "" && rest[0] == ':':
		f.seen.colon = true
		rest, ok = number(rest[1:], 2, 2, 0, 59, &minutes)
	case rest != "" && '0' <= rest[0] && rest[0] <= '9':
		rest, ok = number(rest, 2, 2, 0, 59, &minutes)
	default:
		f.seen.bare = true
	}
	f.offset = sign * (hours*60 + minutes) * 60
	return rest, ok
}

// cutFold cuts a prefix, ASCII letters in any case.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) {
		return s, false
	}
	for i := range len(prefix) {
		a, b := s[i], prefix[i]
		if a != b && (a^b != 0x20 || !isLetter(a)) {
			return s, false
		}
	}
	return s[len(prefix):], true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
