package block

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
	"doin.network/node/kernels/host"
)

// program compiles the project's kernels for the processor; the test is skipped, loudly, where there is no compiler.
func program(t testing.TB, o host.Options) string {
	t.Helper()
	p, err := host.Build(t.Context(), "", o)
	if errors.Is(err, host.ErrNoCompiler) {
		t.Skip("LEFT OUT: no C++ compiler for the kernels")
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// start returns a device that runs the kernels on the processor.
func start(t testing.TB, o host.Options, c host.Config) *host.Device {
	t.Helper()
	d, err := host.Start(context.WithoutCancel(t.Context()), program(t, o), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// engine returns an engine on a device.
func engine(t testing.TB, d Device, o Options) *Engine {
	t.Helper()
	e, err := New(d, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// committed returns the tasks of compute/nn's test data and the roots of their digests.
func committed(t testing.TB) (names []string, tasks []nn.Task, roots map[string]string) {
	t.Helper()
	folder := "../../nn/testdata"
	b, err := os.ReadFile(filepath.Join(folder, "roots.json"))
	if err == nil {
		err = json.Unmarshal(b, &roots)
	}
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "tasks", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		o, err := canon.ParseObject(b)
		if err != nil {
			t.Fatal(err)
		}
		task, err := nn.ParseTask(o)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".json"))
		tasks = append(tasks, *task)
	}
	if len(names) == 0 || len(names) != len(roots) {
		t.Fatalf("%d tasks and %d roots", len(names), len(roots))
	}
	return names, tasks, roots
}

// compare trains tasks and compares the digests.
func compare(t *testing.T, e *Engine, names []string, tasks []nn.Task, roots map[string]string) {
	t.Helper()
	results, err := e.TrainAll(t.Context(), tasks, nil)
	if err != nil {
		t.Fatal(err)
	}
	bad := 0
	for i, r := range results {
		digest := r.Digest()
		if got, want := hex.EncodeToString(digest[:]), roots[names[i]]; got != want {
			bad++
			if bad <= 20 {
				t.Errorf("%s: root %.16s, want %.16s (%v at %d, loss %v)", names[i], got, want, r.Status, r.StopStep, r.ValidationLoss)
			}
		}
	}
	if bad > 0 {
		t.Errorf("%d of %d digests differ", bad, len(results))
	}
}

// builds are the ways in which the kernels are compiled for the tests.
var (
	fast = host.Options{Optimization: "-O3"}
	// sanitized finds bad addresses, reads of memory that nothing wrote (as NaN), and undefined operations.
	sanitized = host.Options{Optimization: "-O0", Sanitize: true}
	// raced finds accesses that no barrier orders.
	raced = host.Options{Optimization: "-O1", Races: true}
)
