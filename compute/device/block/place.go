package block

import (
	"math/bits"

	"doin.network/node/compute/nn"
	"doin.network/node/kernels"
)

// place puts an individual on the device. After an error vacate takes back what had been placed.
func (e *Engine) place(i *individual) error {
	m, err := e.models.of(trainingShape(i.task))
	if err != nil {
		return err
	}
	i.plan = m
	c := &i.task.Config
	for n := range i.sources {
		if i.tables[n], err = e.table(&i.sources[n], c.Inputs, c.Outputs, [...]nn.Source{i.task.Train, i.task.Validation}[n]); err != nil {
			return err
		}
	}
	if err := i.rates.hold(e.memory); err != nil {
		return err
	}
	i.holdsRates = true
	k, err := e.correct(c)
	if err != nil {
		return err
	}
	size := int64(m.program.Size) * 4
	if i.state, err = e.memory.alloc(4 * size); err != nil {
		return err
	}
	if i.from != nil {
		if err := e.device.Upload(i.state, bytesOf(i.packed(i.from))); err != nil {
			return err
		}
	}
	r := &i.record
	r.Program, r.State, r.Rates, r.Corrections = m.index, i.state, i.rates.at, k
	r.TrainX, r.TrainY, r.ValidX, r.ValidY = i.tables[0].x, i.tables[0].y, i.tables[1].x, i.tables[1].y
	return nil
}

// vacate takes an individual off the device.
func (e *Engine) vacate(i *individual) {
	for n, t := range i.tables {
		e.tables.release(t)
		i.tables[n] = nil
	}
	if i.holdsRates {
		i.rates.release(e.memory)
		i.holdsRates = false
	}
	e.memory.free(i.state)
	i.state = 0
}

// table returns the samples of a source on the device.
func (e *Engine) table(s *source, inputs, outputs int, of nn.Source) (*table, error) {
	if s.shared {
		if t := e.tables.find(s.key); t != nil {
			return t, nil
		}
	}
	r := s.rows
	if r == nil { // it was there when the training was submitted, and has gone since
		r = &rows{}
		r.x, r.y = rowsOf(of, inputs, outputs)
	}
	t, err := e.tables.add(s.key, s.shared, r.x, r.y, s.count)
	if err != nil {
		return nil, err
	}
	s.rows = nil
	if s.shared {
		e.mu.Lock()
		e.shared[s.key] = true
		delete(e.reading, s.key)
		e.mu.Unlock()
	}
	return t, nil
}

// correct returns the bias corrections of a configuration.
func (e *Engine) correct(c *nn.Config) (kernels.Memory, error) {
	key := [2]float32{c.Beta1, c.Beta2}
	k := e.corrections[key]
	if k != nil && k.steps >= c.MaxSteps {
		return k.at, nil
	}
	steps := 1 << bits.Len(uint(max(c.MaxSteps, 1024)-1))
	list := make([]float32, 0, 2*steps)
	long := *c
	long.MaxSteps, long.Schedule, long.WarmupSteps = steps, nn.Constant, 0 // only the corrections are taken
	rates := nn.NewRates(&long, 0)
	for range steps {
		_, c1, c2 := rates.Next()
		list = append(list, c1, c2)
	}
	at, err := e.memory.upload(bytesOf(list))
	if err != nil {
		return 0, err
	}
	// A shorter one stays, since trainings may read it: there are few, because the length is rounded up to a power of two.
	e.corrections[key] = &corrections{at, steps}
	return at, nil
}
