package nn

import "doin.network/node/compute/vec"

// pass holds the buffers of one forward and backward pass over at most rows samples, and evaluates them.
type pass struct {
	layers []layer
	act    activation
	value  [][]float32 // value[0] is the input [rows][in]; value[i+1] the output of layer i
	input  [][]float32 // input[i] is layer i before its activation; nil for the output layer, which has none
}

func newPass(layers []layer, a Activation, rows int) *pass {
	p := &pass{layers: layers, act: activations[a], value: [][]float32{make([]float32, rows*layers[0].in)}}
	for i, l := range layers {
		p.value = append(p.value, make([]float32, rows*l.out))
		if i < len(layers)-1 {
			p.input = append(p.input, make([]float32, rows*l.out))
		}
	}
	return p
}

// forward evaluates rows samples lying in value[0] and returns the outputs [rows][out], valid until the next call.
func (p *pass) forward(weights []float32, rows int) []float32 {
	last := len(p.layers) - 1
	for i, l := range p.layers {
		w, bias := l.of(weights)
		if i == last {
			vec.Dense(p.value[i+1], p.value[i], w, bias, rows, l.in, l.out)
			break
		}
		vec.Dense(p.input[i], p.value[i], w, bias, rows, l.in, l.out)
		y := p.value[i+1]
		for j, z := range p.input[i][:rows*l.out] {
			y[j] = p.act.value(z)
		}
	}
	return p.value[last+1][:rows*p.layers[last].out]
}

// backPass holds the buffers of the gradients.
type backPass struct {
	gradient   []float32   // of every parameter
	delta      [][]float32 // delta[i] is the gradient of layer i's output before its activation
	transposed []float32
	partial    []float32
}

func newBackPass(layers []layer, rows int) *backPass {
	b := &backPass{}
	total, largest := 0, 0
	for _, l := range layers {
		b.delta = append(b.delta, make([]float32, rows*l.out))
		total, largest = total+l.size(), max(largest, l.size())
	}
	b.gradient = make([]float32, total)
	b.transposed = make([]float32, largest)
	b.partial = make([]float32, largest*vec.Chunks(rows))
	return b
}

// backward computes gradient from the gradient of the outputs, which the caller has put into the last delta, and the
// values that p.forward left.
func (b *backPass) backward(p *pass, weights []float32, rows int) {
	for i := len(p.layers) - 1; i >= 0; i-- {
		l := p.layers[i]
		vec.DenseWeightGrad(b.gradient[l.offset:][:l.size()], p.value[i], b.delta[i], b.partial, rows, l.in, l.out)
		if i == 0 {
			return
		}
		w, _ := l.of(weights)
		vec.Transpose(b.transposed, w, l.in, l.out)
		d := b.delta[i-1]
		vec.DenseInputGrad(d, b.delta[i], b.transposed, rows, l.in, l.out)
		z, y := p.input[i-1], p.value[i]
		for j, dj := range d[:rows*l.in] {
			d[j] = p.act.scale(dj, z[j], y[j])
		}
	}
}
