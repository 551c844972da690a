package tabular

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
)

// The genes, in the order of the space. The width of layer k is active in networks of at least k hidden layers. Only
// a regression has a choice of losses.
const (
	geneLayers = iota
	geneWidth1
	geneWidth2
	geneWidth3
	geneBatch
	geneLearningRate
	geneWeightDecay
	geneDropout
	geneActivation
	geneLoss
)

// MaxHidden is the greatest number of hidden layers.
const MaxHidden = 3

// DefaultSpace returns the genes of a task and their default bounds: hidden_layers 1–3; width_1, width_2, width_3 4–32,
// each active if there are so many layers; batch 8–64 (log); learning_rate 1e-4–3e-2 (log); weight_decay 1e-6–1e-1
// (log); dropout 0–0.3, after every hidden layer; activation relu, tanh, gelu or silu; for regression loss mse, huber or mae.
func DefaultSpace(task Task) genome.Space {
	width := func(k int64) genome.Gene {
		g := genome.Gene{Name: fmt.Sprintf("width_%d", k), Kind: genome.Int, Low: 4, High: 32}
		if k > 1 {
			g.When = &genome.Condition{Gene: "hidden_layers", AtLeast: k}
		}
		return g
	}
	single := func(v float32) float64 { return float64(v) }
	s := genome.Space{
		geneLayers:       {Name: "hidden_layers", Kind: genome.Int, Low: 1, High: MaxHidden},
		geneWidth1:       width(1),
		geneWidth2:       width(2),
		geneWidth3:       width(3),
		geneBatch:        {Name: "batch", Kind: genome.Int, Low: 8, High: 64, Log: true},
		geneLearningRate: {Name: "learning_rate", Kind: genome.Real, Low: single(1e-4), High: single(3e-2), Log: true},
		geneWeightDecay:  {Name: "weight_decay", Kind: genome.Real, Low: single(1e-6), High: single(1e-1), Log: true},
		geneDropout:      {Name: "dropout", Kind: genome.Real, Low: 0, High: single(0.3)},
		geneActivation:   {Name: "activation", Kind: genome.Category, Choices: []string{"relu", "tanh", "gelu", "silu"}},
	}
	if task == Regression {
		s = append(s, genome.Gene{Name: "loss", Kind: genome.Category, Choices: []string{"mse", "huber", "mae"}})
	}
	return s
}

// hardBounds are what the bounds of a gene may be at most. With them, MaxInputs, MaxClasses and nn.MaxParameters, every
// network is one that package nn accepts.
var hardBounds = map[string][2]float64{
	"hidden_layers": {1, MaxHidden}, "width_1": {1, 1024}, "width_2": {1, 1024}, "width_3": {1, 1024},
	"batch": {1, 1024}, "learning_rate": {1e-7, 1}, "weight_decay": {1e-9, 1},
	"dropout": {0, 0.9},
}

// checkSpace refuses a space that is not DefaultSpace with other bounds within the hard ones.
func checkSpace(s genome.Space, task Task) error {
	def := DefaultSpace(task)
	if len(s) != len(def) {
		return fmt.Errorf("%d genes, want %d", len(s), len(def))
	}
	var errs []error
	for i, g := range s {
		if g.Name != def[i].Name || g.Kind != def[i].Kind {
			errs = append(errs, fmt.Errorf("gene %d is %q, want %q", i, g.Name, def[i].Name))
			continue
		}
		for _, choice := range g.Choices {
			if !known(i, choice) {
				errs = append(errs, fmt.Errorf("%s: unknown choice %.80q", g.Name, choice))
			}
		}
		if hard, ok := hardBounds[g.Name]; ok && (g.Low < hard[0] || g.High > hard[1]) {
			errs = append(errs, fmt.Errorf("%s [%v, %v]: must be within [%v, %v]", g.Name, g.Low, g.High, hard[0], hard[1]))
		}
	}
	return errors.Join(errs...)
}

// known reports whether a category can be trained; a space may leave the default's choices for other ones of the engine.
func known(gene int, choice string) bool {
	if gene == geneActivation {
		return slices.Contains([]nn.Activation{nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU}, nn.Activation(choice))
	}
	return slices.Contains([]nn.Loss{nn.MSE, nn.MAE, nn.Huber}, nn.Loss(choice))
}

// lowest is the genome of the smallest network.
func lowest(s genome.Space) genome.Genome {
	g := make(genome.Genome, len(s))
	for i := range s {
		g[i] = s[i].Low
	}
	return g
}

// The settings of AdamW that are not searched.
const (
	beta1       = 0.9
	beta2       = 0.999
	epsilon     = 1e-8
	warmupSteps = 20
)

// shape returns the training that a genome asks for on data with so many inputs and classes (none for regression),
// without its digest.
func (c *Config) shape(g genome.Genome, inputs, classes int) nn.Config {
	n := nn.DefaultConfig()
	n.Inputs, n.Outputs = inputs, outputs(classes)
	n.Activation = nn.Activation(c.Space[geneActivation].Choices[int(g[geneActivation])])
	rate := float32(g[geneDropout])
	for k := range int(g[geneLayers]) {
		width := int(g[geneWidth1+k])
		if rate == 0 {
			n.Hidden = append(n.Hidden, width)
			continue
		}
		n.Layers = append(n.Layers, nn.Layer{Kind: nn.Dense, Width: width, Activation: n.Activation},
			nn.Layer{Kind: nn.Dropout, Rate: rate})
	}
	switch {
	case classes == 0:
		n.Loss = nn.Loss(c.Space[geneLoss].Choices[int(g[geneLoss])])
	case classes == 2:
		n.Loss = nn.BinaryCrossEntropy
	default:
		n.Loss = nn.SoftmaxCrossEntropy
	}
	n.Batch = int(g[geneBatch])
	n.MaxSteps = c.MaxSteps
	n.LearningRate, n.WeightDecay = float32(g[geneLearningRate]), float32(g[geneWeightDecay])
	n.Beta1, n.Beta2, n.Epsilon = beta1, beta2, epsilon
	n.WarmupSteps, n.Schedule = min(warmupSteps, c.MaxSteps-1), nn.Cosine
	n.EvalEvery, n.Patience, n.MinDelta = c.EvalEvery, c.Patience, 0
	n.Segment = 0
	return n
}

// outputs is the number of outputs of a network for so many classes, none meaning regression.
func outputs(classes int) int {
	if classes <= 2 {
		return 1
	}
	return classes
}

// repair returns g, or a copy that has been made smaller until fits holds: the widest active layer (of equals the
// deepest) loses one unit; where all are at their bound the network loses a layer. The smallest network must fit.
func (c *Config) repair(g genome.Genome, fits func(genome.Genome) bool) genome.Genome {
	if fits(g) {
		return g
	}
	g = g.Clone()
	for !fits(g) {
		widest := -1
		for i := geneWidth1; i < geneWidth1+int(g[geneLayers]); i++ {
			if g[i] > c.Space[i].Low && (widest < 0 || g[i] >= g[widest]) {
				widest = i
			}
		}
		switch {
		case widest >= 0:
			g[widest]--
		case g[geneLayers] > c.Space[geneLayers].Low:
			g[geneLayers]--
		default:
			panic("tabular: the smallest network does not fit")
		}
	}
	return g
}
