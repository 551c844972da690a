package forecast

import (
	"fmt"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/internal/canon"
)

// unrolled puts series and last_time in the place of the member "rows" of a question, where it has one: 1 … MaxInferSeries
// objects {"time", "value"}, as a file has them, one step apart and none of them missing. They go on from the data, or take
// the place of their end: a gap behind the last row of the data is an error. What the data have before them is put in front,
// so that one new row is enough.
func (l look) unrolled(input *canon.Object) (*canon.Object, error) {
	if !input.Has("rows") {
		return input, nil
	}
	if input.Has("series") || input.Has("last_time") {
		return nil, fmt.Errorf("rows: given beside series or last_time")
	}
	rows, err := input.List("rows")
	if err != nil {
		return nil, err
	}
	if len(rows) < 1 || len(rows) > MaxInferSeries {
		return nil, fmt.Errorf("rows: %d rows: must be 1 to %d", len(rows), MaxInferSeries)
	}
	first, last := 0, ""
	values := make([]any, 0, len(rows))
	for i, v := range rows {
		label, value, err := l.row(v)
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", i+1, err)
		}
		at, err := l.series.table.axis.index(label)
		if err != nil {
			return nil, fmt.Errorf("row %d: time %.40q %w", i+1, label, err)
		}
		if i == 0 {
			first = at
			err = l.follows(at, label)
		} else if at != first+i {
			err = fmt.Errorf("time %.40q: after %q comes %q", label, last, l.series.table.Time(first+i))
		}
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", i+1, err)
		}
		last, values = label, append(values, value)
	}
	out := input.Clone()
	out.Delete("rows")
	return out.Set("series", append(l.before(first), values...)).Set("last_time", last), nil
}

// row reads one row.
func (l look) row(v any) (label string, value float64, err error) {
	o, err := canon.AsObject(v)
	if err != nil {
		return "", 0, err
	}
	if err := domain.CheckMembers(o, "time", "value"); err != nil {
		return "", 0, err
	}
	t, _ := o.Get("time")
	if label, err = timeLabel(t); err != nil {
		return "", 0, fmt.Errorf("time: %w", err)
	}
	given, _ := o.Get("value")
	if text, ok := given.(string); ok {
		if value, err = supervised.Decimal(text); err != nil {
			return "", 0, fmt.Errorf("value %.40q of %s: %w", text, label, err)
		}
		return label, value, nil
	}
	if value, err = domain.Real(given); err != nil {
		return "", 0, fmt.Errorf("value of %s: %w", label, err)
	}
	return label, value, nil
}

// follows refuses a first row that leaves a gap behind the data.
func (l look) follows(at int, label string) error {
	if t := l.series.table; at > t.Rows() {
		return fmt.Errorf("time %.40q leaves a gap: the data end with %q, the next row is %q", label, t.Time(t.Rows()-1), t.Time(t.Rows()))
	}
	return nil
}

// before returns so many values of the data before a row as a question needs, none where the row lies outside them.
func (l look) before(row int) []any {
	out := []any{}
	if row < 1 || row > l.series.table.Rows() {
		return out
	}
	for i := max(0, row-l.config.firstOrigin()-1); i < row; i++ {
		out = append(out, l.series.table.Value(i))
	}
	return out
}
