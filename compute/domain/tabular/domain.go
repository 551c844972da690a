package tabular

import (
	"io"

	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/genome"
	network "doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

// Plugin is the domain's plugin name and the "domain" of its recipes.
const Plugin = "tabular"

var (
	_ supervised.Problem = (*problem)(nil)
	_ supervised.Kinded  = (*problem)(nil)
	_ supervised.View    = (*problem)(nil)
)

// problem is one table. Every network sees the same inputs, so it is its own only view.
type problem struct {
	config Config
	data   *dataset
	// boosted is nil for a table that is too large.
	boosted *boosted
}

// New makes the domain from a configuration object (see ParseConfig) and reads its data file. Errors wrap
// domain.ErrConfig, supervised.ErrData or the error of the file system, and name the file.
func New(config *canon.Object, others ...string) (*supervised.Domain, error) {
	return NewWith(nil, config, others...)
}

// NewWith is New for a program with kinds of networks of its own, which the setting models may name.
func NewWith(kinds []network.Kind, config *canon.Object, others ...string) (*supervised.Domain, error) {
	return supervised.Open(config, others, parseWith(kinds), read)
}

func read(c Config, r io.Reader) (*supervised.Domain, error) {
	if c.TestData == "" {
		return readAll(c, r)
	}
	return supervised.ReadFile(c.TestData, func(tests io.Reader) (*supervised.Domain, error) { return readAll(c, r, tests) })
}

func readAll(c Config, r io.Reader, tests ...io.Reader) (*supervised.Domain, error) {
	t, err := Parse(r, c.Options, c.Schema, tests...)
	if err != nil {
		return nil, err
	}
	return FromTable(c, t)
}

// FromTable makes the domain from a valid configuration, whose Data is only a name then, and a table that was parsed by
// its schema. Errors wrap domain.ErrConfig or supervised.ErrData.
func FromTable(c Config, t *Table) (*supervised.Domain, error) {
	set, err := newDataset(t, &c)
	if err != nil {
		return nil, err
	}
	c.Folds, c.Schema, c.Options = len(set.folds), t.schema, t.options
	p := &problem{c, set, newBoosted(set)}
	return supervised.New(&c.Config, p.spec(), p)
}

// spec describes the problem. The unit of a classification's error is the nat; performances are in units of the error
// of the best constant prediction.
func (p *problem) spec() supervised.Spec {
	s := supervised.Spec{
		Plugin: Plugin, DataHash: p.data.hash(&p.config), Folds: len(p.data.folds), Loss: "cross_entropy",
		Performance: "relative_cross_entropy", Unit: supervised.Shift(p.data.scale.Unit, p.data.power), Relative: true,
		Counts: true, Accuracy: p.config.Task == Classification, Defaults: p.config.object(), Notes: p.data.notes,
	}
	if p.config.Task == Regression {
		s.Loss, s.Performance = "mae", "relative_mae"
	}
	return s
}

// Shape implements supervised.Problem.
func (p *problem) Shape(g genome.Genome) nn.Config {
	return p.config.shape(g, p.data.inputs, len(p.data.classes))
}

// Kind implements supervised.Kinded.
func (p *problem) Kind(g genome.Genome) (network.Kind, network.Values) {
	c := &p.config
	if k := c.kindOf(g); k != nil {
		if _, err := k.Lower(c.sizes(g, p.data.inputs, len(p.data.classes)), c.Values(g)); err != nil {
			return k, c.Values(g)
		}
	}
	return nil, network.Values{}
}

// Shrink implements supervised.Problem: the widest layer loses a unit, or the network a layer; a kind, what ShrinkKind takes.
func (p *problem) Shrink(g genome.Genome) bool {
	if k := p.config.kindOf(g); k != nil {
		return p.config.ShrinkKind(k, g)
	}
	return perceptron.Shrink(p.config.Space, g)
}

// View implements supervised.Problem.
func (p *problem) View(genome.Genome) supervised.View { return p }

// Sources implements supervised.View.
func (p *problem) Sources(i int) (training, validating nn.Source) {
	d := p.data
	if i == len(d.folds) {
		return d.learn, d.folds[i-1].validation
	}
	return d.folds[i].training, d.folds[i].validation
}

// Validation implements supervised.View.
func (p *problem) Validation(fold int) supervised.Cases { return p.data.folds[fold].validation }

// Learning implements supervised.View.
func (p *problem) Learning() supervised.Cases { return p.data.learn }

// Test implements supervised.View.
func (p *problem) Test() supervised.Cases { return p.data.test }

// Prediction implements supervised.View.
func (p *problem) Prediction(network supervised.Predict) supervised.Predict {
	classes := len(p.data.classes)
	if classes == 0 {
		return network
	}
	logits := make([]float32, outputs(classes))
	return func(x, out []float32) {
		network(x, logits)
		softmax(out, logits)
	}
}
