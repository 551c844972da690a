package ga

import (
	"fmt"

	"doin.network/node/compute/genome"
)

// State is a whole search as plain data. Together with the space and the
// configuration it determines everything that follows.
type State struct {
	// Seed is the run's seed.
	Seed uint64
	// Generation counts from 0.
	Generation int
	// Individuals is the population of that generation.
	Individuals []Individual
	// Best is the best individual the search has trained itself so far.
	Best    Individual
	HasBest bool
	// Evaluations counts the trainings told so far.
	Evaluations int64
	// Leader is the best fitness, immigrants included, that patience compares with.
	Leader    float64
	HasLeader bool
	// NoImprove counts the generations since Leader last rose.
	NoImprove int
}

// Clone returns a copy that shares only metrics objects, which are never changed.
func (s *State) Clone() State {
	c := *s
	c.Individuals = append([]Individual(nil), s.Individuals...)
	for i := range c.Individuals {
		c.Individuals[i].Genome = c.Individuals[i].Genome.Clone()
	}
	c.Best.Genome = s.Best.Genome.Clone()
	return c
}

// Validate reports why s cannot be a state of a search over the space.
func (s *State) Validate(space genome.Space) error {
	if s.Generation < 0 || s.Generation >= 1<<31 || s.Evaluations < 0 || s.NoImprove < 0 {
		return fmt.Errorf("ga: state: counters %d, %d, %d out of range", s.Generation, s.Evaluations, s.NoImprove)
	}
	if n := len(s.Individuals); n < 2 || n > 1<<16 {
		return fmt.Errorf("ga: state: %d individuals", n)
	}
	for i := range s.Individuals {
		if err := space.Check(s.Individuals[i].Genome); err != nil {
			return fmt.Errorf("ga: state: individual %d: %w", i, err)
		}
	}
	if s.HasBest {
		if err := space.Check(s.Best.Genome); err != nil {
			return fmt.Errorf("ga: state: best: %w", err)
		}
	}
	return nil
}

// Summary describes an evaluated population.
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

// Summary returns the figures of the current generation.
func (s *State) Summary() Summary {
	out := Summary{Generation: s.Generation, Population: len(s.Individuals),
		Evaluations: s.Evaluations, NoImprove: s.NoImprove}
	mean := 0.0
	for i := range s.Individuals {
		ind := &s.Individuals[i]
		if f := ind.Fitness; ind.Evaluated && f-f == 0 {
			out.Finite++
			// A running mean: a sum of large penalties cannot overflow.
			mean += (f - mean) / float64(out.Finite)
		}
	}
	out.Average = mean
	return out
}
