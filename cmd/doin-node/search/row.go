package search

import (
	"context"
	"time"

	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

// row counts a record and writes its row. A record before any training has succeeded has no performance, and so no row: the
// next one counts its evaluations.
func (s *Search) row(ctx context.Context, g *worker.Generation, arrived time.Time) {
	took := max(0, arrived.Sub(s.since.record)-s.since.paused)
	if !s.since.opened { // what came first took a start besides
		s.mu.Lock()
		s.times.add(took.Seconds(), s.since.claimed)
		s.mu.Unlock()
	}
	s.since.record, s.since.paused, s.since.claimed, s.since.opened = arrived, 0, false, false
	if g.Best == nil {
		s.log.Warn("no training has succeeded yet, the round is not recorded", "round", s.pos.round, "evaluations", g.Evaluations)
		s.breeding(g, took, s.pos.told, arrived)
		s.pos.told = g.Evaluations
		s.publish(g)
		return
	}
	if b := s.pos.best; b == nil || g.BestPerformance > *b {
		best := g.BestPerformance
		s.pos.best = &best
	}
	known := s.parts.Chain.Known(s.cfg.Domain)
	o := olap.Observation{
		Performance: s.wire(g.BestPerformance), Parameters: g.Best, WallClock: took, ChainHeight: known.Height,
		Peers: s.parts.Host.Peers(), BlockReward: s.parts.Host.Earned(), Metrics: s.metrics(g),
		Evaluations: g.Evaluations - s.pos.evaluated, Seed: s.trainedBy(g), ChampionVerified: s.since.verified,
		Accepted: known.Accepted, Rejected: known.Rejected, Immigrants: s.since.arrived, GPU: s.parts.Host.GPU(ctx, s.cfg.Domain),
	}
	if s.since.outcome != nil {
		o.Digest, o.DigestOf = s.since.outcome.Digest, s.since.of
	}
	if c := s.pos.confirmed; c != nil {
		o.ConfirmedBest = olap.Float(s.wire(c.performance))
	}
	if known.Best != nil {
		o.VerifiedBest = olap.Float(s.wire(*known.Best))
	}
	rows, err := s.parts.Tracker.Record(s.cfg.Domain, o, s.now())
	if err != nil {
		s.log.Error("round not recorded", "round", s.pos.round, "err", err)
	}
	s.parts.Host.Record(rows...)
	s.breeding(g, took, s.pos.told, arrived)
	s.pos.evaluated, s.pos.told = g.Evaluations, g.Evaluations
	s.log.Info("round", "round", s.pos.round, "performance", o.Performance, "claims", len(s.claims), "verified_best", orNil(o.VerifiedBest),
		"immigrants", o.Immigrants, "height", o.ChainHeight)
	s.since.arrived, s.since.outcome, s.since.of = 0, nil, nil
	s.publish(g)
}

// trainedBy returns the seed of the best's training, as far as the records have told it.
func (s *Search) trainedBy(g *worker.Generation) *uint64 {
	hash := canon.Hash(g.Best)
	for i := range g.Rows {
		if r := &g.Rows[i]; r.Promise() == g.BestPerformance && r.Status != statusVerified && canon.Hash(r.Parameters) == hash {
			s.pos.seedOf, s.pos.bestSeed = hash, r.Seed
			break
		}
	}
	if s.pos.seedOf != hash {
		return nil
	}
	seed := s.pos.bestSeed
	return &seed
}

// metrics is the metrics cell of a row: the champion's own, the generation's, the confirming run's.
func (s *Search) metrics(g *worker.Generation) *canon.Object {
	m := canon.NewObject()
	if g.BestMetrics != nil {
		m = g.BestMetrics.Clone()
	}
	m.Set("generation", int64(g.Number)).Set("population_size", int64(g.Population)).Set("no_improve_counter", int64(g.NoImprove)).
		Set("avg_fitness", g.Average).Set("best_fitness_gen", g.BestPerformance).Set("total_candidates_evaluated", g.Evaluations)
	if g.Plateau {
		m.Set("plateau", true)
	}
	advised(m, g.Advice)
	if s.since.outcome != nil {
		m.Set("confirmed_performance", s.wire(s.since.outcome.Performance))
	}
	return m
}

// advised adds what became of a prior to a row's metrics: which one, whether it is in use, and the gate's last decision.
func advised(m, advice *canon.Object) {
	if advice == nil {
		return
	}
	digest, _ := advice.StringOr("prior", "")
	on, _ := advice.BoolOr("on", false)
	m.Set("prior", digest).Set("prior_on", on)
	checks, _ := advice.ListOr("checks", nil)
	if len(checks) == 0 {
		return
	}
	if last, err := canon.AsObject(checks[len(checks)-1]); err == nil {
		if tau, err := last.Float("tau"); err == nil {
			m.Set("prior_tau", tau)
		}
		if n, err := last.Int("trials"); err == nil {
			m.Set("prior_tau_trials", n)
		}
	}
}

// publish renews what Status tells.
func (s *Search) publish(g *worker.Generation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.status
	t.Rounds, t.Generation, t.Evaluations, t.Open = s.pos.round, int64(g.Number), g.Evaluations, len(s.claims)
	t.Advice = g.Advice
	if g.Best != nil {
		t.Metrics = g.BestMetrics
	}
	if s.pos.best != nil {
		t.Best = olap.Float(s.wire(*s.pos.best))
	}
	if c := s.pos.confirmed; c != nil {
		t.Confirmed = olap.Float(s.wire(c.performance))
	}
}

// orNil is what a log line shows of a number that may be missing.
func orNil(p *float64) any {
	if p == nil {
		return nil
	}
	return *p
}
