package archipelago

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"doin.network/node/compute/genome"
	"doin.network/node/ga"
	"doin.network/node/ga/island"
)

const population = 8

func space() genome.Space {
	return genome.Space{{Name: "x", Kind: genome.Real, Low: -2, High: 2}, {Name: "y", Kind: genome.Real, Low: -2, High: 2},
		{Name: "n", Kind: genome.Int, Low: 1, High: 9}}
}

func bowl(g genome.Genome) float64 { return -g[0]*g[0] - g[1]*g[1] - (g[2]-4)*(g[2]-4) }

func config() ga.Config {
	c := ga.DefaultConfig()
	c.Population, c.ImmigrantLimit = population, 2
	return c
}

// begin makes count islands of the genetic search.
func begin(t *testing.T, count, window int, seed uint64, m island.Config) *Archipelago {
	t.Helper()
	var list []ga.Engine
	for k := range count {
		e, err := ga.New(space(), config(), Window(window, count), ga.MemberSeed("island", seed, k))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	a, err := New(list, population, window, seed, m)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// resumed is what goes on from a's state.
func resumed(t *testing.T, a *Archipelago, m island.Config) *Archipelago {
	t.Helper()
	whole := a.State()
	var list []ga.Engine
	for k, e := range a.Islands() {
		s := e.State()
		s.Pool, s.Open = Island(whole, k, len(a.islands))
		one, err := ga.Resume(space(), config(), s)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, one)
	}
	out, err := Resume(list, population, whole, m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func generation(t *testing.T, e ga.Engine, told func(ga.Individual)) {
	t.Helper()
	for !e.Complete() {
		for _, ok := e.Ask(); ok; _, ok = e.Ask() {
		}
		due, ok := e.Due()
		if !ok || due.Trial != e.Told() {
			t.Fatalf("Due() = %+v, %v, want trial %d", due, ok, e.Told())
		}
		if told != nil {
			told(due)
		}
		if err := e.Tell(ga.Result{Trial: due.Trial, Fitness: bowl(due.Genome), Status: "completed"}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestIsolated: islands that nobody visits are the searches that they would be alone, trial by trial.
func TestIsolated(t *testing.T) {
	const count, window = 3, 7
	a := begin(t, count, window, 9, Migration(island.Isolated, 1))
	var made [count][]ga.Individual
	for n := range 12 {
		generation(t, a, func(x ga.Individual) {
			if x.Island != int(x.Trial)%count {
				t.Fatalf("trial %d is of island %d", x.Trial, x.Island)
			}
			x.Trial /= count
			for i := range x.Parents {
				if x.Parents[i]%count != int64(x.Island) {
					t.Fatalf("trial %d of island %d has trial %d for a parent", x.Trial, x.Island, x.Parents[i])
				}
				x.Parents[i] /= count
			}
			made[x.Island] = append(made[x.Island], x)
		})
		if n < 11 {
			if err := a.Advance(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for k := range count {
		e, err := ga.New(space(), config(), Window(window, count), ga.MemberSeed("island", 9, k))
		if err != nil {
			t.Fatal(err)
		}
		var alone []ga.Individual
		for n := range 12 {
			generation(t, e, func(x ga.Individual) { x.Island = k; alone = append(alone, x) })
			if n < 11 {
				if err := e.Advance(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if !reflect.DeepEqual(alone, made[k]) {
			t.Errorf("island %d is not the search that it is alone", k)
		}
	}
}

// TestMigration: the best of an island comes to those that have it for a source, when the interval is over and not before.
func TestMigration(t *testing.T) {
	a := begin(t, 4, 4, 3, Migration(island.Ring, 3))
	for n := range 9 {
		generation(t, a, nil)
		var best [4]ga.Individual
		for k, e := range a.Islands() {
			best[k], _ = e.Best()
		}
		if err := a.Advance(); err != nil {
			t.Fatal(err)
		}
		for k, e := range a.Islands() {
			here := func(x ga.Individual) bool {
				return slices.ContainsFunc(e.State().Pool, func(y ga.Individual) bool { return y.Origin == ga.OriginImmigrant && slices.Equal(y.Genome, x.Genome) })
			}
			source := best[(k+3)%4]
			own := slices.ContainsFunc(e.State().Pool, func(y ga.Individual) bool {
				return y.Origin != ga.OriginImmigrant && slices.Equal(y.Genome, source.Genome)
			})
			if (n+1)%3 == 0 && !here(source) && !own {
				t.Errorf("generation %d: the best of island %d has not come to island %d", n, (k+3)%4, k)
			}
			if n < 2 && slices.ContainsFunc(e.State().Pool, func(y ga.Individual) bool { return y.Origin == ga.OriginImmigrant }) {
				t.Errorf("generation %d: somebody has come to island %d", n, k)
			}
		}
	}
}

// TestResumes: an archipelago that is stored after every second generation goes on as one that was not.
func TestResumes(t *testing.T) {
	for _, topology := range island.Topologies() {
		m := Migration(island.Topology(topology), 2)
		run := func(stored bool) (ga.State, []ga.Individual) {
			a := begin(t, 5, 12, 4, m)
			var trials []ga.Individual
			for n := range 15 {
				generation(t, a, func(x ga.Individual) { trials = append(trials, x) })
				if stored && n%2 == 0 {
					a = resumed(t, a, m)
				}
				if n%4 == 1 {
					list := []ga.Immigrant{{Genome: genome.Genome{0.5, float64(n) / 64, 4}, Fitness: -0.5}, {Genome: genome.Genome{0.25, float64(n) / 64, 4}, Fitness: -0.25}}
					if taken, err := a.Immigrants(list); taken != 2 || err != nil {
						t.Fatalf("Immigrants() = %d, %v", taken, err)
					}
				}
				if n == 9 {
					if err := a.SetWindow(23); err != nil {
						t.Fatal(err)
					}
				}
				if err := a.Advance(); err != nil {
					t.Fatal(err)
				}
			}
			generation(t, a, nil)
			return a.State(), trials
		}
		state, trials := run(false)
		state2, trials2 := run(true)
		if !reflect.DeepEqual(state, state2) || !reflect.DeepEqual(trials, trials2) {
			t.Errorf("%s: the resumed archipelago is another", topology)
		}
		for i, x := range trials {
			if x.Trial != int64(i) {
				t.Fatalf("%s: trial %d is number %d", topology, i, x.Trial)
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	a := begin(t, 2, 2, 1, Migration(island.Full, 1))
	if _, err := a.Immigrants(nil); !errors.Is(err, ga.ErrOrder) {
		t.Errorf("Immigrants() in the midst = %v, want ErrOrder", err)
	}
	if err := a.Advance(); !errors.Is(err, ga.ErrOrder) {
		t.Errorf("Advance() in the midst = %v, want ErrOrder", err)
	}
	if err := a.Tell(ga.Result{}); !errors.Is(err, ga.ErrOrder) {
		t.Errorf("Tell() of nothing = %v, want ErrOrder", err)
	}
	generation(t, a, nil)
	if _, err := Resume(a.Islands()[:1], population, a.State(), Migration(island.Full, 1)); err == nil {
		t.Error("a state of two islands is taken for one")
	}
	if _, err := New(a.Islands(), population, 0, 1, Migration(island.Full, 1)); err == nil {
		t.Error("a window of 0 is taken")
	}
	if _, err := New(a.Islands(), population, 1, 1, Migration("star", 1)); err == nil {
		t.Error("an unknown topology is taken")
	}
}
