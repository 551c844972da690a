package forecast

import (
	"errors"
	"slices"
	"testing"

	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
)

// tcn is a plain genome: two blocks of 8 channels, kernel 3, no dropout, otherwise as fixed.
func tcn(s genome.Space) genome.Genome {
	g := fixed(s)
	g[geneModel] = 1
	g[geneBlocks], g[geneChannels], g[geneKernel], g[geneDropout] = 2, 8, 3, 0
	return g
}

// The steps of a sequence are the perceptron's values, each with the calendar columns of its own row.
func TestSequence(t *testing.T) {
	for _, period := range []int{1, 12} {
		d := mustDomain(t, monthly(200), func(c *Config) { c.Period, c.Horizon = period, 2 })
		s := d.series
		channels := 1 + s.calendar.columns()
		flat := look{d.problem, view{window: 9}}.part(9, 0, 100)
		steps := look{d.problem, view{window: 9, sequence: true}}.part(9, 0, 100)
		if steps.Len() != flat.Len() || steps.size(&s.calendar) != 9*channels {
			t.Fatalf("%d samples of %d inputs", steps.Len(), steps.size(&s.calendar))
		}
		a, b := make([]float32, flat.size(&s.calendar)), make([]float32, 9*channels)
		ya, yb := make([]float32, 2), make([]float32, 2)
		for i := range flat.Len() {
			flat.Sample(i, a, ya)
			steps.Sample(i, b, yb)
			for j := range 9 {
				step := b[j*channels:][:channels]
				if step[0] != a[j] || !slices.Equal(step[1:], s.calendar.of(i+j)) || !slices.Equal(ya, yb) {
					t.Fatalf("period %d: sample %d, step %d = %v, values %v", period, i, j, step, a)
				}
			}
		}
	}
}

// The window of a TCN ends at the step that its output no longer depends on, and the first one matters.
func TestReach(t *testing.T) {
	d := mustDomain(t, monthly(200), func(c *Config) { quick(c); c.Space[geneBlocks].High = 3 })
	for blocks := 1.0; blocks <= 3; blocks++ {
		for kernel := 2.0; kernel <= 3; kernel++ {
			g := tcn(d.config.Space)
			g[geneBlocks], g[geneKernel], g[geneWindow] = blocks, kernel, 36
			g[geneShape] = 1 // tanh lets everything through
			v := d.config.view(g)
			if v.window != reach(g) || !v.sequence {
				t.Fatalf("view %+v, reach %d", v, reach(g))
			}
			n := domaintest.Network(t, d, g, 1, 0)
			x, out, other := make([]float32, v.size(&d.series.calendar)), make([]float32, 1), make([]float32, 1)
			n.Predict(x, out)
			x[0] = 4
			if n.Predict(x, other); out[0] == other[0] {
				t.Errorf("%v blocks, kernel %v: the first of %d steps does not matter", blocks, kernel, v.window)
			}
			// One step more does not reach the output.
			c := d.config.shape(g)
			c.Steps, c.Inputs = v.window+1, (v.window+1)*3
			weights := n.Weights()
			x = make([]float32, c.Inputs)
			before, _, err := nn.Gradient(c, weights, x, []float32{0})
			x[0] = 4
			after, _, err2 := nn.Gradient(c, weights, x, []float32{0})
			if err = errors.Join(err, err2); err != nil || before != after {
				t.Errorf("%v blocks, kernel %v: step −%d matters (%v)", blocks, kernel, v.window+1, err)
			}
		}
	}
}

// A view with a season: differences in, and the change of the season before; the outputs stand above that change.
func TestSeasonalView(t *testing.T) {
	for _, horizon := range []int{1, 4, 15} {
		d := mustDomain(t, monthly(300), func(c *Config) { c.Period, c.Horizon = 12, horizon })
		s := d.series
		g := fixed(d.config.Space)
		g[geneWindow] = 7
		plain := look{d.problem, d.config.view(g)}
		g[geneDifference] = 1
		v := d.config.view(g)
		seasonal := look{d.problem, v}
		back := 12 * ((horizon + 11) / 12)
		if v != (view{window: 7, season: 12, steps: horizon}) || v.need() != 7+back || d.config.shape(g).Inputs != v.size(&s.calendar) {
			t.Fatalf("horizon %d: view %+v needs %d values and has %d inputs", horizon, v, v.need(), d.config.shape(g).Inputs)
		}
		training, _ := seasonal.Sources(0)
		if got, want := training.Len(), s.ends(0)-horizon-v.need(); got != want {
			t.Errorf("horizon %d: %d samples train, want %d", horizon, got, want)
		}
		cases, of := seasonal.Validation(0).(*windows), plain.Validation(0).(*windows)
		x, y, z := make([]float32, v.size(&s.calendar)), make([]float32, horizon), make([]float32, horizon)
		targets, out := make([]float32, horizon*of.Len()), make([]float32, horizon)
		of.Targets(targets)
		for i := range cases.Len() {
			cases.Sample(i, x, y)
			origin := cases.first + i
			difference := func(i int) float32 { return s.scaled[i] - s.scaled[i-12] }
			for j := range 7 {
				if want := difference(origin-7+j) - difference(origin); x[j] != want {
					t.Fatalf("horizon %d: case %d, input %d = %v, want %v", horizon, i, j, x[j], want)
				}
			}
			if !slices.Equal(x[7:9], s.calendar.of(origin+1)) {
				t.Fatalf("horizon %d: case %d: calendar %v, want %v", horizon, i, x[7:9], s.calendar.of(origin+1))
			}
			for k := range y {
				b := (k/12 + 1) * 12
				change := s.scaled[origin+1+k-b] - s.scaled[origin-b]
				if x[9+k] != change || y[k] != (s.scaled[origin+1+k]-s.scaled[origin])-change {
					t.Fatalf("horizon %d: case %d, step %d: input %v and target %v, the change was %v", horizon, i, k, x[9+k], y[k], change)
				}
				z[k] = y[k] + change
			}
			seasonal.Prediction(func(_, out []float32) { copy(out, y) })(x, out)
			if !slices.Equal(out, z) {
				t.Fatalf("horizon %d: Prediction of %v = %v, want %v, about %v", horizon, y, out, z, targets[i*horizon:][:horizon])
			}
		}
	}
}

// The window is cut to what the first origin has before it; without a period, or far ahead, the gene means nothing.
func TestSeasonalViewCut(t *testing.T) {
	f := func(rows, period, horizon int, want view) {
		t.Helper()
		d := mustDomain(t, monthly(rows), func(c *Config) { c.Period, c.Horizon = period, horizon })
		g := fixed(d.config.Space)
		g[geneWindow], g[geneDifference] = 30, 1
		if got := d.config.view(g); got != want {
			t.Errorf("%d rows, period %d, horizon %d: view %+v, want %+v", rows, period, horizon, got, want)
		}
	}
	f(300, 12, 1, view{window: 24, season: 12, steps: 1})
	f(300, 52, 1, view{window: 12, season: 52, steps: 1})
	f(300, 1, 1, view{window: 30})
	f(600, 12, 65, view{window: 30})
}
