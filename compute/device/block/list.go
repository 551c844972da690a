package block

import (
	"math/bits"
	"sync"

	"doin.network/node/compute/nn"
	"doin.network/node/kernels"
)

// list is a table of numbers for each step of a run, shared by the trainings that have the same.
type list struct {
	once    sync.Once
	numbers []float32
	// Guarded by Engine.floor.
	at    kernels.Memory // while there are users
	users int
}

// scheduleKey is what the learning rates of a run depend on.
type scheduleKey struct {
	rate   float32
	kind   nn.Schedule
	warmup int
	// steps are those of the schedule, of which made are made.
	steps, made int
}

// correctionKey is what AdamW's bias corrections depend on.
type correctionKey struct {
	beta1, beta2 float32
	steps        int
}

// maxListed is how many numbers are remembered for trainings to come, in all lists together: 64 MiB.
const maxListed = 1 << 24

// list returns the numbers of a key, computed by the first goroutine that asks.
func (e *Engine) list(key any, count int, compute func(numbers []float32)) *list {
	e.mu.Lock()
	s := e.lists[key]
	if s == nil {
		if e.listed += count; e.listed > maxListed {
			clear(e.lists) // those who use one hold it
			e.listed = count
		}
		s = &list{}
		e.lists[key] = s
	}
	e.mu.Unlock()
	s.once.Do(func() {
		s.numbers = make([]float32, count)
		compute(s.numbers)
	})
	return s
}

// schedule returns the learning rates of a configuration.
func (e *Engine) schedule(c *nn.Config) *list {
	key := scheduleKey{c.LearningRate, c.Schedule, c.WarmupSteps, max(c.ScheduleSteps, c.MaxSteps), c.MaxSteps}
	return e.list(key, c.MaxSteps, func(numbers []float32) {
		rates := nn.NewRates(c, 0)
		for n := range numbers {
			numbers[n], _, _ = rates.Next()
		}
	})
}

// corrections returns the bias corrections of a configuration, for a power of two of steps: so there are few lists.
func (e *Engine) corrections(c *nn.Config) *list {
	steps := 1 << bits.Len(uint(max(c.MaxSteps, 1024)-1))
	return e.list(correctionKey{c.Beta1, c.Beta2, steps}, 2*steps, func(numbers []float32) {
		long := *c
		long.MaxSteps, long.ScheduleSteps, long.Schedule, long.WarmupSteps = steps, 0, nn.Constant, 0 // only the corrections are taken
		rates := nn.NewRates(&long, 0)
		for n := range steps {
			_, numbers[2*n], numbers[2*n+1] = rates.Next()
		}
	})
}

// hold counts a user and puts the numbers on the device for the first.
func (s *list) hold(p *pool, q kernels.Queue) error {
	if s.users == 0 {
		var err error
		if s.at, err = p.upload(q, bytesOf(s.numbers)); err != nil {
			return err
		}
	}
	s.users++
	return nil
}

// release counts a user off.
func (s *list) release(p *pool) {
	if s.users--; s.users == 0 {
		p.free(s.at)
		s.at = 0
	}
}
