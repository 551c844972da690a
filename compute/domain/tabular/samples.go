package tabular

import (
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
)

var (
	_ nn.Source          = (*samples)(nil)
	_ supervised.Samples = (*samples)(nil)
)

// samples are encoded rows with their targets. It is immutable once made.
type samples struct {
	classes int       // 0: regression
	width   int       // inputs of a sample
	inputs  []float32 // [samples][width]
	targets []float32 // scaled, of a regression
	labels  []int32   // indices of classes, of a classification
}

// Len implements nn.Source.
func (s *samples) Len() int { return max(len(s.targets), len(s.labels)) }

// row returns the inputs of a sample, not a copy.
func (s *samples) row(i int) []float32 { return s.inputs[i*s.width:][:s.width:s.width] }

// Sample implements nn.Source: y is the scaled target, 1 for the second of two classes, or one-hot.
func (s *samples) Sample(i int, x, y []float32) {
	copy(x, s.row(i))
	switch s.classes {
	case 0:
		y[0] = s.targets[i]
	case 2:
		y[0] = float32(s.labels[i])
	default:
		clear(y)
		y[s.labels[i]] = 1
	}
}

// Measure implements supervised.Samples. The loss is the mean cross-entropy in nats, or the mean absolute error of a
// regression, scaled; a sample is correct whose class is the most probable one, none of a regression's is.
func (s *samples) Measure(p supervised.Predict) supervised.Measure {
	var m supervised.Measure
	var sum vec.Summer
	out := make([]float32, outputs(s.classes))
	prob := make([]float32, max(s.classes, 1))
	var loss [1]float32
	for i := range s.Len() {
		p(s.row(i), out)
		if s.classes == 0 {
			loss[0] = vec.Abs(out[0] - s.targets[i])
		} else {
			class := int(s.labels[i])
			var best int
			loss[0], best = softmax(prob, out, class)
			if best == class {
				m.Correct++
			}
		}
		sum.Add(loss[:])
	}
	m.Loss = sum.Mean()
	return m
}

// softmax writes the probabilities of the classes into p and returns the cross-entropy of one class, in nats and ≥ 0, and
// the class with the greatest logit, of equals the first. Logits are one per class, or that of the second of two classes.
// A logit that is NaN or +Inf makes probabilities and cross-entropy NaN.
func softmax(p, logits []float32, class int) (crossEntropy float32, best int) {
	if len(logits) == 1 {
		p[0], p[1] = 0, logits[0]
	} else {
		copy(p, logits)
	}
	for k, z := range p {
		if z > p[best] {
			best = k
		}
	}
	top, own := p[best], p[class]
	for k, z := range p {
		p[k] = vec.Exp(z - top)
	}
	sum := vec.Sum(p)
	for k := range p {
		p[k] /= sum
	}
	return vec.Log(sum) - (own - top), best
}
