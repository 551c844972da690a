package ga

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"doin.network/node/compute/genome"
	"doin.network/node/ga/op"
	"doin.network/node/internal/canon"
)

func space() genome.Space {
	return genome.Space{
		{Name: "layers", Kind: genome.Int, Low: 1, High: 3},
		{Name: "width_1", Kind: genome.Int, Low: 4, High: 64, Log: true},
		{Name: "width_2", Kind: genome.Int, Low: 4, High: 64, Log: true, When: &genome.Condition{Gene: "layers", AtLeast: 2}},
		{Name: "rate", Kind: genome.Real, Low: float64(float32(1e-4)), High: float64(float32(0.1)), Log: true},
		{Name: "x", Kind: genome.Real, Low: -4, High: 4},
		{Name: "y", Kind: genome.Real, Low: -4, High: 4},
		{Name: "activation", Kind: genome.Category, Choices: []string{"relu", "tanh", "gelu"}},
	}
}

// fitness has its maximum 0 at two layers, x = 1, y = −2, tanh.
func fitness(g genome.Genome) float64 {
	f := -math.Abs(g[0]-2) - (g[4]-1)*(g[4]-1) - (g[5]+2)*(g[5]+2)
	if g[6] != 1 {
		f -= 1
	}
	return f
}

func results(list []Candidate) []Result {
	out := make([]Result, len(list))
	for i, c := range list {
		out[i] = Result{Index: c.Index, Fitness: fitness(c.Genome), Status: "completed",
			Metrics: canon.NewObject("seed_low", int64(c.Seed&0xffff))}
	}
	return out
}

func mustNew(t *testing.T, c Config, seed uint64, o ...Option) *GA {
	t.Helper()
	g, err := New(space(), c, seed, o...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// step evaluates the generation and moves on.
func step(t *testing.T, g *GA) {
	t.Helper()
	if err := g.Tell(results(g.Ask())); err != nil {
		t.Fatal(err)
	}
	if err := g.Advance(); err != nil {
		t.Fatal(err)
	}
}

func TestFindsMaximum(t *testing.T) {
	for _, crossover := range []Crossover{Uniform, TwoPoint, Blend} {
		c := DefaultConfig()
		c.Crossover = crossover
		g := mustNew(t, c, 1)
		previous := math.Inf(-1)
		for range 60 {
			step(t, g)
			b, ok := g.Best()
			if !ok || b.Fitness < previous {
				t.Fatalf("%s: best fell from %v to %v", crossover, previous, b.Fitness)
			}
			previous = b.Fitness
		}
		if previous < -0.01 {
			t.Errorf("%s: best after 60 generations = %v, want > -0.01", crossover, previous)
		}
	}
}

func TestFunctionOfSeed(t *testing.T) {
	run := func(seed uint64, reverse bool) State {
		g := mustNew(t, DefaultConfig(), seed)
		for range 8 {
			r := results(g.Ask())
			if reverse {
				slices.Reverse(r)
				for _, one := range r {
					if err := g.Tell([]Result{one}); err != nil {
						t.Fatal(err)
					}
				}
			} else if err := g.Tell(r); err != nil {
				t.Fatal(err)
			}
			if err := g.Advance(); err != nil {
				t.Fatal(err)
			}
		}
		return g.State()
	}
	a := run(42, false)
	if b := run(42, true); !reflect.DeepEqual(a, b) {
		t.Error("the order of results changed the search")
	}
	if b := run(43, false); reflect.DeepEqual(a.Individuals, b.Individuals) {
		t.Error("two seeds gave one search")
	}
}

func TestResumeContinuesIdentically(t *testing.T) {
	c := DefaultConfig()
	c.Patience = 3
	immigrant := Immigrant{Genome: genome.Genome{2, 8, 8, space()[3].Low, 1, -1, 1}, Fitness: -1}
	whole, parts := mustNew(t, c, 9), mustNew(t, c, 9)
	for generation := range 12 {
		for _, g := range []*GA{whole, parts} {
			if err := g.Tell(results(g.Ask())); err != nil {
				t.Fatal(err)
			}
		}
		if generation%4 == 2 { // between evaluation and immigrants, as a record is
			var err error
			if parts, err = Resume(space(), c, parts.State()); err != nil {
				t.Fatal(err)
			}
		}
		for _, g := range []*GA{whole, parts} {
			if generation == 5 {
				if n, err := g.Immigrants([]Immigrant{immigrant}); n != 1 || err != nil {
					t.Fatalf("Immigrants() = %d, %v", n, err)
				}
			}
			if err := g.Advance(); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(whole.State(), parts.State()) {
			t.Fatalf("generation %d: the resumed search differs", generation)
		}
	}
}

func TestElitesAreNotTrainedAgain(t *testing.T) {
	c := DefaultConfig()
	g := mustNew(t, c, 3)
	if n := len(g.Ask()); n != c.Population {
		t.Fatalf("first Ask() has %d candidates, want %d", n, c.Population)
	}
	step(t, g)
	ask := g.Ask()
	if len(ask) != c.Population-c.Elites || ask[0].Index != c.Elites {
		t.Errorf("Ask() has %d candidates from %d, want %d from %d", len(ask), ask[0].Index, c.Population-c.Elites, c.Elites)
	}
	for i, ind := range g.State().Individuals {
		if ind.Evaluated != (i < c.Elites) {
			t.Errorf("individual %d: evaluated %v", i, ind.Evaluated)
		}
	}
	if got := g.Summary().Evaluations; got != int64(c.Population) {
		t.Errorf("evaluations = %d, want %d", got, c.Population)
	}
}

func TestNoDuplicates(t *testing.T) {
	g := mustNew(t, DefaultConfig(), 4)
	for generation := range 30 {
		seen := map[string]bool{}
		for _, ind := range g.State().Individuals {
			h := space().Hash(ind.Genome)
			if seen[h] {
				t.Fatalf("generation %d holds a genome twice", generation)
			}
			seen[h] = true
		}
		step(t, g)
	}
	// A space smaller than the population must not hang.
	tiny := genome.Space{{Name: "a", Kind: genome.Int, Low: 0, High: 1}}
	small, err := New(tiny, DefaultConfig(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		for _, c := range small.Ask() {
			if err := small.Tell([]Result{{Index: c.Index, Fitness: c.Genome[0]}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := small.Advance(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPatienceRestarts(t *testing.T) {
	c := DefaultConfig()
	c.Patience = 3
	g := mustNew(t, c, 5)
	restarts := 0
	for range 9 {
		ask := g.Ask()
		r := make([]Result, len(ask))
		for i := range r {
			r[i] = Result{Index: ask[i].Index, Fitness: 1} // nothing ever improves
		}
		if err := g.Tell(r); err != nil {
			t.Fatal(err)
		}
		if err := g.Advance(); err != nil {
			t.Fatal(err)
		}
		s := g.State()
		if s.Individuals[c.Elites].Origin == OriginRestart {
			restarts++
			if s.NoImprove != 0 || !s.Individuals[0].Evaluated {
				t.Errorf("after a restart NoImprove = %d, elite evaluated %v", s.NoImprove, s.Individuals[0].Evaluated)
			}
		}
	}
	// Generations 1–3 bring nothing, the fourth is new; from there every third.
	if restarts != 2 {
		t.Errorf("%d restarts in 9 generations, want 2", restarts)
	}
}

func TestImmigrants(t *testing.T) {
	c := DefaultConfig()
	c.ImmigrantLimit = 2
	g := mustNew(t, c, 6)
	good := func(x float64) Immigrant {
		return Immigrant{Genome: genome.Genome{2, 8, 8, space()[3].Low, x, -2, 1}, Fitness: 100 + x}
	}
	if _, err := g.Immigrants([]Immigrant{good(1)}); !errors.Is(err, ErrOrder) {
		t.Errorf("Immigrants() before Tell: %v, want ErrOrder", err)
	}
	if err := g.Tell(results(g.Ask())); err != nil {
		t.Fatal(err)
	}
	own, _ := g.Best()
	if _, err := g.Immigrants([]Immigrant{good(9)}); err == nil {
		t.Error("a genome outside the space was taken")
	}
	bad := good(2)
	bad.Fitness = math.Inf(1)
	n, err := g.Immigrants([]Immigrant{bad, good(1), good(1), good(0), good(3)})
	if n != 2 || err != nil {
		t.Fatalf("Immigrants() = %d, %v, want 2", n, err)
	}
	if b, _ := g.Best(); !reflect.DeepEqual(b, own) {
		t.Error("an immigrant became the search's own best")
	}
	if err := g.Advance(); err != nil {
		t.Fatal(err)
	}
	s := g.State()
	if s.Individuals[0].Fitness != 101 || s.Individuals[1].Fitness != 100 || s.NoImprove != 0 {
		t.Errorf("elites after immigration: %v, %v", s.Individuals[0].Fitness, s.Individuals[1].Fitness)
	}
}

func TestPlacement(t *testing.T) {
	c := DefaultConfig()
	c.ImmigrantLimit, c.Placement = 3, PlaceRandom
	places := map[int]bool{}
	for seed := range uint64(40) {
		g := mustNew(t, c, seed)
		if err := g.Tell(results(g.Ask())); err != nil {
			t.Fatal(err)
		}
		before := g.State()
		elites := map[int]bool{}
		for _, i := range op.Rank(g.fitness())[:c.Elites] {
			elites[i] = true
		}
		list := make([]Immigrant, 5)
		for i := range list {
			list[i] = Immigrant{Genome: genome.Genome{2, 8, 8, space()[3].Low, float64(i), -2, 1}, Fitness: -1e6}
		}
		if n, err := g.Immigrants(list); n != 3 || err != nil {
			t.Fatalf("Immigrants() = %d, %v, want 3", n, err)
		}
		changed := 0
		for i, ind := range g.State().Individuals {
			if !reflect.DeepEqual(ind, before.Individuals[i]) {
				if changed++; elites[i] {
					t.Errorf("seed %d: an immigrant took the place of elite %d", seed, i)
				}
				places[i] = true
			}
		}
		if changed != 3 {
			t.Errorf("seed %d: %d places changed, want 3", seed, changed)
		}
	}
	if len(places) < 25 {
		t.Errorf("immigrants came to %d different places of 32", len(places))
	}
}

func TestTellRefuses(t *testing.T) {
	g := mustNew(t, DefaultConfig(), 7)
	for _, r := range [][]Result{{{Index: -1}}, {{Index: 32}}, {{Index: 1}, {Index: 1}}} {
		if err := g.Tell(r); err == nil {
			t.Errorf("Tell(%v) succeeded", r)
		}
	}
	if len(g.Ask()) != 32 {
		t.Error("a refused Tell changed something")
	}
	if err := g.Advance(); !errors.Is(err, ErrOrder) {
		t.Errorf("Advance() before Tell: %v, want ErrOrder", err)
	}
}

func TestNaNIsWorst(t *testing.T) {
	g := mustNew(t, DefaultConfig(), 8)
	ask := g.Ask()
	r := make([]Result, len(ask))
	for i := range r {
		r[i] = Result{Index: i, Fitness: math.NaN()}
	}
	r[20].Fitness = -5
	if err := g.Tell(r); err != nil {
		t.Fatal(err)
	}
	if b, ok := g.Best(); !ok || b.Fitness != -5 {
		t.Errorf("Best() = %v", b.Fitness)
	}
	if s := g.Summary(); s.Average != -5 || s.Finite != 1 {
		t.Errorf("Summary() = %+v", s)
	}
	if err := g.Advance(); err != nil {
		t.Fatal(err)
	}
	if f := g.State().Individuals[0].Fitness; f != -5 {
		t.Errorf("first elite has %v", f)
	}
}

func TestRepairIsApplied(t *testing.T) {
	cap8 := func(g genome.Genome) genome.Genome {
		if g[1] <= 8 {
			return g
		}
		g = g.Clone()
		g[1] = 8
		return g
	}
	g := mustNew(t, DefaultConfig(), 10, WithRepair(cap8))
	for range 10 {
		for _, c := range g.Ask() {
			if c.Genome[1] > 8 {
				t.Fatalf("candidate %v was not repaired", c.Genome)
			}
		}
		step(t, g)
	}
}

func TestConfig(t *testing.T) {
	parse := func(text string) (Config, error) {
		o, err := canon.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return ParseConfig(o)
	}
	if c, err := parse(`{}`); err != nil || c != DefaultConfig() {
		t.Errorf("ParseConfig({}) = %+v, %v", c, err)
	}
	if c, err := parse(`{"population": 3, "$why": "small"}`); err != nil || c.Elites != 0 || c.TournamentSize != 3 || c.ImmigrantLimit != 0 {
		t.Errorf("small population: %+v, %v", c, err)
	}
	for _, bad := range []string{`{"population": 1}`, `{"population": "x"}`, `{"popul": 3}`, `{"elites": 32}`,
		`{"mutation_rate": 1.5}`, `{"mutation_sigma": 0}`, `{"crossover": "none"}`, `{"tournament_size": 0}`,
		`{"immigrants": 31}`, `{"patience": -1}`, `{"retries": -1}`, `{"immigrant_placement": "best"}`, `{"population": 99999999}`} {
		if _, err := parse(bad); err == nil {
			t.Errorf("ParseConfig(%s) succeeded", bad)
		}
	}
}
