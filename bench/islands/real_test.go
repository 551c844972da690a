//go:build unix

package islands

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/compute/domain"
	"doin.network/node/ga/island"
	"doin.network/node/internal/canon"
)

func object(t *testing.T, text string) *canon.Object {
	t.Helper()
	o, err := canon.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestNodeConfig: the node takes what every arrangement makes.
func TestNodeConfig(t *testing.T) {
	for _, name := range []string{Quadratic, Forecast} {
		c := DefaultConfig()
		path := ""
		if c.Domain = name; name == Forecast {
			c.Goals, path = []float64{-1}, "testdata/co2.json"
		}
		c.Migration.Topology = island.Ring
		if err := c.complete(); err != nil {
			t.Fatal(err)
		}
		p, err := newProblem(name, path)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range plan(&c, Loopback) {
			data := canon.Default(nodeConfig(&c, p, &a, 7))
			cfg, warnings, err := config.Parse(name, data)
			if err != nil || len(warnings) > 0 {
				t.Fatalf("%s %s: %v, %v\n%s", a.strategy, a.kind, err, warnings, data)
			}
			if got, want := cfg.Domains[0].Migration.Topology == island.Ring, a.kind == Islands; got != want {
				t.Errorf("%s %s: topology %s", a.strategy, a.kind, cfg.Domains[0].Migration.Topology)
			}
		}
	}
}

// TestReal runs a network of two node processes and one alone.
func TestReal(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the programs and takes some seconds")
	}
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", dir+string(filepath.Separator), "../../cmd/doin-node", "../../cmd/doin-worker")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	c := DefaultConfig()
	c.Nodes, c.Seeds, c.Strategies, c.Goals = []int{2}, 1, []string{domain.StrategyHillClimber}, []float64{-300}
	c.NodeExe, c.Pace, c.Timeout, c.Parallel = filepath.Join(dir, "doin-node"), 300*time.Millisecond, 2*time.Minute, 1
	r, err := Real(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Alone != 1 || r.Repeated != 1 {
		t.Errorf("%d of %d runs of one node took the rounds of the simulation", r.Repeated, r.Alone)
	}
	for _, x := range r.Rows {
		if x.Reached != 1 || x.MeanRounds < 1 || x.Kind != Same && x.MeanSeconds <= 0 {
			t.Errorf("%s: %+v", x.name(), x)
		}
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	var text strings.Builder
	if err := r.WriteMarkdown(&text, "the test", time.Unix(0, 0)); err != nil || !strings.Contains(text.String(), "1 took exactly the rounds") {
		t.Errorf("%v\n%s", err, text.String())
	}
}

// TestRealFails: a program that ends at once is an error with its last words.
func TestRealFails(t *testing.T) {
	exe := filepath.Join(t.TempDir(), "node")
	if err := os.WriteFile(exe, []byte("#!/bin/sh\necho no such luck >&2\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := DefaultConfig()
	c.Nodes, c.Seeds, c.NodeExe = []int{1}, 1, exe
	if _, err := Real(t.Context(), c); err == nil || !strings.Contains(err.Error(), "no such luck") {
		t.Errorf("Real = %v", err)
	}
}
