package quality

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"doin.network/node/bench/journal"
	"doin.network/node/bench/report"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
)

// Pair is a genetic search and a random one that made as many training steps.
type Pair struct {
	Set     string `json:"set"`
	Horizon int    `json:"horizon"`
	Seed    uint64 `json:"seed"`
	Genetic Arm    `json:"genetic"`
	Random  Arm    `json:"random"`
}

// Arm is one of the two.
type Arm struct {
	Evaluations int64 `json:"evaluations"`
	Steps       int64 `json:"steps"`
	// Best is what the search says of its best individual, Validation and Test what a claim of it with fresh seeds gives: the
	// performance, and the test error in the unit of the file.
	Best       float64 `json:"best"`
	Validation float64 `json:"validation"`
	Test       float64 `json:"test"`
}

// RandomReport counts pairs.
type RandomReport struct {
	Pairs []*Pair `json:"pairs"`
	// Wins of the genetic search by its own score, and by a claim's validation and test; ties are not among them.
	Best       int `json:"wins_by_score"`
	Validation int `json:"wins_by_validation"`
	Test       int `json:"wins_by_test"`
	// Ties are equal claims on validation and on test.
	TiesValidation int `json:"ties_by_validation"`
	TiesTest       int `json:"ties_by_test"`
}

// CheckRandom makes a pair for every set, horizon and seed.
func CheckRandom(ctx context.Context, c Config, path string) (*RandomReport, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Evaluations < 1 || c.Evaluations > 10_000 {
		return nil, errors.New("give a number of evaluations, at most 10000: pairs are compared at equal steps")
	}
	sets, err := loadSets(c.Data, c.Sets)
	if err != nil {
		return nil, err
	}
	j, err := journal.Open[Pair](path, c.header())
	if err != nil {
		return nil, err
	}
	defer j.Close()
	for _, s := range sets {
		for _, horizon := range s.horizons() {
			if err := pairs(ctx, &c, j, s, horizon); err != nil {
				return nil, err
			}
		}
	}
	return randomReport(j.Lines()), nil
}

// pairs makes those of a set and horizon that the journal lacks.
func pairs(ctx context.Context, c *Config, j *journal.Journal[Pair], s *set, horizon int) error {
	return withWorker(ctx, c, func(ctx context.Context, w *worker.Supervisor) error {
		id := name(s.name, horizon)
		if _, err := w.Configure(ctx, id, s.kind(), s.config(c.Data, horizon)); err != nil {
			return err
		}
		for i := range c.Seeds {
			seed := c.FirstSeed + uint64(i)
			if j.Find(func(p *Pair) bool { return p.Set == s.name && p.Horizon == horizon && p.Seed == seed }) != nil {
				continue
			}
			p, err := pair(ctx, c, w, id, s, horizon, seed)
			if err != nil {
				return err
			}
			if err := j.Add(p); err != nil {
				return err
			}
			c.say("%s seed %d: score %.6g and %.6g, claims %.6g and %.6g, test %.6g and %.6g; %d and %d evaluations", id, seed,
				p.Genetic.Best, p.Random.Best, p.Genetic.Validation, p.Random.Validation, p.Genetic.Test, p.Random.Test, p.Genetic.Evaluations, p.Random.Evaluations)
		}
		return nil
	})
}

func pair(ctx context.Context, c *Config, w *worker.Supervisor, id string, s *set, horizon int, seed uint64) (*Pair, error) {
	p := &Pair{Set: s.name, Horizon: horizon, Seed: seed}
	genetic, err := walk(ctx, w, worker.OptimizeJob{Domain: id, Seed: seed, Settings: canon.NewObject("population", c.Population)}, &p.Genetic, c.Evaluations, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	// A first generation is random: one that is large enough is a random search, of which the first so many steps count.
	wide := canon.NewObject("population", 2*c.Evaluations)
	random, err := walk(ctx, w, worker.OptimizeJob{Domain: id, Seed: ^seed, Settings: wide}, &p.Random, 1, p.Genetic.Steps)
	if err != nil {
		return nil, err
	}
	seeds := rand.New(rand.NewPCG(seed, 2<<32|uint64(horizon)))
	var fresh []uint64
	for range c.ClaimSeeds {
		fresh = append(fresh, seeds.Uint64())
	}
	if err := p.Genetic.claim(ctx, w, id, genetic, fresh, s.metric()); err != nil {
		return nil, err
	}
	return p, p.Random.claim(ctx, w, id, random, fresh, s.metric())
}

// walk searches until so many evaluations are made, and returns the best recipe among those of the first so many steps.
func walk(ctx context.Context, w *worker.Supervisor, job worker.OptimizeJob, a *Arm, evaluations, steps int64) (*canon.Object, error) {
	x, err := w.Optimize(ctx, job)
	if err != nil {
		return nil, err
	}
	defer x.Close()
	var best *canon.Object
	for {
		g, err := x.Next(ctx)
		if err != nil {
			return nil, err
		}
		for i := range g.Rows {
			r := &g.Rows[i]
			if r.Status == worker.StatusOpen || r.Generation != g.Number || a.Steps >= steps {
				continue
			}
			made, err := r.Metrics.IntOr("steps", 0)
			if err != nil {
				return nil, err
			}
			trainings := int64(max(1, len(r.Trainings))) // about as long as the first, whose steps these are
			a.Steps, a.Evaluations = a.Steps+made*trainings, a.Evaluations+trainings
			if p := r.Promise(); !math.IsNaN(p) && (best == nil || p > a.Best) {
				best, a.Best = r.Parameters, p
			}
		}
		if g.Evaluations >= evaluations {
			if steps == math.MaxInt64 && a.Evaluations > 0 { // those that no population has any more took as many on average
				a.Steps, a.Evaluations = a.Steps*g.Evaluations/a.Evaluations, g.Evaluations
			}
			break
		}
		if err := x.Continue(ctx, nil); err != nil {
			return nil, err
		}
	}
	if best == nil {
		return nil, errors.New("every training of a search diverged")
	}
	return best, nil
}

// claim fills in what a claim of the arm's best gives.
func (a *Arm) claim(ctx context.Context, w evaluator, id string, recipe *canon.Object, seeds []uint64, metric string) error {
	out, err := w.Evaluate(ctx, worker.Job{Domain: id, Parameters: recipe, Seeds: seeds, Own: true})
	if err == nil && out.Diverged {
		err = fmt.Errorf("%s: the claim of the best individual diverged", id)
	}
	if err != nil {
		return err
	}
	a.Validation = out.Performance
	a.Test, err = out.Metrics.Float("test_" + metric)
	return err
}

func randomReport(list []*Pair) *RandomReport {
	r := &RandomReport{Pairs: list}
	count := func(to *int, is bool) {
		if is {
			*to++
		}
	}
	for _, p := range list {
		g, o := &p.Genetic, &p.Random
		count(&r.Best, g.Best > o.Best)
		count(&r.Validation, g.Validation > o.Validation)
		count(&r.TiesValidation, g.Validation == o.Validation)
		count(&r.Test, g.Test < o.Test)
		count(&r.TiesTest, g.Test == o.Test)
	}
	return r
}

// WriteMarkdown writes a table for people.
func (r *RandomReport) WriteMarkdown(w io.Writer) error {
	p := report.Printer{W: w}
	p.Printf("| set | h | seed | evaluations | score | claim | test |\n|---|---|---|---|---|---|---|\n")
	for _, x := range r.Pairs {
		g, o := &x.Genetic, &x.Random
		p.Printf("| %s | %d | %d | %d, %d | %.5g, %.5g | %.5g, %.5g | %.5g, %.5g |\n", x.Set, x.Horizon, x.Seed, g.Evaluations, o.Evaluations,
			g.Best, o.Best, g.Validation, o.Validation, g.Test, o.Test)
	}
	p.Printf("\nOf %d pairs, genetic and random at equal training steps, the genetic search wins %d by its score, %d by a claim's validation (%d ties), %d by its test error (%d ties).\n",
		len(r.Pairs), r.Best, r.Validation, r.TiesValidation, r.Test, r.TiesTest)
	return p.Err
}
