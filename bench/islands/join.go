package islands

import (
	"context"
	"errors"

	"doin.network/node/ga/island"
)

// Join watches nodes that are running already until the goals are reached or the time is over. Its report has one row for each
// goal and no baseline; its strategy is what the configuration says that the nodes run. The domain's id is the configuration's, else the domain's name.
func Join(ctx context.Context, c Config) (*Report, error) {
	if len(c.Endpoints) == 0 || len(c.Endpoints) > MaxNodes {
		return nil, errors.New("islands: nodes to join: want 1 to 64 host:port")
	}
	c.Nodes, c.Seeds, c.FirstSeed = []int{len(c.Endpoints)}, 1, 0
	if err := c.complete(); err != nil {
		return nil, err
	}
	p, err := newProblem(c.Domain, c.Path)
	if err != nil {
		return nil, err
	}
	c.Strategies, c.Population, c.Lags, c.Compare, c.CompareSeeds, c.Parallel = c.Strategies[:1], 0, nil, false, 0, 0
	var nodes []*watched
	for _, e := range c.Endpoints {
		nodes = append(nodes, &watched{endpoint: e})
	}
	w := newWatcher(p.id())
	defer w.close()
	o, err := w.follow(ctx, nodes, c.Goals, c.MaxRounds, c.Timeout)
	if err != nil {
		return nil, err
	}
	if longest(nodes) == 0 {
		return nil, errors.New("islands: none of the nodes has recorded a round of domain " + p.id())
	}
	r := newReport(Joined, c)
	kind := Islands
	if len(nodes) == 1 {
		kind = One
	}
	a := arrangement{strategy: c.Strategies[0], kind: kind, nodes: len(nodes), migration: island.DefaultConfig()}
	r.Rows = rows(&c, Joined, []*runs{{arrangement: a, list: []outcome{o}}})
	return r, nil
}
