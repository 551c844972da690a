package ga

import (
	"errors"
	"fmt"

	"doin.network/node/ga/settings"
	"doin.network/node/internal/canon"
)

// Crossover names a way to make a child's genes of its parents'.
type Crossover string

// The crossovers, each package op's function of that name.
const (
	Uniform      Crossover = "uniform"
	TwoPoint     Crossover = "two_point"
	Blend        Crossover = "blend"
	Differential Crossover = "differential" // and half of them blend
)

// Placement names whose place an immigrant takes.
type Placement string

// The placements. None takes the place of an elite or of another immigrant of the same generation.
const (
	PlaceWorst  Placement = "worst"  // that of the worst individual
	PlaceRandom Placement = "random" // that of any individual but the elites
)

// Config holds the settings of a GA. Its JSON form is an object with the names
// below; bounds and defaults are those of package settings.
type Config struct {
	// Population is how many individuals are bred from, and how many told trials make a generation. Default 32, 2 to 65536.
	Population int `json:"population"`
	// Elites is how many of the best stay in the population whatever their age. Default 2, 0 to Population − 1.
	Elites int `json:"elites"`
	// TournamentSize is how many contestants a selection has while few trials are under way; it grows with the window, to
	// three times as many when as many trials are under way as the population has individuals. Default 3, 1 to Population.
	TournamentSize int `json:"tournament_size"`
	// Crossover is "uniform", "two_point", "blend" or "differential". Default "blend".
	Crossover Crossover `json:"crossover"`
	// CrossoverRate is the chance that a child has two parents. Default 0.8, in [0, 1].
	CrossoverRate float64 `json:"crossover_rate"`
	// MutationRate is the chance of each active gene to change in a child; a child
	// of one parent always changes in one gene at least. Default 0.2, in [0, 1].
	MutationRate float64 `json:"mutation_rate"`
	// MutationSigma is the standard deviation of a numeric change, as a share of
	// the gene's scale. Default 0.15, in (0, 1].
	MutationSigma float64 `json:"mutation_sigma"`
	// Patience is after how many generations without a better individual the next Population − Elites trials are drawn
	// anew; the count then starts again. Default 20, 0 = never.
	Patience int `json:"patience"`
	// ImmigrantLimit is how many immigrants one generation takes at most. Default 4,
	// 0 to Population − Elites.
	ImmigrantLimit int `json:"immigrants"`
	// Placement is whose place an immigrant takes: "worst" or "random". Default "worst".
	Placement Placement `json:"immigrant_placement"`
	// Retries bounds the attempts to make a child that nobody in the population or under way equals.
	// Default 8, 0 to 1000.
	Retries int `json:"retries"`
	// RacingSeeds is with how many seeds an individual that could matter is trained at most in a search made with WithNoise;
	// 1: no racing. Default 8, 1 to MaxSeeds.
	RacingSeeds int `json:"racing_seeds"`
}

// DefaultConfig returns the defaults named at the fields.
func DefaultConfig() Config {
	c, err := ParseConfig(nil)
	if err != nil {
		panic(err) // the table contradicts itself
	}
	return c
}

// fields are the places of the table's keys in c.
func (c *Config) fields() map[string]any {
	return map[string]any{
		"population": &c.Population, "elites": &c.Elites, "tournament_size": &c.TournamentSize,
		"crossover": &c.Crossover, "crossover_rate": &c.CrossoverRate, "mutation_rate": &c.MutationRate,
		"mutation_sigma": &c.MutationSigma, "patience": &c.Patience, "immigrants": &c.ImmigrantLimit,
		"immigrant_placement": &c.Placement, "retries": &c.Retries, "racing_seeds": &c.RacingSeeds,
	}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	fields := c.fields()
	for _, k := range settings.Keys() {
		var v any
		switch f := fields[k.Name].(type) {
		case nil: // of islands
			continue
		case *int:
			v = int64(*f)
		case *float64:
			v = *f
		case *Crossover:
			v = string(*f)
		case *Placement:
			v = string(*f)
		}
		_, err := k.Value(v)
		errs = append(errs, err)
	}
	errs = append(errs, settings.Relations(int64(c.Population), int64(c.Elites), int64(c.TournamentSize), int64(c.ImmigrantLimit)))
	return errors.Join(errs...)
}

// ParseConfig reads a configuration object by the table of package settings: an unknown key is an error, keys beginning
// with "$" are comments. Elites, tournament size and immigrants that are not given are lowered to what a small population
// allows.
func ParseConfig(o *canon.Object) (c Config, err error) {
	values, err := settings.Read(o)
	for name, field := range c.fields() {
		switch f := field.(type) {
		case *int:
			*f = int(values[name].(int64))
		case *float64:
			*f = values[name].(float64)
		case *Crossover:
			*f = Crossover(values[name].(string))
		case *Placement:
			*f = Placement(values[name].(string))
		}
	}
	if err != nil {
		return c, fmt.Errorf("ga: configuration: %w", err)
	}
	return c, nil
}
