package quality

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doin.network/node/bench/journal"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
)

// program builds the worker.
func program(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the worker and takes some seconds")
	}
	path := filepath.Join(t.TempDir(), "doin-worker")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "doin.network/node/cmd/doin-worker").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	return path
}

// TestMeasure measures a short series and a small table twice: the second time nothing is left to do, and the report is the same.
func TestMeasure(t *testing.T) {
	c := DefaultConfig()
	c.Data, c.Worker, c.Sets = "testdata", program(t), []string{"us_unemployment", "penguins"}
	c.Budget, c.Evaluations, c.Seeds, c.Population, c.ClaimSeeds = 0, 8, 2, 4, 2
	c.Journal = filepath.Join(t.TempDir(), "j")
	var lines []string
	c.Progress = func(line string) { lines = append(lines, line) }
	first, err := Measure(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 6 || len(first.failed) > 0 {
		t.Errorf("%d lines, failed %q; want 6, none", len(lines), first.failed)
	}
	if got, want := first.Summary[Forecast].Sets, 2; got != want {
		t.Errorf("forecast has %d sets, want %d", got, want)
	}
	for _, s := range first.Sets {
		if !(s.Ours > 0 && s.OursLow <= s.Ours && s.Ours <= s.OursHigh && s.BestAnchor > 0 && s.Linear > 0 && s.naive > 0) {
			t.Errorf("%s: %+v", name(s.Name, s.Horizon), s)
		}
		if s.Name == "penguins" && s.Ours > 0.5 {
			t.Errorf("penguins: cross-entropy %v, want that of somebody who knows penguins", s.Ours)
		}
	}
	lines = nil
	second, err := Measure(t.Context(), c)
	if err != nil || len(lines) > 0 {
		t.Fatalf("again: %v, %d lines", err, len(lines))
	}
	if a, b := encoded(t, first), encoded(t, second); a != b {
		t.Errorf("from the journal:\n%s\nmeasured:\n%s", b, a)
	}
	c.Journal = "" // measured anew it is the same too: a run is a function of its seed
	c.Sets = []string{"us_unemployment"}
	third, err := Measure(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := first.Sets[0].tests, third.Sets[0].tests; !slices.Equal(a, b) {
		t.Errorf("measured twice: %v and %v", a, b)
	}
}

func encoded(t *testing.T, r *Report) string {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := r.WriteMarkdown(&text); err != nil {
		t.Fatal(err)
	}
	return string(data) + text.String()
}

// TestInterrupted: a context that has ended leaves the journal in order.
func TestInterrupted(t *testing.T) {
	data, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	c := DefaultConfig()
	c.Data, c.Worker, c.Journal = data, program(t), filepath.Join(t.TempDir(), "j")
	ctx, stop := context.WithCancel(t.Context())
	c.Sets, c.Seeds, c.Evaluations, c.Budget, c.Population = []string{"us_unemployment"}, 50, 4, 0, 4
	c.Progress = func(string) { stop() }
	if _, err := Measure(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatalf("Measure = %v, want %v", err, context.Canceled)
	}
	j, err := journal.Open[Run](c.Journal, c.header())
	if err != nil || len(j.Lines()) != 1 || j.Lines()[0].Error != "" {
		t.Errorf("journal: %v, %v", j, err)
	}
}

// fake answers claims with a performance and sums.
type fake struct {
	performance float64
	paired      domain.Paired
	jobs        []worker.Job
}

func (f *fake) Evaluate(_ context.Context, j worker.Job) (worker.Outcome, error) {
	f.jobs = append(f.jobs, j)
	return worker.Outcome{Performance: f.performance, Paired: f.paired, Metrics: canon.NewObject("test_mae", 3.5)}, nil
}

// TestContest: what is accepted is the next base, what is within the noise is not.
func TestContest(t *testing.T) {
	c := DefaultConfig()
	f := &fake{}
	info := worker.Info{Baseline: -1, Folds: 2, Cases: 3, Baselines: canon.NewObject("test_naive_mae", 5.0, "test_ar.12_mae", 4.0, "validation_naive_mae", 6.0)}
	run := &Run{}
	x, err := newContest(&c, "d", info, f, run, "mae")
	if err != nil {
		t.Fatal(err)
	}
	next, end := int64(0), false
	offer := func(fitness, performance float64, s1, s2 int64) {
		t.Helper()
		next++
		run.Evaluations += 1000 // a claim is affordable
		f.performance, f.paired = performance, domain.Paired{S1: s1, S2: big.NewInt(s2), N: 3}
		if err := x.offer(t.Context(), []worker.Row{{Parameters: canon.NewObject("n", next), Fitness: fitness, Status: "completed"}}, end); err != nil {
			t.Fatal(err)
		}
	}
	check := func(claims, accepted int, base bool) {
		t.Helper()
		if run.Claims != claims || run.Accepted != accepted || (x.base != nil) != base {
			t.Errorf("%d claims, %d accepted, base %v; want %d, %d, %v", run.Claims, run.Accepted, x.base, claims, accepted, base)
		}
	}
	offer(-1.2, 0, 9, 27)
	check(0, 0, false) // promises nothing
	offer(-0.5, -0.9, 3, 300)
	check(1, 0, false) // within the noise
	offer(-0.5, -0.9, 30, 300)
	check(2, 1, true)
	offer(-0.5, 0, 30, 300)
	check(2, 1, true) // claims have come out 0.4 below what was promised
	offer(-0.4, -0.8995, 30, 300)
	check(3, 1, true) // below the minimum increment
	offer(-0.3, -0.8, 30, 300)
	check(4, 2, true)
	run.Evaluations -= 1000 // none is trained since
	offer(-0.1, -0.7, 30, 300)
	check(4, 2, true)
	run.Evaluations -= 1000
	end = true
	offer(-0.1, -0.7, 30, 300)
	check(5, 3, true)
	for i, j := range f.jobs {
		if got, want := j.Base != nil, i >= 2; got != want || len(j.Seeds) != c.ClaimSeeds || !j.Own {
			t.Errorf("job %d: base %v, %d seeds, own %v", i, j.Base, len(j.Seeds), j.Own)
		}
	}
	if err := x.finish(); err != nil || run.Test != 3.5 || !run.Confirmed || len(run.Baselines) != 2 {
		t.Errorf("finish: %v, %+v", err, run)
	}
	nothing, err := newContest(&c, "d", info, f, &Run{}, "mae")
	if err == nil {
		err = nothing.finish()
	}
	if r := nothing.run; err != nil || r.Confirmed || r.Test != 5 || linear(r.Baselines) != 4 {
		t.Errorf("nothing confirmed: %v, %+v", err, r)
	}
}

// TestSummary: ratios have the floor, a method on too few sets is no single one, a shortened one counts as itself.
func TestSummary(t *testing.T) {
	sets := []*set{{name: "a", Task: Forecast, Horizons: []int{1, 2}}, {name: "b", Task: "classification"}}
	known := anchors{}
	for _, v := range []struct {
		set, metric, method string
		value               float64
	}{
		{"a", "test_mae_h1", "x", 2}, {"a", "test_mae_h1", "median", 20}, {"a", "test_mae_h1", "rare", 0.5},
		{"a", "test_mae_h2", "x~", 4}, {"a", "test_mae_h2", "median", 40}, {"b", "test_cross_entropy", "y", 1e-6},
	} {
		known.add(v.set, v.metric, v.method, v.value)
	}
	c := DefaultConfig()
	c.Seeds = 2
	var runs []*Run
	for seed := range uint64(2) {
		for h, test := range []float64{leastCrossEntropy, 2, 7} {
			r := &Run{Set: "a", Horizon: h, Seed: 1 + seed, Test: test + float64(seed) - 0.5, Confirmed: true, Baselines: map[string]float64{"naive": 6, "ar": 5}}
			if h == 0 {
				r.Set, r.Test, r.Baselines = "b", test, map[string]float64{"prior": 0.7}
			}
			runs = append(runs, r)
		}
	}
	r := newReport(c, sets, known, runs)
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s = %v, want %v", what, got, want)
		}
	}
	s := r.Summary[Forecast]
	near("best anchor", r.Sets[0].BestAnchor, 0.5)
	near("vs best of each", s.VsBestEach, math.Sqrt((2+1.0)/(0.5+1)*(7+2.0)/(4+2)))
	near("vs x", s.VsBestSingle, math.Sqrt((2+1.0)/(2+1)*(7+2.0)/(4+2)))
	near("vs linear", s.VsLinear, math.Sqrt((2+1.0)/(5+1)*(7+2.0)/(5+2)))
	near("worst", s.WorstLinear, 9.0/7)
	near("interval", r.Sets[0].OursHigh-r.Sets[0].Ours, 12.706*math.Sqrt(0.5)/math.Sqrt2)
	if s.single != "x" || s.Sets != 2 || s.Within2 != 0 || s.Better != 0 {
		t.Errorf("forecast: %+v", s)
	}
	b := r.Summary[Tabular]
	near("clipped", b.VsBestEach, 1)
	if b.Within2 != 1 || b.Better != 0 {
		t.Errorf("tabular: %+v", b)
	}
	keys := canonKeys(t, r)
	if want := "name kind horizon metric ours ours_low ours_high linear best_anchor anchors"; keys != want {
		t.Errorf("members of a set: %s, want %s", keys, want)
	}
}

func canonKeys(t *testing.T, r *Report) string {
	t.Helper()
	data, err := json.Marshal(r.Sets[0])
	if err != nil {
		t.Fatal(err)
	}
	o, err := canon.ParseObject(data)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(o.Keys(), " ")
}

func TestValidate(t *testing.T) {
	good := DefaultConfig()
	good.Data, good.Worker = "testdata", "w"
	f := func(want string, change func(*Config)) {
		t.Helper()
		c := good
		change(&c)
		if err := c.Validate(); err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("Validate = %v, want %q", err, want)
		}
	}
	f("", func(*Config) {})
	f("sets.json", func(c *Config) { c.Data = "nowhere" })
	f("budget", func(c *Config) { c.Budget = 0 })
	f("seeds 0", func(c *Config) { c.Seeds = 0 })
	f("population", func(c *Config) { c.Population = 1 })
	f("rule", func(c *Config) { c.Rule.Z2 = "x" })
	f("rule", func(c *Config) { c.Rule.MinIncrement = math.NaN() })
	f("claim seeds", func(c *Config) { c.ClaimSeeds = 65 })
}

// TestSets: what the directory holds can be read, and what is wrong is said.
func TestSets(t *testing.T) {
	sets, err := loadSets("testdata", nil)
	if err != nil {
		t.Fatal(err)
	}
	known, err := loadAnchors("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sets {
		if s.Licence == "" || s.Origin == "" {
			t.Errorf("%s: without licence or origin", s.name)
		}
		for _, h := range s.horizons() {
			if len(known.of(s, h)) < 5 {
				t.Errorf("%s: %d anchors", name(s.name, h), len(known.of(s, h)))
			}
		}
	}
	if _, err := loadSets("testdata", []string{"penguins", "pengiuns"}); err == nil || !strings.Contains(err.Error(), "pengiuns") {
		t.Errorf("a set that is none: %v", err)
	}
	f := func(text, want string) {
		t.Helper()
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, setsFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := loadSets(dir, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("loadSets(%s) = %v, want %q", text, err, want)
		}
	}
	f(`{`, "sets.json")
	f(`{"a": {"task": "forecast"}}`, "file")
	f(`{"a": {"task": "forecast", "file": "f", "horizons": [0]}}`, "horizons")
	f(`{"a": {"task": "regression", "file": "f"}}`, "test_file")
	f(`{"a": {"task": "guess", "file": "f"}}`, "task")
	f(`{"a": 3}`, "a: ")
	if err := (anchors{}).read(strings.NewReader("set,metric,method,value\na,test_mae,x,-1\n")); err == nil {
		t.Error("a negative error is taken")
	}
}
