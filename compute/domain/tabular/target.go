package tabular

import (
	"fmt"
	"math"

	"doin.network/node/compute/data"
)

// readTarget reads the target.
func (p *parser) readTarget() error {
	from := p.cells(p.schema.Target)
	c, known, o := p.numbers(from)
	if p.schema.Task == Regression {
		switch {
		case o.cells > 0 && o.cells*2 > known:
			return p.errorAt(o.row, from.name, "task", "%.40q: %v, and %d of %d cells are no numbers: task regression predicts numbers, task "+
				"classification predicts classes", o.text, o.reason, o.cells, known)
		case o.cells > 0:
			return p.errorAt(o.row, from.name, "missing_values", "%.40q: %v, and task regression predicts numbers: give the text as a missing value",
				o.text, o.reason)
		}
		c.finishNumbers(p.format)
		p.target = c
		return nil
	}
	if o.cells == 0 {
		if err := p.checkClasses(c); err != nil {
			return err
		}
	}
	classes, long, tooMany := categoricalColumn(from)
	switch {
	case long >= 0:
		return p.errorAt(long, from.name, "target_column", "a class of more than %d bytes", MaxName)
	case tooMany || len(classes.labels) > MaxClasses:
		return data.Errorf(0, from.name, "target_column", "more than %d classes", MaxClasses)
	}
	p.target = classes
	if p.schema.RareClasses == RareDropped && p.dropRare() {
		if len(p.lines) == 0 {
			return data.Errorf(0, from.name, "rare_classes", "no class has %d rows", MinClassRows)
		}
		p.target, _, _ = categoricalColumn(p.cells(from.name))
	}
	return p.checkLearned()
}

// dropRare leaves out the rows of classes of which too few learn, and reports whether there are any.
func (p *parser) dropRare() bool {
	counts := make([]int, len(p.target.labels))
	for row, class := range p.target.codes {
		if p.tests == nil || !p.tests[row] {
			counts[class]++
		}
	}
	least := MinClassRows
	if p.tests != nil {
		least--
	}
	var rare []string
	for class, n := range counts {
		if n < least {
			rare = append(rare, p.target.labels[class])
		}
	}
	if rare == nil {
		return false
	}
	keep := func(row int) bool { return counts[p.target.codes[row]] >= least }
	at, rows := 0, len(p.lines)
	for i := range p.files {
		left := p.files[i].rows[:0:0]
		for _, row := range p.files[i].rows {
			if keep(at) {
				left = append(left, row)
			}
			at++
		}
		if p.files[i].rows = left; i == 0 {
			p.first = len(left)
		}
	}
	p.lines = kept(p.lines, keep)
	if p.tests != nil {
		p.tests = kept(p.tests, keep)
	}
	p.notes = append(p.notes, fmt.Sprintf("left out %d rows of classes of which fewer than %d learn: %s", rows-len(p.lines), least,
		nameList(rare)))
	return true
}

// kept returns the elements whose places keep names.
func kept[T any](list []T, keep func(int) bool) (out []T) {
	for i, v := range list {
		if keep(i) {
			out = append(out, v)
		}
	}
	return out
}

// checkLearned refuses a class that only rows which test have.
func (p *parser) checkLearned() error {
	learned := make([]bool, len(p.target.labels))
	for row, class := range p.target.codes {
		learned[class] = learned[class] || p.tests == nil || !p.tests[row]
	}
	for row, class := range p.target.codes {
		if !learned[class] {
			return p.errorAt(row, p.target.name, "", "class %.80q is in no row that learns", p.target.labels[class])
		}
	}
	return nil
}

// maxFractions is the number of classes that may be numbers with a fraction.
const maxFractions = 20

// checkClasses refuses classes that are rather measurements: more numbers, some with a fraction, or far more whole
// ones, than a class each makes sense for.
func (p *parser) checkClasses(c *column) error {
	seen := map[float64]bool{}
	example, whole := c.numbers[0], true
	for _, v := range c.numbers {
		if seen[v] = true; v != math.Trunc(v) && whole {
			example, whole = v, false
		}
		if limit := MaxClasses; len(seen) > limit || !whole && len(seen) > maxFractions {
			return data.Errorf(0, c.name, "task", "more than %d different numbers, %v for one, as classes: task regression predicts numbers, task "+
				"classification predicts classes", len(seen)-1, example)
		}
	}
	return nil
}
