package islands

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"

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
	id        string
	search    worker.Searcher
	gate      *island.Gate[*canon.Object]
	nominator *island.Nominator[*canon.Object]
	known     float64 // the best verified performance that it has heard of
	confirms  int64
	nonces    uint64
	best      float64 // of its own search
	trained   int64
}

// newNode makes island i of a run. Ids and seeds are those that the nodes of "doin-node local" have with that seed.
func newNode(p *problem, d func() (domain.Domain, error), s *scenario, seed uint64, i int) (*node, error) {
	key, err := identity.FromSeed(fmt.Sprintf("local %d %d", seed, i))
	if err != nil {
		return nil, err
	}
	n := &node{id: key.PeerID(), gate: island.NewGate[*canon.Object](s.migration), nominator: island.NewNominator[*canon.Object](island.MaxOpen),
		known: math.Inf(-1), best: math.Inf(-1)}
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

// round makes one generation from what the gate lets in and returns the claim to announce, if there is one.
func (n *node) round(ctx context.Context, round int, members []string, s *scenario, trainer domain.Domain) (*island.Nomination[*canon.Object], error) {
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
		n.best = max(n.best, r.Best.Promise())
	}
	if s.nodes == 1 {
		return nil, nil // nobody would hear of it
	}
	return n.champion(ctx, r, s.increment, trainer)
}

// champion confirms the most promising individual of a generation, as a node does before it announces anything: the
// recipe is trained once with a seed that nobody chose. What is announced is open until close.
func (n *node) champion(ctx context.Context, r *worker.Record, increment float64, trainer domain.Domain) (*island.Nomination[*canon.Object], error) {
	picked, ok := n.nominator.Nominate(candidates(r), island.Known{HasBest: !math.IsInf(n.known, -1), Best: n.known,
		Improves: func(p, over float64) bool { return improves(over, p, increment) }})
	if !ok {
		return nil, nil
	}
	n.nonces++
	m, err := trainer.Claim(ctx, picked.Value, []uint64{uint64(chain.DeterministicSeed(fmt.Sprint(n.id, n.nonces), "confirm", ""))}, nil)
	if err != nil {
		return nil, err
	}
	if r.Strategy != domain.StrategyHillClimber { // a step of the hill climber is its own confirmation
		n.confirms++
	}
	over := n.known
	for _, o := range n.nominator.Open() {
		if o.Confirmed {
			over = max(over, o.Performance)
		}
	}
	if !improves(over, m.Performance(), increment) {
		n.nominator.Close(picked.ID, island.Disappointed)
		return nil, nil
	}
	n.nominator.Confirm(picked.ID, m.Performance())
	picked.Performance = m.Performance()
	return &picked, nil
}

// candidates are the individuals of a generation that the node trained itself.
func candidates(r *worker.Record) (out []island.Candidate[*canon.Object]) {
	for i := range r.Rows {
		if x := &r.Rows[i]; x.Status != "verified" && !math.IsNaN(x.Promise()) {
			out = append(out, island.Candidate[*canon.Object]{Hash: canon.Hash(x.Parameters), Fitness: x.Promise(), Value: x.Parameters})
		}
	}
	return out
}

// hear takes in another node's champion.
func (n *node) hear(m island.Migrant[*canon.Object]) {
	n.known = max(n.known, m.Fitness)
	n.nominator.Foreign(canon.Hash(m.Value))
	n.gate.Offer(m)
}

// close ends a claim of the node itself: the others know it now.
func (n *node) close(c *island.Nomination[*canon.Object]) {
	n.known = max(n.known, c.Performance)
	n.nominator.Close(c.ID, island.Announced)
}

// improves reports whether a performance beats the best known by the increment.
func improves(known, performance, increment float64) bool {
	if math.IsInf(known, -1) {
		return !math.IsNaN(performance)
	}
	return performance > known && (performance-known)/max(math.Abs(known), 1e-6) >= increment
}

// pool trains one after the other, in the caller's goroutine.
type pool struct{ d domain.Domain }

// Do implements worker.Pool.
func (p pool) Do(_ context.Context, f func() error) error { return f() }

// Try implements worker.Pool.
func (p pool) Try(ctx context.Context, list []domain.Trial) ([]domain.Tried, error) {
	out := make([]domain.Tried, len(list))
	for i, t := range list {
		var err error
		out[i], err = p.d.Try(ctx, t, inTurn)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			out[i] = domain.Tried{Performance: math.NaN(), Status: worker.StatusFailed}
		}
	}
	return out, nil
}

// inTurn is a domain.Each on the caller's goroutine.
func inTurn(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	for i := range n {
		if err := do(ctx, i); err != nil {
			return err
		}
	}
	return nil
}
