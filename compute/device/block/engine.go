package block

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
	"doin.network/node/kernels"
)

// Engine trains populations on one device. It is safe for concurrent use.
type Engine struct {
	device  Device
	options Options
	log     *slog.Logger

	mu        sync.Mutex
	wake      chan struct{} // holds one token while there may be something to do
	pending   []*individual
	asked     []*prediction
	closed    bool
	lost      error
	shared    map[tableKey]bool  // sources that the device has
	reading   map[tableKey]*rows // sources that it will have
	schedules map[scheduleKey]*schedule
	scheduled int // rates in them

	done chan struct{}
	// Of the engine's goroutine.
	memory      *pool
	models      *models
	tables      *tables
	launcher    *launcher
	active      []*individual
	crowded     bool // a launch found too little memory: nobody is admitted before somebody has ended
	corrections map[[2]float32]*corrections
}

// corrections is the table of AdamW's bias corrections for one pair of decay rates, which does not depend on anything
// else.
type corrections struct {
	at    kernels.Memory
	steps int
}

// New starts an engine on a device, which it does not close. Errors: ErrOptions, vec.ErrISA.
func New(d Device, o Options) (*Engine, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	if o.ISA == "" {
		isa, err := vec.Select()
		if err != nil {
			return nil, err
		}
		o.ISA = isa
	}
	if _, err := vec.For(o.ISA); err != nil {
		return nil, err
	}
	memory := newPool(d, int64(float64(d.Properties().MemoryBytes)*(1-o.Reserve)))
	e := &Engine{
		device: d, options: o, log: o.Logger,
		wake: make(chan struct{}, 1), done: make(chan struct{}), shared: map[tableKey]bool{}, reading: map[tableKey]*rows{}, schedules: map[scheduleKey]*schedule{},
		memory: memory, corrections: map[[2]float32]*corrections{},
		models: &models{device: d, memory: memory, variant: o.Variant, all: map[string]*model{}},
		tables: &tables{memory: memory, all: map[tableKey]*table{}},
	}
	memory.reclaim = e.reclaim
	e.launcher = &launcher{device: d, memory: memory, models: e.models, blocks: o.Blocks}
	if o.Shuffle != 0 {
		e.launcher.shuffle = rand.New(rand.NewPCG(o.Shuffle, 0))
	}
	go e.loop()
	return e, nil
}

// Close ends what is running with ErrClosed, waits for it, and gives the device's memory back.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.poke()
	<-e.done
	err := e.memory.close()
	if e.failure() != nil {
		return nil // what a device that failed says of its memory is not worth more
	}
	return err
}

// poke wakes the engine's goroutine.
func (e *Engine) poke() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// failure returns why the device is lost, nil while it is not.
func (e *Engine) failure() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lost
}

// Train runs one training; it returns what nn.Train returns for the task, bit for bit, and its errors; or ErrSize, or an
// error that wraps kernels.ErrLost after which every call fails. ctx is looked at between launches. Many trainings that
// are submitted at once share launches.
func (e *Engine) Train(ctx context.Context, t *nn.Task) (*nn.Result, error) {
	return e.train(ctx, t, nil)
}

func (e *Engine) train(ctx context.Context, t *nn.Task, validated func(nn.Progress)) (*nn.Result, error) {
	i, err := e.prepare(ctx, t)
	if err != nil {
		return nil, err
	}
	finish := make(chan outcome, 1)
	i.finish, i.validated = finish, validated
	if err := e.submit(func() { e.pending = append(e.pending, i) }); err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, e.poke)()
	o := <-finish
	return o.result, o.err
}

// submit hands something to the engine's goroutine.
func (e *Engine) submit(add func()) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.lost != nil {
		return e.lost
	}
	if e.closed {
		return ErrClosed
	}
	add()
	e.poke()
	return nil
}

// TrainAll trains every task, as nn.Engine.Train does: element i of the results is that of task i, nil where the error,
// which joins a *nn.TaskError for each, says why. progress, if not nil, is called by one goroutine at a time, after each
// launch in which a task was validated and at the end of each task.
func (e *Engine) TrainAll(ctx context.Context, tasks []nn.Task, progress func(nn.Progress)) ([]*nn.Result, error) {
	results, failed := make([]*nn.Result, len(tasks)), make([]error, len(tasks))
	var mu sync.Mutex
	report := func(i int, p nn.Progress) {
		if progress == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		p.Task = i
		progress(p)
	}
	finish := make(chan outcome, len(tasks))
	individuals := make([]*individual, len(tasks))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(tasks)) {
		workers.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= len(tasks) {
					return
				}
				i, err := e.prepare(ctx, &tasks[n])
				if err != nil {
					finish <- outcome{n, nil, err}
					continue
				}
				i.finish, i.index = finish, n
				i.validated = func(p nn.Progress) { report(n, p) }
				individuals[n] = i
			}
		})
	}
	workers.Wait()
	individuals = slices.DeleteFunc(individuals, func(i *individual) bool { return i == nil })
	if err := e.submit(func() { e.pending = append(e.pending, individuals...) }); err != nil {
		return results, err
	}
	defer context.AfterFunc(ctx, e.poke)()
	for range tasks {
		o := <-finish
		n, r := o.index, o.result
		if o.err != nil {
			if ctx.Err() == nil || !errors.Is(o.err, ctx.Err()) {
				failed[n] = &nn.TaskError{Task: n, Err: o.err}
			}
			continue
		}
		results[n] = r
		report(n, nn.Progress{Step: r.StopStep, Steps: tasks[n].Config.MaxSteps, Loss: r.ValidationLoss, Best: r.ValidationLoss, Result: r})
	}
	if err := e.failure(); err != nil { // once, not for every task
		return results, errors.Join(err, ctx.Err())
	}
	return results, errors.Join(append(failed, ctx.Err())...)
}

// loop is the engine's goroutine: it admits what has been submitted, makes a launch, and deals with what has ended.
func (e *Engine) loop() {
	defer close(e.done)
	for {
		closed, err := e.admit()
		if closed {
			e.fail(ErrClosed)
			return
		}
		if err == nil && len(e.active) == 0 {
			<-e.wake
			continue
		}
		if err == nil {
			err = e.launch()
		}
		if err != nil {
			err = lost(err)
			e.log.Error("device lost", "err", err)
			e.mu.Lock()
			e.lost = err
			e.mu.Unlock()
			e.fail(err)
			return
		}
	}
}

// fail ends everything with an error.
func (e *Engine) fail(err error) {
	e.mu.Lock()
	pending, asked := e.pending, e.asked
	e.pending, e.asked = nil, nil
	e.mu.Unlock()
	for _, i := range append(e.active, pending...) {
		i.done(nil, err)
	}
	for _, p := range asked {
		p.finish <- err
	}
	e.active = nil
}

// admit takes as many trainings as the device has memory for, and answers predictions. It reports whether the engine is
// closed. An error is the device's.
func (e *Engine) admit() (closed bool, err error) {
	e.mu.Lock()
	pending, asked := e.pending, e.asked
	e.pending, e.asked = nil, nil
	closed = e.closed
	e.mu.Unlock()
	if closed {
		e.mu.Lock()
		e.pending, e.asked = pending, asked // for fail
		e.mu.Unlock()
		return true, nil
	}
	for n, p := range asked {
		err := e.predict(p)
		p.finish <- err
		if err != nil && !crowded(err) && !errors.Is(err, ErrSize) && p.ctx.Err() == nil {
			for _, p := range asked[n+1:] {
				p.finish <- err
			}
			e.wait(pending)
			return false, err
		}
	}
	pending = slices.DeleteFunc(pending, func(i *individual) bool {
		err := i.ctx.Err()
		if err != nil {
			i.done(nil, err)
		}
		return err != nil
	})
	if e.crowded && len(e.active) > 0 {
		e.wait(pending)
		return false, nil
	}
	e.crowded = false
	for n, i := range pending {
		err := e.place(i)
		if err == nil {
			e.active = append(e.active, i)
			continue
		}
		e.vacate(i)
		switch {
		case crowded(err) && len(e.active) > 0:
			e.wait(pending[n:]) // until something ends
			return false, nil
		case crowded(err):
			err = fmt.Errorf("%w: %w", ErrSize, err)
		case !errors.Is(err, ErrSize):
			e.wait(pending[n:])
			return false, err
		}
		i.done(nil, err)
	}
	return false, nil
}

// wait puts trainings back in front of what has come since.
func (e *Engine) wait(list []*individual) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pending = append(list[:len(list):len(list)], e.pending...)
}

// reclaim frees memory that nothing needs at the moment.
func (e *Engine) reclaim() bool {
	if len(e.tables.idle) > 0 {
		e.mu.Lock()
		delete(e.shared, e.tables.idle[0].key)
		e.mu.Unlock()
	}
	return e.tables.forget()
}
