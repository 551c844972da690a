package ga

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"doin.network/node/internal/canon"
)

// Crossover names a way to make a child's genes of its parents'.
type Crossover string

// The crossovers, each package op's function of that name.
const (
	Uniform  Crossover = "uniform"
	TwoPoint Crossover = "two_point"
	Blend    Crossover = "blend"
)

// Placement names whose place an immigrant takes.
type Placement string

// The placements. None takes the place of the best individual or of another immigrant of the same generation.
const (
	PlaceWorst  Placement = "worst"  // that of the worst individual
	PlaceRandom Placement = "random" // that of any individual but the elites
)

// Config holds the settings of a GA. Its JSON form is an object with the names
// below; see ParseConfig.
type Config struct {
	// Population is the number of individuals of a generation. Default 32, 2 to 65536.
	Population int `json:"population"`
	// Elites is how many of the best go over into the next generation unchanged
	// and keep their fitness. Default 2, 0 to Population − 1.
	Elites int `json:"elites"`
	// TournamentSize is how many contestants a selection has. Default 3, 1 to Population.
	TournamentSize int `json:"tournament_size"`
	// Crossover is "uniform", "two_point" or "blend". Default "blend".
	Crossover Crossover `json:"crossover"`
	// CrossoverRate is the chance that a child has two parents. Default 0.8, in [0, 1].
	CrossoverRate float64 `json:"crossover_rate"`
	// MutationRate is the chance of each active gene to change in a child; a child
	// of one parent always changes in one gene at least. Default 0.2, in [0, 1].
	MutationRate float64 `json:"mutation_rate"`
	// MutationSigma is the standard deviation of a numeric change, as a share of
	// the gene's scale. Default 0.15, in (0, 1].
	MutationSigma float64 `json:"mutation_sigma"`
	// Patience is after how many generations without a better individual all but
	// the elites are drawn anew; the count then starts again. Default 20, 0 = never.
	Patience int `json:"patience"`
	// ImmigrantLimit is how many immigrants one generation takes at most. Default 4,
	// 0 to Population − Elites.
	ImmigrantLimit int `json:"immigrants"`
	// Placement is whose place an immigrant takes: "worst" or "random". Default "worst".
	Placement Placement `json:"immigrant_placement"`
	// Retries bounds the attempts to make a child that no other individual of its
	// own and the previous generation equals. Default 8, 0 to 1000.
	Retries int `json:"retries"`
}

// DefaultConfig returns the defaults named at the fields.
func DefaultConfig() Config {
	return Config{
		Population: 32, Elites: 2, TournamentSize: 3,
		Crossover: Blend, CrossoverRate: 0.8, MutationRate: 0.2, MutationSigma: 0.15,
		Patience: 20, ImmigrantLimit: 4, Placement: PlaceWorst, Retries: 8,
	}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	within := func(name string, v, low, high int) {
		if v < low || v > high {
			errs = append(errs, fmt.Errorf("%s %d: must be in [%d, %d]", name, v, low, high))
		}
	}
	share := func(name string, v float64) {
		if !(v >= 0 && v <= 1) { // written so that NaN fails
			errs = append(errs, fmt.Errorf("%s %v: must be in [0, 1]", name, v))
		}
	}
	within("population", c.Population, 2, 1<<16)
	within("elites", c.Elites, 0, c.Population-1)
	within("tournament_size", c.TournamentSize, 1, c.Population)
	switch c.Crossover {
	case Uniform, TwoPoint, Blend:
	default:
		errs = append(errs, fmt.Errorf("crossover %q: must be %q, %q or %q", c.Crossover, Uniform, TwoPoint, Blend))
	}
	switch c.Placement {
	case PlaceWorst, PlaceRandom:
	default:
		errs = append(errs, fmt.Errorf("immigrant_placement %q: must be %q or %q", c.Placement, PlaceWorst, PlaceRandom))
	}
	share("crossover_rate", c.CrossoverRate)
	share("mutation_rate", c.MutationRate)
	if !(c.MutationSigma > 0 && c.MutationSigma <= 1) {
		errs = append(errs, fmt.Errorf("mutation_sigma %v: must be in (0, 1]", c.MutationSigma))
	}
	within("patience", c.Patience, 0, 1<<30)
	within("immigrants", c.ImmigrantLimit, 0, c.Population-c.Elites)
	within("retries", c.Retries, 0, 1000)
	return errors.Join(errs...)
}

// ParseConfig reads a configuration object over the defaults and validates it. An
// unknown key is an error, keys beginning with "$" are comments. Elites, tournament
// size and immigrants that are not given are lowered to what a small population
// allows.
func ParseConfig(o *canon.Object) (Config, error) {
	c := DefaultConfig()
	integers := map[string]*int{
		"population": &c.Population, "elites": &c.Elites, "tournament_size": &c.TournamentSize,
		"patience": &c.Patience, "immigrants": &c.ImmigrantLimit, "retries": &c.Retries,
	}
	reals := map[string]*float64{
		"crossover_rate": &c.CrossoverRate, "mutation_rate": &c.MutationRate, "mutation_sigma": &c.MutationSigma,
	}
	var errs []error
	for _, k := range o.Keys() {
		var err error
		switch {
		case strings.HasPrefix(k, "$"):
		case integers[k] != nil:
			var n int64
			if n, err = o.Int(k); err == nil {
				*integers[k] = int(n)
			}
		case reals[k] != nil:
			*reals[k], err = o.Float(k)
		case k == "crossover":
			var s string
			s, err = o.String(k)
			c.Crossover = Crossover(s)
		case k == "immigrant_placement":
			var s string
			s, err = o.String(k)
			c.Placement = Placement(s)
		default:
			err = fmt.Errorf("unknown key %.80q", k)
		}
		errs = append(errs, err)
	}
	given := func(k string) bool { return slices.Contains(o.Keys(), k) }
	if !given("elites") {
		c.Elites = max(min(c.Elites, c.Population/4), 0)
	}
	if !given("tournament_size") {
		c.TournamentSize = max(min(c.TournamentSize, c.Population), 1)
	}
	if !given("immigrants") {
		c.ImmigrantLimit = max(min(c.ImmigrantLimit, c.Population/4), 0)
	}
	if err := errors.Join(errs...); err != nil {
		return c, fmt.Errorf("ga: configuration: %w", err)
	}
	if err := c.Validate(); err != nil {
		return c, fmt.Errorf("ga: configuration: %w", err)
	}
	return c, nil
}
