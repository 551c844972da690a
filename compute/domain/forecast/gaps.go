package forecast

import (
	"fmt"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/when"
)

// fill takes the values and what stands beside them, from the first that is known to the last, and says in f what became of gaps.
func (t *Table) fill(c *column, beside []*column, f *Form) error {
	from, to := c.span()
	if to-from < 2 {
		return data.Errorf(0, c.name, "", "%d rows: need more", to-from)
	}
	if err := t.ends(c, from, to, f); err != nil {
		return err
	}
	if f.Gaps == Bridge {
		if err := t.bridge(c, beside, &from, &to); err != nil {
			return err
		}
	}
	given := f.Gaps
	if err := t.policy(c, from, to, f); err != nil {
		return err
	}
	filled := c.fill(from, to, f.Gaps == Carry)
	if f.Gaps == Mask {
		t.mask(filled)
	}
	t.values, t.texts = c.values[from:to], c.texts[from:to]
	t.axis.cut(from, to, len(f.Known) > 0)
	if f.Frequency != "" {
		f.Frequency = t.axis.frequency.String()
	}
	return t.beside(beside, from, to, f, given)
}

// ends says which rows before the first value and after the last are left out.
func (t *Table) ends(c *column, from, to int, f *Form) error {
	absent := from + len(c.texts) - to
	if absent == 0 {
		return nil
	}
	row := 0
	if from == 0 {
		row = to
	}
	if f.Gaps == Error && (from > 0 || len(f.Known) == 0) {
		return c.refuse(row, t.axis.label(row), "")
	}
	t.notes = append(t.notes, data.Note{Line: int(c.lines[row]), Column: c.name, Text: plural(absent, "row") + " without a value at the ends: left out"})
	return nil
}

// policy chooses what becomes of gaps where f leaves it open, and notes it.
func (t *Table) policy(c *column, from, to int, f *Form) error {
	cells, absent, first := c.missing(from, to)
	gaps := cells + absent
	switch {
	case gaps > 0 && (f.Gaps == Error || f.Gaps == ""):
		if f.Gaps == Error {
			return c.refuse(first, t.axis.label(first), "")
		}
		if gaps*few > to-from {
			return c.refuse(first, t.axis.label(first), ", and of %d rows %d are missing in all: that is more than one of %d; say %q, %q, %q or %q",
				to-from, gaps, few, Interpolate, Carry, Mask, Bridge)
		}
		f.Gaps = Interpolate
	case f.Gaps == "" && to-from < len(c.texts):
		f.Gaps = Interpolate // what was left out at the ends would be an error
	case f.Gaps == "":
		f.Gaps = Error
	}
	if gaps > 0 {
		how := map[string]string{Interpolate: "on a straight line between their neighbours", Carry: "with the value before them",
			Mask: "on a straight line, and neither trained nor measured on"}[f.Gaps]
		t.notes = append(t.notes, data.Note{Column: c.name, Text: plural(gaps, "missing row") + " of " + plural(to-from, "row") + " filled in " + how})
	}
	return nil
}

// bridge leaves out the rows without a value between the first and the last.
func (t *Table) bridge(c *column, beside []*column, from, to *int) error {
	keep := make([]int, 0, *to-*from)
	for i := *from; i < *to; i++ {
		if c.texts[i] != "" {
			keep = append(keep, i)
		}
	}
	left := *to - *from - len(keep)
	if left == 0 {
		return nil
	}
	t.notes = append(t.notes, data.Note{Column: c.name, Text: plural(left, "row") + " without a value: left out, and rows go on without them"})
	for i := *to; i < len(c.texts); i++ { // what known covariates say ahead
		keep = append(keep, i)
	}
	*to -= *from + left
	*from = 0
	t.axis.pick(keep)
	for _, b := range append(beside, c) {
		b.pick(keep)
	}
	return nil
}

// pick leaves only some rows of a column.
func (c *column) pick(rows []int) {
	for i, row := range rows {
		c.values[i], c.texts[i], c.lines[i] = c.values[row], c.texts[row], c.lines[row]
	}
	c.values, c.texts, c.lines = c.values[:len(rows)], c.texts[:len(rows)], c.lines[:len(rows)]
}

// mask keeps which rows were filled in.
func (t *Table) mask(filled []bool) {
	for _, f := range filled {
		if f {
			t.masked = filled
			return
		}
	}
}

// beside takes the columns beside the values. What is missing between is filled in as theirs, few on a straight line where they
// have no gaps.
func (t *Table) beside(columns []*column, from, to int, f *Form, given string) error {
	for i, c := range columns {
		known := i >= len(f.Covariates)
		first, last := c.span()
		if first > from || last < to {
			row := from
			if first <= from {
				row = last
			}
			return c.refuse(row, t.axis.label(row-from), ", where the series has one")
		}
		end := to
		if known {
			end = last
		}
		cells, absent, at := c.missing(from, end)
		if gaps := cells + absent; gaps > 0 {
			few := gaps*few <= end-from
			if given == Error || (f.Gaps == Error || f.Gaps == Bridge) && !few {
				return c.refuse(at, t.axis.label(at-from), ", and %d are missing in all", gaps)
			}
			if f.Gaps == Error {
				f.Gaps = Interpolate
			}
			t.notes = append(t.notes, data.Note{Column: c.name, Text: plural(gaps, "missing row") + " filled in"})
			c.fill(first, last, f.Gaps == Carry)
		}
		t.covariates = append(t.covariates, covariate{c.name, known, c.values[from:end]})
	}
	return nil
}

// cut leaves only the rows from one on and, unless what lies ahead is known, before another.
func (a *axis) cut(from, to int, ahead bool) {
	if a.kind != 0 && len(a.times) > 0 {
		if a.times = a.times[from:]; !ahead {
			a.times = a.times[:to-from]
		}
		if a.base == sessionBase {
			a.start = a.week.before(civil(a.times[0]))
		}
	} else {
		a.start += int64(from) * a.n
	}
	for i := range a.offsets {
		a.offsets[i].row -= from
	}
}

// pick leaves only some rows, which are counted from then on.
func (a *axis) pick(rows []int) {
	if a.kind == 0 {
		return
	}
	times := make([]when.Stamp, len(rows))
	for i, row := range rows {
		times[i] = a.stamp(row)
	}
	a.times, a.offsets, a.clock.Offset = times, nil, times[len(times)-1].Offset
	if a.base != sessionBase {
		a.frequency, a.start, a.loose = frequency{base: rowBase, n: 1}, 0, false
	}
}

// plural counts things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
