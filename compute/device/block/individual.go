package block

import (
	"context"
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
	sources    [2]source
	tables     [2]*table
	rates      *schedule
	holdsRates bool

	state     kernels.Memory // w, m, v, best
	record    kernels.Individual
	leaves    [][32]byte
	validated func(nn.Progress) // may be nil
	from      *nn.Checkpoint
	finish    chan<- outcome
	index     int     // of the outcome
	work      float64 // an estimate, for the order in a launch
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
	once sync.Once
	x, y []float32
}

// outcome is what becomes of a training.
type outcome struct {
	index  int
	result *nn.Result
	err    error
}

// done tells whoever waits.
func (i *individual) done(r *nn.Result, err error) { i.finish <- outcome{i.index, r, err} }

// prepare checks a task and reads what the device needs of it.
func (e *Engine) prepare(ctx context.Context, t *nn.Task) (*individual, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := t.Validate(); err != nil {
		return nil, err
	}
	c := &t.Config
	i := &individual{ctx: ctx, task: t, from: t.From}
	for n, s := range []nn.Source{t.Train, t.Validation} {
		i.sources[n] = e.read(s, c.Inputs, c.Outputs)
	}
	i.rates = e.schedule(c)
	i.work = float64(c.Parameters()) * float64(c.Batch) * float64(max(1, c.Steps)) * float64(c.MaxSteps)
	i.record = kernels.Individual{
		TrainRows: uint32(t.Train.Len()), ValidRows: uint32(t.Validation.Len()),
		Key0: t.Key[0], Key1: t.Key[1],
		MaxSteps: uint32(c.MaxSteps), EvalEvery: uint32(c.EvalEvery), Patience: uint32(c.Patience), Segment: uint32(c.Segment),
		MinDelta: c.MinDelta, ClipNorm: c.ClipNorm, WeightDecay: c.WeightDecay,
		Beta1: c.Beta1, Beta2: c.Beta2, Epsilon2: vec.EpsilonSquare(c.Epsilon), Momentum: c.Momentum,
		Fresh: 1, Best: float32(math.Inf(1)), Loss: float32(math.NaN()),
	}
	if f := t.From; f != nil {
		r := &i.record
		r.Fresh, r.Step, r.BestStep, r.Stale, r.Best = 0, uint32(f.Step), uint32(f.BestStep), uint32(f.Stale), f.BestLoss
		i.leaves = append(i.leaves, f.Leaves...)
	}
	return i, nil
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
		} else {
			e.reading[key] = from.rows
		}
		e.mu.Unlock()
	}
	if r := from.rows; r != nil {
		r.once.Do(func() { r.x, r.y = rowsOf(s, inputs, outputs) })
	}
	return from
}

// batchOf returns the rows of a step.
func batchOf(t *nn.Task) int { return min(t.Config.Batch, t.Train.Len()) }

// steps returns how many steps the next launch makes: up to the end of a segment, whose leaf the host hashes.
func (i *individual) steps(limit int) uint32 {
	r := &i.record
	q := min(uint32(limit), r.MaxSteps-r.Step)
	if r.Segment > 0 {
		q = min(q, r.Segment-r.Step%r.Segment)
	}
	return q
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
	to := make([]float32, p.program.Parameters)
	for _, s := range p.segments {
		for r := range s.Rows {
			copy(to[s.First+r*s.Cols:][:s.Cols], from[s.At+r*s.Stride:])
		}
	}
	return to
}

// pack is the reverse of unpack; what lies between the parameters is left alone.
func (p *plan) pack(to, from []float32) {
	for _, s := range p.segments {
		for r := range s.Rows {
			copy(to[s.At+r*s.Stride:][:s.Cols], from[s.First+r*s.Cols:])
		}
	}
}

// end returns the result of a training that has ended; best are the padded best weights, nil for a diverged one.
func (i *individual) end(best []float32, isa vec.ISA) (*nn.Result, error) {
	r := &i.record
	c := &nn.Checkpoint{Step: int(r.Step), BestLoss: r.Best, BestStep: int(r.BestStep), Stale: int(r.Stale), Leaves: i.leaves}
	if best != nil {
		c.Best = i.plan.unpack(best)
	}
	res, err := c.End(&i.task.Config, nn.Status(r.Status), isa)
	if err != nil {
		return nil, fmt.Errorf("block: %w", err)
	}
	return res, nil
}
