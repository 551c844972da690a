package tabular

import (
	"context"
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

// boosted is a member: gradient-boosted trees (package boost). Those of the folds stop together, by the error over all validation rows;
// the final ones are as many. The folds are fitted once, by the first who asks.
type boosted struct {
	data   *dataset
	config boost.Config

	mu    sync.Mutex // guards folds until they are there
	folds []*fittedBoost
}

// newBoosted returns the member of a table; nil for a table that is too large.
func newBoosted(d *dataset) *boosted {
	rows, columns := d.learn.Len(), features(d).width()
	if rows > boost.MaxRows || columns > boost.MaxFeatures {
		return nil
	}
	c := boostConfig(len(d.classes), rows, columns)
	c.Key = d.key
	if c.Rounds < minBoostRounds || c.Memory(rows, columns) > boost.MaxMemory/len(d.folds) {
		return nil
	}
	return &boosted{data: d, config: c}
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
	folds, err := b.ofFolds(ctx)
	if err != nil {
		return nil, err
	}
	if fold < len(folds) {
		return folds[fold], nil
	}
	e, rows := features(b.data), b.data.trainingRows(fold)
	e.fit(rows)
	c := b.config
	rounds := folds[0].model.Rounds()
	c.Rounds = max(rounds, 1) // boost wants one at least
	m, err := boost.Fit(ctx, &c, e.table(rows, e.apart), nil)
	if err != nil {
		return nil, err
	}
	return &fittedBoost{e, m.First(rounds)}, nil
}

// ofFolds returns the fits of all folds.
func (b *boosted) ofFolds(ctx context.Context) ([]*fittedBoost, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.folds != nil {
		return b.folds, nil
	}
	var folds []boost.Fold
	var fitted []*fittedBoost
	for i, f := range b.data.folds {
		e, rows := features(b.data), b.data.trainingRows(i)
		e.fit(rows)
		folds = append(folds, boost.Fold{Train: e.table(rows, e.apart), Validation: e.table(f.validation.rows, nil)})
		fitted = append(fitted, &fittedBoost{features: e})
	}
	models, err := boost.FitFolds(ctx, &b.config, folds)
	if err != nil {
		return nil, err
	}
	for i, m := range models {
		fitted[i].model = m
	}
	b.folds = fitted
	return fitted, nil
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
