// Package domaintest is what tests of domains share whose recipes train networks: [Conform] checks what every one of them
// promises, [Golden] pins its bits. It is imported by tests only.
package domaintest

import (
	"context"
	"errors"
	"flag"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"doin.network/node/compute/device"
	"doin.network/node/compute/device/cpu"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

// Domain is a domain that trains networks.
type Domain interface {
	domain.Domain
	domain.Repairer
	Training(parameters *canon.Object, seed uint64, fold, steps int) (nn.Task, error)
	TrainOn(t device.Trainer)
}

// Case is a domain to check.
type Case struct {
	// Open makes the domain, anew each time, with settings that train fast and bounds within which it is too small for
	// some genomes.
	Open func() Domain
	// Genome is one of its space.
	Genome genome.Genome
	// Input is an inference request that every model answers.
	Input *canon.Object
}

// Conform checks a domain's promises that do not depend on what it is about.
func Conform(t *testing.T, c Case) {
	t.Run("describe", c.describe)
	t.Run("recipes", c.recipes)
	t.Run("refusals", c.refusals)
	t.Run("trainings", c.trainings)
	t.Run("instruction sets", c.instructionSets)
	t.Run("cancelled", c.cancelled)
	t.Run("diverged", c.diverged)
	t.Run("synthetic", c.synthetic)
}

func (c *Case) describe(t *testing.T) {
	d := c.Open()
	a := d.Describe()
	if err := a.Space.Validate(); err != nil || a.Strategy != domain.StrategyGA || !a.HigherIsBetter ||
		len(a.DataHash) != 64 || !strings.HasPrefix(a.PerformanceMetric, "negative_validation_") {
		t.Errorf("Describe() = %+v (%v)", a, err)
	}
	if !canon.Finite(a.Baselines) || !a.Defaults.Has("max_parameters") || !a.Defaults.Has("space") {
		t.Errorf("baselines %#v, defaults %#v", a.Baselines, a.Defaults)
	}
	n := d.Naive()
	if n.Digest() != "" || !canon.Finite(n.Metrics()) || !(n.Performance() < 0) {
		t.Errorf("naive: digest %q, performance %v, metrics %#v", n.Digest(), n.Performance(), n.Metrics())
	}
	if c.Open().Describe().DataHash != a.DataHash {
		t.Error("the same data have two hashes")
	}
}

// recipes checks that every genome has a recipe, and that repair changes those that need it alone.
func (c *Case) recipes(t *testing.T) {
	d := c.Open()
	s := d.Describe().Space
	draws := rng.NewSeq(rng.Key{1, 2}, rng.Probe, 0)
	changed := 0
	for range 200 {
		g := s.Random(draws.Uniform)
		before := g.Clone()
		r := d.Repair(g)
		if &r[0] != &g[0] {
			changed++
		}
		if again := d.Repair(r); !slices.Equal(g, before) || &again[0] != &r[0] {
			t.Fatalf("Repair(%v) = %v, repaired again %v, the argument is now %v", before, r, again, g)
		}
		p := d.Parameters(g)
		back, err := d.Genome(p)
		if err != nil {
			t.Fatal(err)
		}
		if !canon.Equal(d.Parameters(back), p) || d.Check(p) != nil {
			t.Fatalf("recipe %#v is read back as %#v (%v)", p, d.Parameters(back), d.Check(p))
		}
	}
	if changed == 0 || changed == 200 {
		t.Errorf("%d of 200 genomes were changed", changed)
	}
}

// refusals checks that Check, Claim, Try, Genome and Training refuse alike.
func (c *Case) refusals(t *testing.T) {
	d := c.Open()
	good := d.Parameters(c.Genome)
	f := func(name string, change func(o, genes *canon.Object), want error) {
		t.Helper()
		o := good.Clone()
		genes, err := o.Object("genome")
		if err != nil {
			t.Fatal(err)
		}
		change(o, genes)
		_, claim := d.Claim(t.Context(), o, []uint64{1}, nil)
		_, try := d.Try(t.Context(), domain.Trial{Parameters: o}, nil)
		_, read := d.Genome(o)
		_, training := d.Training(o, 1, 0, 0)
		for call, err := range map[string]error{
			"Check": d.Check(o), "Claim": claim, "Genome": read, "Training": training, "Try": try,
		} {
			if !errors.Is(err, want) {
				t.Errorf("%s: %s: error %v, want %v", name, call, err, want)
			}
		}
	}
	f("nothing", func(o, g *canon.Object) {
		for _, k := range o.Keys() {
			o.Delete(k)
		}
	}, domain.ErrRecipe)
	f("unknown member", func(o, g *canon.Object) { o.Set("seed", 1) }, domain.ErrRecipe)
	f("contract", func(o, g *canon.Object) { o.Set("contract", nn.ContractVersion+"x") }, domain.ErrRecipe)
	f("domain", func(o, g *canon.Object) { o.Set("domain", "other") }, domain.ErrRecipe)
	f("genome kind", func(o, g *canon.Object) { o.Set("genome", 1) }, domain.ErrRecipe)
	f("gene missing", func(o, g *canon.Object) { g.Delete("batch") }, domain.ErrRecipe)
	f("gene unknown", func(o, g *canon.Object) { g.Set("width_9", 1) }, domain.ErrRecipe)
	f("gene outside", func(o, g *canon.Object) { g.Set("batch", 1<<20) }, domain.ErrRecipe)
	f("gene not float32", func(o, g *canon.Object) { g.Set("learning_rate", 0.001) }, domain.ErrRecipe)
	f("data hash kind", func(o, g *canon.Object) { o.Set("data_hash", 1) }, domain.ErrRecipe)
	f("data hash", func(o, g *canon.Object) { o.Set("data_hash", "00") }, domain.ErrDataHash)
	f("data hash and gene", func(o, g *canon.Object) { o.Set("data_hash", "00"); g.Set("batch", 1<<20) }, domain.ErrRecipe)
	for _, seeds := range [][]uint64{nil, make([]uint64, domain.MaxSeeds+1)} {
		if _, err := d.Claim(t.Context(), good, seeds, nil); !errors.Is(err, domain.ErrRecipe) {
			t.Errorf("Claim with %d seeds: error %v, want ErrRecipe", len(seeds), err)
		}
	}
	folds := d.Describe().Folds
	for _, trial := range []domain.Trial{{Folds: []int{folds}}, {Folds: []int{-1}}, {Folds: []int{0, 0}}, {Rung: -1}, {Rung: domain.MaxRung + 1}} {
		trial.Parameters = good
		if _, err := d.Try(t.Context(), trial, nil); !errors.Is(err, domain.ErrRecipe) {
			t.Errorf("Try of folds %v, rung %d: error %v, want ErrRecipe", trial.Folds, trial.Rung, err)
		}
	}
	for _, place := range [][2]int{{-1, 0}, {folds + 1, 1}, {folds, 0}, {folds, 1 << 30}} {
		if _, err := d.Training(good, 1, place[0], place[1]); !errors.Is(err, domain.ErrRecipe) {
			t.Errorf("Training(fold %d, %d steps): error %v, want ErrRecipe", place[0], place[1], err)
		}
	}
}

// trainings checks that one claim has one result: alone or beside others, in any order, and however many at once.
func (c *Case) trainings(t *testing.T) {
	const claims = 3
	first, second := c.Open(), c.Open()
	p := first.Parameters(c.Genome)
	seeds := func(i int) []uint64 { return []uint64{uint64(i), uint64(i) + 100} }
	want := make([]domain.Model, claims)
	for i := range want {
		m, err := first.Claim(t.Context(), p, seeds(i), nil)
		if err != nil {
			t.Fatal(err)
		}
		if want[i] = m; i > 0 && m.Digest() == want[i-1].Digest() || len(m.Digest()) != 64 {
			t.Errorf("claim %d has the digest %s", i, m.Digest())
		}
	}
	c.cases(t, first, want[0])
	s, err := first.Generate(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	score, err := want[2].Score(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	same := func(i int, each domain.Each) {
		m, err := second.Claim(context.WithoutCancel(t.Context()), p, seeds(i), each)
		if err != nil {
			t.Error(err)
			return
		}
		if m.Digest() != want[i].Digest() || m.Performance() != want[i].Performance() || !slices.Equal(m.Cases(), want[i].Cases()) {
			t.Errorf("claim %d: digest %s, performance %v; want %s, %v", i,
				m.Digest(), m.Performance(), want[i].Digest(), want[i].Performance())
		}
		if !canon.Equal(m.Metrics(), want[i].Metrics()) {
			t.Errorf("claim %d: metrics %#v, want %#v", i, m.Metrics(), want[i].Metrics())
		}
		if got, err := want[2].Score(context.WithoutCancel(t.Context()), s); got != score || err != nil {
			t.Errorf("score = %v, %v, want %v", got, err, score)
		}
	}
	var wg sync.WaitGroup
	for i := range 2 * claims {
		wg.Go(func() { same((claims-1)*i%claims, []domain.Each{nil, backwards}[i%2]) })
	}
	wg.Wait()
	for _, m := range []domain.Model{want[0], first.Naive()} {
		if out, err := m.Infer(t.Context(), c.Input); err != nil || out.Len() == 0 || !canon.Finite(out) {
			t.Errorf("Infer(%#v) = %#v, %v", c.Input, out, err)
		}
		bad := c.Input.Clone().Set("no such member", 1)
		if out, err := m.Infer(t.Context(), bad); !errors.Is(err, domain.ErrInput) {
			t.Errorf("Infer(%#v) = %#v, %v, want ErrInput", bad, out, err)
		}
	}
}

// backwards is a domain.Each on one goroutine, the last first.
func backwards(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	for i := n - 1; i >= 0; i-- {
		if err := do(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// cases checks that the errors of the validation cases are those that the performance is the mean of.
func (c *Case) cases(t *testing.T, d Domain, m domain.Model) {
	t.Helper()
	for _, m := range []domain.Model{m, d.Naive()} {
		n := d.Describe().Cases
		if len(m.Cases()) != n || n == 0 {
			t.Fatalf("%d cases, %d described", len(m.Cases()), n)
		}
		sum := 0.0
		for _, e := range m.Cases() {
			sum += float64(e) * domain.CaseUnit
		}
		Near(t, "mean of the cases' errors", sum/float64(n), -m.Performance(), 1e-5*max(1, -m.Performance()))
	}
}

// instructionSets checks that every implementation of the engine gives one result.
func (c *Case) instructionSets(t *testing.T) {
	var want domain.Model
	for _, isa := range vec.Supported() {
		t.Setenv(vec.ISAVariable, string(isa))
		m := Claim(t, c.Open(), c.Genome, 7)
		if want == nil {
			want = m
		}
		if m.Digest() != want.Digest() || m.Performance() != want.Performance() {
			t.Errorf("%s: digest %s, performance %v; want %s, %v", isa,
				m.Digest(), m.Performance(), want.Digest(), want.Performance())
		}
	}
	t.Setenv(vec.ISAVariable, "none")
	d := c.Open()
	if m, err := d.Claim(t.Context(), d.Parameters(c.Genome), []uint64{7}, nil); !errors.Is(err, vec.ErrISA) {
		t.Errorf("an unknown instruction set: %v, %v, want ErrISA", m, err)
	}
}

func (c *Case) cancelled(t *testing.T) {
	d := c.Open()
	s, err := d.Generate(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, claim := d.Claim(ctx, d.Parameters(c.Genome), []uint64{1}, nil)
	_, try := d.Try(ctx, domain.Trial{Parameters: d.Parameters(c.Genome)}, nil)
	_, generate := d.Generate(ctx, 1)
	_, score := d.Naive().Score(ctx, s)
	_, infer := d.Naive().Infer(ctx, c.Input)
	for call, err := range map[string]error{"Claim": claim, "Try": try, "Generate": generate, "Score": score, "Infer": infer} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want Canceled", call, err)
		}
	}
}

// sick is a trainer whose runs diverge, but for those with one key.
type sick struct{ healthy rng.Key }

func (s sick) Train(ctx context.Context, task *nn.Task) (*nn.Result, error) {
	if task.Key != s.healthy {
		return &nn.Result{Status: nn.Diverged, StopStep: 3}, nil
	}
	return cpu.Device{}.Train(ctx, task)
}

// diverged checks claims all or some of whose trainings diverge.
func (c *Case) diverged(t *testing.T) {
	claim := func(healthy uint64) (Domain, domain.Model) {
		d := c.Open()
		task, err := d.Training(d.Parameters(c.Genome), healthy, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		d.TrainOn(sick{task.Key})
		m, err := d.Claim(t.Context(), d.Parameters(c.Genome), []uint64{1, 2}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return d, m
	}
	d, m := claim(9)
	if p := m.Performance(); p == p || len(m.Digest()) != 64 || !canon.Finite(m.Metrics()) || m.Cases() != nil {
		t.Errorf("performance %v, digest %q, metrics %#v, %d cases", m.Performance(), m.Digest(), m.Metrics(), len(m.Cases()))
	}
	s, err := d.Generate(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if score, err := m.Score(t.Context(), s); !errors.Is(err, domain.ErrDiverged) {
		t.Errorf("score = %v, %v, want ErrDiverged", score, err)
	}
	got, err := m.Infer(t.Context(), c.Input)
	want, _ := d.Naive().Infer(t.Context(), c.Input)
	if err != nil || !canon.Equal(got, want) {
		t.Errorf("Infer(%#v) = %#v, %v, want the naive %#v", c.Input, got, err, want)
	}
	tried, err := d.Try(t.Context(), domain.Trial{Parameters: d.Parameters(c.Genome)}, nil)
	if p := tried.Performance; p == p || tried.Status != "diverged" || err != nil {
		t.Errorf("a trial that diverges: %+v, %v", tried, err)
	}
	// One seed's trainings are whole, the other's are not: the first alone is the claim's model.
	d, m = claim(1)
	alone, err := c.Open().Claim(t.Context(), d.Parameters(c.Genome), []uint64{1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if m.Performance() != alone.Performance() || m.Digest() == alone.Digest() || !slices.Equal(m.Cases(), alone.Cases()) {
		t.Errorf("half of a claim has the performance %v, its healthy seed %v", m.Performance(), alone.Performance())
	}
}

// synthetic checks that synthetic data are a function of data and seed, and that others are refused.
func (c *Case) synthetic(t *testing.T) {
	a, b := c.Open(), c.Open()
	seen := map[string]uint32{}
	for _, seed := range []uint32{0, 1, 2, math.MaxUint32} {
		x, err := a.Generate(t.Context(), seed)
		if err != nil {
			t.Fatal(err)
		}
		y, err := b.Generate(t.Context(), seed)
		if err != nil || x.Hash != y.Hash || !slices.Equal(x.Series, y.Series) {
			t.Errorf("seed %d gives two data sets (%v)", seed, err)
		}
		if other, ok := seen[x.Hash]; ok {
			t.Errorf("seeds %d and %d give one data set", seed, other)
		}
		seen[x.Hash] = seed
		if score, err := a.Naive().Score(t.Context(), x); !(score > 0) || err != nil {
			t.Errorf("seed %d: naive score %v, %v", seed, score, err)
		}
		x.Series[len(x.Series)/2] = math.Inf(1)
		for _, bad := range []*domain.Synthetic{x, {}, {Target: []float64{1}}} {
			if got, err := a.Naive().Score(t.Context(), bad); !errors.Is(err, domain.ErrSynthetic) {
				t.Errorf("score = %v, %v, want ErrSynthetic", got, err)
			}
		}
	}
}

// update has Golden and Pinned rewrite their files.
var update = flag.Bool("update", false, "rewrite the golden files")

// Golden pins the bits of a recipe with the seeds 42 and 43, and of the synthetic data with the same seed, in a file.
func Golden(t *testing.T, file string, d Domain, g genome.Genome) {
	t.Helper()
	m := Claim(t, d, g, 42, 43)
	s, err := d.Generate(t.Context(), 42)
	if err != nil {
		t.Fatal(err)
	}
	Pinned(t, file, canon.NewObject(
		"recipe", d.Parameters(g), "seeds", []any{int64(42), int64(43)}, "digest", m.Digest(), "performance", m.Performance(), "metrics", m.Metrics(),
		"synthetic_hash", s.Hash, "synthetic_score", Score(t, m, s), "naive_score", Score(t, d.Naive(), s)))
}

// Pinned compares an object with the one in a file.
func Pinned(t *testing.T, file string, o *canon.Object) {
	t.Helper()
	got := append(canon.AppendIndent(nil, o), '\n')
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// Claim makes the claim of a genome.
func Claim(t testing.TB, d domain.Domain, g genome.Genome, seeds ...uint64) domain.Model {
	t.Helper()
	m, err := d.Claim(t.Context(), d.Parameters(g), seeds, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Network trains the network of a genome on a fold.
func Network(t testing.TB, d Domain, g genome.Genome, seed uint64, fold int) *nn.Network {
	t.Helper()
	task, err := d.Training(d.Parameters(g), seed, fold, 1)
	if err != nil {
		t.Fatal(err)
	}
	r, err := nn.Train(t.Context(), task.Config, task.Key, task.Train, task.Validation)
	if err != nil {
		t.Fatal(err)
	}
	return r.Network
}

// Metric returns a metric of a model.
func Metric(t testing.TB, m domain.Model, key string) float64 {
	t.Helper()
	v, err := m.Metrics().Float(key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Score scores a model on synthetic data.
func Score(t testing.TB, m domain.Model, s *domain.Synthetic) float64 {
	t.Helper()
	score, err := m.Score(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return score
}

// BeatsNaive checks that a model has less than half of the naive model's error on synthetic data, and that its performance
// is the negative of the metric named.
func BeatsNaive(t *testing.T, d domain.Domain, m domain.Model, metric string, seed uint32) {
	t.Helper()
	if m.Performance() != -Metric(t, m, metric) {
		t.Errorf("performance %v, %s %v", m.Performance(), metric, Metric(t, m, metric))
	}
	s, err := d.Generate(t.Context(), seed)
	if err != nil {
		t.Fatal(err)
	}
	if score, naive := Score(t, m, s), Score(t, d.Naive(), s); !(score >= 0 && score < naive/2) {
		t.Errorf("synthetic data %d: score %v is not far below the naive %v", seed, score, naive)
	}
}

// Near checks a number.
func Near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

// Bench trains a genome with one seed after another.
func Bench(b *testing.B, d domain.Domain, g genome.Genome) {
	b.Helper()
	for seed := uint64(0); b.Loop(); seed++ {
		Claim(b, d, g, seed)
	}
}

// Refuses checks that a configuration is refused, with the text want in the reason.
func Refuses(t *testing.T, parse func(*canon.Object) error, config, want string) {
	t.Helper()
	o, err := canon.ParseObject([]byte(config))
	if err != nil {
		t.Fatal(err)
	}
	if err := parse(o); !errors.Is(err, domain.ErrConfig) || !strings.Contains(err.Error(), want) {
		t.Errorf("parse(%s): error %v, want ErrConfig with %q", config, err, want)
	}
}
