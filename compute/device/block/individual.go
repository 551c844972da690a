package block

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
	"doin.network/node/kernels"
)

// individual is one training in the engine.
type individual struct {
	ctx  context.Context
	task *nn.Task
	plan *model
	// Read from the sources by the goroutine that submitted the training, unless the device has them already.
	sources  [2]source
	tables   [2]*table
	lists    [2]*list // learning rates, corrections
	held     int      // of the lists
	launches int      // it was in
	before   uint32   // the step before the last of them
	slice    float64  // seconds that it takes of a block in the next
	finite   func(x []float32) bool

	state     kernels.Memory // w, m, v, best
	record    kernels.Individual
	leaves    [][32]byte
	validated func(nn.Progress) // may be nil
	from      *nn.Checkpoint
	finish    chan<- outcome
	index     int     // of the outcome
	taken     bool    // by a lane; guarded by Engine.mu
	work      float64 // of predictions, an estimate for the order in a launch
	failed    error   // of OnSegment
}

// source is a set of samples on its way to the device.
type source struct {
	key    tableKey
	shared bool
	count  int
	rows   *rows // nil where the device has them already
}

// rows are the samples of a source in the host's memory: one copy for all the trainings that wait for the device to
// have them.
type rows struct {
	once  sync.Once
	x, y  []float32
	users int // guarded by Engine.mu
}

// outcome is what becomes of a training.
type outcome struct {
	index  int
	result *nn.Result
	err    error
}

// finish ends trainings with an error and tells those who wait.
func (e *Engine) finish(list []*individual, err error) {
	for _, i := range list {
		e.release(i)
		i.finish <- outcome{i.index, nil, err}
	}
}

// release forgets what was prepared for an individual.
func (e *Engine) release(i *individual) {
	for n := range i.sources {
		e.unread(&i.sources[n])
	}
	e.models.release(i.plan)
	i.plan = nil
	e.mu.Lock()
	defer e.mu.Unlock()
	if i.taken {
		i.taken = false
		e.taken--
	}
}

// prepare checks a task by validate, compiles its model and reads what the device needs of it. What it holds ends with
// release.
func (e *Engine) prepare(ctx context.Context, t *nn.Task, validate func(*nn.Task) error) (*individual, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := validate(t); err != nil {
		return nil, err
	}
	c := &t.Config
	plan, err := e.models.train(t)
	if err != nil {
		return nil, e.judge(err)
	}
	i := &individual{ctx: ctx, task: t, from: t.From, plan: plan, finite: e.finite}
	for n, s := range []nn.Source{t.Train, t.Validation} {
		i.sources[n] = e.read(s, c.Inputs, c.Outputs)
	}
	i.lists = [2]*list{e.schedule(c), e.corrections(c)}
	i.record = kernels.Individual{
		TrainRows: uint32(t.Train.Len()), ValidRows: uint32(t.Validation.Len()),
		Key0: t.Key[0], Key1: t.Key[1],
		MaxSteps: uint32(c.MaxSteps), EvalEvery: uint32(c.EvalEvery), Patience: uint32(c.Patience), Segment: uint32(c.Segment),
		MinDelta: c.MinDelta, ClipNorm: c.ClipNorm, WeightDecay: c.WeightDecay,
		Beta1: c.Beta1, Beta2: c.Beta2, Epsilon: c.Epsilon, Momentum: c.Momentum,
		Fresh: 1, Best: float32(math.Inf(1)), Loss: float32(math.NaN()),
	}
	if f := t.From; f != nil {
		r := &i.record
		r.Fresh, r.Step, r.BestStep, r.Stale, r.Best = 0, uint32(f.Step), uint32(f.BestStep), uint32(f.Stale), f.BestLoss
		i.leaves = append(i.leaves, f.Leaves...)
	}
	return i, nil
}

// judge returns the error of a model that was not compiled. One that is not the model's is the device's, and ends the engine.
func (e *Engine) judge(err error) error {
	if errors.Is(err, ErrSize) || errors.Is(err, ErrSlow) {
		return err
	}
	err = lost(err)
	e.lose(err)
	return err
}

// read reads a source for the device, unless it has it or another goroutine has read it.
func (e *Engine) read(s nn.Source, inputs, outputs int) source {
	key, shared := keyOf(s, inputs, outputs)
	from := source{key: key, shared: shared, count: s.Len(), rows: &rows{}}
	if shared {
		e.mu.Lock()
		if e.shared[key] {
			from.rows = nil
		} else if r := e.reading[key]; r != nil {
			from.rows = r
			r.users++
		} else {
			from.rows.users = 1
			e.reading[key] = from.rows
		}
		e.mu.Unlock()
	}
	if r := from.rows; r != nil {
		r.once.Do(func() { r.x, r.y = rowsOf(s, inputs, outputs) })
	}
	return from
}

// unread forgets a source that was not needed any more, or not at all; the last one takes the rows with it.
func (e *Engine) unread(s *source) {
	r := s.rows
	s.rows = nil
	if r == nil || !s.shared {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if r.users--; r.users == 0 && e.reading[s.key] == r {
		delete(e.reading, s.key)
	}
}

// batchOf returns the rows of a step.
func batchOf(t *nn.Task) int { return min(t.Config.Batch, t.Train.Len()) }

// take sets how many steps the next launch makes, limit at most: up to the end of a segment, whose leaf the host hashes.
func (i *individual) take(limit int) {
	r := &i.record
	q := min(uint32(limit), r.MaxSteps-r.Step)
	if r.Segment > 0 {
		q = min(q, r.Segment-r.Step%r.Segment)
	}
	r.StepsPerLaunch = q
	i.slice = float64(q) * i.plan.pace.seconds
}

// planned is how long the next launch takes a block, in seconds.
func (i *individual) planned() float64 { return i.slice }

// remaining is how long the training takes a block, in seconds, if it does not end sooner.
func (i *individual) remaining() float64 {
	return float64(i.record.MaxSteps-i.record.Step) * i.plan.pace.seconds
}

// progress returns how far the training is.
func (i *individual) progress() nn.Progress {
	r := &i.record
	return nn.Progress{Step: int(r.Step), Steps: int(r.MaxSteps), Loss: r.Loss, Best: r.Best}
}

// checkpoint returns the state as the contract orders it, from a copy of the device's.
func (i *individual) checkpoint(state []float32) *nn.Checkpoint {
	p, r := i.plan, &i.record
	size := int(p.program.Size)
	c := &nn.Checkpoint{
		Step: int(r.Step), BestLoss: r.Best, BestStep: int(r.BestStep), Stale: int(r.Stale), Leaves: i.leaves,
		W: p.unpack(state), V: p.unpack(state[2*size:]), Best: p.unpack(state[3*size:]),
	}
	if i.task.Config.Optimizer != nn.SGD {
		c.M = p.unpack(state[size:])
	}
	return c
}

// packed returns a checkpoint as the device's state.
func (i *individual) packed(c *nn.Checkpoint) []float32 {
	p := i.plan
	size := int(p.program.Size)
	state := make([]float32, 4*size)
	p.pack(state, c.W)
	if len(c.M) > 0 {
		p.pack(state[size:], c.M)
	}
	p.pack(state[2*size:], c.V)
	p.pack(state[3*size:], c.Best)
	return state
}

// unpack copies padded parameters in the order of the contract.
func (p *plan) unpack(from []float32) []float32 {
	return p.unpackTo(make([]float32, p.program.Parameters), from)
}

func (p *plan) unpackTo(to, from []float32) []float32 {
	n := int32(0)
	for _, r := range p.runs {
		copy(to[n:][:r.count], from[r.at:])
		n += r.count
	}
	return to
}

// pack is the reverse of unpack; what lies between the parameters is left alone.
func (p *plan) pack(to, from []float32) {
	n := int32(0)
	for _, r := range p.runs {
		copy(to[r.at:][:r.count], from[n:])
		n += r.count
	}
}

// end returns the result of a training that has ended; best are the padded best weights, nil for a diverged one.
func (i *individual) end(best []float32, isa vec.ISA) (*nn.Result, error) {
	r := &i.record
	c := &nn.Checkpoint{Step: int(r.Step), BestLoss: r.Best, BestStep: int(r.BestStep), Stale: int(r.Stale), Leaves: i.leaves}
	if best != nil {
		c.Best = i.plan.unpack(best)
	}
	res, err := i.plan.of.End(c, &i.task.Config, nn.Status(r.Status), isa)
	if err != nil {
		return nil, fmt.Errorf("block: %w", err)
	}
	return res, nil
}
