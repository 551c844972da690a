package ga

import (
	"doin.network/node/compute/genome"
	"doin.network/node/internal/canon"
)

// Origin says how an individual came to be.
type Origin string

// The origins.
const (
	OriginRandom    Origin = "random"    // drawn uniformly from the space
	OriginCrossover Origin = "crossover" // child of two parents, perhaps mutated
	OriginMutation  Origin = "mutation"  // mutated child of one parent
	OriginRestart   Origin = "restart"   // drawn uniformly after patience ran out
	OriginImmigrant Origin = "immigrant" // found elsewhere, with the fitness it came with
)

// Individual is a trial, under way or told, or an immigrant.
type Individual struct {
	Genome genome.Genome
	// Origin is how the genome was made.
	Origin Origin
	// Generation and Seed are the trial's: Seed is its training's, rng.SearchSeed of run seed, generation and place in it.
	// For an immigrant the generation it joined after, and 0.
	Generation int
	Seed       uint64
	// Fitness is higher for better; NaN counts as worst. Like Status and Metrics, what the training reported, it means
	// nothing while the trial is under way.
	Fitness float64
	Status  string
	Metrics *canon.Object
}

// Candidate is a trial to be trained.
type Candidate struct {
	// Trial counts from 0 over the whole search.
	Trial  int64
	Genome genome.Genome // the strategy's: read only
	Seed   uint64
}

// Result is the outcome of a candidate's training.
type Result struct {
	Trial   int64
	Fitness float64
	Status  string
	Metrics *canon.Object
}

// Immigrant is a genome found elsewhere with its verified fitness.
type Immigrant struct {
	Genome  genome.Genome
	Fitness float64
	Metrics *canon.Object
}

// Strategy is a search that is asked for trials and told their results. A GA is one.
type Strategy interface {
	// Ask returns the next trial; ok is false when as many are under way as the window allows, or the generation's
	// trials are told or under way and the next ones wait for Advance.
	Ask() (c Candidate, ok bool)
	// Tell takes the result of the oldest trial under way. ErrOrder: it is another's, or Advance is due.
	Tell(r Result) error
	// Complete reports that a generation's trials are told: the time for State, Immigrants and Advance.
	Complete() bool
	// Immigrants joins genomes to a complete generation and returns how many were taken.
	Immigrants(list []Immigrant) (int, error)
	// Advance goes on after a complete generation.
	Advance() error
	// Best returns the best individual this search has trained itself.
	Best() (Individual, bool)
}
