package tabular

import (
	"slices"

	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/genome"
	network "doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
)

// perceptron is the place of the genes of the layers in the space, geneDropout that of the dropout: batch, learning rate and
// weight decay are between them.
const (
	perceptron  supervised.Perceptron = 0
	geneDropout                       = 4 + supervised.MaxHidden
)

// DefaultSpace returns the genes of a task and their default bounds: hidden_layers, width_1, width_2, width_3, batch,
// learning_rate, weight_decay, dropout (after every hidden layer), activation and, for regression, loss; see package
// supervised.
func DefaultSpace(task Task) genome.Space {
	s := append(genome.Space(supervised.Layers(nil)), supervised.Batch(), supervised.LearningRate(),
		supervised.WeightDecay(), supervised.Dropout(nil), supervised.Activation())
	if task == Regression {
		s = append(s, supervised.Loss())
	}
	return s
}

// space returns the default space of the task; where Models has a kind, with a gene behind the others that chooses the model, and the
// kinds' own.
func (c *Config) space() genome.Space {
	s := DefaultSpace(c.Task)
	if slices.Equal(c.Models, []string{MLP}) || len(c.Models) == 0 {
		return s
	}
	s = append(s, genome.Gene{Name: "model", Kind: genome.Category, Choices: slices.Clone(c.Models)})
	return c.WithKinds(s, c.Models)
}

// kindOf returns the kind that a genome asks for, nil for a perceptron.
func (c *Config) kindOf(g genome.Genome) network.Kind {
	i := len(DefaultSpace(c.Task))
	if i >= len(c.Space) {
		return nil
	}
	return c.KindNamed(c.Choice(g, i))
}

// limits are those of the genes that are stricter here. With them, MaxInputs, MaxClasses and nn.MaxParameters, every
// network is one that package nn accepts.
var limits = supervised.Limits{"model": {Choices: []string{MLP}}, "batch": {Low: 1, High: 1024}}

// shape returns the training that a genome asks for on data with so many inputs and classes (none for regression),
// without its digest: of a kind that is not lowered, the sizes.
func (c *Config) shape(g genome.Genome, inputs, classes int) nn.Config {
	n := c.sizes(g, inputs, classes)
	if k := c.kindOf(g); k != nil {
		if lowered, err := k.Lower(n, c.Values(g)); err == nil {
			return lowered
		}
	}
	return n
}

// sizes is shape before a kind is lowered. A kind sees the inputs as steps of one number.
func (c *Config) sizes(g genome.Genome, inputs, classes int) nn.Config {
	n := c.Training(g)
	n.Inputs, n.Outputs = inputs, outputs(classes)
	if c.kindOf(g) != nil {
		n.Steps = inputs
	} else if rate := float32(g[geneDropout]); rate == 0 {
		n.Hidden = perceptron.Widths(g)
	} else {
		for _, width := range perceptron.Widths(g) {
			n.Layers = append(n.Layers, nn.Layer{Kind: nn.Dense, Width: width, Activation: n.Activation},
				nn.Layer{Kind: nn.Dropout, Rate: rate})
		}
	}
	switch classes {
	case 0: // the gene's
	case 2:
		n.Loss = nn.BinaryCrossEntropy
	default:
		n.Loss = nn.SoftmaxCrossEntropy
	}
	return n
}

// outputs is the number of outputs of a network for so many classes, none meaning regression.
func outputs(classes int) int {
	if classes <= 2 {
		return 1
	}
	return classes
}
