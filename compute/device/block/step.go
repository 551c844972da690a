package block

import (
	"errors"
	"fmt"

	"doin.network/node/kernels"
)

// launch makes the next steps of every active training and deals with those that have ended. An error is the device's.
func (e *Engine) launch() error {
	var population []*individual
	for _, i := range e.active {
		if err := i.ctx.Err(); err != nil {
			e.vacate(i)
			i.finish <- outcome{err: err}
			continue
		}
		population = append(population, i)
	}
	e.active = population
	if len(population) == 0 {
		return nil
	}
	records := make([]kernels.Individual, len(population))
	for n, i := range population {
		i.record.Quantum = i.quantum(e.options.Quantum)
		records[n] = i.record
	}
	if err := e.launcher.run(population, records); errors.Is(err, kernels.ErrMemory) {
		return e.evict(err)
	} else if err != nil {
		return err
	}
	e.active = e.active[:0]
	for n, i := range population {
		i.record = records[n]
		ended, err := e.collect(i)
		if err != nil {
			e.active = append(e.active, population[n:]...)
			return err
		}
		if ended {
			e.crowded = false
		} else {
			e.active = append(e.active, i)
		}
	}
	return nil
}

// collect looks at an individual after a launch. It reports whether the training has ended.
func (e *Engine) collect(i *individual) (ended bool, err error) {
	r := &i.record
	c := &i.task.Config
	running := r.Status == kernels.StatusRunning
	if c.Segment > 0 && r.Status != kernels.StatusDiverged && int(r.Step)%c.Segment == 0 {
		if err := e.segment(i, running); err != nil {
			return false, err
		}
		if i.failed != nil {
			e.vacate(i)
			i.finish <- outcome{err: i.failed}
			return true, nil
		}
	}
	if running {
		if i.validated != nil && r.Validations > 0 {
			i.validated(i.progress())
		}
		return false, nil
	}
	var best []float32
	if r.Status != kernels.StatusDiverged {
		best = make([]float32, i.plan.program.Size)
		if err := e.device.Download(bytesOf(best), i.state+kernels.Memory(3*4*i.plan.program.Size)); err != nil {
			return false, err
		}
	}
	e.vacate(i)
	result, err := i.end(best, e.options.ISA)
	i.finish <- outcome{result, err}
	return true, nil
}

// segment hashes the state at the end of a segment, and shows it to the task's OnSegment unless this was the last step.
func (e *Engine) segment(i *individual, running bool) error {
	state := make([]float32, 4*i.plan.program.Size)
	if err := e.device.Download(bytesOf(state), i.state); err != nil {
		return err
	}
	c := i.checkpoint(state)
	i.leaves = append(i.leaves, c.Leaf())
	if on := i.task.OnSegment; on != nil && running {
		c.Leaves = i.leaves
		i.failed = on(c)
	}
	return nil
}

// evict makes room for a launch that found too little memory: the last training that was admitted waits until another
// one has ended, and goes on from where it was. The only one there is too large.
func (e *Engine) evict(cause error) error {
	n := len(e.active) - 1
	i := e.active[n]
	e.active = e.active[:n]
	if n == 0 {
		e.vacate(i)
		i.finish <- outcome{err: fmt.Errorf("%w: %w", ErrSize, cause)}
		return nil
	}
	if i.record.Fresh == 0 {
		state := make([]float32, 4*i.plan.program.Size)
		if err := e.device.Download(bytesOf(state), i.state); err != nil {
			return err
		}
		i.from = i.checkpoint(state)
	}
	e.vacate(i)
	e.wait([]*individual{i})
	e.crowded = true
	return nil
}
