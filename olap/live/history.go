package live

import (
	"context"
	"math"
)

const (
	mostRuns    = 12   // curves of one picture
	mostPixels  = 4096 // columns of one picture
	fewestPixel = 16
)

// history answers with the rounds of experiments: performance by M4, the best so far at the same points, and, over
// several, the band of their bests. Columns are called x0, y0, best0, x1, …; head.runs names them.
func (db *DB) history(ctx context.Context, q *question) (any, error) {
	width := q.integer("width", 800, fewestPixel, mostPixels)
	axis := q.choice("x", "round", "trials", "time")
	from, to := q.number("from", math.Inf(-1)), q.number("to", math.Inf(1))
	ids, domain := q.texts("run", mostRuns), q.text("domain")
	n := q.integer("runs", 6, 1, mostRuns)
	if q.err != nil {
		return nil, q.err
	}
	list := db.rounds.runs(domain, n)
	if len(ids) > 0 {
		list = list[:0]
		for _, id := range ids {
			if e, ok := db.rounds.run(id); ok {
				list = append(list, e)
			}
		}
	}
	out := &Columns{Head: map[string]any{"axis": axis}}
	low, high := math.Inf(1), math.Inf(-1)
	for i := range list {
		if x := list[i].axis(axis); len(x) > 0 {
			low, high = min(low, x[0]), max(high, x[len(x)-1])
		}
	}
	names, err := db.runNames(ctx)
	if err != nil {
		return nil, err
	}
	heads := []any{}
	from, to = max(from, low), min(to, high)
	for i := range list {
		e := &list[i]
		heads = append(heads, map[string]any{"run": e.id, "domain": e.domain, "rounds": len(e.number), "name": names[e.id].name})
		at := Thin(e.axis(axis), e.performance, from, to, max(fewestPixel, width/max(1, len(list))))
		name := string(rune('a' + i))
		out.F64("x_"+name, pick(e.axis(axis), at))
		out.F32("y_"+name, pick(e.performance, at))
		out.F32("best_"+name, pick(e.best, at))
	}
	if len(list) > 1 && to > from {
		band(out, list, axis, from, to, min(width, 256))
	}
	out.Head["runs"], out.Head["low"], out.Head["high"] = heads, orNull(low), orNull(high)
	return out, nil
}

// band appends the lowest, mean and highest best of those experiments that have come as far, at places between from and to.
func band(out *Columns, list []run, axis string, from, to float64, places int) {
	var x, low, mean, high []float64
	for i := range places {
		at := from + (to-from)*float64(i)/float64(max(1, places-1))
		l, h, sum, n := math.Inf(1), math.Inf(-1), 0.0, 0
		for j := range list {
			e := &list[j]
			xs := e.axis(axis)
			k := upper(xs, at) - 1
			if k < 0 || at > xs[len(xs)-1] {
				continue
			}
			l, h, sum, n = min(l, e.best[k]), max(h, e.best[k]), sum+e.best[k], n+1
		}
		if n > 0 {
			x, low, mean, high = append(x, at), append(low, l), append(mean, sum/float64(n)), append(high, h)
		}
	}
	out.F64("band_x", x)
	out.F32("band_low", low)
	out.F32("band_mean", mean)
	out.F32("band_high", high)
}

func pick(values []float64, at []int32) []float64 {
	out := make([]float64, len(at))
	for i, j := range at {
		out[i] = values[j]
	}
	return out
}

// orNull makes a number one that JSON has.
func orNull(v float64) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return v
}
