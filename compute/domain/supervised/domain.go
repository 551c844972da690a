package supervised

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"

	"doin.network/node/compute/device"
	"doin.network/node/compute/device/cpu"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
	"doin.network/node/internal/canon"
)

var (
	_ domain.Domain   = (*Domain)(nil)
	_ domain.Repairer = (*Domain)(nil)
)

// Domain is a problem with everything that makes it a domain. It is safe for concurrent use.
type Domain struct {
	problem                 Problem
	spec                    Spec
	space                   genome.Space
	maxParameters, maxSteps int
	exact                   bool    // Config.Exact
	cases                   int     // validation cases of all folds
	unit                    float32 // scaled error that is 1 in units of the performance
	naive                   *model
	naiveErrors             []float64     // of each fold, scaled
	baselines               *canon.Object // metrics
	fits                    fits
	closed                  closedForms
	trainer                 device.Trainer
	draw                    kind.Draw // nil: nothing is drawn
}

// MaxPredictions bounds the numbers that a model predicts for all cases of training, validation and test: a claim holds those
// of every member at once, 4 bytes each.
const MaxPredictions = 1 << 24

// New makes a domain of a problem and its valid settings. It returns an error wrapping domain.ErrConfig if even the smallest
// network of the space has too many parameters, if a domain that is exact names a kind that is not lowered, or if there are too many cases.
func New(c *Config, s Spec, p Problem) (*Domain, error) {
	d := &Domain{problem: p, spec: s, space: c.Space, maxParameters: c.MaxParameters, maxSteps: c.MaxSteps, exact: c.Exact, fits: fits{made: map[fitKey]fit{}},
		closed: closedForms{turn: make(chan struct{}, 1)}, trainer: cpu.Device{}}
	n, fits, err := d.size(Lowest(c.Space))
	if err != nil {
		return nil, fmt.Errorf("%w: models: %w", domain.ErrConfig, err)
	}
	if n > c.MaxParameters || !fits {
		return nil, fmt.Errorf("%w: max_parameters %d: the smallest network of the search space has %d",
			domain.ErrConfig, c.MaxParameters, n)
	}
	if err := d.checkExact(); err != nil {
		return nil, fmt.Errorf("%w: models: %w", domain.ErrConfig, err)
	}
	view := p.View(nil)
	for fold := range s.Folds {
		d.cases += view.Validation(fold).Len()
	}
	if d.cases > MaxCases {
		return nil, fmt.Errorf("%w: %d validation cases: at most %d are allowed: a smaller validation_fraction or fewer folds help", domain.ErrConfig, d.cases, MaxCases)
	}
	if n := d.cases + view.Learning().Len() + view.Test().Len(); n > MaxPredictions/view.Test().Width() {
		return nil, fmt.Errorf("%w: %d cases of %d values each: at most %d values are allowed", domain.ErrConfig, n, view.Test().Width(), MaxPredictions)
	}
	if n, width := view.Learning().Len(), view.Test().Width(); n > nn.MaxSamples/width {
		return nil, fmt.Errorf("%w: %d cases to learn from, of %d values each: at most %d values are allowed", domain.ErrConfig, n, width, nn.MaxSamples)
	}
	return d, d.measureBaselines()
}

// Open makes a domain from a configuration object, some members of which may belong to others, by the two steps of which a
// domain's own constructor consists: parse the configuration, make the domain of it and its data file. Errors of the
// file system wrap domain.ErrConfig, and those of make get the name of the file.
func Open[C interface{ File() string }](o *canon.Object, others []string, parse func(*canon.Object, ...string) (C, error),
	read func(C, io.Reader) (*Domain, error)) (*Domain, error) {
	c, err := parse(o, others...)
	if err != nil {
		return nil, err
	}
	return ReadFile(c.File(), func(r io.Reader) (*Domain, error) { return read(c, r) })
}

// Problem returns what the domain was made of.
func (d *Domain) Problem() Problem { return d.problem }

// TrainOn has t run the domain's trainings instead of the processor. It is for before the first of them.
func (d *Domain) TrainOn(t device.Trainer) { d.trainer = t }

// DrawWith has draw draw the networks that are shown. It is for before the first of them.
func (d *Domain) DrawWith(draw kind.Draw) { d.draw = draw }

// Describe implements domain.Domain.
func (d *Domain) Describe() domain.Description {
	return domain.Description{
		Plugin:            d.spec.Plugin,
		Space:             d.space,
		DataHash:          d.spec.DataHash,
		PerformanceMetric: "negative_validation_" + d.spec.Performance,
		HigherIsBetter:    true,
		Strategy:          domain.StrategyGA,
		Baselines:         d.baselines,
		ContractVersion:   nn.ContractVersion,
		Defaults:          d.spec.Defaults,
		Notes:             d.spec.Notes,
		Folds:             d.spec.Folds,
		Cases:             d.cases,
	}
}

// Naive implements domain.Domain.
func (d *Domain) Naive() domain.Model { return d.naive }

// Check implements domain.Domain.
func (d *Domain) Check(parameters *canon.Object) error {
	_, err := d.Genome(parameters)
	return err
}

// Genome implements domain.Domain. Data are compared last, so that ErrDataHash means that nothing else is wrong.
func (d *Domain) Genome(parameters *canon.Object) (genome.Genome, error) {
	g, hash, err := domain.ParseRecipe(parameters, nn.ContractVersion, d.spec.Plugin, d.space)
	if err != nil {
		return nil, err
	}
	n, fits, err := d.size(g)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", domain.ErrRecipe, err)
	case n > d.maxParameters:
		return nil, fmt.Errorf("%w: network of %d parameters: at most %d are allowed", domain.ErrRecipe, n, d.maxParameters)
	case !fits:
		return nil, fmt.Errorf("%w: a training of the network would hold too much", domain.ErrRecipe)
	}
	if err := d.agrees(g); err != nil {
		return nil, fmt.Errorf("%w: %w", domain.ErrRecipe, err)
	}
	if err := domain.CheckDataHash(hash, d.spec.DataHash); err != nil {
		return nil, err
	}
	return g, nil
}

// Parameters implements domain.Domain: the recipe of the repaired genome.
func (d *Domain) Parameters(g genome.Genome) *canon.Object {
	return domain.Recipe(nn.ContractVersion, d.spec.Plugin, d.space, d.Repair(g), d.spec.DataHash)
}

// Repair implements domain.Repairer: while the network has too many parameters, the problem shrinks it. It panics for a
// genome that Space.Check refuses.
func (d *Domain) Repair(g genome.Genome) genome.Genome {
	if err := d.space.Check(g); err != nil {
		panic(err)
	}
	if d.small(g) {
		return g
	}
	g = g.Clone()
	for !d.small(g) {
		if !d.problem.Shrink(g) {
			panic(d.spec.Plugin + ": the smallest network does not fit")
		}
	}
	return g
}

// size is the number of weights and biases that a genome asks for, and whether a training of it may hold what it does. An error is that
// of a kind which says no network of that shape.
func (d *Domain) size(g genome.Genome) (parameters int, fits bool, err error) {
	n := d.problem.Shape(g)
	if k, v := d.kindOf(g); k != nil {
		return Sized(k, n, v)
	}
	return n.Parameters(), true, nil
}

// small reports whether the network of a genome needs no repair.
func (d *Domain) small(g genome.Genome) bool {
	n, fits, err := d.size(g)
	return n <= d.maxParameters && fits || err != nil // which Genome says
}

// Generate implements domain.Domain; see the package's doc for key and hash.
func (d *Domain) Generate(ctx context.Context, seed uint32) (*domain.Synthetic, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	task := canon.NewObject("contract", nn.ContractVersion, "data_hash", d.spec.DataHash,
		"domain", d.spec.Plugin, "synthetic_seed", seed)
	key := sha256.Sum256(canon.Canonical(task))
	series, err := d.problem.Synthesize(ctx, rng.KeyFromBytes(key[:]))
	if err != nil {
		return nil, err
	}
	h := NewHasher("doin/" + d.spec.Plugin + "/synthetic/1\n")
	h.Words(len(series))
	h.Doubles(series...)
	return &domain.Synthetic{Hash: h.Hex(), Series: series}, nil
}
