package search

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/open"
	"doin.network/node/compute/worker"
	"doin.network/node/compute/worker/table"
	"doin.network/node/ga/meta"
	"doin.network/node/ga/prior"
	"doin.network/node/internal/canon"
)

// pool trains in this process, n at a time.
type pool struct {
	d domain.Domain
	n int
}

func (p *pool) Do(_ context.Context, f func() error) error { return f() }

func (p *pool) Try(ctx context.Context, list []domain.Trial) ([]domain.Tried, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out := make([]domain.Tried, len(list))
	next := make(chan int)
	var wg sync.WaitGroup
	for range p.n {
		wg.Go(func() {
			for i := range next {
				m, err := p.d.Try(ctx, list[i], nil)
				if err != nil {
					out[i] = domain.Tried{Performance: -1e12, Status: "failed: " + err.Error()}
					continue
				}
				out[i] = m
			}
		})
	}
	for i := range list {
		next <- i
	}
	close(next)
	wg.Wait()
	return out, nil
}

func parse(t *testing.T, text string) *canon.Object {
	t.Helper()
	o, err := canon.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

const (
	quadratic = `{"n_params": 4, "target": [1.0, -2.0, 3.0, 0.5]}`
	forecast  = `{"data": "../../../examples/co2/mauna_loa_co2_monthly.csv", "max_steps": 20, "max_parameters": 200, "eval_every": 10}`
)

// run makes n generations from resume (nil: the first) and returns their encoded
// records; from generation 3 on an immigrant arrives, the recipe given.
func run(t *testing.T, plugin, config, settings string, workers, n int, resume []byte, immigrant *canon.Object, taught ...byte) [][]byte {
	t.Helper()
	d, err := open.New(plugin, parse(t, config))
	if err != nil {
		t.Fatal(err)
	}
	spec := worker.SearchSpec{Domain: d, Seed: 77, Settings: parse(t, settings), Pool: &pool{d, max(workers, 1)}, Slots: workers, Window: 5, Prior: taught}
	if resume != nil {
		if spec.Resume, err = worker.DecodeRecord(memory.DefaultAllocator, resume, 1<<26); err != nil {
			t.Fatal(err)
		}
	}
	s, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if c, ok := s.(interface{ Close() }); ok {
		defer c.Close()
	}
	defer cancel()
	var out [][]byte
	for range n {
		generation := len(out)
		if spec.Resume != nil {
			generation += spec.Resume.Generation + 1
		}
		var immigrants []worker.Immigrant
		if generation == 3 && immigrant != nil {
			immigrants = []worker.Immigrant{{Parameters: immigrant, Performance: -0.001}, {Parameters: parse(t, `{"not": 1}`), Performance: -2}}
			if plugin == "quadratic" {
				immigrants = immigrants[:1]
			}
		}
		r, err := s.Generation(ctx, immigrants)
		if err != nil {
			t.Fatal(err)
		}
		if r.Generation != generation {
			t.Errorf("generation %d, want %d", r.Generation, generation)
		}
		data, err := r.Encode(memory.DefaultAllocator, table.Arrow)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, data)
	}
	return out
}

// records are those of run, decoded.
func records(t *testing.T, plugin, config, settings string, n int) (out []*worker.Record) {
	t.Helper()
	for _, data := range run(t, plugin, config, settings, 1, n, nil, nil) {
		r, err := worker.DecodeRecord(memory.DefaultAllocator, data, 1<<26)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

const sphere = `{"function": 1, "dimension": 3, "instance": 1}`

// lesson is a prior for spheres: what trials of eight others teach.
func lesson(t *testing.T) []byte {
	t.Helper()
	var trials []prior.Trial
	for task := range 8 {
		for i := range 12 {
			x := []float64{float64(i%4) - 2, float64(i%3) - 1, float64(i%5) - 2}
			f := 0.0
			for _, v := range x {
				f -= (v - float64(task)/8) * (v - float64(task)/8)
			}
			trials = append(trials, prior.Trial{Family: "bbob", Task: strconv.Itoa(task), Recipe: canon.NewObject("x", x), Performance: f})
		}
	}
	file, err := meta.Learn(t.Context(), trials, 1)
	if err != nil || !file.Families[0].Evidence.On {
		t.Fatalf("Learn: %v, %+v", err, file)
	}
	return file.Encode()
}

// TestMetaTells: a search with a prior says in its records what became of it; one that goes on with another prior is refused.
func TestMetaTells(t *testing.T) {
	taught := lesson(t)
	records := run(t, "bbob", sphere, `{"population": 12, "strategy": "meta"}`, 1, 2, nil, nil, taught...)
	r, err := worker.DecodeRecord(memory.DefaultAllocator, records[1], 1<<26)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := r.Advice.String("prior")
	checks, _ := r.Advice.ListOr("checks", nil)
	if err != nil || len(digest) != 64 || len(checks) == 0 {
		t.Errorf("advice %s, %v", canon.Canonical(r.Advice), err)
	}
	first, err := worker.DecodeRecord(memory.DefaultAllocator, records[0], 1<<26)
	if err != nil || !slices.ContainsFunc(first.Rows, func(r worker.Row) bool { return r.Origin == "offered" }) {
		t.Errorf("nothing in the first population was offered: %v", err)
	}
	d, err := open.New("bbob", parse(t, sphere))
	if err != nil {
		t.Fatal(err)
	}
	spec := worker.SearchSpec{Domain: d, Seed: 77, Settings: parse(t, `{"population": 12, "strategy": "meta"}`), Pool: &pool{d, 1}, Window: 5, Resume: r}
	if _, err := New(spec); !errors.Is(err, worker.ErrRefused) {
		t.Errorf("New of a record with another prior = %v, want ErrRefused", err)
	}
	spec.Prior = []byte("doin prior 0")
	if _, err := New(spec); !errors.Is(err, worker.ErrRefused) {
		t.Errorf("New with a damaged prior = %v, want ErrRefused", err)
	}
}

// TestTenIsFiveAndFive: a search in two parts, with any number of workers, is the
// search in one, trials under way at its record included; 0: no goroutines.
func TestTenIsFiveAndFive(t *testing.T) {
	f := func(name, plugin, config, settings string, immigrant *canon.Object) {
		t.Run(name, func(t *testing.T) {
			whole := run(t, plugin, config, settings, 1, 10, nil, immigrant)
			first := run(t, plugin, config, settings, 4, 5, nil, immigrant)
			second := run(t, plugin, config, settings, 0, 5, first[4], immigrant)
			for i, got := range append(first, second...) {
				if !bytes.Equal(got, whole[i]) {
					t.Fatalf("generation %d differs", i)
				}
			}
		})
	}
	f("climber", "quadratic", quadratic, `{}`, nil)
	f("climber with immigrant", "quadratic", quadratic, `{"strategy": "hill_climber"}`, parse(t, `{"x": [1.0, -2.0, 3.0, 0.25]}`))
	taught := lesson(t)
	whole := run(t, "bbob", sphere, `{"population": 12, "strategy": "meta"}`, 1, 8, nil, nil, taught...)
	first := run(t, "bbob", sphere, `{"population": 12, "strategy": "meta"}`, 4, 3, nil, nil, taught...)
	second := run(t, "bbob", sphere, `{"population": 12, "strategy": "meta"}`, 0, 5, first[2], nil, taught...)
	for i, got := range append(first, second...) {
		if !bytes.Equal(got, whole[i]) {
			t.Fatalf("meta with a prior: generation %d differs", i)
		}
	}
	best := run(t, "forecast", forecast, `{"population": 6}`, 2, 3, nil, nil)
	r, err := worker.DecodeRecord(memory.DefaultAllocator, best[2], 1<<26)
	if err != nil {
		t.Fatal(err)
	}
	f("ga", "forecast", forecast, `{"population": 6, "patience": 2}`, nil)
	f("ga with immigrant", "forecast", forecast, `{"population": 7, "immigrants": 2, "strategy": "ga"}`, r.Best.Parameters)
	f("catcma with immigrant", "forecast", forecast, `{"population": 7, "strategy": "catcma"}`, r.Best.Parameters)
	f("meta", "forecast", forecast, `{"population": 9, "strategy": "meta"}`, r.Best.Parameters)
	visitor := parse(t, `{"x": [1.0, -2.0, 3.0, 0.25]}`)
	f("portfolio", "bbob", `{"function": 8, "dimension": 3}`, `{"population": 6, "strategy": "portfolio"}`, nil)
	f("portfolio, window beyond a generation", "quadratic", quadratic, `{"population": 3, "strategy": "portfolio"}`, visitor)
	f("portfolio of mixed genes", "forecast", forecast, `{"population": 4, "strategy": "portfolio"}`, r.Best.Parameters)
	f("islands", "forecast", forecast, `{"population": 5, "islands": 3, "island_interval": 2}`, r.Best.Parameters)
	f("islands of several kinds", "quadratic", quadratic, `{"population": 5, "strategy": "ga", "islands": 4, "island_topology": "torus",
		"island_interval": 1, "island_settings": [{"strategy": "cma"}, {"mutation_sigma": 0.5}, {"strategy": "portfolio"}, {"strategy": "meta"}]}`, visitor)
	f("cma", "bbob", `{"function": 8, "dimension": 3}`, `{"population": 40, "strategy": "cma"}`, nil)
	f("cma with immigrant", "quadratic", quadratic, `{"population": 60, "strategy": "cma"}`, parse(t, `{"x": [1.0, -2.0, 3.0, 0.25]}`))
}

// CMA-ES comes nearer to a quadratic's optimum than the genetic search, in as many trials.
func TestCMA(t *testing.T) {
	best := func(settings string) float64 {
		records := run(t, "quadratic", quadratic, settings, 1, 40, nil, nil)
		r, err := worker.DecodeRecord(memory.DefaultAllocator, records[39], 1<<22)
		if err != nil {
			t.Fatal(err)
		}
		return r.Best.Fitness
	}
	if cma, ga := best(`{"strategy": "cma"}`), best(`{"strategy": "ga"}`); cma < -1e-7 || cma < ga {
		t.Errorf("best of 1280 trials: cma %v, ga %v", cma, ga)
	}
}

func TestRecordOfGA(t *testing.T) {
	records := run(t, "forecast", forecast, `{"population": 6}`, 2, 3, nil, nil)
	r, err := worker.DecodeRecord(memory.DefaultAllocator, records[2], 1<<26)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Rows[6:] {
		if row.Status != worker.StatusOpen || !math.IsNaN(row.Fitness) || row.Generation < 3 {
			t.Errorf("row %d: %s with %v of generation %d, want an open one of the next", row.Index, row.Status, row.Fitness, row.Generation)
		}
	}
	if len(r.Rows) != 6+4 || r.Best == nil || r.Strategy != "ga" || r.Evaluations != 18 || !(r.Average < 0 && r.Average > -1e9) {
		t.Errorf("record: %d rows, %d evaluations, average %v", len(r.Rows), r.Evaluations, r.Average)
	}
	d, err := open.New("forecast", parse(t, forecast))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range append(r.Rows[:6:6], *r.Best) {
		if err := d.Check(row.Parameters); err != nil {
			t.Errorf("row %d: %v", row.Index, err)
		}
		sum := 0.0
		for _, x := range row.Trainings {
			m, err := d.Try(t.Context(), domain.Trial{Parameters: row.Parameters, Seed: x.Seed}, nil)
			if err != nil || m.Performance != x.Performance {
				t.Errorf("row %d: trained again with seed %d: %v, %v, want %v", row.Index, x.Seed, m.Performance, err, x.Performance)
			}
			sum += x.Performance
		}
		if n := len(row.Trainings); n == 0 || row.Seeds != n || row.Trainings[0].Seed != row.Seed || row.Fitness != sum/float64(n) {
			t.Errorf("row %d: %v is not the mean of %v", row.Index, row.Fitness, row.Trainings)
		}
	}
}

func TestClimberImproves(t *testing.T) {
	records := run(t, "quadratic", quadratic, `{}`, 1, 200, nil, nil)
	last := -1e300
	for i, data := range records {
		r, err := worker.DecodeRecord(memory.DefaultAllocator, data, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if r.Best.Fitness < last {
			t.Fatalf("round %d: best fell from %v to %v", i, last, r.Best.Fitness)
		}
		last = r.Best.Fitness
	}
	if last < -10 {
		t.Errorf("best after 200 rounds = %v", last)
	}
}

func TestNewRefuses(t *testing.T) {
	q, err := open.New("quadratic", parse(t, quadratic))
	if err != nil {
		t.Fatal(err)
	}
	fc, err := open.New("forecast", parse(t, forecast))
	if err != nil {
		t.Fatal(err)
	}
	f := func(d domain.Domain, settings string, resume *worker.Record, want string) {
		t.Helper()
		_, err := New(worker.SearchSpec{Domain: d, Seed: 1, Settings: parse(t, settings), Resume: resume})
		if !errors.Is(err, worker.ErrRefused) || !strings.Contains(err.Error(), want) {
			t.Errorf("New(%s) = %v, want ErrRefused with %q", settings, err, want)
		}
	}
	f(q, `{"strategy": "annealing"}`, nil, "annealing")
	f(q, `{"strategy": 1}`, nil, "strategy")
	f(fc, `{"strategy": "cma"}`, nil, "catcma")
	f(q, `{"strategy": "cma"}`, &worker.Record{Strategy: "cma", Seed: 1}, "individuals")
	f(q, `{"population": 8}`, nil, "population")
	f(q, `{"strategy": "cma", "islands": 2}`, &worker.Record{Strategy: "cma", Seed: 1}, "record of 1 islands")
	f(q, `{"strategy": "cma"}`, &worker.Record{Strategy: "cma", Seed: 1, Extra: map[string]string{islandsKey: "2"}}, "record of 2 islands")
	f(q, `{"strategy": "cma", "islands": 2}`, &worker.Record{Strategy: "cma", Seed: 1, Extra: map[string]string{islandsKey: "2"}}, "no such part")
	f(q, `{"strategy": "portfolio"}`, &worker.Record{Strategy: "portfolio", Seed: 1}, "portfolio")
	f(fc, `{"islands": 2, "island_settings": [{"strategy": "cma"}]}`, nil, "island 0")
	f(fc, `{"islands": 2, "island_settings": [{"strategy": "hill_climber"}]}`, nil, "hill_climber")
	f(fc, `{"strategy": "hill_climber"}`, nil, "hill_climber")
	f(fc, `{"popu": 8}`, nil, "popu")
	f(fc, `{"population": 1}`, nil, "population")
	f(fc, `{}`, &worker.Record{Strategy: "ga", Seed: 2}, "seed")
	f(fc, `{}`, &worker.Record{Strategy: "hill_climber", Seed: 1}, "hill_climber")
	f(fc, `{}`, &worker.Record{Strategy: "ga", Seed: 1}, "individuals")
	f(q, `{}`, &worker.Record{Strategy: "hill_climber", Seed: 1}, "rounds_without_best")
	f(q, `{}`, &worker.Record{Strategy: "hill_climber", Seed: 1, Extra: map[string]string{bareKey: "1"}}, "no best")
}
