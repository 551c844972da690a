package quality

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/compute/worker"
	"doin.network/node/ga/island"
	"doin.network/node/internal/canon"
)

// Run is what one search of a set came to: a line of the journal.
type Run struct {
	Set     string `json:"set"`
	Horizon int    `json:"horizon"`
	Seed    uint64 `json:"seed"`
	// Test is the champion's error on the test part, in the unit of the file; the baseline's where nothing was confirmed.
	Test      float64 `json:"test"`
	Confirmed bool    `json:"confirmed"`
	// Performance is the champion's, over the validation cases.
	Performance float64 `json:"performance"`
	// Promise is the best score of the last generation: what another training of that individual, one network, is expected to
	// give. A claim is of several networks and usually better.
	Promise *float64 `json:"promise,omitempty"`
	// Evaluations counts the search's trainings, Claims those that were trained and Accepted those that became champion.
	Evaluations int64 `json:"evaluations"`
	Claims      int   `json:"claims"`
	Accepted    int   `json:"accepted"`
	// SecondsSearch and SecondsClaims are how long they were waited for.
	SecondsSearch float64 `json:"seconds_search"`
	SecondsClaims float64 `json:"seconds_claims"`
	// Weights are those of the champion's members.
	Weights map[string]int64 `json:"weights,omitempty"`
	// Baselines are test errors of our own simple models.
	Baselines map[string]float64 `json:"baselines"`
	// Recipe and Seeds make the champion again; DataHash names what it was made for.
	Recipe   string   `json:"recipe,omitempty"`
	Seeds    []uint64 `json:"seeds,omitempty"`
	DataHash string   `json:"data_hash"`
	// History are the champion's errors on the test part, from the first one on.
	History []float64 `json:"history,omitempty"`
	// Error is why there is no result: the set counts as lost.
	Error string `json:"error,omitempty"`
}

// evaluator is the worker as a search has it.
type evaluator interface {
	Evaluate(ctx context.Context, job worker.Job) (worker.Outcome, error)
}

// contest is a champion and who wants its place.
type contest struct {
	cfg    *Config
	id     string
	info   worker.Info
	worker evaluator
	rules  consensus.DomainRules
	seeds  *rand.Rand

	nominator   *island.Nominator[*canon.Object]
	base        *worker.Recipe // nil: the domain's baseline
	performance float64        // the base's
	metrics     *canon.Object
	run         *Run
	metric      string // of the test part
}

func newContest(cfg *Config, id string, info worker.Info, w evaluator, run *Run, metric string) (*contest, error) {
	rules, err := cfg.Rule.rules()
	return &contest{cfg: cfg, id: id, info: info, worker: w, rules: rules, seeds: rand.New(rand.NewPCG(run.Seed, uint64(run.Horizon))),
		nominator: island.NewNominator[*canon.Object](1), performance: info.Baseline, metrics: info.Baselines, run: run, metric: metric}, err
}

// claimSeeds is the number of seeds of a claim.
func (c *contest) claimSeeds() int {
	if c.info.Deterministic {
		return 1
	}
	return c.cfg.ClaimSeeds
}

// known is what a nomination has to beat.
func (c *contest) known() island.Known {
	return island.Known{HasBest: !math.IsNaN(c.performance), Best: c.performance, Trials: c.run.Evaluations,
		Cost: int64(c.claimSeeds() * (c.info.Folds + 1)),
		Improves: func(performance, over float64) bool {
			_, err := c.rules.Wins(over, performance, true, chain.Sums{})
			return err == nil
		}}
}

// offer trains the best promise of a generation as a claim, if there is one, and makes it the champion if the rule says so. In
// the end the pace of claims does not count: what a node would claim a little later is claimed now.
func (c *contest) offer(ctx context.Context, rows []worker.Row, end bool) error {
	var candidates []island.Candidate[*canon.Object]
	c.run.Promise = nil
	for i := range rows {
		if r := &rows[i]; r.Status != worker.StatusOpen && !math.IsNaN(r.Promise()) {
			if p := r.Promise(); c.run.Promise == nil || p > *c.run.Promise {
				c.run.Promise = &p
			}
			candidates = append(candidates, island.Candidate[*canon.Object]{Hash: canon.Hash(r.Parameters), Fitness: r.Promise(), Value: r.Parameters})
		}
	}
	known := c.known()
	if end {
		known.Trials = math.MaxInt64
	}
	n, ok := c.nominator.Nominate(candidates, known)
	if !ok {
		return nil
	}
	how := island.Disappointed
	accepted, performance, err := c.claim(ctx, n.Value)
	if err != nil {
		return err
	}
	if !math.IsNaN(performance) {
		c.nominator.Confirm(n.ID, performance)
	}
	if accepted {
		how = island.Announced
	}
	c.nominator.Close(n.ID, how)
	return nil
}

// claim trains a recipe with fresh seeds and judges it. Its performance is NaN where it diverged.
func (c *contest) claim(ctx context.Context, recipe *canon.Object) (accepted bool, performance float64, err error) {
	r := &worker.Recipe{Parameters: recipe}
	for range c.claimSeeds() {
		r.Seeds = append(r.Seeds, c.seeds.Uint64())
	}
	begun := time.Now()
	out, err := c.worker.Evaluate(ctx, worker.Job{Domain: c.id, Parameters: recipe, Seeds: r.Seeds, Base: c.base, Own: true})
	c.run.SecondsClaims += time.Since(begun).Seconds()
	if err != nil {
		return false, math.NaN(), err
	}
	c.run.Claims++
	if out.Diverged {
		return false, math.NaN(), nil
	}
	s, err := sums(out.Paired)
	if err != nil {
		return false, out.Performance, err
	}
	if _, err := c.rules.Wins(c.performance, out.Performance, c.base != nil, s); err != nil {
		return false, out.Performance, nil
	}
	c.base, c.performance, c.metrics = r, out.Performance, out.Metrics
	c.run.Accepted++
	test, err := out.Metrics.Float("test_" + c.metric)
	if err != nil {
		return false, out.Performance, fmt.Errorf("metrics of the champion: %w", err)
	}
	c.run.History = append(c.run.History, test)
	return true, out.Performance, nil
}

// finish writes what the contest came to into its run.
func (c *contest) finish() error {
	c.run.DataHash, c.run.Baselines = c.info.DataHash, baselines(c.info.Baselines, c.metric)
	c.run.Performance = c.performance
	if c.base == nil {
		best := lowest(naive(c.run.Baselines))
		if best == "" {
			return errors.New("nothing was confirmed, and the domain has no baseline")
		}
		c.run.Test = c.run.Baselines[best]
		return nil
	}
	c.run.Confirmed, c.run.Test = true, c.run.History[len(c.run.History)-1]
	c.run.Recipe, c.run.Seeds = string(canon.Default(c.base.Parameters)), c.base.Seeds
	weights, err := c.metrics.ObjectOr("weights", nil)
	if err != nil || weights == nil {
		return err
	}
	c.run.Weights = map[string]int64{}
	for name := range weights.All() {
		if c.run.Weights[name], err = weights.Int(name); err != nil {
			return err
		}
	}
	return nil
}

// search runs the worker's search until the budget is spent, and offers each of its generations. The first generation is
// waited for, and offered, in any case.
func search(ctx context.Context, s *worker.Supervisor, c *contest) error {
	x, err := s.Optimize(ctx, worker.OptimizeJob{Domain: c.id, Seed: c.run.Seed, Settings: canon.NewObject("population", c.cfg.Population)})
	if err != nil {
		return err
	}
	defer x.Close()
	for begun := time.Now(); ; {
		g, err := x.Next(ctx)
		if err != nil {
			return err
		}
		c.run.Evaluations = g.Evaluations
		end := c.cfg.Evaluations > 0 && g.Evaluations >= c.cfg.Evaluations || c.cfg.Budget > 0 && time.Since(begun) >= c.cfg.Budget
		if err := c.offer(ctx, g.Rows, end); err != nil {
			return err
		}
		c.run.SecondsSearch = time.Since(begun).Seconds() - c.run.SecondsClaims
		if end {
			return nil
		}
		if err := x.Continue(ctx, nil); err != nil {
			return err
		}
	}
}
