package closed

import (
	"math"

	"doin.network/node/compute/f64"
)

// autoregression forecasts step by step, each forecast taken for a value by the next: of the levels, or of the changes.
type autoregression struct {
	lags    []int     // ascending: 1 is the last value
	weights []float64 // the constant, then one for each lag
	changes bool
}

func (a *autoregression) coefficients() []float64 {
	c := []float64{float64(len(a.lags))}
	for _, lag := range a.lags {
		c = append(c, float64(lag))
	}
	return append(c, a.weights...)
}

func (a *autoregression) walk(z []float64, first, horizon int, out []float64) {
	x := z
	if a.changes {
		x = changesOf(z)
	}
	longest := 0
	if len(a.lags) > 0 {
		longest = a.lags[len(a.lags)-1]
	}
	past := make([]float64, longest+horizon)
	for t := first; t <= len(z); t++ {
		row := out[(t-first)*horizon:][:horizon]
		end := t - len(z) + len(x) // as many values are known
		copy(past, x[end-longest:end])
		level := 0.0
		if a.changes {
			level = z[t-1]
		}
		for k := range row {
			v := a.weights[0]
			for i, lag := range a.lags {
				v += float64(a.weights[1+i] * past[longest+k-lag])
			}
			past[longest+k] = v
			if a.changes {
				level += v
				v = level
			}
			row[k] = v
		}
	}
}

// changesOf returns z[1] − z[0], z[2] − z[1], …
func changesOf(z []float64) []float64 {
	d := make([]float64, len(z)-1)
	for i := range d {
		d[i] = z[i+1] - z[i]
	}
	return d
}

// maxOrder is the largest order without seasons.
const maxOrder = 12

// autoregression chooses the lags by the corrected criterion of Akaike (Hurvich, Tsai, 1989), of all orders up to n/6 and maxOrder,
// with and without the lags around one period and two, and fits them by least squares.
func (f *fitting) autoregression(changes bool, period int) (core, error) {
	a := &autoregression{changes: changes}
	x := f.z
	if changes {
		x = changesOf(f.z)
	}
	all := lagsOf(len(x), period)
	longest := 0
	if len(all) > 0 {
		longest = all[len(all)-1]
	}
	m := lagMoments(x, all, longest)
	order := 0 // how many of all are plain
	for order < len(all) && all[order] == order+1 {
		order++
	}
	best := math.Inf(1)
	for _, tail := range [][]int{nil, span(order, min(order+2, len(all))), span(order, len(all))} {
		for q := 0; q <= order; q++ {
			if err := f.ctx.Err(); err != nil {
				return nil, err
			}
			take := append(span(0, q), tail...)
			w, score := m.fit(take)
			if score < best {
				best = score
				a.lags = a.lags[:0:0]
				for _, i := range take {
					a.lags = append(a.lags, all[i])
				}
				a.weights = w
			}
		}
	}
	if a.weights == nil {
		a.weights = []float64{m.target}
	}
	return a, nil
}

// span returns from, from+1, … to−1.
func span(from, to int) []int {
	var s []int
	for i := from; i < to; i++ {
		s = append(s, i)
	}
	return s
}

// lagsOf returns the lags that n values allow: 1, 2, … and, behind them, those around the period.
func lagsOf(n, period int) []int {
	order := min(maxOrder, n/6)
	if period > 1 {
		order = min(order, period-2)
	}
	order = max(order, 0)
	lags := make([]int, 0, order+4)
	for j := 1; j <= order; j++ {
		lags = append(lags, j)
	}
	if period > 1 && 4*period <= n {
		for _, lag := range []int{period, period + 1, period - 1, 2 * period} {
			if lag > order {
				lags = append(lags, lag)
			}
		}
	}
	return lags
}

// lagMoments returns the normal equations of x on its lags, standardised.
func lagMoments(x []float64, lags []int, longest int) *moments {
	n := len(lags)
	m := &moments{columns: n, mean: make([]float64, n), unit: make([]float64, n), gram: make([]float64, f64.Triangle(n)), b: make([]float64, n)}
	row := make([]float64, n)
	for t := longest; t < len(x); t++ {
		for i, lag := range lags {
			m.mean[i] += x[t-lag]
		}
		m.target += x[t]
		m.rows++
	}
	for i := range m.mean {
		m.mean[i] /= float64(m.rows)
		m.unit[i] = 1
	}
	m.target /= float64(m.rows)
	for t := longest; t < len(x); t++ {
		for i, lag := range lags {
			row[i] = x[t-lag] - m.mean[i]
		}
		d := x[t] - m.target
		f64.Gram(m.gram, m.b, row, d)
		m.square += float64(d * d)
	}
	return m
}

// fit returns the weights of the columns taken, in their order, and the criterion: +Inf where there are too few rows.
func (m *moments) fit(take []int) ([]float64, float64) {
	k, n := float64(len(take)+2), float64(m.rows)
	if n-k-1 < 2 {
		return nil, math.Inf(1)
	}
	all := m.solve(take, float64(1e-9*m.square))
	w := []float64{all[0]}
	rest := m.square
	for _, i := range take {
		w = append(w, all[1+i])
		rest -= float64(all[1+i] * m.b[i])
	}
	least := float64(1e-12 * m.square)
	if !(rest > least) {
		rest = least
	}
	if !(rest > 0) {
		return w, math.Inf(-1)
	}
	return w, float64(n*f64.Log(rest/n)) + float64(float64(2*k)*(n/(n-k-1)))
}
