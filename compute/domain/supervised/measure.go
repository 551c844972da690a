package supervised

import (
	"math"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
)

// network is a trained network as one of the models of an ensemble.
type network struct {
	net    *nn.Network
	view   View
	inputs int
}

// trained is a member of an ensemble that is a network.
type trained interface {
	Fitted
	network()
}

var _ trained = (*network)(nil)

// Predict implements Fitted for cases of the network's own view.
func (n *network) Predict(c Cases, out []float32) {
	p := n.view.Prediction(n.net.Predictor().Predict)
	x := make([]float32, n.inputs)
	w := c.Width()
	for i := range c.Len() {
		c.Inputs(i, x)
		p(x, out[i*w:][:w:w])
	}
}

func (n *network) network() {}

// Coefficients implements Fitted: the roots of its training stand for a network.
func (n *network) Coefficients() []float64 { return nil }

// predictions returns a model's predictions of cases, [Len][Width].
func predictions(m Fitted, c Cases) []float32 {
	out := make([]float32, c.Len()*c.Width())
	m.Predict(c, out)
	return out
}

// measure returns what predictions of cases are worth, and the error of each. The loss is their sum in order R3, divided
// by their number, in binary32.
func measure(c Cases, predictions []float32) (Measure, []float32) {
	errors := make([]float32, c.Len())
	m := Measure{Correct: c.Errors(predictions, errors)}
	var sum vec.Summer
	sum.Add(errors)
	m.Loss = sum.Mean()
	return m, errors
}

// gone is the measure of a run that diverged.
var gone = Measure{Loss: float32(math.NaN())}

// pool joins measures of folds, given the errors of all their cases in the order of the folds.
func pool(parts []Measure, errors []float32) (m Measure) {
	for _, p := range parts {
		m.Correct += p.Correct
	}
	var sum vec.Summer
	sum.Add(errors)
	m.Loss = sum.Mean()
	return m
}
