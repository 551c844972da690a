package node

import (
	"context"

	"doin.network/node/chain/engine"
	"doin.network/node/compute/worker"
	"doin.network/node/ga/island"
	"doin.network/node/internal/canon"
)

// migrate offers the champions that arrived in a round to the domain's gate and returns whom it lets into the next one.
// A champion of somebody else is not proposed again under this node's name.
func (s *search) migrate(arrived []engine.Immigrant) []worker.Immigrant {
	for _, im := range arrived {
		if len(s.tries) >= maxTried {
			clear(s.tries)
		}
		s.tries[canon.Hash(im.Parameters)] = maxTries
		s.gate.Offer(island.Migrant[*canon.Object]{From: im.OptimizerID, Fitness: im.Performance, Value: im.Parameters})
	}
	var members []string
	if s.domain.Migration.Topology != island.Full {
		members = s.n.loop.view.Load().State.Registered()
	}
	var out []worker.Immigrant
	for _, m := range s.gate.Open(s.round, s.n.key.PeerID(), members) {
		out = append(out, worker.Immigrant{Parameters: m.Value, Performance: m.Fitness})
	}
	return out
}

// late adds the champions that were verified in the pause after a round; they count as the next one's.
func (s *search) late(ctx context.Context, arrived []engine.Immigrant) ([]engine.Immigrant, error) {
	err := s.n.loop.ask(ctx, func(e *engine.Engine) {
		list := e.TakeImmigrants(s.domain.ID)
		s.paused = len(list)
		arrived = append(arrived, list...)
	})
	return arrived, err
}
