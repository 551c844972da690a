package program

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"doin.network/node/cmd/doin-worker/search"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
)

// TestMain is also the program: one that evaluates and nothing else, or (argument "searches") one that says it searches.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "as-program" {
		d := worker.Description{Name: "squares", Version: "1", Device: "none", Workers: 2, Plugins: []string{"squares"}}
		if len(os.Args) == 2 {
			d.Capabilities = []worker.Capability{worker.EvaluateOnly, "of the future"}
		}
		err := worker.Serve(context.Background(), os.Stdin, os.Stdout, worker.ServerOptions{Description: d,
			NewDomain: func(string, *canon.Object) (domain.Domain, error) { return squares{}, nil }})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var space = genome.Space{{Name: "a", Kind: genome.Real, Low: -4, High: 4}, {Name: "b", Kind: genome.Real, Low: -4, High: 4}}

// squares has its best, 0, at a = 1, b = −2; it is its own model's maker.
type squares struct{ domain.Domain }

func (squares) Describe() domain.Description {
	return domain.Description{Plugin: "squares", Space: space, DataHash: "d", PerformanceMetric: "fit", HigherIsBetter: true,
		Strategy: domain.StrategyGA, Baselines: canon.NewObject(), ContractVersion: "test", Defaults: canon.NewObject()}
}

func (squares) Check(p *canon.Object) error {
	_, err := space.Parse(p)
	return err
}

// Naive has no performance.
func (squares) Naive() domain.Model { return (*Domain)(nil).Naive() }

func (squares) Claim(_ context.Context, p *canon.Object, _ []uint64, _ domain.Each) (domain.Model, error) {
	g, err := space.Parse(p)
	if err != nil {
		return nil, err
	}
	switch {
	case g[0] == 4:
		return nil, fmt.Errorf("%w: too far", domain.ErrRecipe)
	case g[0] == -4:
		os.Exit(3)
	}
	f := -(g[0]-1)*(g[0]-1) - (g[1]+2)*(g[1]+2)
	return &model{out: worker.Outcome{Performance: f, Digest: "00", Metrics: canon.NewObject("fit", f)}}, nil
}

func config() *canon.Object { return canon.NewObject() }

func plugin(t *testing.T, args string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return "exec:" + exe + " as-program" + args
}

func programs(t *testing.T) *Programs {
	p := New(t.TempDir(), worker.Limits{}, slog.New(slog.DiscardHandler))
	t.Cleanup(p.Close)
	return p
}

func TestOpenRefuses(t *testing.T) {
	p := programs(t)
	if _, ok, err := p.Open("forecast", config()); ok || err != nil {
		t.Errorf("Open(forecast) = %v, %v, want another form", ok, err)
	}
	for _, name := range []string{"exec:", "exec:./nothing-here", plugin(t, " searches")} {
		if _, ok, err := p.Open(name, config()); !ok || err == nil {
			t.Errorf("Open(%s) = %v, %v, want an error", name, ok, err)
		}
	}
}

// A recipe that the program refuses, or dies over, is a failed trial with the reason; without a program there is no answer.
func TestFailedTrial(t *testing.T) {
	p := programs(t)
	d, _, err := p.Open(plugin(t, ""), config())
	if err != nil {
		t.Fatal(err)
	}
	out, err := d.Try(t.Context(), domain.Trial{Parameters: space.Object(genome.Genome{4, 0}), Seed: 1}, nil)
	if reason, _ := out.Metrics.String("error"); err != nil || out.Status != worker.StatusFailed || !math.IsNaN(out.Performance) || !strings.Contains(reason, "too far") {
		t.Errorf("Try() = %+v, %v, want one that failed because it is too far", out, err)
	}
	out, err = d.Try(t.Context(), domain.Trial{Parameters: space.Object(genome.Genome{-4, 0}), Seed: 1}, nil)
	if reason, _ := out.Metrics.String("error"); err != nil || out.Status != worker.StatusFailed || !strings.Contains(reason, "died") {
		t.Errorf("Try() of what the program dies over = %+v, %v, want one that failed", out, err)
	}
	if out, err = d.Try(t.Context(), domain.Trial{Parameters: space.Object(genome.Genome{1, -2}), Seed: 1}, nil); err != nil || out.Performance != 0 {
		t.Errorf("Try() with the next program = %+v, %v, want 0", out, err)
	}
	p.Close()
	if out, err = d.Try(t.Context(), domain.Trial{Parameters: space.Object(genome.Genome{1, -2}), Seed: 2}, nil); !errors.Is(err, worker.ErrClosed) {
		t.Errorf("Try() after Close() = %+v, %v, want ErrClosed", out, err)
	}
}

// pool trains in this process.
type pool struct{ d domain.Domain }

func (p pool) Do(_ context.Context, f func() error) error { return f() }

func (p pool) Try(ctx context.Context, list []domain.Trial) ([]domain.Tried, error) {
	out, err := p.d.Try(ctx, list[0], nil)
	if err != nil {
		return nil, err
	}
	return []domain.Tried{out}, nil
}

// Our search finds what a program evaluates, and two domains of one program share its process.
func TestSearch(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p := programs(t)
	d, ok, err := p.Open(plugin(t, ""), config())
	if !ok || err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Open(plugin(t, ""), config()); err != nil || len(p.running) != 1 {
		t.Errorf("a second domain: %v, %d programs", err, len(p.running))
	}
	if err := d.Check(canon.NewObject("no", 1)); !errors.Is(err, domain.ErrRecipe) {
		t.Errorf("Check() = %v, want ErrRecipe", err)
	}
	if _, err := d.Generate(ctx, 1); !errors.Is(err, worker.ErrUnsupported) {
		t.Errorf("Generate() = %v, want ErrUnsupported", err)
	}
	s, err := search.New(worker.SearchSpec{Domain: d, Seed: 1, Settings: canon.NewObject("population", 8), Pool: pool{d}, Slots: 2})
	if err != nil {
		t.Fatal(err)
	}
	var first, last *worker.Record
	for range 10 {
		if last, err = s.Generation(ctx, nil); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = last
		}
	}
	if last.Best == nil || !(last.Best.Fitness > first.Best.Fitness) || last.Best.Fitness < -2 {
		t.Errorf("best %v after one generation, %v after ten", first.Best, last.Best)
	}
	m, err := d.Claim(ctx, last.Best.Parameters, []uint64{last.Best.Seed, 5}, nil)
	if err != nil || m.Performance() != last.Best.Fitness || m.Digest() == "" {
		t.Fatalf("trained again: %v, %v, want %v", m, err, last.Best.Fitness)
	}
	answer, err := m.Infer(ctx, canon.NewObject())
	if err != nil {
		t.Fatal(err)
	}
	if p, err := answer.Object("parameters"); err != nil || !canon.Equal(p, last.Best.Parameters) {
		t.Errorf("Infer() = %v, want the recipe", answer)
	}
}
