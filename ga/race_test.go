package ga

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/rng"
)

// luck is a noisy objective: a seed adds its deviation to what a genome is worth.
type luck float64

// worth is at most −1.7, at six genes; of random genomes it has a deviation of 0.1 below −1.95.
func worth(g genome.Genome) float64 {
	e := 1.7
	for i := range g {
		d := g[i] - 0.3 - 0.1*float64(i%5)
		e += 0.35 * d * d
	}
	return -e
}

func (l luck) score(c Candidate) Result {
	return Result{Trial: c.Trial, Fitness: worth(c.Genome) + float64(l)*normal(c.Seed), Status: "completed"}
}

// normal is near a standard normal draw of the seed.
func normal(seed uint64) float64 {
	q, sum := rng.NewSeq(rng.Key{uint32(seed), uint32(seed >> 32)}, rng.Sample, 0), -6.0
	for range 12 {
		sum += float64(q.Uniform())
	}
	return sum
}

func six() (s genome.Space) {
	for i := range 6 {
		s = append(s, genome.Gene{Name: fmt.Sprint("x", i), Kind: genome.Real, Low: 0, High: 1})
	}
	return s
}

func newRace(t *testing.T, seeds, window int, seed uint64) *GA {
	t.Helper()
	c := DefaultConfig()
	c.RacingSeeds = seeds
	g, err := New(six(), c, window, seed, WithNoise())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// choice is what the best of so many trainings is worth, and what it promises. A random search breeds from nobody.
func choice(t *testing.T, l luck, seeds int, random bool, trials int, seed uint64) (is, promised float64) {
	g := newRace(t, seeds, 6, seed)
	var open []Candidate
	for range trials {
		for c, ok := g.Ask(); ok; c, ok = g.Ask() {
			open = append(open, c)
		}
		if random {
			g.state.Fresh = math.MaxInt
		}
		if err := g.Tell(l.score(open[0])); err != nil {
			t.Fatal(err)
		}
		if open = open[1:]; g.Complete() {
			if err := g.Advance(); err != nil {
				t.Fatal(err)
			}
		}
	}
	b, _ := g.Best()
	return worth(b.Genome), b.Expected
}

// TestRacing compares what is chosen in the end, without luck, at equal trainings: racing, one seed each, and random search
// with racing, the same seeds for all.
func TestRacing(t *testing.T) {
	const pairs = 100
	f := func(l luck, trials int, once, random float64) {
		t.Helper()
		var gainOnce, gainRandom, optimism, optimismOnce sample
		for seed := range uint64(pairs) {
			race, promised := choice(t, l, 8, false, trials, seed)
			single, promisedOnce := choice(t, l, 1, false, trials, seed)
			drawn, _ := choice(t, l, 8, true, trials, seed)
			gainOnce, gainRandom = append(gainOnce, race-single), append(gainRandom, race-drawn)
			optimism, optimismOnce = append(optimism, promised-race), append(optimismOnce, promisedOnce-single)
		}
		t.Logf("luck %.2f, %4d trainings: racing above one seed %v, above random %v; promised above true %v, with one seed %v",
			float64(l), trials, gainOnce, gainRandom, optimism, optimismOnce)
		if low, _ := gainOnce.interval(); low < once {
			t.Errorf("luck %v, %d trainings: racing above one seed %v, want at least %v", l, trials, gainOnce, once)
		}
		if low, _ := gainRandom.interval(); low < random {
			t.Errorf("luck %v, %d trainings: racing above random search %v, want at least %v", l, trials, gainRandom, random)
		}
		if optimism.mean() > optimismOnce.mean()/2 {
			t.Errorf("luck %v, %d trainings: promised above true by %v, want at most half of %v", l, trials, optimism, optimismOnce)
		}
	}
	f(0.03, 300, -0.005, 0.015)
	f(0.13, 60, -0.005, -0.005)
	f(0.13, 600, 0, 0.02)
	f(0.4, 300, 0, 0.03)
}

// sample is a list of paired differences.
type sample []float64

func (s sample) mean() float64 {
	sum := 0.0
	for _, x := range s {
		sum += x
	}
	return sum / float64(len(s))
}

// interval is the mean with two standard errors on both sides.
func (s sample) interval() (low, high float64) {
	m, squares := s.mean(), 0.0
	for _, x := range s {
		squares += (x - m) * (x - m)
	}
	e := 2 * math.Sqrt(squares/float64(len(s)-1)/float64(len(s)))
	return m - e, m + e
}

func (s sample) String() string {
	low, high := s.interval()
	return fmt.Sprintf("%.4f [%.4f, %.4f]", s.mean(), low, high)
}

// What stands in the population: means of trainings of the run's own seeds, none twice, at most as many as configured.
func TestRaceKeepsTrainings(t *testing.T) {
	const l, seeds = luck(0.13), 3
	for _, window := range []int{1, 7, 32, 80} {
		g := newRace(t, seeds, window, 5)
		scores := map[uint64]float64{}
		trained := 0
		for generation := range 12 {
			evaluate(t, g, func(Candidate) {}, func(c Candidate) Result {
				if _, ok := scores[c.Seed]; ok {
					t.Fatalf("window %d: seed %d trains twice", window, c.Seed)
				}
				r := l.score(c)
				scores[c.Seed] = r.Fitness
				return r
			})
			s := g.State()
			if n := len(s.Pool); n > g.config.Population || n < g.config.Population/2 || n < g.config.Population && generation > 1 || !s.HasBest {
				t.Fatalf("window %d: %d individuals", window, len(s.Pool))
			}
			for _, x := range append(s.Pool, s.Best) {
				sum := 0.0
				for _, y := range x.Trainings {
					if scores[y.Seed] != y.Fitness || worth(x.Genome)+float64(l)*normal(y.Seed) != y.Fitness {
						t.Fatalf("window %d: training %v is not of %v", window, y, x.Genome)
					}
					sum += y.Fitness
				}
				if n := len(x.Trainings); n != x.Seeds || n < 1 || n > seeds || x.Fitness != sum/float64(n) || x.Seed != x.Trainings[0].Seed {
					t.Fatalf("window %d: fitness %v of %v, %d seeds", window, x.Fitness, x.Trainings, x.Seeds)
				}
				trained = max(trained, x.Seeds)
			}
			if err := g.Advance(); err != nil {
				t.Fatal(err)
			}
		}
		if trained != seeds {
			t.Errorf("window %d: nobody was trained with more than %d seeds, want %d", window, trained, seeds)
		}
		again := 0
		for _, x := range g.pool.elites {
			again += x.Seeds - 1
		}
		if again == 0 && window < 32 {
			t.Errorf("window %d: no elite was trained again", window)
		}
	}
}

func TestRaceResumes(t *testing.T) {
	for _, window := range []int{1, 6, 32, 50} {
		whole, parts := newRace(t, 4, window, 9), newRace(t, 4, window, 9)
		for generation := range 16 {
			for _, g := range []*GA{whole, parts} {
				evaluate(t, g, func(Candidate) {}, luck(0.13).score)
			}
			a, b := whole.State(), parts.State()
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("window %d, generation %d: the resumed search differs", window, generation)
			}
			if generation%3 == 1 {
				for i := range b.Pool {
					b.Pool[i].Expected, b.Pool[i].Error = 0, 0 // which follow from the others
				}
				var err error
				if parts, err = Resume(six(), whole.config, b, WithNoise()); err != nil {
					t.Fatal(err)
				}
			}
			for _, g := range []*GA{whole, parts} {
				if generation%5 == 4 {
					x := Immigrant{Genome: genome.Genome{0.25, 0.375, 0.5, 0.625, 0.75, float64(generation) / 64}, Fitness: -1.69, Seeds: 4}
					if n, err := g.Immigrants([]Immigrant{x}); n != 1 || err != nil {
						t.Fatalf("Immigrants() = %d, %v", n, err)
					}
				}
				if err := g.Advance(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// Trial i of a race, too, is bred from the results up to i − window.
func TestRaceWindow(t *testing.T) {
	const window, changed = 5, 70
	run := func(other bool) (out []Candidate) {
		g := newRace(t, 4, window, 3)
		for range 4 {
			evaluate(t, g, func(c Candidate) {
				if int(c.Trial) == len(out) {
					out = append(out, Candidate{c.Trial, c.Genome.Clone(), c.Seed})
				}
			}, func(c Candidate) Result {
				r := luck(0.13).score(c)
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
	a, b := run(false), run(true)
	if !reflect.DeepEqual(a[:changed+window], b[:changed+window]) {
		t.Errorf("a trial before %d depends on the result of trial %d", changed+window, changed)
	}
	if reflect.DeepEqual(a, b) {
		t.Error("a result changed nothing")
	}
}

// Without noise, and with one seed, nothing is trained again; a state passes from one to the other.
func TestRaceOff(t *testing.T) {
	run := func(seeds int, o ...Option) State {
		c := DefaultConfig()
		c.RacingSeeds = seeds
		g := mustNew(t, c, 4, 42, o...)
		for range 8 {
			step(t, g)
		}
		evaluate(t, g, func(Candidate) {}, result)
		return g.State()
	}
	off := run(8)
	if !reflect.DeepEqual(off, run(1, WithNoise())) {
		t.Error("a race of one seed is not the search without noise")
	}
	for _, x := range append(off.Pool, off.Open...) {
		if x.Origin == OriginAgain || x.Seeds != 0 || x.Trainings != nil {
			t.Fatalf("without noise: %+v", x)
		}
	}
	for _, s := range []State{off, run(8, WithNoise())} {
		for _, o := range [][]Option{nil, {WithNoise()}} {
			g, err := Resume(space(), DefaultConfig(), s, o...)
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if err := g.Advance(); err != nil {
					t.Fatal(err)
				}
				evaluate(t, g, func(Candidate) {}, result)
			}
		}
	}
}

// One lucky score does not stay: it is trained again, and what is expected falls.
func TestLuckDoesNotStay(t *testing.T) {
	g := newRace(t, 8, 1, 2)
	lucky := uint64(0)
	for range 4 {
		evaluate(t, g, func(Candidate) {}, func(c Candidate) Result {
			r := luck(0.02).score(c)
			if c.Trial == 40 {
				lucky, r.Fitness = c.Seed, -1.0
			}
			return r
		})
		if err := g.Advance(); err != nil {
			t.Fatal(err)
		}
	}
	if lucky == 0 {
		t.Fatal("no lucky trial")
	}
	for _, x := range g.pool.elites {
		if x.Seed == lucky && x.Seeds < 4 {
			t.Errorf("an elite by one lucky score, after %d seeds: %v", x.Seeds, x.Fitness)
		}
	}
	if b, _ := g.Best(); b.Expected > -1.6 {
		t.Errorf("Best() promises %v", b.Expected)
	}
}

// An immigrant's weight is the seeds that confirmed it.
func TestImmigrantsWeight(t *testing.T) {
	expected := func(seeds int) float64 {
		g := newRace(t, 8, 1, 2)
		evaluate(t, g, func(Candidate) {}, luck(0.13).score)
		x := Immigrant{Genome: genome.Genome{0.25, 0.375, 0.5, 0.625, 0.75, 0.25}, Fitness: -1.5, Seeds: seeds}
		if n, err := g.Immigrants([]Immigrant{x}); n != 1 || err != nil {
			t.Fatalf("Immigrants() = %d, %v", n, err)
		}
		for _, x := range g.pool.list {
			if x.Origin == OriginImmigrant {
				return x.Expected
			}
		}
		t.Fatal("no immigrant")
		return 0
	}
	if a, b, c := expected(0), expected(1), expected(16); a != b || !(b < c && c < -1.5) {
		t.Errorf("expected of 0, 1 and 16 seeds: %v, %v, %v, want equal, then higher, below -1.5", a, b, c)
	}
}

func TestPlateau(t *testing.T) {
	c := DefaultConfig()
	c.Patience = 3
	g, err := New(six(), c, 2, 1, WithNoise())
	if err != nil {
		t.Fatal(err)
	}
	advance := func(bonus float64) {
		t.Helper()
		evaluate(t, g, func(Candidate) {}, func(c Candidate) Result {
			return Result{Trial: c.Trial, Fitness: bonus + 0.1*normal(c.Seed)}
		})
	}
	for generation := range 12 { // nothing but noise
		advance(0)
		if g.Plateau() && generation < c.Patience {
			t.Errorf("a plateau after %d generations", generation+1)
		}
		if generation == 11 && !g.Plateau() {
			t.Error("no plateau after 12 generations of noise")
		}
		if err := g.Advance(); err != nil {
			t.Fatal(err)
		}
	}
	if advance(1); g.Plateau() {
		t.Error("a plateau after a rise")
	}
}

func TestNoise(t *testing.T) {
	f := func(want noise, scores ...[]float64) {
		t.Helper()
		var list []*Individual
		for _, s := range scores {
			x := &Individual{}
			for _, f := range s {
				x.score(Training{Fitness: f})
			}
			list = append(list, x)
		}
		got := estimate(list)
		near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Abs(b) }
		if got.known != want.known || !near(got.middle, want.middle) || !near(got.within, want.within) || !near(got.between, want.between) {
			t.Errorf("estimate(%v) = %+v, want %+v", scores, got, want)
		}
	}
	nan := math.NaN()
	q := normalQuartiles
	f(noise{})
	f(noise{}, []float64{1}, []float64{2}, []float64{3}, []float64{nan}, []float64{1, nan})
	f(noise{known: true, middle: 1}, []float64{1}, []float64{1}, []float64{1}, []float64{1})
	// Quartiles 2 and 4; without a second seed, half of it is luck.
	f(noise{known: true, middle: 3, within: 2 / (q * q), between: 2 / (q * q)}, []float64{1}, []float64{2}, []float64{3}, []float64{4})
	// Two seeds of 3: squares 0.5 over one degree of freedom more.
	w := (0.5 + 4/(q*q)) / 3
	f(noise{known: true, middle: 3, within: w, between: 4/(q*q) - w*3.5/4}, []float64{1}, []float64{2}, []float64{2.5, 3.5}, []float64{4})
	// Seeds differ more than individuals.
	w = (200 + 4/(q*q)) / 3
	f(noise{known: true, middle: 3, within: w, between: w / 16}, []float64{1}, []float64{2}, []float64{-7, 13}, []float64{4})
}
