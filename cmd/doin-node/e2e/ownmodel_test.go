//go:build unix

package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"doin.network/node/compute/worker/conformance"
	"doin.network/node/internal/canon"
)

// ownWorker builds examples/own-model as docs/models.md says, in a module of its own outside the repository.
func ownWorker(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "main.go"), read(t, filepath.Join(root, "examples", "own-model", "main.go")))
	write(t, filepath.Join(dir, "go.sum"), read(t, filepath.Join(root, "go.sum"))) // so that nothing is downloaded
	for _, line := range []string{
		"go mod init example.com/own-model",
		"go mod edit -require doin.network/node@v0.0.0 -replace doin.network/node=" + top,
		"go build -mod=mod -o own-model main.go",
	} {
		cmd := exec.CommandContext(t.Context(), "go", strings.Fields(line)[1:]...)
		cmd.Dir = dir
		cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", "GOPROXY=off", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", line, err, out)
		}
	}
	return filepath.Join(dir, "own-model")
}

// TestOwnModel tries the example as a new user does: a worker with models of its own keeps every rule of the protocol, one that is lowered
// and one that Gorgonia runs, a node whose domain is exact refuses the latter, and one whose domain is not searches with both and has a verified champion.
func TestOwnModel(t *testing.T) {
	t.Parallel()
	exe := ownWorker(t)
	data, err := filepath.Abs(filepath.Join(root, "examples", "co2", "mauna_loa_co2_monthly.csv"))
	if err != nil {
		t.Fatal(err)
	}
	config := func(models ...any) *canon.Object {
		return canon.NewObject("data", data, "max_steps", 20, "max_parameters", 300, "folds", 1, "models", models)
	}
	for _, model := range []string{"wavy", "ripple"} {
		t.Run(model, func(t *testing.T) {
			conformance.Run(t, []string{exe, "--workers", "2"}, conformance.Config{Plugin: "forecast", Config: config(model),
				Settings: canon.NewObject("population", 4), InferInput: canon.NewObject()})
		})
	}
	rough := newHost(t, "exact", settings(canon.NewObject("domain_id", "co2", "optimize", true, "evaluate", true, "optimization_plugin", "forecast",
		"has_synthetic_data", true, "optimization_config", config("wavy", "ripple"))), "solo", true, "worker_path", exe)
	mentions(t, failed(t, rough.dir, "--config", "node.json", "--data-dir", "."), `model "ripple"`, "agreement")
	h := newHost(t, "own", settings(canon.NewObject("domain_id", "co2", "optimize", true, "evaluate", true, "optimization_plugin", "forecast",
		"has_synthetic_data", true, "seeds", 1, "agreement", canon.NewObject("within", "1/1000"),
		"optimization_config", config("wavy", "ripple").Set("population_size", 4))), "solo", true, "worker_path", exe)
	h.run()
	eventually(t, "a verified champion of an own model", func() error {
		o, err := h.get("/status")
		if err != nil {
			return err
		}
		c, err := member(t, member(t, o, "progress"), "co2").Object("champion")
		if err != nil {
			return err
		}
		if v, err := c.Bool("verified"); err != nil || !v {
			return fmt.Errorf("verified %v, %v", v, err)
		}
		return nil
	})
	h.stop(syscall.SIGTERM)
}
