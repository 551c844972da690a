package portfolio

import (
	"fmt"
	"math"
)

// Parameters of the rule. They were chosen on functions of package compute/domain/bbob in 5 dimensions, of least 0.15, 0.3 and 0.45
// and turns 2, 4 and 6: less of either costs where the arm that wins in the end begins slowly.
const (
	// turns is how many generations every arm has before credit counts.
	turns = 4
	// rate is how far the chances move at a generation.
	rate = 0.5
	// least is the least chance of an arm, times the number of arms.
	least = 0.3
	// maxPoints bounds the points of a curve.
	maxPoints = 256
)

// Curve is the best fitness of an arm after its generations: after every Stride of them, where they have become many.
type Curve struct {
	// Generations is how many the arm has had.
	Generations int64     `json:"generations"`
	Stride      int64     `json:"stride"`
	Points      []float64 `json:"points"`
	// Best is the best fitness by now, −MaxFloat64 before a finite one.
	Best float64 `json:"best"`
}

func newCurve() Curve { return Curve{Stride: 1, Points: []float64{}, Best: -math.MaxFloat64} }

// see takes a trial's fitness in.
func (c *Curve) see(fitness float64) {
	if fitness-fitness == 0 {
		c.Best = max(c.Best, fitness)
	}
}

// close ends a generation.
func (c *Curve) close() {
	if c.Generations++; c.Generations%c.Stride != 0 {
		return
	}
	if c.Points = append(c.Points, c.Best); len(c.Points) < maxPoints {
		return
	}
	for i := range maxPoints / 2 {
		c.Points[i] = c.Points[2*i+1]
	}
	c.Points, c.Stride = c.Points[:maxPoints/2], 2*c.Stride
}

// at is the best fitness after so many generations, between two points on the line between them.
func (c *Curve) at(generations float64) float64 {
	last := len(c.Points) - 1
	x := min(max(0, generations/float64(c.Stride)-1), float64(last))
	i := int(x)
	before, after := c.Points[i], c.Points[min(i+1, last)]
	return before + float64((x-float64(i))*(after-before))
}

// forecast is the best fitness expected after n generations, n not less than those there were: the gains of doublings are a geometric
// series. An arm that has had less than turns generations is expected to win.
func (c *Curve) forecast(n int64) float64 {
	if c.Generations < turns {
		return math.Inf(1)
	}
	now, ratio := float64(c.Generations), 1.0
	gain := c.Best - c.at(now/2)
	if before := c.at(now/2) - c.at(now/4); before > gain {
		ratio = gain / before
	}
	doublings := math.Log2(float64(n) / now)
	sum := doublings
	if ratio < 1 {
		sum = ratio * (1 - math.Pow(ratio, doublings)) / (1 - ratio)
	}
	return min(c.Best+float64(gain*sum), math.MaxFloat64)
}

func (c *Curve) validate() error {
	if c.Generations < 0 || c.Stride < 1 || c.Stride > 1<<40 || len(c.Points) >= maxPoints || int64(len(c.Points)) != c.Generations/c.Stride {
		return fmt.Errorf("curve: %d points of %d generations, one for each %d", len(c.Points), c.Generations, c.Stride)
	}
	return nil
}

// leading returns the arm with the greatest credit, of equal ones the one with the better fitness, then the earlier.
func leading(curves []Curve) (best int) {
	future := int64(0)
	for i := range curves {
		future = max(future, curves[i].Generations+1)
	}
	credit := curves[0].forecast(future)
	for i := 1; i < len(curves); i++ {
		f := curves[i].forecast(future)
		if f > credit || f == credit && curves[i].Best > curves[best].Best {
			best, credit = i, f
		}
	}
	return best
}

// pursue moves chances towards the arm that leads.
func pursue(chances []float64, leader int) {
	low := least / float64(len(chances))
	high := 1 - low*float64(len(chances)-1)
	for i := range chances {
		to := low
		if i == leader {
			to = high
		}
		chances[i] += float64(rate * (to - chances[i]))
	}
}

// drawn returns the arm that u, in [0, 1), falls upon.
func drawn(chances []float64, u float64) int {
	for i, p := range chances {
		if u -= p; u < 0 {
			return i
		}
	}
	return len(chances) - 1
}
