package block

import (
	"fmt"
	"slices"

	"doin.network/node/kernels"
)

// launch makes the next steps of every active training and deals with those that have ended. An error is the device's.
func (e *Engine) launch() error {
	var population []*individual
	for _, i := range e.active {
		if err := i.ctx.Err(); err != nil {
			e.vacate(i)
			i.done(nil, err)
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
		i.record.StepsPerLaunch = i.steps(e.options.StepsPerLaunch)
		records[n] = i.record
	}
	left, err := e.launcher.run(population, records)
	if err != nil && crowded(err) {
		return e.evict(population[len(population)-1], err)
	} else if err != nil {
		return err
	}
	waits := make([]bool, len(population)) // for another launch, without having been in this one
	for _, n := range left {
		waits[n] = true
	}
	e.active = e.active[:0]
	var ended []*individual
	for n, i := range population {
		if waits[n] {
			e.active = append(e.active, i)
			continue
		}
		i.record = records[n]
		running, err := e.collect(i)
		if err != nil {
			e.active = append(append(e.active, ended...), population[n:]...)
			return err
		}
		switch {
		case i.failed != nil:
			e.vacate(i)
			e.crowded = false
			i.done(nil, i.failed)
		case running:
			e.active = append(e.active, i)
		default:
			ended = append(ended, i)
		}
	}
	if err := e.end(ended); err != nil {
		e.active = append(e.active, ended...)
		return err
	}
	if len(left) > 0 && len(e.active) > len(left) {
		return e.evict(population[slices.Max(left)], kernels.ErrMemory)
	}
	return nil
}

// collect looks at an individual after a launch, and reports whether its training goes on.
func (e *Engine) collect(i *individual) (running bool, err error) {
	r := &i.record
	c := &i.task.Config
	running = r.Status == kernels.StatusRunning
	if c.Segment > 0 && r.Status != kernels.StatusDiverged && int(r.Step)%c.Segment == 0 {
		if err := e.segment(i, running); err != nil {
			return false, err
		}
	}
	if running && i.failed == nil && i.validated != nil && r.Validations > 0 {
		i.validated(i.progress())
	}
	return running, nil
}

// end fetches the best weights of the trainings that have ended, makes their results and takes them off the device.
func (e *Engine) end(ended []*individual) error {
	if len(ended) == 0 {
		return nil
	}
	best, err := e.launcher.best(ended)
	if err != nil && crowded(err) {
		best = make([][]float32, len(ended))
		for n, i := range ended { // one by one, from where they are
			if i.record.Status == kernels.StatusDiverged {
				continue
			}
			best[n] = make([]float32, i.plan.program.Size)
			if err := e.device.Download(bytesOf(best[n]), i.state+kernels.Memory(3*4*i.plan.program.Size)); err != nil {
				return err
			}
		}
	} else if err != nil {
		return err
	}
	e.crowded = false
	for n, i := range ended {
		e.vacate(i)
		i.done(i.end(best[n], e.options.ISA))
	}
	return nil
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

// evict makes room for a launch that found too little memory: a training waits until another one has ended, and goes on from
// where it was. The only one there is too large.
func (e *Engine) evict(i *individual, cause error) error {
	e.active = slices.DeleteFunc(e.active, func(o *individual) bool { return o == i })
	if len(e.active) == 0 {
		e.vacate(i)
		i.done(nil, fmt.Errorf("%w: %w", ErrSize, cause))
		return nil
	}
	if i.record.Fresh == 0 {
		state := make([]float32, 4*i.plan.program.Size)
		if err := e.device.Download(bytesOf(state), i.state); err != nil {
			e.active = append(e.active, i)
			return lost(err)
		}
		i.from = i.checkpoint(state)
	}
	e.vacate(i)
	e.wait([]*individual{i})
	e.crowded = true
	return nil
}
