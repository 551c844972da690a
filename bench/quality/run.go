package quality

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"doin.network/node/bench/journal"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
)

// Measure makes what the configuration asks for and is not in the journal yet, and reports. When ctx ends it what has been
// measured is in the journal, and ctx's error is returned.
func Measure(ctx context.Context, c Config) (*Report, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	var err error
	if c.Data, err = filepath.Abs(c.Data); err != nil {
		return nil, err
	}
	sets, err := loadSets(c.Data, c.Sets)
	if err != nil {
		return nil, err
	}
	known, err := loadAnchors(c.Data)
	if err != nil {
		return nil, err
	}
	if c.Run {
		if err := rerun(ctx, &c, sets, known); err != nil {
			return nil, err
		}
	}
	j, err := journal.Open[Run](c.Journal, c.header())
	if err != nil {
		return nil, err
	}
	defer j.Close()
	for _, s := range sets {
		for _, horizon := range s.horizons() {
			if err := measureSet(ctx, &c, j, s, horizon); err != nil {
				return nil, err
			}
		}
	}
	return newReport(c, sets, known, j.Lines()), nil
}

// header is what runs can only be compared under.
func (c *Config) header() any {
	h := *c
	h.Sets, h.Seeds = nil, 0 // more of them go into the same journal
	// The sets are what they are, wherever they lie. That the file can be read Validate has seen.
	list, _ := os.ReadFile(filepath.Join(c.Data, setsFile))
	h.Data = fmt.Sprintf("%x", sha256.Sum256(list))
	return h
}

// measureSet makes the runs of a set and horizon that the journal lacks, in one worker: what the domain fits once for all
// claims is fitted by the first.
func measureSet(ctx context.Context, c *Config, j *journal.Journal[Run], s *set, horizon int) error {
	var missing []uint64
	for i := range c.Seeds {
		if seed := c.FirstSeed + uint64(i); j.Find(is(s.name, horizon, seed)) == nil {
			missing = append(missing, seed)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return withWorker(ctx, c, func(ctx context.Context, w *worker.Supervisor) error {
		id := name(s.name, horizon)
		info, refused := w.Configure(ctx, id, s.kind(), s.config(c.Data, horizon))
		for _, seed := range missing {
			run, err := &Run{}, refused
			if err == nil {
				run, err = measureOne(ctx, c, w, info, s, horizon, seed)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				*run = Run{Set: s.name, Horizon: horizon, Seed: seed, Error: err.Error()}
			}
			if err := j.Add(run); err != nil {
				return err
			}
			c.say("%s", run.line())
		}
		return nil
	})
}

// is says which run is meant.
func is(set string, horizon int, seed uint64) func(*Run) bool {
	return func(r *Run) bool { return r.Set == set && r.Horizon == horizon && r.Seed == seed }
}

// measureOne makes one search with its claims.
func measureOne(ctx context.Context, c *Config, w *worker.Supervisor, info worker.Info, s *set, horizon int, seed uint64) (*Run, error) {
	run := &Run{Set: s.name, Horizon: horizon, Seed: seed}
	contest, err := newContest(c, name(s.name, horizon), info, w, run, s.metric())
	if err == nil {
		err = search(ctx, w, contest)
	}
	if err == nil {
		err = contest.finish()
	}
	return run, err
}

// FindWorker returns the path of the worker program for the processor, which is in dir or on PATH.
func FindWorker(ctx context.Context, dir string) (string, error) {
	found, err := worker.FindWorker(ctx, worker.FindOptions{Dir: dir, Device: worker.DeviceCPU})
	return found.Path, err
}

// configureTime bounds how long a domain may take to be loaded.
const configureTime = 10 * time.Minute

// withWorker calls use while a worker process runs, which has ended when it returns.
func withWorker(ctx context.Context, c *Config, use func(context.Context, *worker.Supervisor) error) error {
	w := worker.NewSupervisor(worker.Options{Path: c.Worker, Args: []string{"--device", "cpu", "--log-level", "error", "--workers", fmt.Sprint(c.Trainings)},
		Limits: worker.Limits{Job: -1, Configure: configureTime}})
	group, running := errgroup.WithContext(ctx)
	running, stop := context.WithCancel(running)
	defer stop()
	group.Go(func() error { return w.Run(running) })
	group.Go(func() error {
		defer stop()
		return use(running, w)
	})
	err := group.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("the worker %s ended", c.Worker)
	}
	return err
}

// baselines are the errors of our simple models on the test part, from the members test_NAME_METRIC of their metrics.
func baselines(metrics *canon.Object, metric string) map[string]float64 {
	out := map[string]float64{}
	for key := range metrics.All() {
		rest, isTest := strings.CutPrefix(key, "test_")
		if method, ok := strings.CutSuffix(rest, "_"+metric); isTest && ok {
			if v, err := metrics.Float(key); err == nil {
				out[method] = v
			}
		}
	}
	return out
}

// naive keeps of baselines those that a champion must never lose to: the last value and the seasonal one, constants.
func naive(list map[string]float64) map[string]float64 {
	out := maps.Clone(list)
	maps.DeleteFunc(out, func(method string, _ float64) bool {
		return method != "naive" && method != "seasonal" && !isConstant(method)
	})
	return out
}

// isConstant reports whether a method of ours or of the anchors predicts one value always.
func isConstant(method string) bool {
	switch method {
	case "constant", "prior", "mean", "median":
		return true
	}
	return false
}

// linear returns the error of our linear baseline, 0 where there is none: of a table's, or of the autoregressions "ar" and,
// with the period, "ar.12".
func linear(list map[string]float64) float64 {
	models := maps.Clone(list)
	maps.DeleteFunc(models, func(method string, _ float64) bool {
		return method != "linear" && method != "ar" && !strings.HasPrefix(method, "ar.")
	})
	return models[lowest(models)]
}

func name(set string, horizon int) string {
	if horizon == 0 {
		return set
	}
	return fmt.Sprintf("%s h=%d", set, horizon)
}

// line is a run for people.
func (r *Run) line() string {
	if r.Error != "" {
		return fmt.Sprintf("%s seed %d: FAILED: %s", name(r.Set, r.Horizon), r.Seed, r.Error)
	}
	state := ""
	if !r.Confirmed {
		state = " (baseline: nothing confirmed)"
	}
	promise := math.NaN()
	if r.Promise != nil {
		promise = *r.Promise
	}
	return fmt.Sprintf("%s seed %d: performance %.5g, last promise %.5g; test %.6g%s, linear %.6g, naive %.6g; %d evaluations, %d of %d claims accepted; search %.1f s, claims %.1f s",
		name(r.Set, r.Horizon), r.Seed, r.Performance, promise, r.Test, state, linear(r.Baselines), r.Baselines[lowest(naive(r.Baselines))], r.Evaluations, r.Accepted, r.Claims, r.SecondsSearch, r.SecondsClaims)
}
