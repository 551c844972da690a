package workers

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	domains "doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
)

// TestMain is also a program of a plugin: one that evaluates and nothing else, or (argument "searches") one that searches.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != "as-program" {
		os.Exit(m.Run())
	}
	d := worker.Description{Name: "program", Version: "1", Device: "none", Workers: 1, Plugins: []string{"nothing"}}
	if len(os.Args) == 2 {
		d.Capabilities = []worker.Capability{worker.EvaluateOnly}
	}
	o := worker.ServerOptions{Description: d, NewDomain: func(string, *canon.Object) (domains.Domain, error) {
		if len(os.Args) > 2 {
			return nil, errors.New("of no use")
		}
		return nothing{}, nil
	}}
	if err := worker.Serve(context.Background(), os.Stdin, os.Stdout, o); err != nil {
		os.Exit(1)
	}
}

// nothing is a domain to be described.
type nothing struct{ domains.Domain }

func (nothing) Describe() domains.Description {
	return domains.Description{Plugin: "nothing", DataHash: "none", HigherIsBetter: true, Baselines: canon.NewObject(), Defaults: canon.NewObject(),
		Space: genome.Space{{Name: "x", Kind: genome.Real, High: 1}}}
}

// Naive is none.
func (nothing) Naive() domains.Model { return nil }

// TestSynthetic: a program that only evaluates makes no synthetic data, whoever searches for it.
func TestSynthetic(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f := func(role, args string) error {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cfg := testConfig(t, `{"domains": [{"domain_id": "d", `+role+`, "has_synthetic_data": true, "optimization_plugin": "exec:`+exe+` as-program`+args+`"}]}`)
		w, err := Find(ctx, cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() error { return w.Run(ctx) })
		g.Go(func() error {
			defer cancel()
			_, err := w.Configure(ctx, cfg.Domains[0])
			return err
		})
		return g.Wait()
	}
	for _, role := range []string{`"optimize": true`, `"evaluate": true`} {
		if err := f(role, ""); err == nil || !strings.Contains(err.Error(), "has_synthetic_data: must be false") {
			t.Errorf("%s: %v, want an error about has_synthetic_data", role, err)
		}
		if err := f(role, " searches"); err == nil || strings.Contains(err.Error(), "has_synthetic_data") {
			t.Errorf("%s of a program that searches: %v, want the one about its domain", role, err)
		}
	}
}

// TestShared asks programs whether they search themselves.
func TestShared(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f := func(plugin, role string, want bool) {
		t.Helper()
		cfg := testConfig(t, `{"domains": [{"domain_id": "d", `+role+`, "optimization_plugin": "`+plugin+`"}]}`)
		if got, err := shared(t.Context(), cfg.Domains[0], t.TempDir()); err != nil || got != want {
			t.Errorf("shared(%s, %s) = %v, %v, want %v", plugin, role, got, err, want)
		}
	}
	f("forecast", `"optimize": true`, true)
	f("exec:"+exe+" as-program", `"optimize": true`, true)
	f("exec:"+exe+" as-program searches", `"optimize": true`, false)
	f("exec:"+exe+" as-program", `"evaluate": true`, false)
}
