package op

import (
	"doin.network/node/compute/genome"
	"doin.network/node/compute/rng"
)

// CrossUniform takes each gene from a or b with equal chance: one draw per gene.
func CrossUniform(q *rng.Seq, a, b genome.Genome) genome.Genome {
	child := a.Clone()
	for i := range child {
		if q.Uniform() < 0.5 {
			child[i] = b[i]
		}
	}
	return child
}

// CrossTwoPoint takes the genes from one cut up to another from b and the rest
// from a. The cuts are two draws in [0, len]; equal ones give a copy of a.
func CrossTwoPoint(q *rng.Seq, a, b genome.Genome) genome.Genome {
	i, j := q.Intn(len(a)+1), q.Intn(len(a)+1)
	if i > j {
		i, j = j, i
	}
	child := a.Clone()
	copy(child[i:j], b[i:j])
	return child
}

// BlendAlpha is how far beyond its parents CrossBlend may place a real gene, as
// a share of their distance.
const BlendAlpha = 0.25

// CrossBlend places each real gene on its scale at (1−γ)·a + γ·b, with γ uniform
// in [−BlendAlpha, 1+BlendAlpha) and the bounds as limits, and takes integers
// and categories from either parent with equal chance: one draw per gene.
func CrossBlend(q *rng.Seq, s genome.Space, a, b genome.Genome) genome.Genome {
	child := a.Clone()
	for i := range child {
		u := q.Uniform()
		if s[i].Kind != genome.Real {
			if u < 0.5 {
				child[i] = b[i]
			}
			continue
		}
		if a[i] == b[i] {
			continue // exactly, whatever rounding the scale has
		}
		gamma := float32((1+2*BlendAlpha)*u) - BlendAlpha
		x, y := s[i].Position(a[i]), s[i].Position(b[i])
		child[i] = s[i].At(x + float32(gamma*(y-x)))
	}
	return child
}

// Bounds of the factor of CrossDifferential.
const (
	DifferentialLow  = 0.4
	DifferentialHigh = 1.0
)

// CrossDifferential places each real gene on its scale at a + F·(b − c), folded at the bounds, with one F for all genes, uniform in
// [DifferentialLow, DifferentialHigh), and takes integers and categories from a or b with equal chance: one draw for F, one for each other gene.
// Steps have the size and the direction in which the population still differs, so that they shrink as it converges and follow
// a valley that no axis follows. Storn and Price, "Differential evolution" (Journal of Global Optimization 11, 1997), with a factor
// that is drawn anew for each child; there all three are anybody, and a child takes the place of a alone, if it is better.
func CrossDifferential(q *rng.Seq, s genome.Space, a, b, c genome.Genome) genome.Genome {
	child := a.Clone()
	f := float32((DifferentialHigh-DifferentialLow)*q.Uniform()) + DifferentialLow
	for i := range child {
		g := &s[i]
		if g.Kind != genome.Real {
			if q.Uniform() < 0.5 {
				child[i] = b[i]
			}
			continue
		}
		if b[i] == c[i] {
			continue // exactly, whatever rounding the scale has
		}
		step := float32(f * (g.Position(b[i]) - g.Position(c[i])))
		child[i] = g.At(reflect(g.Position(a[i]) + step))
	}
	return child
}
