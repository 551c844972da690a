package forecast

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

// The genes, in the order of the space. The width of layer k is active in networks of at least k hidden layers.
const (
	geneLayers = iota
	geneWidth1
	geneWidth2
	geneWidth3
	geneWindow
	geneBatch
	geneLearningRate
	geneWeightDecay
	geneActivation
	geneLoss
)

// MaxHidden is the greatest number of hidden layers, MaxWindow the longest window.
const (
	MaxHidden = 3
	MaxWindow = 4096
)

// DefaultSpace returns the genes and their default bounds: hidden_layers 1–3; width_1, width_2, width_3 4–32, each
// active if there are so many layers; window 6–36; batch 8–64 (log); learning_rate 1e-4–3e-2 (log); weight_decay
// 1e-6–1e-1 (log); activation relu, tanh, gelu or silu; loss mse, huber or mae.
func DefaultSpace() genome.Space {
	width := func(k int64) genome.Gene {
		g := genome.Gene{Name: fmt.Sprintf("width_%d", k), Kind: genome.Int, Low: 4, High: 32}
		if k > 1 {
			g.When = &genome.Condition{Gene: "hidden_layers", AtLeast: k}
		}
		return g
	}
	single := func(v float32) float64 { return float64(v) }
	return genome.Space{
		geneLayers:       {Name: "hidden_layers", Kind: genome.Int, Low: 1, High: MaxHidden},
		geneWidth1:       width(1),
		geneWidth2:       width(2),
		geneWidth3:       width(3),
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
	if gene == geneActivation {
		return slices.Contains([]nn.Activation{nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU}, nn.Activation(choice))
	}
	return slices.Contains([]nn.Loss{nn.MSE, nn.MAE, nn.Huber}, nn.Loss(choice))
}

// parseBounds returns s with the bounds that the member key of a configuration gives.
func parseBounds(o *canon.Object, key string, s genome.Space) (genome.Space, error) {
	bounds, err := o.ObjectOr(key, nil)
	if err != nil {
		return s, fmt.Errorf("%w: %w", domain.ErrConfig, err)
	}
	s = slices.Clone(s)
	names := make([]string, len(s))
	for i := range s {
		names[i] = s[i].Name
	}
	var errs []error
	for name, v := range bounds.All() {
		if strings.HasPrefix(name, "$") {
			continue
		}
		i := slices.Index(names, name)
		if i < 0 {
			errs = append(errs, domain.CheckKeys(canon.NewObject(name, nil), names...))
			continue
		}
		if err := setBounds(&s[i], v); err != nil {
			errs = append(errs, fmt.Errorf("%w: %s: %s: %w", domain.ErrConfig, key, name, err))
		}
	}
	return s, errors.Join(errs...)
}

// setBounds reads [low, high] or a list of choices into a gene.
func setBounds(g *genome.Gene, v any) error {
	list, err := canon.AsList(v)
	if err != nil {
		return err
	}
	if g.Kind == genome.Category {
		g.Choices = nil
		for i, e := range list {
			s, ok := e.(string)
			if !ok || i >= genome.MaxChoices {
				return errors.New("want a list of names")
			}
			g.Choices = append(g.Choices, s)
		}
		return nil
	}
	pair, err := domain.Reals(v, 2)
	if err != nil {
		return err
	}
	if len(pair) != 2 || pair[0] > pair[1] {
		return errors.New("want [low, high] with low ≤ high")
	}
	if g.Kind == genome.Real {
		pair[0], pair[1] = float64(float32(pair[0])), float64(float32(pair[1]))
	} else if pair[0] != math.Trunc(pair[0]) || pair[1] != math.Trunc(pair[1]) {
		return errors.New("want integers")
	}
	g.Low, g.High = pair[0], pair[1]
	return nil
}

// lowest is the genome of the smallest network.
func lowest(s genome.Space) genome.Genome {
	g := make(genome.Genome, len(s))
	for i := range s {
		g[i] = s[i].Low
	}
	return g
}

// shape returns the training that a genome asks for, without its digest.
func (c *Config) shape(g genome.Genome) nn.Config {
	n := nn.DefaultConfig()
	n.Inputs = int(g[geneWindow])
	if c.Period > 1 {
		n.Inputs += 2
	}
	for k := range int(g[geneLayers]) {
		n.Hidden = append(n.Hidden, int(g[geneWidth1+k]))
	}
	n.Outputs = c.Horizon
	n.Activation = nn.Activation(c.Space[geneActivation].Choices[int(g[geneActivation])])
	n.Loss = nn.Loss(c.Space[geneLoss].Choices[int(g[geneLoss])])
	n.Batch = int(g[geneBatch])
	n.MaxSteps = c.MaxSteps
	n.LearningRate, n.WeightDecay = float32(g[geneLearningRate]), float32(g[geneWeightDecay])
	n.Beta1, n.Beta2, n.Epsilon = beta1, beta2, epsilon
	n.WarmupSteps, n.Schedule = min(warmupSteps, c.MaxSteps-1), nn.Cosine
	n.EvalEvery, n.Patience, n.MinDelta = c.EvalEvery, c.Patience, 0
	n.Segment = 0
	return n
}

// The settings of AdamW that are not searched.
const (
	beta1       = 0.9
	beta2       = 0.999
	epsilon     = 1e-8
	warmupSteps = 20
)

// parameters is the number of weights and biases that a genome asks for.
func (c *Config) parameters(g genome.Genome) int {
	n := c.shape(g)
	return n.Parameters()
}

// repair is Domain.Repair without the check of g.
func (c *Config) repair(g genome.Genome) genome.Genome {
	if c.parameters(g) <= c.MaxParameters {
		return g
	}
	g = g.Clone()
	for c.parameters(g) > c.MaxParameters {
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
			g[geneWindow]--
		}
	}
	return g
}
