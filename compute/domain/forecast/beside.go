package forecast

import (
	"fmt"
	"math"

	"doin.network/node/compute/domain/supervised"
)

// track is a covariate as networks see it: scaled, by rows of the data from one on.
type track struct {
	known  bool // ahead
	from   int
	values []float32
	period int // whole periods before the end of the values is what stands for rows after it
}

// at returns the value of a row ≥ from.
func (t *track) at(row int) float32 {
	if i := row - t.from; i < len(t.values) {
		return t.values[i]
	}
	period := max(1, len(t.values)/t.period*t.period)
	return t.values[len(t.values)-period+(row-t.from-len(t.values))%period]
}

// newTracks scales covariates by what precedes the first origin's validation: to multiples of the standard deviation from the
// mean, in binary64, in the order of the rows; of a constant, from the constant.
func (s *series) newTracks(period int) error {
	for _, c := range s.table.covariates {
		rows := c.values[:s.starts[0]]
		var sum, squares float64
		for _, v := range rows {
			sum += v
		}
		scale := supervised.Scale{Offset: sum / float64(len(rows)), Unit: 1}
		for _, v := range rows {
			d := v - scale.Offset
			squares += float64(d * d)
		}
		if d := math.Sqrt(squares / float64(len(rows))); d > 0 {
			scale.Unit = d
		}
		t := track{known: c.known, values: make([]float32, len(c.values)), period: period}
		for i, v := range c.values {
			x, ok := scale.To(v)
			if !ok {
				return fmt.Errorf("%w: column %.80q: %s: value %v is too far from the training rows", supervised.ErrData, c.name, s.table.Time(i), v)
			}
			t.values[i] = x
		}
		s.tracks, s.trackScales = append(s.tracks, t), append(s.trackScales, scale)
	}
	return nil
}

// recent is how many rows of a past covariate a perceptron sees, the origin's the last of them.
const recent = 6

// sees is the number of inputs that come of covariates: past ones and known ones, at a horizon.
func (v view) sees(past, known, horizon int) int {
	if v.sequence {
		return v.window * (past + known)
	}
	return past*min(v.window, recent) + known*(1+horizon)
}

// beside writes the inputs of a perceptron that come of covariates, of the origin in row at.
func (v view) beside(tracks []track, at, horizon int, x []float32) {
	for i := range tracks {
		t := &tracks[i]
		first, last := at+1-min(v.window, recent), at
		if t.known {
			first, last = at, at+horizon
		}
		for row := first; row <= last; row++ {
			x[0] = t.at(row)
			x = x[1:]
		}
	}
}

// step writes the channels of a sequence that come of covariates, of a step that has a row for its last known value. It returns what
// follows them.
func (v view) step(tracks []track, row, horizon int, x []float32) []float32 {
	for i := range tracks {
		at := row
		if tracks[i].known {
			at += horizon
		}
		x[0] = tracks[i].at(at)
		x = x[1:]
	}
	return x
}
