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

	mu      sync.Mutex           // guards sources
	sources map[view]*[2]windows // of training and validation: a device keeps those that it has seen
}

// New makes the domain from a configuration object (see ParseConfig) and reads its data file. Errors wrap
// domain.ErrConfig, supervised.ErrData or the error of the file system, and name the file.
func New(config *canon.Object, others ...string) (*supervised.Domain, error) {
	return supervised.Open(config, others, ParseConfig, read)
}

func read(c Config, r io.Reader) (*supervised.Domain, error) {
	t, err := Parse(r, c.TimeColumn, c.ValueColumn)
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
	p := &problem{config: c, series: s, sources: map[view]*[2]windows{}}
	return supervised.New(&c.Config, p.spec(), p)
}

// spec describes the problem. The naive model forecasts the last value.
func (p *problem) spec() supervised.Spec {
	s := supervised.Spec{
		Plugin: Plugin, DataHash: p.series.hash(&p.config), Loss: "mae", Unit: p.series.scale.Unit,
		Naive: lastValue, Baselines: canon.NewObject(), Defaults: p.config.object(),
	}
	for i, w := range p.measured(view{}) {
		s.Baselines.Set(supervised.Parts[i]+"_naive_mae", s.Units(w.Measure(lastValue).Loss))
		s.Baselines.Set(supervised.Parts[i]+"_seasonal_mae", s.Units(w.Measure(w.seasonal()).Loss))
	}
	return s
}

// Shape implements supervised.Problem.
func (p *problem) Shape(g genome.Genome) nn.Config { return p.config.shape(g) }

// Shrink implements supervised.Problem. A multilayer perceptron loses a unit of its widest layer; where all are at their
// bound, a layer; where it has the fewest, the window a value. A TCN loses a channel; where it has the fewest, a block;
// then a tap. The model never changes.
func (p *problem) Shrink(g genome.Genome) bool { return p.config.shrink(g) }

// View implements supervised.Problem. The naive model sees the last value alone.
func (p *problem) View(g genome.Genome) supervised.View {
	if g == nil {
		return look{problem: p}
	}
	return look{p, p.config.view(g)}
}

// measured returns the samples on which a model with the given view is measured: in every part the same origins for
// every view.
func (p *problem) measured(v view) (parts [3]windows) {
	s := p.series
	for i, to := range [3]int{s.validation, s.test, s.table.Rows()} {
		from := [3]int{0, s.validation, s.test}[i]
		parts[i] = part(s.scaled, &s.calendar, v, p.config.Horizon, p.config.firstOrigin(), from, to)
	}
	return parts
}
