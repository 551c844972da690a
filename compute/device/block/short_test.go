package block

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"doin.network/node/compute/device/null"
	"doin.network/node/compute/nn"
)

// streamedTask is a training with a large workspace and a small state.
func streamedTask(seed uint32, batch, steps int) nn.Task {
	task := small(seed, steps)
	task.Config.EvalEvery, task.Config.Segment, task.Config.Batch = 0, 0, batch
	task.Train = samples{task.Key, batch, 0, nn.MSE, -1}
	return task
}

// soon bounds a test that would hang.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// TestWorkspaceTooLarge refuses a training whose state fits the device and whose workspace does not; others go on beside it.
func TestWorkspaceTooLarge(t *testing.T) {
	for lanes := range 3 {
		e := engine(t, null.New(null.Config{MemoryBytes: 400 << 10}), Options{Variant: Streamed, Lanes: lanes})
		tasks := []nn.Task{streamedTask(1, 4096, 20), streamedTask(2, 64, 20), streamedTask(3, 64, 20), streamedTask(4, 4096, 20)}
		if _, err := e.Train(soon(t), &tasks[0]); !errors.Is(err, ErrSize) {
			t.Fatalf("%d lanes: Train() = %v, want ErrSize", lanes, err)
		}
		results, _ := e.TrainAll(soon(t), tasks, nil)
		for n, r := range results {
			if (r != nil) != (n == 1 || n == 2) {
				t.Errorf("%d lanes: result of task %d is %v", lanes, n, r)
			}
		}
	}
}

// TestPredictCrowded predicts beside trainings that fill the memory: predictions wait, and what never fits is refused by name.
func TestPredictCrowded(t *testing.T) {
	e := engine(t, null.New(null.Config{MemoryBytes: 200 << 10, Step: 100 * time.Microsecond}), Options{Variant: Streamed, Lanes: 3})
	first := streamedTask(1, 64, 1)
	r, err := e.Train(soon(t), &first)
	if err != nil {
		t.Fatal(err)
	}
	ctx, networks := soon(t), slices.Repeat([]*nn.Network{r.Network}, 8)
	var all sync.WaitGroup
	for seed := range uint32(60) {
		all.Go(func() {
			task := streamedTask(seed, 64, 40)
			if _, err := e.Train(ctx, &task); err != nil {
				t.Errorf("training %d: %v", seed, err)
			}
		})
	}
	for n := range 40 {
		all.Go(func() {
			if _, err := e.Predict(ctx, networks, samples{first.Key, 500 + n, 0, nn.MSE, -1}); err != nil {
				t.Errorf("Predict() = %v", err)
			}
		})
	}
	all.Wait()
	if _, err := e.Predict(ctx, networks, samples{first.Key, 50000, 0, nn.MSE, -1}); !errors.Is(err, ErrSize) {
		t.Errorf("Predict() for more samples than there is memory for = %v, want ErrSize", err)
	}
	e.floor.Lock()
	defer e.floor.Unlock()
	if e.running != 0 || len(e.reading) != 0 {
		t.Errorf("%d are running, %d sources are being read, want none", e.running, len(e.reading))
	}
}
