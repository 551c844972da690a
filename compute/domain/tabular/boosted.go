package tabular

import (
	"context"
	"slices"
	"sync"

	"doin.network/node/compute/boost"
	"doin.network/node/compute/domain/supervised"
)

// What a fit of boosted trees may cost, in rows × features of a tree × outputs × rounds of about 8 ns each: boostWork for every row, at
// least leastBoostWork and at most mostBoostWork. A table that is not even worth minBoostRounds for that has no trees.
const (
	boostWork      = 1 << 13
	leastBoostWork = 1 << 25
	mostBoostWork  = 1 << 28
	maxBoostRounds = 400
	minBoostRounds = 16
	// treeColumns is the number of features beyond which a tree of a classification sees about so many.
	treeColumns = 16
)

// boosted is a member: gradient-boosted trees (package boost). On a fold they stop by its validation rows, as networks do; the
// final ones have as many rounds as is the lower median of the folds'. Each fit is made once.
type boosted struct {
	data   *dataset
	config boost.Config
	folds  []boostedFold
}

// boostedFold is the fit of a fold.
type boostedFold struct {
	mu     sync.Mutex // guards fitted until it is there
	fitted *fittedBoost
}

// newBoosted returns the member of a table; nil for a table that is too large.
func newBoosted(d *dataset) *boosted {
	rows, columns := d.learn.Len(), features(d).width()
	if rows > boost.MaxRows || columns > boost.MaxFeatures {
		return nil
	}
	c := boostConfig(len(d.classes), rows, columns)
	c.Key = d.key
	if c.Rounds < minBoostRounds || c.Memory(rows, columns) > boost.MaxMemory {
		return nil
	}
	return &boosted{data: d, config: c, folds: make([]boostedFold, len(d.folds))}
}

// boostConfig returns the settings for so many classes, rows and features; what they are was chosen on five tables by the errors of
// their folds. Fewer rounds learn faster.
func boostConfig(classes, rows, columns int) boost.Config {
	c := boost.DefaultConfig(classes)
	c.Patience, c.MinRows = 25, 10
	c.Leaves, c.Depth, c.Lambda = 24, 10, 4*boost.Whole
	c.RowShare, c.ColumnShare = boost.Whole*3/4, boost.Whole*2/3
	if classes > 0 {
		c.Leaves, c.Depth, c.Lambda = 8, 8, boost.Whole
		c.RowShare = boost.Whole * 2 / 3
		c.ColumnShare = min(boost.Whole/2, max(1, boost.Whole*treeColumns/columns))
	}
	seen := max(1, columns*c.ColumnShare/boost.Whole)
	work := min(max(leastBoostWork, rows*boostWork), mostBoostWork)
	c.Rounds = min(maxBoostRounds, boost.MaxTrees/c.Outputs(), work/(rows*seen*c.Outputs()))
	c.Rate = min(boost.Whole/16*maxBoostRounds/max(c.Rounds, 1), boost.Whole*3/16)
	return c
}

func (b *boosted) Name() string { return "boosted_trees" }

// Fit implements supervised.Member.
func (b *boosted) Fit(ctx context.Context, fold int) (supervised.Fitted, error) {
	if fold < len(b.folds) {
		return b.fold(ctx, fold)
	}
	var rounds []int
	for i := range b.folds {
		f, err := b.fold(ctx, i)
		if err != nil {
			return nil, err
		}
		rounds = append(rounds, f.model.Rounds())
	}
	slices.Sort(rounds)
	c := b.config
	c.Rounds = rounds[(len(rounds)-1)/2]
	return b.fit(ctx, c, b.data.trainingRows(fold), nil)
}

// fold returns the fit of a fold.
func (b *boosted) fold(ctx context.Context, i int) (*fittedBoost, error) {
	f := &b.folds[i]
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fitted != nil {
		return f.fitted, nil
	}
	fitted, err := b.fit(ctx, b.config, b.data.trainingRows(i), b.data.folds[i].validation.rows)
	if err == nil {
		f.fitted = fitted
	}
	return fitted, err
}

// fit fits trees on rows that learn; where others validate, those stop it.
func (b *boosted) fit(ctx context.Context, c boost.Config, rows, validating []int32) (*fittedBoost, error) {
	e := features(b.data)
	e.fit(rows)
	var validation *boost.Table
	if len(validating) > 0 {
		validation = e.table(validating, nil)
	}
	none := c.Rounds == 0 // boost wants a round at least
	c.Rounds = max(c.Rounds, 1)
	m, err := boost.Fit(ctx, &c, e.table(rows, e.apart), validation)
	if err != nil {
		return nil, err
	}
	if none {
		m = m.First(0)
	}
	return &fittedBoost{e, m}, nil
}

// fittedBoost is fitted trees and what they see of a row.
type fittedBoost struct {
	features *boostFeatures
	model    *boost.Model
}

// Predict implements supervised.Fitted.
func (f *fittedBoost) Predict(c supervised.Cases, out []float32) {
	x, v := make([]float32, f.features.data.inputs), make([]float32, f.features.width())
	for i := range c.Len() {
		c.Inputs(i, x)
		f.features.row(x, v, f.features.means)
		f.model.Predict(v, out[i*c.Width():][:c.Width()])
	}
}

// Coefficients implements supervised.Fitted: the number of rounds, the words of the trees' digest and the means of the categories.
func (f *fittedBoost) Coefficients() []float64 {
	root := f.model.Root()
	out := []float64{float64(f.model.Rounds())}
	for i := 0; i < len(root); i += 4 {
		out = append(out, float64(uint32(root[i])|uint32(root[i+1])<<8|uint32(root[i+2])<<16|uint32(root[i+3])<<24))
	}
	for _, m := range f.features.means {
		for _, v := range m {
			out = append(out, float64(v))
		}
	}
	return out
}
