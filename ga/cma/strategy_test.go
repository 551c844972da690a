package cma

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"doin.network/node/compute/genome"
	"doin.network/node/ga"
	"doin.network/node/ga/op"
)

// mixed has an integer, a category, and a real that only one choice of it has.
func mixed() genome.Space {
	return genome.Space{
		{Name: "kind", Kind: genome.Category, Choices: []string{"a", "b", "c"}},
		{Name: "layers", Kind: genome.Int, Low: 1, High: 20},
		{Name: "rate", Kind: genome.Real, Low: 1.0 / 8192, High: 1, Log: true},
		{Name: "x", Kind: genome.Real, Low: -5, High: 5},
		{Name: "slope", Kind: genome.Real, Low: 0, High: 1, When: &genome.Condition{Gene: "kind", In: []string{"c"}}},
	}
}

// worth is best, 0, at kind c, 17 layers, a rate of 0.01, x = 2 and a slope of ¼.
func worth(g genome.Genome) float64 {
	square := func(v float64) float64 { return v * v }
	f := square(g[1]-17)/20 + square(math.Log10(g[2])+2) + square(g[3]-2)
	if g[0] == 2 {
		return -f - 4*square(g[4]-0.25)
	}
	return -f - 1 - g[0]
}

func step(t *testing.T, s *Strategy, fitness func(genome.Genome) float64) {
	t.Helper()
	for !s.Complete() {
		for c, ok := s.Ask(); ok; c, ok = s.Ask() {
			if err := s.coding.space.Check(c.Genome); err != nil {
				t.Fatal(err)
			}
		}
		due, ok := s.Due()
		if !ok || due.Trial != s.Told() {
			t.Fatalf("Due() = %+v, %v, want trial %d", due, ok, s.Told())
		}
		if err := s.Tell(ga.Result{Trial: due.Trial, Fitness: fitness(due.Genome), Status: "completed"}); err != nil {
			t.Fatal(err)
		}
	}
}

// A mixed space is searched to its best: the right choice, the right integer, reals near.
func TestMixed(t *testing.T) {
	for seed := uint64(1); seed <= 5; seed++ {
		s, err := NewStrategy(mixed(), ga.DefaultConfig(), 4, seed, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 40 {
			step(t, s, worth)
			if err := s.Advance(); err != nil {
				t.Fatal(err)
			}
		}
		b, _ := s.Best()
		if b.Genome[0] != 2 || b.Genome[1] != 17 || b.Fitness < -1e-4 {
			t.Errorf("seed %d: best of %d trials is %v, %v", seed, s.Told(), b.Genome, b.Fitness)
		}
	}
}

// A strategy that is stored after every third generation goes on as one that was not, immigrants included.
func TestStrategyResumes(t *testing.T) {
	real := genome.Space{{Name: "x", Kind: genome.Real, Low: -2, High: 2}, {Name: "y", Kind: genome.Real, Low: -2, High: 2}}
	rosenbrock := func(g genome.Genome) float64 { return -100*math.Pow(g[1]-g[0]*g[0], 2) - math.Pow(1-g[0], 2) }
	f := func(space genome.Space, fitness func(genome.Genome) float64, visitor ga.Immigrant, window int) {
		t.Helper()
		run := func(stored bool) ga.State {
			s, err := NewStrategy(space, ga.DefaultConfig(), window, 7, nil)
			if err != nil {
				t.Fatal(err)
			}
			for generation := range 20 {
				step(t, s, fitness)
				if stored && generation%3 == 0 {
					if s, err = ResumeStrategy(space, ga.DefaultConfig(), s.State(), s.Search(), nil); err != nil {
						t.Fatal(err)
					}
				}
				if generation%5 == 2 {
					if n, err := s.Immigrants([]ga.Immigrant{visitor}); n != 1 || err != nil {
						t.Fatalf("Immigrants() = %d, %v", n, err)
					}
				}
				if err := s.Advance(); err != nil {
					t.Fatal(err)
				}
			}
			step(t, s, fitness)
			for range window { // a resumed search asks for what is under way again
				s.Ask()
			}
			return s.State()
		}
		if a, b := run(false), run(true); !reflect.DeepEqual(a, b) {
			t.Errorf("window %d: the resumed search is another: %+v, want %+v", window, b.Best, a.Best)
		}
	}
	for _, window := range []int{1, 5, 32} {
		f(real, rosenbrock, ga.Immigrant{Genome: genome.Genome{1, 1}, Fitness: 0}, window)
		f(mixed(), worth, ga.Immigrant{Genome: genome.Genome{2, 17, float64(float32(0.01)), 2, 0.25}, Fitness: 0}, window)
	}
}

// A better point from elsewhere pulls the search towards it, at once.
func TestInjection(t *testing.T) {
	space := genome.Space{{Name: "x", Kind: genome.Real, Low: -1, High: 1}, {Name: "y", Kind: genome.Real, Low: -1, High: 1},
		{Name: "n", Kind: genome.Int, Low: 1, High: 2}}
	after := func(visitor bool) float64 {
		s, err := NewStrategy(space, ga.DefaultConfig(), 1, 3, nil)
		if err != nil {
			t.Fatal(err)
		}
		step(t, s, func(genome.Genome) float64 { return -9 })
		if visitor {
			if _, err := s.Immigrants([]ga.Immigrant{{Genome: genome.Genome{0.75, 0.75, 1}, Fitness: 0}}); err != nil {
				t.Fatal(err)
			}
		}
		r := s.search.state.Run
		return math.Hypot(r.Mean[0]-0.875, r.Mean[1]-0.875)
	}
	if with, without := after(true), after(false); !(with < without) {
		t.Errorf("the mean's distance from an immigrant: %v, without one %v", with, without)
	}
}

func TestStrategyOrder(t *testing.T) {
	s, err := NewStrategy(mixed(), ga.DefaultConfig(), 2, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Immigrants(nil); !errors.Is(err, ga.ErrOrder) {
		t.Errorf("Immigrants() in the midst = %v, want ErrOrder", err)
	}
	if err := s.Advance(); !errors.Is(err, ga.ErrOrder) {
		t.Errorf("Advance() in the midst = %v, want ErrOrder", err)
	}
	if err := s.Tell(ga.Result{}); !errors.Is(err, ga.ErrOrder) {
		t.Errorf("Tell() of nothing = %v, want ErrOrder", err)
	}
	step(t, s, func(genome.Genome) float64 { return math.NaN() })
	if b, ok := s.Best(); !ok || op.Better(b.Fitness, math.Inf(-1)) {
		t.Errorf("Best() = %+v, %v", b, ok)
	}
	state := s.State()
	if _, err := ResumeStrategy(mixed()[:4], ga.DefaultConfig(), state, s.Search(), nil); err == nil {
		t.Error("a state of another space is taken")
	}
	if _, err := ResumeStrategy(mixed(), ga.DefaultConfig(), state, "{}", nil); err == nil {
		t.Error("a state without a search is taken")
	}
}
