package number

import (
	"errors"
	"fmt"
	"strings"
)

// ErrAmbiguous is what the error of Detector.Format wraps where no cell decides between two readings, ErrContradiction where two cells
// decide differently.
var (
	ErrAmbiguous     = errors.New("ambiguous number")
	ErrContradiction = errors.New("numbers of two formats")
)

// CellError is an error about a cell. Its text has no line: that is the caller's to say.
type CellError struct {
	Line   int // as the caller counts
	Text   string
	Reason string // a sentence that names Option
	Option string // the setting that decides
	Err    error  // ErrAmbiguous or ErrContradiction
}

func (e *CellError) Error() string { return fmt.Sprintf("%q: %s", e.Text, e.Reason) }

// Unwrap returns ErrAmbiguous or ErrContradiction.
func (e *CellError) Unwrap() error { return e.Err }

// Detector finds the format of the numbers of a file from cells, in any order; texts that are no numbers show nothing. It stays small.
//
// A mark before which, or after which, no group can stand is a decimal mark: 1,5 and 1234,567 and 0,125. One that stands twice, with
// three digits between and after, separates groups: 1.234.567. Of two kinds the last is the decimal mark: 1.234,5. A
// point alone, as in 1.234, is a decimal point unless some cell shows a decimal comma; a comma alone, as in 1,234, is what other
// cells show: if they show nothing, it is ambiguous.
type Detector struct {
	decimal   byte // 0: to be found
	thousands byte
	grouped   bool // thousands is given
	cells     [sights]cell
}

// cell is where something was seen first.
type cell struct {
	line int
	text string // empty: nowhere
}

// What cells show: of the marks of points a decimal mark, or one before three digits; of those of groups one between groups.
const (
	decimals = 0 // 1.5, 1,5
	lone     = 2 // 1.234, 1,234
	grouping = 4 // 1.234.567, 1,234,567, 1 234, 1'234, 1_234
	sights   = grouping + len(groups)

	points = ".,"
	groups = ".,' _"
)

// NewDetector returns a detector that has seen nothing, for two settings as NewFormat takes them; empty ones are to be found.
func NewDetector(decimal, thousands string) (*Detector, error) {
	f, err := NewFormat(decimal, thousands)
	if err != nil && decimal == "" && thousands != "" { // the decimal mark may be the other one
		f, err = NewFormat(",", thousands)
	}
	d := &Detector{thousands: f.Thousands, grouped: thousands != ""}
	switch {
	case err != nil:
		return nil, err
	case decimal != "":
		d.decimal = f.point()
	case d.grouped && f.Thousands == '.':
		d.decimal = ','
	case d.grouped && f.Thousands == ',':
		d.decimal = '.'
	}
	return d, nil
}

// Add looks at a cell. It keeps a copy of few.
func (d *Detector) Add(line int, text string) {
	text = trim(text)
	if text == "" || len(text) > maxLength {
		return
	}
	sh, ok := shapeOf(text)
	if !ok || sh.last < 0 {
		return
	}
	see := func(sight int) {
		if c := &d.cells[sight]; c.text == "" {
			*c = cell{line, strings.Clone(text)}
		}
	}
	whole := sh.headed() && sh.tail == 3
	point, group := strings.IndexByte(points, sh.lastMark), strings.IndexByte(groups, sh.lastMark)
	switch {
	case sh.groups == 0 && point < 0 || sh.groups > 0 && sh.lastMark == sh.group:
		if whole {
			see(grouping + group)
		}
	case sh.groups > 0:
		if sh.headed() && point >= 0 {
			see(decimals + point)
			see(grouping + strings.IndexByte(groups, sh.group))
		}
	case whole:
		see(lone + point)
	default:
		see(decimals + point)
	}
}

// seen reports whether some cell shows something.
func (d *Detector) seen(sight int) bool { return d.cells[sight].text != "" }

// Format returns the format that the cells show, that of plain numbers where they show nothing. Errors are *CellError.
func (d *Detector) Format() (Format, error) {
	group, err := d.group()
	if err != nil {
		return Format{}, err
	}
	point, err := d.point(group)
	if err != nil {
		return Format{}, err
	}
	if group == point {
		return Format{}, d.contradict(grouping+group, decimals+point, OptionThousands)
	}
	if other := 1 - point; d.seen(lone+other) && !d.grouped && group != other {
		if group >= 0 {
			return Format{}, d.contradict(lone+other, grouping+group, OptionThousands)
		}
		group = other
	}
	f := Format{Decimal: points[point]}
	if group >= 0 {
		f.Thousands = groups[group]
	}
	return f, nil
}

// group returns which of groups separates groups, -1: none.
func (d *Detector) group() (int, error) {
	if d.grouped {
		return strings.IndexByte(groups, d.thousands), nil // of 0: -1
	}
	found := -1
	for i := range groups {
		switch {
		case !d.seen(grouping+i) || groups[i] == d.decimal:
		case found >= 0:
			return 0, d.contradict(grouping+i, grouping+found, OptionThousands)
		default:
			found = i
		}
	}
	return found, nil
}

// point returns which of points is the decimal mark, given what separates groups.
func (d *Detector) point(group int) (int, error) {
	switch {
	case d.decimal != 0:
		return strings.IndexByte(points, d.decimal), nil
	case d.seen(decimals) && d.seen(decimals+1):
		return 0, d.contradict(decimals+1, decimals, OptionDecimal)
	case d.seen(decimals + 1), !d.seen(decimals) && group == 0:
		return 1, nil
	case d.seen(decimals), group == 1, !d.seen(lone + 1):
		return 0, nil
	case d.seen(lone):
		return 0, d.ambiguous()
	case group >= 0 || d.grouped: // groups have another mark, or none
		return 1, nil
	}
	return 0, d.ambiguous()
}

// ambiguous is the error of a comma that may be either.
func (d *Detector) ambiguous() error {
	c := d.cells[lone+1]
	return &CellError{c.line, c.text, fmt.Sprintf("may be %s or %s, and no cell decides: set %s to \",\" or \".\"",
		strings.ReplaceAll(c.text, ",", ""), strings.ReplaceAll(c.text, ",", "."), OptionDecimal), OptionDecimal, ErrAmbiguous}
}

// contradict is the error of two sights that do not go together: of the first, naming the second.
func (d *Detector) contradict(first, second int, option string) error {
	a, b := d.cells[first], d.cells[second]
	if b.text == "" || b.line > a.line && a.text != "" {
		a, b = b, a
	}
	reason := fmt.Sprintf("its marks are not those of %q in line %d", b.text, b.line)
	if a.text == "" {
		a, reason = b, "its marks are not those that are set"
	}
	return &CellError{a.line, a.text, reason + ": set " + option, option, ErrContradiction}
}
