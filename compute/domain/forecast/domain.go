package forecast

import (
	"io"
	"sync"

	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

// Plugin is the domain's plugin name and the "domain" of its recipes.
const Plugin = "forecast"

var _ supervised.Problem = (*problem)(nil)

// problem is one time series.
type problem struct {
	config Config
	series *series

	mu      sync.Mutex                // guards sources
	sources map[sourceKey]*[2]windows // of training and validation: a device keeps those that it has seen
}

// New makes the domain from a configuration object (see ParseConfig) and reads its data file. Errors wrap
// domain.ErrConfig, supervised.ErrData or the error of the file system, and name the file.
func New(config *canon.Object, others ...string) (*supervised.Domain, error) {
	return supervised.Open(config, others, ParseConfig, read)
}

func read(c Config, r io.Reader) (*supervised.Domain, error) {
	t, err := Parse(r, c.Options, c.Form)
	if err != nil {
		return nil, err
	}
	return FromTable(c, t)
}

// FromTable makes the domain from a valid configuration, whose Data is only a name then, and a table, which it keeps.
// Errors wrap domain.ErrConfig or supervised.ErrData.
func FromTable(c Config, t *Table) (*supervised.Domain, error) {
	s, err := newSeries(t, &c)
	if err != nil {
		return nil, err
	}
	c.Folds, c.Form, c.Options = s.folds(), t.form, t.options
	p := &problem{config: c, series: s, sources: map[sourceKey]*[2]windows{}}
	return supervised.New(&c.Config, p.spec(), p)
}

// spec describes the problem: errors are scaled as MASE is.
func (p *problem) spec() supervised.Spec {
	return supervised.Spec{
		Plugin: Plugin, DataHash: p.series.hash(&p.config), Folds: p.series.folds(), Loss: "mae", Performance: "mase",
		Unit: p.series.to(p.series.scale.Unit), Defaults: p.config.object().Set("periods", integersOf(p.series.periods)),
		Notes: p.series.table.sentences(),
	}
}

// Shape implements supervised.Problem.
func (p *problem) Shape(g genome.Genome) nn.Config { return p.config.shape(g) }

// Shrink implements supervised.Problem. A multilayer perceptron loses a unit of its widest layer; where all are at their
// bound, a layer; where it has the fewest, the window a value. A TCN loses a channel; where it has the fewest, a block;
// then a tap. The model never changes.
func (p *problem) Shrink(g genome.Genome) bool { return p.config.shrink(g) }

// View implements supervised.Problem.
func (p *problem) View(g genome.Genome) supervised.View {
	if g == nil {
		return look{problem: p}
	}
	return look{p, p.config.view(g)}
}

// integersOf is a list as JSON has it.
func integersOf(list []int) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = int64(v)
	}
	return out
}
