package block

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
	"doin.network/node/kernels"
	"doin.network/node/kernels/host"
)

// small returns a task that takes steps steps.
func small(seed uint32, steps int) nn.Task {
	c := nn.DefaultConfig()
	c.Inputs, c.Hidden, c.Outputs = 4, []int{8}, 1
	c.Batch, c.MaxSteps, c.EvalEvery, c.Patience, c.Segment = 8, steps, 5, 0, 10
	key := rng.Key{seed, 1}
	return nn.Task{
		Config: c, Key: key, Train: samples{key, 40, 0, c.Loss, -1}, Validation: samples{key, 20, 40, c.Loss, -1},
	}
}

// TestResume begins trainings at the checkpoints of others.
func TestResume(t *testing.T) {
	e := engine(t, start(t, fast, host.Config{}), Options{StepsPerLaunch: 4})
	for _, optimizer := range []nn.Optimizer{nn.AdamW, nn.SGD} {
		task := small(3, 37)
		if optimizer == nn.SGD {
			task.Config.Optimizer, task.Config.Beta1, task.Config.Beta2, task.Config.Epsilon = nn.SGD, 0, 0, 0
			task.Config.Momentum = 0.5
		}
		var kept []*nn.Checkpoint
		whole := task
		whole.OnSegment = func(c *nn.Checkpoint) error {
			kept = append(kept, c.Clone())
			return nil
		}
		want, err := e.Train(t.Context(), &whole)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "whole", &task, want)
		if len(kept) != 3 {
			t.Fatalf("%d checkpoints, want 3", len(kept))
		}
		for _, c := range kept {
			rest := task
			rest.From = c
			got, err := e.Train(t.Context(), &rest)
			if err != nil {
				t.Fatal(err)
			}
			if got.Root != want.Root || !slices.Equal(got.Network.Weights(), want.Network.Weights()) {
				t.Errorf("%s from step %d: root %x, want %x", optimizer, c.Step, got.Root, want.Root)
			}
		}
	}
}

// TestErrors looks at tasks that cannot be trained, among others that can.
func TestErrors(t *testing.T) {
	e := engine(t, start(t, fast, host.Config{}), Options{})
	failure := errors.New("no")
	tasks := []nn.Task{small(1, 20), small(2, 20), small(3, 30), small(4, 20)}
	tasks[1].Config.Batch = 0
	tasks[2].OnSegment = func(*nn.Checkpoint) error { return failure }
	progress := map[int]int{}
	results, err := e.TrainAll(t.Context(), tasks, func(p nn.Progress) {
		progress[p.Task]++
		if p.Result == nil && (p.Step > p.Steps || math.IsNaN(float64(p.Loss))) {
			t.Errorf("progress %+v", p)
		}
	})
	if !errors.Is(err, nn.ErrConfig) || !errors.Is(err, failure) {
		t.Errorf("error %v, want ErrConfig and the callback's", err)
	}
	var failed *nn.TaskError
	if !errors.As(err, &failed) || failed.Task != 1 {
		t.Errorf("first error %+v, want that of task 1", failed)
	}
	for i, r := range results {
		if (r == nil) != (i == 1 || i == 2) {
			t.Errorf("result %d: %v", i, r)
		}
		if r != nil {
			same(t, "neighbour", &tasks[i], r)
			if progress[i] == 0 {
				t.Errorf("no progress of task %d", i)
			}
		}
	}
	if _, err := New(nil, Options{Variant: "huge", StepsPerLaunch: -1, Reserve: math.NaN()}); !errors.Is(err, ErrOptions) {
		t.Errorf("New with bad options: %v, want ErrOptions", err)
	}
}

// TestPoisoned trains one individual on data with a NaN among others: it diverges, they do not.
func TestPoisoned(t *testing.T) {
	e := engine(t, start(t, fast, host.Config{}), Options{StepsPerLaunch: 2, Blocks: 1})
	tasks := make([]nn.Task, 7)
	for i := range tasks {
		tasks[i] = small(uint32(i), 25)
	}
	bad := tasks[3].Train.(samples)
	bad.poisonedAt = 5
	tasks[3].Train = bad
	results, err := e.TrainAll(t.Context(), tasks, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		same(t, "individual", &tasks[i], r)
		if (r.Status == nn.Diverged) != (i == 3) {
			t.Errorf("individual %d: %v", i, r.Status)
		}
	}
}

// TestCancel cancels one of two trainings that would take for ever, and closes the engine under the other.
func TestCancel(t *testing.T) {
	d := start(t, fast, host.Config{})
	e, err := New(d, Options{StepsPerLaunch: 1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	long, other := small(1, 1<<20), small(2, 1<<20)
	long.Config.Segment, other.Config.Segment = 1<<19, 1<<19
	var all sync.WaitGroup
	began := make(chan struct{}, 2)
	train := func(ctx context.Context, task *nn.Task, want error) {
		all.Go(func() {
			_, err := e.train(ctx, task, func(nn.Progress) {
				select {
				case began <- struct{}{}:
				default:
				}
			})
			if !errors.Is(err, want) {
				t.Errorf("error %v, want %v", err, want)
			}
		})
	}
	train(ctx, &long, context.Canceled)
	<-began
	cancel()
	train(t.Context(), &other, ErrClosed)
	<-began
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	all.Wait()
	if _, err := e.Train(t.Context(), &long); !errors.Is(err, ErrClosed) {
		t.Errorf("Train after Close: %v, want ErrClosed", err)
	}
}

// TestLost loses the device in mid-run.
func TestLost(t *testing.T) {
	d, err := host.Start(context.WithoutCancel(t.Context()), program(t, fast), host.Config{FailLaunch: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	e := engine(t, d, Options{StepsPerLaunch: 2})
	tasks := []nn.Task{small(1, 30), small(2, 30)}
	results, err := e.TrainAll(t.Context(), tasks, nil)
	if !errors.Is(err, kernels.ErrLost) || results[0] != nil || results[1] != nil {
		t.Errorf("%v, error %v, want no results and ErrLost", results, err)
	}
	if _, err := e.Train(t.Context(), &tasks[0]); !errors.Is(err, kernels.ErrLost) {
		t.Errorf("Train after the loss: %v, want ErrLost", err)
	}
}

// TestMemory trains more than the device can hold: some wait for others. What never fits is refused by name.
func TestMemory(t *testing.T) {
	for _, bytes := range []int64{200 << 10, 260 << 10, 500 << 10} {
		d := start(t, fast, host.Config{MemoryBytes: bytes})
		e := engine(t, d, Options{StepsPerLaunch: 3})
		tasks := make([]nn.Task, 60)
		for i := range tasks {
			tasks[i] = small(uint32(i), 12)
			tasks[i].Config.Hidden = []int{8 + i%5}
		}
		results, err := e.TrainAll(t.Context(), tasks, nil)
		if err != nil {
			t.Fatalf("%d bytes: %v", bytes, err)
		}
		for i, r := range results {
			same(t, "waiting", &tasks[i], r)
		}
		big := small(1, 10)
		big.Config.Hidden = []int{1000, 1000}
		if _, err := e.Train(t.Context(), &big); !errors.Is(err, ErrSize) || !errors.Is(err, kernels.ErrMemory) {
			t.Errorf("%d bytes: error %v, want ErrSize and ErrMemory", bytes, err)
		}
	}
}

// TestPredict compares predictions with those of the networks.
func TestPredict(t *testing.T) {
	for _, limit := range []int{0, 4 << 10} {
		e := engine(t, start(t, fast, host.Config{SharedPerBlock: limit}), Options{})
		var networks []*nn.Network
		for i := range 9 {
			task := small(uint32(i), 6)
			task.Config.Hidden = slices.Repeat([]int{5 + 9*i}, i%3)
			r, err := e.Train(t.Context(), &task)
			if err != nil {
				t.Fatal(err)
			}
			networks = append(networks, r.Network)
		}
		s := samples{rng.Key{9, 9}, 131, 0, nn.MSE, -1}
		got, err := e.Predict(t.Context(), networks, s)
		if err != nil {
			t.Fatal(err)
		}
		x, y := make([]float32, 4), make([]float32, 1)
		for i, n := range networks {
			for r := range s.n {
				s.Sample(r, x, y)
				if n.Predict(x, y); got[i][r] != y[0] {
					t.Fatalf("network %d, sample %d: %v, want %v", i, r, got[i][r], y[0])
				}
			}
		}
	}
}

// TestGradientsInWorkspace trains a model whose gradients do not fit shared memory beside the rest.
func TestGradientsInWorkspace(t *testing.T) {
	task := small(1, 9)
	task.Config.Inputs, task.Config.Hidden, task.Config.Batch = 8, []int{100, 100}, 16
	s := trainingShape(&task)
	limit := newCompiler(s, trainWide.threads, inWorkspace).plan().sharedBytes
	if most := newCompiler(s, trainWide.threads, inMemory).plan().sharedBytes; most <= limit {
		t.Fatalf("%d bytes with gradients, %d without", most, limit)
	}
	e := engine(t, start(t, fast, host.Config{SharedPerBlock: limit}), Options{Variant: Wide})
	r, err := e.Train(t.Context(), &task)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "workspace", &task, r)
	for _, m := range e.models.all {
		spare := slices.ContainsFunc(m.ops, func(o kernels.Op) bool { return o.Flags&kernels.FlagSpare != 0 })
		if m.plan.streamed || !spare {
			t.Errorf("%s, gradients in the workspace: %v", m.name, spare)
		}
	}
}
