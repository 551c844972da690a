package tabular

import (
	"context"
	"fmt"
	"os"

	"doin.network/node/compute/device"
	"doin.network/node/compute/device/cpu"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

// Plugin is the domain's plugin name and the "domain" of its recipes.
const Plugin = "tabular"

// Segment is the number of steps between two leaves of a digest.
const Segment = 50

// cacheSize is the number of trained models that are kept: some ten kilobytes each.
const cacheSize = 64

var (
	_ domain.Domain   = (*Domain)(nil)
	_ domain.Repairer = (*Domain)(nil)
)

// Domain is the domain of one table. It is safe for concurrent use. The models of the latest trainings are kept, so that
// training a recipe again with the same seed costs nothing.
type Domain struct {
	config    Config
	data      *dataset
	dataHash  string
	baselines *canon.Object
	naive     *model
	models    *domain.Cache[*model]
	trainer   device.Trainer
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
	t, err := Parse(f, c.Schema)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Data, err)
	}
	d, err := FromTable(c, t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Data, err)
	}
	return d, nil
}

// FromTable makes the domain from a valid configuration, whose Data is only a name then, and a table that was parsed by
// its schema. Errors wrap domain.ErrConfig or ErrData.
func FromTable(c Config, t *Table) (*Domain, error) {
	data, err := newDataset(t, &c)
	if err != nil {
		return nil, err
	}
	d := &Domain{config: c, data: data, dataHash: data.hash(&c), models: domain.NewCache[*model](cacheSize), trainer: cpu.Device{}}
	if n := d.parameters(lowest(c.Space)); n > c.MaxParameters {
		return nil, fmt.Errorf("%w: max_parameters %d: the smallest network of the search space has %d, with %d inputs",
			domain.ErrConfig, c.MaxParameters, n, data.inputs)
	}
	d.baselines = d.measureBaselines()
	d.naive = d.newNaive()
	return d, nil
}

// TrainOn has t run the domain's trainings instead of the processor. It is for before the first of them.
func (d *Domain) TrainOn(t device.Trainer) { d.trainer = t }

// units turns a loss into the units of the performance: nats, or those of the target's column. One that is not finite or
// too large is −domain.Penalty.
func (d *Domain) units(loss float32) float64 {
	v := float64(float64(loss) * d.data.scale.std)
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
		PerformanceMetric: "negative_validation_" + d.lossName(),
		HigherIsBetter:    true,
		Strategy:          domain.StrategyGA,
		Baselines:         d.baselines,
		ContractVersion:   nn.ContractVersion,
		Defaults:          d.config.object(d.data.target),
	}
}

// lossName is the name of the performance's measure in metrics.
func (d *Domain) lossName() string {
	if d.config.Task == Regression {
		return "mae"
	}
	return "cross_entropy"
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
		return nil, fmt.Errorf("tabular: train: %w", err)
	}
	m := d.newModel(result, d.parameters(g), digest)
	d.models.Put(key, m)
	return m, nil
}

// training returns the training of a genome that has passed parse, with the segments of a digest.
func (d *Domain) training(g genome.Genome, seed uint64) nn.Task {
	t := nn.Task{
		Config:     d.shape(g),
		Key:        nn.TaskKey(nn.ContractVersion, Plugin, d.config.Space.Object(g), d.dataHash, seed),
		Train:      d.data.parts[train],
		Validation: d.data.parts[validation],
	}
	t.Config.Segment = Segment
	return t
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
	return d.newModel(r, d.parameters(g), true), nil
}

// Naive implements domain.Domain: the frequencies of the classes in training, or the median of the training targets.
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
	if n := d.parameters(g); n > d.config.MaxParameters {
		return nil, fmt.Errorf("%w: network of %d parameters: at most %d are allowed",
			domain.ErrRecipe, n, d.config.MaxParameters)
	}
	if err := domain.CheckDataHash(hash, d.dataHash); err != nil {
		return nil, err
	}
	return g, nil
}

// shape is Config.shape for the data.
func (d *Domain) shape(g genome.Genome) nn.Config {
	return d.config.shape(g, d.data.inputs, len(d.data.classes))
}

// parameters is the number of weights and biases that a genome asks for.
func (d *Domain) parameters(g genome.Genome) int {
	n := d.shape(g)
	return n.Parameters()
}

// Repair implements domain.Repairer: while the network has more than MaxParameters parameters, the widest active layer
// (of equals the deepest) loses one unit; where all are at their bound the network loses a layer. It panics for a genome
// that Space.Check refuses.
func (d *Domain) Repair(g genome.Genome) genome.Genome {
	if err := d.config.Space.Check(g); err != nil {
		panic(err)
	}
	return d.config.repair(g, func(g genome.Genome) bool { return d.parameters(g) <= d.config.MaxParameters })
}

// Parameters implements domain.Domain: the recipe of the repaired genome.
func (d *Domain) Parameters(g genome.Genome) *canon.Object {
	return domain.Recipe(nn.ContractVersion, Plugin, d.config.Space, d.Repair(g), d.dataHash)
}

// Genome implements domain.Domain.
func (d *Domain) Genome(parameters *canon.Object) (genome.Genome, error) { return d.parse(parameters) }
