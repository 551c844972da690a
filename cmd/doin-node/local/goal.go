package local

import (
	"fmt"
	"time"

	"doin.network/node/cmd/doin-node/score"
)

// goal is what ends a run by itself.
type goal struct {
	trials  int64
	plateau time.Duration

	best  map[string]float64 // the best champion so far, by domain
	since time.Duration      // when one became better last
}

func newGoal(o *Config) *goal {
	return &goal{trials: o.Trials, plateau: o.Plateau, best: map[string]float64{}}
}

// reached says what has come to pass, "" for nothing.
func (g *goal) reached(elapsed time.Duration, last []sample) string {
	var trials int64
	targets, some := true, false
	for i := range last {
		for _, d := range last[i].domains {
			some = true
			trials += d.evaluations
			targets = targets && d.converged
			g.see(elapsed, &d)
		}
		targets = targets && last[i].answered
	}
	switch {
	case some && targets:
		return "every target is reached"
	case g.trials > 0 && trials >= g.trials:
		return fmt.Sprintf("%d trials have been made", trials)
	case g.plateau > 0 && len(g.best) > 0 && elapsed-g.since >= g.plateau:
		return fmt.Sprintf("no better champion for %v", g.plateau)
	}
	return ""
}

// see notes a domain's champion.
func (g *goal) see(elapsed time.Duration, d *domainSample) {
	if d.champion == nil {
		return
	}
	v, ok := score.Float(d.champion.performance)
	if !ok {
		return
	}
	if best, known := g.best[d.id]; !known || v > best {
		g.best[d.id], g.since = v, elapsed
	}
}
