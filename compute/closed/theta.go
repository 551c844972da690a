package closed

import "doin.network/node/compute/f64"

// theta is simple smoothing that drifts by half the slope of the least squares line, on the series without its seasons
// (additive: those of logarithms are factors), which are added to the forecasts.
type theta struct {
	smoothing
	seasons []float64 // [period], empty without seasons
}

func (m *theta) coefficients() []float64 { return append(m.smoothing.coefficients(), m.seasons...) }

func (m *theta) walk(z []float64, first, horizon int, out []float64) {
	m.smoothing.walk(withoutSeasons(z, m.seasons), first, horizon, out)
	p := len(m.seasons)
	if p == 0 {
		return
	}
	for t := first; t <= len(z); t++ {
		row := out[(t-first)*horizon:][:horizon]
		for k := range row {
			row[k] += m.seasons[(t+k)%p]
		}
	}
}

// theta fits the drift by least squares and α by the grid. A trend with β = 0 keeps its slope: that is the drift.
func (f *fitting) theta(spec Spec) (core, error) {
	m := &theta{seasons: seasonsOf(f.z, spec.Period)}
	x := withoutSeasons(f.z, m.seasons)
	start := initial(x, 1, false, false)
	start.slope = float64(0.5 * slopeOf(x))
	m.smoothing = smoothing{phi: 1, period: 1, trend: true, start: start}
	g := &fitting{ctx: f.ctx, z: x, horizon: f.horizon}
	return m, g.search(&m.smoothing, []grid{{&m.alpha, alphas}})
}

// seasonsOf returns the mean deviation of each step of the period from the centred mean over one period, their sum brought
// to 0; nil for a period of 0.
func seasonsOf(z []float64, period int) []float64 {
	if period == 0 {
		return nil
	}
	sums, counts := make([]float64, period), make([]float64, period)
	half := period / 2
	for t := half; t+half < len(z); t++ {
		m := f64.Sum(z[t-half : t+half+1])
		if period%2 == 0 { // the two ends count half
			m -= float64(0.5 * (z[t-half] + z[t+half]))
		}
		sums[t%period] += z[t] - m/float64(period)
		counts[t%period]++
	}
	for j := range sums {
		if counts[j] > 0 {
			sums[j] /= counts[j]
		}
	}
	mean := f64.Sum(sums) / float64(period)
	for j := range sums {
		sums[j] -= mean
	}
	return sums
}

// withoutSeasons returns z less the seasons; z itself where there are none.
func withoutSeasons(z, seasons []float64) []float64 {
	if len(seasons) == 0 {
		return z
	}
	x := make([]float64, len(z))
	for t, v := range z {
		x[t] = v - seasons[t%len(seasons)]
	}
	return x
}
