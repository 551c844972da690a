package nn

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
)

// train runs c on the surface with a fixed key.
func train(t *testing.T, c Config) *Result {
	t.Helper()
	key := rng.Key{1, 2}
	r, err := Train(t.Context(), c, key, surface{200, key, 0}, surface{50, key, 1000})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// newTestRun prepares a run with the kernels that the environment selects.
func newTestRun(t testing.TB, c Config, key rng.Key, train, validation Source) *Run {
	t.Helper()
	r, err := NewRun(&Task{Config: c, Key: key, Train: train, Validation: validation}, "")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func tinyConfig() Config {
	c := DefaultConfig()
	c.Inputs, c.Hidden, c.Outputs = 3, []int{5}, 2
	c.Batch, c.MaxSteps, c.EvalEvery, c.Segment = 16, 40, 4, 8
	return c
}

// TestEarlyStopping replays a run without patience to know every validation loss, and derives from them where a run
// with patience must stop and what it must restore.
func TestEarlyStopping(t *testing.T) {
	c := tinyConfig()
	c.LearningRate, c.MaxSteps, c.EvalEvery, c.Patience = 0.25, 200, 5, 0
	var losses []float32
	var weights [][]float32
	key := rng.Key{1, 2}
	tr := newTestRun(t, c, key, surface{200, key, 0}, surface{50, key, 1000})
	for s := 1; s <= c.MaxSteps; s++ {
		tr.Step()
		if s%c.EvalEvery == 0 {
			losses = append(losses, tr.validate())
			weights = append(weights, slices.Clone(tr.state.W))
		}
	}
	for _, patience := range []int{1, 2, 3, 5} {
		for _, delta := range []float32{0, 0x1p-6, 0x1p-3} {
			best, bestAt, stale, stop := float32(math.Inf(1)), -1, 0, -1
			for i, l := range losses {
				if l < best-delta {
					best, bestAt, stale = l, i, 0
				} else if stale++; stale == patience {
					stop = i
					break
				}
			}
			c := c
			c.Patience, c.MinDelta = patience, delta
			r := train(t, c)
			status, stopStep := Stopped, (stop+1)*c.EvalEvery
			if stop < 0 || stopStep == c.MaxSteps {
				status, stopStep = Completed, c.MaxSteps
			}
			if r.Status != status || r.StopStep != stopStep || r.BestStep != (bestAt+1)*c.EvalEvery || r.ValidationLoss != best {
				t.Errorf("patience %d, delta %v: %s at %d, best %v at %d; want %s at %d, best %v at %d", patience, delta,
					r.Status, r.StopStep, r.ValidationLoss, r.BestStep, status, stopStep, best, (bestAt+1)*c.EvalEvery)
			}
			if !slices.Equal(r.Network.Weights(), weights[bestAt]) {
				t.Errorf("patience %d: the weights restored are not those of step %d", patience, r.BestStep)
			}
		}
	}
}

// TestDivergesByLoss: a rate that makes the loss overflow ends the run at the step whose loss is not finite.
func TestDivergesByLoss(t *testing.T) {
	c := tinyConfig()
	c.LearningRate = 0x1p60
	r := train(t, c)
	if r.Status != Diverged || r.StopStep < 2 || r.BestStep != 0 || r.Network != nil || r.ValidationLoss == r.ValidationLoss {
		t.Errorf("result = %+v, want one that diverged after step 1, without network", r)
	}
	if want := merkle(r.Leaves); r.Root != want || len(r.Leaves) != (r.StopStep-1)/c.Segment+1 {
		t.Errorf("%d leaves, root %x, want the result leaf last and root %x", len(r.Leaves), r.Root, want)
	}
}

// TestDivergesByState: relu hides a NaN weight from the loss; the end of the segment finds it.
func TestDivergesByState(t *testing.T) {
	c := tinyConfig()
	key := rng.Key{1, 2}
	for _, segment := range []int{0, 8, 13} {
		for part := range 3 {
			c := c
			c.Segment = segment
			tr := newTestRun(t, c, key, surface{200, key, 0}, surface{50, key, 1000})
			poison := [][]float32{tr.state.W, tr.state.M, tr.state.V}[part]
			stop := 0
			for s := 1; stop == 0; s++ {
				if s == 5 {
					poison[1] = nan // a weight, or a moment that turns it into NaN at this step
				}
				if tr.Step() {
					stop = s
				}
			}
			want := c.MaxSteps
			if segment > 0 {
				want = segment
			}
			if tr.status != Diverged || stop != want {
				t.Errorf("segment %d, part %d: %s at %d, want diverged at %d", segment, part, tr.status, stop, want)
			}
		}
	}
}

// TestSegmentDoesNotChangeTheRun: digests are a by-product; any S, and none, ends in the same weights.
func TestSegmentDoesNotChangeTheRun(t *testing.T) {
	c := tinyConfig()
	c.Patience = 3
	c.LearningRate = 0x1p-5
	want := train(t, c)
	for _, s := range []int{0, 1, 7, 40, 100} {
		c.Segment = s
		r := train(t, c)
		if r.Status != want.Status || r.StopStep != want.StopStep || r.ValidationLoss != want.ValidationLoss ||
			!slices.Equal(r.Network.Weights(), want.Network.Weights()) {
			t.Errorf("segment %d changed the run", s)
		}
		if s == 0 && (r.Leaves != nil || r.Root != [32]byte{}) {
			t.Error("segment 0 made a digest")
		}
		if s > 0 && len(r.Leaves) != r.StopStep/s+1 {
			t.Errorf("segment %d: %d leaves, want %d", s, len(r.Leaves), r.StopStep/s+1)
		}
	}
}

// TestPredictEqualsBatch: one sample alone has the bits it has in a batch, and Predictor reuses its scratch safely.
func TestPredictEqualsBatch(t *testing.T) {
	for a := range activations {
		c := tinyConfig()
		c.Activation = a
		c.Hidden = []int{6, 5, 4}
		r := train(t, c)
		key := rng.Key{1, 2}
		source := surface{20, key, 0}
		p := newPass(r.Network.plan, r.Network.kernels, 20, 0)
		y := make([]float32, c.Outputs)
		for i := range 20 {
			source.Sample(i, p.input(20)[i*c.Inputs:(i+1)*c.Inputs], y)
		}
		want := p.forward(r.Network.weights, 20)
		x, predictor := make([]float32, c.Inputs), r.Network.Predictor()
		for i := range 20 {
			source.Sample(i, x, y)
			predictor.Predict(x, y)
			once := make([]float32, c.Outputs)
			r.Network.Predict(x, once)
			if w := want[i*c.Outputs : (i+1)*c.Outputs]; !slices.Equal(y, w) || !slices.Equal(once, w) {
				t.Errorf("%s: sample %d alone = %v and %v, in a batch %v", a, i, y, once, w)
			}
		}
	}
}

// TestEpochs: within an epoch no sample comes twice, the rest that fills no batch is dropped, and the next epoch has
// another order.
func TestEpochs(t *testing.T) {
	c := tinyConfig()
	c.Inputs, c.Outputs = 1, 1
	key := rng.Key{3, 4}
	tr := newTestRun(t, c, key, numbered(50), numbered(1)) // 3 batches of 16, 2 samples dropped
	var epochs [2][]float32
	for step := range 6 {
		tr.gather(step)
		epochs[step/3] = append(epochs[step/3], tr.target...)
	}
	for _, e := range epochs {
		sorted := slices.Clone(e)
		slices.Sort(sorted)
		if len(slices.Compact(sorted)) != 48 {
			t.Errorf("an epoch has %d distinct samples, want 48", len(slices.Compact(sorted)))
		}
	}
	if slices.Equal(epochs[0], epochs[1]) {
		t.Error("two epochs in the same order")
	}
}

// numbered is a source whose sample i is the number i.
type numbered int

func (n numbered) Len() int { return int(n) }

func (n numbered) Sample(i int, x, y []float32) { x[0], y[0] = float32(i), float32(i) }

func TestTrainCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	key := rng.Key{}
	if r, err := Train(ctx, tinyConfig(), key, surface{20, key, 0}, surface{5, key, 50}); !errors.Is(err, context.Canceled) || r != nil {
		t.Errorf("Train = %v, %v, want no result and context.Canceled", r, err)
	}
}

func TestTrainRefuses(t *testing.T) {
	key := rng.Key{}
	if _, err := Train(t.Context(), tinyConfig(), key, surface{0, key, 0}, surface{5, key, 50}); !errors.Is(err, ErrData) {
		t.Errorf("empty training set: %v, want ErrData", err)
	}
	if _, err := Train(t.Context(), tinyConfig(), key, surface{5, key, 0}, surface{MaxSamples, key, 50}); !errors.Is(err, ErrData) {
		t.Errorf("validation set too large: %v, want ErrData", err)
	}
	c := tinyConfig()
	c.Hidden = []int{0, MaxWidth + 1}
	c.Activation, c.Loss, c.Schedule = "step", "hinge", "sometimes"
	c.LearningRate, c.Beta1, c.Epsilon, c.WeightDecay, c.MinDelta = nan, 1, 0, -1, float32(math.Inf(1))
	c.Batch, c.MaxSteps, c.WarmupSteps, c.EvalEvery, c.Patience, c.Segment = 0, 0, -1, -1, -1, -1
	_, err := Train(t.Context(), c, key, surface{5, key, 0}, surface{5, key, 50})
	if !errors.Is(err, ErrConfig) {
		t.Fatalf("Train = %v, want ErrConfig", err)
	}
	for _, field := range []string{"hidden[0]", "hidden[1]", "activation", "loss", "schedule", "learning_rate", "beta1", "epsilon",
		"weight_decay", "min_delta", "batch", "max_steps", "warmup_steps", "eval_every", "patience", "segment"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
	c = tinyConfig()
	c.Inputs, c.Hidden, c.Batch = 1000, []int{6000, 300}, MaxBatch
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "memory") {
		t.Errorf("Validate of a batch that needs gigabytes = %v, want the memory named", err)
	}
	c = tinyConfig()
	c.Hidden = []int{MaxWidth, MaxWidth}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "parameters") {
		t.Errorf("Validate of a huge model = %v, want the number of parameters named", err)
	}
}

// TestSettingsRefused: what the engine has no definition for.
func TestSettingsRefused(t *testing.T) {
	for _, f := range []struct {
		want string
		set  func(c *Config)
	}{
		{"", func(c *Config) { c.Epsilon = 0x1p-149 }},
		{"", func(c *Config) { c.Epsilon = math.MaxFloat32 }},
		{"epsilon", func(c *Config) { c.Epsilon = 0 }},
		{"epsilon", func(c *Config) { c.Epsilon = -1 }},
		{"epsilon", func(c *Config) { c.Epsilon = float32(math.Inf(1)) }},
		{"epsilon", func(c *Config) { c.Epsilon = nan }},
		{"", func(c *Config) { c.ScheduleSteps = c.MaxSteps }},
		{"", func(c *Config) { c.ScheduleSteps, c.WarmupSteps = MaxSteps, MaxSteps-1 }},
		{"schedule_steps", func(c *Config) { c.ScheduleSteps = c.MaxSteps - 1 }},
		{"schedule_steps", func(c *Config) { c.ScheduleSteps = MaxSteps + 1 }},
		{"schedule_steps", func(c *Config) { c.ScheduleSteps = -1 }},
		{"warmup_steps", func(c *Config) { c.WarmupSteps = c.MaxSteps }},
		{"warmup_steps", func(c *Config) { c.ScheduleSteps, c.WarmupSteps = c.MaxSteps+3, c.MaxSteps+3 }},
	} {
		c := tinyConfig()
		f.set(&c)
		err := c.Validate()
		if (err == nil) != (f.want == "") || err != nil && !strings.Contains(err.Error(), f.want) {
			t.Errorf("Validate of %+v = %v, want %q named", c, err, f.want)
		}
	}
}

// TestScheduleSteps: a run that is the beginning of a longer one has its leaves, whatever the schedule.
func TestScheduleSteps(t *testing.T) {
	key := rng.Key{41, 42}
	train := func(steps, schedule, warmup int, s Schedule) *Result {
		c := tinyConfig()
		c.MaxSteps, c.ScheduleSteps, c.WarmupSteps, c.Schedule, c.Segment, c.EvalEvery = steps, schedule, warmup, s, 5, 0
		r, err := Train(t.Context(), c, key, surface{50, key, 0}, surface{20, key, 50})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, s := range []Schedule{Constant, Cosine} {
		for _, warmup := range []int{0, 7, 30} {
			whole, part, named := train(60, 0, warmup, s), train(25, 60, warmup, s), train(60, 60, warmup, s)
			if whole.Root != named.Root {
				t.Errorf("%s, warm-up %d: root %x with schedule_steps, %x without", s, warmup, named.Root, whole.Root)
			}
			if !slices.Equal(part.Leaves[:5], whole.Leaves[:5]) {
				t.Errorf("%s, warm-up %d: 25 steps of 60 are not those of the whole run", s, warmup)
			}
			if warmup < 25 && s == Cosine && slices.Equal(part.Leaves[:5], train(25, 0, warmup, s).Leaves[:5]) {
				t.Errorf("%s, warm-up %d: schedule_steps changes nothing", s, warmup)
			}
		}
	}
}

// TestStepAllocatesNothing pins the steady state: steps with validations and leaves, with every layer.
func TestStepAllocatesNothing(t *testing.T) {
	mlp := tinyConfig()
	sequence := tinyConfig()
	sequence.Hidden, sequence.Steps, sequence.Inputs, sequence.Optimizer, sequence.ClipNorm = nil, 5, 15, SGD, 0x1p-10
	sequence.Loss = SoftmaxCrossEntropy
	sequence.Layers = []Layer{
		{Kind: LayerNorm}, {Kind: Conv1D, Width: 4, Kernel: 2, Dilation: 1, Activation: GELU}, {Kind: Dropout, Rate: 0.5},
		{Kind: TCN, Width: 6, Kernel: 3, Dilation: 2, Activation: ReLU, Rate: 0.25},
		{Kind: TCN, Width: 6, Kernel: 3, Dilation: 2, Activation: Tanh}, {Kind: LastStep}, {Kind: Dense, Width: 3, Activation: SiLU},
	}
	key := rng.Key{1, 2}
	for _, isa := range vec.Supported() {
		for _, c := range []Config{mlp, sequence} {
			for _, samples := range []int{200, 400000} { // kept in memory and not
				c.MaxSteps, c.EvalEvery, c.Segment, c.Batch = 1000, 1, 1, 70
				task := Task{Config: c, Key: key, Train: surface{samples, key, 0}, Validation: surface{50, key, 500000}}
				r, err := NewRun(&task, isa)
				if err != nil {
					t.Fatal(err)
				}
				if n := testing.AllocsPerRun(20, func() { r.Step() }); n != 0 {
					t.Errorf("%s: a step of %+v allocates %v times, want 0", isa, c, n)
				}
			}
		}
	}
}

func TestSelfTest(t *testing.T) {
	for _, k := range knownAnswers {
		got, err := k.compute()
		if err != nil {
			t.Fatal(err)
		}
		if hex := hexOf(got); hex != k.want {
			t.Errorf("%s = %s, want %s", k.name, hex, k.want)
		}
	}
	if err := SelfTest(); err != nil {
		t.Error(err)
	}
}

// TestInitialWeights checks the bounds of the uniform distribution of each layer and that biases are zero.
func TestInitialWeights(t *testing.T) {
	for a, saturates := range map[Activation]bool{ReLU: false, SiLU: false, Tanh: true} {
		c := tinyConfig()
		c.Inputs, c.Hidden, c.Outputs, c.Activation = 20, []int{30, 25}, 4, a
		w := make([]float32, c.Parameters())
		p := compile(&c)
		p.initialize(w, rng.Key{5, 6})
		for i, l := range p.matrices {
			fan := l.in
			if saturates || i == 2 {
				fan += l.out
			}
			limit := math.Sqrt(6 / float64(fan))
			weights, bias := l.of(w)
			largest := 0.0
			for _, v := range weights {
				largest = math.Max(largest, math.Abs(float64(v)))
			}
			if largest > limit*1.0001 || largest < 0.9*limit {
				t.Errorf("%s layer %d: largest weight %v, limit %v", a, i, largest, limit)
			}
			if !vec.AllFinite(weights) || slices.Max(bias) != 0 || slices.Min(bias) != 0 {
				t.Errorf("%s layer %d: bias %v, want zeros", a, i, bias)
			}
		}
	}
}
