package forecast

import (
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/genome"
)

// The models, choices of the gene model, those of the gene difference, and limits of a network.
const (
	MLP = "mlp" // a multilayer perceptron
	TCN = "tcn" // a temporal convolutional network

	Plain    = "none"     // a network sees the values as they are
	Seasonal = "seasonal" // it sees what they are above those of a period before

	MaxBlocks = 8    // of a TCN
	MaxWindow = 4096 // the longest window
)

// The genes, in the order of the space. Those of the layers are the perceptron's, those from geneBlocks to geneDropout the
// TCN's.
const (
	geneModel  = iota
	geneLayers // and the widths of the layers
	geneBlocks = iota + supervised.MaxHidden
	geneChannels
	geneKernel
	geneDropout
	geneWindow     // and the shared genes after it
	geneDifference = geneWindow + 1 + sharedGenes
)

// sharedGenes are between the window and the difference.
const sharedGenes = 5

// perceptron is where the genes of the layers are.
const perceptron supervised.Perceptron = geneLayers

// DefaultSpace returns the genes and their default bounds: model mlp or tcn; of mlp, hidden_layers and the widths; of tcn,
// blocks 1–2, channels 4–16, kernel 2–3 and dropout; window 6–36; batch, learning_rate, weight_decay, activation and
// loss; of mlp, difference none or seasonal. See package supervised for those without bounds here.
func DefaultSpace() genome.Space {
	only := func(model string) *genome.Condition { return &genome.Condition{Gene: "model", In: []string{model}} }
	integer := func(name string, low, high float64, when *genome.Condition) genome.Gene {
		return genome.Gene{Name: name, Kind: genome.Int, Low: low, High: high, When: when}
	}
	s := genome.Space{{Name: "model", Kind: genome.Category, Choices: []string{MLP, TCN}}}
	s = append(s, supervised.Layers(only(MLP))...)
	return append(s, integer("blocks", 1, 2, only(TCN)), integer("channels", 4, 16, only(TCN)), integer("kernel", 2, 3, only(TCN)),
		supervised.Dropout(only(TCN)), integer("window", 6, 36, nil), supervised.Batch(), supervised.LearningRate(),
		supervised.WeightDecay(), supervised.Activation(), supervised.Loss(),
		genome.Gene{Name: "difference", Kind: genome.Category, Choices: []string{Plain, Seasonal}, When: only(MLP)})
}

// limits are those of the genes that other domains do not have.
var limits = supervised.Limits{
	"model": {Choices: []string{MLP, TCN}}, "difference": {Choices: []string{Plain, Seasonal}},
	"blocks": {Low: 1, High: MaxBlocks}, "channels": {Low: 1, High: 256}, "kernel": {Low: 1, High: 16},
	"window": {Low: 1, High: MaxWindow},
}
