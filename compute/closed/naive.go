package closed

import "slices"

// last repeats the last value.
type last struct{}

func (last) coefficients() []float64 { return nil }

func (last) walk(z []float64, first, horizon int, out []float64) {
	for t := first; t <= len(z); t++ {
		row := out[(t-first)*horizon:][:horizon]
		for k := range row {
			row[k] = z[t-1]
		}
	}
}

// seasonal repeats the last period.
type seasonal struct{ period int }

func (s seasonal) coefficients() []float64 { return []float64{float64(s.period)} }

func (s seasonal) walk(z []float64, first, horizon int, out []float64) {
	for t := first; t <= len(z); t++ {
		row := out[(t-first)*horizon:][:horizon]
		for k := range row {
			row[k] = z[t-s.period+k%s.period]
		}
	}
}

// drift goes on from the last value by the mean change from the first.
type drift struct{}

func (drift) coefficients() []float64 { return nil }

func (drift) walk(z []float64, first, horizon int, out []float64) {
	for t := first; t <= len(z); t++ {
		row := out[(t-first)*horizon:][:horizon]
		slope := (z[t-1] - z[0]) / float64(max(t-1, 1))
		for k := range row {
			row[k] = z[t-1] + float64(float64(k+1)*slope)
		}
	}
}

// median is one number.
type median struct{ value float64 }

func (m median) coefficients() []float64 { return []float64{m.value} }

func (m median) walk(_ []float64, _, _ int, out []float64) {
	for i := range out {
		out[i] = m.value
	}
}

// medianOf returns the middle value of z, or the mean of the middle two: half of their sum.
func medianOf(z []float64) float64 {
	s := slices.Clone(z)
	slices.Sort(s)
	return float64(0.5 * (s[(len(s)-1)/2] + s[len(s)/2]))
}

// seasonalMean goes on from the last value by the mean of the changes over the same steps in the whole periods before, at
// most yearsBack of them.
type seasonalMean struct{ period int }

const yearsBack = 8

func (s seasonalMean) coefficients() []float64 { return []float64{float64(s.period)} }

func (s seasonalMean) walk(z []float64, first, horizon int, out []float64) {
	for t := first; t <= len(z); t++ {
		row := out[(t-first)*horizon:][:horizon]
		for k := range row {
			from := (k + s.period) / s.period // whole periods back to where both ends are known
			var sum float64
			count := 0
			for c := from; count < yearsBack && t-1-c*s.period >= 0; c++ {
				sum += z[t+k-c*s.period] - z[t-1-c*s.period]
				count++
			}
			row[k] = z[t-1]
			if count > 0 {
				row[k] += sum / float64(count)
			}
		}
	}
}
