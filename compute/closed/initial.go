package closed

import "doin.network/node/compute/f64"

// smooth fits exponential smoothing: the initial state by averages over the first periods, the parameters by the grid.
func (f *fitting) smooth(spec Spec) (core, error) {
	s := &smoothing{phi: 1, period: max(spec.Period, 1), trend: spec.Kind != Simple}
	s.multiplicative = spec.Kind == HoltWintersMultiplicative
	s.start = initial(f.z, s.period, s.trend, s.multiplicative)
	var grids []grid
	grids = append(grids, grid{&s.alpha, alphas})
	if s.trend {
		grids = append(grids, grid{&s.beta, betas}, grid{&s.phi, phis})
	}
	if s.period > 1 {
		grids = append(grids, grid{&s.gamma, gammas})
	}
	return s, f.search(s, grids)
}

// initial returns the state before the first step: the mean of the first period and its change to the second, seasons as the
// mean of what is left of the first whole periods, four at most. Without seasons the level is the mean of the first values,
// the slope that of the least squares line through them, eight at most.
func initial(z []float64, period int, trend, multiplicative bool) state {
	if period == 1 {
		n := min(8, len(z))
		level := f64.Sum(z[:n]) / float64(n)
		if !trend {
			return state{level: level}
		}
		slope := slopeOf(z[:n])
		return state{level: level - float64(slope*float64(0.5*float64(n+1))), slope: slope}
	}
	cycles := min(len(z)/period, 4)
	means := make([]float64, cycles)
	for c := range means {
		means[c] = f64.Sum(z[c*period:][:period]) / float64(period)
	}
	var w state
	w.season = make([]float64, period)
	slope := (means[cycles-1] - means[0]) / float64(period*(cycles-1))
	middle := float64(0.5 * float64(period-1))
	for j := range period {
		var sum float64
		for c := range cycles {
			base := means[c] + float64(slope*(float64(j)-middle))
			if multiplicative {
				sum += z[c*period+j] / base
			} else {
				sum += z[c*period+j] - base
			}
		}
		w.season[j] = sum / float64(cycles)
		if multiplicative && !(w.season[j] > leastSeason) {
			w.season[j] = leastSeason
		}
	}
	w.level = means[0]
	if trend {
		w.slope = slope
		w.level = means[0] - float64(slope*(middle+1))
	}
	if multiplicative && !(w.level > leastSeason) {
		w.level = leastSeason
	}
	return w
}

// slopeOf returns the slope of the least squares line through z at 0, 1, 2, …; 0 for one value.
func slopeOf(z []float64) float64 {
	middle := float64(0.5 * float64(len(z)-1))
	var top, bottom float64
	for i, v := range z {
		d := float64(i) - middle
		top += float64(d * v)
		bottom += float64(d * d)
	}
	if bottom == 0 {
		return 0
	}
	return top / bottom
}
