package block

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"doin.network/node/kernels"
)

// lane is a part of the population in training, with a queue of the device and a goroutine of its own: while one lane's
// goroutine deals with the results of a launch, the device works on the launches of the others.
type lane struct {
	engine   *Engine
	queue    kernels.Queue
	launcher *launcher
	active   []*individual
	idle     bool // guarded by Engine.floor: there is nothing to do
}

// loop is the lane's goroutine: it admits what has been submitted, makes a launch, and deals with what has ended.
func (l *lane) loop() {
	e := l.engine
	for {
		version, ended := e.look()
		if ended != nil {
			l.fail(ended)
			return
		}
		err := l.admit()
		if err == nil && len(l.active) == 0 {
			l.rest(true)
			e.waitFor(version)
			l.rest(false)
			continue
		}
		if err == nil {
			err = l.launch()
		}
		if err != nil {
			e.lose(lost(err))
		}
	}
}

// rest says whether the lane has something to do.
func (l *lane) rest(idle bool) {
	l.engine.floor.Lock()
	defer l.engine.floor.Unlock()
	l.idle = idle
}

// fail ends everything of the lane, and what nobody has admitted, with an error.
func (l *lane) fail(err error) {
	pending, asked := l.engine.take(-1)
	l.engine.finish(pending, err)
	for _, p := range asked {
		l.engine.answer(p, err)
	}
	l.engine.finish(l.active, err)
	l.active = nil
}

// admit takes the lane's share of the trainings that wait, as far as the device has memory for them, and answers
// predictions. An error is the device's.
func (l *lane) admit() error {
	e := l.engine
	pending, asked := e.take(len(l.active))
	for n, p := range asked {
		err := l.predict(p)
		if errors.Is(err, errWait) {
			e.askAgain(p)
			continue
		}
		e.answer(p, err)
		if err != nil && !errors.Is(err, ErrSize) && !errors.Is(err, ErrSlow) && !errors.Is(err, p.ctx.Err()) {
			for _, p := range asked[n+1:] {
				e.answer(p, lost(err))
			}
			e.putBack(pending)
			return err
		}
	}
	if len(pending) == 0 {
		return nil
	}
	e.floor.Lock()
	defer e.floor.Unlock()
	for n, i := range pending {
		err := l.place(i)
		if err == nil {
			l.active = append(l.active, i)
			e.running++
			continue
		}
		e.vacate(i)
		switch {
		case crowded(err) && e.running > 0:
			e.crowded = true
			e.putBack(pending[n:]) // until something ends
			return nil
		case crowded(err):
			err = fmt.Errorf("%w: %w", ErrSize, err)
		case !errors.Is(err, ErrSize) && !errors.Is(err, ErrSlow):
			e.putBack(pending[n:])
			return err
		}
		e.finish([]*individual{i}, err)
	}
	return nil
}

// remove takes individuals off the device and tells those who wait for them.
func (l *lane) remove(list []*individual, err error) {
	if len(list) == 0 {
		return
	}
	l.leave(list)
	l.engine.finish(list, err)
}

// leave takes individuals off the device.
func (l *lane) leave(list []*individual) {
	e := l.engine
	e.floor.Lock()
	defer e.floor.Unlock()
	for _, i := range list {
		e.vacate(i)
	}
	e.running -= len(list)
	e.crowded = false
	e.poke()
}

// launch makes the next steps of the lane's trainings and deals with those that have ended. An error is the device's.
func (l *lane) launch() error {
	e := l.engine
	l.active = slices.DeleteFunc(l.active, func(i *individual) bool {
		err := i.ctx.Err()
		if err != nil {
			l.remove([]*individual{i}, err)
		}
		return err != nil
	})
	if len(l.active) == 0 {
		return nil
	}
	alone := len(l.active) == 1 && !e.others(l)
	w, err := l.launcher.run(l.active, e.launchTime())
	if err != nil && crowded(err) {
		return l.evict(l.active[len(l.active)-1], alone, err)
	}
	if err != nil {
		return err
	}
	slow := e.measure(w)
	for n, i := range w.members {
		i.before, i.record = i.record.Step, w.records[n]
	}
	if slow {
		l.giveUp(w)
	}
	if err := l.collect(w.members); err != nil {
		return err
	}
	if len(w.left) > 0 {
		return l.evict(w.left[len(w.left)-1], false, kernels.ErrMemory)
	}
	return nil
}

// giveUp takes the trainings of models that are too slow off the device, unless they are further than the launches that
// found it out.
func (l *lane) giveUp(w *launch) {
	var off []*individual
	w.members = slices.DeleteFunc(w.members, func(i *individual) bool {
		if i.plan.pace.slow && i.launches <= 2 && i.record.Status == kernels.StatusRunning {
			off = append(off, i)
			return true
		}
		return false
	})
	l.active = slices.DeleteFunc(l.active, func(i *individual) bool { return slices.Contains(off, i) })
	l.remove(off, fmt.Errorf("%w: a step takes more than %v", ErrSlow, MaxStepTime))
}

// collect looks at individuals after a launch: it hashes the segments that have ended, tells of validations, and ends
// trainings.
func (l *lane) collect(members []*individual) error {
	var segments, ended, failed []*individual
	for _, i := range members {
		r := &i.record
		if r.Segment > 0 && r.Status != kernels.StatusDiverged && r.Step%r.Segment == 0 && r.Step > i.before {
			segments = append(segments, i)
		}
	}
	if err := l.segments(segments); err != nil {
		return err
	}
	for _, i := range members {
		switch {
		case i.failed != nil:
			failed = append(failed, i)
		case i.record.Status != kernels.StatusRunning:
			ended = append(ended, i)
		case i.validated != nil && i.record.Validations > 0:
			i.validated(i.progress())
		}
	}
	if len(failed)+len(ended) == 0 {
		return nil
	}
	best, err := l.bestOf(ended)
	if err != nil {
		return err
	}
	over := map[*individual]bool{}
	for _, list := range [][]*individual{failed, ended} {
		for _, i := range list {
			over[i] = true
		}
	}
	l.active = slices.DeleteFunc(l.active, func(i *individual) bool { return over[i] })
	l.leave(failed)
	l.leave(ended)
	for _, i := range failed {
		l.engine.finish([]*individual{i}, i.failed)
	}
	each(len(ended), func(n int) {
		i := ended[n]
		r, err := i.end(best[n], l.engine.options.ISA)
		l.engine.release(i)
		i.finish <- outcome{i.index, r, err}
	})
	return nil
}

// bestOf returns the padded best weights of individuals, nil for those that diverged.
func (l *lane) bestOf(ended []*individual) ([][]float32, error) {
	best, err := l.launcher.best(ended)
	if err == nil || !crowded(err) {
		return best, err
	}
	best = make([][]float32, len(ended))
	for n, i := range ended { // one by one, from where they are
		if i.record.Status == kernels.StatusDiverged {
			continue
		}
		best[n] = make([]float32, i.plan.program.Size)
		if err := l.queue.Download(bytesOf(best[n]), i.state+kernels.Memory(3*4*i.plan.program.Size)); err != nil {
			return nil, err
		}
	}
	return best, nil
}

// evict makes room for a launch that found too little memory: a training waits until another one has ended, and goes on from
// where it was. One that was alone on the device all the time is too large; one that has become alone is left to try again.
func (l *lane) evict(i *individual, alone bool, cause error) error {
	e := l.engine
	if i.record.Fresh == 0 {
		state := make([]float32, 4*i.plan.program.Size)
		if err := l.queue.Download(bytesOf(state), i.state); err != nil {
			return lost(err)
		}
		i.from = i.checkpoint(state)
	}
	e.floor.Lock()
	last := e.running == 1
	if !last {
		e.vacate(i)
		e.running--
		e.crowded = true
	}
	e.floor.Unlock()
	if last && !alone {
		return nil
	}
	l.active = slices.DeleteFunc(l.active, func(o *individual) bool { return o == i })
	if last {
		l.remove([]*individual{i}, fmt.Errorf("%w: %w", ErrSize, cause))
		return nil
	}
	e.putBack([]*individual{i})
	return nil
}

// measure corrects the paces of the models in a launch, and reports whether there is one that is too slow.
func (e *Engine) measure(w *launch) (slow bool) {
	e.floor.Lock()
	defer e.floor.Unlock()
	done, planned := 0.0, 0.0 // fewer steps where a training ended
	for n, i := range w.members {
		planned += i.slice
		done += i.slice * float64(w.records[n].Step-i.record.Step) / float64(max(1, i.record.StepsPerLaunch))
	}
	if done <= 0 {
		return false
	}
	alone := w.alone * done / planned
	seen := map[*model]bool{}
	for _, i := range w.members {
		i.launches++
		p := &i.plan.pace
		if !seen[i.plan] {
			seen[i.plan] = true
			ratio := w.took.Seconds() / (w.expected - w.alone + alone)
			if !p.measured { // rather too long than too short: with the waits for other launches
				ratio = w.took.Seconds() / alone
			}
			p.correct(ratio * i.slice / float64(i.record.StepsPerLaunch))
			p.judge(p.seconds)
		}
		slow = slow || p.slow
	}
	return slow
}

// busy is how many lanes have something to do, at least 1. The caller holds floor.
func (e *Engine) busy() int {
	n := 0
	for _, l := range e.lanes {
		if !l.idle {
			n++
		}
	}
	return max(1, n)
}

// launchTime is how long the next launch may take.
func (e *Engine) launchTime() time.Duration {
	e.floor.Lock()
	defer e.floor.Unlock()
	p := e.device.Properties()
	switch {
	case e.running < 4*p.Multiprocessors:
		return shortTime
	case p.TimeOut:
		return displayTime
	}
	return launchTime
}

// others reports whether another lane has trainings.
func (e *Engine) others(l *lane) bool {
	e.floor.Lock()
	defer e.floor.Unlock()
	return e.running > len(l.active)
}
