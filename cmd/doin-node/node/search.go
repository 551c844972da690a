package node

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/chain"
	"doin.network/node/chain/engine"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/compute/worker"
	"doin.network/node/ga/island"
	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

// search is one optimizing domain: L2 in the worker, one round per generation.
type search struct {
	n         *Node
	domain    config.Domain
	info      worker.Info
	done      chan engine.RoundDone // from the event loop
	started   time.Time
	round     int64
	evaluated int64
	device    olap.GPU       // after the generation of the round
	paused    int            // immigrants that arrived in the pause before the round
	tries     map[string]int // confirming runs by the genome's hash, maxTries once it was announced
	gate      *island.Gate[*canon.Object]
	stats     searchStats
}

// searchStats is what /status shows of a search; guarded by Node.mu.
type searchStats struct {
	Rounds      int64
	Evaluations int64
	Best        *float64 // of the search itself, by its own seeds
	Converged   bool
	Metrics     *canon.Object
}

const (
	// maxTried bounds the memory of proposed genomes.
	maxTried = 10_000
	// maxTries bounds the confirming runs of one genome. Each has a nonce and so a training seed of its own: a genome
	// that disappointed with one may keep with another what its score promised.
	maxTries = 4
)

// runSeed is the seed of this node's search in a domain: the configured one bound to node and domain, else random.
func (n *Node) runSeed(domain string) uint64 {
	if n.cfg.Seed == nil {
		var b [8]byte
		rand.Read(b[:]) // never fails
		return binary.LittleEndian.Uint64(b[:])
	}
	h := sha256.Sum256(canon.Canonical([]any{"run", *n.cfg.Seed, n.key.PeerID(), domain}))
	return binary.LittleEndian.Uint64(h[:])
}

// nonce returns the 16 bytes of a round's nonce: random, or in a simulation a function of the seed.
func (n *Node) nonce(domain string, round int64) (b [16]byte) {
	if n.cfg.Seed == nil {
		rand.Read(b[:])
		return b
	}
	h := sha256.Sum256(canon.Canonical([]any{"nonce", *n.cfg.Seed, n.key.PeerID(), domain, round}))
	copy(b[:], h[:])
	return b
}

// run searches until ctx ends or the verified best has reached the target. A search that ends for another reason
// is begun again from its last generation. Settings that the worker refuses from the start are an error.
func (s *search) run(ctx context.Context) error {
	seed := s.n.runSeed(s.domain.ID)
	if err := s.begin(seed); err != nil {
		return err
	}
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
			s.n.log.Error("the last generation is not taken up again, the search begins anew", "domain", s.domain.ID, "err", err)
			resume = nil
		}
		s.n.log.Warn("search interrupted, it goes on from its last generation", "domain", s.domain.ID, "round", s.round, "err", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// begin opens the experiment that the rounds belong to.
func (s *search) begin(seed uint64) error {
	s.started = s.n.now()
	setup := olap.Setup{
		DomainID: s.domain.ID, DomainType: s.domain.MetricType, OptimizerPlugin: s.domain.Plugin(),
		PerformanceMetric: s.domain.MetricLabel(), LowerIsBetter: false,
		OptimizationConfig: s.domain.OptimizationConfig, ParamBounds: boundsObject(s.domain.Bounds),
		Target: s.domain.Target, Seed: &seed, DataHash: s.info.DataHash,
	}
	rows, err := s.n.tracker.Start(setup, s.started)
	if err != nil {
		return err
	}
	s.n.record(rows...)
	return nil
}

// generations runs one Optimize request to its end.
func (s *search) generations(ctx context.Context, seed uint64, resume *[]byte) error {
	run, err := s.n.worker.optimize(ctx, worker.OptimizeJob{Domain: s.domain.ID, Seed: seed,
		Settings: searchSettings(s.domain.OptimizationConfig), Resume: *resume})
	if err != nil {
		return err
	}
	defer run.Close()
	newcomers := s.champion(ctx)
	for {
		begun := s.n.now()
		before, _ := s.n.worker.gpu(ctx, s.domain.ID)
		g, err := run.Next(ctx)
		if err != nil {
			return err
		}
		s.device = olap.GPU{}
		if now, ok := s.n.worker.gpu(ctx, s.domain.ID); ok {
			s.device = now.since(before)
		}
		*resume = g.Record
		s.round++
		proposal := engine.Propose{Domain: s.domain.ID, Nonce: s.n.nonce(s.domain.ID, s.round), Parameters: s.pick(g)}
		if proposal.Parameters != nil {
			if m, err := s.n.tracker.ChainMetrics(s.domain.ID, g.BestPerformance, s.n.now()); err == nil {
				m.DataHash = s.info.DataHash
				proposal.Experiment = m.Object()
			}
		}
		s.n.loop.deliver(ctx, proposal)
		var done engine.RoundDone
		select {
		case done = <-s.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if done.Announced {
			s.tries[canon.Hash(proposal.Parameters)] = maxTries
		}
		s.finish(g, done, begun)
		if s.reached() {
			return nil
		}
		arrived := done.Immigrants
		if d := s.n.cfg.Rounds.OptimizerInterval; d > 0 {
			select {
			case <-time.After(d):
			case <-ctx.Done():
				return ctx.Err()
			}
			if arrived, err = s.late(ctx, arrived); err != nil {
				return err
			}
		}
		newcomers = append(newcomers, s.migrate(arrived)...)
		if err := run.Continue(ctx, newcomers); err != nil {
			return err
		}
		newcomers = nil
	}
}

// champion re-evaluates the chain's champion, so that a node which starts late or again does not begin
// from nothing. What cannot be reproduced is not adopted, and an isolated search adopts nothing.
func (s *search) champion(ctx context.Context) []worker.Immigrant {
	if s.domain.Migration.Topology == island.Isolated {
		return nil
	}
	d := s.n.loop.view.Load().State.Domains[s.domain.ID]
	if d == nil || !d.HasBest {
		return nil
	}
	p, err := canon.ParseObject(d.Parameters)
	if err != nil {
		return nil
	}
	o, err := s.n.worker.evaluate(ctx, worker.Job{Domain: s.domain.ID, Parameters: p, Seed: chain.TrainingSeed(s.domain.ID, d.OptimaeID, 0)})
	if err != nil || o.Performance != d.Best || o.Digest != d.Digest {
		if ctx.Err() == nil {
			s.n.log.Warn("the chain's champion is not reproducible here", "domain", s.domain.ID, "optimae", d.OptimaeID, "err", err)
		}
		return nil
	}
	return []worker.Immigrant{{Parameters: p, Performance: o.Performance}}
}

// pick chooses what to confirm: of the genomes of the generation that beat the chain's best by the minimum increment the
// one that was tried least often, among equals the best. A confirming run costs a training, so the search's own score
// must promise it.
func (s *search) pick(g worker.Generation) *canon.Object {
	state := s.n.loop.view.Load().State
	candidates, err := trained(g)
	if err != nil {
		s.n.log.Error("generation is unreadable", "domain", s.domain.ID, "round", s.round, "err", err)
		return nil
	}
	var picked *canon.Object
	var hash string
	fewest := maxTries
	for _, c := range candidates {
		if _, ok := state.Improves(s.domain.ID, c.Fitness); !ok {
			break // they are ordered
		}
		if h := canon.Hash(c.Parameters); s.tries[h] < fewest {
			picked, hash, fewest = c.Parameters, h, s.tries[h]
		}
	}
	if picked != nil {
		if len(s.tries) >= maxTried {
			clear(s.tries)
		}
		s.tries[hash]++
	}
	return picked
}

// trained returns the individuals of a generation that this node trained itself, the best first.
func trained(g worker.Generation) ([]worker.Row, error) {
	record, err := worker.DecodeRecord(memory.DefaultAllocator, g.Record, worker.DefaultFrameBytes)
	if err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(record.Rows, func(r worker.Row) bool {
		return r.Status == statusVerified || math.IsNaN(r.Fitness)
	})
	slices.SortStableFunc(rows, func(a, b worker.Row) int { return cmp.Compare(b.Fitness, a.Fitness) })
	return rows, nil
}

// finish records the round. One before any training has succeeded has no performance, and so no row: the next one
// counts its evaluations.
func (s *search) finish(g worker.Generation, done engine.RoundDone, begun time.Time) {
	if g.Best == nil {
		s.n.log.Warn("no training has succeeded yet, the round is not recorded", "domain", s.domain.ID, "round", s.round,
			"evaluations", g.Evaluations)
		s.n.mu.Lock()
		s.stats.Rounds, s.stats.Evaluations = s.round, g.Evaluations
		s.n.mu.Unlock()
		return
	}
	now, view := s.n.now(), s.n.loop.view.Load()
	d := view.State.Domains[s.domain.ID]
	o := olap.Observation{
		Performance: g.BestPerformance, Parameters: g.Best, WallClock: now.Sub(begun), ChainHeight: view.State.Height,
		Peers: int64(s.n.peerCount()), Metrics: roundMetrics(g, done), Evaluations: g.Evaluations - s.evaluated,
		Accepted: d.Accepted, Rejected: d.Rejected, Immigrants: int64(s.paused + len(done.Immigrants)),
		BlockReward: doin(s.n.takeEarned()), GPU: s.device,
	}
	if done.Confirmed != nil {
		o.Digest = done.Confirmed.Digest
	}
	if d.HasBest {
		o.VerifiedBest = &d.Best
	}
	s.evaluated = g.Evaluations
	rows, err := s.n.tracker.Record(s.domain.ID, o, now)
	if err != nil {
		s.n.log.Error("round not recorded", "domain", s.domain.ID, "round", s.round, "err", err)
	}
	s.n.record(rows...)

	s.n.mu.Lock()
	s.stats.Rounds, s.stats.Evaluations, s.stats.Metrics = s.round, g.Evaluations, g.BestMetrics
	if s.stats.Best == nil || g.BestPerformance > *s.stats.Best {
		s.stats.Best = &g.BestPerformance
	}
	s.n.mu.Unlock()
	s.n.log.Info("round", "domain", s.domain.ID, "round", s.round, "performance", g.BestPerformance, "announced", done.Announced,
		"verified_best", optional(d.HasBest, d.Best), "immigrants", s.paused+len(done.Immigrants), "height", view.State.Height)
}

// reached reports whether the verified best has reached the domain's target, and closes the experiment if so.
func (s *search) reached() bool {
	d := s.n.loop.view.Load().State.Domains[s.domain.ID]
	if s.domain.Target == nil || !d.HasBest || d.Best < *s.domain.Target {
		return false
	}
	s.n.mu.Lock()
	s.stats.Converged = true
	s.n.mu.Unlock()
	if rows, err := s.n.tracker.Converge(s.domain.ID, s.n.now()); err == nil {
		s.n.record(rows...)
	}
	s.n.log.Info("target reached by the verified best", "domain", s.domain.ID, "rounds", s.round, "best", d.Best, "target", *s.domain.Target)
	return true
}

// roundMetrics is the metrics cell of a round: the champion's own, the generation's, the confirming run's.
func roundMetrics(g worker.Generation, done engine.RoundDone) *canon.Object {
	m := canon.NewObject()
	if g.BestMetrics != nil {
		m = g.BestMetrics.Clone()
	}
	m.Set("generation", int64(g.Number)).Set("population_size", int64(g.Population)).Set("no_improve_counter", int64(g.NoImprove)).
		Set("avg_fitness", g.Average).Set("best_fitness_gen", g.BestPerformance).Set("total_candidates_evaluated", g.Evaluations)
	if done.Confirmed != nil {
		m.Set("confirmed_performance", done.Confirmed.Performance)
	}
	return m
}

func boundsObject(bounds []config.Bound) *canon.Object {
	o := canon.NewObject()
	for _, b := range bounds {
		o.Set(b.Name, []any{b.Low, b.High})
	}
	return o
}

func optional(ok bool, v float64) any {
	if !ok {
		return nil
	}
	return v
}

// statusVerified is the worker.Row status of an individual that came as an immigrant.
const statusVerified = "verified"
