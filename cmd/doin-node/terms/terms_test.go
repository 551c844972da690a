package terms

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/canon"
)

const sample = "month,co2\n1958-03,315.71\n"

// open parses the configuration of one forecasting domain.
func open(t *testing.T, dir, settings string) *config.Config {
	t.Helper()
	cfg, _, err := config.Parse("node.json", []byte(`{"data_dir": "`+dir+`", "domains": [{"domain_id": "d", "evaluate": true, "metric_type": "mae",
		"optimization_plugin": "forecast", "optimization_config": {`+settings+`}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// founded is a genesis file with the terms of such a domain.
func founded(t *testing.T, cfg *config.Config) *chain.Genesis {
	t.Helper()
	inForce := canon.NewObject("data", "x", "space", []any{}, "period", 12, "folds", 2, "population", 9, "patience", 7)
	bound, files, err := Bind(&cfg.Domains[0], inForce)
	if err != nil {
		t.Fatal(err)
	}
	d := chain.DefaultDomain("d")
	d.Plugin, d.Config, d.Files = cfg.Domains[0].Plugin(), bound, files
	return &chain.Genesis{Domains: []chain.Domain{d}}
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a b.csv")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBind(t *testing.T) {
	g := founded(t, open(t, t.TempDir(), `"data": "`+file(t, sample)+`", "max_steps": 10, "ga": {"elites": 1}, "population": 4`))
	d := g.Domains[0]
	if got, want := string(canon.Canonical(d.Config)), `{"folds": 2, "max_steps": 10, "patience": 7, "period": 12}`; got != want {
		t.Errorf("settings %s, want %s", got, want)
	}
	want := chain.File{Key: "data", Name: "a_b.csv", Size: int64(len(sample))}
	want.SHA256, _, _ = Hash(file(t, sample))
	if len(d.Files) != 1 || d.Files[0] != want {
		t.Errorf("files %+v, want %+v", d.Files, want)
	}
	if _, _, err := Bind(&open(t, ".", `"data": "none.csv"`).Domains[0], nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Bind of a missing file = %v", err)
	}
	for path, want := range map[string]string{"/x/größe.csv": "gr__e.csv", ".hidden": "hidden", "..": "file", strings.Repeat("x", 200): strings.Repeat("x", 128)} {
		if got := fileName(path); got != want || !chain.IsFileName(got) {
			t.Errorf("fileName(%.20q) = %q, want %q", path, got, want)
		}
	}
}

// TestApply: what is missing is completed, what contradicts is named.
func TestApply(t *testing.T) {
	data := file(t, sample)
	g := founded(t, open(t, t.TempDir(), `"data": "`+data+`", "max_steps": 10`))
	dir := t.TempDir()
	place := Place(dir, g.Domains[0].Files[0])
	f := func(settings, wantData, wantErr string) {
		t.Helper()
		cfg := open(t, dir, settings)
		err := Apply(cfg, g)
		if wantErr != "" {
			if !errors.Is(err, ErrTerms) || !strings.Contains(err.Error(), wantErr) || !strings.Contains(err.Error(), `domain "d"`) {
				t.Errorf("%s: Apply = %v, want %q", settings, err, wantErr)
			}
			return
		}
		o := cfg.Domains[0].OptimizationConfig
		path, _ := o.Get("data")
		period, _ := o.Get("period")
		if err != nil || path != wantData || period != int64(12) || !o.Has("max_steps") {
			t.Errorf("%s: Apply = %v: %s, want data %s", settings, err, canon.Default(o), wantData)
		}
	}
	f(``, place, "")
	f(`"data": "`+data+`", "max_steps": 10.0, "ga": {"elites": 1}`, data, "")
	f(`"data": "not here.csv"`, place, "")
	f(`"max_steps": 11`, "", "max_steps is 11 here, 10 there")
	f(`"horizon": 3`, "", "horizon is 3 here and absent there")

	cfg := open(t, dir, "")
	cfg.Domains[0].OptimizationPlugin = "tabular"
	if err := Apply(cfg, g); !errors.Is(err, ErrTerms) || !strings.Contains(err.Error(), `"tabular" here, "forecast" there`) {
		t.Errorf("another plugin: %v", err)
	}
	for name, v := range map[string]any{"data": "/etc/passwd", "ga": canon.NewObject(), "population": 3} {
		hostile := founded(t, open(t, t.TempDir(), `"data": "`+data+`"`))
		hostile.Domains[0].Config.Set(name, v)
		if err := Apply(open(t, dir, ""), hostile); !errors.Is(err, ErrTerms) || !strings.Contains(err.Error(), "each node's own") {
			t.Errorf("a genesis file that binds %s: %v", name, err)
		}
	}
	hostile := founded(t, open(t, t.TempDir(), `"data": "`+data+`"`))
	hostile.Domains[0].Files[0].Key = "ga"
	if err := Apply(open(t, dir, ""), hostile); !errors.Is(err, ErrTerms) {
		t.Errorf("a file under a key that is none: %v", err)
	}
}

func TestPlugin(t *testing.T) {
	f := func(a, b string, want bool) {
		t.Helper()
		if got := plugin(a) == plugin(b); got != want {
			t.Errorf("%q is %q: %v, want %v", a, b, got, want)
		}
	}
	f("exec:./p.py x", "exec:/home/me/p.py  x", true)
	f("exec:./p.py x", "exec:./p.py y", false)
	f("exec:./p.py", "p.py", false)
	f("quadratic", "simple_quadratic", true)
	f("forecast", "tabular", false)
}

// TestCheck: other bytes are refused by name, with both hashes.
func TestCheck(t *testing.T) {
	data := file(t, sample)
	g := founded(t, open(t, t.TempDir(), `"data": "`+data+`"`))
	cfg := open(t, t.TempDir(), `"data": "`+data+`"`)
	if err := errors.Join(Apply(cfg, g), CheckAll(cfg, g)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(data, []byte(strings.ToUpper(sample)), 0o644); err != nil {
		t.Fatal(err)
	}
	sum, _, err := Hash(data)
	if err != nil {
		t.Fatal(err)
	}
	err = CheckAll(cfg, g)
	for _, want := range []string{`domain "d"`, data, sum, g.Domains[0].Files[0].SHA256} {
		if !errors.Is(err, ErrTerms) || !strings.Contains(err.Error(), want) {
			t.Errorf("CheckAll = %v, want %q in it", err, want)
		}
	}
	cfg = open(t, t.TempDir(), "")
	if err := errors.Join(Apply(cfg, g), CheckAll(cfg, g)); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "doin-node join") {
		t.Errorf("CheckAll without the file = %v", err)
	}
}
