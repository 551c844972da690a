package number

import (
	"fmt"
	"strings"
)

// Plain returns the number that a text is in plain form: ASCII, a decimal point, no groups, no spaces. It is s or a part of it where
// that is so. Its magnitude is not checked. The error is Parse's.
func (f Format) Plain(s string) (string, error) {
	s = trim(s)
	if s == "" {
		return "", ErrMissing
	}
	sh, ok := shapeOf(s)
	if !ok || len(s) > maxLength {
		return "", refusal(s)
	}
	if err := f.agree(&sh); err != nil {
		return "", err
	}
	if sh.plain && !sh.grouped(f) {
		return s, nil
	}
	b := make([]byte, 0, len(s))
	if sh.negative {
		b = append(b, '-')
	}
	for i, c := range []byte(s[sh.start:sh.end]) {
		switch {
		case '0' <= c && c <= '9':
			b = append(b, c)
		case sh.start+i == sh.last && !sh.grouped(f):
			b = append(b, '.')
		}
	}
	return string(append(b, s[sh.end:]...)), nil
}

// shape is a text that is a number in some format: digits with marks, all of one kind but perhaps the last.
type shape struct {
	negative   bool
	plain      bool // ASCII, a point or no mark: as strconv reads it
	start, end int  // of digits and marks, between sign and exponent
	// last is the place of the last mark, -1: there is none; lastMark is that mark.
	last     int
	lastMark byte
	// group is the mark that stands first, of several; groups how often it stands, 0: there are fewer than two marks.
	group  byte
	groups int
	lead   int  // digits before the first mark
	zero   bool // the first digit is 0
	threes bool // three digits between any two marks
	tail   int  // digits after the last mark
}

// headed reports whether what stands before the first mark may be the first group of several.
func (sh *shape) headed() bool { return 1 <= sh.lead && sh.lead <= 3 && !sh.zero && sh.threes }

// shapeOf reads a text, false where it is a number in no format.
func shapeOf(s string) (sh shape, ok bool) {
	sh = shape{last: -1, threes: true, plain: true}
	i := 0
	switch {
	case s[0] == '+' || s[0] == '-':
		sh.negative, i = s[0] == '-', 1
	case strings.HasPrefix(s, minus):
		sh.negative, sh.plain, i = true, false, len(minus)
	}
	sh.start = i
	run, digits := 0, 0 // since the last mark, and all
	for i < len(s) {
		if c := s[i]; '0' <= c && c <= '9' {
			if digits == 0 && sh.last < 0 {
				sh.zero = c == '0'
			}
			run, digits, i = run+1, digits+1, i+1
			continue
		}
		mark, width := markAt(s[i:])
		if width == 0 {
			break
		}
		if !sh.mark(mark, i, run) {
			return sh, false
		}
		run, i = 0, i+width
	}
	sh.end, sh.tail = i, run
	if sh.last < 0 {
		sh.lead = run
	}
	return sh, digits > 0 && exponent(s[i:])
}

// minus is U+2212.
const minus = "\u2212"

// mark takes in a mark at a place, after a run of digits. It is false where no number has it: after a second kind of mark.
func (sh *shape) mark(mark byte, at, run int) bool {
	sh.plain = sh.plain && mark == '.' && sh.last < 0
	switch {
	case sh.last < 0:
		sh.lead = run
	case sh.lastMark != sh.group && sh.groups > 0: // a decimal mark came before
		return false
	default:
		if sh.groups == 0 {
			sh.group, sh.groups = sh.lastMark, 1
		}
		sh.threes = sh.threes && run == 3
		if mark == sh.group {
			sh.groups++
		}
	}
	sh.last, sh.lastMark = at, mark
	return true
}

// markAt returns the mark at the beginning of s and its length, 0: none.
func markAt(s string) (mark byte, width int) {
	switch s[0] {
	case ',', '.', ' ', '\'', '_':
		return s[0], 1
	}
	for _, m := range [...]struct {
		text string
		mark byte
	}{{"\u00a0", ' '}, {"\u202f", ' '}, {"\u2009", ' '}, {"\u2019", '\''}} {
		if strings.HasPrefix(s, m.text) {
			return m.mark, len(m.text)
		}
	}
	return 0, 0
}

// exponent reports whether a text is empty or an exponent.
func exponent(s string) bool {
	if s == "" {
		return true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	if s = s[1:]; s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// grouped reports whether the last mark, too, is one between groups.
func (sh *shape) grouped(f Format) bool { return f.Thousands != 0 && sh.lastMark == f.Thousands }

// agree says why a number is none of a format.
func (f Format) agree(sh *shape) error {
	if sh.last < 0 {
		return nil
	}
	var groups byte // the mark between groups that the text has
	switch {
	case sh.groups > 0:
		groups = sh.group
	case sh.grouped(f):
		groups = sh.lastMark
	}
	switch {
	case groups == f.point():
		return fmt.Errorf("%w: the decimal mark %q is not the last one: set %s or %s", ErrNumber, groups, OptionDecimal, OptionThousands)
	case groups != 0 && groups != f.Thousands:
		return fmt.Errorf("%w: %q between digits: set %s", ErrNumber, groups, OptionThousands)
	case sh.lastMark != f.point() && sh.lastMark != f.Thousands:
		option := OptionDecimal
		if strings.IndexByte(".,", sh.lastMark) < 0 {
			option = OptionThousands
		}
		return fmt.Errorf("%w: %q between digits: set %s", ErrNumber, sh.lastMark, option)
	case groups != 0 && (!sh.headed() || sh.grouped(f) && sh.tail != 3):
		return fmt.Errorf("%w: %q must stand between groups of three digits", ErrNumber, groups)
	}
	return nil
}

// trim cuts spaces of any kind from both ends.
func trim(s string) string {
	if s == "" || s[0] > ' ' && s[0] < 0x80 && s[len(s)-1] > ' ' && s[len(s)-1] < 0x80 {
		return s
	}
	return strings.Trim(s, " \t\u00a0\u2009\u202f")
}

// refusal says why a text is a number in no format.
func refusal(s string) error {
	last := s[len(s)-1]
	switch {
	case len(s) > maxLength:
		return fmt.Errorf("%w: longer than %d bytes", ErrNumber, maxLength)
	case last == '%':
		return fmt.Errorf("%w: percent signs are not read: write the number alone", ErrNumber)
	case strings.ContainsAny(s, "$€£¥₹₽") && strings.ContainsAny(s, "0123456789"):
		return fmt.Errorf("%w: currencies are not read: write the number alone", ErrNumber)
	case s[0] == '(' && last == ')':
		return fmt.Errorf("%w: parentheses are not read: write a minus sign", ErrNumber)
	}
	return ErrNumber
}
