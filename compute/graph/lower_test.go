package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
	"doin.network/node/internal/canon"
)

// committedTasks returns the tasks of package nn that a graph can say, by file.
func committedTasks(t testing.TB) map[string]*nn.Task {
	files, err := filepath.Glob("../nn/testdata/tasks/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d tasks, %v", len(files), err)
	}
	tasks := map[string]*nn.Task{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		o, err := canon.ParseObject(data)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		task, err := nn.ParseTask(o)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if !slices.ContainsFunc(task.Config.Layers, drops) {
			tasks[filepath.Base(file)] = task
		}
	}
	return tasks
}

func drops(l nn.Layer) bool { return l.Kind == nn.Dropout || l.Rate > 0 }

// normal returns c as Lower promises to say it.
func normal(c nn.Config) nn.Config {
	layers := slices.Clone(c.Layers)
	for _, width := range c.Hidden {
		layers = append(layers, nn.Layer{Kind: nn.Dense, Width: width, Activation: c.Activation})
	}
	steps := max(c.Steps, 1)
	if len(c.Layers) == 0 {
		steps = 1
	}
	c.Steps, c.Layers, c.Hidden = 0, nil, nil
	if steps > 1 {
		c.Steps = steps
	}
	for i := range layers {
		l := &layers[i]
		switch l.Kind {
		case nn.Conv1D, nn.TCN:
			if l.Dilation = min(l.Dilation, steps); l.Kernel == 1 {
				l.Dilation = 1
			}
			if l.Kernel == 1 && l.Kind == nn.Conv1D {
				*l = nn.Layer{Kind: nn.Dense, Width: l.Width, Activation: l.Activation}
			}
		case nn.Flatten, nn.LastStep:
			steps = 1
		}
	}
	setLayers(&c, layers)
	return c
}

// built is the graph of c for some samples, with weights of no meaning.
func built(t testing.TB, c nn.Config, rows int) *Network {
	t.Helper()
	m, err := Build(c, uniform(0, c.Parameters(), 0.7), uniform(1, rows*c.Inputs, 2), make([]float32, rows*c.Outputs))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *Network) lower(base nn.Config) (nn.Config, gorgonia.Nodes, error) {
	return lower(m.Graph, gorgonia.Nodes{m.Input, m.Target}, m.Output, m.Loss, base)
}

// root trains a task and returns the root of its digest.
func root(t *testing.T, task nn.Task, c nn.Config) [32]byte {
	t.Helper()
	task.Config = c
	run, err := nn.NewRun(&task, "")
	if err != nil {
		t.Fatal(err)
	}
	for !run.Step() {
	}
	return run.Result().Digest()
}

// TestLowerCommittedTasks lowers the graph of every committed task that one says: the configuration is the task's, but
// for its normal form, and trained has the committed root.
func TestLowerCommittedTasks(t *testing.T) {
	tasks, roots := committedTasks(t), committedRoots(t)
	for _, name := range slices.Sorted(maps.Keys(tasks)) {
		task := tasks[name]
		m := built(t, task.Config, 1)
		got, learnables, err := m.lower(task.Config)
		if err != nil {
			t.Errorf("Lower(%s): %v", name, err)
			continue
		}
		if want := normal(task.Config); !reflect.DeepEqual(got, want) {
			t.Errorf("Lower(%s) = %+v, want %+v", name, got, want)
		}
		if !slices.Equal(learnables, m.Parameters) {
			t.Errorf("Lower(%s): %d learnables in another order than the %d of Build", name, len(learnables), len(m.Parameters))
		}
		if got, want := fmt.Sprintf("%x", root(t, *task, got)), roots[strings.TrimSuffix(name, ".json")]; got != want {
			t.Errorf("root of %s lowered = %s, want %s", name, got, want)
		}
	}
	t.Logf("%d tasks", len(tasks))
}

// committedRoots are the roots of the committed tasks, by name.
func committedRoots(t testing.TB) map[string]string {
	data, err := os.ReadFile("../nn/testdata/roots.json")
	if err != nil {
		t.Fatal(err)
	}
	roots := map[string]string{}
	if err := json.Unmarshal(data, &roots); err != nil {
		t.Fatal(err)
	}
	return roots
}

// randomConfig draws a model that a graph says.
func randomConfig(n uint32) nn.Config {
	draws := rng.NewSeq(rng.Key{17, 40}, rng.Probe, n)
	pick := func(n int) int { return int(draws.Uniform() * float32(n)) }
	activation := func() nn.Activation {
		return []nn.Activation{nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU, nn.None}[pick(6)]
	}
	c := nn.DefaultConfig()
	c.Activation = ""
	c.Steps, c.Outputs = 2+pick(7), 2+pick(3) // the softmax of one output is 1
	c.Inputs = c.Steps * (1 + pick(3))
	c.Loss = []nn.Loss{nn.MSE, nn.MAE, nn.Huber, nn.SoftmaxCrossEntropy, nn.BinaryCrossEntropy}[pick(5)]
	for range 1 + pick(3) {
		c.Layers = append(c.Layers, []nn.Layer{
			{Kind: nn.Dense, Width: 1 + pick(5), Activation: activation()},
			{Kind: nn.Conv1D, Width: 1 + pick(5), Kernel: 1 + pick(4), Dilation: 1 + pick(4), Activation: activation()},
			{Kind: nn.TCN, Width: 1 + pick(5), Kernel: 1 + pick(3), Dilation: 1 + pick(3), Activation: activation()},
			{Kind: nn.LayerNorm},
		}[pick(4)])
	}
	c.Layers = append(c.Layers, nn.Layer{Kind: []nn.Kind{nn.Flatten, nn.LastStep}[pick(2)]})
	if pick(2) == 0 {
		c.Layers = append(c.Layers, nn.Layer{Kind: nn.Dense, Width: 1 + pick(4), Activation: activation()})
	}
	return c
}

// TestLoweredAgreeWithGorgonia lowers forty random graphs of several samples; engine and Gorgonia agree on the loss and
// its gradient, learnable by learnable.
func TestLoweredAgreeWithGorgonia(t *testing.T) {
	for n := range uint32(40) {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			c := randomConfig(n)
			got, _, err := built(t, c, 3).lower(c)
			if err != nil {
				t.Fatalf("Lower(%+v): %v", c, err)
			}
			if want := normal(c); !reflect.DeepEqual(got, want) {
				t.Fatalf("Lower = %+v, want %+v", got, want)
			}
			compareWith(t, got, c, 5)
		})
	}
}

// TestLowerReadsStructure writes a model as nobody builds it: factors and terms the other way round, learnables in
// reverse order and without names, taps of a convolution backwards.
func TestLowerReadsStructure(t *testing.T) {
	const steps = 3
	g := gorgonia.NewGraph()
	must := func(n *gorgonia.Node, err error) *gorgonia.Node {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	unnamed := 0
	matrix := func(rows, columns int, values ...float64) *gorgonia.Node {
		unnamed++
		o := []gorgonia.NodeConsOpt{gorgonia.WithShape(rows, columns), gorgonia.WithName(strings.Repeat("z", unnamed))}
		if len(values) > 0 {
			o = append(o, gorgonia.WithValue(tensor.New(tensor.WithShape(rows, columns), tensor.WithBacking(values))))
		}
		return gorgonia.NewMatrix(g, tensor.Float64, o...)
	}
	outBias, out := matrix(1, 2), matrix(4, 2)
	bias, near, far := matrix(1, 4), matrix(2, 4), matrix(2, 4)
	y, x := matrix(1, 2), matrix(steps, 2)
	move := matrix(steps, steps, 0, 0, 0, 1, 0, 0, 0, 1, 0)
	last := matrix(1, steps, 0, 0, 1)
	row := func(b, like *gorgonia.Node) *gorgonia.Node {
		_, repeated, err := gorgonia.Broadcast(like, b, gorgonia.NewBroadcastPattern(nil, []byte{0}))
		return must(repeated, err)
	}
	taps := must(gorgonia.Add(must(gorgonia.Mul(x, near)), must(gorgonia.Mul(must(gorgonia.Mul(move, x)), far))))
	z := must(gorgonia.Add(row(bias, taps), taps))
	h := must(gorgonia.HadamardProd(must(gorgonia.Sigmoid(z)), z))
	p := must(gorgonia.Mul(must(gorgonia.Mul(last, h)), out))
	output := must(gorgonia.Add(row(outBias, p), p))
	e := must(gorgonia.Sub(y, output))
	loss := must(gorgonia.Mean(must(gorgonia.HadamardProd(e, e))))

	got, learnables, err := lower(g, gorgonia.Nodes{x, y}, output, loss, nn.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	want := nn.DefaultConfig()
	want.Inputs, want.Steps, want.Outputs = 6, steps, 2
	want.Layers = []nn.Layer{{Kind: nn.Conv1D, Width: 4, Kernel: 2, Dilation: 1, Activation: nn.SiLU}, {Kind: nn.LastStep}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Lower = %+v, want %+v", got, want)
	}
	if want := (gorgonia.Nodes{far, near, bias, out, outBias}); !slices.Equal(learnables, want) {
		t.Errorf("learnables %v, want %v", learnables, want)
	}
}

func TestLowerRefusesEnds(t *testing.T) {
	c := randomConfig(1)
	m, other := built(t, c, 1), built(t, c, 1)
	for name, f := range map[string]func() error{
		"no graph":   func() error { _, err := Lower(nil, nil, nil, nil, c); return err },
		"no inputs":  func() error { _, err := Lower(m.Graph, nil, m.Output, m.Loss, c); return err },
		"nil output": func() error { _, err := Lower(m.Graph, gorgonia.Nodes{m.Input, m.Target}, nil, m.Loss, c); return err },
		"another graph's": func() error {
			_, err := Lower(m.Graph, gorgonia.Nodes{m.Input, m.Target}, other.Output, m.Loss, c)
			return err
		},
		"one input": func() error {
			_, err := Lower(m.Graph, gorgonia.Nodes{m.Target, m.Target}, m.Output, m.Loss, c)
			return err
		},
	} {
		if err := f(); !errors.Is(err, ErrLower) {
			t.Errorf("Lower(%s) = %v, want ErrLower", name, err)
		}
	}
}

// large is the largest model of the kinds that are trained: eight blocks on 168 steps.
func large() nn.Config {
	c := nn.DefaultConfig()
	c.Steps, c.Inputs, c.Outputs, c.Activation = 168, 168*4, 24, ""
	for i := range 8 {
		c.Layers = append(c.Layers, nn.Layer{Kind: nn.TCN, Width: 16, Kernel: 3, Dilation: 1 << i, Activation: nn.GELU})
	}
	c.Layers = append(c.Layers, nn.Layer{Kind: nn.LayerNorm}, nn.Layer{Kind: nn.LastStep})
	return c
}

func BenchmarkLower(b *testing.B) {
	c := large()
	m := built(b, c, 1)
	for b.Loop() {
		if _, _, err := m.lower(c); err != nil {
			b.Fatal(err)
		}
	}
}
