package workload

import (
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
)

// Rows of the made-up regression.
const (
	TrainRows      = 1024
	ValidationRows = 256
)

// source is a made-up regression: y = mean of the inputs, x uniform in [−1, 1).
type source struct {
	n, inputs int
	x         []float32
}

// Sources returns the training and the validation set of samples with so many inputs, the same at every call.
func Sources(inputs int) (train, validation nn.Source) {
	x := make([]float32, (TrainRows+ValidationRows)*inputs)
	r := rng.NewSeq(rng.Key{3, 4}, rng.Minibatch, 1)
	for i := range x {
		x[i] = 2*r.Uniform() - 1
	}
	at := TrainRows * inputs
	return &source{TrainRows, inputs, x[:at]}, &source{ValidationRows, inputs, x[at:]}
}

// Len implements nn.Source.
func (s *source) Len() int { return s.n }

// Sample implements nn.Source.
func (s *source) Sample(i int, x, y []float32) {
	row := s.x[i*s.inputs : (i+1)*s.inputs]
	copy(x, row)
	var sum float32
	for _, v := range row {
		sum += v
	}
	y[0] = sum / float32(s.inputs)
}
