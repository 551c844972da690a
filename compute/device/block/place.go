package block

import (
	"fmt"

	"doin.network/node/compute/nn"
	"doin.network/node/kernels"
)

// place puts an individual on the device. After an error vacate takes back what had been placed. The caller holds
// Engine.floor.
func (l *lane) place(i *individual) (err error) {
	e := l.engine
	if i.plan.pace.slow && i.launches == 0 {
		return fmt.Errorf("%w: a step takes more than %v", ErrSlow, MaxStepTime)
	}
	c := &i.task.Config
	for n := range i.sources {
		if i.tables[n], err = e.table(l.queue, &i.sources[n], c.Inputs, c.Outputs, [...]nn.Source{i.task.Train, i.task.Validation}[n]); err != nil {
			return err
		}
	}
	for ; i.held < len(i.lists); i.held++ {
		if err := i.lists[i.held].hold(e.memory, l.queue); err != nil {
			return err
		}
	}
	if i.state, err = e.memory.alloc(i.stateBytes()); err != nil {
		return err
	}
	if i.from != nil {
		if err := l.queue.Upload(i.state, bytesOf(i.packed(i.from))); err != nil {
			return err
		}
		i.from = nil // the device has it
	}
	r := &i.record
	r.Program, r.State, r.Rates, r.Corrections = i.plan.index, i.state, i.lists[0].at, i.lists[1].at
	r.TrainX, r.TrainY, r.ValidX, r.ValidY = i.tables[0].x, i.tables[0].y, i.tables[1].x, i.tables[1].y
	return nil
}

// vacate takes an individual off the device. The caller holds Engine.floor.
func (e *Engine) vacate(i *individual) {
	for n, t := range i.tables {
		e.tables.release(t)
		i.tables[n] = nil
	}
	for ; i.held > 0; i.held-- {
		i.lists[i.held-1].release(e.memory)
	}
	e.memory.free(i.state)
	i.state = 0
}

// table returns the samples of a source on the device, for one user. The caller holds Engine.floor.
func (e *Engine) table(q kernels.Queue, s *source, inputs, outputs int, of nn.Source) (*table, error) {
	if s.shared {
		if t := e.tables.find(s.key); t != nil {
			e.unread(s)
			return t, nil
		}
	}
	r := s.rows
	if r == nil { // it was there when the training was submitted, and has gone since
		r = &rows{}
		r.x, r.y = rowsOf(of, inputs, outputs)
	}
	t, err := e.tables.add(q, s.key, s.shared, r.x, r.y, s.count)
	if err != nil {
		return nil, err
	}
	e.unread(s)
	if s.shared {
		e.mu.Lock()
		e.shared[s.key] = true
		e.mu.Unlock()
	}
	return t, nil
}
