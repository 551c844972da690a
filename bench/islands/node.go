package islands

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/cmd/doin-worker/search"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/worker"
	"doin.network/node/ga/island"
	"doin.network/node/internal/canon"
)

// node is one simulated node.
type node struct {
	id       string
	search   worker.Searcher
	gate     *island.Gate[*canon.Object]
	known    float64 // the best verified performance that it has heard of
	tries    map[string]int
	confirms int64
	nonces   uint64
	best     float64 // of its own search
	trained  int64
}

// maxTries is how often a node confirms one genome, as package node has it.
const maxTries = 4

// newNode makes island i of a run. Ids and seeds are those that the nodes of "doin-node local" have with that seed.
func newNode(p *problem, d func() (domain.Domain, error), s *scenario, seed uint64, i int) (*node, error) {
	key, err := identity.FromSeed(fmt.Sprintf("local %d %d", seed, i))
	if err != nil {
		return nil, err
	}
	n := &node{id: key.PeerID(), gate: island.NewGate[*canon.Object](s.migration), known: math.Inf(-1),
		best: math.Inf(-1), tries: map[string]int{}}
	own, err := d() // a hill climber's generators are its domain's
	if err != nil {
		return nil, err
	}
	n.search, err = search.New(worker.SearchSpec{Domain: own, Seed: runSeed(seed+uint64(i), n.id, p.id()),
		Settings: s.settings, Pool: pool{own}})
	return n, err
}

// runSeed is the seed of a node's search in a domain, as package node derives it from the node's configured one.
func runSeed(seed uint64, id, domain string) uint64 {
	h := sha256.Sum256(canon.Canonical([]any{"run", int64(seed), id, domain}))
	return binary.LittleEndian.Uint64(h[:])
}

// round makes one generation from what the gate lets in and returns the champion to announce, if there is one.
func (n *node) round(ctx context.Context, round int, members []string, s *scenario, trainer domain.Domain) (*island.Migrant[*canon.Object], error) {
	var immigrants []worker.Immigrant
	for _, m := range n.gate.Open(int64(round-1), n.id, members) {
		immigrants = append(immigrants, worker.Immigrant{Parameters: m.Value, Performance: m.Fitness})
	}
	r, err := n.search.Generation(ctx, immigrants)
	if err != nil {
		return nil, err
	}
	n.trained = r.Evaluations
	if r.Best != nil {
		n.best = max(n.best, r.Best.Fitness)
	}
	if s.nodes == 1 {
		return nil, nil // nobody would hear of it
	}
	return n.champion(ctx, r, s.increment, trainer)
}

// champion confirms the most promising individual of a generation, as a node does before it announces anything: the
// recipe is trained once with a seed that nobody chose.
func (n *node) champion(ctx context.Context, r *worker.Record, increment float64, trainer domain.Domain) (*island.Migrant[*canon.Object], error) {
	picked := n.pick(r, increment)
	if picked == nil {
		return nil, nil
	}
	n.nonces++
	m, err := trainer.Train(ctx, picked.Parameters, chain.TrainingSeed("confirm", fmt.Sprint(n.id, n.nonces), 0), false)
	if err != nil {
		return nil, err
	}
	if r.Strategy != domain.StrategyHillClimber { // a step of the hill climber is its own confirmation
		n.confirms++
	}
	if !improves(n.known, m.Performance(), increment) {
		return nil, nil
	}
	n.known = m.Performance()
	n.tries[canon.Hash(picked.Parameters)] = maxTries
	return &island.Migrant[*canon.Object]{From: n.id, Fitness: m.Performance(), Value: picked.Parameters}, nil
}

// pick chooses as package node does: of the individuals that promise to beat the best known, the one confirmed least
// often, among equals the best.
func (n *node) pick(r *worker.Record, increment float64) *worker.Row {
	rows := slices.DeleteFunc(slices.Clone(r.Rows), func(x worker.Row) bool {
		return x.Status == "verified" || math.IsNaN(x.Fitness) || !improves(n.known, x.Fitness, increment)
	})
	slices.SortStableFunc(rows, func(a, b worker.Row) int { return cmp.Compare(b.Fitness, a.Fitness) })
	var picked *worker.Row
	var hash string
	fewest := maxTries
	for i := range rows {
		if h := canon.Hash(rows[i].Parameters); n.tries[h] < fewest {
			picked, hash, fewest = &rows[i], h, n.tries[h]
		}
	}
	if picked != nil {
		n.tries[hash]++
	}
	return picked
}

// improves reports whether a performance beats the best known by the increment.
func improves(known, performance, increment float64) bool {
	if math.IsInf(known, -1) {
		return true
	}
	return performance > known && (performance-known)/max(math.Abs(known), 1e-6) >= increment
}

// pool trains one after the other, in the caller's goroutine.
type pool struct{ d domain.Domain }

// Do implements worker.Pool.
func (p pool) Do(_ context.Context, f func() error) error { return f() }

// Train implements worker.Pool.
func (p pool) Train(ctx context.Context, list []worker.Training) ([]worker.Trained, error) {
	out := make([]worker.Trained, len(list))
	for i, t := range list {
		m, err := p.d.Train(ctx, t.Parameters, t.Seed, false)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			out[i] = worker.Trained{Performance: math.NaN(), Status: "failed"}
			continue
		}
		status, _ := m.Metrics().StringOr("status", "completed")
		out[i] = worker.Trained{Performance: m.Performance(), Status: status, Metrics: m.Metrics()}
	}
	return out, nil
}
