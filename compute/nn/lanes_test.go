package nn

import (
	"errors"
	"math/rand/v2"
	"testing"

	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
)

// randomPerceptron returns a small task of a perceptron of random shape.
func randomPerceptron(seed uint64) Task {
	for ; ; seed += 1 << 32 {
		if t := randomTask(seed); len(t.Config.Layers) == 0 {
			t.Config.Patience, t.Config.ClipNorm = 0, 0
			return t
		}
	}
}

// TestLanes trains perceptrons with the samples in lanes and as the plan has it, side by side: they are in the same state
// after every step, and validate alike.
func TestLanes(t *testing.T) {
	n := uint64(120)
	if testing.Short() {
		n = 25
	}
	for _, isa := range vec.Supported() {
		k, err := vec.For(isa)
		if err != nil {
			t.Fatal(err)
		}
		for seed := range n {
			task := randomPerceptron(seed)
			if err := task.Validate(); err != nil {
				t.Fatal(err)
			}
			p := compile(&task.Config)
			got, want := newRunIn(data{}, &task, k, p, true), newRunIn(data{}, &task, k, p, false)
			for done := false; !done; {
				done = want.Step()
				if ended := got.Step(); ended != done || got.Done() != want.Done() || got.status != want.status {
					t.Fatalf("%s, seed %d: step %d ends %v with status %v, want step %d, %v, %v: %+v",
						isa, seed, got.Done(), ended, got.status, want.Done(), done, want.status, task.Config)
				}
				if got.Leaf() != want.Leaf() || vec.CanonicalBits(got.loss) != vec.CanonicalBits(want.loss) {
					t.Fatalf("%s, seed %d: step %d has another state than it should, or loss %v, want %v: %+v",
						isa, seed, got.Done(), got.loss, want.loss, task.Config)
				}
			}
		}
	}
}

// TestLanesGoOn: a training goes on from its checkpoints, whichever way it was and is made.
func TestLanesGoOn(t *testing.T) {
	k, err := kernels("")
	if err != nil {
		t.Fatal(err)
	}
	task := randomPerceptron(3)
	task.Config.MaxSteps, task.Config.EvalEvery, task.Config.Segment, task.Config.LearningRate = 12, 3, 2, 0x1p-8
	task.Config.WarmupSteps = 0
	p := compile(&task.Config)
	run := func(task *Task, inLanes bool) *Result {
		r := newRunIn(data{}, task, k, p, inLanes)
		for !r.Step() {
		}
		return r.Result()
	}
	want := run(&task, false)
	for i := range 11 {
		first := newRunIn(data{}, &task, k, p, i%2 == 0)
		for first.Done() < i {
			first.Step()
		}
		task := task
		task.From = first.Checkpoint().Clone()
		if got := run(&task, i%3 == 0); !same(got, want) {
			t.Errorf("from step %d: %+v, want %+v", i, got, want)
		}
	}
}

// TestSamplesAreKept: a run takes the samples of the one before where they are the same, and only there.
func TestSamplesAreKept(t *testing.T) {
	k, err := kernels("")
	if err != nil {
		t.Fatal(err)
	}
	key := rng.Key{1, 2}
	task := Task{Config: tinyConfig(), Key: key, Train: surface{200, key, 0}, Validation: surface{50, key, 1000}}
	before := newRun(&task, k)
	f := func(train, validation bool, change func(t *Task)) {
		t.Helper()
		task := task
		change(&task)
		r := newRunAfter(before.data, &task, k)
		if got := [2]bool{r.train == before.train, r.validation == before.validation}; got != [2]bool{train, validation} {
			t.Errorf("samples of training and validation kept: %v, want %v, %v", got, train, validation)
		}
	}
	f(true, true, func(*Task) {})
	f(true, true, func(t *Task) { t.Key, t.Config.Hidden = rng.Key{3, 4}, []int{4} })
	f(false, true, func(t *Task) { t.Train = surface{201, key, 0} })
	f(true, false, func(t *Task) { t.Validation = surface{50, key, 1001} })
	f(false, false, func(t *Task) { t.Config.Outputs = 3 })
	f(false, true, func(t *Task) { t.Train = kept{3, 2, make([]float32, 600), make([]float32, 400)} }) // not comparable
	// Where there are lanes, so large a batch is laid out without them.
	f(false, k.LaneWidth() == 1, func(t *Task) { t.Config.Batch = maxLaneRows + 1; t.Train = surface{2000, key, 0} })
}

// TestInLanes: the layout is chosen by how many registers it fills.
func TestInLanes(t *testing.T) {
	f := func(width, rows int, want bool, c Config) {
		t.Helper()
		if got := compile(&c).inLanes(width, rows); got != want {
			t.Errorf("inLanes(%d, %d) of %d-%v-%d = %v, want %v", width, rows, c.Inputs, c.Hidden, c.Outputs, got, want)
		}
	}
	mlp := func(widths ...int) Config {
		c := DefaultConfig()
		c.Inputs, c.Hidden, c.Outputs = widths[0], widths[1:len(widths)-1], widths[len(widths)-1]
		return c
	}
	f(16, 32, true, mlp(12, 33, 1))
	f(16, 64, true, mlp(32, 64, 64, 1))
	f(16, 17, false, mlp(32, 64, 64, 32)) // half of the lanes would be empty
	f(8, 17, false, mlp(32, 64, 64, 32))
	f(8, 24, true, mlp(32, 64, 64, 32))
	f(1, 32, false, mlp(12, 33, 1)) // no assembly
	f(16, 1024, false, mlp(12, 33, 1))
	f(16, 32, false, mlp(12, 257, 1))
	c := mlp(12, 1)
	c.Steps, c.Layers = 4, []Layer{{Kind: Conv1D, Width: 5, Kernel: 2, Dilation: 1, Activation: ReLU}, {Kind: LastStep}}
	f(16, 32, false, c)
}

// TestMixtures trains random mixtures of random tasks, in any order, on any number of workers, with progress and segments
// looked at: every result is that of the task alone.
func TestMixtures(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	var tasks []Task
	var want []*Result
	for seed := range uint64(40) {
		task := randomTask(1000 + seed)
		if seed%2 == 0 {
			task = randomPerceptron(1000 + seed)
		}
		alone, err := newTestEngine(t, 1, vec.Naive).Train(t.Context(), []Task{task}, nil)
		if err != nil {
			t.Fatal(err)
		}
		tasks, want = append(tasks, task), append(want, alone[0])
	}
	for range 4 {
		order := r.Perm(len(tasks))[:1+r.IntN(len(tasks))]
		workers := 1 + r.IntN(6)
		e := newTestEngine(t, workers, "")
		some := make([]Task, len(order))
		segments := make([]int, len(order))
		failing := r.IntN(len(order)) // its OnSegment refuses
		wrong := errors.New("enough")
		for i, j := range order {
			some[i] = tasks[j]
			some[i].OnSegment = func(c *Checkpoint) error {
				segments[i]++
				if i == failing {
					return wrong
				}
				return c.fits(&some[i].Config)
			}
		}
		ended := 0
		got, err := e.Train(t.Context(), some, func(p Progress) {
			if p.Result != nil {
				ended++
			}
		})
		refused := 0
		for i, j := range order {
			c := &tasks[j].Config
			if i == failing && segments[i] > 0 {
				refused++
				if got[i] != nil || !errors.Is(err, wrong) {
					t.Errorf("task %d: result %v, error %v, want none and that of OnSegment", j, got[i], err)
				}
				continue
			}
			if !same(got[i], want[j]) {
				t.Errorf("task %d of %v on %d workers: %+v, want %+v", j, order, workers, got[i], want[j])
			}
			steps := want[j].StopStep - 1 // after the last there is no call
			if n := steps / max(1, c.Segment); c.Segment > 0 && segments[i] != n {
				t.Errorf("task %d: %d segments, want %d", j, segments[i], n)
			}
		}
		if ended != len(order)-refused {
			t.Errorf("%d ends reported, want %d", ended, len(order)-refused)
		}
	}
}

// BenchmarkLanes compares the two ways of a step.
func BenchmarkLanes(b *testing.B) {
	for _, w := range workloads[:3] {
		for _, inLanes := range []bool{false, true} {
			name := w.name + "/plan"
			if inLanes {
				name = w.name + "/lanes"
			}
			b.Run(name, func(b *testing.B) {
				k, err := kernels("")
				if err != nil {
					b.Fatal(err)
				}
				c := DefaultConfig()
				w.config(&c)
				c.MaxSteps, c.EvalEvery, c.Segment = MaxSteps, 0, 0
				key := rng.Key{1, 2}
				r := newRunIn(data{}, &Task{Config: c, Key: key, Train: surface{1000, key, 0}, Validation: surface{100, key, 1000}}, k, compile(&c), inLanes)
				for b.Loop() {
					r.Step()
				}
			})
		}
	}
}
