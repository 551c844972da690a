package block

import (
	"sync"

	"doin.network/node/compute/nn"
	"doin.network/node/kernels"
)

// schedule is the table of the learning rates of a run, shared by the trainings that have the same.
type schedule struct {
	key  scheduleKey
	once sync.Once
	list []float32
	// Of the engine's goroutine.
	at    kernels.Memory // while there are users
	users int
}

// scheduleKey is what the rates depend on.
type scheduleKey struct {
	rate         float32
	kind         nn.Schedule
	warmup, step int
	of           int // steps that the schedule is for
}

// maxScheduled is how many rates are remembered for trainings to come, in all tables together: 64 MiB.
const maxScheduled = 1 << 24

// schedule returns the rates of a configuration, computed by the first goroutine that asks.
func (e *Engine) schedule(c *nn.Config) *schedule {
	key := scheduleKey{c.LearningRate, c.Schedule, c.WarmupSteps, c.MaxSteps, c.ScheduleSteps}
	e.mu.Lock()
	s := e.schedules[key]
	if s == nil {
		if e.scheduled += c.MaxSteps; e.scheduled > maxScheduled {
			clear(e.schedules) // those who use one hold it
			e.scheduled = c.MaxSteps
		}
		s = &schedule{key: key}
		e.schedules[key] = s
	}
	e.mu.Unlock()
	s.once.Do(func() {
		s.list = make([]float32, c.MaxSteps)
		rates := nn.NewRates(c, 0)
		for n := range s.list {
			s.list[n], _, _ = rates.Next()
		}
	})
	return s
}

// hold counts a user and puts the table on the device for the first.
func (s *schedule) hold(p *pool) error {
	if s.users == 0 {
		var err error
		if s.at, err = p.upload(bytesOf(s.list)); err != nil {
			return err
		}
	}
	s.users++
	return nil
}

// release counts a user off.
func (s *schedule) release(p *pool) {
	if s.users--; s.users == 0 {
		p.free(s.at)
		s.at = 0
	}
}
