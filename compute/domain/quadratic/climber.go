package quadratic

import (
	"math/big"

	"doin.network/node/compute/domain/pyrand"
	"doin.network/node/internal/canon"
)

// climber is the state of the reference's hill climber: its two generators.
type climber struct {
	private *pyrand.Random // steps
	global  *pyrand.Legacy // starting points
}

// Seed implements domain.Stepper. A configured seed restarts the reference's trajectory whatever the argument; else the
// steps are drawn from seed, the starting point from its two halves combined by exclusive or.
func (d *Domain) Seed(seed uint64) {
	c := new(climber)
	if d.config.Seed != nil {
		c.private = pyrand.NewRandom(big.NewInt(int64(*d.config.Seed)))
		_, c.global = d.config.target()
	} else {
		c.private = pyrand.NewRandom(new(big.Int).SetUint64(seed))
		c.global = pyrand.NewLegacy(uint32(seed) ^ uint32(seed>>32))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.climber = c
}

// Step implements domain.Stepper: the reference's optimizer. A candidate is the best x, or a draw of uniform(−10, 10)
// per element where there is none, plus gauss(0, step size) per element; the better of both is returned, the candidate
// where there was no best. The claimed performance of the best is ignored: it is computed anew.
func (d *Domain) Step(best *canon.Object, bestPerformance float64, hasBest bool) (*canon.Object, float64, error) {
	var x []float64
	if hasBest {
		var err error
		if x, err = d.parse(best); err != nil {
			return nil, 0, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !hasBest {
		x = make([]float64, len(d.target))
		for i := range x {
			x[i] = d.climber.global.Uniform(-10, 10)
		}
	}
	candidate := make([]float64, len(x))
	for i := range x {
		candidate[i] = x[i] + d.climber.private.Gauss(0, d.config.StepSize)
	}
	loss, candidateLoss := Loss(x, d.target), Loss(candidate, d.target)
	if !hasBest || candidateLoss < loss {
		x, loss = candidate, candidateLoss
	}
	return canon.NewObject("x", x), -loss, nil
}
