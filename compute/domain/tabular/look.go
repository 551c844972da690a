package tabular

import (
	"math"
	"slices"

	"doin.network/node/compute/data/number"
)

// What the cells of a column that nobody listed are taken for. More than half numbers makes it numeric, and one with
// anything else besides is refused, unless what is else is much and manifold: more than oddTexts texts in at least
// one of oddShare cells.
const (
	oddTexts = 8
	oddShare = 10
)

// odd is cells that are no numbers.
type odd struct {
	cells, row int // of how many the first is at a row
	text       string
	reason     error
	texts      []string // the first few different ones
	meant      int      // cells that are meant as numbers
	coded      bool     // a number has leading zeros, as codes have
}

func (o *odd) add(row int, text string, reason error) {
	if o.cells++; o.cells == 1 {
		o.row, o.text, o.reason = row, text, reason
	}
	if len(o.texts) <= oddTexts && !slices.Contains(o.texts, text) {
		o.texts = append(o.texts, text)
	}
}

// numbers reads cells as numbers, and says what of them is none. Where there is nothing odd, the column is whole.
func (p *parser) numbers(from *cells) (c *column, known int, o odd) {
	c = &column{name: from.name, kind: numeric, numbers: make([]float64, 0, from.len())}
	for row, text := range from.all() {
		v := math.NaN()
		if text != "" {
			known++
			var err error
			if v, err = p.parse(text); err != nil {
				o.add(row, text, err)
				if meant(p.format, text, err) {
					o.meant++
				}
				v = math.NaN()
			}
		}
		o.coded = o.coded || len(text) > 1 && text[0] == '0' && '0' <= text[1] && text[1] <= '9'
		if o.cells == 0 {
			c.addNumber(text, v)
		}
	}
	return c, known, o
}

// parse reads a number; see number.Format.Parse.
func (p *parser) parse(text string) (float64, error) {
	if wordy(text) {
		return 0, number.ErrNumber
	}
	return p.format.Parse(text)
}

// guess decides by all of its cells what a column is and reads it; nil: it is no input, and a note says why.
func (p *parser) guess(from *cells) ([]*column, error) {
	c, known, o := p.numbers(from)
	switch {
	case known == 0:
		p.dropped.add("all cells are missing", from.name)
		return nil, nil
	case o.cells == 0:
		if layout, ok := digitDates(from, known); ok {
			return p.readDates(from, layout)
		}
		return p.guessNumeric(c, o.coded)
	case 2*(known-o.cells+o.meant) > known && (len(o.texts) <= oddTexts || (o.cells-o.meant)*oddShare < known):
		return nil, p.oddError(from, &o, known)
	}
	if b := booleanColumn(from); b != nil && !b.constant() {
		return []*column{b}, nil
	}
	if layout, ok, err := p.guessDate(from); ok || err != nil {
		if err != nil {
			return nil, err
		}
		return p.readDates(from, layout)
	}
	return p.guessCategorical(from, known, known-o.cells)
}

// oddError refuses a column of numbers for what is none.
func (p *parser) oddError(from *cells, o *odd, known int) error {
	if o.meant == o.cells && 2*o.cells > known {
		return p.errorAt(o.row, from.name, "ignored_columns", "%.40q: %v, as in %d of %d cells: list the column in ignored_columns, or in categorical_columns",
			o.text, o.reason, o.cells, known)
	}
	return p.errorAt(o.row, from.name, "missing_values", "%.40q: %v, and %d of %d cells are numbers or meant as such: give the text as a missing value, "+
		"or the column in categorical_columns", o.text, o.reason, known-o.cells+o.meant, known)
}

// guessNumeric finishes a column of numbers that nobody listed.
func (p *parser) guessNumeric(c *column, coded bool) ([]*column, error) {
	switch {
	case c.constant():
		p.dropped.add("all cells are the same", c.name)
		return nil, nil
	case c.identifies() && namesIdentifier(c.name):
		p.dropped.add("a whole number that is another in every row, and a name like an identifier's (listed in numeric_columns it is kept)", c.name)
		return nil, nil
	case coded:
		p.warned.add("whole numbers with leading zeros, read as numbers (codes belong in categorical_columns)", c.name)
	case c.counts():
		p.warned.add("one more in each row: an identifier, unless it is a time (ignored_columns)", c.name)
	}
	c.finishNumbers(p.format)
	return []*column{c}, nil
}

// guessCategorical reads a column of names, numbers of which are numbers.
func (p *parser) guessCategorical(from *cells, known, numbers int) ([]*column, error) {
	c, long, tooMany := categoricalColumn(from)
	switch {
	case tooMany:
		p.dropped.add("texts of too many kinds for categories", from.name)
	case known >= leastIdentified && len(c.labels) == known:
		p.dropped.add("every cell is another text, so that it names rows and no categories (listed in categorical_columns it is kept)", from.name)
	case long >= 0:
		p.dropped.add("texts too long for categories", from.name)
	case c.constant() || known == from.len() && booleanColumn(from) != nil:
		p.dropped.add("all cells are the same", from.name)
	default:
		if numbers > 0 {
			p.warned.add("some cells are numbers and others are not: all are names of categories", from.name)
		}
		return []*column{c}, nil
	}
	return nil, nil
}
