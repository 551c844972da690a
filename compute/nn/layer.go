package nn

// Activation names the function applied to every element of a layer's output.
type Activation string

// The activations. CONTRACT.md gives their formulas.
const (
	ReLU    Activation = "relu"
	Tanh    Activation = "tanh"
	Sigmoid Activation = "sigmoid"
	GELU    Activation = "gelu" // tanh form
	SiLU    Activation = "silu"
	None    Activation = "none" // the identity
)

// Kind names what a layer does.
type Kind string

// The kinds of layer. A layer takes samples of T steps of C channels, [T][C], and CONTRACT.md gives its formulas.
const (
	// Dense maps the C channels of every step to Width ones: [T][Width].
	Dense Kind = "dense"
	// Conv1D is a causal convolution over the steps, [T][Width]: step t sees steps t, t−Dilation, … of which there are
	// Kernel; those before the first are absent.
	Conv1D Kind = "conv1d"
	// TCN is a residual block (Bai et al.): two causal convolutions, each with activation and dropout, added to the
	// block's input, which is mapped to Width channels by a convolution of kernel 1 where it has others; then the
	// activation again. [T][Width].
	TCN Kind = "tcn"
	// Flatten makes one step of all: [1][T·C].
	Flatten Kind = "flatten"
	// LastStep keeps the last step: [1][C].
	LastStep Kind = "last_step"
	// LayerNorm normalizes the channels of every step and applies a learned gain and bias.
	LayerNorm Kind = "layer_norm"
	// Dropout drops each element with probability Rate in training, and scales the others by 1/(1−Rate).
	Dropout Kind = "dropout"
)

// Layer is one layer of a model. The fields that its kind does not name above must be zero.
type Layer struct {
	Kind Kind
	// Width is the number of channels that come out of a dense, conv1d or tcn layer, 1 … MaxWidth.
	Width int `json:",omitempty"`
	// Kernel is the number of taps of a conv1d or tcn layer, 1 … MaxKernel, and Dilation the steps between two of them,
	// 1 … MaxDilation.
	Kernel   int `json:",omitempty"`
	Dilation int `json:",omitempty"`
	// Activation of a dense, conv1d or tcn layer.
	Activation Activation `json:",omitempty"`
	// Rate is the probability that an element is dropped, in [0, 1): of a dropout layer, and inside a tcn block.
	Rate float32 `json:",omitempty"`
}

// shape is that of a sample between two layers.
type shape struct{ steps, channels int }

func (s shape) size() int { return s.steps * s.channels }

// layers returns the layers before the output layer.
func (c *Config) layers() []Layer {
	if len(c.Layers) > 0 {
		return c.Layers
	}
	layers := make([]Layer, len(c.Hidden))
	for i, width := range c.Hidden {
		layers[i] = Layer{Kind: Dense, Width: width, Activation: c.Activation}
	}
	return layers
}

// input returns the shape of a sample. A multilayer perceptron sees one step.
func (c *Config) input() shape {
	if len(c.Layers) > 0 && c.Steps > 1 {
		return shape{c.Steps, c.Inputs / c.Steps}
	}
	return shape{1, c.Inputs}
}

// apply returns the shape of what the layer makes of samples of shape s.
func (l *Layer) apply(s shape) shape {
	switch l.Kind {
	case Dense, Conv1D, TCN:
		return shape{s.steps, l.Width}
	case Flatten:
		return shape{1, s.size()}
	case LastStep:
		return shape{1, s.channels}
	}
	return s
}
