package supervised

import (
	"context"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
	"doin.network/node/internal/canon"
)

// Problem is what one kind of data and networks adds to this package. It is safe for concurrent use, and everything but
// its View is a pure function.
type Problem interface {
	// Shape returns the training that a genome of the space asks for, without its digest: what Config.Training gives, and
	// the sizes, the layers and the loss.
	Shape(g genome.Genome) nn.Config
	// Shrink takes one step, in place, to a smaller network; it is false for the smallest of its kind. Repair takes as
	// many as it needs.
	Shrink(g genome.Genome) bool
	// View returns how the network of a genome sees the data, of the naive model for nil.
	View(g genome.Genome) View
	// Synthesize makes the synthetic data of an evaluator from a random key: numbers that the Synthetic of each View
	// reads. It returns ctx's error when cancelled.
	Synthesize(ctx context.Context, key rng.Key) ([]float64, error)
}

// View is the data as one network sees them. It is immutable and safe for concurrent use.
type View interface {
	// Sources returns the samples of training and validation, the same ones each time: a device keeps those that it has
	// seen.
	Sources() (training, validation nn.Source)
	// Parts returns what a model is measured on, in the order of Parts.
	Parts() [3]Samples
	// Synthetic reads synthetic data. It refuses what Synthesize cannot have made; its error is the reason alone.
	Synthetic(series []float64) (Samples, error)
	// Answer answers an inference request with a model's predictions. Its error is ctx's when cancelled, else the reason
	// alone why it cannot.
	Answer(ctx context.Context, input *canon.Object, p Predict) (*canon.Object, error)
}

// Samples are inputs with known targets. They are immutable.
type Samples interface {
	// Len is the number of samples, at least 1.
	Len() int
	// Measure measures a model on the samples in their order.
	Measure(p Predict) Measure
}

// Predict writes the outputs of a model for one sample's inputs. It is for one goroutine, and keeps neither slice.
type Predict func(x, out []float32)

// Measure is what a model is worth on samples.
type Measure struct {
	// Loss is the mean error per sample, in scaled units.
	Loss float32
	// Correct is the number of samples that were predicted right, where a problem counts them.
	Correct int
}

// Parts are the names of the parts of the data in metrics: training, validation and test.
var Parts = [3]string{"train", "val", "test"}

// validation is the part that performance is measured on.
const validation = 1

// Spec is what a problem is, made once with it.
type Spec struct {
	// Plugin is the domain's plugin name and the "domain" of its recipes.
	Plugin string
	// DataHash identifies data and settings that results depend on, in hex.
	DataHash string
	// Loss names the loss in metrics and in the name of the performance, e.g. "mae".
	Loss string
	// Unit is how much a scaled loss of 1 is in the units of the performance, > 0.
	Unit float64
	// Counts says that measures count correct samples, which the digest covers; Accuracy, that the share of them is a
	// metric.
	Counts, Accuracy bool
	// Naive is the baseline that is scored before there is a champion. It is safe for concurrent use.
	Naive Predict
	// Baselines holds metrics of naive models, in the units of the performance.
	Baselines *canon.Object
	// Defaults holds the settings in force; see Config.Object.
	Defaults *canon.Object
}

// Units turns a scaled loss into the units of the performance. One that is not finite or too large is −domain.Penalty.
func (s *Spec) Units(loss float32) float64 {
	v := float64(float64(loss) * s.Unit)
	if !(v <= -domain.Penalty) {
		return -domain.Penalty
	}
	return v
}
