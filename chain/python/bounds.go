package python

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"doin.network/node/internal/canon"
)

// ErrRange is returned by ParseBounds for a range that is not a list of two numbers.
var ErrRange = errors.New("reference: bounds need [low, high]")

// Range is a closed interval, with its ends as they were written.
type Range struct {
	Low, High         float64
	lowText, highText string
}

// Bounds are the declared ranges of parameters by name.
type Bounds map[string]Range

// ParseBounds reads {"name": [low, high], …}.
func ParseBounds(o *canon.Object) (Bounds, error) {
	b := make(Bounds, o.Len())
	for name, v := range o.All() {
		ends, err := canon.AsList(v)
		if err != nil || len(ends) != 2 {
			return nil, fmt.Errorf("%w: %q", ErrRange, name)
		}
		low, ok := number(ends[0])
		high, ok2 := number(ends[1])
		if !ok || !ok2 {
			return nil, fmt.Errorf("%w: %q", ErrRange, name)
		}
		b[name] = Range{low, high, literal(ends[0]), literal(ends[1])}
	}
	return b, nil
}

// Check judges the parameters that have bounds, in their own order; reason is empty if they
// are valid. Lists, objects, booleans, null and text that is no number are not judged.
func (b Bounds) Check(parameters *canon.Object) (valid bool, reason string) {
	for name, v := range parameters.All() {
		r, ok := b[name]
		if !ok {
			continue
		}
		if x, ok := toFloat(v); ok && (x < r.Low || x > r.High) {
			return false, "Parameter '" + name + "' = " + literal(x) + " outside bounds [" + r.lowText + ", " + r.highText + "]"
		}
	}
	return true, ""
}

// toFloat converts a number, or a text as the reference language converts one: surrounding
// white space, single underscores between digits, and inf, infinity and nan are allowed. Digits
// of other scripts, which that language knows too, are not.
func toFloat(v any) (float64, bool) {
	text, ok := v.(string)
	if !ok {
		return number(v)
	}
	s := strings.TrimSpace(text)
	if strings.ContainsAny(s, "xXpP") { // hexadecimal is no number there
		return 0, false
	}
	for i := range len(s) {
		if s[i] == '_' && (i == 0 || i == len(s)-1 || !isDigit(s[i-1]) || !isDigit(s[i+1])) {
			return 0, false
		}
	}
	x, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // beyond the range is infinite
		return 0, false
	}
	return x, true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// Limits are what an evaluation may use.
type Limits struct {
	MaxTrainingSeconds float64 // default 3600
	MaxMemoryMB        float64 // default 8192
	MaxEpochs          int64   // default 5000
	MaxBatchSize       int64   // default 512
}

// DefaultLimits returns the defaults named at the fields.
func DefaultLimits() Limits {
	return Limits{MaxTrainingSeconds: 3600, MaxMemoryMB: 8192, MaxEpochs: 5000, MaxBatchSize: 512}
}

// Check judges the parameters epochs and batch_size if they are numbers (a boolean counts as 0
// or 1); nothing else is limited. reason is empty if they are valid.
func (l Limits) Check(parameters *canon.Object) (valid bool, reason string) {
	for _, limit := range []struct {
		name string
		max  int64
	}{{"epochs", l.MaxEpochs}, {"batch_size", l.MaxBatchSize}} {
		v, _ := parameters.Get(limit.name)
		x, ok := number(v)
		if b, isBool := v.(bool); isBool && b {
			x, ok = 1, true
		}
		if ok && x > float64(limit.max) {
			return false, limit.name + "=" + literal(v) + " exceeds max " + strconv.FormatInt(limit.max, 10)
		}
	}
	return true, ""
}
