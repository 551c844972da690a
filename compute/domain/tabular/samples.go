package tabular

import (
	"slices"

	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
)

var (
	_ nn.Source        = (*samples)(nil)
	_ supervised.Cases = (*samples)(nil)
	_ nn.Source        = (*subset)(nil)
	_ supervised.Cases = (*subset)(nil)
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
func (s *samples) Len() int { return len(s.inputs) / s.width }

// row returns the inputs of a sample, not a copy.
func (s *samples) row(i int) []float32 { return s.inputs[i*s.width:][:s.width:s.width] }

// Inputs implements supervised.Cases.
func (s *samples) Inputs(i int, x []float32) { copy(x, s.row(i)) }

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

// Width implements supervised.Cases: a prediction is the scaled target, or the probabilities of the classes.
func (s *samples) Width() int { return max(s.classes, 1) }

// Targets implements supervised.Cases: the scaled target, or 1 for the own class and 0 for the others.
func (s *samples) Targets(out []float32) {
	for i := range s.Len() {
		s.target32(i, out[i*s.Width():][:s.Width()])
	}
}

func (s *samples) target32(i int, out []float32) {
	if s.classes == 0 {
		out[0] = s.targets[i]
		return
	}
	clear(out)
	out[s.labels[i]] = 1
}

// Errors implements supervised.Cases; see error.
func (s *samples) Errors(predictions, errors []float32) (correct int) {
	for i := range errors {
		right := false
		if errors[i], right = s.error(i, predictions[i*s.Width():][:s.Width()]); right {
			correct++
		}
	}
	return correct
}

// The probabilities between which one is taken for the cross-entropy: who is certain and wrong has no infinite error.
const leastProbability, mostProbability float32 = 0.001, 0.999

// error is the error of a prediction of sample i: the absolute error, scaled, or the cross-entropy of its class in nats,
// −log of the probability within the bounds above, NaN for one that is no number. A sample is right whose class is the most
// probable one, of equals the first; none of a regression's is.
func (s *samples) error(i int, prediction []float32) (e float32, right bool) {
	if s.classes == 0 {
		return vec.Abs(prediction[0] - s.targets[i]), false
	}
	own := int(s.labels[i])
	p := prediction[own]
	if p < leastProbability {
		p = leastProbability
	} else if p > mostProbability {
		p = mostProbability
	}
	return -vec.Log(p), mostProbable(prediction) == own
}

// mostProbable returns the class with the greatest probability, of equals the first.
func mostProbable(p []float32) (best int) {
	for k, v := range p {
		if v > p[best] {
			best = k
		}
	}
	return best
}

// subset is some of the samples, in their order. It is immutable.
type subset struct {
	*samples
	rows []int32 // ascending
}

// Len implements nn.Source.
func (s *subset) Len() int { return len(s.rows) }

// Sample implements nn.Source.
func (s *subset) Sample(i int, x, y []float32) { s.samples.Sample(int(s.rows[i]), x, y) }

// Inputs implements supervised.Cases.
func (s *subset) Inputs(i int, x []float32) { s.samples.Inputs(int(s.rows[i]), x) }

// Targets implements supervised.Cases.
func (s *subset) Targets(out []float32) {
	for i, row := range s.rows {
		s.target32(int(row), out[i*s.Width():][:s.Width()])
	}
}

// Errors implements supervised.Cases.
func (s *subset) Errors(predictions, errors []float32) (correct int) {
	for i, row := range s.rows {
		right := false
		if errors[i], right = s.error(int(row), predictions[i*s.Width():][:s.Width()]); right {
			correct++
		}
	}
	return correct
}

// rest returns the samples that are not in s.
func (s *subset) rest() *subset {
	out := &subset{samples: s.samples}
	for i := range int32(s.samples.Len()) {
		if _, ok := slices.BinarySearch(s.rows, i); !ok {
			out.rows = append(out.rows, i)
		}
	}
	return out
}

// softmax writes the probabilities of the classes into p. Logits are one per class, or that of the second of two classes. A
// logit that is NaN or +Inf makes all of them NaN.
func softmax(p, logits []float32) {
	if len(logits) == 1 {
		p[0], p[1] = 0, logits[0]
	} else {
		copy(p, logits)
	}
	top := p[0]
	for _, z := range p {
		if z > top {
			top = z
		}
	}
	for k, z := range p {
		p[k] = vec.Exp(z - top)
	}
	sum := vec.Sum(p)
	for k := range p {
		p[k] /= sum
	}
}
