package nn

import "doin.network/node/compute/vec"

// normEpsilon keeps the standard deviation of a layer norm from being zero.
const normEpsilon = 0x1p-17

// layerNorm normalizes the C channels of every step. Forward, the sums being R3 over the channels:
//
//	μ = Σ x ÷ C    d = x − μ    s = 1 ÷ √(Σ d×d ÷ C + ε)    n = d × s    y = n × gain + bias
//
// Backward, with the gradient g of y: the bias' gradient is Σ g, the gain's Σ g × n, both like the bias of a dense layer
// (R2 over samples, then steps); and
//
//	h = g × gain    a = Σ h ÷ C    b = Σ h × n ÷ C    dx = s × ((h − a) − n × b)
//
// Nothing is fused. Parameters: gain [C], bias [C].
type layerNorm struct {
	x, y             int
	span             // gain and bias
	steps            int
	normal           int // value buffers: n, s, and a product
	inverse, product int
}

// layerNorm appends the operation.
func (p *plan) layerNorm(x int) int {
	t := p.tensors[x]
	o := &layerNorm{
		x: x, span: span{p.parameters, t.channels}, steps: t.steps,
		normal: p.value(t.size()), inverse: p.value(t.steps), product: p.value(t.size()),
	}
	p.gains = append(p.gains, o.span)
	p.parameters += 2 * t.channels
	grad := t.grad
	if grad < 0 {
		grad = p.grad(t.size())
	}
	o.y = p.tensor(t.shape, p.value(t.size()), grad)
	p.ops = append(p.ops, o)
	return o.y
}

func (o *layerNorm) scratch(rows int) int {
	return vec.SumChunksScratch(o.span.size, vec.Chunks(rows*o.steps))
}

func (o *layerNorm) forward(p *pass, rows int) {
	x, y, c := p.value(o.x, rows), p.value(o.y, rows), o.span.size
	gain, bias := p.weights[o.offset:][:c], p.weights[o.offset+c:][:c]
	inverse := p.values[o.inverse]
	for i := range rows * o.steps {
		x, y, normal := x[i*c:][:c], y[i*c:][:c], p.values[o.normal][i*c:][:c]
		mean := p.kernels.Sum(x) / float32(c)
		for j, v := range x {
			normal[j] = v - mean
		}
		s := 1 / vec.Sqrt(p.kernels.SumSquares(normal)/float32(c)+normEpsilon)
		inverse[i] = s
		for j, d := range normal {
			n := float32(d * s)
			normal[j] = n
			y[j] = float32(n*gain[j]) + bias[j]
		}
	}
}

func (o *layerNorm) backward(p *pass, rows int) {
	c := o.span.size
	g := p.grad(o.y, rows)
	normal, product := p.values[o.normal][:len(g)], p.values[o.product][:len(g)]
	for i, v := range g {
		product[i] = v * normal[i]
	}
	o.sumRows(p, p.gradient[o.offset:][:c], product)
	o.sumRows(p, p.gradient[o.offset+c:][:c], g)
	dx := p.grad(o.x, rows)
	if dx == nil {
		return
	}
	gain, inverse := p.weights[o.offset:][:c], p.values[o.inverse]
	for i := range rows * o.steps {
		h, n, t := g[i*c:][:c], normal[i*c:][:c], product[i*c:][:c]
		for j, v := range h {
			h[j] = v * gain[j]
			t[j] = h[j] * n[j]
		}
		a, b := p.kernels.Sum(h)/float32(c), p.kernels.Sum(t)/float32(c)
		for j, v := range h {
			dx[i*c+j] = inverse[i] * ((v - a) - float32(n[j]*b))
		}
	}
}

// sumRows adds the rows of d like the gradients of a bias.
func (o *layerNorm) sumRows(p *pass, sum, d []float32) {
	c := len(sum)
	rows := len(d) / c
	p.kernels.SumChunks(sum, p.scratch, vec.Chunks(rows), func(i int, chunk []float32) {
		first := i * vec.ChunkRows
		clear(chunk)
		p.kernels.Gemm(chunk, c, one, 0, 0, d[first*c:], c, 1, c, min(vec.ChunkRows, rows-first))
	})
}
