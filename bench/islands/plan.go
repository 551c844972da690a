package islands

import (
	"slices"

	"doin.network/node/compute/domain"
	"doin.network/node/ga"
	"doin.network/node/ga/island"
	"doin.network/node/internal/canon"
)

// Kind is who works on the problem.
type Kind string

// The kinds: the network, and what it is compared with.
const (
	One      Kind = "one"              // one node
	Islands  Kind = "islands"          // nodes that exchange champions
	Isolated Kind = "isolated"         // as many nodes that do not
	Same     Kind = "same_evaluations" // one node that makes as many evaluations in a round as all of them
)

// arrangement is one thing that is measured.
type arrangement struct {
	strategy  string
	kind      Kind
	nodes     int // of the network, or of the network that One and Same stand for
	lag       int
	migration island.Config
	placement ga.Placement
	compared  bool // one of the table of topologies and policies
}

// running is the number of nodes that run.
func (a *arrangement) running() int {
	if a.kind == One || a.kind == Same {
		return 1
	}
	return a.nodes
}

// settings are the strategy's, as the worker takes them.
func (a *arrangement) settings(c *Config, p *problem) *canon.Object {
	o := canon.NewObject()
	if a.strategy == domain.StrategyGA {
		o = p.strategySettings()
		if c.Population > 0 {
			o.Set("population", c.Population)
		}
		if a.kind == Same {
			n, _ := o.IntOr("population", int64(ga.DefaultConfig().Population))
			o.Set("population", n*int64(a.nodes))
		}
		if a.placement != "" {
			o.Set("immigrant_placement", string(a.placement))
		}
	}
	return o.Set("strategy", a.strategy)
}

// plan lists what to measure, baselines before what is compared with them.
func plan(c *Config, mode Mode) []arrangement {
	var out []arrangement
	lags := c.Lags
	if mode != Simulated {
		lags = []int{0}
	}
	isolated := island.DefaultConfig()
	isolated.Topology = island.Isolated
	for _, strategy := range c.Strategies {
		out = append(out, arrangement{strategy: strategy, kind: One, nodes: 1, lag: lags[0], migration: isolated})
		for _, n := range c.Nodes {
			if n == 1 {
				continue
			}
			out = append(out,
				arrangement{strategy: strategy, kind: Isolated, nodes: n, lag: lags[0], migration: isolated},
				arrangement{strategy: strategy, kind: Same, nodes: n, lag: lags[0], migration: isolated})
			for _, lag := range lags {
				out = append(out, arrangement{strategy: strategy, kind: Islands, nodes: n, lag: lag, migration: c.Migration})
			}
		}
		if n := slices.Max(c.Nodes); c.Compare && mode == Simulated && n > 1 {
			out = append(out, comparisons(c, strategy, n)...)
		}
	}
	return out
}

// comparisons lists the topologies and policies for n nodes.
func comparisons(c *Config, strategy string, n int) (out []arrangement) {
	placements := []ga.Placement{""}
	policies := []island.Policy{island.Best, island.Draw}
	if strategy == domain.StrategyGA {
		placements = []ga.Placement{ga.PlaceWorst, ga.PlaceRandom}
		policies = []island.Policy{island.All, island.Best, island.Draw}
	}
	for _, topology := range []island.Topology{island.Full, island.Ring, island.Random} {
		for _, policy := range policies {
			for _, interval := range []int{1, 4} {
				for _, placement := range placements {
					m := island.DefaultConfig()
					m.Topology, m.Policy, m.Interval = topology, policy, interval
					out = append(out, arrangement{strategy: strategy, kind: Islands, nodes: n, lag: c.Lags[0], migration: m,
						placement: placement, compared: true})
				}
			}
		}
	}
	return out
}
