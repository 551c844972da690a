package closed

import "doin.network/node/compute/onnx"

// exporter is a core that can be written as operations: forecasts [horizon] from the origin behind the last value of z, a vector that
// is at least as long as the part that the core was fitted on.
type exporter interface {
	export(g *onnx.Graph, z onnx.Value, horizon int) onnx.Value
}

var (
	_ exporter = last{}
	_ exporter = seasonal{}
	_ exporter = drift{}
	_ exporter = median{}
	_ exporter = seasonalMean{}
	_ exporter = (*smoothing)(nil)
	_ exporter = (*adjusted)(nil)
	_ exporter = (*autoregression)(nil)
	_ exporter = (*arima)(nil)
	_ exporter = (*ridge)(nil)
)

// Rows is the length of the series that the model was fitted on: what Walk and Export need at least.
func (m *Model) Rows() int { return m.rows }

// Export appends the operations of what Walk says from the origin behind the last value: y is a vector of doubles of any length from Rows
// on, which begins where the fitting part began; the result are Horizon doubles. They differ from Walk's by the rounding of sums taken
// in another order.
func (m *Model) Export(g *onnx.Graph, y onnx.Value) onnx.Value {
	z := g.Do("Mul", y, g.DoubleOf(m.scale))
	if m.spec.Log {
		z = g.Do("Log", g.Do("Max", z, g.DoubleOf(m.floor)))
	}
	out := m.core.(exporter).export(g, z, m.horizon)
	out = m.bounded(g, z, out)
	if m.spec.Log {
		out = g.Do("Exp", out)
	}
	return g.Do("Div", out, g.DoubleOf(m.scale))
}

// bounded is bound.
func (m *Model) bounded(g *onnx.Graph, z, out onnx.Value) onnx.Value {
	keep := onnx.Integer("keepdims", 0)
	low, high := g.With("ReduceMin", []onnx.Value{z}, keep), g.With("ReduceMax", []onnx.Value{z}, keep)
	r := g.Do("Sub", high, low)
	out = g.Do("Where", g.Do("IsNaN", out), lastOf(g, z), out)
	return g.Do("Min", g.Do("Max", out, g.Do("Sub", low, r)), g.Do("Add", high, r))
}

// lastOf is the last value, a vector of one.
func lastOf(g *onnx.Graph, z onnx.Value) onnx.Value { return g.Slice(z, -1, onnx.End, 0) }

// repeat spreads a vector of one over the horizon.
func repeat(g *onnx.Graph, v onnx.Value, horizon int) onnx.Value {
	return g.Do("Expand", v, g.List(horizon))
}

// length is the number of values, a scalar integer.
func length(g *onnx.Graph, z onnx.Value) onnx.Value { return g.Do("Size", z) }

func (last) export(g *onnx.Graph, z onnx.Value, horizon int) onnx.Value {
	return repeat(g, lastOf(g, z), horizon)
}

// cycle are the indices 0, 1, … of the horizon within a period.
func cycle(g *onnx.Graph, horizon, period int) onnx.Value {
	at := make([]int, horizon)
	for k := range at {
		at[k] = k % period
	}
	return g.List(at...)
}

func (s seasonal) export(g *onnx.Graph, z onnx.Value, horizon int) onnx.Value {
	return g.Gather(g.Slice(z, -s.period, onnx.End, 0), cycle(g, horizon, s.period), 0)
}

func (drift) export(g *onnx.Graph, z onnx.Value, horizon int) onnx.Value {
	now := lastOf(g, z)
	steps := g.Cast(g.Do("Max", g.Do("Sub", length(g, z), g.IntOf(1)), g.IntOf(1)), onnx.Double)
	slope := g.Do("Div", g.Do("Sub", now, g.Slice(z, 0, 1, 0)), steps)
	ahead := make([]float64, horizon)
	for k := range ahead {
		ahead[k] = float64(k + 1)
	}
	return g.Do("Add", now, g.Do("Mul", g.Doubles(ahead, horizon), slope))
}

func (m median) export(g *onnx.Graph, _ onnx.Value, horizon int) onnx.Value {
	return repeat(g, g.Doubles([]float64{m.value}, 1), horizon)
}

// export takes the changes of all yearsBack periods; those that begin before the series count as none.
func (s seasonalMean) export(g *onnx.Graph, z onnx.Value, horizon int) onnx.Value {
	from, to := make([]int64, 0, horizon*yearsBack), make([]int64, 0, horizon*yearsBack) // back from the end of z
	for k := range horizon {
		first := (k + s.period) / s.period
		for i := range yearsBack {
			c := first + i
			from, to = append(from, int64(-1-c*s.period)), append(to, int64(k-c*s.period))
		}
	}
	n := length(g, z)
	start := g.Do("Add", g.Ints(from, horizon, yearsBack), n)
	known := g.Cast(g.Do("GreaterOrEqual", start, g.IntOf(0)), onnx.Double)
	ends := g.Do("Max", g.Do("Add", g.Ints(to, horizon, yearsBack), n), g.IntOf(0))
	change := g.Do("Sub", g.Gather(z, ends, 0), g.Gather(z, g.Do("Max", start, g.IntOf(0)), 0))
	sum := func(v onnx.Value) onnx.Value {
		return g.With("ReduceSum", []onnx.Value{v, g.List(1)}, onnx.Integer("keepdims", 0))
	}
	count := sum(known)
	mean := g.Do("Div", sum(g.Do("Mul", change, known)), g.Do("Max", count, g.DoubleOf(1)))
	return g.Do("Add", lastOf(g, z), mean)
}

// export scans the series. The season of the next step is the first one of the state, so that none is looked up.
func (s *smoothing) export(g *onnx.Graph, z onnx.Value, horizon int) onnx.Value {
	one := func(v float64) onnx.Value { return g.Doubles([]float64{v}, 1) }
	states := []onnx.Value{one(s.start.level), one(s.start.slope)}
	if s.period > 1 {
		states = append(states, g.Doubles(s.start.season, s.period))
	}
	w := g.Scan(states, z, s.exportStep)
	damped := make([]float64, horizon)
	damp, sum := 1.0, 0.0
	for k := range damped {
		damp = float64(damp * s.phi)
		sum += damp
		damped[k] = sum
	}
	out := g.Do("Add", w[0], g.Do("Mul", g.Doubles(damped, horizon), w[1]))
	if s.period == 1 {
		return out
	}
	season := g.Gather(w[2], cycle(g, horizon, s.period), 0)
	if s.multiplicative {
		return g.Do("Mul", out, season)
	}
	return g.Do("Add", out, season)
}

// exportStep is step.
func (s *smoothing) exportStep(b *onnx.Graph, w []onnx.Value, v onnx.Value) []onnx.Value {
	times := func(f float64, x onnx.Value) onnx.Value { return b.Do("Mul", b.DoubleOf(f), x) }
	least := func(x onnx.Value) onnx.Value { return b.Do("Max", x, b.DoubleOf(leastSeason)) }
	change := times(s.phi, w[1])
	base := b.Do("Add", w[0], change)
	var season onnx.Value
	if s.period > 1 {
		season = b.Slice(w[2], 0, 1, 0)
	}
	turned := func(next onnx.Value) onnx.Value { return b.Concat(0, b.Slice(w[2], 1, onnx.End, 0), next) }
	if s.multiplicative {
		e := b.Do("Sub", v, b.Do("Mul", base, season))
		part := b.Do("Div", e, season)
		level := b.Do("Add", base, times(s.alpha, part))
		slope := b.Do("Add", change, times(s.alpha*s.beta, part))
		next := b.Do("Add", season, times(s.gamma*(1-s.alpha), b.Do("Div", e, base)))
		return []onnx.Value{least(level), slope, turned(least(next))}
	}
	forecast := base
	if s.period > 1 {
		forecast = b.Do("Add", base, season)
	}
	e := b.Do("Sub", v, forecast)
	out := []onnx.Value{b.Do("Add", base, times(s.alpha, e)), w[1]}
	if s.trend {
		out[1] = b.Do("Add", change, times(s.alpha*s.beta, e))
	}
	if s.period > 1 {
		out = append(out, turned(b.Do("Add", season, times(s.gamma*(1-s.alpha), e))))
	}
	return out
}

func (m *adjusted) export(g *onnx.Graph, z onnx.Value, horizon int) onnx.Value {
	period := len(m.seasons)
	n, seasons := length(g, z), g.Doubles(m.seasons, period)
	phase := func(t onnx.Value) onnx.Value { return g.Gather(seasons, g.Do("Mod", t, g.IntOf(period)), 0) }
	x := g.Do("Sub", z, phase(g.Do("Range", g.IntOf(0), n, g.IntOf(1))))
	ahead := make([]int, horizon)
	for k := range ahead {
		ahead[k] = k
	}
	return g.Do("Add", m.core.(exporter).export(g, x, horizon), phase(g.Do("Add", n, g.List(ahead...))))
}

// export writes the steps as one affine map of the last values.
func (a *autoregression) export(g *onnx.Graph, z onnx.Value, horizon int) onnx.Value {
	longest := 0
	for _, lag := range a.lags {
		longest = max(longest, lag)
	}
	constant, weights := a.unrolled(longest, horizon)
	x := z
	if a.changes {
		x = g.Do("Sub", g.Slice(z, 1, onnx.End, 0), g.Slice(z, 0, -1, 0))
	}
	out := g.Doubles(constant, horizon)
	if longest > 0 {
		out = g.Do("Add", out, g.Do("MatMul", g.Doubles(weights, horizon, longest), g.Slice(x, -longest, onnx.End, 0)))
	}
	if a.changes {
		out = g.Do("Add", out, lastOf(g, z))
	}
	return out
}

// unrolled returns the forecasts as constants and weights [horizon][longest] of the last values, the oldest first; of changes summed up.
func (a *autoregression) unrolled(longest, horizon int) (constant, weights []float64) {
	// past[i] is the value i, known or forecast, as such a map.
	type affine struct {
		constant float64
		weights  []float64
	}
	past := make([]affine, longest+horizon)
	for i := range past {
		past[i].weights = make([]float64, longest)
		if i < longest {
			past[i].weights[i] = 1
		}
	}
	sum := affine{weights: make([]float64, longest)}
	for k := range horizon {
		p := &past[longest+k]
		p.constant = a.weights[0]
		for i, lag := range a.lags {
			from := past[longest+k-lag]
			p.constant += float64(a.weights[1+i] * from.constant)
			for j, w := range from.weights {
				p.weights[j] += float64(a.weights[1+i] * w)
			}
		}
		sum.constant += p.constant
		for j, w := range p.weights {
			sum.weights[j] += w
		}
		if a.changes {
			constant, weights = append(constant, sum.constant), append(weights, sum.weights...)
		} else {
			constant, weights = append(constant, p.constant), append(weights, p.weights...)
		}
	}
	return constant, weights
}

// export scans the changes for the last errors; the steps are one linear map of these and the last values.
func (a *arima) export(g *onnx.Graph, z onnx.Value, horizon int) onnx.Value {
	p := a.period
	w := g.Do("Sub", g.Slice(z, 1, onnx.End, 0), g.Slice(z, 0, -1, 0))
	if p > 0 {
		w = g.Do("Sub", g.Slice(w, p, onnx.End, 0), g.Slice(w, 0, -p, 0))
	}
	states := []onnx.Value{g.Doubles(make([]float64, p+1), p+1), g.Slice(w, 0, 1, 0)} // the last errors, the oldest first; w before
	states = g.Scan(states, g.Slice(w, 1, onnx.End, 0), a.exportStep)
	ofErrors, ofValues := a.unrolled(horizon)
	return g.Do("Add", g.Do("MatMul", g.Doubles(ofErrors, horizon, p+1), states[0]),
		g.Do("MatMul", g.Doubles(ofValues, horizon, p+2), g.Slice(z, -p-2, onnx.End, 0)))
}

// exportStep is a step of errors.
func (a *arima) exportStep(b *onnx.Graph, states []onnx.Value, w onnx.Value) []onnx.Value {
	row := make([]float64, a.period+1)
	row[a.period] -= a.theta
	if a.period > 0 {
		row[1] -= a.seasonal
		row[0] += float64(a.theta * a.seasonal)
	}
	expected := b.Do("Add", b.Do("Mul", b.DoubleOf(a.phi), states[1]), b.Do("MatMul", b.Doubles(row, 1, a.period+1), states[0]))
	return []onnx.Value{b.Concat(0, b.Slice(states[0], 1, onnx.End, 0), b.Do("Sub", w, expected)), b.Reshape(w, 1)}
}

// unrolled returns the forecasts as weights of the last period + 1 errors and of the last period + 2 values, the oldest first.
func (a *arima) unrolled(horizon int) (ofErrors, ofValues []float64) {
	n := a.period + 2
	ofErrors, ofValues = make([]float64, horizon*(n-1)), make([]float64, horizon*n)
	e, z, row := make([]float64, n), make([]float64, n), make([]float64, horizon)
	for j := range n {
		z[j] = 1
		a.forecast(z, e, n, nil, row)
		z[j] = 0
		for k, v := range row {
			ofValues[k*n+j] = v
		}
		if j == 0 {
			continue // of that value the error is not asked for
		}
		e[j] = 1
		a.forecast(z, e, n, nil, row)
		e[j] = 0
		for k, v := range row {
			ofErrors[k*(n-1)+j-1] = v
		}
	}
	return ofErrors, ofValues
}

// export writes features and weights as one map of the last values, and a table for each harmonic.
func (r *ridge) export(g *onnx.Graph, z onnx.Value, horizon int) onnx.Value {
	f := r.features
	span := f.first(horizon) + 1
	maps, constant := make([]float64, horizon*span), make([]float64, horizon)
	for k := range horizon {
		constant[k] = r.weights[k][0]
		f.fold(r.weights[k][1:], k, maps[k*span:][:span])
	}
	tail := g.Slice(z, -span, onnx.End, 0)
	out := g.Do("Add", g.Doubles(constant, horizon), g.Do("MatMul", g.Doubles(maps, horizon, span), tail))
	at := f.lags + len(f.means)
	now := g.Do("Sub", length(g, z), g.IntOf(1))
	for _, wave := range f.waves {
		period := len(wave) / 2
		table := make([]float64, 0, period*horizon)
		for phase := range period {
			for k := range horizon {
				w := r.weights[k][1+at:]
				table = append(table, float64(wave[2*phase]*w[0])+float64(wave[2*phase+1]*w[1]))
			}
		}
		out = g.Do("Add", out, g.Gather(g.Doubles(table, period, horizon), g.Do("Mod", now, g.IntOf(period)), 0))
		at += 2
	}
	return out
}

// fold adds to row, weights of the last values, the last one at its end, what fill's features make of them with the weights of step k;
// harmonics aside. What is forecast is the change from the last value, so that value counts once.
func (f *features) fold(w []float64, k int, row []float64) {
	now := len(row) - 1
	row[now]++
	less := func(back int, weight float64) { // z[o−back] − z[o]
		row[now-back] += weight
		row[now] -= weight
	}
	for j := range f.lags {
		less(j+1, w[j])
	}
	at := f.lags
	for _, width := range f.means {
		for j := range width {
			less(j, w[at]/float64(width))
		}
		at++
	}
	at += 2 * len(f.waves)
	for _, p := range f.seasons {
		c, d := (k+p)/p*p, (k+p+1)/p*p
		for i, back := range []int{c - 1 - k, c - k, d - 2 - k, c + p - 1 - k, c, c + p} {
			less(back, w[at+i])
		}
		at += 6
	}
	if f.level {
		row[now] += w[at]
	}
}
