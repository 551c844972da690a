package nn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"doin.network/node/compute/vec"
)

// MaxWorkers bounds EngineConfig.Workers.
const MaxWorkers = 4096

// EngineConfig says how an Engine computes; never what.
type EngineConfig struct {
	// Workers is the number of trainings at a time, 1 … MaxWorkers, each on one goroutine; 0 is one for each processor
	// that Go may use.
	Workers int
	// ISA names the kernels; vec.Select chooses where it is empty.
	ISA vec.ISA
}

// Engine trains populations: many independent trainings, of any mixture of shapes. It is immutable and safe for
// concurrent use.
type Engine struct {
	workers int
	kernels *vec.Kernels
}

// NewEngine returns an engine; ErrConfig for a number of workers out of bounds, vec.ErrISA for kernels that this machine
// does not have.
func NewEngine(c EngineConfig) (*Engine, error) {
	if c.Workers == 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	if c.Workers < 1 || c.Workers > MaxWorkers {
		return nil, fmt.Errorf("%w: workers %d: must be in [1, %d]", ErrConfig, c.Workers, MaxWorkers)
	}
	k, err := kernels(c.ISA)
	if err != nil {
		return nil, err
	}
	return &Engine{c.Workers, k}, nil
}

// Workers returns the number of trainings at a time.
func (e *Engine) Workers() int { return e.workers }

// ISA returns the name of the kernels.
func (e *Engine) ISA() vec.ISA { return e.kernels.ISA() }

// Progress tells how far one training of a population is.
type Progress struct {
	// Task is its index.
	Task int
	// Step is the number of steps made, of at most Steps.
	Step, Steps int
	// Loss is that of the last validation, NaN before the first, and Best the smallest, +Inf before the first.
	Loss, Best float32
	// Result is the finished run, nil before.
	Result *Result
}

// TaskError says which task of a population could not be trained, and why. errors.As finds it in what Engine.Train
// returns.
type TaskError struct {
	Task int
	Err  error
}

func (e *TaskError) Error() string { return fmt.Sprintf("task %d: %v", e.Task, e.Err) }

func (e *TaskError) Unwrap() error { return e.Err }

// Train trains every task. Element i of the results is that of task i: the same whatever the other tasks, their order and
// the number of workers. It is nil where the task could not be trained; the error then joins a *TaskError for each such
// task, and the others are not affected. Errors of a task are those of NewRun, or that of its OnSegment.
//
// progress, if not nil, is called at every validation and at the end of each task, by one goroutine at a time.
//
// ctx is looked at between steps. Where it is cancelled the error is or joins ctx.Err(), and the results are those of the
// tasks that had ended. Train returns after everything that it started.
func (e *Engine) Train(ctx context.Context, tasks []Task, progress func(Progress)) ([]*Result, error) {
	results := make([]*Result, len(tasks))
	failed := make([]error, len(tasks))
	order := longestFirst(tasks)
	report := func(Progress) {}
	if progress != nil {
		var mu sync.Mutex
		report = func(p Progress) {
			mu.Lock()
			defer mu.Unlock()
			progress(p)
		}
	}
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(e.workers, len(tasks)) {
		workers.Go(func() {
			var last data
			for ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= len(order) {
					return
				}
				i := order[n]
				r, err := e.train(ctx, &last, i, &tasks[i], report)
				if err != nil && err != ctx.Err() {
					failed[i] = &TaskError{i, err}
				}
				results[i] = r
			}
		})
	}
	workers.Wait()
	return results, errors.Join(append(failed, ctx.Err())...)
}

// train trains task i after the one before on this worker, whose samples are last, and leaves its own there: tasks of one search have
// them in common.
func (e *Engine) train(ctx context.Context, last *data, i int, t *Task, report func(Progress)) (*Result, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	r := newRunAfter(*last, t, e.kernels)
	*last = r.data
	p := Progress{Task: i, Steps: t.Config.MaxSteps}
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		done = r.Step()
		p.Step, p.Loss, p.Best = r.Done(), r.loss, r.state.BestLoss
		if done {
			break
		}
		if c := &t.Config; c.EvalEvery > 0 && p.Step%c.EvalEvery == 0 {
			report(p)
		}
		if s := t.Config.Segment; t.OnSegment != nil && s > 0 && p.Step%s == 0 {
			if err := t.OnSegment(r.Checkpoint()); err != nil {
				return nil, fmt.Errorf("step %d: %w", p.Step, err)
			}
		}
	}
	p.Result = r.Result()
	report(p)
	return p.Result, nil
}

// longestFirst lists the tasks by falling estimates of their work, so that none of the long ones begins last.
func longestFirst(tasks []Task) []int {
	order, work := make([]int, len(tasks)), make([]float64, len(tasks))
	for i := range tasks {
		c := &tasks[i].Config
		order[i] = i
		work[i] = float64(c.Parameters()) * float64(c.Batch) * float64(max(1, c.Steps)) * float64(c.MaxSteps)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(work[b], work[a]) })
	return order
}
