package forecast

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
)

// The models, choices of the gene model.
const (
	MLP = "mlp" // a multilayer perceptron
	TCN = "tcn" // a temporal convolutional network
)

// The genes, in the order of the space. Those from geneLayers to geneWidth3 are the perceptron's, the width of layer k
// active in networks of at least k hidden layers; those from geneBlocks to geneDropout are the TCN's.
const (
	geneModel = iota
	geneLayers
	geneWidth1
	geneWidth2
	geneWidth3
	geneBlocks
	geneChannels
	geneKernel
	geneDropout
	geneWindow
	geneBatch
	geneLearningRate
	geneWeightDecay
	geneActivation
	geneLoss
)

// MaxHidden is the greatest number of hidden layers, MaxBlocks that of a TCN's blocks, MaxWindow the longest window.
const (
	MaxHidden = 3
	MaxBlocks = 8
	MaxWindow = 4096
)

// DefaultSpace returns the genes and their default bounds: model mlp or tcn; of mlp, hidden_layers 1–3 and width_1,
// width_2, width_3 4–32, each active if there are so many layers; of tcn, blocks 1–2, channels 4–16, kernel 2–3 and
// dropout 0–0.3; window 6–36; batch 8–64 (log); learning_rate 1e-4–3e-2 (log); weight_decay 1e-6–1e-1 (log); activation
// relu, tanh, gelu or silu; loss mse, huber or mae.
func DefaultSpace() genome.Space {
	single := func(v float32) float64 { return float64(v) }
	only := func(model string) *genome.Condition { return &genome.Condition{Gene: "model", In: []string{model}} }
	deep := func(k int64) *genome.Condition { return &genome.Condition{Gene: "hidden_layers", AtLeast: k} }
	return genome.Space{
		geneModel:        {Name: "model", Kind: genome.Category, Choices: []string{MLP, TCN}},
		geneLayers:       {Name: "hidden_layers", Kind: genome.Int, Low: 1, High: MaxHidden, When: only(MLP)},
		geneWidth1:       {Name: "width_1", Kind: genome.Int, Low: 4, High: 32, When: only(MLP)},
		geneWidth2:       {Name: "width_2", Kind: genome.Int, Low: 4, High: 32, When: deep(2)},
		geneWidth3:       {Name: "width_3", Kind: genome.Int, Low: 4, High: 32, When: deep(3)},
		geneBlocks:       {Name: "blocks", Kind: genome.Int, Low: 1, High: 2, When: only(TCN)},
		geneChannels:     {Name: "channels", Kind: genome.Int, Low: 4, High: 16, When: only(TCN)},
		geneKernel:       {Name: "kernel", Kind: genome.Int, Low: 2, High: 3, When: only(TCN)},
		geneDropout:      {Name: "dropout", Kind: genome.Real, Low: 0, High: single(0.3), When: only(TCN)},
		geneWindow:       {Name: "window", Kind: genome.Int, Low: 6, High: 36},
		geneBatch:        {Name: "batch", Kind: genome.Int, Low: 8, High: 64, Log: true},
		geneLearningRate: {Name: "learning_rate", Kind: genome.Real, Low: single(1e-4), High: single(3e-2), Log: true},
		geneWeightDecay:  {Name: "weight_decay", Kind: genome.Real, Low: single(1e-6), High: single(1e-1), Log: true},
		geneActivation:   {Name: "activation", Kind: genome.Category, Choices: []string{"relu", "tanh", "gelu", "silu"}},
		geneLoss:         {Name: "loss", Kind: genome.Category, Choices: []string{"mse", "huber", "mae"}},
	}
}

// hardBounds are what the bounds of a gene may be at most.
var hardBounds = map[string][2]float64{
	"hidden_layers": {1, MaxHidden}, "width_1": {1, 1024}, "width_2": {1, 1024}, "width_3": {1, 1024},
	"blocks": {1, MaxBlocks}, "channels": {1, 256}, "kernel": {1, 16}, "dropout": {0, 0.9},
	"window": {1, MaxWindow}, "batch": {1, 4096}, "learning_rate": {1e-7, 1}, "weight_decay": {1e-9, 1},
}

// checkSpace refuses a space that is not DefaultSpace with other bounds within the hard ones.
func checkSpace(s genome.Space) error {
	def := DefaultSpace()
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
	switch gene {
	case geneModel:
		return choice == MLP || choice == TCN
	case geneActivation:
		return slices.Contains([]nn.Activation{nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU}, nn.Activation(choice))
	}
	return slices.Contains([]nn.Loss{nn.MSE, nn.MAE, nn.Huber}, nn.Loss(choice))
}

// lowest is the genome of the smallest network of the first model.
func lowest(s genome.Space) genome.Genome {
	g := make(genome.Genome, len(s))
	for i := range s {
		g[i] = s[i].Low
	}
	return g
}

// highest is the genome of the largest network of the first model.
func highest(s genome.Space) genome.Genome {
	g := make(genome.Genome, len(s))
	for i := range s {
		g[i] = s[i].High
	}
	return g
}
