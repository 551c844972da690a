package tabular

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/internal/canon"
)

// encode writes the inputs of a JSON value or the text of a cell into a row of inputs, which is all zeros.
func (q *query) encode(e *encoder, x []float32, v any) error {
	if s, ok := v.(string); v == nil || ok && slices.Contains(q.data.asks.missing, s) {
		e.lose(x)
		return nil
	}
	switch e.kind {
	case date:
		return e.dateValue(x, v)
	case boolean:
		return e.truthValue(x, v)
	case categorical:
		name, err := e.category(v)
		if err == nil && !e.label(x, name) {
			q.note("column %.80q: %.40q is no category of the training data: taken %s", e.name, name, e.taken())
		}
		return err
	}
	var y float64
	var err error
	if s, ok := v.(string); ok {
		y, err = q.data.asks.format.Parse(s)
	} else {
		y, err = domain.Real(v)
	}
	if err != nil {
		return err
	}
	if !e.number(x, supervised.Shift(y, -e.power)) {
		return fmt.Errorf("%v is too far from the training data", y)
	}
	return nil
}

// taken says as what a category without an input is taken.
func (e *encoder) taken() string {
	if e.pooled {
		return "as one of the rare ones"
	}
	return "as none of them"
}

func (e *encoder) dateValue(x []float32, v any) error {
	s, ok := v.(string)
	if n, is := v.(int64); is { // years, or digits
		s, ok = strconv.FormatInt(n, 10), true
	}
	if !ok {
		return fmt.Errorf("%s where a date is needed", canon.KindOf(v))
	}
	stamp, err := e.layout.Parse(s)
	if err != nil {
		return fmt.Errorf("%.40q: %w (dates of this column have the form %s)", s, err, e.layout.Name())
	}
	if !e.number(x, e.part.of(stamp)) {
		return fmt.Errorf("%.40q is too far from the training data", s)
	}
	return nil
}

func (e *encoder) truthValue(x []float32, v any) error {
	is, ok := v.(bool)
	switch v := v.(type) {
	case string:
		is, ok = truth(v, truths[:])
	case int64:
		is, ok = v == 1, v == 0 || v == 1
	}
	if !ok {
		return fmt.Errorf("%v: want true or false, or one of %s", v, pairsText())
	}
	if is {
		e.label(x, booleans[1])
	}
	return nil
}

// category returns the category that a value names: true is the label that says so, a number the label that is the
// same number.
func (e *encoder) category(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case bool:
		for _, label := range e.labels {
			if is, ok := truth(label, truths[:1]); ok && is == v {
				return label, nil
			}
		}
		return "", fmt.Errorf("%v where a text is needed", v)
	}
	y, err := domain.Real(v)
	if err != nil {
		return "", fmt.Errorf("%s where a text is needed", canon.KindOf(v))
	}
	for _, label := range e.labels {
		if n, err := strconv.ParseFloat(label, 64); err == nil && n == y {
			return label, nil
		}
	}
	if y != math.Trunc(y) {
		return "", fmt.Errorf("%s where a text is needed", canon.KindOf(v))
	}
	return strconv.FormatFloat(y, 'f', -1, 64), nil
}
