package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"doin.network/node/cmd/doin-worker/program"
	"doin.network/node/compute/device"
	deviceopen "doin.network/node/compute/device/open"
	"doin.network/node/compute/domain/open"
	"doin.network/node/compute/worker"
	"doin.network/node/compute/worker/conformance"
	"doin.network/node/internal/canon"
)

// asWorker as first argument makes the test binary the program under test.
const asWorker = "as-worker"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == asWorker {
		os.Args = append(os.Args[:1], os.Args[2:]...)
		Program{Version: "devel"}.Main()
	}
	os.Exit(m.Run())
}

// argv is a command line of the program.
func argv(t *testing.T, args ...string) []string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{exe, asWorker}, args...)
}

func object(t *testing.T, text string) *canon.Object {
	t.Helper()
	o, err := canon.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

const (
	quadraticConfig = `{"n_params": 4, "target": [1.0, -2.0, 3.0, 0.5]}`
	forecastConfig  = `{"data": "../../../examples/co2/mauna_loa_co2_monthly.csv", "max_steps": 20, "max_parameters": 200}`
	tabularConfig   = `{"data": "../../../examples/iris/iris.csv", "max_steps": 20, "max_parameters": 200}`
)

func TestConformance(t *testing.T) {
	for plugin, c := range map[string]conformance.Config{
		"quadratic": {Config: object(t, quadraticConfig), Settings: object(t, `{}`), InferInput: object(t, `{}`)},
		"forecast":  {Config: object(t, forecastConfig), Settings: object(t, `{"population": 4}`), InferInput: object(t, `{}`)},
		"tabular":   {Config: object(t, tabularConfig), Settings: object(t, `{"population": 4}`), InferInput: object(t, `{"rows": [{}]}`)},
	} {
		t.Run(plugin, func(t *testing.T) {
			c.Plugin = plugin
			conformance.Run(t, argv(t, "--workers", "2"), c)
		})
		t.Run(plugin+" in JSON lines", func(t *testing.T) {
			c.Plugin, c.Lines = plugin, true
			conformance.Run(t, argv(t, "--workers", "2"), c)
		})
	}
}

// python skips a test where there is none to run its program.
func python(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("python3", "-c", "import sys; sys.exit(sys.version_info < (3, 9))").CombinedOutput(); err != nil {
		t.Skipf("no python3 from 3.9 on: %v %s", err, out)
	}
}

// TestConformancePython tests a program of sixty lines, in another language, that only evaluates, over JSON lines.
func TestConformancePython(t *testing.T) {
	python(t)
	conformance.Run(t, []string{"../testdata/parabola.py"}, conformance.Config{})
}

// TestConformanceC tests the example in C.
func TestConformanceC(t *testing.T) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("NOT TESTED: no cc on this machine, examples/c needs a C compiler")
	}
	program := filepath.Join(t.TempDir(), "himmelblau")
	if out, err := exec.Command(cc, "-O2", "-Wall", "-Werror", "-o", program, "../../../examples/c/himmelblau.c", "-lm").CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	conformance.Run(t, []string{program}, conformance.Config{})
}

// found counts what a conformance run reports.
type found struct {
	t     *testing.T
	lines []string
	texts []string
}

func (f *found) Helper()             {}
func (f *found) Logf(string, ...any) {}
func (f *found) Errorf(s string, a ...any) {
	f.lines, f.texts = append(f.lines, s), append(f.texts, fmt.Sprintf(s, a...))
}

func TestConformanceFindsFaults(t *testing.T) {
	for _, program := range [][]string{{"/bin/cat"}, {"/bin/sleep", "60"}, {"/bin/echo", "hello"}, argv(t, "--workers", "0")} {
		r := &found{t: t}
		n := conformance.Run(r, program, conformance.Config{Plugin: "forecast", Timeout: 100 * time.Millisecond})
		if n == 0 || n != len(r.lines) {
			t.Errorf("%v: %d rules broken, %d reported", program, n, len(r.lines))
		}
	}
}

// A program that knows its own name alone is one to a node, too; what a node refuses, conformance reports in the same words.
func TestConformanceIsTheNode(t *testing.T) {
	python(t)
	text, err := os.ReadFile("../testdata/parabola.py")
	if err != nil {
		t.Fatal(err)
	}
	f := func(old, new string, want string) {
		t.Helper()
		changed := strings.Replace(string(text), old, new, 1)
		if changed == string(text) {
			t.Fatalf("the program has no %q", old)
		}
		path := filepath.Join(t.TempDir(), "own.py")
		if err := os.WriteFile(path, []byte(changed), 0o755); err != nil {
			t.Fatal(err)
		}
		r := &found{t: t}
		if n := conformance.Run(r, []string{path}, conformance.Config{}); (n > 0) != (want != "") {
			t.Errorf("conformance of a program with %q finds %q", new, r.texts)
		}
		p := program.New(t.TempDir(), worker.Limits{}, slog.New(slog.DiscardHandler))
		defer p.Close()
		_, _, err := p.Open("exec:"+path, canon.NewObject())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("a node says of a program with %q: %v, want %q", new, err, want)
		}
		if want != "" && !strings.Contains(strings.Join(r.texts, "\n"), err.Error()) {
			t.Errorf("conformance finds %q, want what a node says: %v", r.texts, err)
		}
	}
	f(` and not data["plugin"].startswith("exec:")`, "", "")
	f(`"data_hash": "none"`, `"data_hash": ""`, "data_hash: is empty")
}

// output runs the command line in this process.
func output(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(args, strings.NewReader(""), &out, io.Discard)
	return out.String(), err
}

func TestCommandLine(t *testing.T) {
	if out, err := output(t, "--version"); err != nil || out != "doin-worker devel\n" {
		t.Errorf("--version = %q, %v", out, err)
	}
	out, err := output(t, "--workers", "3", "describe")
	if err != nil {
		t.Fatal(err)
	}
	d, err := worker.ParseDescription(object(t, out))
	if err != nil || d.Workers != 3 || d.HasGPU || len(d.Plugins) == 0 {
		t.Errorf("describe = %+v, %v", d, err)
	}
	if d.Device != "cpu ("+strings.TrimPrefix(d.Device, "cpu (") || len(d.Devices) != 0 {
		t.Errorf("describe names %q, %q", d.Device, d.Devices)
	}
	if out, err := output(t, "--device", "cpu", "describe"); err != nil || !strings.Contains(out, `"cpu (`) {
		t.Errorf("describe on the processor = %q, %v", out, err)
	}
	if out, err := output(t, "--device", "cuda:0", "describe"); !deviceopen.HasGPU && (!errors.Is(err, device.ErrNoGPU) || out != "") {
		t.Errorf("describe on a device that is not there = %q, %v", out, err)
	}
	if out, err := output(t, "--device", "cuda:0"); !deviceopen.HasGPU && (!errors.Is(err, device.ErrNoGPU) || out != "") {
		t.Errorf("serving on a device that is not there = %q, %v", out, err)
	}
	for _, bad := range [][]string{{"dance"}, {"--workers", "0"}, {"--workers", "65537"}, {"--workers", "x"}, {"--device", "gpu", "describe"}, {"--log-level", "loud"}, {"--verification-share", "0"}, {"--verification-share", "NaN"}, {"--verification-share", "2"}, {"--what"}, {"digest"}, {"conformance"},
		{"digest", "--task", "nowhere.json"}, {"describe", "more"}} {
		if out, err := output(t, bad...); err == nil {
			t.Errorf("%v succeeded: %q", bad, out)
		}
	}
}

func TestDigest(t *testing.T) {
	d, err := open.New("forecast", object(t, forecastConfig))
	if err != nil {
		t.Fatal(err)
	}
	space := d.Describe().Space
	p := d.Parameters(space.Random(func() float32 { return 0.25 }))
	write := func(o *canon.Object) string {
		path := filepath.Join(t.TempDir(), "task.json")
		if err := os.WriteFile(path, canon.Default(o), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	task := p.Clone().Set("seed", uint64(1<<64-1)).Set("config", object(t, forecastConfig))
	out, err := output(t, "digest", "--task", write(task))
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Claim(t.Context(), p, []uint64{1<<64 - 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if got := lines[len(lines)-1]; got != m.Digest() {
		t.Errorf("last line %q, want %q", got, m.Digest())
	}
	if f, err := object(t, lines[0]).Float("performance"); err != nil || f != m.Performance() {
		t.Errorf("performance %v, %v, want %v", f, err, m.Performance())
	}

	q := object(t, `{"domain": "quadratic", "genome": {"x": [0.0, 0.0, 0.0, 0.0]}, "seed": 0, "config": `+quadraticConfig+`}`)
	if out, err = output(t, "digest", "--task", write(q)); err != nil || len(strings.Fields(out)) == 0 {
		t.Errorf("quadratic: %q, %v", out, err)
	}
	for _, bad := range []*canon.Object{
		task.Clone().Set("seed", -1), task.Clone().Set("seed", "1"), task.Clone().Set("more", 1), task.Clone().Set("domain", "x"),
		task.Clone().Set("data_hash", "00"), task.Clone().Set("genome", canon.NewObject()), task.Clone().Set("config", canon.NewObject()),
		task.Clone().Set("contract", "DOIN-F32 v0"),
	} {
		if out, err := output(t, "digest", "--task", write(bad)); err == nil {
			t.Errorf("%s: %q", canon.Default(bad), out)
		}
	}
}

// TestSignals: an interrupt is the parent's matter, SIGTERM ends the worker cleanly.
func TestSignals(t *testing.T) {
	args := argv(t)
	cmd := exec.Command(args[0], args[1:]...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	ask := func() {
		t.Helper()
		if err := worker.WriteFrame(stdin, &worker.Frame{ID: 1, Verb: worker.VerbTelemetry, Kind: worker.KindRequest}); err != nil {
			t.Fatal(err)
		}
		if f, err := worker.ReadFrame(stdout, 1<<20); err != nil || f.Kind != worker.KindReply {
			t.Fatalf("%+v, %v", f, err)
		}
	}
	ask()
	for _, s := range []os.Signal{os.Interrupt, os.Interrupt} {
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		ask()
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

// TestSupervised runs the real worker under the real supervisor and kills it.
func TestSupervised(t *testing.T) {
	args := argv(t, "--workers", "2")
	s := worker.NewSupervisor(worker.Options{Path: args[0], Args: args[1:],
		Limits: worker.Limits{BackoffMin: time.Millisecond, Heartbeat: 100 * time.Millisecond}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- s.Run(running) }()

	info, err := s.Configure(ctx, "co2", "forecast", object(t, forecastConfig))
	if err != nil {
		t.Fatal(err)
	}
	search, err := s.Optimize(ctx, worker.OptimizeJob{Domain: "co2", Seed: 3, Settings: object(t, `{"population": 4}`)})
	if err != nil {
		t.Fatal(err)
	}
	defer search.Close()
	var best *canon.Object
	for i := range 3 {
		g, err := search.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		best = g.Best
		if i == 1 {
			tel, err := s.Telemetry(ctx)
			if err != nil {
				t.Fatal(err)
			}
			pid, err := tel.Int("pid")
			if err != nil {
				t.Fatal(err)
			}
			if err := syscall.Kill(int(pid), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
		if err := search.Continue(ctx, nil); err != nil {
			t.Fatal(err)
		}
	}
	job := worker.Job{Domain: "co2", Parameters: best, Seeds: []uint64{9}, Synthetic: &worker.SyntheticJob{Seed: 4}}
	a, err := s.Evaluate(ctx, job)
	if err != nil {
		t.Fatal(err)
	}
	d, err := open.New("forecast", object(t, forecastConfig))
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Claim(ctx, best, []uint64{9}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a.Digest != m.Digest() || a.Performance != m.Performance() || info.DataHash != d.Describe().DataHash {
		t.Errorf("the worker's result differs from this process's: %+v, want %v, %s", a, m.Performance(), m.Digest())
	}
	if s.Restarts() == 0 {
		t.Error("the worker was not replaced")
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("Run() = %v", err)
	}
}

// run is the command line of a worker without models of its own.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	return Program{Version: "devel"}.run(args, stdin, stdout, stderr)
}
