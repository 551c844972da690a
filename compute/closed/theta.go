package closed

import "doin.network/node/compute/f64"

// adjusted is a model of a series without its seasons (additive: those of logarithms are factors), which are added to the
// forecasts.
type adjusted struct {
	core
	seasons []float64 // [period]
}

func (m *adjusted) coefficients() []float64 { return append(m.core.coefficients(), m.seasons...) }

func (m *adjusted) walk(z []float64, first, horizon int, out []float64) {
	m.core.walk(withoutSeasons(z, m.seasons), first, horizon, out)
	for t := first; t <= len(z); t++ {
		row := out[(t-first)*horizon:][:horizon]
		for k := range row {
			row[k] += m.seasons[(t+k)%len(m.seasons)]
		}
	}
}

// adjust fits a form without seasons to the series without those of the period; to the series itself for a period of 0.
func (f *fitting) adjust(period int, fit func(f *fitting) (core, error)) (core, error) {
	if period == 0 {
		return fit(f)
	}
	seasons := seasonsOf(f.z, period)
	inner, err := fit(&fitting{ctx: f.ctx, z: withoutSeasons(f.z, seasons), horizon: f.horizon})
	if err != nil {
		return nil, err
	}
	return &adjusted{inner, seasons}, nil
}

// theta fits simple smoothing that drifts by half the slope of the least squares line: a trend with β = 0 keeps its slope.
func (f *fitting) theta() (core, error) {
	start := initial(f.z, 1, false, false)
	start.slope = float64(0.5 * slopeOf(f.z))
	s := &smoothing{phi: 1, period: 1, trend: true, start: start}
	return s, f.search(s, []grid{{&s.alpha, alphas}})
}

// seasonsOf returns the mean deviation of each step of the period from the centred mean over one period, their sum brought
// to 0.
func seasonsOf(z []float64, period int) []float64 {
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

// withoutSeasons returns z less the seasons.
func withoutSeasons(z, seasons []float64) []float64 {
	x := make([]float64, len(z))
	for t, v := range z {
		x[t] = v - seasons[t%len(seasons)]
	}
	return x
}
