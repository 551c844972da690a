package tape

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/graph"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
)

// perceptron is a model with two hidden layers, which can be lowered.
type perceptron struct{ a nn.Activation }

func (perceptron) Name() string { return "perceptron" }

func (perceptron) Genes() []genome.Gene {
	return []genome.Gene{{Name: "units", Kind: genome.Int, Low: 2, High: 9}}
}

func (p perceptron) Graph(b *graph.Builder, v kind.Values) *gorgonia.Node {
	h := b.Dense(b.Input(), v.Int("units"), p.a)
	return b.Dense(b.Dense(h, 3, p.a), b.Outputs, nn.None)
}

// units is a genome of perceptron.
func units(n int) kind.Values {
	return kind.Values{Space: perceptron{}.Genes(), Genome: genome.Genome{float64(n)}}
}

// points are samples whose targets lie in [0, 1] and add up to 1.
type points struct{ first, n int }

func (p points) Len() int { return p.n }

func (p points) Sample(i int, x, y []float32) {
	draws := rng.New(rng.Key{7, 8}, rng.Probe, uint32(p.first+i))
	for j := range x {
		x[j] = 2*draws.Uniform(uint32(j)) - 1
	}
	share := 0.5 + 0.5*x[0]*x[1]
	y[0], y[1] = share, 1-share
}

func task(l nn.Loss) *nn.Task {
	c := nn.DefaultConfig()
	c.Inputs, c.Outputs, c.Loss = 3, 2, l
	c.Batch, c.MaxSteps, c.EvalEvery, c.Patience, c.WarmupSteps, c.Schedule = 7, 90, 15, 2, 5, nn.Cosine
	c.LearningRate, c.WeightDecay = 0x1p-6, 0x1p-5
	return &nn.Task{Config: c, Key: rng.Key{9, 10}, Train: points{0, 50}, Validation: points{500, 70}}
}

// TestTwins: the engine and the tape machine make the same training of one graph: the same order of the samples, initial weights, schedule
// and best step, and losses and predictions that differ by roundings of float32. Every loss and activation is tried.
func TestTwins(t *testing.T) {
	for _, l := range []nn.Loss{nn.MSE, nn.MAE, nn.Huber, nn.SoftmaxCrossEntropy, nn.BinaryCrossEntropy} {
		for _, a := range []nn.Activation{nn.Tanh, nn.ReLU, nn.SiLU} {
			k := Kind(perceptron{a})
			v, twin := units(5), task(l)
			if l == nn.BinaryCrossEntropy { // Gorgonia's graph of it takes targets of 0 and 1
				twin.Train, twin.Validation = events{points{0, 50}}, events{points{500, 70}}
			}
			ours := *twin
			var err error
			if twin.Config, err = k.Lower(twin.Config, v); err != nil {
				t.Fatalf("%s, %s: %v", l, a, err)
			}
			want, err := nn.Train(t.Context(), twin.Config, twin.Key, twin.Train, twin.Validation)
			if err != nil {
				t.Fatal(err)
			}
			watched := 0
			ours.OnValidation = func(step int, train, validation float32) { watched++ }
			got, err := k.Train(t.Context(), &ours, v)
			if err != nil {
				t.Fatal(err)
			}
			if got.Status != want.Status || got.StopStep != want.StopStep || got.BestStep != want.BestStep ||
				math.Abs(got.ValidationLoss-float64(want.ValidationLoss)) > 2e-5 {
				t.Errorf("%s, %s: %v at %d, best %d, loss %v; the engine: %v at %d, best %d, loss %v", l, a, got.Status, got.StopStep, got.BestStep,
					got.ValidationLoss, want.Status, want.StopStep, want.BestStep, want.ValidationLoss)
			}
			if watched != (got.StopStep+14)/15 {
				t.Errorf("%s, %s: %d validations seen in %d steps", l, a, watched, got.StopStep)
			}
			x, out, other := []float32{0.3, -0.2, 0.9}, make([]float32, 2), make([]float32, 2)
			got.Network.Predict(x, out)
			want.Network.Predict(x, other)
			for i := range out {
				if math.Abs(float64(out[i]-other[i])) > 1e-4 {
					t.Errorf("%s, %s: predictions %v, the engine's %v", l, a, out, other)
				}
			}
			n := 0
			for _, x := range got.Network.Tensors() {
				n += len(x.Values)
			}
			if p, _, err := k.Size(ours.Config, v); err != nil || p != n || p != twin.Config.Parameters() {
				t.Errorf("%d parameters, %v, %d in tensors, want %d", p, err, n, twin.Config.Parameters())
			}
		}
	}
}

// events are points whose targets are 0 or 1.
type events struct{ points }

func (e events) Sample(i int, x, y []float32) {
	e.points.Sample(i, x, y)
	for k := range y {
		y[k] = float32(math.Round(float64(y[k])))
	}
}

// wrong are models that say no graph.
type wrong struct {
	perceptron
	graph func(b *graph.Builder) *gorgonia.Node
}

func (w wrong) Graph(b *graph.Builder, _ kind.Values) *gorgonia.Node { return w.graph(b) }

// TestRefused: a model's mistakes are errors that name it.
func TestRefused(t *testing.T) {
	f := func(want string, g func(b *graph.Builder) *gorgonia.Node) {
		t.Helper()
		k := Kind(wrong{graph: g})
		_, _, err := k.Size(task(nn.MSE).Config, units(2))
		if !errors.Is(err, graph.ErrModel) || !strings.Contains(err.Error(), "perceptron") || !strings.Contains(err.Error(), want) {
			t.Errorf("Size = %v, want %q", err, want)
		}
		if r, err := k.Train(t.Context(), task(nn.MSE), units(2)); !errors.Is(err, graph.ErrModel) {
			t.Errorf("Train = %v, %v", r, err)
		}
		if _, err := k.Lower(task(nn.MSE).Config, units(2)); !errors.Is(err, graph.ErrModel) {
			t.Error("lowered")
		}
	}
	f("outputs are not [1][2]", func(b *graph.Builder) *gorgonia.Node { return b.Input() })
	f("outputs are not", func(b *graph.Builder) *gorgonia.Node { return nil })
	f("step 9 of 1", func(b *graph.Builder) *gorgonia.Node { return b.Dense(b.At(9), b.Outputs, nn.None) })
	f("learnable of [0][2]", func(b *graph.Builder) *gorgonia.Node { return b.Product(b.Input(), b.Learnable(0, 2, 1)) })
	f("hopeless", func(b *graph.Builder) *gorgonia.Node { return b.Fail(fmt.Errorf("hopeless")) })
	f("index out of range", func(b *graph.Builder) *gorgonia.Node { return []*gorgonia.Node{}[b.Rows] })
	f(`no gene "depth"`, func(b *graph.Builder) *gorgonia.Node { return b.Bias(units(2).Int("depth")) })
	f("Inner dimensions do not match", func(b *graph.Builder) *gorgonia.Node {
		return b.Product(b.Input(), b.Learnable(5, b.Outputs, 1))
	})
	f("dropout 1", func(b *graph.Builder) *gorgonia.Node {
		b.Training = true
		return b.Dropout(1, b.Dense(b.Input(), b.Outputs, nn.None))[0]
	})
}

// TestDropout: what is dropped is the same from the same key, about the share asked for, and nothing out of training.
func TestDropout(t *testing.T) {
	half := wrong{graph: func(b *graph.Builder) *gorgonia.Node {
		return b.Dense(b.Dropout(0.25, b.Dense(b.Input(), 40, nn.Tanh))[0], b.Outputs, nn.None)
	}}
	if _, err := Kind(half).Lower(task(nn.MSE).Config, units(2)); !errors.Is(err, graph.ErrLower) {
		t.Error("a graph that drops units was lowered, which drops none")
	}
	r, err := begin(half, task(nn.MSE), units(2))
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	if len(r.watch.masks) != 0 || len(r.step.masks) != 1 {
		t.Fatalf("%d masks in validation, %d in training, want 0 and 1", len(r.watch.masks), len(r.step.masks))
	}
	kept, all := 0, 0
	for s := range 20 {
		r.drop(s)
		first := append([]float64{}, r.step.masks[0]...)
		r.drop(s)
		for i, v := range r.step.masks[0] {
			if v != first[i] || v != 0 && v != 1/0.75 {
				t.Fatalf("element %d of the mask is %v, then %v", i, first[i], v)
			}
			if all++; v != 0 {
				kept++
			}
		}
	}
	if share := float64(kept) / float64(all); share < 0.72 || share > 0.78 {
		t.Errorf("%v of the units kept, want about 0.75", share)
	}
}
