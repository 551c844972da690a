package nn

import (
	"errors"
	"fmt"

	"doin.network/node/compute/vec"
)

// Activation names the function of the hidden layers.
type Activation string

// The activations. CONTRACT.md gives their formulas.
const (
	ReLU    Activation = "relu"
	Tanh    Activation = "tanh"
	Sigmoid Activation = "sigmoid"
	GELU    Activation = "gelu" // tanh form
	SiLU    Activation = "silu"
)

// Loss names the function that training minimizes and validation reports, averaged over samples and outputs.
type Loss string

// The losses. CONTRACT.md gives their formulas.
const (
	MSE   Loss = "mse"
	MAE   Loss = "mae"
	Huber Loss = "huber" // δ = 1
)

// Schedule names how the learning rate moves after the warm-up.
type Schedule string

// The schedules.
const (
	Constant Schedule = "constant"
	Cosine   Schedule = "cosine"
)

// Bounds of a Config. They keep every count exact in float32 and every table small.
const (
	MaxWidth      = 1 << 14 // elements of one layer
	MaxLayers     = 64      // hidden layers
	MaxParameters = 1 << 23
	MaxBatch      = 1 << 14
	MaxSteps      = 1 << 21
	MaxSamples    = 1 << 23 // of a source; samples × outputs is bounded by the same number
)

// Config is one training. Every real is a float32 value: a recipe that is written in decimal must name one exactly.
type Config struct {
	// Inputs and Outputs are the elements of one sample; Hidden the widths of the hidden layers, none for a linear
	// model.
	Inputs  int
	Hidden  []int
	Outputs int

	Activation Activation
	Loss       Loss

	// Batch is the number of samples of one step. A batch larger than the training set is cut to it; the samples of an
	// epoch that do not fill a batch are dropped, and each epoch has a new order.
	Batch int
	// MaxSteps is the number of optimizer steps unless the run stops early.
	MaxSteps int

	// LearningRate is the rate after the warm-up, > 0. WeightDecay, ≥ 0, is decoupled and applies to weights and biases.
	LearningRate, WeightDecay float32
	// Beta1 and Beta2 lie in [0, 1), Epsilon is > 0.
	Beta1, Beta2, Epsilon float32

	// WarmupSteps, 0 … MaxSteps−1, is the length of the linear warm-up before Schedule begins.
	WarmupSteps int
	Schedule    Schedule

	// EvalEvery is the validation cadence in steps; 0 validates after the last step only.
	EvalEvery int
	// Patience stops the run after that many validations without an improvement by more than MinDelta, ≥ 0; 0 never stops.
	Patience int
	MinDelta float32

	// Segment is the number of steps between two leaves of the digest; 0 makes no digest.
	Segment int
}

// DefaultConfig returns a Config with every field set but the sizes of the model.
func DefaultConfig() Config {
	return Config{
		Activation: ReLU, Loss: MSE,
		Batch: 32, MaxSteps: 600,
		LearningRate: 0x1p-10, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8,
		Schedule:  Constant,
		EvalEvery: 20, Patience: 10,
		Segment: 100,
	}
}

// ErrConfig is returned, wrapped with the fields at fault, by Config.Validate and by Train.
var ErrConfig = errors.New("nn: invalid configuration")

// Validate reports every problem of c at once; nil means that Train accepts it.
func (c *Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	between := func(name string, v, lo, hi int) {
		check(lo <= v && v <= hi, "%s %d: must be in [%d, %d]", name, v, lo, hi)
	}
	between("inputs", c.Inputs, 1, MaxWidth)
	between("outputs", c.Outputs, 1, MaxWidth)
	between("number of hidden layers", len(c.Hidden), 0, MaxLayers)
	for i, width := range c.Hidden {
		between(fmt.Sprintf("hidden[%d]", i), width, 1, MaxWidth)
	}
	if len(errs) == 0 {
		n := c.Parameters()
		check(n <= MaxParameters, "%d parameters: must be at most %d", n, MaxParameters)
	}
	_, ok := activations[c.Activation]
	check(ok, "activation %q: must be relu, tanh, sigmoid, gelu or silu", c.Activation)
	_, ok = losses[c.Loss]
	check(ok, "loss %q: must be mse, mae or huber", c.Loss)
	check(c.Schedule == Constant || c.Schedule == Cosine, "schedule %q: must be constant or cosine", c.Schedule)
	between("batch", c.Batch, 1, MaxBatch)
	between("max_steps", c.MaxSteps, 1, MaxSteps)
	between("warmup_steps", c.WarmupSteps, 0, max(c.MaxSteps-1, 0))
	between("eval_every", c.EvalEvery, 0, MaxSteps)
	between("patience", c.Patience, 0, MaxSteps)
	between("segment", c.Segment, 0, MaxSteps)
	check(c.LearningRate > 0 && vec.IsFinite(c.LearningRate), "learning_rate %v: must be finite and > 0", c.LearningRate)
	check(c.WeightDecay >= 0 && vec.IsFinite(c.WeightDecay), "weight_decay %v: must be finite and ≥ 0", c.WeightDecay)
	check(c.Beta1 >= 0 && c.Beta1 < 1, "beta1 %v: must be in [0, 1)", c.Beta1)
	check(c.Beta2 >= 0 && c.Beta2 < 1, "beta2 %v: must be in [0, 1)", c.Beta2)
	check(c.Epsilon > 0 && vec.IsFinite(c.Epsilon), "epsilon %v: must be finite and > 0", c.Epsilon)
	check(c.MinDelta >= 0 && vec.IsFinite(c.MinDelta), "min_delta %v: must be finite and ≥ 0", c.MinDelta)
	if len(errs) > 0 {
		return fmt.Errorf("%w: %w", ErrConfig, errors.Join(errs...))
	}
	return nil
}

// Parameters returns the number of weights and biases of the model.
func (c *Config) Parameters() int {
	n, in := 0, c.Inputs
	for _, out := range c.Hidden {
		n += (in + 1) * out
		in = out
	}
	return n + (in+1)*c.Outputs
}
