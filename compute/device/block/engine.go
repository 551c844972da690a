package block

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
)

// Engine trains populations on one device. It is safe for concurrent use.
type Engine struct {
	device  queued
	options Options
	log     *slog.Logger
	finite  func(x []float32) bool
	lanes   []*lane
	done    sync.WaitGroup
	models  *models

	mu        sync.Mutex
	changed   *sync.Cond // version has risen
	version   uint64
	cancelled bool // some training may be
	pending   []*individual
	asked     []*prediction
	taken     int // trainings that lanes have
	closed    bool
	lost      error
	shared    map[tableKey]bool  // sources that the device has
	reading   map[tableKey]*rows // sources that it will have
	lists     map[any]*list
	listed    int // numbers in them

	floor   sync.Mutex // what lies on the device; taken before mu
	memory  *pool
	tables  *tables
	running int  // individuals on the device, and predictions
	crowded bool // there was too little memory: nobody is admitted before somebody has ended
	backlog backlog
}

// New starts an engine on a device, which it does not close. Errors: ErrOptions, vec.ErrISA, the device's.
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
	k, err := vec.For(o.ISA)
	if err != nil {
		return nil, err
	}
	q, parallel := d.(queued)
	if !parallel {
		q = &single{Device: d}
	}
	if o.Lanes == 0 {
		o.Lanes = 1
		if parallel {
			o.Lanes = DefaultLanes
		}
	}
	p := d.Properties()
	free := p.MemoryBytes
	if p.FreeBytes > 0 {
		free = min(free, p.FreeBytes)
	}
	memory := newPool(q, int64(float64(free)*(1-o.Reserve)))
	e := &Engine{
		device: q, options: o, log: o.Logger, finite: k.AllFinite,
		shared: map[tableKey]bool{}, reading: map[tableKey]*rows{}, lists: map[any]*list{},
		memory: memory, models: newModels(q, memory, o.Variant),
	}
	e.changed = sync.NewCond(&e.mu)
	e.tables = &tables{memory: memory, all: map[tableKey]*table{}, gone: e.forget}
	memory.reclaim = e.reclaim
	for n := range o.Lanes {
		queue, err := q.Queue()
		if err != nil {
			return nil, errors.Join(err, e.closeQueues())
		}
		l := &lane{engine: e, queue: queue, launcher: &launcher{engine: e, queue: queue}}
		if o.Shuffle != 0 {
			l.launcher.shuffle = rand.New(rand.NewPCG(o.Shuffle, uint64(n)))
		}
		e.lanes = append(e.lanes, l)
	}
	for _, l := range e.lanes {
		e.done.Go(l.loop)
	}
	return e, nil
}

// Close ends what is running with ErrClosed, waits for it, and gives the device's memory back.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.poke()
	e.done.Wait()
	err := errors.Join(e.memory.close(), e.closeQueues())
	if e.failure() != nil {
		return nil // what a device that failed says of its memory is not worth more
	}
	return err
}

func (e *Engine) closeQueues() error {
	var errs []error
	for _, l := range e.lanes {
		errs = append(errs, l.queue.Close())
	}
	return errors.Join(errs...)
}

// poke wakes the lanes that have nothing to do.
func (e *Engine) poke() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.wake()
}

// wake is poke; the caller holds mu.
func (e *Engine) wake() {
	e.version++
	e.changed.Broadcast()
}

// cancel wakes them to look for trainings that were cancelled.
func (e *Engine) cancel() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cancelled = true
	e.wake()
}

// look returns the version of what there is to do, and why everything ends, if it does.
func (e *Engine) look() (version uint64, ended error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.lost == nil && e.closed {
		return e.version, ErrClosed
	}
	return e.version, e.lost
}

// waitFor waits until there is something new since a version.
func (e *Engine) waitFor(version uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for e.version == version {
		e.changed.Wait()
	}
}

// lose ends the engine with an error of the device.
func (e *Engine) lose(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.lost == nil {
		e.lost = err
		e.log.Error("device lost", "err", err)
	}
	e.wake()
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
	i, err := e.prepare(ctx, t, (*nn.Task).Validate)
	if err != nil {
		return nil, err
	}
	finish := make(chan outcome, 1)
	i.finish, i.validated = finish, validated
	if err := e.submit(func() { e.pending = append(e.pending, i) }); err != nil {
		e.release(i)
		return nil, err
	}
	defer context.AfterFunc(ctx, e.cancel)()
	o := <-finish
	return o.result, o.err
}

// submit hands something to the engine's goroutines.
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
	e.wake()
	return nil
}

// submitted is how many trainings are submitted at once while others are prepared.
const submitted = 128

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
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(tasks)) {
		workers.Go(func() {
			var some []*individual
			var v nn.Validator
			submit := func() {
				if err := e.submit(func() { e.pending = append(e.pending, some...) }); err != nil {
					e.finish(some, err)
				}
				some = nil
				runtime.Gosched() // the lanes go first
			}
			defer submit()
			for {
				n := int(next.Add(1)) - 1
				if n >= len(tasks) {
					return
				}
				i, err := e.prepare(ctx, &tasks[n], v.Validate)
				if err != nil {
					finish <- outcome{n, nil, err}
					continue
				}
				i.finish, i.index = finish, n
				i.validated = func(p nn.Progress) { report(n, p) }
				if some = append(some, i); len(some) == submitted {
					submit() // the device has something to do while the others are prepared
				}
			}
		})
	}
	defer context.AfterFunc(ctx, e.cancel)()
	defer workers.Wait()
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

// take returns a lane's share of the trainings that wait, and all predictions; cancelled ones it ends. have is how many
// trainings the lane has; less than 0: it takes all.
func (e *Engine) take(have int) (pending []*individual, asked []*prediction) {
	e.floor.Lock()
	wait := e.crowded && e.running > 0
	e.floor.Unlock()
	for _, i := range e.cancelledOnes() {
		e.finish([]*individual{i}, i.ctx.Err())
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	asked, e.asked = e.asked, nil
	n := len(e.pending)
	if lanes := len(e.lanes); have >= 0 {
		n = min(n, max(0, (e.taken+n+lanes-1)/lanes-have))
		if wait {
			n = 0
		}
	}
	pending = slices.Clone(e.pending[:n])
	for _, i := range pending {
		i.taken = true
	}
	e.taken += n
	if e.pending = e.pending[n:]; len(e.pending) == 0 {
		e.pending = nil
	}
	return pending, asked
}

// cancelledOnes takes those out of the trainings that wait that were cancelled.
func (e *Engine) cancelledOnes() (list []*individual) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.cancelled {
		return nil
	}
	e.cancelled = false
	e.pending = slices.DeleteFunc(e.pending, func(i *individual) bool {
		over := i.ctx.Err() != nil
		if over {
			list = append(list, i)
		}
		return over
	})
	return list
}

// putBack puts trainings back in front of what has come since.
func (e *Engine) putBack(list []*individual) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, i := range list {
		i.taken = false
	}
	e.taken -= len(list)
	e.cancelled = true // meanwhile, perhaps
	e.pending = append(list[:len(list):len(list)], e.pending...)
	e.wake()
}

// forget is told that the device has a source no more.
func (e *Engine) forget(key tableKey) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.shared, key)
}

// reclaim frees memory that nothing needs at the moment.
func (e *Engine) reclaim() bool {
	if e.tables.forget() {
		return true
	}
	for _, l := range e.lanes {
		if !l.launcher.using && l.launcher.release() {
			return true
		}
	}
	return false
}
