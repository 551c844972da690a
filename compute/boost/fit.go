package boost

import (
	"context"
	"slices"

	"doin.network/node/compute/rng"
)

// Fold is a table to learn from and one to stop by.
type Fold struct{ Train, Validation *Table }

// Fit fits trees to a training table. With a validation table the model has the rounds, possibly none, with the first smallest error there,
// and with Patience the fit stops so many rounds after it; without one (nil) it has all. Errors wrap ErrConfig or ErrData, or are ctx's.
func Fit(ctx context.Context, c *Config, train, validation *Table) (*Model, error) {
	models, err := FitFolds(ctx, c, []Fold{{train, validation}})
	if err != nil {
		return nil, err
	}
	return models[0], nil
}

// FitFolds is Fit for 1 … MaxFolds folds that stop together: all models have the same number of rounds, by the sum of the errors of
// all folds, so that what stops a model is hardly its own luck. All folds have validation or none has.
func FitFolds(ctx context.Context, c *Config, folds []Fold) ([]*Model, error) {
	if err := c.check(folds); err != nil {
		return nil, err
	}
	fits, models := make([]*fit, len(folds)), make([]*Model, len(folds))
	for i, f := range folds {
		fits[i] = newFit(c, f.Train, f.Validation)
	}
	var best, waited int
	least := loss(fits)
	for round := range c.Rounds {
		for _, f := range fits {
			if err := f.round(ctx, round); err != nil {
				return nil, err
			}
		}
		waited++
		if sum := loss(fits); folds[0].Validation == nil || sum < least {
			least, best, waited = sum, round+1, 0
		}
		if c.Patience > 0 && waited == c.Patience {
			break
		}
	}
	for i, f := range fits {
		models[i] = f.model.First(best)
	}
	return models, nil
}

// loss is the sum of the errors of validation; 0 where there is none.
func loss(fits []*fit) (sum int64) {
	for _, f := range fits {
		if f.validation != nil {
			sum += f.config.loss(f.seen, f.unseen)
		}
	}
	return sum
}

// fit is the state of one.
type fit struct {
	config       *Config
	train, seen  *Table // seen: validation
	grower       *grower
	validation   *binned // nil: none
	scores       []int64 // [rows][outputs]
	unseen       []int64 // of validation
	slopes       [][]sum // [output][row]
	rows, others []int32 // of the round: sampled, not sampled
	model        *Model
}

func newFit(c *Config, train, validation *Table) *fit {
	features := newFeatures(train, c.Bins)
	k := c.Outputs()
	f := &fit{config: c, train: train, seen: validation, grower: newGrower(c, train.bin(features), features), model: &Model{classes: c.Classes, start: c.start(train)}}
	fill := func(rows int) []int64 {
		out := make([]int64, 0, rows*k)
		for range rows {
			out = append(out, f.model.start...)
		}
		return out
	}
	f.scores = fill(train.Len())
	f.slopes = make([][]sum, k)
	for j := range f.slopes {
		f.slopes[j] = make([]sum, train.Len())
	}
	if validation != nil {
		f.validation, f.unseen = validation.bin(features), fill(validation.Len())
	}
	return f
}

// round grows the trees of a round, all from the scores before it.
func (f *fit) round(ctx context.Context, round int) error {
	c, k := f.config, f.config.Outputs()
	c.slopes(f.train, f.scores, f.slopes)
	f.sampleRows(round)
	for j := range k {
		if err := ctx.Err(); err != nil {
			return err
		}
		f.sampleColumns(round*k + j)
		f.grower.slopes = f.slopes[j]
		tree := f.grower.grow(f.rows)
		f.model.trees = append(f.model.trees, tree)
		for _, l := range f.grower.leaves {
			for _, r := range f.rows[l.from:l.to] {
				f.scores[int(r)*k+j] += tree[l.node].value
			}
		}
		for _, r := range f.others {
			f.scores[int(r)*k+j] += f.grower.data.value(tree, int(r))
		}
		for r := range len(f.unseen) / k {
			f.unseen[r*k+j] += f.validation.value(tree, r)
		}
	}
	return nil
}

// value returns what a tree gives a row.
func (b *binned) value(tree []node, row int) int64 {
	n := &tree[0]
	for n.feature >= 0 {
		if n.goesLeft(b.columns[n.feature][row]) {
			n = &tree[n.left]
		} else {
			n = &tree[n.right]
		}
	}
	return n.value
}

// sampleRows chooses the rows of a round: row r where the top eight bits of draw r are below RowShare; the first row if
// there is no other.
func (f *fit) sampleRows(round int) {
	n := f.grower.data.rows
	f.rows, f.others = f.rows[:0], f.others[:0]
	var block [4]uint32
	for r := range n {
		if f.config.RowShare < Whole && r%4 == 0 {
			block = rng.Block(f.config.Key, [4]uint32{uint32(rng.BoostRows), uint32(round), uint32(r / 4), 0})
		}
		if int(block[r%4]>>24) < f.config.RowShare {
			f.rows = append(f.rows, int32(r))
		} else {
			f.others = append(f.others, int32(r))
		}
	}
	if len(f.rows) == 0 {
		f.rows, f.others = append(f.rows, 0), f.others[1:]
	}
}

// sampleColumns chooses the features of a tree: the images of the first ⌈features × ColumnShare ÷ Whole⌉ numbers.
func (f *fit) sampleColumns(tree int) {
	n := f.train.Features
	take := (n*f.config.ColumnShare + Whole - 1) / Whole
	g := f.grower
	g.columns = g.columns[:0]
	if take == n {
		for j := range n {
			g.columns = append(g.columns, j)
		}
		return
	}
	order := rng.Permutation(f.config.Key, rng.BoostColumns, uint32(tree), uint32(n))
	for i := range take {
		g.columns = append(g.columns, int(order.At(uint32(i))))
	}
	slices.Sort(g.columns)
}
