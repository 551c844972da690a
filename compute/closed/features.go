package closed

import "doin.network/node/compute/f64"

// features are the columns of the regression of one step: functions of the series up to its origin. All but the level and the
// harmonics are differences from the last value. In this order:
//
//	lags        z[o−j] − z[o], j = 1 … lags
//	means       the mean of the last w values − z[o], w in means
//	harmonics   for every period p and m = 1 … : sine and cosine of m whole turns in p steps, at the origin
//	seasons     for every long enough series and period: with τ the step forecast and c the whole periods back to where it is
//	            known: τ−cp, τ−cp−1, τ−cp+1, τ−(c+1)p; and o−cp, o−(c+1)p; each − z[o]
//	level       z[o]
type features struct {
	lags    int
	means   []int
	waves   [][]float64 // [harmonic][p·2]: sine and cosine of each phase
	seasons []int       // periods of which the seasonal lags stand
	level   bool
}

// newFeatures returns the largest set that a series of n rows allows.
func newFeatures(n, horizon int, periods []int, level bool) *features {
	f := &features{level: level}
	longest := 36
	if len(periods) > 0 && periods[0] <= 36 {
		longest = max(longest, periods[0]+2)
	}
	f.lags = min(longest, n/6)
	for _, w := range []int{4, 8, 16, 32, 64, 128} {
		if w <= n/8 {
			f.means = append(f.means, w)
		}
	}
	for _, p := range periods {
		if p > 2 {
			f.waves = append(f.waves, wavesOf(p)...)
		}
		if f.reach(p, horizon) <= n/3 {
			f.seasons = append(f.seasons, p)
		}
	}
	return f
}

// reach returns how many values back the seasonal lags of period p go at the furthest step.
func (f *features) reach(p, horizon int) int { return p*((horizon+p)/p+1) + 1 }

// wavesOf returns the harmonics of a period, three at most: pairs of sine and cosine for each phase.
func wavesOf(p int) [][]float64 {
	var waves [][]float64
	for m := 1; m <= 3 && 2*m <= p; m++ {
		w := make([]float64, 2*p)
		for i := range p {
			turn := float64(twoPi*float64(m*i%p)) / float64(p)
			w[2*i], w[2*i+1] = f64.Sin(turn), f64.Cos(turn)
		}
		waves = append(waves, w)
	}
	return waves
}

const twoPi = 0x1.921fb54442d18p+2

// columns returns the number of features.
func (f *features) columns() int {
	n := f.lags + len(f.means) + 2*len(f.waves) + 6*len(f.seasons)
	if f.level {
		n++
	}
	return n
}

// first returns the first origin o that has all features at every step.
func (f *features) first(horizon int) int {
	n := f.lags
	for _, w := range f.means {
		n = max(n, w-1)
	}
	for _, p := range f.seasons {
		n = max(n, f.reach(p, horizon))
	}
	return n
}

// fill writes the features of step k (0 is the next) at origin o to x. sums[i] is the sum of z[:i].
func (f *features) fill(x, z, sums []float64, o, k int) {
	now := z[o]
	for j := range f.lags {
		x[j] = z[o-1-j] - now
	}
	at := f.lags
	for _, w := range f.means {
		x[at] = (sums[o+1]-sums[o+1-w])/float64(w) - now
		at++
	}
	for _, w := range f.waves {
		phase := o % (len(w) / 2)
		x[at], x[at+1] = w[2*phase], w[2*phase+1]
		at += 2
	}
	for _, p := range f.seasons {
		c := (k + p) / p * p     // back from τ
		d := (k + p + 1) / p * p // back from τ+1
		tau := o + 1 + k
		x[at] = z[tau-c] - now
		x[at+1] = z[tau-c-1] - now
		x[at+2] = z[tau+1-d] - now
		x[at+3] = z[tau-c-p] - now
		x[at+4] = z[o-c] - now
		x[at+5] = z[o-c-p] - now
		at += 6
	}
	if f.level {
		x[at] = now
	}
}

// sumsOf returns the sums of z[:0], z[:1], …, one chain.
func sumsOf(z []float64) []float64 {
	sums := make([]float64, len(z)+1)
	for i, v := range z {
		sums[i+1] = sums[i] + v
	}
	return sums
}

// group says which columns a choice takes: so many lags, means up to a width, harmonics or not, seasonal lags or not.
type group struct {
	lags, mean     int
	waves, seasons bool
}

// take returns the columns of the choice, ascending.
func (f *features) take(g group) []int {
	var take []int
	for j := range min(g.lags, f.lags) {
		take = append(take, j)
	}
	at := f.lags
	for _, w := range f.means {
		if w <= g.mean {
			take = append(take, at)
		}
		at++
	}
	span := func(n int, use bool) {
		for i := range n {
			if use {
				take = append(take, at+i)
			}
		}
		at += n
	}
	span(2*len(f.waves), g.waves)
	span(6*len(f.seasons), g.seasons)
	if f.level {
		take = append(take, at)
	}
	return take
}
