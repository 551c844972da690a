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
