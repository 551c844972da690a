package nn

import "doin.network/node/compute/vec"

// lanes is a perceptron with the samples in the lanes of registers: a value is a matrix [channels][samples], so that
// products leave no lane empty whatever the widths of the layers are, and no matrix of weights is transposed. Buffers and
// products are prepared once; a step calls kernels and nothing else. It computes what the plan's operations compute, bit
// for bit. Lanes beyond the rows of a batch hold anything and are never looked at.
type lanes struct {
	kernels       *vec.Kernels
	loss          *loss
	rows, samples int // the most rows, and the same as whole registers
	outputs       int
	layers        []laneLayer

	x      []float32 // [samples][stride]: the inputs, then a 1, which is the input of the bias, then zeros
	stride int
	target []float32 // [rows][outputs], as the next three
	y      []float32
	values []float32
	slopes []float32

	rowwise  []float32
	gradient []float32 // of every parameter
	scratch  []float32
}

// laneLayer is a dense layer with its activation.
//
//	y = then(Wᵀ·x + bias)    d = d′·slope, the d′ coming from the layer behind    [dW; dbias] = x·turned, x with its ones
type laneLayer struct {
	in, out    int
	activation *activate // nil for none
	x          []float32 // [in+1 …][samples], row in being ones
	y          []float32 // [out+1 …][samples]: the next layer's x
	slope      []float32 // [out][samples], the activation's derivatives, in a training of one that is not relu
	forward    *vec.Prepared

	// Of a training: the gradient before the activation like y, and by samples, [samples][stride]; products for the
	// gradients of x, nil in the first layer, and of matrix and bias, by chunks.
	d, turned []float32
	stride    int
	input     *vec.Prepared
	gradient  []float32
	weights   *vec.Prepared                  // of a single chunk
	chunk     func(chunk int, dst []float32) // where there are more
}

// perceptron returns the layers of a plan that has nothing else, with their activations, nil for none.
func (p *plan) perceptron() (layers []*dense, activations []*activate) {
	for _, o := range p.ops {
		switch o := o.(type) {
		case *dense:
			layers, activations = append(layers, o), append(activations, nil)
			if o.steps != 1 {
				return nil, nil
			}
		case *activate:
			activations[len(activations)-1] = o
		default:
			return nil, nil
		}
	}
	return layers, activations
}

// Bounds of what is computed in lanes: what a product reads must stay in the first-level cache, and what a step has in the
// second.
const (
	maxLaneWidth = 256 // inputs and outputs of a layer
	maxLaneRows  = 512
)

// ceil returns the smallest multiple of m that is not less than n.
func ceil(n, m int) int { return (n + m - 1) / m * m }

// inLanes reports whether lanes are the faster way for batches of so many rows: where samples fill no more registers than
// channels do.
func (p *plan) inLanes(width, rows int) bool {
	layers, _ := p.perceptron()
	if layers == nil || width == 1 || rows > maxLaneRows {
		return false
	}
	ours, theirs := 0, 0
	for i, o := range layers {
		if o.in > maxLaneWidth || o.out > maxLaneWidth {
			return false
		}
		ours += o.in * o.out * ceil(rows, width)
		theirs += o.in * ceil(o.out, width) * rows
		if i > 0 {
			ours += o.in * o.out * ceil(rows, width)
			theirs += o.out * ceil(o.in, width) * rows
		}
	}
	return ours <= theirs
}

// newLanes returns the lanes of a perceptron with these weights, for up to so many rows; only a training has gradients.
func newLanes(c *Config, p *plan, k *vec.Kernels, weights []float32, rows int, training bool) *lanes {
	width := max(4, k.LaneWidth())
	l := losses[c.Loss]
	n := &lanes{
		kernels: k, loss: &l, rows: rows, samples: ceil(rows, width), outputs: c.Outputs, stride: laneStride(c),
		target: make([]float32, rows*c.Outputs), values: make([]float32, rows*c.Outputs),
		slopes:  make([]float32, ceil(rows, width)*c.Outputs),
		rowwise: make([]float32, 2*rows),
	}
	n.x = make([]float32, n.samples*n.stride)
	for r := range n.samples {
		n.x[r*n.stride+c.Inputs] = 1
	}
	if training {
		n.gradient = make([]float32, p.parameters)
		n.scratch = make([]float32, p.scratch(rows))
	}
	layers, activations := p.perceptron()
	x := make([]float32, ceil(n.stride, width)*n.samples)
	for i, o := range layers {
		l := laneLayer{in: o.in, out: o.out, activation: activations[i], x: x, y: make([]float32, ceil(o.out+1, width)*n.samples)}
		for s := range n.samples {
			l.y[o.out*n.samples+s] = 1
		}
		if a := l.activation; training && a != nil && a.both != nil {
			l.slope = make([]float32, o.out*n.samples)
		}
		n.layers = append(n.layers, l)
		n.prepare(i, o, weights)
		if training {
			n.prepareGradient(i, o, weights, i == len(layers)-1)
		}
		x = l.y
	}
	n.y = x[:rows]
	if c.Outputs > 1 {
		n.y = make([]float32, rows*c.Outputs)
	}
	return n
}

// laneStride is the distance of samples: room for the 1 behind the inputs, in the fours that are turned together.
func laneStride(c *Config) int { return ceil(c.Inputs+1, 4) }

// prepare cuts the forward product of layer i.
func (n *lanes) prepare(i int, o *dense, weights []float32) {
	l := &n.layers[i]
	w, bias := o.of(weights)
	p := vec.LaneProduct{C: l.y, A: w, ARS: 1, ACS: o.out, B: l.x, Bias: bias, Rows: o.out, Samples: n.samples, Terms: o.in}
	if l.activation != nil && l.activation.both == nil {
		p.Then = vec.ThenReLU
	}
	l.forward = n.kernels.PrepareLanes(p)
}

// prepareGradient cuts the products of the backward pass of layer i.
func (n *lanes) prepareGradient(i int, o *dense, weights []float32, last bool) {
	l := &n.layers[i]
	l.stride = ceil(o.out, n.kernels.LaneWidth())
	l.gradient = n.gradient[o.offset:][:o.size()]
	switch {
	case !last:
		l.d, l.turned = make([]float32, l.stride*n.samples), make([]float32, n.samples*l.stride)
	case o.out == 1:
		l.d, l.turned, l.stride = n.slopes, n.slopes, 1
	default:
		l.d, l.turned, l.stride = make([]float32, o.out*n.samples), n.slopes, o.out
	}
	if i > 0 {
		w, _ := o.of(weights)
		before := &n.layers[i-1]
		p := vec.LaneProduct{C: before.d, A: w, ARS: o.out, ACS: 1, B: l.d, Rows: o.in, Samples: n.samples, Terms: o.out}
		switch {
		case before.slope != nil:
			p.Then, p.F = vec.ThenScale, before.slope
		case before.activation != nil:
			p.Then, p.F = vec.ThenReLUScale, before.y
		}
		l.input = n.kernels.PrepareLanes(p)
	}
	if chunks := vec.Chunks(n.rows); chunks == 1 {
		l.weights = n.kernels.Prepare(l.gradient, l.out, l.x, n.samples, 1, l.turned, l.stride, l.in+1, l.out, n.rows)
	} else {
		l.chunk = func(i int, dst []float32) {
			first := i * vec.ChunkRows
			n.kernels.GemmFrom(dst, l.out, nil, l.x[first:], n.samples, 1, l.turned[first*l.stride:], l.stride,
				l.in+1, l.out, min(vec.ChunkRows, n.rows-first))
		}
	}
}

// forward evaluates samples that lie one behind another in x, at the distance stride, and returns the outputs of the first
// rows of them. len(x) covers whole registers of samples.
func (n *lanes) forward(x []float32, rows int) []float32 {
	n.kernels.Turn(n.layers[0].x, n.samples, x, n.stride, ceil(rows, n.kernels.LaneWidth()), n.stride)
	for i := range n.layers {
		l := &n.layers[i]
		l.forward.Run()
		y := l.y[:l.out*n.samples]
		switch a := l.activation; {
		case l.slope != nil:
			a.both(n.kernels, y, l.slope, y)
		case a != nil && a.both != nil:
			a.value(n.kernels, y, y)
		}
	}
	if n.outputs > 1 {
		y := n.layers[len(n.layers)-1].y
		for c := range n.outputs {
			for r := range rows {
				n.y[r*n.outputs+c] = y[c*n.samples+r]
			}
		}
	}
	return n.y[:rows*n.outputs]
}

// elements is objective.elements.
func (n *lanes) elements(x, target []float32, rows int) []float32 {
	y := n.forward(x, rows)
	values := n.values[:len(y)]
	n.loss.evaluate(n.kernels, values, n.slopes[:len(y)], n.rowwise, y, target, n.outputs)
	return values
}

// mean is objective.mean of all rows.
func (n *lanes) mean() float32 {
	y := n.forward(n.x, n.rows)
	slopes := n.slopes[:len(y)]
	n.loss.evaluate(n.kernels, n.values, slopes, n.rowwise, y, n.target, n.outputs)
	count := n.loss.count(n.rows, n.outputs)
	divide(n.kernels, slopes, count)
	last := &n.layers[len(n.layers)-1]
	if n.outputs > 1 {
		for c := range n.outputs {
			for r := range n.rows {
				last.d[c*n.samples+r] = slopes[r*n.outputs+c]
			}
		}
	}
	n.backward()
	return n.kernels.Sum(n.values) / count
}

// backward computes the gradient of every parameter from the slopes of the outputs.
func (n *lanes) backward() {
	for i := len(n.layers) - 1; i >= 0; i-- {
		l := &n.layers[i]
		if l.chunk == nil {
			l.weights.Run()
		} else {
			n.kernels.SumChunks(l.gradient, n.scratch, vec.Chunks(n.rows), l.chunk)
		}
		if i == 0 {
			return
		}
		l.input.Run()
		before := &n.layers[i-1]
		n.kernels.Turn(before.turned, before.stride, before.d, n.samples, before.stride, n.samples)
	}
}
