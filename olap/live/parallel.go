package live

import (
	"context"
	"math"
	"slices"
)

const (
	mostAxes  = 12
	mostLines = 4000 // of parallel coordinates: a byte for each axis
)

// importance answers with what parameters say about the score, of a sample.
func (db *DB) importance(ctx context.Context, q *question) (any, error) {
	s, err := db.asked(ctx, q)
	if s == nil {
		return notRecorded("fact_trial"), err
	}
	head := s.head()
	head["method"] = "random forest over ranks of the score (mean decrease in impurity); direction: Spearman's rank correlation"
	head["importance"] = s.importance()
	return head, nil
}

// asked returns the sample that a question is about; nil where there are no trials.
func (db *DB) asked(ctx context.Context, q *question) (*sample, error) {
	domain := q.text("domain")
	if q.err != nil || !db.has("fact_trial") {
		return nil, q.err
	}
	return db.sample(ctx, domain)
}

// parallel answers with lines of parallel coordinates: the score and the parameters that say most about it, in 255 steps
// between the ends that head.axes tells; 255 is a parameter that a trial does not have. The best trials come last, on top.
func (db *DB) parallel(ctx context.Context, q *question) (any, error) {
	axes := q.integer("axes", 8, 1, mostAxes)
	lines := q.integer("lines", mostLines, 1, mostLines)
	s, err := db.asked(ctx, q)
	if s == nil {
		return notRecorded("fact_trial"), err
	}
	var at []int
	for _, w := range s.importance() {
		if len(at) < axes {
			at = append(at, slices.Index(s.names, w.Name))
		}
	}
	rows := s.spread(lines)
	head := s.head()
	delete(head, "levels")
	head["sample"], head["taken"] = len(rows), len(s.score)
	out := &Columns{Head: head}
	list := []any{axisOf(out, "score", s.score, nil, rows)}
	for _, j := range at {
		list = append(list, axisOf(out, s.names[j], s.values[j], s.levels[j], rows))
	}
	head["axes"] = list
	return out, nil
}

// spread returns at most n trials of the sample, evenly spaced by score, the best last.
func (s *sample) spread(n int) []int32 {
	order := make([]int32, len(s.score))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		if s.score[a] < s.score[b] {
			return -1
		}
		return btoi(s.score[a] > s.score[b])
	})
	if n >= len(order) {
		return order
	}
	out := make([]int32, n)
	for i := range out {
		out[i] = order[(i+1)*len(order)/n-1]
	}
	return out
}

// axisOf appends an axis' column and returns what is told of it.
func axisOf(out *Columns, name string, values []float32, levels []string, rows []int32) map[string]any {
	low, high := math.Inf(1), math.Inf(-1)
	for _, i := range rows {
		if v := float64(values[i]); v == v {
			low, high = min(low, v), max(high, v)
		}
	}
	logarithmic := levels == nil && low > 0 && wide(values, rows)
	scale := func(v float64) float64 { return v }
	if logarithmic {
		scale = math.Log
	}
	from, span := scale(low), scale(high)-scale(low)
	steps := make([]uint8, len(rows))
	for k, i := range rows {
		v := float64(values[i])
		switch {
		case v != v:
			steps[k] = 255
		case span > 0:
			steps[k] = uint8(math.Round(254 * (scale(v) - from) / span))
		default:
			steps[k] = 127
		}
	}
	out.U8(name, steps)
	return map[string]any{"name": name, "low": orNull(low), "high": orNull(high), "log": logarithmic, "levels": levels}
}

// wide reports whether all but the lowest and the highest twentieth of values spread over more than two powers of ten.
func wide(values []float32, rows []int32) bool {
	sorted := make([]float32, 0, len(rows))
	for _, i := range rows {
		if v := values[i]; v == v {
			sorted = append(sorted, v)
		}
	}
	slices.Sort(sorted)
	n := len(sorted)
	return n > 0 && sorted[n-1-n/20] > 100*sorted[n/20]
}

// slice answers with one parameter against the score, of the sample, in 65,535 steps between the ends.
func (db *DB) slice(ctx context.Context, q *question) (any, error) {
	name := q.text("name")
	s, err := db.asked(ctx, q)
	if s == nil {
		return notRecorded("fact_trial"), err
	}
	head := s.head()
	out := &Columns{Head: head}
	j := slices.Index(s.names, name)
	if j < 0 {
		head["missing"] = "no parameter of this name varies in the sample"
		return out, nil
	}
	var x, y []float32
	for i, v := range s.values[j] {
		if v == v {
			x, y = append(x, v), append(y, s.score[i])
		}
	}
	head["name"], head["levels"] = name, s.levels[j]
	head["x"], head["y"] = steps(out, "x", x), steps(out, "y", y)
	return out, nil
}

// steps appends a column of values in 65,535 steps and returns its ends.
func steps(out *Columns, name string, values []float32) []any {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		low, high = min(low, float64(v)), max(high, float64(v))
	}
	list := make([]uint16, len(values))
	for i, v := range values {
		if high > low {
			list[i] = uint16(math.Round(65535 * (float64(v) - low) / (high - low)))
		}
	}
	out.U16(name, list)
	return []any{orNull(low), orNull(high)}
}
