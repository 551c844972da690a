package when

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// ErrAmbiguous is what the error of Detect wraps where several forms are those of every cell, and mean different times.
var ErrAmbiguous = errors.New("ambiguous time")

// CellError is an error about a cell. Its text has no line: that is the caller's to say.
type CellError struct {
	Line   int // as the caller counts
	Text   string
	Reason string // a sentence that names Option where it helps
	Err    error  // ErrForm or ErrAmbiguous
}

func (e *CellError) Error() string { return fmt.Sprintf("%q: %s", clip(e.Text), e.Reason) }

// Unwrap returns ErrForm or ErrAmbiguous.
func (e *CellError) Unwrap() error { return e.Err }

// Detect returns the one layout of all cells of a column, of which none is missing; the integers are whatever the caller counts
// lines by. It looks at every cell, so the layout reads them all. The rules, beside what the forms themselves say:
//
//   - 03/04/2020 and 03-04-20 are ambiguous until one cell has a number above 12 (or above 31, of a year); between points the day
//     comes first;
//   - 2011-12 and what is like it may be years and the ones after them: if all cells are, not always the same, and all are months, that is ambiguous;
//   - Jan-20 is ambiguous until one cell has a number above 31, which no day is;
//   - digits alone are dates (19580329, 195803, 1958, and 201001010000 with a time) where all of them have the length and a year
//     between 1500 and 2199; else seconds since 1970 where all magnitudes lie in [1e8, 1e11), ms in [1e11, 1e14), µs in
//     [1e14, 1e17), ns from 1e17 on; else numbers that count;
//   - decimal numbers are years by months where all lie between 1500 and 2199, within an eightieth of a month, written with three
//     decimals or none, and one of them at no quarter: 1949.083; other decimal numbers are numbers;
//   - a time of day that is midnight in every cell is no time of day.
//
// Errors are *CellError: ErrAmbiguous, or ErrForm for the first cell that is not written as those before it.
func Detect(cells iter.Seq2[int, string]) (Layout, error) {
	var live []*candidate
	var first CellError
	begun := false
	for line, cell := range cells {
		cell = strings.Trim(cell, " \t")
		if !begun {
			begun = true
			first = CellError{Line: line, Text: strings.Clone(cell), Err: ErrAmbiguous}
			live = candidates(first.Text)
		}
		left := 0
		for _, c := range live {
			if c.add(cell); !c.gone {
				left++
			}
		}
		if left == 0 {
			return Layout{}, &CellError{line, strings.Clone(cell), odd(live, cell), ErrForm}
		}
		if left < len(live) {
			live = slices.DeleteFunc(live, func(c *candidate) bool { return c.gone })
		}
	}
	if !begun {
		return Layout{}, &CellError{Reason: "no cell has a time", Err: ErrForm}
	}
	c, reason := choose(live)
	if reason != "" {
		first.Reason = reason
		return Layout{}, &first
	}
	return c.finish(), nil
}

// candidate is a layout that every cell so far has.
type candidate struct {
	form   form
	layout Layout
	cells  int
	seen   seen // joined
	// uniform says that all times of day, or numbers, have been written alike, midnight that all were midnight.
	uniform, midnight bool
	first             int64 // value of the first
	varied            bool  // another has another
	gone              bool  // a cell has another form
}

// add takes in a cell.
func (c *candidate) add(cell string) {
	var how seen
	s, ok := c.layout.read(cell, &how)
	if !ok || (c.form.digits || c.form.twelfths) && !plausible(s) || c.form.twelfths && !how.exact || c.layout.count.perSecond > 0 && !near(s) {
		c.gone = true
		return
	}
	if c.cells == 0 {
		c.first = s.Value
	}
	c.varied = c.varied || s.Value != c.first
	if c.cells > 0 && how.clock() != c.seen.clock() {
		c.uniform = false
	}
	c.midnight = c.midnight && s.Clock() == 0 && s.Nanos == 0
	c.cells++
	c.seen.join(&how)
}

// clock is what was seen of a time of day or a number.
func (s *seen) clock() seen {
	return seen{single: [4]bool{2: s.single[2], 3: s.single[3]}, digits: s.digits, lower: s.lower}
}

// join adds what another cell showed.
func (s *seen) join(o *seen) {
	for i := range s.single {
		s.single[i] = s.single[i] || o.single[i]
	}
	s.short, s.title, s.lower = s.short || o.short, s.title || o.title, s.lower || o.lower
	s.colon, s.bare, s.signed, s.late = s.colon || o.colon, s.bare || o.bare, s.signed || o.signed, s.late || o.late
	s.digits = max(s.digits, o.digits)
	s.twelfth, s.comma = s.twelfth || o.twelfth, s.comma || o.comma
}

// plausible reports whether a date in digits alone may be one.
func plausible(s Stamp) bool {
	year, _, _ := s.Date()
	return minYear <= year && year <= maxYear
}

// near reports whether a moment has the magnitude by which its unit is known: 1973 to 5138.
func near(s Stamp) bool {
	at := max(s.Value, -s.Value)
	return 1e8 <= at && at < 1e11
}

// choose returns the candidate of the lowest rank, or why nobody knows which.
func choose(live []*candidate) (*candidate, string) {
	live = slices.DeleteFunc(slices.Clone(live), func(c *candidate) bool { return c.form.twelfths && !c.seen.twelfth })
	if some := slices.DeleteFunc(slices.Clone(live), func(c *candidate) bool { return c.form.fiscal && !c.varied }); len(some) > 0 {
		live = some
	}
	best := live[0]
	for _, c := range live {
		if c.form.rank < best.form.rank {
			best = c
		}
	}
	var names []string
	for _, c := range live {
		if c.form.rank == best.form.rank {
			if l := c.finish(); !slices.Contains(names, l.name) {
				names = append(names, l.name)
			}
		}
	}
	switch {
	case len(names) > 1:
		return nil, fmt.Sprintf("may be %s, and no cell decides: set %s to one of them", strings.Join(names, " or "), Option)
	case best.form.doubt && !best.seen.late:
		return nil, fmt.Sprintf("may be a month of a year or a day of a month, and no cell decides: set %s to %q if it is the year", Option, names[0])
	}
	return best, ""
}

// finish returns the layout as the cells write it.
func (c *candidate) finish() Layout {
	l := c.layout
	if l.directives == nil {
		return c.finishCount()
	}
	list := make([]directive, 0, len(l.directives))
	for _, d := range l.directives {
		d = c.written(d)
		if c.midnight && c.uniform && !c.seen.comma && d.letter != 0 && strings.IndexByte("HIMSpP", d.letter) >= 0 {
			var b strings.Builder
			d.write(&b, &written{})
			d = directive{text: b.String()}
		}
		if n := len(list); d.letter == 0 && n > 0 && list[n-1].letter == 0 {
			list[n-1].text += d.text
			continue
		}
		list = append(list, d)
	}
	out, err := compile(list)
	if err != nil {
		panic("when: " + err.Error()) // it was compiled before
	}
	return out
}

// written returns a directive with the marks of what was seen.
func (c *candidate) written(d directive) directive {
	switch d.letter {
	case 'm', 'd', 'H', 'I':
		d.bare = c.seen.single[strings.IndexByte(singles, d.letter)]
	case 'b', 'a':
		d.upper = !c.seen.title
		if !c.seen.short {
			d.letter -= 'a' - 'A'
		}
	case 'p':
		if c.seen.lower {
			d.letter = 'P'
		}
	case 'S':
		d.digits = c.seen.digits
	case 'z':
		if !c.seen.signed {
			return directive{text: "Z"}
		}
		d.colon, d.bare = c.seen.colon, c.seen.bare && !c.seen.colon
	}
	return d
}

// finishCount returns a count with the decimals that all cells have.
func (c *candidate) finishCount() Layout {
	l := c.layout
	switch {
	case l.count.parts > 0:
		mark := ""
		if l.count.bare = !c.uniform; l.count.bare {
			mark = "-"
		}
		l.count.decimals = min(c.seen.digits, 9)
		l.name = fmt.Sprintf("%s.%s%d", l.name, mark, l.count.decimals)
	case c.seen.digits > 0 && c.uniform:
		l.count.decimals = c.seen.digits
		l.name = fmt.Sprintf("%s.%d", l.name, l.count.decimals)
	}
	return l
}

// odd says why a cell has none of the forms of those before it.
func odd(live []*candidate, cell string) string {
	if reason := refusal(cell); reason != "" {
		return reason
	}
	if len(live) == 0 || live[0].cells == 0 {
		return fmt.Sprintf("no form of times that is known: set %s, like %%d/%%m/%%Y", Option)
	}
	c, _ := choose(live)
	if c == nil {
		c = live[0]
	}
	l := c.finish()
	return fmt.Sprintf("not a time of the form %s, which the cells before it have", l.name)
}

// clip bounds a text in an error.
func clip(s string) string {
	if len(s) <= 40 {
		return s
	}
	return strings.ToValidUTF8(s[:40], "") + "…"
}
