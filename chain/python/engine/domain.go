package engine

import (
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// domain is one domain with what the node knows of it.
type domain struct {
	Domain
	best     *best
	own      *float64 // best of this node's own confirming runs, as on the wire; whether it is accepted or not
	round    round
	noted    *noted // best record of the chain that was not looked at yet
	accepted int64  // of this node's own verdicts
	rejected int64
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

// measured is the better of the best and of what this node has found itself, as on the wire; nil without both. The reference takes
// that for its best, and ends at it.
func (d *domain) measured() *float64 {
	switch {
	case d.best == nil:
		return d.own
	case d.own != nil && d.beats(*d.own, d.best.performance, 0):
		return d.own
	}
	value := d.best.performance
	return &value
}

// finding is a result that this node has measured itself, with who found it.
type finding struct {
	optimae, optimizer string
	parameters         *canon.Object
	performance        float64 // as on the wire
	metrics            *canon.Object
	seed               uint64
}

// adoptResult makes what this node measured the best of the domain, if it is. The search hears of one that another found; an own
// one is what a restart goes on from.
func (e *Engine) adoptResult(d *domain, f finding) bool {
	if !e.better(d, f.performance) {
		return false
	}
	d.best = &best{parameters: f.parameters, performance: f.performance, metrics: f.metrics, optimizer: f.optimizer}
	if f.optimizer == e.key.PeerID() {
		e.emit(protocol.Champion{Domain: d.ID, OptimaeID: f.optimae, OptimizerID: f.optimizer, Recipe: recipe(f.parameters, f.seed),
			Performance: d.wire(f.performance), Metrics: f.metrics})
	} else if d.Optimize {
		e.emit(protocol.Migrant{Domain: d.ID, OptimaeID: f.optimae, OptimizerID: f.optimizer, Parameters: f.parameters,
			Performance: d.wire(f.performance), Metrics: f.metrics})
	}
	return true
}

// restore takes up the best that this node had measured in an earlier life.
func (e *Engine) restore(c protocol.Champion) {
	d := e.domains[c.Domain]
	if d == nil || c.Parameters == nil || !finite(c.Performance) || c.OptimizerID != e.key.PeerID() {
		return
	}
	e.adoptResult(d, finding{optimae: c.OptimaeID, optimizer: c.OptimizerID, parameters: c.Parameters, performance: d.wire(c.Performance),
		metrics: c.Metrics, seed: seedOf(c.Recipe)})
}

// recipe is what a claim of these networks trains: it has one seed.
func recipe(parameters *canon.Object, seed uint64) protocol.Recipe {
	return protocol.Recipe{Parameters: parameters, Seeds: []uint64{seed}}
}

func seedOf(r protocol.Recipe) uint64 {
	if len(r.Seeds) == 0 {
		return 0
	}
	return r.Seeds[0]
}
