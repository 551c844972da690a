package nn

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
)

// population returns tasks of mixed shapes, some of which stop early or diverge.
func population(n int) []Task {
	tasks := make([]Task, n)
	for i := range tasks {
		c := tinyConfig()
		c.Inputs = 1 + i%5
		c.Hidden = [][]int{{3}, {17, 5}, nil, {8, 8, 8}}[i%4]
		c.Activation = []Activation{ReLU, Tanh, GELU}[i%3]
		c.LearningRate = []float32{0x1p-6, 0x1p-3, 0x1p60}[i%3]
		c.MaxSteps, c.EvalEvery, c.Patience, c.Segment = 20+i, 3, 2, i%7
		key := rng.Key{uint32(i), 9}
		tasks[i] = Task{Config: c, Key: key, Train: surface{70 + i, key, 0}, Validation: surface{20, key, 500}}
	}
	return tasks
}

// same reports whether two results are the same, weights included.
func same(a, b *Result) bool {
	if a.Status != b.Status || a.StopStep != b.StopStep || a.BestStep != b.BestStep || a.Root != b.Root ||
		vec.CanonicalBits(a.ValidationLoss) != vec.CanonicalBits(b.ValidationLoss) || (a.Network == nil) != (b.Network == nil) {
		return false
	}
	return a.Network == nil || slices.Equal(a.Network.weights, b.Network.weights)
}

func newTestEngine(t *testing.T, workers int, isa vec.ISA) *Engine {
	t.Helper()
	e, err := NewEngine(EngineConfig{Workers: workers, ISA: isa})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestPopulationIsIndependent: neither the number of workers, nor the order, nor the split of a population, nor the
// instruction set shows in a result.
func TestPopulationIsIndependent(t *testing.T) {
	tasks := population(24)
	var want []*Result
	ends := map[Status]int{}
	for i := range tasks {
		c := tasks[i]
		r, err := Train(t.Context(), c.Config, c.Key, c.Train, c.Validation)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, r)
		ends[r.Status]++
	}
	if len(ends) < 3 {
		t.Errorf("the population ends in %v, want all three ends", ends)
	}
	for _, isa := range vec.Supported() {
		for _, workers := range []int{1, 2, 7} {
			order := rand.New(rand.NewPCG(1, uint64(workers))).Perm(len(tasks))
			for _, part := range [][]int{order[:5], order[5:]} {
				var some []Task
				for _, i := range part {
					some = append(some, tasks[i])
				}
				got, err := newTestEngine(t, workers, isa).Train(t.Context(), some, nil)
				if err != nil {
					t.Fatal(err)
				}
				for n, i := range part {
					if !same(got[n], want[i]) {
						t.Errorf("%s, %d workers: task %d is %+v, want %+v", isa, workers, i, got[n], want[i])
					}
				}
			}
		}
	}
}

// TestResume: a run that goes on from any leaf ends as the whole one, with every optimizer.
func TestResume(t *testing.T) {
	for _, o := range []Optimizer{AdamW, SGD} {
		c := tinyConfig()
		c.Optimizer, c.Schedule, c.WarmupSteps, c.Patience, c.EvalEvery = o, Cosine, 5, 4, 3
		c.Layers = []Layer{{Kind: Dense, Width: 9, Activation: Tanh}, {Kind: Dropout, Rate: 0.25}}
		c.Hidden = nil
		key := rng.Key{1, 2}
		task := Task{Config: c, Key: key, Train: surface{100, key, 0}, Validation: surface{30, key, 500}}
		var leaves []*Checkpoint
		task.OnSegment = func(c *Checkpoint) error { leaves = append(leaves, c.Clone()); return nil }
		e := newTestEngine(t, 1, "")
		whole, err := e.Train(t.Context(), []Task{task}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(leaves) < 3 {
			t.Fatalf("%d checkpoints, want more", len(leaves))
		}
		task.OnSegment = nil
		for _, from := range leaves {
			task.From = from
			got, err := e.Train(t.Context(), []Task{task}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !same(got[0], whole[0]) {
				t.Errorf("%s from step %d: %+v, want %+v", o, from.Step, got[0], whole[0])
			}
		}
		task.From = &Checkpoint{Step: 8, W: leaves[0].W}
		if _, err := e.Train(t.Context(), []Task{task}, nil); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("checkpoint without moments: %v, want ErrCheckpoint", err)
		}
	}
}

// TestEngineNamesBadTasks: a task that cannot be trained does not touch the others.
func TestEngineNamesBadTasks(t *testing.T) {
	tasks := population(6)
	tasks[1].Config.Hidden = []int{-1}
	tasks[3].Train = surface{}
	tasks[4].Config.Segment = 3
	stop := errors.New("enough")
	tasks[4].OnSegment = func(*Checkpoint) error { return stop }
	tasks[4].Config.LearningRate = 0x1p-9
	tasks[5].Validation = nil
	got, err := newTestEngine(t, 2, "").Train(t.Context(), tasks, nil)
	for _, want := range []error{ErrConfig, ErrData, stop} {
		if !errors.Is(err, want) {
			t.Errorf("Train = %v, want %v in it", err, want)
		}
	}
	var named *TaskError
	if !errors.As(err, &named) || named.Task != 1 {
		t.Errorf("Train = %v, want task 1 named first", err)
	}
	for i, r := range got {
		if bad := i == 1 || i > 2; (r == nil) != bad {
			t.Errorf("task %d has result %v", i, r)
		}
	}
	if _, err := NewEngine(EngineConfig{Workers: -1}); !errors.Is(err, ErrConfig) {
		t.Errorf("NewEngine with -1 workers = %v, want ErrConfig", err)
	}
	if _, err := NewEngine(EngineConfig{ISA: "mmx"}); !errors.Is(err, vec.ErrISA) {
		t.Errorf("NewEngine with MMX = %v, want vec.ErrISA", err)
	}
}

// TestEngineProgressAndCancel: progress is told per task, and a cancelled call keeps what has ended.
func TestEngineProgressAndCancel(t *testing.T) {
	tasks := population(8)
	steps := make([]int, len(tasks))
	ended := 0
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got, err := newTestEngine(t, 3, "").Train(ctx, tasks, func(p Progress) {
		if p.Step < steps[p.Task] || p.Steps != tasks[p.Task].Config.MaxSteps {
			t.Errorf("progress %+v after step %d", p, steps[p.Task])
		}
		steps[p.Task] = p.Step
		if p.Result != nil {
			if ended++; ended == 3 {
				cancel()
			}
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Train = %v, want context.Canceled", err)
	}
	results := 0
	for _, r := range got {
		if r != nil {
			results++
		}
	}
	if results != ended || results == len(tasks) {
		t.Errorf("%d results after %d ends", results, ended)
	}
}
