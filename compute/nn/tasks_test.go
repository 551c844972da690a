package nn

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

var updateTasks = flag.Bool("update-tasks", false, "rewrite testdata/tasks and roots.json: only for tasks that are added")

const taskFolder = "testdata/tasks"

// taskSet collects the committed tasks: file name without extension → file.
type taskSet struct {
	files map[string][]byte
	n     int64
	kind  string // of the data
}

// add makes a task of a small configuration that f completes.
func (s *taskSet) add(name string, train, validation int, f func(c *Config)) {
	c := DefaultConfig()
	c.Inputs, c.Hidden, c.Outputs = 3, []int{7}, 2
	c.Batch, c.MaxSteps, c.EvalEvery, c.Patience, c.Segment = 17, 21, 7, 0, 10
	c.LearningRate, c.Beta1, c.Beta2, c.Epsilon = 0x1p-6, 0.9, 0.999, 1e-8
	f(&c)
	if len(c.Layers) > 0 {
		c.Hidden, c.Activation = nil, ""
	}
	if c.Optimizer == SGD {
		c.Beta1, c.Beta2, c.Epsilon = 0, 0, 0
	}
	s.n++
	data := canon.NewObject("kind", s.kind, "train", train, "validation", validation, "seed", s.n%5)
	task := canon.NewObject("contract", ContractVersion, "domain", Domain, "genome", c.Object(),
		"data_hash", canon.Hash(data), "seed", s.n, "data", data)
	if s.files[name] != nil {
		panic("two tasks " + name)
	}
	s.files[name] = append(canon.AppendIndent(nil, task), '\n')
}

// committedTasks generates the tasks that lie in testdata/tasks.
func committedTasks() map[string][]byte {
	s := &taskSet{files: map[string][]byte{}, kind: "synthetic"}
	all := []Activation{ReLU, Tanh, Sigmoid, GELU, SiLU, None}
	allLosses := []Loss{MSE, MAE, Huber, SoftmaxCrossEntropy, BinaryCrossEntropy}
	for i, a := range all {
		for j, l := range allLosses {
			s.add(fmt.Sprintf("mlp-%s-%s", a, l), 61, 19, func(c *Config) {
				c.Activation, c.Loss, c.Hidden, c.Outputs = a, l, []int{9, 6}, 3
				if (i+j)%2 == 1 {
					c.Optimizer, c.Momentum, c.LearningRate = SGD, 0.875, 0x1p-5
				}
				c.Schedule = []Schedule{Constant, Cosine}[j%2]
				c.WarmupSteps, c.WeightDecay = 3*(i%3), []float32{0, 0x1p-7}[i%2]
			})
		}
	}
	sizes := []int{1, 3, 7, 15, 16, 17, 31, 33, 64, 65}
	for i, n := range sizes {
		s.add(fmt.Sprintf("inputs-%d", n), 40, 9, func(c *Config) { c.Inputs = n })
		s.add(fmt.Sprintf("hidden-%d", n), 40, 9, func(c *Config) { c.Hidden = []int{n, sizes[(i+3)%len(sizes)]} })
		s.add(fmt.Sprintf("outputs-%d", n), 40, 9, func(c *Config) { c.Outputs, c.Loss = n, allLosses[i%5] })
		s.add(fmt.Sprintf("wide-%d", n), 33, 7, func(c *Config) {
			c.Inputs, c.Hidden, c.Outputs, c.MaxSteps, c.Activation = n, []int{33}, n, 8, all[i%5]
		})
		s.add(fmt.Sprintf("linear-%d", n), 40, 9, func(c *Config) { c.Inputs, c.Hidden, c.Outputs = n, nil, sizes[(i+7)%len(sizes)] })
		s.add(fmt.Sprintf("deep-%d", i), 40, 9, func(c *Config) { c.Hidden = slices.Repeat([]int{1 + i%4}, i+1) })
	}
	for i, b := range []int{1, 2, 16, 63, 64, 65, 127, 128, 129, 192, 257, 400} {
		s.add(fmt.Sprintf("batch-%d", b), 300, 70, func(c *Config) { c.Batch, c.MaxSteps, c.EvalEvery = b, 9, 4 })
		s.add(fmt.Sprintf("batch-%d-sgd", b), 300, 65, func(c *Config) {
			c.Batch, c.MaxSteps, c.Optimizer, c.Momentum, c.Activation = b, 7, SGD, []float32{0, 0.5, 0.9375}[i%3], GELU
		})
	}
	for i, n := range []int{1, 2, 16, 17, 18, 63, 257} { // samples: epochs, and batches cut to the training set
		s.add(fmt.Sprintf("samples-%d", n), n, 1+i*11, func(c *Config) {})
	}
	for _, seg := range []int{0, 1, 3, 50} {
		s.add(fmt.Sprintf("segment-%d", seg), 50, 20, func(c *Config) { c.Segment, c.MaxSteps = seg, 110; c.Hidden = []int{5} })
		s.add(fmt.Sprintf("segment-%d-sgd", seg), 50, 20, func(c *Config) {
			c.Segment, c.MaxSteps, c.Optimizer, c.Momentum = seg, 60, SGD, 0.75
		})
	}
	for _, schedule := range []Schedule{Constant, Cosine} {
		for _, warmup := range []int{0, 1, 20} {
			s.add(fmt.Sprintf("%s-warmup-%d", schedule, warmup), 50, 20, func(c *Config) {
				c.Schedule, c.WarmupSteps, c.MaxSteps = schedule, warmup, 33
			})
		}
	}
	for i, norm := range []float32{0x1p-10, 0.25, 1, 0x1p20} {
		for _, o := range []Optimizer{AdamW, SGD} {
			s.add(fmt.Sprintf("clip-%d-%s", i, o), 50, 20, func(c *Config) {
				c.ClipNorm, c.Optimizer, c.LearningRate, c.Hidden = norm, o, 0.125, []int{33}
			})
		}
	}
	for i, patience := range []int{1, 2, 3, 5} {
		for _, delta := range []float32{0, 0x1p-6, 0x1p-2} {
			s.add(fmt.Sprintf("patience-%d-%v", patience, delta), 64, 20, func(c *Config) {
				c.Patience, c.MinDelta, c.EvalEvery, c.MaxSteps, c.LearningRate = patience, delta, 2+i, 120, 0.25
			})
		}
	}
	for i, rate := range []float32{0x1p10, 0x1p60, 0x1p100, 0x1p127} { // Inf and NaN in the loss, or hidden from it by relu
		for _, a := range []Activation{ReLU, Tanh, SiLU} {
			s.add(fmt.Sprintf("diverged-%s-%d", a, i), 50, 20, func(c *Config) {
				c.Activation, c.LearningRate, c.MaxSteps, c.Loss = a, rate, 40, allLosses[i]
				c.Segment = 1 + 4*i
			})
		}
		s.add(fmt.Sprintf("diverged-sgd-%d", i), 50, 20, func(c *Config) {
			c.Optimizer, c.LearningRate, c.MaxSteps, c.Momentum = SGD, rate, 40, 0.5
		})
	}
	sequences(s, all, allLosses)
	few(s, all)
	moments(s)
	for i, steps := range []int{21, 22, 400} { // as a rung of a search makes only the beginning
		for j, schedule := range []Schedule{Constant, Cosine} {
			s.add(fmt.Sprintf("schedule-%d-%s", steps, schedule), 50, 20, func(c *Config) {
				c.Schedule, c.ScheduleSteps, c.WarmupSteps = schedule, steps, []int{0, 5, 30}[(i+j)%3]%steps
			})
		}
	}
	s.kind = "soft"
	for i, n := range []int{1, 2, 3, 7, 8, 33} {
		s.add(fmt.Sprintf("soft-%d", n), 50, 20, func(c *Config) {
			c.Outputs, c.Loss, c.Activation = n, SoftmaxCrossEntropy, all[i]
		})
	}
	return s.files
}

// few adds tasks whose products have few columns, in either direction.
func few(s *taskSet, all []Activation) {
	for i, n := range []int{1, 2, 3, 5, 6, 7} {
		terms := []int{66, 1, 9, 2, 6, 3}[i]
		s.add(fmt.Sprintf("few-%d-of-%d", n, terms), 40, 9, func(c *Config) {
			c.Hidden, c.Outputs, c.Activation, c.MaxSteps = []int{n, terms}, n, all[i], 8
			c.Batch, c.EvalEvery = []int{1, 2, 19, 4, 7, 16}[i], 4
		})
		kernel, dilation := []int{1, 2, 3, 5}[i%4], []int{1, 2, 5}[i%3]
		s.add(fmt.Sprintf("few-conv1d-%d-kernel-%d-dilation-%d", n, kernel, dilation), 30, 9, func(c *Config) {
			in := []int{1, 3, 4, 6}[i%4]
			c.Steps, c.Inputs, c.MaxSteps = 9, 9*in, 4
			c.Batch, c.EvalEvery = []int{3, 11}[i%2], 2
			c.Layers = []Layer{
				{Kind: Conv1D, Width: in, Kernel: kernel, Dilation: dilation, Activation: Tanh},
				{Kind: Conv1D, Width: n, Kernel: kernel, Dilation: dilation, Activation: SiLU}, {Kind: Flatten},
			}
		})
	}
}

// moments adds tasks whose moments become subnormal or zero, by gradients that are zero or tiny and decay rates that forget in a
// few steps, and some of extreme epsilons.
func moments(s *taskSet) {
	for i, beta := range []float32{0x1p-30, 0x1p-12, 0.125, 0.5} {
		a := []Activation{ReLU, Sigmoid}[i%2]
		s.add(fmt.Sprintf("moments-%d-%s", i, a), 30, 9, func(c *Config) {
			c.Activation, c.Hidden, c.Batch, c.MaxSteps, c.Segment = a, []int{17, 9}, 5, 60, 20
			c.Beta1, c.Beta2, c.LearningRate = beta, beta, []float32{0.5, 2, 8, 32}[i]
		})
	}
	for i, epsilon := range []float32{0x1p-149, 0x1p-20, 1, 0x1p50} {
		s.add(fmt.Sprintf("epsilon-%d", i), 50, 20, func(c *Config) { c.Epsilon = epsilon })
	}
}

// sequences adds the tasks with other layers than dense ones.
func sequences(s *taskSet, all []Activation, allLosses []Loss) {
	head := Layer{Kind: LastStep}
	for i, a := range all {
		s.add("conv1d-"+string(a), 40, 9, func(c *Config) {
			c.Steps, c.Inputs, c.Loss = 9, 18, allLosses[i%5]
			c.Layers = []Layer{{Kind: Conv1D, Width: 5, Kernel: 3, Dilation: 2, Activation: a}, {Kind: Flatten}}
		})
		s.add("tcn-"+string(a), 40, 9, func(c *Config) {
			c.Steps, c.Inputs, c.Loss = 11, 22, allLosses[i%5]
			c.Layers = []Layer{
				{Kind: TCN, Width: 4, Kernel: 2, Dilation: 1, Activation: a},
				{Kind: TCN, Width: 4, Kernel: 3, Dilation: 2, Activation: a, Rate: 0.25}, head,
			}
		})
		s.add("dense-steps-"+string(a), 40, 9, func(c *Config) {
			c.Steps, c.Inputs = 5, 15
			c.Layers = []Layer{{Kind: Dense, Width: 7, Activation: a}, {Kind: Flatten}, {Kind: Dense, Width: 6, Activation: a}}
		})
	}
	for i, kernel := range []int{1, 2, 3, 5, 8} {
		for _, dilation := range []int{1, 2, 7} {
			s.add(fmt.Sprintf("kernel-%d-dilation-%d", kernel, dilation), 40, 9, func(c *Config) {
				c.Steps, c.Inputs, c.MaxSteps, c.Batch = 17, 17*(1+i%3), 9, 7
				c.Layers = []Layer{{Kind: Conv1D, Width: 1 + 4*(i%3), Kernel: kernel, Dilation: dilation, Activation: Tanh}, head}
			})
		}
	}
	for i, width := range []int{1, 3, 17, 33} {
		s.add(fmt.Sprintf("tcn-width-%d", width), 20, 9, func(c *Config) {
			c.Steps, c.Inputs, c.MaxSteps, c.Batch = 7, 7*[]int{1, 3, 17, 2}[i], 6, 5
			c.Layers = []Layer{{Kind: TCN, Width: width, Kernel: 3, Dilation: 1 + i, Activation: ReLU}, head}
		})
	}
	for _, batch := range []int{3, 13, 64, 65} { // positions in one and in several chunks
		for _, steps := range []int{1, 5, 16, 64} {
			s.add(fmt.Sprintf("tcn-batch-%d-steps-%d", batch, steps), 70, 9, func(c *Config) {
				c.Steps, c.Inputs, c.Batch, c.MaxSteps, c.Outputs, c.EvalEvery = steps, 2*steps, batch, 2, 1, 0
				c.Layers = []Layer{{Kind: TCN, Width: 3, Kernel: 2, Dilation: 1, Activation: ReLU}, head}
			})
		}
	}
	for i, width := range []int{1, 3, 7, 17, 33, 64, 65} {
		s.add(fmt.Sprintf("layer-norm-%d", width), 80, 9, func(c *Config) {
			c.Batch, c.MaxSteps = []int{17, 70}[i%2], 9
			c.Layers = []Layer{{Kind: Dense, Width: width, Activation: None}, {Kind: LayerNorm}, {Kind: Dense, Width: 5, Activation: GELU}}
		})
		s.add(fmt.Sprintf("layer-norm-first-%d", width), 40, 9, func(c *Config) {
			c.Steps, c.Inputs, c.MaxSteps = 3, 3*width, 6
			c.Layers = []Layer{{Kind: LayerNorm}, {Kind: Conv1D, Width: 4, Kernel: 2, Dilation: 1, Activation: SiLU}, {Kind: LayerNorm}, head}
		})
	}
	for i, rate := range []float32{0x1p-24, 0.125, 0.5, 0.9375} {
		s.add(fmt.Sprintf("dropout-%d", i), 80, 9, func(c *Config) {
			c.Layers = []Layer{{Kind: Dropout, Rate: rate}, {Kind: Dense, Width: 13, Activation: ReLU}, {Kind: Dropout, Rate: rate}}
		})
		s.add(fmt.Sprintf("dropout-steps-%d", i), 80, 9, func(c *Config) {
			c.Steps, c.Inputs, c.Optimizer, c.Momentum = 7, 21, SGD, 0.5
			c.Layers = []Layer{
				{Kind: Conv1D, Width: 5, Kernel: 2, Dilation: 1, Activation: Tanh}, {Kind: Dropout, Rate: rate},
				{Kind: TCN, Width: 5, Kernel: 2, Dilation: 2, Activation: ReLU, Rate: rate}, head,
			}
		})
	}
}

// TestCommittedTasks holds the files in testdata/tasks to their generator, and all implementations to roots.json, which
// is the naive engine's.
func TestCommittedTasks(t *testing.T) {
	files := committedTasks()
	if len(files) < 200 {
		t.Errorf("%d tasks, want at least 200", len(files))
	}
	if *updateTasks {
		writeTasks(t, files)
	}
	roots := map[string]string{}
	data, err := os.ReadFile(taskFolder + "/../roots.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &roots); err != nil {
		t.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(files))
	if found, _ := filepath.Glob(taskFolder + "/*.json"); len(found) != len(files) || len(roots) != len(files) {
		t.Errorf("%d files and %d roots for %d tasks", len(found), len(roots), len(files))
	}
	var tasks []Task
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(taskFolder, name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, files[name]) {
			t.Errorf("%s is not what the generator makes", name)
		}
		tasks = append(tasks, *parseTask(t, data))
	}
	ends := map[Status]int{}
	for _, isa := range vec.Supported() {
		results, err := newTestEngine(t, 2, isa).Train(t.Context(), tasks, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range names {
			if got := hexOf(results[i].Digest()); got != roots[name] {
				t.Errorf("%s: %s has root %s, want %s", name, isa, got, roots[name])
			}
			ends[results[i].Status]++
		}
	}
	for _, s := range []Status{Completed, Stopped, Diverged} {
		if ends[s] < 8 {
			t.Errorf("%d tasks end as %s, want some", ends[s], s)
		}
	}
}

func parseTask(t *testing.T, data []byte) *Task {
	t.Helper()
	o, err := canon.ParseObject(data)
	if err != nil {
		t.Fatal(err)
	}
	task, err := ParseTask(o)
	if err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	return task
}

// writeTasks writes the files and the naive engine's roots.
func writeTasks(t *testing.T, files map[string][]byte) {
	t.Helper()
	if err := os.MkdirAll(taskFolder, 0o755); err != nil {
		t.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(files))
	var tasks []Task
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(taskFolder, name+".json"), files[name], 0o644); err != nil {
			t.Fatal(err)
		}
		tasks = append(tasks, *parseTask(t, files[name]))
	}
	results, err := newTestEngine(t, 2, vec.Naive).Train(t.Context(), tasks, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i, name := range names {
		separator := ",\n"
		if i == 0 {
			separator = "{\n"
		}
		fmt.Fprintf(&b, "%s  %q: \"%s\"", separator, name, hexOf(results[i].Digest()))
	}
	b.WriteString("\n}\n")
	if err := os.WriteFile(taskFolder+"/../roots.json", []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestTasksAreSmall keeps the naive engine's time for a task short.
func TestTasksAreSmall(t *testing.T) {
	for name, data := range committedTasks() {
		task := parseTask(t, data)
		steps := min(task.Config.MaxSteps, 200)
		p := compile(&task.Config)
		products := 0
		for _, m := range p.matrices {
			products += m.in * m.out
		}
		if work := products * max(1, task.Config.Steps) * min(task.Config.Batch, task.Train.Len()) * steps * 3; work > 15e6 {
			t.Errorf("%s: about %d multiply-adds", name, work)
		}
	}
}

// TestParseTaskRefuses: what is wrong is named.
func TestParseTaskRefuses(t *testing.T) {
	valid := string(committedTasks()["tcn-relu"])
	for _, f := range []struct{ old, new, want string }{
		{`"contract": "DOIN-F32 v2"`, `"contract": "DOIN-F32 v1"`, "contract"},
		{`"domain": "nn"`, `"domain": "quadratic"`, "domain"},
		{`"kind": "synthetic"`, `"kind": "file"`, "data_hash"},
		{`"seed": `, `"seed": -`, "seed"},
		{`"inputs": 22`, `"inputs": 23`, "steps"},
		{`"inputs": 22`, `"inputs": "22"`, "inputs"},
		{`"learning_rate": 0.015625`, `"learning_rate": 0.1`, "learning_rate"},
		{`"kind": "tcn"`, `"kind": "tcm"`, "layers[0]"},
		{`"kernel": 2`, `"kernel": 2.5`, "kernel"},
		{`"kernel": 2`, `"kernels": 2`, "kernels"},
		{`"rate": 0.25`, `"rate": 1`, "rate"},
		{`"kind": "last_step"`, `"kind": "dropout"`, "layers"},
		{`"loss": "mse"`, `"loss": "hinge"`, "loss"},
		{`"max_steps": 21`, `"max_steps": 21, "schedule_steps": 20`, "schedule_steps"},
	} {
		text := strings.Replace(valid, f.old, f.new, 1)
		if text == valid {
			t.Fatalf("no %s in\n%s", f.old, valid)
		}
		o, err := canon.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseTask(o); err == nil || !strings.Contains(err.Error(), f.want) {
			t.Errorf("with %s: %v, want %s named", f.new, err, f.want)
		}
	}
}
