package supervised

import (
	"slices"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
)

// The settings of AdamW that are not searched.
const (
	beta1       = 0.9
	beta2       = 0.999
	epsilon     = 1e-8
	warmupSteps = 20
)

// Training returns what the genes of this package say of a training: activation, loss, batch, learning rate and weight
// decay, where the space has them, and what is the same for every genome. Sizes and layers are the problem's.
func (c *Config) Training(g genome.Genome) nn.Config {
	n := nn.DefaultConfig()
	for i := range c.Space {
		switch c.Space[i].Name {
		case "activation":
			n.Activation = nn.Activation(c.Choice(g, i))
		case "loss":
			n.Loss = nn.Loss(c.Choice(g, i))
		case "batch":
			n.Batch = int(g[i])
		case "learning_rate":
			n.LearningRate = float32(g[i])
		case "weight_decay":
			n.WeightDecay = float32(g[i])
		}
	}
	n.MaxSteps = c.MaxSteps
	n.Beta1, n.Beta2, n.Epsilon = beta1, beta2, epsilon
	n.WarmupSteps, n.Schedule = min(warmupSteps, c.MaxSteps-1), nn.Cosine
	n.EvalEvery, n.Patience, n.MinDelta = c.EvalEvery, c.Patience, 0
	n.Segment = 0
	return n
}

// Choice returns what a genome chooses in a category.
func (c *Config) Choice(g genome.Genome, gene int) string { return c.Space[gene].Choices[int(g[gene])] }

// Perceptron is the place of the genes of Layers in a space.
type Perceptron int

// Widths returns the widths of a genome's hidden layers.
func (p Perceptron) Widths(g genome.Genome) []int {
	widths := make([]int, int(g[p]))
	for k := range widths {
		widths[k] = int(g[int(p)+1+k])
	}
	return widths
}

// Shrink is a Problem's, for the genes of the layers: the widest layer (of equals the deepest) loses a unit; where all are
// at their bound the network loses a layer.
func (p Perceptron) Shrink(s genome.Space, g genome.Genome) bool {
	layers, widest := int(p), -1
	for i := layers + 1; i <= layers+int(g[layers]); i++ {
		if g[i] > s[i].Low && (widest < 0 || g[i] >= g[widest]) {
			widest = i
		}
	}
	if widest >= 0 {
		g[widest]--
		return true
	}
	return Lower(s, g, layers)
}

// Lower takes one off the first of the genes that is above its bound; false where none is.
func Lower(s genome.Space, g genome.Genome, genes ...int) bool {
	i := slices.IndexFunc(genes, func(i int) bool { return g[i] > s[i].Low })
	if i < 0 {
		return false
	}
	g[genes[i]]--
	return true
}
