package ga

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"doin.network/node/compute/genome"
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

// result is the outcome of a candidate.
func result(c Candidate) Result {
	return Result{Trial: c.Trial, Fitness: fitness(c.Genome), Status: "completed",
		Metrics: canon.NewObject("seed_low", int64(c.Seed&0xffff))}
}

func mustNew(t *testing.T, c Config, window int, seed uint64, o ...Option) *GA {
	t.Helper()
	g, err := New(space(), c, window, seed, o...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// evaluate brings a generation to its end, asking for as many trials as it may; look sees each candidate. A window that was
// made smaller by 2 is still being emptied.
func evaluate(t *testing.T, g *GA, look func(Candidate), train func(Candidate) Result) {
	t.Helper()
	var open []Candidate
	for i := g.state.Evaluations; !g.Complete(); i++ {
		for c, ok := g.Ask(); ok; c, ok = g.Ask() {
			look(c)
			open = append(open, c)
		}
		if len(open) == 0 || len(open) > g.Window()+2 || open[0].Trial != i {
			t.Fatalf("%d trials under way at %d, window %d", len(open), i, g.Window())
		}
		if err := g.Tell(train(open[0])); err != nil {
			t.Fatal(err)
		}
		open = open[1:]
	}
	g.asked = 0 // so that the next call sees again what it did not train
}

// step evaluates a generation and goes on.
func step(t *testing.T, g *GA) {
	t.Helper()
	evaluate(t, g, func(Candidate) {}, result)
	if err := g.Advance(); err != nil {
		t.Fatal(err)
	}
}

func TestFindsMaximum(t *testing.T) {
	for _, crossover := range []Crossover{Uniform, TwoPoint, Blend} {
		for _, window := range []int{1, 4, 32} {
			c := DefaultConfig()
			c.Crossover = crossover
			g := mustNew(t, c, window, 1)
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
				t.Errorf("%s, window %d: best after 60 generations = %v, want > -0.01", crossover, window, previous)
			}
		}
	}
}

// Trial i is bred from the results up to i − window: later ones cannot change it.
func TestWindow(t *testing.T) {
	const window, changed = 5, 70
	genomes := func(other bool) (out []genome.Genome) {
		g := mustNew(t, DefaultConfig(), window, 3)
		for range 4 {
			evaluate(t, g, func(c Candidate) {
				if int(c.Trial) == len(out) {
					out = append(out, c.Genome)
				}
			}, func(c Candidate) Result {
				r := result(c)
				if other && c.Trial == changed {
					r.Fitness = 1e6
				}
				return r
			})
			if err := g.Advance(); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	a, b := genomes(false), genomes(true)
	for i := range changed + window {
		if !reflect.DeepEqual(a[i], b[i]) {
			t.Errorf("trial %d depends on the result of trial %d", i, changed)
		}
	}
	if reflect.DeepEqual(a, b) {
		t.Error("a result changed nothing")
	}
}

func TestFunctionOfSeed(t *testing.T) {
	run := func(seed uint64, window int) State {
		g := mustNew(t, DefaultConfig(), window, seed)
		for range 8 {
			step(t, g)
		}
		evaluate(t, g, func(Candidate) {}, result)
		return g.State()
	}
	a := run(42, 4)
	if b := run(42, 4); !reflect.DeepEqual(a, b) {
		t.Error("the same search twice differs")
	}
	for _, b := range []State{run(43, 4), run(42, 5)} {
		if reflect.DeepEqual(a.Pool, b.Pool) {
			t.Error("another seed or window gave the same search")
		}
	}
}

func TestResumeContinuesIdentically(t *testing.T) {
	c := DefaultConfig()
	c.Population, c.Patience = 16, 3
	immigrant := Immigrant{Genome: genome.Genome{2, 8, 8, space()[3].Low, 1, -1, 1}, Fitness: -1}
	for _, window := range []int{1, 3, 16, 40} {
		whole, parts := mustNew(t, c, window, 9), mustNew(t, c, window, 9)
		for generation := range 14 {
			for _, g := range []*GA{whole, parts} {
				evaluate(t, g, func(Candidate) {}, result)
			}
			if !reflect.DeepEqual(whole.State(), parts.State()) {
				t.Fatalf("window %d, generation %d: the resumed search differs", window, generation)
			}
			if generation%4 == 2 {
				var err error
				if parts, err = Resume(space(), c, parts.State()); err != nil {
					t.Fatal(err)
				}
			}
			for _, g := range []*GA{whole, parts} {
				if generation == 6 {
					if n, err := g.Immigrants([]Immigrant{immigrant}); n != 1 || err != nil {
						t.Fatalf("Immigrants() = %d, %v", n, err)
					}
				}
				if generation == 8 {
					if err := g.SetWindow(window + 2); err != nil {
						t.Fatal(err)
					}
				}
				if generation == 11 {
					if err := g.SetWindow(window); err != nil {
						t.Fatal(err)
					}
				}
				if err := g.Advance(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func TestResumeWithAnotherPopulation(t *testing.T) {
	c := DefaultConfig()
	g := mustNew(t, c, 4, 9)
	for range 3 {
		step(t, g)
	}
	evaluate(t, g, func(Candidate) {}, result)
	for _, population := range []int{8, 100} {
		c.Population = population
		h, err := Resume(space(), c, g.State())
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			if err := h.Advance(); err != nil {
				t.Fatal(err)
			}
			evaluate(t, h, func(Candidate) {}, result)
		}
		if s := h.State(); len(s.Pool) != population || s.Generation != 7 {
			t.Errorf("%d individuals in generation %d, want %d in 7", len(s.Pool), s.Generation, population)
		}
	}
}

// The population is the youngest trials, but for the elites.
func TestAgeing(t *testing.T) {
	c := DefaultConfig()
	g := mustNew(t, c, 2, 3)
	var told []Result
	for range 4 {
		evaluate(t, g, func(Candidate) {}, func(c Candidate) Result {
			told = append(told, result(c))
			return told[len(told)-1]
		})
		s := g.State()
		if len(s.Pool) != c.Population || len(s.Open) != 1 || s.Evaluations != int64(len(told)) {
			t.Fatalf("%d individuals, %d open, %d evaluations", len(s.Pool), len(s.Open), s.Evaluations)
		}
		best := math.Inf(-1)
		for _, r := range told {
			best = max(best, r.Fitness)
		}
		young, has := 0, false
		for _, x := range s.Pool {
			has = has || x.Fitness == best
			if x.Generation == s.Generation {
				young++
			}
		}
		if !has || young < c.Population-c.Elites {
			t.Errorf("generation %d: best there %v, %d trials of its own of %d", s.Generation, has, young, c.Population)
		}
		if err := g.Advance(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoDuplicates(t *testing.T) {
	g := mustNew(t, DefaultConfig(), 8, 4)
	for generation := range 30 {
		evaluate(t, g, func(Candidate) {}, result)
		seen := map[string]bool{}
		s := g.State()
		for _, ind := range append(s.Pool, s.Open...) {
			h := space().Hash(ind.Genome)
			if seen[h] {
				t.Fatalf("generation %d holds a genome twice", generation)
			}
			seen[h] = true
		}
		if len(g.taken) != len(seen) {
			t.Fatalf("generation %d: %d genomes are taken, want %d", generation, len(g.taken), len(seen))
		}
		if err := g.Advance(); err != nil {
			t.Fatal(err)
		}
	}
	// A space smaller than the population must not hang.
	tiny := genome.Space{{Name: "a", Kind: genome.Int, Low: 0, High: 1}}
	small, err := New(tiny, DefaultConfig(), 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		evaluate(t, small, func(Candidate) {}, func(c Candidate) Result { return Result{Trial: c.Trial, Fitness: c.Genome[0]} })
		if err := small.Advance(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPatienceRestarts(t *testing.T) {
	c := DefaultConfig()
	c.Patience = 3
	g := mustNew(t, c, 1, 5)
	restarts := 0
	for range 9 {
		evaluate(t, g, func(Candidate) {}, func(c Candidate) Result { return Result{Trial: c.Trial, Fitness: 1} })
		s := g.State()
		n := 0
		for _, x := range s.Pool {
			if x.Origin == OriginRestart && x.Generation == s.Generation {
				n++
			}
		}
		if n > 0 {
			restarts++
			// The last trials are bred again, and the elites are older than all.
			if want := c.Population - 2*c.Elites; n != want {
				t.Errorf("%d trials drawn anew, want %d", n, want)
			}
		}
		if err := g.Advance(); err != nil {
			t.Fatal(err)
		}
	}
	// After generations 1 to 3 bring nothing the fourth is new; from there every third.
	if restarts != 2 {
		t.Errorf("%d restarts in 9 generations, want 2", restarts)
	}
}

func TestImmigrants(t *testing.T) {
	c := DefaultConfig()
	c.ImmigrantLimit = 2
	g := mustNew(t, c, 2, 6)
	good := func(x float64) Immigrant {
		return Immigrant{Genome: genome.Genome{2, 8, 8, space()[3].Low, x, -2, 1}, Fitness: 100 + x}
	}
	if _, err := g.Immigrants([]Immigrant{good(1)}); !errors.Is(err, ErrOrder) {
		t.Errorf("Immigrants() before Tell: %v, want ErrOrder", err)
	}
	evaluate(t, g, func(Candidate) {}, result)
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
	if e := g.pool.elites; e[0].Fitness != 101 || e[1].Fitness != 100 || g.State().NoImprove != 0 || len(g.pool.list) != c.Population {
		t.Errorf("elites after immigration: %v, %v", e[0].Fitness, e[1].Fitness)
	}
	// They stay while they are the best, however many trials come after them.
	for range 3 {
		if err := g.Advance(); err != nil {
			t.Fatal(err)
		}
		evaluate(t, g, func(Candidate) {}, result)
	}
	if f := g.State().Pool[0].Fitness; f < 100 {
		t.Errorf("the oldest individual has %v, want an immigrant", f)
	}
}

func TestPlacement(t *testing.T) {
	c := DefaultConfig()
	c.ImmigrantLimit, c.Placement = 3, PlaceRandom
	places := map[int]bool{}
	for seed := range uint64(40) {
		g := mustNew(t, c, 2, seed)
		evaluate(t, g, func(Candidate) {}, result)
		before := g.State()
		elites := map[uint64]bool{}
		for _, x := range g.pool.elites {
			elites[x.Seed] = true
		}
		list := make([]Immigrant, 5)
		for i := range list {
			list[i] = Immigrant{Genome: genome.Genome{2, 8, 8, space()[3].Low, float64(i), -2, 1}, Fitness: -1e6}
		}
		if n, err := g.Immigrants(list); n != 3 || err != nil {
			t.Fatalf("Immigrants() = %d, %v, want 3", n, err)
		}
		left := map[uint64]bool{}
		for _, x := range g.State().Pool {
			left[x.Seed] = true
		}
		gone := 0
		for i, x := range before.Pool {
			if !left[x.Seed] {
				if gone++; elites[x.Seed] {
					t.Errorf("seed %d: an immigrant took the place of elite %d", seed, i)
				}
				places[i] = true
			}
		}
		if gone != 3 {
			t.Errorf("seed %d: %d individuals gave way, want 3", seed, gone)
		}
	}
	if len(places) < 25 {
		t.Errorf("immigrants came to %d different places of 32", len(places))
	}
}

func TestOrder(t *testing.T) {
	g := mustNew(t, DefaultConfig(), 2, 7)
	f := func(err error) {
		t.Helper()
		if !errors.Is(err, ErrOrder) {
			t.Errorf("%v, want ErrOrder", err)
		}
	}
	f(g.Tell(Result{})) // not asked for
	for range 2 {
		if _, ok := g.Ask(); !ok {
			t.Fatal("no trial")
		}
	}
	if _, ok := g.Ask(); ok {
		t.Error("a third trial with a window of 2")
	}
	f(g.Tell(Result{Trial: 1}))
	f(g.Tell(Result{Trial: -1}))
	f(g.Advance())
	f(g.SetWindow(3))
	if err := g.Tell(Result{Trial: 0}); err != nil {
		t.Error(err)
	}
	if c, ok := g.Ask(); !ok || c.Trial != 2 {
		t.Errorf("Ask() = %d, %v, want 2", c.Trial, ok)
	}
	g = mustNew(t, DefaultConfig(), 1, 7)
	evaluate(t, g, func(Candidate) {}, result)
	f(g.Tell(Result{Trial: 32}))
	for _, w := range []int{0, MaxWindow + 1} {
		if _, err := New(space(), DefaultConfig(), w, 1); err == nil {
			t.Errorf("New() with window %d succeeded", w)
		}
		if err := g.SetWindow(w); err == nil {
			t.Errorf("SetWindow(%d) succeeded", w)
		}
	}
}

func TestNaNIsWorst(t *testing.T) {
	g := mustNew(t, DefaultConfig(), 3, 8)
	evaluate(t, g, func(Candidate) {}, func(c Candidate) Result {
		if c.Trial == 20 {
			return Result{Trial: c.Trial, Fitness: -5}
		}
		return Result{Trial: c.Trial, Fitness: math.NaN()}
	})
	if b, ok := g.Best(); !ok || b.Fitness != -5 {
		t.Errorf("Best() = %v", b.Fitness)
	}
	if s := g.Summary(); s.Average != -5 || s.Finite != 1 {
		t.Errorf("Summary() = %+v", s)
	}
	if f := g.pool.elites[0].Fitness; f != -5 {
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
	g := mustNew(t, DefaultConfig(), 5, 10, WithRepair(cap8))
	for range 10 {
		evaluate(t, g, func(c Candidate) {
			if c.Genome[1] > 8 {
				t.Fatalf("candidate %v was not repaired", c.Genome)
			}
		}, result)
		if err := g.Advance(); err != nil {
			t.Fatal(err)
		}
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
		`{"immigrants": 31}`, `{"patience": -1}`, `{"retries": -1}`, `{"immigrant_placement": "best"}`, `{"racing_seeds": 0}`, `{"racing_seeds": 65}`, `{"population": 99999999}`} {
		if _, err := parse(bad); err == nil {
			t.Errorf("ParseConfig(%s) succeeded", bad)
		}
	}
}

// TestWithoutBreeding: every trial is drawn from the space, whoever is in the population, and a stored search goes on alike.
func TestWithoutBreeding(t *testing.T) {
	run := func(stored bool) (out []Individual) {
		g, err := New(space(), DefaultConfig(), 5, 3, WithoutBreeding())
		if err != nil {
			t.Fatal(err)
		}
		for range 6 {
			for !g.Complete() {
				for _, ok := g.Ask(); ok; _, ok = g.Ask() {
				}
				due, _ := g.Due()
				out = append(out, due)
				if err := g.Tell(Result{Trial: due.Trial, Fitness: -due.Genome[4] * due.Genome[4], Status: "completed"}); err != nil {
					t.Fatal(err)
				}
			}
			if stored {
				if g, err = Resume(space(), DefaultConfig(), g.State(), WithoutBreeding()); err != nil {
					t.Fatal(err)
				}
			}
			if err := g.Advance(); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	whole := run(false)
	for i := range whole {
		if whole[i].Origin != OriginRandom || len(whole[i].Parents) > 0 {
			t.Fatalf("trial %d is %+v, want a random one", i, whole[i])
		}
	}
	if !reflect.DeepEqual(run(true), whole) {
		t.Error("the resumed search is another")
	}
}
