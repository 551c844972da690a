package node

import (
	"testing"
	"time"

	"doin.network/node/chain/engine"
	"doin.network/node/compute/worker"
)

// A generation of which every training failed has no best: 0 would beat every negative performance for ever.
func TestRoundWithoutATraining(t *testing.T) {
	n := &Node{log: discard, now: time.Now, loop: newTestLoop(newNetwork(t, ""), &disk{})}
	s := &search{n: n, round: 1}
	s.finish(worker.Generation{Evaluations: 12}, engine.RoundDone{}, time.Now())
	if s.stats.Best != nil || s.evaluated != 0 {
		t.Errorf("best %v and %d evaluations recorded, want nothing", s.stats.Best, s.evaluated)
	}
	if s.stats.Rounds != 1 || s.stats.Evaluations != 12 {
		t.Errorf("status shows %d rounds and %d evaluations, want 1 and 12", s.stats.Rounds, s.stats.Evaluations)
	}
}
