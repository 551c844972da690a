package nn

import (
	"math/rand/v2"
	"testing"

	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

// randomTask returns a small task of random shape. Rates may be so large that it diverges.
func randomTask(seed uint64) Task {
	r := rand.New(rand.NewPCG(seed, 0x646f696e))
	size := func(most int) int {
		if r.IntN(3) == 0 {
			return []int{1, 2, 3, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65}[r.IntN(13)] % (most + 1)
		}
		return 1 + r.IntN(most)
	}
	some := func(most int) int { return max(1, size(most)) }
	active := func() Activation { return []Activation{ReLU, Tanh, Sigmoid, GELU, SiLU, None}[r.IntN(6)] }
	power := func(low, high int) float32 {
		v := float32(1)
		for range low + r.IntN(high-low+1) {
			v /= 2
		}
		return v
	}
	c := DefaultConfig()
	c.Outputs, c.Batch, c.MaxSteps = some(9), some(130), 1+r.IntN(12)
	c.Activation, c.Loss = active(), []Loss{MSE, MAE, Huber, SoftmaxCrossEntropy, BinaryCrossEntropy}[r.IntN(5)]
	c.LearningRate, c.WeightDecay = power(0, 10), power(5, 20)
	if r.IntN(10) == 0 {
		c.LearningRate = 1 / power(30, 120)
	}
	if r.IntN(3) == 0 {
		c.Optimizer, c.Momentum = SGD, float32(r.IntN(16))/16
	}
	if r.IntN(3) == 0 {
		c.ClipNorm = power(0, 8)
	}
	c.WarmupSteps, c.Schedule = r.IntN(c.MaxSteps), []Schedule{Constant, Cosine}[r.IntN(2)]
	c.EvalEvery, c.Patience, c.Segment = r.IntN(5), r.IntN(3), r.IntN(5)
	c.Inputs = some(65)
	if r.IntN(2) == 0 {
		for range r.IntN(4) {
			c.Hidden = append(c.Hidden, some(65))
		}
	} else {
		c.Activation = ""
		c.Steps = some(20)
		c.Inputs = c.Steps * some(9)
		c.Batch = some(20)
		for range r.IntN(4) {
			l := Layer{Kind: []Kind{Dense, Conv1D, TCN, LayerNorm, Dropout, Flatten}[r.IntN(6)]}
			switch l.Kind {
			case Dense:
				l.Width, l.Activation = some(33), active()
			case Conv1D, TCN:
				l.Width, l.Kernel, l.Dilation, l.Activation = some(17), some(4), some(6), active()
			}
			if l.Kind == Dropout || l.Kind == TCN {
				l.Rate = float32(r.IntN(8)) / 8
			}
			c.Layers = append(c.Layers, l)
		}
		c.Layers = append(c.Layers, Layer{Kind: []Kind{LastStep, Flatten}[r.IntN(2)]})
	}
	if r.IntN(4) == 0 {
		c.ScheduleSteps = c.MaxSteps + r.IntN(20)
		c.WarmupSteps = r.IntN(c.ScheduleSteps)
	}
	key := rng.Key{uint32(seed), uint32(seed >> 32)}
	all := synthetic{key: key, loss: c.Loss, soft: c.Loss == SoftmaxCrossEntropy && r.IntN(2) == 0}
	return Task{
		Config: c, Key: key,
		Train: all.samples(0, some(200)), Validation: all.samples(300, some(99)),
	}
}

// compareImplementations trains a task with every implementation and compares the digests.
func compareImplementations(t *testing.T, seed uint64) {
	t.Helper()
	task := randomTask(seed)
	if err := task.Validate(); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	var want *Result
	for _, isa := range vec.Supported() {
		got, err := newTestEngine(t, 1, isa).Train(t.Context(), []Task{task}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got[0]
		}
		if got[0].Digest() != want.Digest() || got[0].StopStep != want.StopStep {
			t.Errorf("seed %d: %s has digest %x, %s at %d; naive has %x, %s at %d; %+v", seed, isa,
				got[0].Digest(), got[0].Status, got[0].StopStep, want.Digest(), want.Status, want.StopStep, task.Config)
		}
	}
}

func TestImplementationsAgree(t *testing.T) {
	n := uint64(150)
	if testing.Short() {
		n = 30
	}
	for seed := range n {
		compareImplementations(t, seed)
	}
}

// FuzzImplementations tries random trainings: naive, generic and every assembly must agree.
func FuzzImplementations(f *testing.F) {
	f.Add(uint64(1 << 40))
	f.Fuzz(compareImplementations)
}

// FuzzParseTask: no file makes ParseTask panic, and what it accepts can be written and read back.
func FuzzParseTask(f *testing.F) {
	for _, name := range []string{"tcn-relu", "mlp-gelu-mae", "segment-1-sgd"} {
		f.Add(committedTasks()[name])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := canon.ParseObject(data)
		if err != nil {
			return
		}
		if genome, err := o.Object("genome"); err == nil {
			if c, err := ConfigFromObject(genome); err == nil {
				if again, err := ConfigFromObject(c.Object()); err != nil || !canon.Equal(again.Object(), c.Object()) {
					t.Errorf("%s read back as %+v, %v", canon.Default(c.Object()), again, err)
				}
			}
		}
		task, err := ParseTask(o)
		if (task == nil) != (err != nil) {
			t.Errorf("ParseTask = %v, %v", task, err)
		}
	})
}
