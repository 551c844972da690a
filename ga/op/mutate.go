package op

import (
	"doin.network/node/compute/genome"
	"doin.network/node/compute/rng"
)

// ResetShare is the chance that Mutate gives a numeric gene a fresh value
// instead of moving it.
const ResetShare = 0.1

// MutateReset returns a uniform value of the gene's scale; an integer or a
// category differs from v if there is another value. One draw.
func MutateReset(q *rng.Seq, g *genome.Gene, v float64) float64 {
	n := g.Count()
	if n == 0 || (g.Kind == genome.Int && g.Log) {
		u := q.Uniform()
		if w := g.At(u); w != v || n == 0 {
			return w
		}
		return shift(g, v, u < 0.5)
	}
	if n == 1 {
		q.Uint32()
		return v
	}
	// Counting past v leaves every other value the same chance.
	low := 0.0
	if g.Kind == genome.Int {
		low = g.Low
	}
	w := low + float64(q.Intn(n-1))
	if w >= v {
		w++
	}
	return w
}

// MutateGaussian moves a real gene by a normal step of standard deviation sigma
// on its unit scale, reflected at the bounds. One draw.
func MutateGaussian(q *rng.Seq, g *genome.Gene, v float64, sigma float32) float64 {
	return g.At(reflect(g.Position(v) + float32(sigma*q.Normal())))
}

// MutateStep moves an integer gene as MutateGaussian does, and by one at least:
// a step that would round to nothing goes to the neighbour on its side, or to
// the only neighbour there is. One draw.
func MutateStep(q *rng.Seq, g *genome.Gene, v float64, sigma float32) float64 {
	step := float32(sigma * q.Normal())
	if w := g.At(reflect(g.Position(v) + step)); w != v {
		return w
	}
	return shift(g, v, step > 0)
}

// Mutate returns g with each active gene changed with chance rate, and one of
// them, drawn uniformly, if none was. Reals move by MutateGaussian, integers by
// MutateStep, both with sigma; with chance ResetShare, and categories always,
// they get a new value by MutateReset.
func Mutate(q *rng.Seq, s genome.Space, g genome.Genome, rate, sigma float32) genome.Genome {
	out := g.Clone()
	changed := false
	for i := range s {
		// out, not g: switching a gene on gives those it enables their chance, too.
		if s.Active(out, i) && q.Uniform() < rate {
			out[i] = mutateGene(q, &s[i], out[i], sigma)
			changed = true
		}
	}
	if changed {
		return out
	}
	var active []int
	for i := range s {
		if s.Active(out, i) {
			active = append(active, i)
		}
	}
	// The first gene of a space has no condition, so there is always one.
	i := active[q.Intn(len(active))]
	out[i] = mutateGene(q, &s[i], out[i], sigma)
	return out
}

func mutateGene(q *rng.Seq, g *genome.Gene, v float64, sigma float32) float64 {
	if g.Kind == genome.Category || q.Uniform() < ResetShare {
		return MutateReset(q, g, v)
	}
	if g.Kind == genome.Int {
		return MutateStep(q, g, v, sigma)
	}
	return MutateGaussian(q, g, v, sigma)
}

// shift returns the neighbour of integer v above or below, or on the other
// side at a bound; v itself if it is the only value.
func shift(g *genome.Gene, v float64, up bool) float64 {
	switch {
	case g.Low == g.High:
		return v
	case v >= g.High:
		return v - 1
	case v <= g.Low || up:
		return v + 1
	}
	return v - 1
}

// reflect folds x at 0 and 1; beyond one fold it ends at the bound (At clamps).
func reflect(x float32) float32 {
	if x < 0 {
		x = -x
	} else if x > 1 {
		x = 2 - x
	}
	return x
}
