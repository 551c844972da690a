package supervised

import (
	"context"

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
	// View returns how the network of a genome sees the data; how models that are no networks do for nil.
	View(g genome.Genome) View
	// Baselines returns the models of which the one with the smallest error over the validation cases is the baseline, of
	// equals the first; at least one. They are cheap to fit.
	Baselines() []Member
	// Shown returns other models whose errors are told beside the baselines'.
	Shown() []Member
	// Members returns the closed-form models that stand beside the networks of every ensemble, in their order.
	Members() []Member
	// Synthesize makes the synthetic data of an evaluator from a random key: numbers that the Synthetic of each View
	// reads. It returns ctx's error when cancelled.
	Synthesize(ctx context.Context, key rng.Key) ([]float64, error)
}

// View is the data as one network sees them. It is immutable and safe for concurrent use.
type View interface {
	// Sources returns the samples of training and validation of a fold, the same ones each time: a device keeps those
	// that it has seen. Fold Spec.Folds trains on everything before the test part; its validation is some part of that.
	Sources(fold int) (training, validation nn.Source)
	// Validation returns the cases of a fold: those that its training has not seen. Their number and order are the same in
	// every view.
	Validation(fold int) Cases
	// Learning and Test return the cases that a final model was trained on, and those that none was.
	Learning() Cases
	Test() Cases
	// Prediction turns the outputs of a network into what is averaged and measured: probabilities, of classes.
	Prediction(network Predict) Predict
	// Synthetic reads synthetic data. It refuses what Synthesize cannot have made; its error is the reason alone.
	Synthetic(series []float64) (Cases, error)
	// Answer answers an inference request with a model's predictions. Its error is ctx's when cancelled, else the reason
	// alone why it cannot.
	Answer(ctx context.Context, input *canon.Object, m Fitted) (*canon.Object, error)
}

// Cases are inputs with known targets. They are immutable.
type Cases interface {
	// Len is the number of cases, at least 1.
	Len() int
	// Width is the number of values of a prediction.
	Width() int
	// Inputs writes the inputs of a network for case i into x.
	Inputs(i int, x []float32)
	// Targets writes what a prediction without any error is, [Len][Width].
	Targets(out []float32)
	// Errors writes the error of each case's prediction, in scaled units; predictions [Len][Width], errors [Len]. It
	// returns how many are right, where a problem counts that.
	Errors(predictions, errors []float32) (correct int)
}

// Predict writes the outputs of a network for one sample's inputs. It is for one goroutine, and keeps neither slice.
type Predict func(x, out []float32)

// Member is a model without a network. It is safe for concurrent use.
type Member interface {
	// Name is a word for tables, unique among the members of a problem: "seasonal_naive".
	Name() string
	// Fit fits the model to the training part of a fold, as Sources numbers them. It is a pure function, and returns ctx's
	// error when cancelled.
	Fit(ctx context.Context, fold int) (Fitted, error)
}

// Fitted is a model that predicts. It is immutable and safe for concurrent use.
type Fitted interface {
	// Predict writes the predictions of cases of any of the problem's views: out [Len][Width].
	Predict(c Cases, out []float32)
	// Coefficients are the numbers that it consists of, for the digest.
	Coefficients() []float64
}

// Partial is what a Fitted is too that cannot predict all cases.
type Partial interface {
	// Covers reports whether it can predict them.
	Covers(c Cases) bool
}

// Measure is what a model is worth on cases.
type Measure struct {
	// Loss is the mean error of a case, in scaled units.
	Loss float32
	// Correct is the number of cases that were predicted right, where a problem counts them.
	Correct int
}

// Parts are the names of the parts of the data in metrics: training, validation and test.
var Parts = [3]string{"train", "val", "test"}

// The parts, as Parts.
const (
	training = iota
	validation
	test
)

// Spec is what a problem is, made once with it.
type Spec struct {
	// Plugin is the domain's plugin name and the "domain" of its recipes.
	Plugin string
	// DataHash identifies data and settings that results depend on, in hex.
	DataHash string
	// Folds is the number of origins or folds, at least 1.
	Folds int
	// Loss names the error in metrics, e.g. "mae", and Performance the negative performance: "mase".
	Loss, Performance string
	// Unit is how much a scaled error of 1 is in the units of the metrics, > 0.
	Unit float64
	// Relative says that performances are in units of the baseline's validation error; else a scaled error is one already.
	Relative bool
	// Counts says that measures count correct cases, which the digest covers; Accuracy, that the share of them is a
	// metric.
	Counts, Accuracy bool
	// Defaults holds the settings in force; see Config.Object.
	Defaults *canon.Object
	// Notes say what of the data was dropped, decided or looks wrong.
	Notes []string
}

// Units turns a scaled error into the unit of the data.
func (s *Spec) Units(loss float32) float64 { return float64(float64(loss) * s.Unit) }
