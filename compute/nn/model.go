package nn

import (
	"fmt"

	"doin.network/node/compute/vec"
)

// Model is what an engine on another device must know of a Config: the operations of a forward pass between tensors, as
// this package executes them, in order; the backward pass is the reverse. Package device/block compiles it for kernels.
type Model struct {
	Ops     []ModelOp
	Tensors []Tensor
	// Input and Output are tensors.
	Input, Output int
	// Parameters is the number of parameters. Matrices, Gains lie in it as CONTRACT.md orders them.
	Parameters int
	Matrices   []Matrix
	Gains      []Gain

	plan *plan
}

// ModelOpKind is the kind of a ModelOp.
type ModelOpKind string

// The kinds of operation.
const (
	OpDense     ModelOpKind = "dense"      // Y = X·Matrix + bias
	OpConvolve  ModelOpKind = "convolve"   // the same with Kernel taps, Dilation apart
	OpActivate  ModelOpKind = "activate"   // Y = Activation(X)
	OpAdd       ModelOpKind = "add"        // Y = X + B
	OpFlatten   ModelOpKind = "flatten"    // Y [1][T·C] = X [T][C], the same buffers
	OpLastStep  ModelOpKind = "last_step"  // Y = the last step of X
	OpLayerNorm ModelOpKind = "layer_norm" // Y = X normalized, with Gain
	OpDropout   ModelOpKind = "dropout"    // Y = X, dropped below Threshold of 24 bits, else times Scale
)

// ModelOp is one operation. X, Y and B are indices of tensors, Matrix and Gain indices of Model.Matrices and Model.Gains.
type ModelOp struct {
	Kind             ModelOpKind
	X, Y, B          int
	Matrix, Gain     int
	Kernel, Dilation int
	Activation       Activation
	// Adds says that the gradient of X has another contribution already, to which this one is added.
	Adds bool
	// Of dropout: Before is the number of elements of a sample in the dropout layers before.
	Threshold uint32
	Scale     float32
	Before    int
}

// Tensor is a value between two operations, [Steps][Channels] for each sample. Tensors with the same Value, or Grad,
// are in one place: an operation between them works in place. Grad is −1 where no gradient is needed.
type Tensor struct {
	Steps, Channels int
	Value, Grad     int
}

// Matrix is a matrix [In][Out] at Offset of the parameters, row-major, the bias [Out] behind it. Fan is what the initial
// weights are scaled by.
type Matrix struct{ In, Out, Offset, Fan int }

// Gain is the gain [Channels] of a layer norm at Offset of the parameters, the bias [Channels] behind it.
type Gain struct{ Channels, Offset int }

// Model returns the operations of a valid configuration.
func (c *Config) Model() *Model { return compile(c).model() }

// Model returns the operations of the network.
func (n *Network) Model() *Model { return n.plan.model() }

func (p *plan) model() *Model {
	m := &Model{Output: p.output, Parameters: p.parameters, plan: p}
	for _, t := range p.tensors {
		m.Tensors = append(m.Tensors, Tensor{t.steps, t.channels, t.value, t.grad})
	}
	for _, x := range p.matrices {
		m.Matrices = append(m.Matrices, Matrix{x.in, x.out, x.offset, x.fan})
	}
	for _, s := range p.gains {
		m.Gains = append(m.Gains, Gain{s.size, s.offset})
	}
	matrix, gain := 0, 0
	for _, o := range p.ops {
		x := ModelOp{Matrix: -1, Gain: -1, B: -1}
		switch o := o.(type) {
		case *dense:
			x.Kind, x.X, x.Y, x.Kernel, x.Dilation, x.Matrix = OpDense, o.x, o.y, 1, 1, matrix
			matrix++
		case *convolution:
			x.Kind, x.X, x.Y, x.Kernel, x.Dilation, x.Adds, x.Matrix = OpConvolve, o.x, o.y, o.kernel, o.dilation, o.adds, matrix
			matrix++
		case *activate:
			x.Kind, x.X, x.Y, x.Activation = OpActivate, o.z, o.y, o.name
		case *add:
			x.Kind, x.X, x.Y, x.B = OpAdd, o.a, o.y, o.b
		case *flatten:
			x.Kind, x.X, x.Y = OpFlatten, o.x, o.y
		case *lastStep:
			x.Kind, x.X, x.Y = OpLastStep, o.x, o.y
		case *layerNorm:
			x.Kind, x.X, x.Y, x.Gain = OpLayerNorm, o.x, o.y, gain
			gain++
		case *dropout:
			x.Kind, x.X, x.Y = OpDropout, o.x, o.y
			x.Threshold, x.Scale, x.Before = o.threshold, o.scale, o.before
		default:
			panic(fmt.Sprintf("nn: operation %T has no description", o))
		}
		m.Ops = append(m.Ops, x)
	}
	return m
}

// Leaf returns the leaf of the digest for this state.
func (c *Checkpoint) Leaf() [32]byte { return newLeafHash().stateLeaf(c.W, c.M, c.V, c.Step) }

// StateLeaf is Checkpoint.Leaf of a state that lies in pieces, which parts adds in the order W, M, V. finite is
// vec.AllFinite, or another implementation of it: long pieces are hashed as they lie in memory.
func StateLeaf(step int, finite func(x []float32) bool, parts func(add func(x []float32))) [32]byte {
	l := newLeafHash()
	l.finite = finite
	l.begin()
	parts(l.floats)
	l.word(uint32(step))
	return l.end()
}

// End returns the result of a run of a valid configuration that another device made and that ended in this state with
// this status: what Run.Result returns. It keeps the state's best weights and leaves. isa chooses the kernels of the
// result's Network; vec.Select where it is empty.
func (c *Checkpoint) End(cfg *Config, status Status, isa vec.ISA) (*Result, error) {
	return cfg.Model().End(c, cfg, status, isa)
}

// End is Checkpoint.End for a configuration with this model: results share what can be shared.
func (m *Model) End(c *Checkpoint, cfg *Config, status Status, isa vec.ISA) (*Result, error) {
	k, err := kernels(isa)
	if err != nil {
		return nil, err
	}
	r := &Run{cfg: *cfg, kernels: k, plan: m.plan, state: *c, status: status}
	if cfg.Segment > 0 {
		r.leaf = newLeafHash()
	}
	return r.Result(), nil
}
