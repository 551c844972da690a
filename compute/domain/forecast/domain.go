package forecast

import (
	"fmt"
	"io"
	"slices"
	"sync"

	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

// Plugin is the domain's plugin name and the "domain" of its recipes.
const Plugin = "forecast"

var (
	_ supervised.Problem = (*problem)(nil)
	_ supervised.Kinded  = (*problem)(nil)
)

// problem is one time series.
type problem struct {
	config Config
	series *series
	// singles are the problems of each of several series; nil for one. which is the place of this one among them.
	singles []*problem
	which   int

	mu      sync.Mutex                  // guards sources
	sources map[sourceKey]*[2]nn.Source // of training and validation: a device keeps those that it has seen
}

// New makes the domain from a configuration object (see ParseConfig) and reads its data file. Errors wrap
// domain.ErrConfig, supervised.ErrData or the error of the file system, and name the file.
func New(config *canon.Object, others ...string) (*supervised.Domain, error) {
	return NewWith(nil, config, others...)
}

// NewWith is New for a program with kinds of networks of its own, which the setting models may name.
func NewWith(kinds []kind.Kind, config *canon.Object, others ...string) (*supervised.Domain, error) {
	return supervised.Open(config, others, parseWith(kinds), read)
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
	s, others, err := newSeriesOf(t, &c)
	if err != nil {
		return nil, err
	}
	c.Folds, c.Form, c.Options = s.folds(), t.form, t.options
	p := &problem{config: c, series: s, sources: map[sourceKey]*[2]nn.Source{}}
	if len(others) > 0 {
		for i, s := range append([]*series{s}, others...) {
			p.singles = append(p.singles, &problem{config: c, series: s, which: i, sources: map[sourceKey]*[2]nn.Source{}})
		}
	}
	return supervised.New(&c.Config, p.spec(), p)
}

// newSeriesOf makes the series of a table and of the others beside it, all with the periods of the first. Those are the ones that
// most of them have.
func newSeriesOf(t *Table, c *Config) (s *series, others []*series, err error) {
	if len(t.others) > 0 && c.Periods == nil && c.Period == 0 {
		if c.Periods, err = commonPeriods(t, *c); err != nil {
			return nil, nil, err
		}
	}
	if s, err = newSeries(t, c); err != nil {
		return nil, nil, named(t, err)
	}
	c.Periods = append([]int{}, s.periods...)
	for _, o := range t.others {
		like := *c
		one, err := newSeries(o, &like)
		if err != nil {
			return nil, nil, named(o, err)
		}
		others = append(others, one)
	}
	return s, others, nil
}

// named says which of several series an error is about.
func named(t *Table, err error) error {
	if t.name == "" {
		return err
	}
	return fmt.Errorf("series %.80q: %w", t.name, err)
}

// commonPeriods are the periods that more than half of several series have.
func commonPeriods(t *Table, c Config) ([]int, error) {
	count := map[int]int{}
	all := append([]*Table{t}, t.others...)
	for _, o := range all {
		like := c
		s, err := newSeries(o, &like)
		if err != nil {
			return nil, named(o, err)
		}
		for _, p := range s.periods {
			count[p]++
		}
	}
	periods := []int{}
	for p, n := range count {
		if 2*n > len(all) {
			periods = append(periods, p)
		}
	}
	slices.Sort(periods)
	return periods[:min(len(periods), maxPeriods)], nil
}

// spec describes the problem: errors are scaled as MASE is.
func (p *problem) spec() supervised.Spec {
	unit := p.series.to(p.series.scale.Unit)
	if len(p.singles) > 0 { // each series has another
		unit = 1
	}
	return supervised.Spec{
		Plugin: Plugin, DataHash: p.hash(), Folds: p.series.folds(), Loss: "mae", Performance: "mase",
		Unit: unit, Defaults: p.config.object().Set("periods", integersOf(p.series.periods)),
		Notes: p.series.table.sentences(),
	}
}

// hash is the data hash: of one series, its own; of several, the SHA-256 of the line "doin/forecast/series/1", their number and their
// own, as names.
func (p *problem) hash() string {
	if len(p.singles) == 0 {
		return p.series.hash(&p.config)
	}
	h := supervised.NewHasher("doin/forecast/series/1\n")
	h.Words(len(p.singles))
	for _, one := range p.singles {
		h.Names(one.series.hash(&p.config))
	}
	return h.Hex()
}

// Shape implements supervised.Problem.
func (p *problem) Shape(g genome.Genome) nn.Config { return p.config.shape(g) }

// Shrink implements supervised.Problem. A multilayer perceptron loses a unit of its widest layer; where all are at their
// bound, a layer; where it has the fewest, the window a value. A TCN loses a channel; where it has the fewest, a block;
// then a tap. The model never changes.
func (p *problem) Shrink(g genome.Genome) bool { return p.config.shrink(g) }

// Kind implements supervised.Kinded.
func (p *problem) Kind(g genome.Genome) (kind.Kind, kind.Values) { return p.config.Kind(g) }

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
