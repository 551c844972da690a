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

// pace is how long a step of a model takes a block, as measured: the waits for other launches count, since it is the length
// of a launch that matters.
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

// correct makes the pace that of a launch that took ratio times what was expected of it. The first measurement counts as it
// is, later ones by half.
func (p *pace) correct(ratio float64) {
	if p.measured {
		ratio = (1 + min(max(ratio, 0.125), 8)) / 2
	}
	p.seconds = min(max(p.seconds*ratio, leastStep), 1e6)
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
