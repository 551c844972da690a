package inspect

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/number"
	"doin.network/node/compute/data/when"
)

// Kinds of columns.
const (
	kindEmpty    = "empty"    // every cell is missing
	kindConstant = "constant" // one value
	kindNumber   = "number"
	kindTime     = "time"
	kindBoolean  = "boolean"
	kindText     = "text"
)

// Roles of columns.
const (
	roleTime    = "time"
	roleValue   = "value"
	roleTarget  = "target"
	roleInput   = "input"
	roleIgnored = "ignored"
	roleSplit   = "split"
	roleSeries  = "series"
)

// column is what is to be said of a column.
type column struct {
	name     string
	kind     string
	role     string // in the domain; empty: none
	rows     int
	missing  int
	distinct int // at most maxDistinct
	first    string
	// numbers are those of a column of them, in the order of the file; odd the cells that are none, oddLine and oddText the first.
	numbers []float64
	odd     int
	oddLine int
	oddText string
	// layout is that of the times, if the cells have one; it has no kind else.
	layout when.Layout
	// why says why cells that are no numbers are no times either; broken that the first of them would be times.
	why    string
	broken bool
}

// maxDistinct bounds the distinct values that are counted.
const maxDistinct = 1 << 16

// mostly is the part of the cells that makes a column one of numbers: all but a twentieth.
const mostly = 20

// columns looks at every column of a grid.
func columns(g *data.Grid, f number.Format) []*column {
	out := make([]*column, g.Columns())
	for i := range out {
		out[i] = look(g, g.Column(i), f)
	}
	return out
}

// look looks at one column.
func look(g *data.Grid, c *data.Column, f number.Format) *column {
	s := &column{name: c.Name(), rows: c.Len()}
	distinct := map[string]struct{}{}
	for row := range c.Len() {
		text := c.Text(row)
		if c.Missing(row) {
			s.missing++
			continue
		}
		if s.first == "" {
			s.first = strings.Clone(text)
		}
		if len(distinct) < maxDistinct {
			distinct[text] = struct{}{}
		}
		if v, err := f.Parse(text); err == nil {
			s.numbers = append(s.numbers, v)
		} else if s.odd++; s.odd == 1 {
			s.oddLine, s.oddText = g.Line(row), strings.Clone(text)
		}
	}
	s.distinct = len(distinct)
	layout, err := when.Detect(present(g, c))
	if err == nil {
		s.layout = layout
	} else if len(s.numbers) == 0 {
		var cell *when.CellError
		s.why, s.broken = err.Error(), errors.Is(err, when.ErrAmbiguous) || errors.As(err, &cell) && cell.Text != s.first
	}
	s.decide(distinct)
	return s
}

// present are the cells of a column that are not missing, with their lines.
func present(g *data.Grid, c *data.Column) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for row := range c.Len() {
			if !c.Missing(row) && !yield(g.Line(row), c.Text(row)) {
				return
			}
		}
	}
}

// decide sets the kind.
func (s *column) decide(distinct map[string]struct{}) {
	numbers := len(s.numbers)
	switch {
	case s.missing == s.rows:
		s.kind = kindEmpty
	case s.distinct == 1:
		s.kind = kindConstant
	case numbers > 0 && s.odd*mostly <= numbers+s.odd:
		s.kind = kindNumber
	case s.layout.Kind() > when.Number:
		s.kind = kindTime
	case s.distinct == 2 && booleans(distinct):
		s.kind = kindBoolean
	default:
		s.kind = kindText
	}
}

// words of the two truths.
var words = [...][2]string{{"true", "false"}, {"yes", "no"}, {"t", "f"}, {"y", "n"}}

// booleans reports whether two texts are the two truths.
func booleans(distinct map[string]struct{}) bool {
	for _, pair := range words {
		n := 0
		for text := range distinct {
			if strings.EqualFold(text, pair[0]) || strings.EqualFold(text, pair[1]) {
				n++
			}
		}
		if n == 2 {
			return true
		}
	}
	return false
}

// timed reports whether the column may be one of times: it has a form of times that is no plain number, or would but for one cell
// or one doubt, or is named like one.
func (s *column) timed() bool {
	switch {
	case s.distinct < 2:
		return false
	case s.layout.Kind() > when.Number, s.broken:
		return true
	}
	return isTimeName(s.name) && (len(s.numbers) == 0 || s.layout.Kind() == when.Number)
}

// timeNames are what columns of times are called, in lower case.
var timeNames = []string{"date", "datetime", "day", "ds", "hour", "month", "period", "quarter", "step", "t", "time", "timestamp", "week", "year"}

func isTimeName(name string) bool {
	return slices.Contains(timeNames, strings.ToLower(name))
}

// note returns a sentence about odd cells or far-out numbers, empty: there are none.
func (s *column) note() string {
	switch {
	case s.kind == kindNumber && s.odd > 0:
		return fmt.Sprintf("%s no number, the first %.40q in line %d", counted(s.odd, "cell is", "cells are"), s.oddText, s.oddLine)
	case s.kind == kindNumber:
		if far := farOut(s.numbers); len(far) > 0 {
			note := counted(len(far), "number lies", "numbers lie") + " more than three interquartile ranges beyond the quartiles"
			if far[0] == far[len(far)-1] && len(far) > 1 {
				note += fmt.Sprintf(", all of them %v: if that stands for a missing value, list it in missing_values", far[0])
			}
			return note
		}
	case s.kind == kindText && s.why != "":
		if isTimeName(s.name) {
			return "no times: " + s.why
		}
	}
	return ""
}

// counted is a number with its word.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// farOut returns the numbers, ascending, that lie beyond the outer fences (Tukey, Exploratory Data Analysis, 1977): more than three
// interquartile ranges below the lower or above the upper quartile. None of a column half of which is one value.
func farOut(numbers []float64) []float64 {
	y := slices.Sorted(slices.Values(numbers))
	low, high := y[len(y)/4], y[len(y)-1-len(y)/4]
	fence := float64(3 * (high - low))
	if !(fence > 0) {
		return nil
	}
	return slices.DeleteFunc(y, func(v float64) bool { return low-fence <= v && v <= high+fence })
}
