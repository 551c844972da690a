package block

import "time"

// Launches are bounded in time, since one that takes long keeps a display waiting, and the system may end it.
const (
	// launchTime is how long a kernel runs about, displayTime on a card with a display.
	launchTime, displayTime = 40 * time.Millisecond, 20 * time.Millisecond
	// shortTime is the same while the device is not full: what is submitted next finds it soon.
	shortTime = 5 * time.Millisecond
	// MaxStepTime is the longest that a step of a model may take.
	MaxStepTime = time.Second
)

// What a block is taken to do before anything was measured, in FLOP/s, what it is likely to do at most, and what it cannot do.
const (
	priorSpeed    = 20e9
	likelySpeed   = 50e9
	hopelessSpeed = 500e9
	priorStep     = 20e-6 // seconds of a step of nothing
	leastStep     = 1e-6  // whatever the clock says
	// caution is how much longer the first step of a model may take than is expected.
	caution = 20
)

// pace is how long a step of a model takes a block, as measured.
type pace struct {
	flop     float64 // of a step, about
	seconds  float64
	measured bool
	doubted  bool // a step took longer than MaxStepTime, and another one must
	slow     bool // a step takes longer than MaxStepTime
}

// priorPace is what is known of a shape before it was measured.
func priorPace(s shape) pace {
	flop := 6 * float64(s.batch) * s.products()
	return pace{flop: flop, seconds: priorStep + flop/priorSpeed}
}

// hopeless reports whether no device makes a step in time, or none of those that the system stops when they do not: there the
// first step is not tried unless it is likely to be in time.
func (p *pace) hopeless(timeOut bool) bool {
	speed := hopelessSpeed
	if timeOut {
		speed = likelySpeed
	}
	return p.flop/speed > MaxStepTime.Seconds()
}

// correct tells the pace that a step took so many seconds. The first measurement counts as it is, later ones by half.
func (p *pace) correct(seconds float64) {
	if p.measured {
		seconds = (p.seconds + min(max(seconds, p.seconds/8), 8*p.seconds)) / 2
	}
	p.seconds = min(max(seconds, leastStep), 1e6)
	p.measured = true
}

// judge looks at a step that took so many seconds. One that is too long may be the host's doing, which slept: the next
// launch makes one step, which counts as it is, and only where that is too long as well is the model slow.
func (p *pace) judge(seconds float64) {
	over := seconds > MaxStepTime.Seconds()
	p.slow = over && p.doubted
	p.doubted = over
	p.measured = p.measured && (!over || p.slow)
}

// products returns the multiplications of a forward pass over one sample.
func (s shape) products() float64 {
	n := 0.0
	for _, o := range s.model.Ops {
		if o.Matrix >= 0 {
			m := s.model.Matrices[o.Matrix]
			n += float64(m.In) * float64(m.Out) * float64(max(1, s.model.Tensors[o.Y].Steps))
		}
	}
	return n
}

// backlog is the work that the device has been given, in seconds of the whole device.
type backlog struct {
	launched float64   // of the launches that have not ended
	through  time.Time // when it is expected to have made them
}

// add takes a launch in that begins now, and returns in how many seconds it is expected to have ended: alone is what its
// kernels take at least, work its part of the backlog. The device makes launches in order.
func (b *backlog) add(now time.Time, alone, work float64) (expected float64) {
	b.launched += work
	if b.through.Before(now) {
		b.through = now
	}
	b.through = b.through.Add(seconds(work))
	return max(alone, b.through.Sub(now).Seconds())
}

// end takes a launch out that has ended so many seconds sooner than expected. The others that wait for the same work will
// say so too: each counts for its part.
func (b *backlog) end(now time.Time, sooner, work float64, lanes int) {
	b.launched = max(0, b.launched-work)
	b.through = b.through.Add(-seconds(sooner / float64(lanes)))
	if last := now.Add(seconds(b.launched)); b.through.After(last) {
		b.through = last
	}
}

func seconds(s float64) time.Duration {
	return time.Duration(min(max(s, -1e9), 1e9) * float64(time.Second)) // which are thirty years
}
