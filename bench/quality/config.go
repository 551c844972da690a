package quality

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"doin.network/node/compute/domain"
)

// Config says what is measured. Make one by DefaultConfig.
type Config struct {
	// Data is the directory of the sets.
	Data string `json:"data"`
	// Sets are the names of those to measure, or the words forecast and tabular; empty: all.
	Sets []string `json:"sets,omitempty"`
	// Budget bounds the seconds of one search with its claims; the generation and the claim under way are finished. 0: none.
	Budget time.Duration `json:"budget_ns"`
	// Evaluations bounds the trainings of one search; the generation under way is finished. 0: none.
	Evaluations int64 `json:"evaluations"`
	// Seeds is how many searches are made of each set and horizon, with the seeds FirstSeed and up.
	Seeds     int    `json:"seeds"`
	FirstSeed uint64 `json:"first_seed"`
	// Population is the search's.
	Population int `json:"population"`
	// ClaimSeeds is the number of seeds of a claim, 1 to domain.MaxSeeds.
	ClaimSeeds int `json:"claim_seeds"`
	// Rule says which claim replaces the champion.
	Rule Rule `json:"rule"`
	// Worker is the worker program, Trainings how many it makes at a time. A run depends on the latter.
	Worker    string `json:"-"`
	Trainings int    `json:"trainings_at_a_time"`
	// Run makes the anchors again where R and Python are there.
	Run bool `json:"-"`
	// Journal is the path of a file that keeps what has been measured, so that nothing is measured twice; "" is none.
	Journal string `json:"-"`
	// Progress gets lines for people; nil discards.
	Progress func(line string) `json:"-"`
}

// DefaultConfig returns the defaults; Data and Worker are empty.
func DefaultConfig() Config {
	return Config{Budget: time.Minute, Seeds: 5, FirstSeed: 1, Population: 12, ClaimSeeds: 4, Rule: DefaultRule(), Trainings: 1}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	that := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	that(c.Data != "", "data: the directory of the sets is missing")
	if c.Data != "" {
		_, err := os.Stat(filepath.Join(c.Data, setsFile))
		that(err == nil, "data %s: no %s there", c.Data, setsFile)
	}
	that(c.Budget >= 0, "budget %v: must not be negative", c.Budget)
	that(c.Evaluations >= 0, "evaluations %d: must not be negative", c.Evaluations)
	that(c.Budget > 0 || c.Evaluations > 0, "give a budget or a number of evaluations")
	that(c.Seeds >= 1 && c.Seeds <= 1000, "seeds %d: must be 1 to 1000", c.Seeds)
	that(c.Population >= 4 && c.Population <= 65536, "population %d: must be 4 to 65536", c.Population)
	that(c.ClaimSeeds >= 1 && c.ClaimSeeds <= domain.MaxSeeds, "claim seeds %d: must be 1 to %d", c.ClaimSeeds, domain.MaxSeeds)
	that(c.Trainings >= 1 && c.Trainings <= 512, "trainings at a time %d: must be 1 to 512", c.Trainings)
	that(c.Worker != "", "worker: the program is missing")
	_, err := c.Rule.rules()
	that(err == nil, "rule: %v", err)
	return errors.Join(errs...)
}

func (c *Config) say(format string, args ...any) {
	if c.Progress != nil {
		c.Progress(fmt.Sprintf(format, args...))
	}
}
