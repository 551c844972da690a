package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	pyengine "doin.network/node/chain/python/engine"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

// refSearch is one optimizing domain of the reference profile: L2 in the worker, one round per generation, of which the
// best is announced if it improves on everything this node has measured.
type refSearch struct {
	r         *Reference
	domain    config.Domain
	info      worker.Info
	done      chan pyengine.RoundDone // from the event loop
	started   time.Time
	round     int64
	evaluated int64
	stats     searchStats // guarded by Node.mu
}

// runDomains configures the worker's domains and runs the searches.
func (r *Reference) runDomains(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for i, d := range r.cfg.Domains {
		if !d.Active() {
			continue
		}
		g.Go(func() error {
			info, err := r.worker.configure(ctx, d)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return fmt.Errorf("domains[%d].optimization_config of %q: %w", i, d.ID, err)
			}
			r.log.Info("domain ready", "domain", d.ID, "plugin", info.Plugin, "data_hash", info.DataHash, "baselines", string(canon.Default(info.Baselines)))
			if d.Plugin() == config.PluginQuadratic && !d.OptimizationConfig.Has("target") {
				r.log.Warn("no target is configured: Python nodes draw one each, so no result can be verified by another node", "domain", d.ID)
			}
			if !d.Optimize {
				return nil
			}
			s := &refSearch{r: r, domain: d, info: info, done: make(chan pyengine.RoundDone, 1)}
			r.mu.Lock()
			r.refs[d.ID] = s
			r.mu.Unlock()
			return s.run(ctx)
		})
	}
	return g.Wait()
}

// run searches until ctx ends or the target is reached. A search that ends for another reason is begun again from its last
// generation; settings that the worker refuses from the start are an error.
func (s *refSearch) run(ctx context.Context) error {
	seed := s.r.runSeed(s.domain.ID)
	s.started = s.r.now()
	rows, err := s.r.tracker.Start(olap.Setup{
		DomainID: s.domain.ID, DomainType: s.domain.MetricType, OptimizerPlugin: s.domain.Plugin(),
		PerformanceMetric: s.domain.MetricLabel(), LowerIsBetter: !s.domain.HigherIsBetter,
		OptimizationConfig: s.domain.OptimizationConfig, ParamBounds: boundsObject(s.domain.Bounds),
		Target: s.domain.Target, Seed: &seed, DataHash: s.info.DataHash,
	}, s.started)
	if err != nil {
		return err
	}
	s.r.record(rows...)
	var resume []byte
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		before := s.round
		err := s.generations(ctx, seed, &resume)
		if ctx.Err() != nil || err == nil {
			return nil
		}
		if s.round > before {
			wait = time.Second
		}
		if errors.Is(err, worker.ErrRefused) || errors.Is(err, worker.ErrUnsupported) {
			if resume == nil {
				return fmt.Errorf("domain %s: %w", s.domain.ID, err)
			}
			resume = nil
		}
		s.r.log.Warn("search interrupted, it goes on from its last generation", "domain", s.domain.ID, "round", s.round, "err", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// wire turns a training's performance into the value on the wire.
func (s *refSearch) wire(performance float64) float64 {
	if s.domain.HigherIsBetter {
		return performance
	}
	return -performance
}

// best is the best that this node has measured, as on the wire; nil if there is none.
func (s *refSearch) best() *float64 { return s.r.chain.view.Load().Domains[s.domain.ID].Best }

// improves reports whether a value on the wire is better than another.
func (s *refSearch) improves(value, than float64) bool {
	if s.domain.HigherIsBetter {
		return value > than+s.r.cfg.Chain.AcceptanceTolerance
	}
	return value < than-s.r.cfg.Chain.AcceptanceTolerance
}

// generations runs one Optimize request to its end.
func (s *refSearch) generations(ctx context.Context, seed uint64, resume *[]byte) error {
	run, err := s.r.worker.optimize(ctx, worker.OptimizeJob{Domain: s.domain.ID, Seed: seed,
		Settings: searchSettings(s.domain.OptimizationConfig), Resume: *resume})
	if err != nil {
		return err
	}
	defer run.Close()
	for {
		begun := s.r.now()
		g, err := run.Next(ctx)
		if err != nil {
			return err
		}
		*resume = g.Record
		s.round++
		s.r.chain.deliver(ctx, s.proposal(g))
		var done pyengine.RoundDone
		select {
		case done = <-s.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		s.finish(g, done, begun)
		if s.reached() {
			return nil
		}
		if d := s.r.cfg.Rounds.OptimizerInterval; d > 0 {
			select {
			case <-time.After(d):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		var newcomers []worker.Immigrant
		for _, im := range done.Immigrants {
			newcomers = append(newcomers, worker.Immigrant{Parameters: im.Parameters, Performance: im.Performance})
		}
		if err := run.Continue(ctx, newcomers); err != nil {
			return err
		}
	}
}

// proposal offers a generation's best, if it improves.
func (s *refSearch) proposal(g worker.Generation) pyengine.Propose {
	p := pyengine.Propose{Domain: s.domain.ID, Nonce: s.r.nonce(s.domain.ID, s.round)}
	if g.Best == nil {
		return p
	}
	value := s.wire(g.BestPerformance)
	if b := s.best(); b != nil && !s.improves(value, *b) {
		return p
	}
	p.Parameters = g.Best
	if m, err := s.r.tracker.ChainMetrics(s.domain.ID, value, s.r.now()); err == nil {
		p.Experiment = m.Object()
	}
	return p
}

// finish records the round.
func (s *refSearch) finish(g worker.Generation, done pyengine.RoundDone, begun time.Time) {
	if g.Best == nil {
		s.r.log.Warn("no training has succeeded yet, the round is not recorded", "domain", s.domain.ID, "round", s.round, "evaluations", g.Evaluations)
		return
	}
	now, view := s.r.now(), s.r.chain.view.Load()
	d := view.Domains[s.domain.ID]
	value := s.wire(g.BestPerformance)
	m := canon.NewObject()
	if g.BestMetrics != nil {
		m = g.BestMetrics.Clone()
	}
	m.Set("generation", int64(g.Number)).Set("population_size", int64(g.Population)).Set("no_improve_counter", int64(g.NoImprove)).
		Set("avg_fitness", g.Average).Set("best_fitness_gen", g.BestPerformance).Set("total_candidates_evaluated", g.Evaluations)
	if done.Confirmed != nil {
		m.Set("confirmed_performance", *done.Confirmed)
	}
	rows, err := s.r.tracker.Record(s.domain.ID, olap.Observation{
		Performance: value, Parameters: g.Best, WallClock: now.Sub(begun), ChainHeight: view.Height, Peers: int64(s.r.peerCount()), Metrics: m,
		Evaluations: g.Evaluations - s.evaluated, VerifiedBest: d.Best, Accepted: d.Accepted, Rejected: d.Rejected, Immigrants: int64(len(done.Immigrants)),
	}, now)
	if err != nil {
		s.r.log.Error("round not recorded", "domain", s.domain.ID, "round", s.round, "err", err)
	}
	s.r.record(rows...)
	s.evaluated = g.Evaluations

	s.r.mu.Lock()
	s.stats.Rounds, s.stats.Evaluations = s.round, g.Evaluations
	if s.stats.Best == nil || s.improves(value, *s.stats.Best) {
		s.stats.Best = &value
	}
	s.r.mu.Unlock()
	s.r.log.Info("round", "domain", s.domain.ID, "round", s.round, "performance", value, "announced", done.Announced,
		"verified_best", orNil(d.Best), "immigrants", len(done.Immigrants), "height", view.Height)
}

// reached reports whether what this node has measured has reached the domain's target, and closes the experiment if so.
func (s *refSearch) reached() bool {
	b := s.best()
	if s.domain.Target == nil || b == nil || s.domain.HigherIsBetter && *b < *s.domain.Target || !s.domain.HigherIsBetter && *b > *s.domain.Target {
		return false
	}
	s.r.mu.Lock()
	s.stats.Converged = true
	s.r.mu.Unlock()
	if rows, err := s.r.tracker.Converge(s.domain.ID, s.r.now()); err == nil {
		s.r.record(rows...)
	}
	s.r.log.Info("target reached", "domain", s.domain.ID, "rounds", s.round, "best", *b, "target", *s.domain.Target)
	return true
}
