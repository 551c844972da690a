package islands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"doin.network/node/bench/journal"
	"doin.network/node/compute/domain"
	"doin.network/node/ga/island"
)

// ClockConfig says what to measure by the clock. Domain, Path, Strategies, Population, FirstSeed, Seeds (the pairs), Timeout
// (after which a run is given up and counts with it), MaxRounds, NodeExe and Progress of Config count; every node trains on
// one thread.
type ClockConfig struct {
	Config
	// Goal is the performance to reach; nil: what the calibration gives.
	Goal *float64 `json:"goal,omitempty"`
	// Calibrations are the runs of one node of which the goal is the median score after CalibrateFor. Defaults 15 and 60 s.
	Calibrations int           `json:"calibrations"`
	CalibrateFor time.Duration `json:"-"`
	// Journal is a file of what has been measured, "" for none: what is there already is not measured again.
	Journal string `json:"-"`
	// Networks of one node run two at once: one on each of two cores.
}

// DefaultClockConfig returns the defaults named at the fields, for forecast, with 40 pairs and 10 minutes for a run.
func DefaultClockConfig() ClockConfig {
	c := ClockConfig{Config: DefaultConfig(), Calibrations: 15, CalibrateFor: time.Minute}
	c.Domain, c.Seeds, c.Timeout, c.Nodes, c.Lags = Forecast, 40, 10*time.Minute, []int{2}, nil
	return c
}

// Seeds apart from those of the pairs: the second of two isolated nodes, and the calibration.
const (
	otherSeeds     = 1_000_000
	calibrateSeeds = 2_000_000
)

// Pair is one seed's three times in seconds of the nodes' own experiments.
type Pair struct {
	Seed int64 `json:"seed"`
	// One is one node's time, Isolated that of the faster of it and another that it does not know, Islands that of two which
	// exchange champions. A run that was given up has the time-out's.
	One      Timing `json:"one"`
	Isolated Timing `json:"isolated"`
	Islands  Timing `json:"islands"`
}

// Timing is one time to the goal.
type Timing struct {
	Seconds float64 `json:"seconds"`
	// Capped is whether the goal was not reached.
	Capped bool `json:"capped,omitempty"`
}

// Clock measures the time to a goal: of one node, of two islands and of two nodes isolated from each other, on as many
// threads as nodes. A context that ends ends the measurement early: the report holds the pairs that are whole.
func Clock(ctx context.Context, c ClockConfig) (*ClockReport, error) {
	c.Nodes, c.Goals = []int{2}, []float64{0} // Goal takes its place
	if c.Domain == Forecast && len(c.Strategies) == 0 {
		c.Strategies = []string{domain.StrategyGA}
	}
	if err := c.complete(); err != nil {
		return nil, err
	}
	if c.NodeExe == "" {
		return nil, errors.New("islands: the node program is required")
	}
	if c.Goal == nil && (c.Calibrations < 1 || c.CalibrateFor < time.Second) {
		return nil, fmt.Errorf("islands: %d calibrations of %v: want at least one of a second", c.Calibrations, c.CalibrateFor)
	}
	p, err := newProblem(c.Domain, c.Path)
	if err != nil {
		return nil, err
	}
	j, err := openJournal(&c)
	if err != nil {
		return nil, err
	}
	defer j.Close()
	k := &clock{c: &c, p: p, journal: j}
	if err := k.calibrate(ctx); err != nil {
		return nil, err
	}
	err = k.pairs(ctx)
	if err != nil && ctx.Err() == nil {
		return nil, err
	}
	return k.report(), nil
}

// clock is a measurement under way.
type clock struct {
	c       *ClockConfig
	p       *problem
	journal *journal.Journal[entry]
	goal    float64
}

// one and two are the arrangements.
func (k *clock) one() *arrangement {
	isolated := island.DefaultConfig()
	isolated.Topology = island.Isolated
	return &arrangement{strategy: k.c.Strategies[0], kind: One, nodes: 1, migration: isolated}
}

func (k *clock) two() *arrangement {
	return &arrangement{strategy: k.c.Strategies[0], kind: Islands, nodes: 2, migration: k.c.Migration}
}

// calibrate finds the goal: the median score of one node after a while.
func (k *clock) calibrate(ctx context.Context) error {
	if k.c.Goal != nil {
		k.goal = *k.c.Goal
		return nil
	}
	var missing []int64
	for i := range k.c.Calibrations {
		if seed := k.c.FirstSeed + calibrateSeeds + int64(i); !k.calibrated(seed) {
			missing = append(missing, seed)
		}
	}
	if len(missing) > 0 {
		k.c.progress("calibration: %d runs of %v, two at once: about %v", len(missing), k.c.CalibrateFor,
			(time.Duration((len(missing)+1)/2) * (k.c.CalibrateFor + 5*time.Second)).Round(time.Second))
	}
	err := each(ctx, len(missing), 2, func(ctx context.Context, i int) error {
		var score float64
		err := withNetwork(ctx, &k.c.Config, k.p, k.one(), uint64(missing[i]), func(ctx context.Context, nodes []*watched) (err error) {
			w := newWatcher(k.p.id())
			defer w.close()
			score, err = w.scoreAfter(ctx, nodes[0], k.c.CalibrateFor)
			return err
		})
		if err != nil {
			return err
		}
		k.c.progress("calibration, seed %d: %v after %v", missing[i], score, k.c.CalibrateFor)
		return k.journal.Add(&entry{Calibration: &Calibration{Seed: missing[i], Score: score}})
	})
	if err != nil {
		return err
	}
	_, k.goal, _ = quartiles(k.scores())
	k.c.progress("goal: %v, the median of %d", k.goal, len(k.scores()))
	return nil
}

// pairs measures what is missing of the pairs.
func (k *clock) pairs(ctx context.Context) error {
	var missing []int64
	for i := range k.c.Seeds {
		if seed := k.c.FirstSeed + int64(i); k.measured(seed) == nil {
			missing = append(missing, seed)
		}
	}
	begun := time.Now()
	for i, seed := range missing {
		x, err := k.pair(ctx, seed)
		if err != nil {
			return err
		}
		if err := k.journal.Add(&entry{Pair: x}); err != nil {
			return err
		}
		left := time.Since(begun) / time.Duration(i+1) * time.Duration(len(missing)-i-1)
		k.c.progress("seed %d: one %s, isolated %s, islands %s; about %v left", seed, x.One, x.Isolated, x.Islands, left.Round(time.Minute))
	}
	return nil
}

// pair measures one seed: two single nodes beside each other, then two islands.
func (k *clock) pair(ctx context.Context, seed int64) (*Pair, error) {
	x := &Pair{Seed: seed}
	var other Timing
	var otherErr error
	beside, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() { other, otherErr = k.time(beside, k.one(), seed+otherSeeds) })
	var err error
	x.One, err = k.time(ctx, k.one(), seed)
	stop() // a later one is not the faster
	wg.Wait()
	if err == nil && otherErr != nil && beside.Err() == nil {
		err = otherErr
	}
	if err != nil {
		return nil, err
	}
	if x.Isolated = x.One; otherErr == nil && !other.Capped && (x.One.Capped || other.Seconds < x.One.Seconds) {
		x.Isolated = other
	}
	x.Islands, err = k.time(ctx, k.two(), seed)
	return x, err
}

// time measures one network's time to the goal.
func (k *clock) time(ctx context.Context, a *arrangement, seed int64) (t Timing, err error) {
	err = withNetwork(ctx, &k.c.Config, k.p, a, uint64(seed), func(ctx context.Context, nodes []*watched) (err error) {
		w := newWatcher(k.p.id())
		defer w.close()
		t, err = w.timeTo(ctx, nodes, k.goal, k.c.Timeout)
		return err
	})
	return t, err
}

func (t Timing) String() string {
	if t.Capped {
		return fmt.Sprintf("≥ %.1f s", t.Seconds)
	}
	return fmt.Sprintf("%.1f s", t.Seconds)
}

// report sums up the pairs that are whole.
func (k *clock) report() *ClockReport {
	r := &ClockReport{Mode: "clock", Config: *k.c, Machine: newReport(Loopback, k.c.Config).Machine, Goal: k.goal,
		CalibrateSeconds: k.c.CalibrateFor.Seconds(), TimeoutSeconds: k.c.Timeout.Seconds(), Calibration: k.calibrations()}
	r.Config.Goals = []float64{k.goal}
	for i := range k.c.Seeds {
		if x := k.measured(k.c.FirstSeed + int64(i)); x != nil {
			r.Pairs = append(r.Pairs, *x)
		}
	}
	if len(r.Pairs) == 0 {
		return r // an interrupted calibration, say
	}
	figures := func(f func(*Pair) Timing) (s *ClockRow, all []float64) {
		s = &ClockRow{}
		for i := range r.Pairs {
			t := f(&r.Pairs[i])
			all = append(all, t.Seconds)
			if t.Capped {
				s.Capped++
			}
		}
		s.Mean = mean(all)
		s.Low, s.High = meanInterval(all)
		s.Q1, s.Median, s.Q3 = quartiles(slices.Clone(all))
		return s, all
	}
	var one, isolated, islands []float64
	r.One, one = figures(func(x *Pair) Timing { return x.One })
	r.Isolated, isolated = figures(func(x *Pair) Timing { return x.Isolated })
	r.Islands, islands = figures(func(x *Pair) Timing { return x.Islands })
	r.OverOne, r.OverIsolated = ratio(one, islands), ratio(isolated, islands)
	return r
}
