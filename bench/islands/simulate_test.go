package islands

import (
	"bytes"
	"encoding/json"
	"math"
	"runtime"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/ga"
	"doin.network/node/ga/island"
)

// TestReference holds the simulation against the reference's own figures, and pins ours: they are a function of the
// seeds.
func TestReference(t *testing.T) {
	c := DefaultConfig()
	c.Nodes, c.Seeds, c.Strategies = []int{2}, 1000, []string{domain.StrategyHillClimber}
	r, err := Simulate(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	f := func(kind Kind, lag int, reference, exact float64) *Row {
		t.Helper()
		for i := range r.Rows {
			x := &r.Rows[i]
			if x.Kind != kind || x.Lag != lag {
				continue
			}
			if x.Reached != 1000 || math.Abs(x.MeanRounds/reference-1) > 0.03 {
				t.Errorf("%s: %d of 1000 runs reached the goal in %v rounds, the reference needs %v", x.name(), x.Reached, x.MeanRounds, reference)
			}
			if x.MeanRounds != exact {
				t.Errorf("%s: mean rounds = %v, want exactly %v", x.name(), x.MeanRounds, exact)
			}
			return x
		}
		t.Fatalf("no row %s, lag %d", kind, lag)
		return nil
	}
	f(One, 0, 64.6, 64.588)
	lag1 := f(Islands, 1, 31.2, 30.92)
	f(Islands, 2, 36.3, 36.121)
	f(Islands, 5, 43.7, 43.543) // at most four claims of a node are open at once
	if s := lag1.OverOne; s.Low > 2.07 || s.High < 2.07 || s.Low < 1.9 {
		t.Errorf("speed-up at lag 1 = %v, the reference has 2.07", s)
	}
	if lag1.OverIsolated.Value < 1.5 || lag1.MeanEvaluations != 2*lag1.MeanRounds {
		t.Errorf("lag 1: %v over isolated, %v evaluations in %v rounds", lag1.OverIsolated, lag1.MeanEvaluations, lag1.MeanRounds)
	}
}

// TestGA: islands beside one population, and what placement, topology and policy change.
func TestGA(t *testing.T) {
	c := DefaultConfig()
	c.Nodes, c.Seeds, c.Strategies, c.Lags, c.Goals = []int{4}, 30, []string{domain.StrategyGA}, []int{1}, []float64{-10}
	c.Population, c.Compare, c.CompareSeeds = 8, true, 2
	r, err := Simulate(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for i := range r.Rows {
		x := &r.Rows[i]
		switch {
		case x.Compared:
			compared++
			if x.Seeds != 2 || x.OverOne == nil {
				t.Errorf("%+v %s: %d runs, %v over one", x.Migration, x.Placement, x.Seeds, x.OverOne)
			}
		case x.Kind == Islands && (x.OverOne.Low < 1.2 || x.OverIsolated.Low < 1):
			t.Errorf("4 islands: %v over one, %v over isolated", x.OverOne, x.OverIsolated)
		}
	}
	if want := 3 * 3 * 2 * 2; compared != want {
		t.Errorf("%d topologies and policies compared, want %d", compared, want)
	}
}

// TestRepeats: the report does not depend on how many runs are simulated at once.
func TestRepeats(t *testing.T) {
	report := func(procs int) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		c := DefaultConfig()
		c.Nodes, c.Seeds, c.Lags, c.MaxRounds = []int{3}, 12, []int{2}, 100
		c.Migration.Topology, c.Migration.Policy = island.Random, island.Draw
		r, err := Simulate(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if one, four := report(1), report(4); !bytes.Equal(one, four) {
		t.Errorf("reports differ:\n%s\n%s", one, four)
	}
}

// TestForecast simulates islands whose generations are real trainings.
func TestForecast(t *testing.T) {
	c := DefaultConfig()
	c.Domain, c.Path, c.Nodes, c.Seeds, c.Lags, c.Goals, c.MaxRounds = Forecast, "testdata/co2.json", []int{2}, 2, []int{1}, []float64{-0.4, 1}, 3
	r, err := Simulate(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range r.Rows {
		if x.Goal == 1 && (x.Reached != 0 || x.MeanRounds != 3) {
			t.Errorf("%s: %d runs reached an error below 0, in %v rounds", x.name(), x.Reached, x.MeanRounds)
		}
		if x.Goal == -0.4 && x.Reached != 2 {
			t.Errorf("%s: %d of 2 runs reached a validation MAE of 0.4", x.name(), x.Reached)
		}
	}
}

func TestValidate(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"domain": func(c *Config) { c.Domain = "x" }, "nodes": func(c *Config) { c.Nodes = []int{0} },
		"seeds": func(c *Config) { c.Seeds = 0 }, "strategy": func(c *Config) { c.Strategies = []string{"x"} },
		"goal": func(c *Config) { c.Domain, c.Goals = Forecast, nil }, "lag": func(c *Config) { c.Lags = []int{0} },
		"migration": func(c *Config) { c.Migration.Topology = "x" }, "rounds": func(c *Config) { c.MaxRounds = 0 },
	} {
		c := DefaultConfig()
		change(&c)
		if _, err := Simulate(t.Context(), c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := Real(t.Context(), DefaultConfig()); err == nil {
		t.Error("Real without a node program succeeded")
	}
	if _, err := Join(t.Context(), DefaultConfig()); err == nil {
		t.Error("Join without nodes succeeded")
	}
}

func TestImproves(t *testing.T) {
	f := func(known, performance, increment float64, want bool) {
		t.Helper()
		if got := improves(known, performance, increment); got != want {
			t.Errorf("improves(%v, %v, %v) = %v", known, performance, increment, got)
		}
	}
	f(math.Inf(-1), -1e9, 0.1, true)
	f(-1, -1, 0, false)
	f(-1, -0.99, 0, true)
	f(-1, -0.99, 0.005, true)
	f(-1, -0.999, 0.005, false)
}

func TestPlan(t *testing.T) {
	c := DefaultConfig()
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	c.Compare = true
	// Per strategy: one; for 2 and 4 nodes isolated, same evaluations and three lags; then the tables.
	if got, want := len(plan(&c, Simulated)), 2*(1+2*5)+3*2*2+3*3*2*2; got != want {
		t.Errorf("%d arrangements are simulated, want %d", got, want)
	}
	if got, want := len(plan(&c, Loopback)), 2*(1+2*3); got != want {
		t.Errorf("%d arrangements are run, want %d", got, want)
	}
	a := arrangement{strategy: domain.StrategyGA, kind: Same, nodes: 4, placement: ga.PlaceRandom}
	s := a.settings(&c, quadraticProblem())
	if n, _ := s.Int("population"); n != 64 {
		t.Errorf("population of one node in the place of four = %d, want 64", n)
	}
}
