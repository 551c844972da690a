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

// Individual is one member of a population, evaluated or not.
type Individual struct {
	Genome genome.Genome
	// Origin is how the genome was made; an elite keeps that of its first generation.
	Origin Origin
	// Generation and Seed are those of the training that gave Fitness; for an
	// immigrant the generation it joined after, and 0.
	Generation int
	Seed       uint64
	// Evaluated says that Fitness, Status and Metrics are there.
	Evaluated bool
	// Fitness is higher for better; NaN counts as worst.
	Fitness float64
	// Status and Metrics are what the training reported, kept for records.
	Status  string
	Metrics *canon.Object
}

// Candidate is an individual that waits for its training.
type Candidate struct {
	// Index is its place in the population.
	Index  int
	Genome genome.Genome
	// Seed is the training's: rng.SearchSeed of run seed, generation and index.
	Seed uint64
}

// Result is the outcome of a candidate's training.
type Result struct {
	Index   int
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

// Strategy is a search by generations. A GA is one; a domain's own hill climber,
// whose generation is one candidate, is another.
type Strategy interface {
	// Ask returns the candidates of this generation that are not evaluated yet, in
	// index order. The genomes are the strategy's: read only.
	Ask() []Candidate
	// Tell takes results of candidates, in any order and any number of calls. An
	// unknown or already evaluated index is an error and changes nothing.
	Tell(results []Result) error
	// Immigrants joins genomes after all candidates are told and before Advance.
	// It returns how many were taken.
	Immigrants(list []Immigrant) (int, error)
	// Advance makes the next generation; every candidate must have been told.
	Advance() error
	// Best returns the best individual this search has trained itself.
	Best() (Individual, bool)
}
