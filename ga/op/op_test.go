package op

import (
	"math"
	"slices"
	"testing"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/rng"
)

func space() genome.Space {
	return genome.Space{
		{Name: "layers", Kind: genome.Int, Low: 1, High: 2},
		{Name: "width", Kind: genome.Int, Low: 4, High: 64, Log: true},
		{Name: "extra", Kind: genome.Int, Low: 0, High: 9, When: &genome.Condition{Gene: "layers", AtLeast: 2}},
		{Name: "rate", Kind: genome.Real, Low: float64(float32(1e-4)), High: 1, Log: true},
		{Name: "bias", Kind: genome.Real, Low: -1, High: 1},
		{Name: "one", Kind: genome.Int, Low: 3, High: 3},
		{Name: "act", Kind: genome.Category, Choices: []string{"a", "b", "c"}},
	}
}

func seq(step uint32) *rng.Seq {
	return rng.NewSeq(rng.KeyFromBytes([]byte("operator")), rng.Probe, step)
}

func TestRank(t *testing.T) {
	nan := math.NaN()
	got := Rank([]float64{1, nan, 3, math.Inf(-1), 3, nan})
	if want := []int{2, 4, 0, 3, 1, 5}; !slices.Equal(got, want) {
		t.Errorf("Rank() = %v, want %v", got, want)
	}
}

func TestSelectTournament(t *testing.T) {
	fitness := []float64{math.NaN(), 1, 2, 3}
	q := seq(0)
	count := func(size int) (c [4]int) {
		for range 4000 {
			c[SelectTournament(q, fitness, size)]++
		}
		return c
	}
	if c := count(1); slices.Min(c[:]) < 850 {
		t.Errorf("size 1 is not uniform: %v", c)
	}
	// The best of 4 wins unless none of 3 draws names it: 1 − (3/4)³ = 0.578.
	if c := count(3); c[3] < 2200 || c[3] > 2430 || c[0] > 120 {
		t.Errorf("size 3: %v", c)
	}
}

func TestOperatorsStayInSpace(t *testing.T) {
	s := space()
	for step := range uint32(3000) {
		q := seq(step)
		a, b := s.Random(q.Uniform), s.Random(q.Uniform)
		before := a.Clone()
		for name, g := range map[string]genome.Genome{
			"uniform":   CrossUniform(q, a, b),
			"two point": CrossTwoPoint(q, a, b),
			"blend":     CrossBlend(q, s, a, b),
			"mutate":    Mutate(q, s, a, 0.3, 0.2),
		} {
			if err := s.Check(g); err != nil {
				t.Fatalf("%s of %v and %v: %v", name, a, b, err)
			}
		}
		if !slices.Equal(a, before) {
			t.Fatal("an operator changed its argument")
		}
	}
}

func TestCrossTakesFromParents(t *testing.T) {
	s := space()
	for step := range uint32(500) {
		q := seq(step)
		a, b := s.Random(q.Uniform), s.Random(q.Uniform)
		for _, g := range []genome.Genome{CrossUniform(q, a, b), CrossTwoPoint(q, a, b)} {
			for i, v := range g {
				if v != a[i] && v != b[i] {
					t.Fatalf("gene %d: %v is of neither %v nor %v", i, v, a[i], b[i])
				}
			}
		}
		if g := CrossBlend(q, s, a, a); !slices.Equal(g, a) {
			t.Fatalf("CrossBlend(a, a) = %v, want %v", g, a)
		}
	}
}

// The step is along b − c, at most once as long and folded at the bounds; other genes are a's or b's, and equal ones stay.
func TestCrossDifferential(t *testing.T) {
	s := genome.Space{{Name: "x", Kind: genome.Real, Low: 0, High: 16}, {Name: "y", Kind: genome.Real, Low: 0, High: 16},
		{Name: "z", Kind: genome.Real, Low: 0, High: 16}, {Name: "n", Kind: genome.Int, Low: 0, High: 9}}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	a, b, c := genome.Genome{8, 15, 0.1, 1}, genome.Genome{6, 10, 3, 7}, genome.Genome{4, 6, 3, 9}
	for i := range 200 {
		got := CrossDifferential(rng.NewSeq(rng.Key{}, rng.GACross, uint32(i)), s, a, b, c)
		step := got[0] - 8
		if step < 0.8-1e-5 || step > 2+1e-5 {
			t.Fatalf("CrossDifferential(): step %v, want 0.4 to 1 times 2", step)
		}
		y := 15 + 2*step
		if y > 16 {
			y = 32 - y
		}
		if d := got[1] - y; d > 1e-4 || d < -1e-4 {
			t.Errorf("CrossDifferential() = %v, want one factor for all genes, folded: %v", got, y)
		}
		if got[2] != 0.1 && got[2] != a[2] || got[3] != 1 && got[3] != 7 {
			t.Errorf("CrossDifferential() = %v, want %v where b and c agree, and integers of a or b", got, a)
		}
	}
}

func TestMutateChangesSomethingActive(t *testing.T) {
	s := space()
	same := 0
	for step := range uint32(1000) {
		q := seq(step)
		g := s.Random(q.Uniform)
		if m := Mutate(q, s, g, 0, 0.1); s.Hash(m) == s.Hash(g) {
			same++
		}
	}
	// Only the gene with one value cannot change: about a sixth of the forced picks.
	if same > 230 {
		t.Errorf("%d of 1000 forced mutations changed nothing", same)
	}
}

func TestMutateResetIsUniform(t *testing.T) {
	s := space()
	q := seq(1)
	act, extra := &s[6], &s[2]
	var c [3]int
	var e [10]int
	for range 9000 {
		c[int(MutateReset(q, act, 1))]++
		e[int(MutateReset(q, extra, 4))]++
	}
	if c[1] != 0 || c[0] < 4200 || c[2] < 4200 {
		t.Errorf("category reset from 1: %v", c)
	}
	if e[4] != 0 {
		t.Errorf("integer reset from 4: %v", e)
	}
	for v, n := range e {
		if v != 4 && (n < 850 || n > 1150) {
			t.Errorf("integer reset to %d: %d of 9000", v, n)
		}
	}
}

func TestMutateStepMoves(t *testing.T) {
	s := space()
	q := seq(2)
	up := 0
	for range 2000 {
		w := MutateStep(q, &s[2], 5, 1e-6)
		if w != 4 && w != 6 {
			t.Fatalf("MutateStep(5) = %v", w)
		}
		if w == 6 {
			up++
		}
	}
	if up < 900 || up > 1100 {
		t.Errorf("%d of 2000 small steps went up", up)
	}
	if w := MutateStep(q, &s[5], 3, 0.5); w != 3 {
		t.Errorf("MutateStep of a gene with one value = %v", w)
	}
}
