package portfolio

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/genome"
	"doin.network/node/ga"
	"doin.network/node/ga/cma"
)

const population = 10

// names are those of the arms.
var names = []string{"ga", "cma", "random"}

func plane() genome.Space {
	return genome.Space{{Name: "x", Kind: genome.Real, Low: -2, High: 2}, {Name: "y", Kind: genome.Real, Low: -2, High: 2}}
}

// rosenbrock is what CMA-ES is good at.
func rosenbrock(g genome.Genome) float64 {
	return -100*math.Pow(g[1]-g[0]*g[0], 2) - math.Pow(1-g[0], 2)
}

func config() ga.Config {
	c := ga.DefaultConfig()
	c.Population = population
	return c
}

// arms makes the genetic search, CMA-ES and random search, from parts of a state where there are some.
func arms(t *testing.T, space genome.Space, window int, seed uint64, from *Portfolio) (out []Arm, inner State, state ga.State) {
	t.Helper()
	begun := make([]ga.Engine, 3)
	windows := []int{window, window, window}
	if from != nil {
		state = from.State()
		var err error
		if inner, err = Read(from.Inner()); err != nil {
			t.Fatal(err)
		}
		begun, windows = from.Begun(), inner.Windows
	}
	for k, name := range names {
		own := ga.MemberSeed("portfolio", seed, k)
		var e ga.Engine
		var err error
		switch {
		case begun[k] == nil && name == "cma":
			e, err = cma.NewStrategy(space, config(), windows[k], own, nil)
		case begun[k] == nil && name == "ga":
			e, err = ga.New(space, config(), windows[k], own)
		case begun[k] == nil:
			e, err = ga.New(space, config(), windows[k], own, ga.WithoutBreeding())
		default:
			part := begun[k].State()
			if part.Pool, part.Open, err = inner.Arm(k, name, state); err != nil {
				t.Fatal(err)
			}
			switch name {
			case "cma":
				e, err = cma.ResumeStrategy(space, config(), part, begun[k].(*cma.Strategy).Search(), nil)
			case "ga":
				e, err = ga.Resume(space, config(), part)
			default:
				e, err = ga.Resume(space, config(), part, ga.WithoutBreeding())
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, Arm{Name: name, Engine: e})
	}
	return out, inner, state
}

func begin(t *testing.T, space genome.Space, window int, seed uint64) *Portfolio {
	t.Helper()
	list, _, _ := arms(t, space, window, seed, nil)
	p, err := New(list, population, window, seed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// generation makes one; told gets every trial.
func generation(t *testing.T, p *Portfolio, fitness func(genome.Genome) float64, told func(ga.Individual)) {
	t.Helper()
	for !p.Complete() {
		for _, ok := p.Ask(); ok; _, ok = p.Ask() {
		}
		due, ok := p.Due()
		if !ok || due.Trial != p.Told() {
			t.Fatalf("Due() = %+v, %v, want trial %d", due, ok, p.Told())
		}
		if told != nil {
			told(due)
		}
		if err := p.Tell(ga.Result{Trial: due.Trial, Fitness: fitness(due.Genome), Status: "completed"}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestForecast: an arm that has had less is compared by what it would have with as much.
func TestForecast(t *testing.T) {
	curve := func(points ...float64) Curve {
		c := newCurve()
		for _, f := range points {
			c.see(f)
			c.close()
		}
		return c
	}
	f := func(c Curve, n int64, want float64) {
		t.Helper()
		if got := c.forecast(n); math.Abs(got-want) > 1e-12 && got != want {
			t.Errorf("forecast(%d) after %v = %v, want %v", n, c.Points, got, want)
		}
	}
	f(curve(-8, -4, -3), 4, math.Inf(1))
	f(curve(-8, -7, -6, -5), 4, -5)
	f(curve(-8, -6, -5.5, -5), 8, -4.5)                          // gains of 2 and 1: half of one
	f(curve(-16, -12, -11, -10, -10, -9, -8, -6), 16, -2)        // gains of 2 and 4: 4 again
	f(curve(-16, -12, -11, -8, -8, -8, -7, -6), 16, -5)          // gains of 4 and 2: 1
	f(curve(-16, -12, -11, -8, -8, -8, -7, -6), 32, -4.5)        // and half of it
	f(curve(-16, -12, -11, -8, -8, -8, -8, -8), 1<<20, -8)       // nothing more
	f(curve(-1, math.NaN(), -1, math.Inf(1), -1, -1, -1), 9, -1) // what is no number is no gain
	if got := leading([]Curve{curve(-8, -7, -6, -6, -6, -6, -6, -6), curve(-16, -13, -10, -7)}); got != 1 {
		t.Errorf("leading: arm %d, want the one that is behind and gains", got)
	}
	if got := leading([]Curve{curve(-8, -7, -6, -6), curve(-16, -16, -16, -16)}); got != 0 {
		t.Errorf("leading: arm %d, want the one that is ahead", got)
	}
	long := newCurve()
	for i := range 10_000 {
		long.see(float64(i))
		long.close()
	}
	if n := len(long.Points); n >= maxPoints || math.Abs(long.at(5000)-5000) > 100 || long.validate() != nil {
		t.Errorf("%d points of a long curve, %v in the middle, %v", n, long.at(5000), long.validate())
	}
}

// TestPursue: chances go to who leads, and never below the least.
func TestPursue(t *testing.T) {
	chances := []float64{1. / 3, 1. / 3, 1. / 3}
	for range 30 {
		pursue(chances, 1)
	}
	if math.Abs(chances[0]-least/3) > 1e-9 || math.Abs(chances[0]+chances[1]+chances[2]-1) > 1e-9 {
		t.Errorf("chances %v", chances)
	}
	if a, b, c := drawn(chances, 0), drawn(chances, 0.5), drawn(chances, 1-1e-9); a != 0 || b != 1 || c != 2 {
		t.Errorf("drawn: %d, %d, %d", a, b, c)
	}
}

// TestConcentrates: of the second 120 generations most go to the arm that is known to be the better one, by what trial n of each arm is worth.
func TestConcentrates(t *testing.T) {
	slow := func(n float64) float64 { return -10 * math.Pow(n, -0.3) }
	slower := func(n float64) float64 { return -20 * math.Pow(n, -0.2) }
	fast := func(n float64) float64 { return -100 * math.Exp(-n/60) }
	late := func(n float64) float64 { return -100 * math.Exp(-max(0, n-60)/60) } // nothing for six generations
	f := func(name string, best int, curves ...func(n float64) float64) {
		t.Helper()
		var shares []float64
		for seed := uint64(1); seed <= 9; seed++ {
			p := begin(t, plane(), 5, seed)
			made := map[string]float64{}
			var before []int64
			for n := range 240 {
				if n == 120 {
					before = p.Share()
				}
				var arm string
				worth := func(genome.Genome) float64 { made[arm]++; return curves[slices.Index(names, arm)](made[arm]) }
				generation(t, p, worth, func(x ga.Individual) { arm, _, _ = strings.Cut(x.Operator, ":") })
				if err := p.Advance(); err != nil {
					t.Fatal(err)
				}
			}
			shares = append(shares, float64(p.Share()[best]-before[best])/120)
			for k, n := range p.Share() {
				if n -= before[k]; n < 4 {
					t.Errorf("%s, seed %d: arm %d was given up: %d of 120 generations", name, seed, k, n)
				}
			}
		}
		slices.Sort(shares)
		t.Logf("%s: %.2f", name, shares)
		if shares[0] < 0.6 || shares[4] < 0.7 {
			t.Errorf("%s: arm %d has %.2f of the generations, want 0.70 in the middle and 0.60 at least", name, best, shares)
		}
	}
	f("the first arm", 0, fast, slow, slower)
	f("the second arm", 1, slow, fast, slower)
	f("the third arm", 2, slower, slow, fast)
	f("one that begins late", 1, slow, late, slower)
}

// TestResumes: a portfolio that is stored after every third generation goes on as one that was not, immigrants and windows included.
func TestResumes(t *testing.T) {
	for _, window := range []int{1, 7, population, 3 * population} {
		run := func(stored bool) (State, ga.State, []ga.Individual) {
			p := begin(t, plane(), window, 5)
			var trials []ga.Individual
			for n := range 40 {
				generation(t, p, rosenbrock, func(x ga.Individual) { trials = append(trials, x) })
				if stored && n%3 == 0 {
					list, inner, state := arms(t, plane(), window, 5, p)
					var err error
					if p, err = Resume(list, population, state, inner); err != nil {
						t.Fatal(err)
					}
				}
				if n%5 == 2 {
					if taken, err := p.Immigrants([]ga.Immigrant{{Genome: genome.Genome{0.5, float64(n) / 64}, Fitness: -0.5}}); taken != 1 || err != nil {
						t.Fatalf("Immigrants() = %d, %v", taken, err)
					}
				}
				if n == 1 { // the last arm has not begun
					if err := p.SetWindow(window + 2); err != nil {
						t.Fatal(err)
					}
				}
				if err := p.Advance(); err != nil {
					t.Fatal(err)
				}
			}
			generation(t, p, rosenbrock, nil)
			for k, e := range p.Begun() {
				if got := e.State().Window; got != window+2 {
					t.Errorf("window %d: arm %d has a window of %d, want %d", window, k, got, window+2)
				}
			}
			s := p.State()
			inner, err := Read(p.Inner())
			if err != nil {
				t.Fatal(err)
			}
			return inner, s, trials
		}
		inner, state, trials := run(false)
		inner2, state2, trials2 := run(true)
		if !reflect.DeepEqual(inner, inner2) || !reflect.DeepEqual(state, state2) || !reflect.DeepEqual(trials, trials2) {
			t.Errorf("window %d: the resumed portfolio is another", window)
		}
		for i, x := range trials {
			if x.Trial != int64(i) || !slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(x.Operator, name) }) {
				t.Fatalf("window %d: trial %d is %d, made by %q", window, i, x.Trial, x.Operator)
			}
			for _, n := range x.Parents {
				if a, b := trials[n].Operator[:2], x.Operator[:2]; n >= int64(i) || a != b {
					t.Fatalf("window %d: trial %d, made by %q, has trial %d for a parent, made by %q", window, i, x.Operator, n, trials[n].Operator)
				}
			}
		}
		if n := len(inner.Turns); n > 40 || inner.Given > 44 && n == int(inner.Given) {
			t.Errorf("window %d: %d of %d turns are remembered", window, n, inner.Given)
		}
	}
}

func TestRefuses(t *testing.T) {
	p := begin(t, plane(), 4, 1)
	if _, err := p.Immigrants(nil); !errors.Is(err, ga.ErrOrder) {
		t.Errorf("Immigrants() in the midst = %v, want ErrOrder", err)
	}
	if err := p.Advance(); !errors.Is(err, ga.ErrOrder) {
		t.Errorf("Advance() in the midst = %v, want ErrOrder", err)
	}
	if err := p.Tell(ga.Result{}); !errors.Is(err, ga.ErrOrder) {
		t.Errorf("Tell() of nothing = %v, want ErrOrder", err)
	}
	generation(t, p, rosenbrock, nil)
	list, inner, state := arms(t, plane(), 4, 1, p)
	if _, err := Resume(list, population+1, state, inner); err == nil {
		t.Error("a state of another population is taken")
	}
	if _, err := Resume(list[:2], population, state, inner); err == nil {
		t.Error("a state of more arms is taken")
	}
	inner.Given++
	if _, err := Resume(list, population, state, inner); err == nil {
		t.Error("a state with a generation of nobody is taken")
	}
	for _, text := range []string{"", "{}", strings.Replace(p.Inner(), `"stride":1`, `"stride":0`, 1), strings.Replace(p.Inner(), `"arm":0`, `"arm":9`, 1)} {
		if _, err := Read(text); err == nil {
			t.Errorf("Read(%.40s) is taken", text)
		}
	}
	counts := State{Counts: [][2]int{{-1, 0}}, Windows: []int{0}}
	if _, _, err := counts.Arm(0, "ga", ga.State{}); err == nil {
		t.Error("counts below 0 are taken")
	}
}
