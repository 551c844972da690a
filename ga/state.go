package ga

import (
	"fmt"

	"doin.network/node/compute/genome"
	"doin.network/node/ga/settings"
)

// MaxWindow bounds a search's window.
const MaxWindow = 1 << 17

// State is a whole search after a complete generation, as plain data. Together with the space and the configuration it
// determines everything that follows.
type State struct {
	// Seed is the run's seed.
	Seed uint64
	// Window is how many trials are under way at most: trial i is bred from the results of those up to i − Window.
	Window int
	// Generation is the one that is complete, counted from 0.
	Generation int
	// Pool is the population, the oldest first.
	Pool []Individual
	// Open are the trials under way, in the order of Ask.
	Open []Individual
	// NextGeneration and NextPlace are those of the trial that is bred next.
	NextGeneration, NextPlace int
	// Fresh is how many of the next trials are drawn anew because patience ran out.
	Fresh int
	// Best is the best individual the search has trained itself so far: the one of whom most is expected.
	Best    Individual
	HasBest bool
	// Evaluations counts the trials told so far.
	Evaluations int64
	// Leader is the best fitness, immigrants included, that patience compares with; in a search that races, the most that
	// was expected of anybody when that last rose by more than its error.
	Leader    float64
	HasLeader bool
	// NoImprove counts the generations since Leader last rose.
	NoImprove int
	// Plateau says that patience ran out in a search that races, and Leader has not risen since.
	Plateau bool
}

// Lead takes fitness for the leader's and reports whether it is better.
func (s *State) Lead(fitness float64) bool {
	if s.HasLeader && !better(fitness, s.Leader) {
		return false
	}
	s.Leader, s.HasLeader = fitness, true
	return true
}

// Validate reports why s cannot be a state of a search over the space.
func (s *State) Validate(space genome.Space) error {
	if s.Generation < 0 || s.Generation >= 1<<31 || s.Evaluations < 0 || s.NoImprove < 0 || s.Fresh < 0 || s.Fresh > settings.MaxPopulation {
		return fmt.Errorf("ga: state: counters %d, %d, %d, %d out of range", s.Generation, s.Evaluations, s.NoImprove, s.Fresh)
	}
	if s.NextGeneration < 0 || s.NextGeneration > 1<<31 || s.NextPlace < 0 || s.NextPlace > settings.MaxPopulation {
		return fmt.Errorf("ga: state: next trial %d, %d out of range", s.NextGeneration, s.NextPlace)
	}
	if s.Window < 1 || s.Window > MaxWindow || len(s.Open) >= MaxWindow {
		return fmt.Errorf("ga: state: window %d with %d trials under way", s.Window, len(s.Open))
	}
	if n := len(s.Pool); n < 2 || n > settings.MaxPopulation {
		return fmt.Errorf("ga: state: %d individuals", n)
	}
	check := func(what string, list []Individual) error {
		for i := range list {
			if err := space.Check(list[i].Genome); err != nil {
				return fmt.Errorf("ga: state: %s %d: %w", what, i, err)
			}
			if x := &list[i]; x.Seeds < 0 || x.Seeds > MaxSeeds || len(x.Trainings) > MaxSeeds {
				return fmt.Errorf("ga: state: %s %d: %d seeds, %d trainings", what, i, x.Seeds, len(x.Trainings))
			}
		}
		return nil
	}
	if err := check("individual", s.Pool); err != nil {
		return err
	}
	if err := check("open trial", s.Open); err != nil {
		return err
	}
	if s.HasBest {
		return check("best", []Individual{s.Best})
	}
	return nil
}

// Summary describes a population.
type Summary struct {
	Generation  int
	Population  int
	Evaluations int64
	NoImprove   int
	// Average is the mean fitness of the individuals whose fitness is finite;
	// Finite is how many those are (0: Average is 0).
	Average float64
	Finite  int
}

// Summary returns the figures of the state.
func (s *State) Summary() Summary {
	out := Summary{Generation: s.Generation, Population: len(s.Pool), Evaluations: s.Evaluations, NoImprove: s.NoImprove}
	mean := 0.0
	for i := range s.Pool {
		if f := s.Pool[i].Fitness; f-f == 0 {
			out.Finite++
			// A running mean: a sum of large penalties cannot overflow.
			mean += (f - mean) / float64(out.Finite)
		}
	}
	out.Average = mean
	return out
}
