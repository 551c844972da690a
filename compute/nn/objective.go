package nn

import (
	"fmt"

	"doin.network/node/compute/vec"
)

// objective evaluates the mean loss of a model over one minibatch, and its gradient. It owns the buffers of both and
// allocates nothing after newObjective.
type objective struct {
	loss   loss
	pass   *pass
	back   *backPass
	target []float32 // [rows][outputs]
	values []float32 // elements of the loss of a batch
}

func newObjective(c *Config, layers []layer, rows int) *objective {
	return &objective{
		loss:   losses[c.Loss],
		pass:   newPass(layers, c.Activation, rows),
		back:   newBackPass(layers, rows),
		target: make([]float32, rows*c.Outputs),
		values: make([]float32, rows*c.Outputs),
	}
}

// sample returns where the inputs and the targets of row r go.
func (o *objective) sample(r int) (x, y []float32) {
	in, out := o.pass.layers[0].in, o.pass.layers[len(o.pass.layers)-1].out
	return o.pass.value[0][r*in:][:in], o.target[r*out:][:out]
}

// elements returns the loss of each output of rows samples, sample by sample, valid until the next call.
func (o *objective) elements(weights []float32, rows int) []float32 {
	y := o.pass.forward(weights, rows)
	for i, yi := range y {
		o.values[i] = o.loss.value(yi - o.target[i])
	}
	return o.values[:len(y)]
}

// gradient returns the mean loss of rows samples and leaves its gradient in back.gradient.
func (o *objective) gradient(weights []float32, rows int) float32 {
	y := o.pass.forward(weights, rows)
	d := o.back.delta[len(o.back.delta)-1]
	n := float32(len(y))
	for i, yi := range y {
		e := yi - o.target[i]
		o.values[i] = o.loss.value(e)
		d[i] = o.loss.slope(e) / n
	}
	o.back.backward(o.pass, weights, rows)
	return vec.Sum(o.values[:len(y)]) / n
}

// Gradient returns the mean loss of one minibatch and its gradient with respect to every parameter, exactly as a step
// of Train computes them. Shapes: weights [Parameters], x [rows][Inputs], y [rows][Outputs], row-major, with rows ≥ 1;
// ErrData otherwise.
func Gradient(c Config, weights, x, y []float32) (loss float32, gradient []float32, err error) {
	if err := c.Validate(); err != nil {
		return 0, nil, err
	}
	rows := len(y) / c.Outputs
	if len(weights) != c.Parameters() || rows < 1 || rows > MaxBatch || len(y) != rows*c.Outputs || len(x) != rows*c.Inputs {
		return 0, nil, fmt.Errorf("%w: %d weights, %d inputs and %d targets do not fit the model", ErrData, len(weights), len(x), len(y))
	}
	o := newObjective(&c, layersOf(&c), rows)
	copy(o.pass.value[0], x)
	copy(o.target, y)
	loss = o.gradient(weights, rows)
	return loss, o.back.gradient, nil
}
