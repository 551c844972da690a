package search

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"doin.network/node/chain/protocol"
	"doin.network/node/compute/worker"
	"doin.network/node/ga/island"
	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

const (
	// seededDelay is how many generations after its nomination a confirming run's result is looked at, with a seed.
	seededDelay = 4
	// maxCandidates bounds the individuals of a generation that are looked at, the best first.
	maxCandidates = 256
	// statusVerified is the worker.Row status of an individual that came as an immigrant.
	statusVerified = "verified"
)

// claim is an open proposal of this node.
type claim struct {
	proposal   int64 // the nomination's id
	round      int64 // whose generation named it
	generation int64
	nonce      [16]byte
	parameters *canon.Object
	experiment *canon.Object // its on-chain metrics, nil for none

	stage    protocol.Stage // the last one told, "" before any
	optimae  string         // the claim's name, "" before it has one
	revealed bool
	decided  bool
	// held are the stages told that are not looked at yet, until due. Without a seed every claim is due at once.
	held []protocol.Claim
	due  bool
}

// settled reports whether the confirming run's result, and whether a claim is made of it, is known.
func (c *claim) settled() bool { return c.stage != "" && c.stage != protocol.Confirmed }

// nominate proposes one individual of a generation, if one promises enough. It does not wait for what becomes of it.
func (s *Search) nominate(ctx context.Context, g *worker.Generation) error {
	known := s.parts.Chain.Known(s.cfg.Domain)
	if c := s.pos.confirmed; s.alone && !known.Alone && c != nil {
		s.nominator.Reprieve(c.hash) // it could not be claimed before
	}
	s.alone = known.Alone
	k := s.toBeat(known)
	k.Trials, k.Cost = g.Evaluations, s.cfg.Cost
	n, ok := s.nominator.Nominate(s.candidates(g, known.Alone, k), k)
	if !ok {
		return nil
	}
	c := &claim{proposal: n.ID, round: s.pos.round, generation: s.pos.generation, parameters: n.Value, due: s.cfg.Seed == nil,
		nonce: nonce(s.cfg.Seed, s.cfg.Peer, s.cfg.Domain, s.pos.generation, 0)}
	if m, err := s.parts.Tracker.ChainMetrics(s.cfg.Domain, s.wire(g.BestPerformance), s.now()); err == nil {
		m.DataHash = s.cfg.Setup.DataHash
		c.experiment = m.Object()
	}
	s.claims[c.proposal] = c
	return s.propose(ctx, c)
}

// toBeat is what a nomination has to improve on, own open claims aside. While nobody else can verify anything, the best
// that this node has confirmed itself takes the verified best's place.
func (s *Search) toBeat(known Known) island.Known {
	k := island.Known{Improves: known.Improves}
	switch {
	case known.Best != nil:
		k.HasBest, k.Best = true, *known.Best
	case s.cfg.Baseline != nil:
		k.HasBest, k.Best = true, *s.cfg.Baseline
	}
	if c := s.pos.confirmed; known.Alone && c != nil && (!k.HasBest || c.performance > k.Best) {
		k.HasBest, k.Best = true, c.performance
	}
	if w := &s.waiting; w.counts(&known, s.now()) && (!k.HasBest || w.performance > k.Best) {
		k.HasBest, k.Best = true, w.performance
	}
	return k
}

// waiting is the best acceptance that has not found a block yet: what a claim has to beat is known before the chain says so.
type waiting struct {
	has         bool
	performance float64
	base        string    // the chain's champion when it came: with the next one it counts no more
	until       time.Time // nor after this
}

// maxWaiting is how long an acceptance counts that finds no block.
const maxWaiting = 10 * time.Minute

// decide takes in a decision. One of the node's own claims makes room for another.
func (s *Search) decide(d *protocol.Decided) {
	for id, c := range s.claims {
		if c.optimae != "" && c.optimae == d.OptimaeID && d.Domain == s.cfg.Domain {
			if c.decided = true; c.due {
				s.nominator.Decide(id)
			}
		}
	}
	if !d.Accepted || d.Domain != s.cfg.Domain || math.IsNaN(d.Performance) {
		return
	}
	known := s.parts.Chain.Known(s.cfg.Domain)
	if w := &s.waiting; !w.counts(&known, s.now()) || d.Performance > w.performance {
		*w = waiting{has: true, performance: d.Performance, base: known.Base, until: s.now().Add(maxWaiting)}
	}
}

func (w *waiting) counts(known *Known, now time.Time) bool {
	return w.has && w.base == known.Base && now.Before(w.until)
}

// candidates returns the individuals that this node trained itself and that promise enough, the best first, and its own
// confirmed best: once somebody can verify it, it is worth a claim.
func (s *Search) candidates(g *worker.Generation, alone bool, k island.Known) (out []island.Candidate[*canon.Object]) {
	rows, gain := make([]*worker.Row, 0, len(g.Rows)), s.nominator.Gain(k)
	for i := range g.Rows {
		r := &g.Rows[i]
		if r.Status != statusVerified && r.Status != worker.StatusOpen && !math.IsNaN(r.Promise()) && (!k.HasBest || k.Improves(r.Promise()+gain, k.Best)) {
			rows = append(rows, r)
		}
	}
	slices.SortStableFunc(rows, func(a, b *worker.Row) int { return cmp.Compare(b.Promise(), a.Promise()) })
	for _, r := range rows[:min(len(rows), maxCandidates)] {
		out = append(out, island.Candidate[*canon.Object]{Hash: canon.Hash(r.Parameters), Fitness: r.Promise(), Value: r.Parameters})
	}
	if c := s.pos.confirmed; !alone && c != nil {
		out = append(out, island.Candidate[*canon.Object]{Hash: c.hash, Fitness: c.performance, Measured: true, Value: c.parameters})
	}
	return out
}

func (s *Search) propose(ctx context.Context, c *claim) error {
	return s.parts.Chain.Deliver(ctx, protocol.Propose{Domain: s.cfg.Domain, Proposal: c.proposal, Parameters: c.parameters,
		Nonce: c.nonce, Experiment: c.experiment})
}

// proposeAgain proposes what an earlier life of the node had confirmed, in the order of then.
func (s *Search) proposeAgain(ctx context.Context) error {
	for _, id := range s.openClaims() {
		if err := s.propose(ctx, s.claims[id]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Search) openClaims() []int64 { return slices.Sorted(maps.Keys(s.claims)) }

// note takes in a step of a claim.
func (s *Search) note(t stamped) {
	c := s.claims[t.Proposal]
	if c == nil || t.Domain != s.cfg.Domain {
		return // an earlier life's
	}
	s.event(c, t)
	c.stage, c.optimae = t.Stage, t.OptimaeID
	switch t.Stage {
	case protocol.Committed:
		s.since.claimed = true
	case protocol.Revealed:
		s.since.claimed, c.revealed = true, true
	}
	if !c.due {
		c.held = push(c.held, t.Claim)
		return
	}
	s.apply(c, &t.Claim)
}

// event writes the step's row.
func (s *Search) event(c *claim, t stamped) {
	e := olap.ClaimEvent{Proposal: c.proposal, Round: c.round, Stage: string(t.Stage), OptimaeID: t.OptimaeID, Base: t.Base,
		Reason: t.Reason, Verified: t.Stage == protocol.Accepted}
	if t.Outcome != nil {
		e.Performance = olap.Float(s.wire(t.Outcome.Performance))
		e.S1, e.S2, e.Cases = t.Outcome.Sums.S1, t.Outcome.Sums.S2, t.Outcome.Sums.N
		if z, ok := t.Outcome.Sums.Z(); ok {
			e.Z = &z
		}
	}
	rows, err := s.parts.Tracker.Claim(s.cfg.Domain, e, t.at)
	if err != nil {
		s.log.Error("a claim's step is not recorded", "proposal", c.proposal, "stage", t.Stage, "err", err)
	}
	s.parts.Host.Record(rows...)
	if t.Stage.Final() && t.Stage != protocol.Withdrawn {
		s.log.Info("claim", "stage", t.Stage, "optimae", t.OptimaeID, "reason", t.Reason)
	}
}

// apply lets a step take effect.
func (s *Search) apply(c *claim, t *protocol.Claim) {
	if t.Outcome != nil && t.Stage == protocol.Confirmed {
		s.nominator.Confirm(c.proposal, t.Outcome.Performance)
		s.since.outcome, s.since.of = t.Outcome, c.parameters
		if b := s.pos.confirmed; b == nil || t.Outcome.Performance > b.performance {
			s.pos.confirmed = &confirmed{hash: canon.Hash(c.parameters), parameters: c.parameters, performance: t.Outcome.Performance}
		}
	}
	if !t.Stage.Final() {
		return
	}
	end := island.Disappointed
	switch {
	case t.Stage == protocol.Superseded:
		end = island.Superseded
	case c.revealed || t.Stage == protocol.Accepted:
		end = island.Announced
	}
	s.nominator.Close(c.proposal, end)
	delete(s.claims, c.proposal)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch t.Stage {
	case protocol.Accepted:
		s.status.Accepted++
	case protocol.Rejected:
		s.status.Rejected++
	case protocol.Superseded:
		s.status.Superseded++
	}
}

// await lets the results of the confirming runs take effect that were asked for in a generation or before it, and waits for
// those that are missing. Without a seed nothing is held back, and nothing is waited for.
func (s *Search) await(ctx context.Context, generation int64) error {
	missing := func() bool {
		for _, c := range s.claims {
			if !c.due && c.generation <= generation && !c.settled() {
				return true
			}
		}
		return false
	}
	for missing() {
		select {
		case <-s.mail.wake:
			s.receive()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for _, id := range s.openClaims() {
		if c := s.claims[id]; !c.due && c.generation <= generation {
			c.due = true
			for i := range c.held {
				s.apply(c, &c.held[i])
			}
			if c.held = nil; c.decided {
				s.nominator.Decide(id)
			}
		}
	}
	return nil
}
