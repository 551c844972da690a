package forecast

import (
	"context"
	"fmt"
	"os"
	"sync"

	"doin.network/node/compute/device"
	"doin.network/node/compute/device/cpu"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

// Plugin is the domain's plugin name and the "domain" of its recipes.
const Plugin = "forecast"

// Segment is the number of steps between two leaves of a digest.
const Segment = 50

// cacheSize is the number of trained models that are kept: a few kilobytes each.
const cacheSize = 64

var (
	_ domain.Domain   = (*Domain)(nil)
	_ domain.Repairer = (*Domain)(nil)
)

// Domain is the forecasting domain with its data. It is safe for concurrent use. The models of the latest trainings are
// kept, so that training a recipe again with the same seed costs nothing.
type Domain struct {
	config    Config
	series    *series
	dataHash  string
	baselines *canon.Object
	naive     *naive
	models    *domain.Cache[*model]
	trainer   device.Trainer

	mu      sync.Mutex
	samples map[view]*[2]*windows // training and validation: a device keeps the sources that it has seen
}

// New makes the domain from a configuration object (see ParseConfig) and reads its data file. Errors wrap
// domain.ErrConfig, ErrData or the error of the file system, and name the file.
func New(config *canon.Object) (*Domain, error) {
	c, err := ParseConfig(config)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(c.Data)
	if err != nil {
		return nil, fmt.Errorf("%w: data: %w", domain.ErrConfig, err)
	}
	defer f.Close()
	t, err := Parse(f, c.TimeColumn, c.ValueColumn)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Data, err)
	}
	d, err := FromTable(c, t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Data, err)
	}
	return d, nil
}

// FromTable makes the domain from a valid configuration, whose Data is only a name then, and a table, which it keeps.
func FromTable(c Config, t *Table) (*Domain, error) {
	s, err := newSeries(t, &c)
	if err != nil {
		return nil, err
	}
	d := &Domain{config: c, series: s, dataHash: s.hash(&c), models: domain.NewCache[*model](cacheSize),
		trainer: cpu.Device{}, samples: map[view]*[2]*windows{}}
	d.baselines = canon.NewObject()
	for _, p := range d.parts() {
		w := d.measured(p, view{})
		d.baselines.Set(p.name+"_naive_mae", d.units(w.naiveMAE()))
		d.baselines.Set(p.name+"_seasonal_mae", d.units(w.seasonalMAE()))
	}
	d.naive = &naive{d}
	return d, nil
}

// TrainOn has t run the domain's trainings instead of the processor. It is for before the first of them.
func (d *Domain) TrainOn(t device.Trainer) { d.trainer = t }

// rows is one part of the split.
type rows struct {
	name     string
	from, to int
}

// parts lists training, validation and test, in this order.
func (d *Domain) parts() [3]rows {
	s := d.series
	return [3]rows{{"train", 0, s.validation}, {"val", s.validation, s.test}, {"test", s.test, s.table.Rows()}}
}

// measured returns the samples on which a model with the given view is measured: in every part the same origins for
// every view.
func (d *Domain) measured(p rows, v view) *windows {
	s := d.series
	return part(s.scaled, &s.calendar, v, d.config.Horizon, d.config.firstOrigin(), p.from, p.to)
}

// units turns a scaled error into the units of the file; one that is not finite or too large is −domain.Penalty.
func (d *Domain) units(mae float32) float64 {
	v := float64(float64(mae) * d.series.scale)
	if !(v <= -domain.Penalty) {
		return -domain.Penalty
	}
	return v
}

// Describe implements domain.Domain.
func (d *Domain) Describe() domain.Description {
	return domain.Description{
		Plugin:            Plugin,
		Space:             d.config.Space,
		DataHash:          d.dataHash,
		PerformanceMetric: "negative_validation_mae",
		HigherIsBetter:    true,
		Strategy:          domain.StrategyGA,
		Baselines:         d.baselines,
		ContractVersion:   nn.ContractVersion,
		Defaults:          d.config.object(),
	}
}

// Train implements domain.Domain: it trains the network of a recipe. The random key is that of the task {recipe, seed}.
func (d *Domain) Train(ctx context.Context, parameters *canon.Object, seed uint64, digest bool) (domain.Model, error) {
	g, err := d.parse(parameters)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	key := domain.CacheKey{Recipe: canon.Hash(parameters), Seed: seed, Digest: digest}
	if m, ok := d.models.Get(key); ok {
		return m, nil
	}
	task := d.training(g, seed)
	if !digest {
		task.Config.Segment = 0
	}
	result, err := d.trainer.Train(ctx, &task)
	if err != nil {
		return nil, fmt.Errorf("forecast: train: %w", err)
	}
	m := d.newModel(result, d.config.view(g), d.config.parameters(g), digest)
	d.models.Put(key, m)
	return m, nil
}

// training returns the training of a genome that has passed parse, with the segments of a digest.
func (d *Domain) training(g genome.Genome, seed uint64) nn.Task {
	sources := d.sources(d.config.view(g))
	t := nn.Task{
		Config:     d.config.shape(g),
		Key:        nn.TaskKey(nn.ContractVersion, Plugin, d.config.Space.Object(g), d.dataHash, seed),
		Train:      sources[0],
		Validation: sources[1],
	}
	t.Config.Segment = Segment
	return t
}

// sources returns the training and validation samples of a view, the same ones each time.
func (d *Domain) sources(v view) *[2]*windows {
	d.mu.Lock()
	defer d.mu.Unlock()
	w := d.samples[v]
	if w == nil {
		s, horizon := d.series, d.config.Horizon
		w = &[2]*windows{
			part(s.scaled, &s.calendar, v, horizon, v.window, 0, s.validation),
			part(s.scaled, &s.calendar, v, horizon, v.window, s.validation, s.test),
		}
		d.samples[v] = w
	}
	return w
}

// Training implements open.Trainee: the training that Train runs with digest true.
func (d *Domain) Training(parameters *canon.Object, seed uint64) (nn.Task, error) {
	g, err := d.parse(parameters)
	if err != nil {
		return nn.Task{}, err
	}
	return d.training(g, seed), nil
}

// Measure implements open.Trainee.
func (d *Domain) Measure(parameters *canon.Object, r *nn.Result) (domain.Model, error) {
	g, err := d.parse(parameters)
	if err != nil {
		return nil, err
	}
	return d.newModel(r, d.config.view(g), d.config.parameters(g), true), nil
}

// Naive implements domain.Domain: the last value.
func (d *Domain) Naive() domain.Model { return d.naive }

// Check implements domain.Domain.
func (d *Domain) Check(parameters *canon.Object) error {
	_, err := d.parse(parameters)
	return err
}

// parse reads a recipe. Data are compared last, so that ErrDataHash means that nothing else is wrong.
func (d *Domain) parse(parameters *canon.Object) (genome.Genome, error) {
	g, hash, err := domain.ParseRecipe(parameters, nn.ContractVersion, Plugin, d.config.Space)
	if err != nil {
		return nil, err
	}
	if n := d.config.parameters(g); n > d.config.MaxParameters {
		return nil, fmt.Errorf("%w: network of %d parameters: at most %d are allowed",
			domain.ErrRecipe, n, d.config.MaxParameters)
	}
	if err := domain.CheckDataHash(hash, d.dataHash); err != nil {
		return nil, err
	}
	return g, nil
}

// Repair implements domain.Repairer: while the network has more than MaxParameters parameters, it loses something. A
// multilayer perceptron: the widest layer (of equals the deepest) a unit; where all are at their bound, a layer; where it
// has the fewest, the window a value. A TCN: a channel; where it has the fewest, a block; then a tap. The model never
// changes. It panics for a genome that Space.Check refuses.
func (d *Domain) Repair(g genome.Genome) genome.Genome {
	if err := d.config.Space.Check(g); err != nil {
		panic(err)
	}
	return d.config.repair(g)
}

// Parameters implements domain.Domain: the recipe of the repaired genome.
func (d *Domain) Parameters(g genome.Genome) *canon.Object {
	return domain.Recipe(nn.ContractVersion, Plugin, d.config.Space, d.Repair(g), d.dataHash)
}

// Genome implements domain.Domain.
func (d *Domain) Genome(parameters *canon.Object) (genome.Genome, error) { return d.parse(parameters) }
