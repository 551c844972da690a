package search

import (
	"context"
	"math"

	"doin.network/node/chain/protocol"
	"doin.network/node/compute/worker"
	"doin.network/node/ga/island"
	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

const (
	// maxMet bounds the champions that are remembered as met.
	maxMet = 4096
	// maxImmigrants bounds those of one answer; the worker takes no more.
	maxImmigrants = 1024
)

// proven is a champion of somebody else that this node has trained again with the same result.
type proven protocol.Champion

// offer leaves another node's champion before the gate, once. It is not proposed under this node's name.
func (s *Search) offer(optimae, from string, parameters *canon.Object, performance float64) {
	if from == s.cfg.Peer || s.met[optimae] || math.IsNaN(performance) || math.IsInf(performance, 0) {
		return
	}
	if len(s.met) >= maxMet {
		clear(s.met)
		clear(s.arrivals)
	}
	s.met[optimae] = true
	s.since.arrived++
	s.nominator.Foreign(canon.Hash(parameters))
	s.gate.Offer(island.Migrant[*canon.Object]{From: from, Fitness: performance, Value: parameters})
	s.arrivals[parameters] = optimae
	s.migration(olap.Migrant{From: from, OptimaeID: optimae, Parameters: parameters, Performance: performance, Reason: "not let in yet, or passed over"})
}

// migration writes the row of a champion from elsewhere; its performance is higher-is-better.
func (s *Search) migration(m olap.Migrant) {
	m.Performance, m.Generation = s.wire(m.Performance), s.pos.generation
	rows, err := s.parts.Tracker.Migration(s.cfg.Domain, m, s.now())
	if err != nil {
		s.log.Error("a migrant is not recorded", "optimae", m.OptimaeID, "err", err)
	}
	s.parts.Host.Record(rows...)
}

// admit opens the gate: who is let in is the answer to the last record, and is kept until it has joined. What the search
// compares are single trainings: a champion joins with what its recipe is expected to have promised.
func (s *Search) admit() []worker.Immigrant {
	out := []worker.Immigrant{}
	var members []string
	if s.cfg.Migration.Topology != island.Full {
		members = s.parts.Chain.Known(s.cfg.Domain).Members
	}
	for _, m := range s.gate.Open(s.pos.round, s.cfg.Peer, members) {
		if len(out) < maxImmigrants { // the best come first
			if optimae, ok := s.arrivals[m.Value]; ok {
				s.migration(olap.Migrant{From: m.From, OptimaeID: optimae, Parameters: m.Value, Performance: m.Fitness, Accepted: true})
				delete(s.arrivals, m.Value)
			}
			out = append(out, s.cfg.immigrant(m.Value, m.Fitness-s.nominator.Gain(island.Known{Cost: s.cfg.Cost})))
		}
	}
	if s.pos.answers = append(s.pos.answers, out); int64(len(s.pos.answers)) > s.ahead() {
		s.pos.answers = s.pos.answers[1:]
	}
	s.pos.answered = true
	return out
}

// immigrant is a champion as the worker gets it: its performance is an average over the seeds of a claim, and weighs as much.
func (c *Config) immigrant(parameters *canon.Object, performance float64) worker.Immigrant {
	return worker.Immigrant{Parameters: parameters, Performance: performance, Seeds: c.Seeds}
}

// crown takes in what answers the domain's inferences. Somebody else's champion is trained again, so that a node which
// starts late, or again, does not begin from nothing.
func (s *Search) crown(c *protocol.Champion) {
	verified := c.Verified
	s.since.verified = &verified
	if !c.Verified {
		if c.OptimizerID == s.cfg.Peer {
			s.own = c
		}
		return
	}
	s.own, s.verified = nil, c.Metrics
	if c.OptimizerID == s.cfg.Peer || s.cfg.Migration.Topology == island.Isolated || s.met[c.OptimaeID] {
		return
	}
	select {
	case <-s.prove: // an older one is not worth a training any more
	default:
	}
	s.prove <- *c // has room: nobody else sends
}

// proveAll trains champions again until ctx ends. What cannot be reproduced is not adopted.
func (s *Search) proveAll(ctx context.Context) {
	for {
		var c protocol.Champion
		select {
		case c = <-s.prove:
		case <-ctx.Done():
			return
		}
		o, err := s.parts.Worker.Evaluate(ctx, worker.Job{Domain: s.cfg.Domain, Parameters: c.Parameters, Seeds: c.Seeds, Own: true})
		switch {
		case ctx.Err() != nil:
			return
		case err != nil || o.Performance != c.Performance || c.Digest != "" && o.Digest != c.Digest:
			s.log.Warn("the chain's champion is not reproducible here", "optimae", c.OptimaeID, "err", err)
		default:
			s.mail.put(func(m *mail) { m.proven = push(m.proven, proven(c)) })
		}
	}
}
