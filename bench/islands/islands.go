// Package islands measures what a network of nodes is worth: the rounds, evaluations and seconds until a goal is reached
// by one node, by several that exchange champions, by as many that do not, and by one that is given as many evaluations.
//
// There are three ways to measure. [Simulate] runs the searches of the worker in this process under a virtual clock: a
// round is one generation of every island, and champions take a number of rounds to arrive; it is a function of the seeds,
// so its figures can be asserted. [Real] starts the node program as networks on loopback and reads their public API.
// [Join] watches nodes that are running already. All of them fill the same rows. [Clock] is apart: it takes the seconds of
// real nodes on one thread each, over many seeds, and goes on where it was stopped.
//
// A goal is a performance, and it is reached by the first training of any island's own search that has it. The searches'
// seeds are those of "doin-node local" with the same seed in its configuration, so a real node alone repeats a simulated
// one round for round.
//
// Intervals are percentile bootstraps (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993) of the mean, and of
// ratios of means with the runs paired by seed.
package islands

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"doin.network/node/compute/domain"
	"doin.network/node/ga/island"
)

// Bounds of a Config.
const (
	MaxNodes = 64
	MaxSeeds = 1_000_000
)

// Config says what to measure.
type Config struct {
	// Domain is Quadratic or Forecast. Default Quadratic.
	Domain string `json:"domain"`
	// Path is the node configuration that a domain is taken from; quadratic needs none.
	Path string `json:"config,omitempty"`
	// Nodes are the numbers of nodes, 1 to MaxNodes; one node is always measured. Default 1, 2, 4.
	Nodes []int `json:"nodes"`
	// Seeds is the number of runs of each arrangement, FirstSeed the first one's seed. Default 20 from 1, 1 to MaxSeeds.
	Seeds     int   `json:"seeds"`
	FirstSeed int64 `json:"first_seed"`
	// Strategies are domain.StrategyHillClimber and domain.StrategyGA. Default: both for quadratic, GA for others.
	Strategies []string `json:"strategies"`
	// Population is that of a GA; 0 is the configuration's own, for quadratic 16.
	Population int `json:"population,omitempty"`
	// Goals are the performances to reach. Default for quadratic: the reference's −100.
	Goals []float64 `json:"goals"`
	// Lags are the rounds that a champion takes from one island to the others, ≥ 1; simulation only. Default 1, 2, 5.
	Lags []int `json:"lags,omitempty"`
	// Migration of the arrangements that are compared with the baselines. Default island.DefaultConfig.
	Migration island.Config `json:"migration"`
	// Compare adds every topology, policy, interval (1 and 4) and, for a GA, placement, for the largest number of nodes and
	// the first lag; simulation only.
	Compare bool `json:"compare,omitempty"`
	// CompareSeeds is the number of runs of those, at most Seeds. Default 200, min 1.
	CompareSeeds int `json:"compare_seeds,omitempty"`
	// MaxRounds ends a run that has not reached its goals. Default 1000.
	MaxRounds int `json:"max_rounds"`
	// Timeout ends a real run, Parallel is how many run at once, Pace is the pause between two rounds of a quadratic
	// domain. Defaults 5 min, 1, 2 s.
	Timeout  time.Duration `json:"-"`
	Parallel int           `json:"parallel,omitempty"`
	Pace     time.Duration `json:"-"`
	// NodeExe is the node program of real runs; doin-worker lies beside it.
	NodeExe string `json:"-"`
	// Endpoints are the nodes to join, host:port.
	Endpoints []string `json:"endpoints,omitempty"`
	// Progress is called with a line per arrangement; nil for none. Calls come one at a time.
	Progress func(string) `json:"-"`
}

// DefaultConfig returns the defaults named at the fields, for quadratic.
func DefaultConfig() Config {
	return Config{Domain: Quadratic, Nodes: []int{1, 2, 4}, Seeds: 20, FirstSeed: 1, Lags: []int{1, 2, 5},
		Migration: island.DefaultConfig(), CompareSeeds: 200, MaxRounds: 1000, Timeout: 5 * time.Minute, Parallel: 1, Pace: 2 * time.Second}
}

// complete fills what depends on the domain and reports every problem at once.
func (c *Config) complete() error {
	if len(c.Strategies) == 0 {
		if c.Strategies = []string{domain.StrategyGA}; c.Domain == Quadratic {
			c.Strategies = []string{domain.StrategyHillClimber, domain.StrategyGA}
		}
	}
	if c.Domain == Quadratic {
		if len(c.Goals) == 0 {
			c.Goals = []float64{quadraticGoal}
		}
		if c.Population == 0 {
			c.Population = 16
		}
	}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Domain != Quadratic && c.Domain != Forecast {
		bad("domain %q: must be %q or %q", c.Domain, Quadratic, Forecast)
	}
	if len(c.Nodes) == 0 || slices.Min(c.Nodes) < 1 || slices.Max(c.Nodes) > MaxNodes {
		bad("nodes %v: must be in [1, %d]", c.Nodes, MaxNodes)
	}
	if c.Seeds < 1 || c.Seeds > MaxSeeds || c.FirstSeed < 0 || c.FirstSeed > 1<<31 {
		bad("seeds %d from %d: must be in [1, %d], from [0, 2³¹]", c.Seeds, c.FirstSeed, MaxSeeds)
	}
	for _, s := range c.Strategies {
		if s != domain.StrategyHillClimber && s != domain.StrategyGA {
			bad("strategy %q: must be %q or %q", s, domain.StrategyHillClimber, domain.StrategyGA)
		}
	}
	if len(c.Goals) == 0 {
		bad("a goal is required for domain %q", c.Domain)
	}
	if len(c.Lags) == 0 || slices.Min(c.Lags) < 1 {
		bad("lags %v: must be at least 1", c.Lags)
	}
	if c.MaxRounds < 1 || c.Population < 0 || c.CompareSeeds < 1 || c.Parallel < 1 || c.Timeout <= 0 || c.Pace < 0 {
		bad("rounds %d, population %d, runs to compare %d, parallel %d, timeout %v, pace %v: out of range", c.MaxRounds, c.Population, c.CompareSeeds, c.Parallel, c.Timeout, c.Pace)
	}
	errs = append(errs, c.Migration.Validate())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("islands: %w", err)
	}
	return nil
}

func (c *Config) progress(format string, args ...any) {
	if c.Progress != nil {
		c.Progress(fmt.Sprintf(format, args...))
	}
}

// Mode is how rows were measured.
type Mode string

// The modes.
const (
	Simulated Mode = "simulated"
	Loopback  Mode = "real"
	Joined    Mode = "joined"
)

// Machine names where it was measured.
type Machine struct {
	Cores int    `json:"cores"`
	Arch  string `json:"arch"`
	OS    string `json:"os"`
	Go    string `json:"go"`
}

// Report is everything that was measured, as --json prints it.
type Report struct {
	Mode    Mode    `json:"mode"`
	Config  Config  `json:"config"`
	Machine Machine `json:"machine"`
	Rows    []Row   `json:"rows"`
	// Repeated and Alone are, of a real measurement, how many of the runs of one hill climber took exactly the rounds that
	// the simulation gives for their seeds, and how many such runs there were.
	Repeated int `json:"repeated,omitempty"`
	Alone    int `json:"alone,omitempty"`
}

func newReport(mode Mode, c Config) *Report {
	return &Report{Mode: mode, Config: c,
		Machine: Machine{Cores: runtime.NumCPU(), Arch: runtime.GOARCH, OS: runtime.GOOS, Go: runtime.Version()}}
}
