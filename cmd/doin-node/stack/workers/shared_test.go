package workers

import (
	"context"
	"os"
	"testing"

	"doin.network/node/compute/worker"
)

// TestMain is also a program of a plugin: one that evaluates and nothing else, or (argument "searches") one that searches.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != "as-program" {
		os.Exit(m.Run())
	}
	d := worker.Description{Name: "program", Version: "1", Device: "none", Workers: 1}
	if len(os.Args) == 2 {
		d.Capabilities = []worker.Capability{worker.EvaluateOnly}
	}
	if err := worker.Serve(context.Background(), os.Stdin, os.Stdout, worker.ServerOptions{Description: d}); err != nil {
		os.Exit(1)
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
