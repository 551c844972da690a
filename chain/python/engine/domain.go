package engine

import (
	"doin.network/node/internal/canon"
)

// domain is one domain with what the node knows of it.
type domain struct {
	Domain
	best       *best
	round      round
	noted      *noted // best record of the chain that was not looked at yet
	immigrants []Immigrant
	accepted   int64 // of this node's own verdicts
	rejected   int64
}

// best is the best result that this node has measured itself.
type best struct {
	parameters  *canon.Object
	performance float64 // as on the wire
	metrics     *canon.Object
	optimizer   string
}

// wire turns a training's performance, which is higher when better, into the value on the wire, and back.
func (d *domain) wire(performance float64) float64 {
	if d.HigherIsBetter {
		return performance
	}
	return -performance
}

// beats reports whether a value on the wire is better than another by more than a tolerance.
func (d *domain) beats(value, than, tolerance float64) bool {
	if d.HigherIsBetter {
		return value > than+tolerance
	}
	return value < than-tolerance
}

// better reports whether a value on the wire would replace the best.
func (e *Engine) better(d *domain, value float64) bool {
	return d.best == nil || d.beats(value, d.best.performance, e.cfg.AcceptanceTolerance)
}

// adoptResult makes what this node measured the best of the domain, if it is, and hands it to the search if another found
// it.
func (e *Engine) adoptResult(d *domain, parameters *canon.Object, value float64, metrics *canon.Object, optimizer string) bool {
	if !e.better(d, value) {
		return false
	}
	d.best = &best{parameters: parameters, performance: value, metrics: metrics, optimizer: optimizer}
	if optimizer != e.key.PeerID() && d.Optimize {
		if len(d.immigrants) >= maxImmigrants {
			d.immigrants = d.immigrants[1:]
		}
		d.immigrants = append(d.immigrants, Immigrant{Parameters: parameters, Performance: d.wire(value)})
	}
	return true
}

// maxImmigrants is how many results wait for a round; the newest are the best.
const maxImmigrants = 16
