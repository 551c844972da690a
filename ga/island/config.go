package island

import (
	"errors"
	"fmt"
	"slices"
)

// Topology names from whom an island takes immigrants.
type Topology string

// The topologies.
const (
	// Full takes from every island.
	Full Topology = "full"
	// Ring takes from the island before one's own in the order of the ids, the last coming before the first.
	Ring Topology = "ring"
	// Random takes from Degree islands that are drawn anew for every opening.
	Random Topology = "random"
	// Torus takes from the four neighbours in a grid as near to square as the number of islands allows, its edges joined.
	Torus Topology = "torus"
	// Hypercube takes from the islands whose number, in the order of the ids, differs in one binary digit.
	Hypercube Topology = "hypercube"
	// SmallWorld takes from both neighbours in the ring, and from one more that is drawn once (Newman and Watts, 1999).
	SmallWorld Topology = "small_world"
	// Isolated takes from nobody.
	Isolated Topology = "none"
)

// Topologies returns the names, fresh.
func Topologies() []string {
	return []string{string(Full), string(Ring), string(Random), string(Torus), string(Hypercube), string(SmallWorld), string(Isolated)}
}

// Policy names which of the champions that have arrived are let in.
type Policy string

// The policies.
const (
	// All lets everything in, the best first.
	All Policy = "all"
	// Best lets the best in and forgets the others.
	Best Policy = "best"
	// Draw lets one of the Top best in, drawn at random, and forgets the others.
	Draw Policy = "draw"
)

// Policies returns the names, fresh.
func Policies() []string { return []string{string(All), string(Best), string(Draw)} }

// Bounds of the numbers of a Config.
const (
	MaxDegree   = 64
	MaxTop      = 64
	MaxNumber   = 64
	MaxInterval = 1_000_000
)

// Config says how champions migrate to one island.
type Config struct {
	// Topology is from whom. Default Full.
	Topology Topology `json:"topology"`
	// Degree is from how many under Random. Default 1, 1 to MaxDegree.
	Degree int `json:"degree"`
	// Policy is which of those that have arrived. Default All.
	Policy Policy `json:"policy"`
	// Top is among how many of the best Draw draws. Default 3, 1 to MaxTop.
	Top int `json:"top"`
	// Number is how many of those that All would let in enter at an opening, the best first; the others are forgotten. Default 64, 1
	// to MaxNumber.
	Number int `json:"number"`
	// Interval is the number of rounds from one opening to the next. Default 1, 1 to MaxInterval.
	Interval int `json:"interval"`
}

// DefaultConfig returns the defaults named at the fields: every champion enters the next round.
func DefaultConfig() Config {
	return Config{Topology: Full, Degree: 1, Policy: All, Top: 3, Number: MaxNumber, Interval: 1}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	if !slices.Contains(Topologies(), string(c.Topology)) {
		errs = append(errs, fmt.Errorf("topology %q: must be one of %q", c.Topology, Topologies()))
	}
	switch c.Policy {
	case All, Best, Draw:
	default:
		errs = append(errs, fmt.Errorf("policy %q: must be one of %q", c.Policy, Policies()))
	}
	within := func(name string, v, high int) {
		if v < 1 || v > high {
			errs = append(errs, fmt.Errorf("%s %d: must be in [1, %d]", name, v, high))
		}
	}
	within("degree", c.Degree, MaxDegree)
	within("top", c.Top, MaxTop)
	within("number", c.Number, MaxNumber)
	within("interval", c.Interval, MaxInterval)
	return errors.Join(errs...)
}
