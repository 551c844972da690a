package nn

import "doin.network/node/compute/vec"

// convolution is a causal convolution over the steps: with shift(tap) = (kernel − 1 − tap)·dilation,
//
//	y[t] = bias + Σ x[t − shift(tap)]·W[tap]
//
// in order R1 over k = tap·channels + channel; W is [kernel·in][out]. A step before the first contributes no term. The
// input gradient is R1 over k = tap·width + output channel from +0, a step after the last contributing no term; the
// parameters' gradient is R2 over samples and then steps.
type convolution struct {
	matrix
	x, y             int
	steps, channels  int
	kernel, dilation int
	// adds says that the input has a gradient from elsewhere already, to which this one is added.
	adds bool
	sum  int // gradient buffer for that
}

// convolution appends a convolution with its activation.
func (p *plan) convolution(x, width, kernel, dilation int, a Activation, adds bool) int {
	s := p.tensors[x].shape
	y := p.fresh(shape{s.steps, width})
	o := &convolution{
		matrix: p.matrix(kernel*s.channels, width, a), x: x, y: y, steps: s.steps, channels: s.channels,
		kernel: kernel, dilation: dilation, adds: adds && p.tensors[x].grad >= 0,
	}
	p.ops = append(p.ops, o)
	if o.adds {
		o.sum = p.grad(s.size())
	}
	if p.tensors[x].grad >= 0 {
		p.transposed = max(p.transposed, o.in*o.out)
	}
	return p.activate(y, a)
}

func (o *convolution) scratch(rows int) int {
	return vec.SumChunksScratch(o.size(), vec.Chunks(rows*o.steps))
}

// shift returns how many steps back a tap looks.
func (o *convolution) shift(tap int) int { return (o.kernel - 1 - tap) * o.dilation }

func (o *convolution) forward(p *pass, rows int) {
	w, bias := o.of(p.weights)
	x, y := p.value(o.x, rows), p.value(o.y, rows)
	p.kernels.FillRows(y, bias, rows*o.steps, o.out)
	if o.steps < rows {
		for t := range o.steps {
			for tap := range o.kernel {
				if from := t - o.shift(tap); from >= 0 {
					p.kernels.Gemm(y[t*o.out:], o.steps*o.out, x[from*o.channels:], o.steps*o.channels, 1,
						w[tap*o.channels*o.out:], o.out, rows, o.out, o.channels)
				}
			}
		}
		return
	}
	for r := range rows {
		first := r * o.steps
		for tap := range o.kernel {
			if s := o.shift(tap); s < o.steps {
				p.kernels.Gemm(y[(first+s)*o.out:], o.out, x[first*o.channels:], o.channels, 1,
					w[tap*o.channels*o.out:], o.out, o.steps-s, o.out, o.channels)
			}
		}
	}
}

func (o *convolution) backward(p *pass, rows int) {
	x, dy := p.value(o.x, rows), p.grad(o.y, rows)
	positions := rows * o.steps
	p.kernels.SumChunks(p.gradient[o.offset:][:o.size()], p.scratch, vec.Chunks(positions), func(i int, chunk []float32) {
		from := i * vec.ChunkRows
		o.chunk(p.kernels, chunk, x, dy, from, min(from+vec.ChunkRows, positions))
	})
	dx := p.grad(o.x, rows)
	if dx == nil {
		return
	}
	if o.adds {
		sum := p.grads[o.sum][:len(dx)]
		o.inputGradient(p, sum, dy, rows)
		p.kernels.Add(dx, sum)
		return
	}
	o.inputGradient(p, dx, dy, rows)
}

// chunk computes the parameters' gradient of the positions from … to−1.
func (o *convolution) chunk(k *vec.Kernels, dw, x, dy []float32, from, to int) {
	clear(dw)
	for tap := range o.kernel {
		if o.shift(tap) == 0 {
			k.Gemm(dw[tap*o.channels*o.out:], o.out, x[from*o.channels:], 1, o.channels,
				dy[from*o.out:], o.out, o.channels, o.out, to-from)
		}
	}
	for p := from; p < to; {
		end := min(to, (p/o.steps+1)*o.steps) // of the sample
		for tap := range o.kernel {
			s := o.shift(tap)
			if s == 0 {
				continue
			}
			if first := max(p, p/o.steps*o.steps+s); first < end {
				k.Gemm(dw[tap*o.channels*o.out:], o.out, x[(first-s)*o.channels:], 1, o.channels,
					dy[first*o.out:], o.out, o.channels, o.out, end-first)
			}
		}
		p = end
	}
	k.Gemm(dw[o.in*o.out:], o.out, one, 0, 0, dy[from*o.out:], o.out, 1, o.out, to-from)
}

// one is the input that a bias is multiplied by.
var one = []float32{1}

func (o *convolution) inputGradient(p *pass, dx, dy []float32, rows int) {
	w, _ := o.of(p.weights)
	size := o.channels * o.out
	for tap := range o.kernel {
		p.kernels.Transpose(p.transposed[tap*size:], w[tap*size:], o.channels, o.out)
	}
	clear(dx)
	if o.steps < rows {
		for t := range o.steps {
			for tap := range o.kernel {
				if from := t + o.shift(tap); from < o.steps {
					p.kernels.Gemm(dx[t*o.channels:], o.steps*o.channels, dy[from*o.out:], o.steps*o.out, 1,
						p.transposed[tap*size:], o.channels, rows, o.channels, o.out)
				}
			}
		}
		return
	}
	for r := range rows {
		first := r * o.steps
		for tap := range o.kernel {
			if s := o.shift(tap); s < o.steps {
				p.kernels.Gemm(dx[first*o.channels:], o.channels, dy[(first+s)*o.out:], o.out, 1,
					p.transposed[tap*size:], o.channels, o.steps-s, o.channels, o.out)
			}
		}
	}
}
