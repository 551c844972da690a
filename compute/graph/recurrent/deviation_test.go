package recurrent_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/forecast"
	"doin.network/node/compute/graph/recurrent"
	"doin.network/node/compute/graph/tape"
	"doin.network/node/compute/rng"
	"doin.network/node/internal/agreement"
	"doin.network/node/internal/canon"
)

// The measurement of how far machines differ: TestDeviation builds this package's tests for every instruction set, runs TestClaims of each
// and compares the performances of the same claims. `make deviation` runs it and rewrites the results.
const (
	deviationFile = "testdata/deviation.json"
	writeTo       = "DOIN_DEVIATION_OUT" // where TestClaims writes its performances
	measure       = "DOIN_DEVIATION"     // set: TestDeviation measures
)

// deviation is the file of results.
type deviation struct {
	Machine string
	// Claims is how many claims each instruction set made, by model.
	Claims map[string]int
	// Against is, for each instruction set that was run and each model, the largest |a − b| ÷ max(|a|, |b|) of the performance of a
	// claim against the first set's, with the number of claims that are not the same bit for bit.
	Against map[string]map[string]worst
	// NotRun says why an instruction set was not.
	NotRun map[string]string
}

type worst struct {
	Relative  float64
	Different int
}

// sets are the instruction sets, of which the first is what the others are compared with.
var sets = []struct {
	name string
	env  []string
	run  string // what runs a program of a foreign one
}{
	{"amd64 v1", []string{"GOARCH=amd64", "GOAMD64=v1"}, ""},
	{"amd64 v3", []string{"GOARCH=amd64", "GOAMD64=v3"}, ""},
	{"arm64", []string{"GOARCH=arm64"}, "qemu-aarch64-static"},
}

// claimsOf is how many claims are made of each model on each series.
const claimsOf = 2

// series are what is forecast.
var series = map[string]string{
	"co2": `{"data": "../../../examples/co2/mauna_loa_co2_monthly.csv", "horizon": 3}`,
	"temperature": `{"data": "../../../bench/quality/testdata/series/seattle_hourly.csv", "time_column": "hour", "value_column": "temperature_c",
		"horizon": 24}`,
}

// TestClaims makes the claims of an instruction set.
func TestClaims(t *testing.T) {
	file := os.Getenv(writeTo)
	if file == "" {
		t.Skip(writeTo + " is not set")
	}
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(series)) {
		for _, m := range recurrent.Models() {
			c, err := canon.ParseObject([]byte(series[name]))
			if err != nil {
				t.Fatal(err)
			}
			c.Set("models", []any{m.Name()}).Set("max_steps", 60).Set("folds", 1).Set("param_bounds", canon.NewObject("window", []any{6, 8}))
			d, err := forecast.NewWith(tape.Kinds(m), c)
			if err != nil {
				t.Fatal(err)
			}
			draws := rng.NewSeq(rng.Key{11, 12}, rng.Probe, 0)
			for i := range claimsOf {
				recipe := d.Parameters(d.Describe().Space.Random(draws.Uniform))
				claim, err := d.Claim(t.Context(), recipe, []uint64{uint64(i)}, domain.Each(nil))
				if err != nil {
					t.Fatal(err)
				}
				out[fmt.Sprintf("%s/%s/%d", m.Name(), name, i)] = fmt.Sprintf("%x", math.Float64bits(claim.Performance()))
			}
		}
	}
	data, err := json.Marshal(out)
	if err == nil {
		err = os.WriteFile(file, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestDeviation measures; see `make deviation`.
func TestDeviation(t *testing.T) {
	if os.Getenv(measure) == "" {
		t.Skip(measure + " is not set: make deviation")
	}
	d := deviation{Machine: runtime.GOOS + "/" + runtime.GOARCH, Claims: map[string]int{}, Against: map[string]map[string]worst{}, NotRun: map[string]string{}}
	var first map[string]float64
	for _, set := range sets {
		got, err := claims(t, set.name, set.env, set.run)
		if err != nil {
			d.NotRun[set.name] = err.Error()
			continue
		}
		if first == nil {
			first = got
			for key := range got {
				d.Claims[model(key)]++
			}
			continue
		}
		d.Against[set.name] = compare(first, got)
	}
	if len(d.Against) == 0 {
		t.Fatalf("nothing was compared: %v", d.NotRun)
	}
	data, err := json.MarshalIndent(d, "", "  ")
	if err == nil {
		err = os.WriteFile(deviationFile, append(data, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", data)
	d.check(t)
}

// claims builds the tests for an instruction set and runs TestClaims.
func claims(t *testing.T, name string, env []string, emulator string) (map[string]float64, error) {
	t.Helper()
	dir := t.TempDir()
	program, file := filepath.Join(dir, "tests"), filepath.Join(dir, "claims.json")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", program, ".")
	build.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	line := []string{program, "-test.run", "^TestClaims$", "-test.timeout", "50m"}
	if emulator != "" && runtime.GOARCH != strings.TrimPrefix(env[0], "GOARCH=") {
		path, err := exec.LookPath(emulator)
		if err != nil {
			return nil, fmt.Errorf("%s is not installed", emulator)
		}
		line = append([]string{path}, line...)
	}
	run := exec.CommandContext(t.Context(), line[0], line[1:]...)
	run.Env = append(os.Environ(), writeTo+"="+file, measure+"=")
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var bits map[string]string
	if err := json.Unmarshal(data, &bits); err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for key, v := range bits {
		var b uint64
		if _, err := fmt.Sscanf(v, "%x", &b); err != nil {
			t.Fatal(err)
		}
		got[key] = math.Float64frombits(b)
	}
	return got, nil
}

// compare returns the largest differences by model.
func compare(first, other map[string]float64) map[string]worst {
	out := map[string]worst{}
	for key, a := range first {
		b := other[key]
		w := out[model(key)]
		if math.Float64bits(a) != math.Float64bits(b) {
			w.Different++
		}
		w.Relative = max(w.Relative, math.Abs(a-b)/max(math.Abs(a), math.Abs(b)))
		out[model(key)] = w
	}
	return out
}

// model is that of a claim's key.
func model(key string) string {
	name, _, _ := strings.Cut(key, "/")
	return name
}

// check demands that what was measured, three times over, lies within the share that domains with such models have by default.
func (d *deviation) check(t *testing.T) {
	t.Helper()
	r := float64(agreement.Default.Within.Num) / float64(agreement.Default.Within.Den)
	for set, by := range d.Against {
		for name, w := range by {
			if !(3*w.Relative < r) {
				t.Errorf("%s on %s: %v measured, want below a third of %v", name, set, w.Relative, r)
			}
		}
	}
}

// TestKnown: nodes know every model as one that machines do not agree on bit for bit.
func TestKnown(t *testing.T) {
	for _, m := range recurrent.Models() {
		if name, ok := agreement.Approximate(forecast.Plugin, canon.NewObject("models", []any{"mlp", m.Name()})); !ok || name != m.Name() {
			t.Errorf("Approximate says %q, %v of %s", name, ok, m.Name())
		}
	}
}

// TestMeasured: every model was measured on another instruction set, and what was found lies well within the default share.
func TestMeasured(t *testing.T) {
	data, err := os.ReadFile(deviationFile)
	if err != nil {
		t.Fatal(err)
	}
	var d deviation
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	for _, m := range recurrent.Models() {
		if d.Claims[m.Name()] == 0 || len(d.Against) == 0 {
			t.Errorf("%s was not measured", m.Name())
		}
	}
	d.check(t)
}
