package recurrent

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"gorgonia.org/gorgonia"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/graph"
	"doin.network/node/compute/graph/tape"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
)

// values is a genome of a model's own genes, each at a place of its range.
func values(m graph.Model, at float32) kind.Values {
	s := genome.Space(m.Genes())
	g := make(genome.Genome, len(s))
	for i := range s {
		g[i] = s[i].At(at)
	}
	return kind.Values{Space: s, Genome: g}
}

// products are samples whose targets are products of the inputs.
type products struct{ first, n int }

// The sizes of a sample.
const (
	steps, channels, outputs = 5, 2, 3
	inputs                   = steps * channels
)

func (s products) Len() int { return s.n }

func (s products) Sample(i int, x, y []float32) {
	draws := rng.New(rng.Key{1, 2}, rng.Probe, uint32(s.first+i))
	for j := range x {
		x[j] = 2*draws.Uniform(uint32(j)) - 1
	}
	for j := range y {
		y[j] = x[j]*x[len(x)-1-j] + x[len(x)-1]
	}
}

// task is a short training of such samples.
func task(maxSteps int) *nn.Task {
	c := nn.DefaultConfig()
	c.Steps, c.Inputs, c.Outputs = steps, inputs, outputs
	c.Batch, c.MaxSteps, c.EvalEvery, c.LearningRate, c.Segment = 8, maxSteps, 10, 0x1p-6, 0
	return &nn.Task{Config: c, Key: rng.Key{3, 4}, Train: products{0, 64}, Validation: products{1000, 70}}
}

// expressed is the graph of a model for so many samples, filled with numbers of no meaning.
func expressed(t *testing.T, m graph.Model, v kind.Values, rows int, loss nn.Loss) *graph.Expression {
	t.Helper()
	e, err := graph.Express(m, graph.Shape{Rows: rows, Steps: steps, Channels: channels, Outputs: outputs, Loss: loss, Training: true}, v)
	if err != nil {
		t.Fatal(err)
	}
	fill := func(n *gorgonia.Node, which uint32) {
		if n == nil {
			return
		}
		draws := rng.New(rng.Key{5, 6}, rng.Probe, which)
		for i, to := 0, n.Value().Data().([]float64); i < len(to); i++ {
			to[i] = 2*float64(draws.Uniform(uint32(i))) - 1
		}
	}
	fill(e.Input, 0)
	fill(e.Target, 1) // none without a loss
	for i, n := range append(append(gorgonia.Nodes{}, e.At...), e.Parameters...) {
		fill(n, uint32(2+i))
	}
	for i, k := range e.Masks {
		fill(k.Node, uint32(1000+i))
	}
	return e
}

// execute runs a graph that has no gradient.
func execute(t *testing.T, e *graph.Expression) {
	t.Helper()
	vm := gorgonia.NewTapeMachine(e.Graph)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
}

func loss(t *testing.T, e *graph.Expression) float64 {
	t.Helper()
	execute(t, e)
	return e.Loss.Value().Data().(float64)
}

// TestGradients compares the gradient of every learnable with finite differences of the loss, at three elements each, with dropout.
func TestGradients(t *testing.T) {
	const rows, h = 3, 1e-5
	for _, m := range Models() {
		for _, at := range []float32{0, 0.999} {
			t.Run(fmt.Sprintf("%s/%v", m.Name(), at), func(t *testing.T) {
				v := values(m, at)
				with, without := expressed(t, m, v, rows, nn.MSE), expressed(t, m, v, rows, nn.MSE)
				if _, err := gorgonia.Grad(with.Loss, with.Parameters...); err != nil {
					t.Fatal(err)
				}
				vm := gorgonia.NewTapeMachine(with.Graph, gorgonia.BindDualValues(with.Parameters...))
				defer vm.Close()
				if err := vm.RunAll(); err != nil {
					t.Fatal(err)
				}
				for i, p := range with.Parameters {
					g, err := p.Grad()
					if err != nil {
						t.Fatal(err)
					}
					gradient, w := g.Data().([]float64), without.Parameters[i].Value().Data().([]float64)
					for _, e := range []int{0, len(w) / 2, len(w) - 1} {
						was := w[e]
						w[e] = was + h
						up := loss(t, without)
						w[e] = was - h
						down := loss(t, without)
						w[e] = was
						if want := (up - down) / (2 * h); math.Abs(gradient[e]-want) > 1e-6*(1+math.Abs(want)) {
							t.Errorf("learnable %d, element %d: gradient %v, finite difference %v", i, e, gradient[e], want)
						}
					}
				}
			})
		}
	}
}

// TestFormulas compares the outputs of one unit layer with the formulas of the documentation, written once more.
func TestFormulas(t *testing.T) {
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	for _, m := range []graph.Model{GRU{}, LSTM{}} {
		v := values(m, 0) // four units, one layer, no dropout
		e := expressed(t, m, v, 1, "")
		execute(t, e)
		w := make([][]float64, len(e.Parameters))
		for i, p := range e.Parameters {
			w[i] = p.Value().Data().([]float64)
		}
		units := v.Int("units")
		gate := func(g int, x, h []float64, j int) float64 {
			sum := w[3*g+2][j]
			for i, a := range x {
				sum += a * w[3*g][i*units+j]
			}
			for i, a := range h {
				sum += a * w[3*g+1][i*units+j]
			}
			return sum
		}
		h, s := make([]float64, units), make([]float64, units)
		for step := range steps {
			x := e.At[step].Value().Data().([]float64)
			next := make([]float64, units)
			reset := make([]float64, units)
			for j := range reset {
				reset[j] = h[j] * sigmoid(gate(1, x, h, j))
			}
			for j := range next {
				if m == (GRU{}) {
					z, c := sigmoid(gate(0, x, h, j)), math.Tanh(gate(2, x, reset, j))
					next[j] = h[j] + z*(c-h[j])
					continue
				}
				s[j] = sigmoid(gate(1, x, h, j)+1)*s[j] + sigmoid(gate(0, x, h, j))*math.Tanh(gate(3, x, h, j))
				next[j] = sigmoid(gate(2, x, h, j)) * math.Tanh(s[j])
			}
			h = next
		}
		n := len(w)
		for k, got := range e.Output.Value().Data().([]float64) {
			want := w[n-1][k]
			for j, a := range h {
				want += a * w[n-2][j*outputs+k]
			}
			if math.Abs(got-want) > 1e-12 {
				t.Errorf("%s: output %d is %v, want %v", m.Name(), k, got, want)
			}
		}
	}
}

// TestAttends: with scores of a head all equal, what is seen is the mean of the values; the last step alone is not enough for it.
func TestAttends(t *testing.T) {
	v := values(Attention{}, 0)
	one := expressed(t, Attention{}, v, 1, "")
	execute(t, one)
	before := append([]float64{}, one.Output.Value().Data().([]float64)...)
	one.Input.Value().Data().([]float64)[0] += 0.5 // the first step
	execute(t, one)
	for k, after := range one.Output.Value().Data().([]float64) {
		if after == before[k] {
			t.Errorf("output %d does not depend on the first step", k)
		}
	}
}

// TestTraining: every kind learns, the same from the same key, several at a time and in turns.
func TestTraining(t *testing.T) {
	for _, m := range Models() {
		k, v := tape.Kind(m), values(m, 0.4)
		var first *kind.Result
		for range 2 {
			r, err := k.Train(t.Context(), task(150), v)
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = r
			}
			if r.Root != first.Root {
				t.Errorf("%s: root %x, want %x again", m.Name(), r.Root, first.Root)
			}
		}
		short, err := k.Train(t.Context(), task(1), v)
		if err != nil {
			t.Fatal(err)
		}
		if !(first.ValidationLoss < 0.6*short.ValidationLoss) {
			t.Errorf("%s: loss %v after 150 steps, %v after one", m.Name(), first.ValidationLoss, short.ValidationLoss)
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if r, err := k.Train(t.Context(), task(150), v); err != nil || r.Root != first.Root {
					t.Errorf("%s, of four at a time: %v, %v, want root %x", m.Name(), r, err, first.Root)
				}
			})
		}
		all.Wait()
		checkLoss(t, m, first)
	}
}

// checkLoss compares a network's predictions with the validation loss of its training.
func checkLoss(t *testing.T, m graph.Model, r *kind.Result) {
	t.Helper()
	s := products{1000, 70}
	x, y, out := make([]float32, s.n*inputs), make([]float32, s.n*outputs), make([]float32, s.n*outputs)
	for i := range s.n {
		s.Sample(i, x[i*inputs:][:inputs], y[i*outputs:][:outputs])
	}
	r.Network.Predict(x, out)
	sum := 0.0
	for i, p := range out {
		sum += math.Pow(float64(p-y[i]), 2)
	}
	if got := sum / float64(len(out)); math.Abs(got-r.ValidationLoss) > 1e-6 {
		t.Errorf("%s: loss of the predictions %v, of the training %v", m.Name(), got, r.ValidationLoss)
	}
	alone := make([]float32, outputs)
	r.Network.Predict(x[69*inputs:], alone)
	for k, got := range alone {
		if want := out[69*outputs+k]; math.Abs(float64(got-want)) > 1e-6 {
			t.Errorf("%s: prediction %v of one sample, %v among others", m.Name(), got, want)
		}
	}
}

// TestMemory makes three hundred trainings; what they held is given back.
func TestMemory(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		runtime.GC() // what finalizers kept
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	goroutines := runtime.NumGoroutine()
	var before uint64
	for i := range 300 {
		m := Models()[i%len(Models())]
		if _, err := tape.Kind(m).Train(t.Context(), task(2), values(m, 0)); err != nil {
			t.Fatal(err)
		}
		if i == 29 {
			before = heap()
		}
	}
	if after := heap(); after > before+1<<20 {
		t.Errorf("heap %d KiB after 300 trainings, %d after 30", after>>10, before>>10)
	}
	if n := runtime.NumGoroutine(); n > goroutines+1 {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
}

// TestEnds: a training that is cancelled, one that diverges and ones that are refused.
func TestEnds(t *testing.T) {
	k, v := tape.Kind(GRU{}), values(GRU{}, 0)
	ctx, cancel := context.WithCancel(t.Context())
	c := task(50)
	c.OnValidation = func(step int, _, _ float32) { cancel() }
	if r, err := k.Train(ctx, c, v); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v, %v", r, err)
	}
	c = task(50)
	c.Config.LearningRate = 1e30
	if r, err := k.Train(t.Context(), c, v); err != nil || r.Status != nn.Diverged || r.Network != nil || !math.IsNaN(r.ValidationLoss) {
		t.Errorf("learning rate 1e30: %+v, %v, want a run that diverged", r, err)
	}
	c = task(50)
	c.Config.EvalEvery, c.Config.Patience, c.Config.LearningRate = 1, 2, 1e-30
	if r, err := k.Train(t.Context(), c, v); err != nil || r.Status != nn.Stopped || r.StopStep >= 50 {
		t.Errorf("nothing learned: %+v, %v, want a run that stopped", r, err)
	}
	c = task(50)
	c.Config.Batch = 0
	if _, err := k.Train(t.Context(), c, v); !errors.Is(err, nn.ErrConfig) {
		t.Errorf("batch 0: %v, want %v", err, nn.ErrConfig)
	}
	c = task(50)
	c.Config.Steps, c.Config.Inputs = 500, 500
	c.Config.Batch = 4096
	c.Train = products{0, 4096}
	if _, err := k.Train(t.Context(), c, values(GRU{}, 1)); !errors.Is(err, kind.ErrLarge) {
		t.Errorf("4,096 samples of 500 steps: %v, want %v", err, kind.ErrLarge)
	}
	if _, err := k.Lower(task(50).Config, v); !errors.Is(err, graph.ErrLower) {
		t.Error("a recurrent graph was lowered")
	}
}

// BenchmarkStep is a step of a batch of 32 sequences of 24 steps, 3 channels each, with 18 units; beside it, where PyTorch is installed, its
// GRU in float64 on one thread.
func BenchmarkStep(b *testing.B) {
	for _, m := range Models() {
		b.Run(m.Name(), func(b *testing.B) {
			t := task(b.N)
			t.Config.Steps, t.Config.Inputs, t.Config.Batch, t.Config.EvalEvery = 24, 72, 32, 0
			if _, err := tape.Kind(m).Train(b.Context(), t, values(m, 0.5)); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "steps/s")
		})
	}
	b.Run("pytorch gru", func(b *testing.B) {
		if err := exec.CommandContext(b.Context(), "python3", "-c", "import torch").Run(); err != nil {
			b.Skip("PyTorch is not installed: ", err)
		}
		out, err := exec.CommandContext(b.Context(), "python3", "testdata/steps.py", fmt.Sprint(b.N)).Output()
		if err != nil {
			b.Fatal(err)
		}
		rate, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(rate, "steps/s")
	})
}
