package supervised

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
)

// MaxHidden is the greatest number of hidden layers of a perceptron.
const MaxHidden = 3

// Layers returns the genes of a perceptron's layers: hidden_layers 1–3 and width_1, width_2, width_3 4–32, each active if
// there are so many layers, all of them only under the condition when, which may be nil. Their order is that of Perceptron.
func Layers(when *genome.Condition) []genome.Gene {
	genes := []genome.Gene{{Name: "hidden_layers", Kind: genome.Int, Low: 1, High: MaxHidden, When: when}}
	for k := int64(1); k <= MaxHidden; k++ {
		if k > 1 {
			when = &genome.Condition{Gene: "hidden_layers", AtLeast: k}
		}
		genes = append(genes, genome.Gene{Name: fmt.Sprintf("width_%d", k), Kind: genome.Int, Low: 4, High: 32, When: when})
	}
	return genes
}

// Dropout returns the gene dropout, 0–0.3, under a condition, which may be nil.
func Dropout(when *genome.Condition) genome.Gene { return real("dropout", 0, 0.3, false, when) }

// Batch returns the gene batch, 8–64 (log).
func Batch() genome.Gene {
	return genome.Gene{Name: "batch", Kind: genome.Int, Low: 8, High: 64, Log: true}
}

// LearningRate returns the gene learning_rate, 1e-4–3e-2 (log).
func LearningRate() genome.Gene { return real("learning_rate", 1e-4, 3e-2, true, nil) }

// WeightDecay returns the gene weight_decay, 1e-6–1e-1 (log).
func WeightDecay() genome.Gene { return real("weight_decay", 1e-6, 1e-1, true, nil) }

// Activation returns the gene activation: relu, tanh, gelu or silu.
func Activation() genome.Gene {
	return genome.Gene{Name: "activation", Kind: genome.Category, Choices: []string{"relu", "tanh", "gelu", "silu"}}
}

// Loss returns the gene loss: mse, huber or mae.
func Loss() genome.Gene {
	return genome.Gene{Name: "loss", Kind: genome.Category, Choices: []string{"mse", "huber", "mae"}}
}

func real(name string, low, high float32, log bool, when *genome.Condition) genome.Gene {
	return genome.Gene{Name: name, Kind: genome.Real, Low: float64(low), High: float64(high), Log: log, When: when}
}

// Limit is what the bounds of a gene may be at most, or the choices that it may have.
type Limit struct {
	Low, High float64
	Choices   []string
}

// Limits are limits by the name of the gene. A domain's own ones come before those of this package's genes.
type Limits map[string]Limit

// limits are those of this package's genes.
var limits = Limits{
	"hidden_layers": {Low: 1, High: MaxHidden},
	"width_1":       {Low: 1, High: 1024}, "width_2": {Low: 1, High: 1024}, "width_3": {Low: 1, High: 1024},
	"dropout": {Low: 0, High: 0.9}, "batch": {Low: 1, High: 4096},
	"learning_rate": {Low: 1e-7, High: 1}, "weight_decay": {Low: 1e-9, High: 1},
	"activation": {Choices: texts(nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU)},
	"loss":       {Choices: texts(nn.MSE, nn.MAE, nn.Huber)},
}

func texts[S ~string](names ...S) []string {
	out := make([]string, len(names))
	for i, s := range names {
		out[i] = string(s)
	}
	return out
}

// Of returns the limit of a gene; ok is false where there is none.
func (l Limits) Of(name string) (limit Limit, ok bool) {
	if limit, ok = l[name]; !ok {
		limit, ok = limits[name]
	}
	return limit, ok
}

// check refuses a space that is not def with other bounds within the limits.
func (l Limits) check(s, def genome.Space) error {
	if len(s) != len(def) {
		return fmt.Errorf("%d genes, want %d", len(s), len(def))
	}
	var errs []error
	for i, g := range s {
		if g.Name != def[i].Name || g.Kind != def[i].Kind {
			errs = append(errs, fmt.Errorf("gene %d is %q, want %q", i, g.Name, def[i].Name))
			continue
		}
		limit, ok := l.Of(g.Name)
		if !ok {
			continue
		}
		for _, choice := range g.Choices {
			if !slices.Contains(limit.Choices, choice) {
				errs = append(errs, fmt.Errorf("%s: unknown choice %.80q", g.Name, choice))
			}
		}
		if g.Low < limit.Low || g.High > limit.High {
			errs = append(errs, fmt.Errorf("%s [%v, %v]: must be within [%v, %v]", g.Name, g.Low, g.High, limit.Low, limit.High))
		}
	}
	return errors.Join(errs...)
}

// Lowest is the genome of the smallest network, of each category the first choice.
func Lowest(s genome.Space) genome.Genome {
	g := make(genome.Genome, len(s))
	for i := range s {
		g[i] = s[i].Low
	}
	return g
}

// Highest is the genome of the largest network, of each category the first choice.
func Highest(s genome.Space) genome.Genome {
	g := make(genome.Genome, len(s))
	for i := range s {
		g[i] = s[i].High
	}
	return g
}
