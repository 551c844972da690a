package workload

import "doin.network/node/compute/nn"

// Flop returns the multiply-adds of one training step, two operations each: forward, weight gradients, and input
// gradients where another layer needs them. Taps before the first step of a sequence are absent. Activations, loss and
// optimizer are not counted, as usual.
func Flop(c *nn.Config) float64 {
	m := c.Model()
	var sum float64
	for _, o := range m.Ops {
		if o.Kind != nn.OpDense && o.Kind != nn.OpConvolve {
			continue
		}
		x, passes := m.Tensors[o.X], 3.0
		if x.Grad < 0 {
			passes = 2
		}
		taps := x.Steps
		if o.Kind == nn.OpConvolve {
			taps = 0
			for t := range x.Steps {
				taps += min(o.Kernel, t/o.Dilation+1)
			}
		}
		sum += 2 * passes * float64(c.Batch) * float64(taps) * float64(x.Channels) * float64(m.Matrices[o.Matrix].Out)
	}
	return sum
}
