package cma

import (
	"cmp"
	"math"
	"slices"
)

// Lines searches each coordinate alone from one base point, the coordinates in turn, each by STEP: of the intervals between its
// points, the next one is halved in which a parabola has the least to bend to be a little better than the best. It ends early when
// what the coordinates gain apart is not what they gain together.
type Lines struct {
	Base   []float64
	Value  float64 // at Base, once Begun
	Begun  bool
	Most   int // points of a coordinate
	Axes   []Axis
	Turn   int
	Next   int // points of each coordinate at which the gains are checked
	Ended  bool
	Proven bool // the gains were those promised, at the last check
	// Asked is what is under way that is no coordinate's: the base or a check.
	Asked bool
}

// Axis is one coordinate: its points, ascending, and whether one is under way.
type Axis struct {
	Points []Point
	Busy   bool
}

// Point is a coordinate's value and the function's with it.
type Point struct{ X, F float64 }

// Places of a trial of Lines that is of no coordinate.
const (
	atBase  = -1
	atCheck = -2
)

// firstCheck is after how many points of each coordinate the gains are first compared.
const firstCheck = 16

// promised is by how much of what the coordinates gain apart the check may differ.
const promised = 1e-6

// thinnest is the interval below which no line is searched further.
const thinnest = 1e-10

func newLines(base []float64, most int) *Lines {
	return &Lines{Base: slices.Clone(base), Most: most, Axes: make([]Axis, len(base)), Next: min(firstCheck, most)}
}

// ask returns a point and its place; ok is false where nothing is to be asked before something has been told.
func (l *Lines) ask() (x []float64, place int, ok bool) {
	if !l.Begun {
		if l.Asked {
			return nil, 0, false
		}
		l.Asked = true
		return slices.Clone(l.Base), atBase, true
	}
	ready := true
	for range l.Axes {
		i := l.Turn
		l.Turn = (l.Turn + 1) % len(l.Axes)
		a := &l.Axes[i]
		if ready = ready && !a.Busy; a.Busy || len(a.Points) >= l.Next {
			continue
		}
		v, more := a.next()
		if !more {
			continue
		}
		a.Busy = true
		x = slices.Clone(l.Base)
		x[i] = v
		return x, i, true
	}
	if !ready || l.Asked {
		return nil, 0, false
	}
	l.Asked = true
	return l.composed(), atCheck, true
}

// next is the coordinate's next value: its ends, then the middle of the easiest interval.
func (a *Axis) next() (v float64, more bool) {
	p := a.Points
	if p[0].X > 0 {
		return 0, true
	}
	if p[len(p)-1].X < 1 {
		return 1, true
	}
	low, high := p[0].F, p[0].F
	for _, q := range p {
		low, high = min(low, q.F), max(high, q.F)
	}
	low -= float64(1e-9*(high-low)) + 1e-12
	best, at := 0.0, -1
	for i := range len(p) - 1 {
		w := p[i+1].X - p[i].X
		if w < thinnest {
			continue
		}
		if ease := w / (math.Sqrt(p[i].F-low) + math.Sqrt(p[i+1].F-low)); ease > best {
			best, at = ease, i
		}
	}
	if at < 0 {
		return 0, false
	}
	return (p[at].X + p[at+1].X) / 2, true
}

// lowest is the coordinate's best point.
func (a *Axis) lowest() Point {
	return slices.MinFunc(a.Points, func(p, q Point) int { return cmp.Compare(p.F, q.F) })
}

// composed is the best value of every coordinate.
func (l *Lines) composed() []float64 {
	x := slices.Clone(l.Base)
	for i := range l.Axes {
		x[i] = l.Axes[i].lowest().X
	}
	return x
}

// tell takes the value of a place.
func (l *Lines) tell(place int, x []float64, f float64) {
	switch {
	case place == atBase:
		l.Asked, l.Begun, l.Value = false, true, f
		for i := range l.Axes {
			l.Axes[i].Points = []Point{{l.Base[i], f}}
		}
	case place == atCheck:
		l.Asked = false
		l.check(f)
	case place >= 0 && place < len(l.Axes):
		a := &l.Axes[place]
		a.Busy = false
		i, found := slices.BinarySearchFunc(a.Points, x[place], func(p Point, v float64) int { return cmp.Compare(p.X, v) })
		if !found {
			a.Points = slices.Insert(a.Points, i, Point{x[place], f})
		}
	}
}

// check compares what was promised with the value f of the composed point.
func (l *Lines) check(f float64) {
	expected, most := l.Value, 0.0
	for i := range l.Axes {
		gain := l.Value - l.Axes[i].lowest().F
		expected -= gain
		most += gain
	}
	l.Proven = math.Abs(f-expected) <= promised*max(most, 1e-12)
	l.Ended = !l.Proven || l.Next >= l.Most
	l.Next = min(4*l.Next, l.Most)
}
