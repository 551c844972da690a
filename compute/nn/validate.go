package nn

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"doin.network/node/compute/vec"
)

// ErrConfig is returned, wrapped with the fields at fault, by Config.Validate and by Train.
var ErrConfig = errors.New("nn: invalid configuration")

// problems collects what is wrong with a configuration.
type problems []error

func (p *problems) check(ok bool, format string, args ...any) {
	if !ok {
		*p = append(*p, fmt.Errorf(format, args...))
	}
}

func (p *problems) between(name string, v, lo, hi int) {
	p.check(lo <= v && v <= hi, "%s %d: must be in [%d, %d]", name, v, lo, hi)
}

// fraction checks that v lies in [0, 1).
func (p *problems) fraction(name string, v float32) {
	p.check(v >= 0 && v < 1, "%s %v: must be in [0, 1)", name, v)
}

func (p *problems) notNegative(name string, v float32) {
	p.check(v >= 0 && vec.IsFinite(v), "%s %v: must be finite and ≥ 0", name, v)
}

func (p *problems) positive(name string, v float32) {
	p.check(v > 0 && vec.IsFinite(v), "%s %v: must be finite and > 0", name, v)
}

func (p *problems) activation(name string, a Activation) {
	_, ok := activations[a]
	p.check(ok, "%s %q: must be relu, tanh, sigmoid, gelu, silu or none", name, a)
}

// Validate reports every problem of c at once; nil means that Train accepts it.
func (c *Config) Validate() error { return c.validate((*Config).size) }

// validate is Validate; size counts what a model takes whose layers are valid.
func (c *Config) validate(size func(*Config) size) error {
	var p problems
	c.checkModel(&p)
	if len(p) == 0 {
		s := size(c)
		p.check(s.parameters <= MaxParameters, "%d parameters: must be at most %d", s.parameters, MaxParameters)
		p.check(s.elements <= MaxElements, "batch %d with %d parameters needs %d numbers of memory: must be at most %d",
			c.Batch, s.parameters, s.elements, MaxElements)
	}
	_, ok := losses[c.Loss]
	p.check(ok, "loss %q: must be mse, mae, huber, softmax_cross_entropy or binary_cross_entropy", c.Loss)
	p.check(c.Schedule == Constant || c.Schedule == Cosine, "schedule %q: must be constant or cosine", c.Schedule)
	p.between("batch", c.Batch, 1, MaxBatch)
	p.between("max_steps", c.MaxSteps, 1, MaxSteps)
	p.check(c.ScheduleSteps == 0 || c.MaxSteps <= c.ScheduleSteps && c.ScheduleSteps <= MaxSteps,
		"schedule_steps %d: must be 0 or in [%d, %d]", c.ScheduleSteps, c.MaxSteps, MaxSteps)
	p.between("warmup_steps", c.WarmupSteps, 0, max(c.scheduleSteps()-1, 0))
	p.between("eval_every", c.EvalEvery, 0, MaxSteps)
	p.between("patience", c.Patience, 0, MaxSteps)
	p.between("segment", c.Segment, 0, MaxSteps)
	p.positive("learning_rate", c.LearningRate)
	p.notNegative("weight_decay", c.WeightDecay)
	p.notNegative("min_delta", c.MinDelta)
	p.notNegative("clip_norm", c.ClipNorm)
	switch c.Optimizer {
	case AdamW, "":
		p.fraction("beta1", c.Beta1)
		p.fraction("beta2", c.Beta2)
		p.positive("epsilon", c.Epsilon)
		p.check(c.Momentum == 0, "momentum %v: adamw has none", c.Momentum)
	case SGD:
		p.fraction("momentum", c.Momentum)
	default:
		p.check(false, "optimizer %q: must be adamw or sgd", c.Optimizer)
	}
	if len(p) > 0 {
		return fmt.Errorf("%w: %w", ErrConfig, errors.Join(p...))
	}
	return nil
}

// checkModel checks the layers and how they follow each other.
func (c *Config) checkModel(p *problems) {
	p.between("inputs", c.Inputs, 1, MaxWidth)
	p.between("outputs", c.Outputs, 1, MaxWidth)
	p.between("steps", c.Steps, 0, MaxWidth)
	if len(c.Layers) == 0 {
		p.activation("activation", c.Activation)
		p.between("number of hidden layers", len(c.Hidden), 0, MaxLayers)
		for i, width := range c.Hidden {
			p.between(fmt.Sprintf("hidden[%d]", i), width, 1, MaxWidth)
		}
		return
	}
	p.between("number of layers", len(c.Layers), 1, MaxLayers)
	p.check(len(c.Hidden) == 0, "hidden: must be empty where there are layers")
	p.check(c.Steps <= 1 || c.Inputs%c.Steps == 0, "steps %d: must divide the number of inputs, %d", c.Steps, c.Inputs)
	if len(*p) > 0 {
		return
	}
	s := c.input()
	for i := range c.Layers {
		name := fmt.Sprintf("layers[%d]", i)
		c.Layers[i].check(p, name)
		s = c.Layers[i].apply(s)
		p.check(s.size() <= MaxSequence, "%s: %d steps of %d channels: their product must be at most %d", name, s.steps, s.channels, MaxSequence)
		if len(*p) > 0 {
			return
		}
	}
	p.check(s.steps == 1, "layers: end with %d steps: flatten or last_step must make them one", s.steps)
	p.check(s.channels <= MaxWidth, "layers: end with %d channels: must be at most %d", s.channels, MaxWidth)
}

// check checks a layer by itself.
func (l *Layer) check(p *problems, name string) {
	var width, taps, active, rate bool
	switch l.Kind {
	case Dense:
		width, active = true, true
	case Conv1D:
		width, taps, active = true, true, true
	case TCN:
		width, taps, active, rate = true, true, true, true
	case Dropout:
		rate = true
	case Flatten, LastStep, LayerNorm:
	default:
		p.check(false, "%s: kind %q: must be dense, conv1d, tcn, flatten, last_step, layer_norm or dropout", name, l.Kind)
		return
	}
	field := func(used bool, field string, v, hi int) {
		if used {
			p.between(name+": "+field, v, 1, hi)
		} else {
			p.check(v == 0, "%s: %s: a %s layer has none", name, field, l.Kind)
		}
	}
	field(width, "width", l.Width, MaxWidth)
	field(taps, "kernel", l.Kernel, MaxKernel)
	field(taps, "dilation", l.Dilation, MaxDilation)
	if active {
		p.activation(name+": activation", l.Activation)
	} else {
		p.check(l.Activation == "", "%s: activation: a %s layer has none", name, l.Kind)
	}
	if rate {
		p.fraction(name+": rate", l.Rate)
	} else {
		p.check(l.Rate == 0, "%s: rate: a %s layer has none", name, l.Kind)
	}
}

// Parameters returns the number of parameters of the model: weights, biases and gains.
func (c *Config) Parameters() int { return compile(c).parameters }

// size is what a model takes.
type size struct {
	parameters int
	// elements are the float32 values that a training holds: parameters, the optimizer's state, best weights and gradient,
	// and what the passes need for a batch. 0 where there are too many parameters, or the batch is out of bounds.
	elements int64
}

// size counts what the model of c takes, whose layers are valid.
func (c *Config) size() size {
	p := compile(c)
	s := size{parameters: p.parameters}
	if s.parameters <= MaxParameters && 1 <= c.Batch && c.Batch <= MaxBatch {
		s.elements = 5*int64(p.parameters) + p.elements(max(c.Batch, validationRows), c.Batch) + 4*int64(c.Outputs)*int64(c.Batch)
	}
	return s
}

// maxSizes is how many sizes a Validator remembers.
const maxSizes = 1024

// Validator checks the tasks of a population, and counts what a model takes only once for those that have it in common. It
// is for one goroutine at a time.
type Validator struct {
	sizes map[string]size // by Config.sizeKey
	key   []byte
}

// Validate is Task.Validate.
func (v *Validator) Validate(t *Task) error { return t.validate(v.size) }

func (v *Validator) size(c *Config) size {
	v.key = c.sizeKey(v.key[:0])
	if s, ok := v.sizes[string(v.key)]; ok {
		return s
	}
	if v.sizes == nil || len(v.sizes) >= maxSizes {
		v.sizes = map[string]size{}
	}
	s := c.size()
	v.sizes[string(v.key)] = s
	return s
}

// sizeKey appends all that the size depends on: configurations with one key have one size.
func (c *Config) sizeKey(b []byte) []byte {
	word := func(n int) { b = binary.AppendVarint(b, int64(n)) }
	text := func(s string) { word(len(s)); b = append(b, s...) }
	for _, n := range []int{c.Inputs, c.Outputs, c.Steps, c.Batch, len(c.Hidden), len(c.Layers)} {
		word(n)
	}
	for _, n := range c.Hidden {
		word(n)
	}
	text(string(c.Activation))
	for i := range c.Layers {
		l := &c.Layers[i]
		text(string(l.Kind))
		text(string(l.Activation))
		for _, n := range []int{l.Width, l.Kernel, l.Dilation, int(math.Float32bits(l.Rate))} {
			word(n)
		}
	}
	return b
}
