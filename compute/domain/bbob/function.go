package bbob

import (
	"fmt"
	"slices"
)

// Bounds of what a Function can be.
const (
	Count        = 24
	MinDimension = 2
	MaxDimension = 40
	MaxInstance  = 100000
)

// Low and High bound the search in every coordinate. A function has values beyond them too.
const (
	Low  = -5.0
	High = 5.0
)

// Function is one function in one dimension and instance. It is immutable and safe for concurrent use.
type Function struct {
	id, instance int
	dimension    int
	best         []float64
	value        float64 // at best
	excess       func(x []float64) float64
}

// New makes function id, 1 to Count, in a dimension from MinDimension to MaxDimension and an instance from 1 to MaxInstance.
func New(id, dimension, instance int) (*Function, error) {
	switch {
	case id < 1 || id > Count:
		return nil, fmt.Errorf("bbob: function %d: must be in [1, %d]", id, Count)
	case dimension < MinDimension || dimension > MaxDimension:
		return nil, fmt.Errorf("bbob: dimension %d: must be in [%d, %d]", dimension, MinDimension, MaxDimension)
	case instance < 1 || instance > MaxInstance:
		return nil, fmt.Errorf("bbob: instance %d: must be in [1, %d]", instance, MaxInstance)
	}
	seed := int64(id)
	switch id { // the skew and the ill-conditioned variants share their forerunner's draws
	case 4:
		seed = 3
	case 18:
		seed = 17
	}
	seed += 10000 * int64(instance)
	f := &Function{id: id, dimension: dimension, instance: instance, value: bestValue(seed)}
	f.best, f.excess = makers[id-1](dimension, seed)
	return f, nil
}

// Dimension returns the number of coordinates.
func (f *Function) Dimension() int { return f.dimension }

// Best returns the value at the optimum.
func (f *Function) Best() float64 { return f.value }

// Optimum returns the point where the value is Best up to rounding, fresh.
func (f *Function) Optimum() []float64 { return slices.Clone(f.best) }

// Excess returns f(x) − Best, at least about 0. len(x) is the dimension; x is not kept.
func (f *Function) Excess(x []float64) float64 { return f.excess(x) }

// Value returns f(x).
func (f *Function) Value(x []float64) float64 { return f.excess(x) + f.value }

// maker makes what a function is above its best value, and where that is 0.
type maker func(n int, seed int64) (best []float64, excess func([]float64) float64)

// makers are the functions in the definition's order.
var makers = [Count]maker{
	sphere, ellipsoid, rastrigin, skewRastrigin, slope,
	sector, steps, rosenbrock, turnedRosenbrock,
	turnedEllipsoid, discus, cigar, ridge, differentPowers,
	turnedRastrigin, weierstrass, schaffer(10), schaffer(1000), griewankRosenbrock,
	schwefel, gallagher(101), gallagher(21), katsuura, lunacek,
}
