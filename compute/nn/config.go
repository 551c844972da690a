package nn

// Loss names the function that training minimizes and validation reports, averaged over samples and, where it does not
// say otherwise, outputs.
type Loss string

// The losses. CONTRACT.md gives their formulas.
const (
	MSE   Loss = "mse"
	MAE   Loss = "mae"
	Huber Loss = "huber" // δ = 1
	// SoftmaxCrossEntropy takes outputs as logits and finite targets ≥ 0: one-hot, smoothed or weighted by class. It is
	// averaged over samples.
	SoftmaxCrossEntropy Loss = "softmax_cross_entropy"
	// BinaryCrossEntropy takes each output as the logit of an event of its own and targets in [0, 1].
	BinaryCrossEntropy Loss = "binary_cross_entropy"
)

// Schedule names how the learning rate moves after the warm-up.
type Schedule string

// The schedules.
const (
	Constant Schedule = "constant"
	Cosine   Schedule = "cosine"
)

// Optimizer names how a gradient moves the parameters.
type Optimizer string

// The optimizers.
const (
	AdamW Optimizer = "adamw"
	SGD   Optimizer = "sgd" // with momentum
)

// Bounds of a Config. They keep every count exact in float32 and every table small.
const (
	MaxWidth      = 1 << 14 // channels of one layer; inputs and outputs of a model
	MaxSequence   = 1 << 20 // steps × channels between two layers
	MaxLayers     = 64      // layers before the output layer
	MaxKernel     = 64      // taps of a convolution
	MaxDilation   = 1 << 14
	MaxParameters = 1 << 23
	MaxBatch      = 1 << 14
	MaxSteps      = 1 << 21
	MaxSamples    = 1 << 23 // of a source; samples × outputs is bounded by the same number
	MaxElements   = 1 << 28 // float32 values that a training holds at once, 1 GiB
)

// Config is one training. Every real is a float32 value: a recipe that is written in decimal must name one exactly.
type Config struct {
	// Inputs and Outputs are the elements of one sample. The output layer is dense, without activation. Hidden are the
	// widths of the hidden layers of a multilayer perceptron, none for a linear model, and Activation is theirs; where
	// there are Layers, Hidden must be empty and Activation means nothing.
	Inputs     int
	Hidden     []int
	Outputs    int
	Activation Activation
	// Layers are the layers before the output layer. They must end in one step.
	Layers []Layer `json:",omitempty"`
	// Steps says that a sample is a sequence for Layers, [Steps][Inputs/Steps] row-major, oldest step first; 0 is 1.
	Steps int `json:",omitempty"`

	Loss Loss

	// Batch is the number of samples of one step. A batch larger than the training set is cut to it; the samples of an
	// epoch that do not fill a batch are dropped, and each epoch has a new order.
	Batch int
	// MaxSteps is the number of optimizer steps unless the run stops early.
	MaxSteps int

	// Optimizer is AdamW where it is empty.
	Optimizer Optimizer `json:",omitempty"`
	// LearningRate is the rate after the warm-up, > 0. WeightDecay, ≥ 0, applies to every parameter,
	// biases included; AdamW's is decoupled, SGD's part of the gradient.
	LearningRate, WeightDecay float32
	// Beta1 and Beta2 of AdamW lie in [0, 1), its Epsilon is > 0.
	Beta1, Beta2, Epsilon float32
	// Momentum of SGD lies in [0, 1).
	Momentum float32 `json:",omitempty"`
	// ClipNorm is the largest Euclidean norm that a gradient keeps; 0 is no limit.
	ClipNorm float32 `json:",omitempty"`

	// WarmupSteps, at least 0 and below the steps of the schedule, is the length of the linear warm-up before Schedule begins.
	WarmupSteps int
	Schedule    Schedule
	// ScheduleSteps, 0 or at least MaxSteps, is the number of steps of the run whose learning rates these are: where it is
	// above MaxSteps, the run is the beginning of a longer one. 0 is MaxSteps.
	ScheduleSteps int `json:",omitempty"`

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

// scheduleSteps returns the number of steps of the schedule.
func (c *Config) scheduleSteps() int {
	if c.ScheduleSteps == 0 {
		return c.MaxSteps
	}
	return c.ScheduleSteps
}
