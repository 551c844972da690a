package forecast

import (
	"fmt"
	"math"

	"doin.network/node/compute/closed"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/internal/canon"
)

// Survey is what people want to know of a series. Its parts are read only.
type Survey struct {
	Rows        int
	First, Last string // times as the file writes them; empty where rows are counted
	Frequency   string
	Periods     []Season
	// Validation and Test are the first times of those parts.
	Validation, Test string
	Masked           int // rows that were filled in and are not measured
	Series           int // that one model learns; the rest is about the first of them
}

// Season is a period of a series: after so many rows it resembles itself, with a correlation of Strength (closed.Strength).
type Season struct {
	Rows     int
	Strength float64
}

// SurveyOf returns the survey of a domain of this package, false of another.
func SurveyOf(d *supervised.Domain) (*Survey, bool) {
	p, ok := d.Problem().(*problem)
	if !ok {
		return nil, false
	}
	x := p.series
	s := &Survey{Rows: x.table.Rows(), Frequency: x.table.axis.frequency.String(), Series: max(1, len(p.singles))}
	if x.table.axis.kind != 0 {
		s.First, s.Last = x.table.Time(0), x.table.Time(s.Rows-1)
	}
	s.Validation, s.Test = x.table.Time(x.starts[0]), x.table.Time(x.test)
	for _, rows := range x.periods {
		s.Periods = append(s.Periods, Season{rows, closed.Strength(x.values[:x.test], rows)})
	}
	for _, masked := range x.table.masked {
		if masked {
			s.Masked++
		}
	}
	return s, true
}

// Object returns the survey as JSON has it, fresh; the strengths have two decimals.
func (s *Survey) Object() *canon.Object {
	periods := []any{}
	for _, p := range s.Periods {
		periods = append(periods, canon.NewObject("rows", p.Rows, "strength", math.Round(p.Strength*100)/100))
	}
	return canon.NewObject("rows", s.Rows, "first", s.First, "last", s.Last, "frequency", s.Frequency, "periods", periods,
		"validation_start", s.Validation, "test_start", s.Test, "masked", s.Masked, "series", s.Series)
}

// Lines returns the survey as lines for people.
func (s *Survey) Lines() []string {
	rows := fmt.Sprintf("%d rows", s.Rows)
	if s.First != "" {
		rows += fmt.Sprintf(" from %s to %s", s.First, s.Last)
	}
	lines := []string{rows + ", " + s.Frequency}
	if s.Series > 1 {
		lines = append(lines, fmt.Sprintf("one model on %d series; of the first of them:", s.Series))
	}
	for _, p := range s.Periods {
		lines = append(lines, fmt.Sprintf("repeats itself after %d rows, with strength %.2f", p.Rows, p.Strength))
	}
	if len(s.Periods) == 0 {
		lines = append(lines, "repeats itself nowhere")
	}
	if s.Masked > 0 {
		lines = append(lines, fmt.Sprintf("%d rows filled in, which are not measured", s.Masked))
	}
	return append(lines, fmt.Sprintf("validated from %s, tested from %s", s.Validation, s.Test))
}
