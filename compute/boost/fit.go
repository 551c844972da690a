package boost

import (
	"context"
	"slices"

	"doin.network/node/compute/rng"
)

// Fit fits trees to a training table. With a validation table the model has the rounds, possibly none, with the first smallest error there,
// and with Patience the fit stops so many rounds after it; without one (nil) it has all. Errors wrap ErrConfig or ErrData, or are ctx's.
func Fit(ctx context.Context, c *Config, train, validation *Table) (*Model, error) {
	if err := c.check(train, validation); err != nil {
		return nil, err
	}
	f := newFit(c, train, validation)
	best, waited := 0, 0
	var least int64
	if validation != nil {
		least = c.loss(validation, f.unseen)
	}
	for round := range c.Rounds {
		if err := f.round(ctx, round); err != nil {
			return nil, err
		}
		if validation == nil {
			best = round + 1
			continue
		}
		waited++
		if loss := c.loss(validation, f.unseen); loss < least {
			least, best, waited = loss, round+1, 0
		}
		if c.Patience > 0 && waited == c.Patience {
			break
		}
	}
	f.model.trees = f.model.trees[:best*c.Outputs()]
	return f.model, nil
}

// fit is the state of one.
type fit struct {
	config       *Config
	train        *Table
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
	f := &fit{config: c, train: train, grower: newGrower(c, train.bin(features), features), model: &Model{classes: c.Classes, start: c.start(train)}}
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
