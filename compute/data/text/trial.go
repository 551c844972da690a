package text

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
)

// What the dialect is found in.
const (
	SampleBytes = 1 << 20 // of the text, in UTF-8
	sampleRows  = 1000
	preamble    = 50 // rows before a table that are none of it, at most
)

// trial is the beginning of a text in some dialect.
type trial struct {
	dialect Dialect
	rows    [][]string
	lines   []int
	err     error // that ended it
	whole   bool  // the rows are all there are
	escaped error // of another trial: its quotes are escaped by backslashes
	fit
}

// fit is how well the rows of a trial fit each other.
type fit struct {
	first int     // row at which the table begins
	width int     // cells of a row
	share float64 // of the rows after the first that fit it
	foot  int     // of the last rows that are no part of it
}

// try splits a sample. cut: it is not all of the text, so that a quote may be open at its end.
func try(sample []byte, cut bool, d Dialect) *trial {
	s := NewScanner(nil, d)
	s.buf, s.end, s.last = sample, len(sample), true
	t := &trial{dialect: d}
	for len(t.rows) < sampleRows {
		cells, line, err := s.Next()
		if err != nil {
			var e *Error
			t.whole = err == io.EOF && !cut
			if err != io.EOF && !(cut && errors.As(err, &e) && e.open) {
				t.err = err
			}
			break
		}
		row := make([]string, len(cells))
		for i, c := range cells {
			row[i] = string(c)
		}
		t.rows, t.lines = append(t.rows, row), append(t.lines, line)
	}
	t.fit = t.best()
	return t
}

// best returns where the table begins: with the first row that all others fit, where there are names if there is something
// before it; else with that which most fit.
func (t *trial) best() fit {
	var out fit
	for k := 0; k < len(t.rows) && k <= preamble; k++ {
		if k > 0 && (t.dialect.First > 1 || k == len(t.rows)-1 || !nameLike(t.rows[k]) && !counted(t.rows[k], 1, 1) || t.covered(k)) {
			continue
		}
		if f := t.from(k); f.share > out.share && (out.share < 1) && (k == 0 || f.share == 1) {
			out = f
		}
	}
	if t.err != nil {
		out.share /= 2
	}
	return out
}

// covered reports whether the row before row k may be the one with the names: it has as many cells, or more of them and no numbers
// stand below.
func (t *trial) covered(k int) bool {
	before, row := t.rows[k-1], t.rows[k]
	if len(before) <= len(row) {
		return len(before) == len(row)
	}
	for i := range row {
		if column(t.rows[k+1:], i) == numbers {
			return false
		}
	}
	return true
}

// from returns the fit of a table that begins with row k.
func (t *trial) from(k int) fit {
	first := t.rows[k]
	f := fit{first: k, width: len(first), share: 1}
	if f.width < 2 && t.dialect.Separator != None && !t.rowNames(k) {
		return fit{}
	}
	rows := t.rows[k+1:]
	if t.rowNames(k) {
		f.width++
	}
	if t.whole && t.dialect.foots {
		f.foot = foot(rows, t.lines[k+1:], first, f.width)
		rows = rows[:len(rows)-f.foot]
	}
	fitting := 0
	for _, row := range rows {
		if fits(row, first, f.width, true) {
			fitting++
		}
	}
	if len(rows) > 0 {
		f.share = float64(fitting) / float64(len(rows))
	}
	return f
}

// rowNames reports whether each row after row k has one cell more than it, as R writes the names of rows.
func (t *trial) rowNames(k int) bool {
	if len(t.rows) == k+1 || !namesRows(t.dialect) || !nameLike(t.rows[k]) {
		return false
	}
	for _, row := range t.rows[k+1:] {
		if len(row) != len(t.rows[k])+1 || row[len(row)-1] == "" {
			return false
		}
	}
	return true
}

// namesRows reports whether tables in a dialect may have names of rows without a name of their column.
func namesRows(d Dialect) bool { return d.Separator == Blanks || d.Separator == '\t' }

// fits reports whether a row belongs to a table of a width: empty cells at its end may be too many, and those may be missing
// that have no name in the header.
func fits[T string | []byte](row []T, first []string, width int, header bool) bool {
	n := len(row)
	if n > width {
		return filled(row) <= width
	}
	return n == width || header && n >= filled(first)
}

// filled returns the number of cells without the empty ones at the end.
func filled[T string | []byte](row []T) int {
	n := len(row)
	for n > 0 && len(row[n-1]) == 0 {
		n--
	}
	return n
}

// tier is 0 for a trial that fits from the first row, 1 for one that fits after something else, 2 for one that does not.
func (t *trial) tier() int {
	switch {
	case t.share < 1:
		return 2
	case t.first > 0:
		return 1
	}
	return 0
}

// spaced reports whether each row has a cell with a run of blanks in it, as none that is between tabs has.
func (t *trial) spaced() bool {
	for _, row := range t.rows {
		if !slices.ContainsFunc(row, func(cell string) bool { return strings.Contains(cell, "  ") }) {
			return false
		}
	}
	return true
}

// better reports whether t fits better than u: more rows do, or as many to more names.
func (t *trial) better(u *trial) bool {
	if t.share != u.share || len(t.rows) == 0 || len(u.rows) == 0 {
		return t.share > u.share
	}
	return len(t.rows[0]) > len(u.rows[0])
}

// choose returns the best trial of the separators, in their order where several are equal; one cell a line where nothing fits.
func choose(sample []byte, cut bool, d Dialect, separators []byte) *trial {
	var best *trial
	var escaped error
	for _, b := range separators {
		if b != Blanks && b != None && bytes.IndexByte(sample, b) < 0 && len(separators) > 1 {
			continue
		}
		d.Separator = b
		t := try(sample, cut, d)
		var e *Error
		if errors.As(t.err, &e) && e.escaped {
			escaped = e
		}
		switch {
		case best == nil, t.tier() < best.tier(), t.tier() == 2 && best.tier() == 2 && t.better(best),
			b == Blanks && t.tier() == 0 && t.width > best.width && best.dialect.Separator == '\t' && best.spaced():
			best = t
		}
	}
	if best != nil && best.err != escaped && (best.tier() > 0 || best.dialect.Separator == Blanks) {
		best.escaped = escaped
	}
	if best == nil || len(separators) > 1 && best.share < 0.5 {
		d.Separator = None
		if best == nil || !best.divided() {
			return try(sample, cut, d)
		}
	}
	return best
}

// divided reports whether the first of the rows are names with a mark between them: then the table has columns, whatever its
// rows have.
func (t *trial) divided() bool {
	return t.dialect.Separator != Blanks && len(t.rows) > 0 && len(t.rows[0]) > 1 && nameLike(t.rows[0])
}

// wrapped reports whether the cells of some column all stand in marks.
func (t *trial) wrapped(mark string) bool {
	if len(t.rows) <= t.first+1 {
		return false
	}
	for i := range t.width {
		all := true
		for _, row := range t.rows[t.first+1:] {
			all = all && i < len(row) && len(row[i]) >= 2 && strings.HasPrefix(row[i], mark) && strings.HasSuffix(row[i], mark)
		}
		if all {
			return true
		}
	}
	return false
}
