// Package kind says what a kind of network is that package nn has no layers for: its genes, its size, and how a genome of it is
// trained. A program that has such kinds hands them to the domains (package open); a domain puts each beside its own models, as a choice
// of the gene "model". Package graph/tape makes them of expression graphs.
//
// Two machines agree on a training of package nn bit for bit, and on one of a kind only to within a share, unless it is lowered
// ([Kind.Lower]): a domain that names one says so in the genesis file ("agreement").
package kind

import (
	"context"
	"errors"
	"fmt"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
)

// Bounds of what a kind trains.
const (
	// MaxSteps bounds the steps of a sequence: a recurrent graph grows with them.
	MaxSteps = 512
	// MaxElements bounds the numbers that a training holds at once, 8 bytes each.
	MaxElements = 1 << 25
	// MaxNodes bounds the operations of a graph out of training, whose preparation takes the square of their number.
	MaxNodes = 3000
)

// ErrLarge is returned, wrapped, by Size and Train for a genome that asks for more than the bounds.
var ErrLarge = errors.New("kind: too large")

// Kind is one kind of network. It is immutable and safe for concurrent use.
//
// The configurations that its methods take say inputs, outputs, steps, loss, batch and the optimizer's settings; Hidden, Layers,
// Activation and Segment mean nothing.
type Kind interface {
	// Name is the choice of the gene "model": "gru".
	Name() string
	// Genes are its genes with their default bounds, fresh, without conditions. Genes that a domain has already, by name, are shared.
	Genes() []genome.Gene
	// Size returns the number of parameters of a genome's network and about how many numbers its training holds. An error says what
	// the kind cannot be for that shape.
	Size(c nn.Config, v Values) (parameters, elements int, err error)
	// Lower returns the configuration of the same network with layers. An error says why there is none: machines agree on the genome's
	// trainings within a share only.
	Lower(c nn.Config, v Values) (lowered nn.Config, err error)
	// Train runs one training. Every draw is made from the task's key, with the purposes that package nn has. A run that diverges is a
	// result. It returns ctx's error when cancelled, at a step; t.From and t.OnSegment are not looked at.
	Train(ctx context.Context, t *nn.Task, v Values) (*Result, error)
}

// Result is a finished training, with the meanings of nn.Result. The caller owns it.
type Result struct {
	Status             nn.Status
	StopStep, BestStep int
	ValidationLoss     float64
	// Network is nil for a run that diverged.
	Network Network
	// Root is a hash of how the training ended and of its weights, which another machine need not find.
	Root [32]byte
}

// Network is a trained network. It is immutable and safe for concurrent use.
type Network interface {
	// Predict writes the outputs for samples, one after another: x [rows][inputs], out [rows][outputs].
	Predict(x, out []float32)
	// Tensors are the weights, not to be changed.
	Tensors() []Tensor
}

// Tensor is one learnable.
type Tensor struct {
	Name   string
	Shape  []int
	Values []float64 // row-major
}

// Values are the genes of a genome by name.
type Values struct {
	Space  genome.Space
	Genome genome.Genome
}

// Int is an integer gene. It panics for a name that is none, like the others: a mistake of the kind's.
func (v Values) Int(name string) int { return int(v.Genome[v.index(name)]) }

// Real is a real gene.
func (v Values) Real(name string) float64 { return v.Genome[v.index(name)] }

// Choice is what the genome chooses in a category.
func (v Values) Choice(name string) string {
	i := v.index(name)
	return v.Space[i].Choices[int(v.Genome[i])]
}

func (v Values) index(name string) int {
	for i := range v.Space {
		if v.Space[i].Name == name {
			return i
		}
	}
	panic(fmt.Sprintf("kind: no gene %q", name))
}
