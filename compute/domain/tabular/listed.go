package tabular

import (
	"strings"

	"doin.network/node/compute/data"
)

// listed reads a column whose kind is given.
func (p *parser) listed(from *cells, k kind, format string) ([]*column, error) {
	switch k {
	case numeric:
		c, _, o := p.numbers(from)
		if o.cells > 0 {
			return nil, p.errorAt(o.row, from.name, "missing_values", "%.40q: %v (the column is numeric)", o.text, o.reason)
		}
		c.finishNumbers(p.format)
		return []*column{c}, nil
	case boolean:
		c := booleanColumn(from)
		for row, text := range from.known() {
			if _, ok := pairOf(text); !ok {
				return nil, p.errorAt(row, from.name, "boolean_columns", "%.40q: no word of yes or no", text)
			}
		}
		if c == nil {
			return nil, data.Errorf(0, from.name, "boolean_columns", "words of more than one pair, as in %s", pairsText())
		}
		return []*column{c}, nil
	case date:
		return p.dateColumn(from, format)
	}
	c, long, tooMany := categoricalColumn(from)
	switch {
	case tooMany:
		return nil, data.Errorf(0, from.name, "ignored_columns", "more than %d categories", maxTexts)
	case long >= 0:
		return nil, p.errorAt(long, from.name, "ignored_columns", "a category of more than %d bytes", MaxName)
	}
	return []*column{c}, nil
}

// pairsText lists the pairs of truths.
func pairsText() string {
	var list []string
	for _, p := range truths {
		list = append(list, p[0]+"/"+p[1])
	}
	return strings.Join(list, ", ")
}

// booleanColumn reads cells that are all words of one pair of truths; nil for others.
func booleanColumn(from *cells) *column {
	c := &column{name: from.name, kind: boolean, labels: booleans}
	var pair [][2]string
	for _, text := range from.all() {
		code := int32(noCode)
		if text != "" {
			if pair == nil {
				var ok bool
				if pair, ok = pairOf(text); !ok {
					return nil
				}
			}
			is, ok := truth(text, pair)
			if !ok {
				return nil
			}
			if code = 0; is {
				code = 1
			}
		}
		c.codes = append(c.codes, code)
	}
	return c
}

// categoricalColumn reads names of categories. long is the first row of one that is too long, −1: none is.
func categoricalColumn(from *cells) (c *column, long int, tooMany bool) {
	c = &column{name: from.name, kind: categorical, codes: make([]int32, 0, from.len())}
	long = -1
	var l labeler
	for row, text := range from.all() {
		code := int32(noCode)
		if text != "" {
			code = l.code(text)
		}
		if len(text) > MaxName && long < 0 {
			long = row
		}
		if len(l.labels) > maxTexts {
			return nil, long, true
		}
		c.codes = append(c.codes, code)
	}
	l.finish(c)
	return c, long, false
}
