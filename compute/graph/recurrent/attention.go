package recurrent

import (
	"math"

	"gorgonia.org/gorgonia"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/graph"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
)

// Attention is the model "attention": the last step looks at all of them, block after block. Every step is e = x·We + p(t) with learned
// places p, and q is the e of the last one. A block has heads of width d (Vaswani et al. 2017) that see the same e's, as the hops of a
// memory network do (Sukhbaatar et al. 2015), so that its cost grows with the steps and not with their square:
//
//	a(t) = exp(q·Wq · (e(t)·Wk) ÷ √d) ÷ Σ                for each head
//	q ← q + (Σ a(t)·e(t)·Wv)·Wo
//	q ← q + gelu(q·W1 + b1)·W2
//
// The outputs are dense, of the last q. Layer norms are absent: q is as wide as a head times their number, and there are at most three
// blocks.
type Attention struct{}

var _ graph.Model = Attention{}

// Name implements graph.Model.
func (Attention) Name() string { return "attention" }

// Genes implements graph.Model: blocks 1–3, heads 1–4, head_width 2–8, dropout 0–0.3.
func (Attention) Genes() []genome.Gene {
	return []genome.Gene{
		{Name: "attention_blocks", Kind: genome.Int, Low: 1, High: 3},
		{Name: "heads", Kind: genome.Int, Low: 1, High: 4},
		{Name: "head_width", Kind: genome.Int, Low: 2, High: 8},
		dropout(),
	}
}

// Graph implements graph.Model.
func (Attention) Graph(b *graph.Builder, v kind.Values) *gorgonia.Node {
	heads, d := v.Int("heads"), v.Int("head_width")
	a := &attention{b: b, width: heads * d, scale: 1 / math.Sqrt(float64(d))}
	a.rows(heads, d)
	places := b.Product(a.place, b.Learnable(b.Steps, a.width, b.Steps+a.width))
	steps := b.Sum(b.Product(b.Input(), b.Learnable(b.Channels, a.width, b.Channels+a.width)), places)
	q := b.Product(a.last, steps)
	for range v.Int("attention_blocks") {
		seen := b.Product(a.look(q, steps), a.square())
		q = b.Sum(q, b.Dropout(v.Real("dropout"), seen)[0])
		inner := b.Dense(q, 2*a.width, nn.GELU)
		inner = b.Product(b.Dropout(v.Real("dropout"), inner)[0], b.Learnable(2*a.width, a.width, 3*a.width))
		q = b.Sum(q, inner)
	}
	return b.Dense(q, b.Outputs, nn.None)
}

// attention is what the blocks have in common: constant matrices that move rows and join columns.
type attention struct {
	b     *graph.Builder
	width int
	scale float64
	// spread repeats a sample's row for each of its steps, gather adds them up, last takes the last, and place repeats the places
	// for each sample.
	spread, gather, last, place *gorgonia.Node
	// join adds up the columns of each head, and part repeats a head's for each.
	join, part *gorgonia.Node
}

func (a *attention) rows(heads, d int) {
	b := a.b
	all, steps := b.Rows*b.Steps, b.Steps
	is := func(f func(r, c int) bool) func(r, c int) float32 {
		return func(r, c int) float32 {
			if f(r, c) {
				return 1
			}
			return 0
		}
	}
	a.spread = b.Constant(all, b.Rows, is(func(r, c int) bool { return r/steps == c }))
	a.gather = b.Constant(b.Rows, all, is(func(r, c int) bool { return c/steps == r }))
	a.last = b.Constant(b.Rows, all, is(func(r, c int) bool { return c == (r+1)*steps-1 }))
	a.place = b.Constant(all, steps, is(func(r, c int) bool { return r%steps == c }))
	a.join = b.Constant(a.width, heads, is(func(r, c int) bool { return r/d == c }))
	a.part = b.Constant(heads, a.width, is(func(r, c int) bool { return c/d == r }))
}

// square is a learnable from width to width.
func (a *attention) square() *gorgonia.Node { return a.b.Learnable(a.width, a.width, 2*a.width) }

// look returns what the heads see: [Rows][width].
func (a *attention) look(q, steps *gorgonia.Node) *gorgonia.Node {
	b := a.b
	query := b.Product(a.spread, b.Product(q, a.square()))
	score := b.Scale(a.scale, b.Product(b.Times(query, b.Product(steps, a.square())), a.join))
	if b.Failed() {
		return nil
	}
	e := b.Do(gorgonia.Exp(score))
	all := b.Product(a.spread, b.Product(a.gather, e))
	if b.Failed() {
		return nil
	}
	share := b.Do(gorgonia.HadamardDiv(e, all))
	return b.Product(a.gather, b.Times(b.Product(share, a.part), b.Product(steps, a.square())))
}
