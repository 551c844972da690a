package ga

import (
	"math"
	"slices"

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
	OriginAgain     Origin = "again"     // a trial that trains an individual of the population with another seed
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
	// nothing while the trial is under way. Of one that was trained again it is the mean of its Trainings, one chain in
	// their order and one division, NaN if one of them is; Status and Metrics stay those of the first.
	Fitness float64
	Status  string
	Metrics *canon.Object
	// Trial is the trial's number, from 0 over the whole search; -1 of an immigrant, and where a resumed state does not tell.
	Trial int64
	// Operator is what made it within its origin: "blend", "blend+mutate". Parents are the numbers of whom it was made of
	// as far as they have one, of a trial that trains somebody again his. Both are what a reader may want to know; no
	// breeding looks at them.
	Operator string
	Parents  []int64

	// Island is which of the searches that share a worker made it, from 0; like Parents it is what a reader may want to know.
	Island int

	// The following is there in a search that races alone, see WithNoise.

	// Seeds is how many seeds Fitness is the mean of: its Trainings, or those an immigrant was confirmed with.
	Seeds int
	// Trainings are those of this search, in the order in which they were told; none of an immigrant.
	Trainings []Training
	// Expected is what another training is expected to score: Fitness shrunk towards the population's middle by its error.
	// Error is the standard deviation of what the individual is worth around it.
	Expected, Error float64

	// Of is, in a trial that trains somebody again, the Seed of whom.
	Of uint64

	pending bool // a trial under way trains it again
}

// Training is one seed's score of an individual.
type Training struct {
	Seed    uint64
	Fitness float64 // finite or NaN
}

// MaxSeeds bounds the seeds of an individual.
const MaxSeeds = 64

// clone returns a copy that shares nothing but Metrics.
func (x *Individual) clone() Individual {
	out := *x
	out.Genome, out.Trainings, out.Parents = x.Genome.Clone(), slices.Clone(x.Trainings), slices.Clone(x.Parents)
	return out
}

// score adds a training.
func (x *Individual) score(t Training) {
	if !finite(t.Fitness) {
		t.Fitness = math.NaN()
	}
	x.Trainings = append(x.Trainings, t)
	x.Seeds = len(x.Trainings)
	sum := 0.0
	for _, t := range x.Trainings {
		sum += t.Fitness
	}
	x.Fitness = sum / float64(x.Seeds)
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
	// Seeds is how many seeds Fitness is the mean of, which is its weight in a search that races; less than 1 is 1.
	Seeds   int
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

// Engine is a Strategy that can be stored, and followed trial by trial.
type Engine interface {
	Strategy
	// Due returns the oldest trial under way, the one whose result Tell takes next; ok is false where there is none.
	Due() (Individual, bool)
	// Told returns how many trials have been told: the number of the trial that is due.
	Told() int64
	// Plateau reports whether what the search may still gain is below the noise of its scores.
	Plateau() bool
	// SetWindow changes the window of a complete generation for what is made from here on, 1 to MaxWindow.
	SetWindow(n int) error
	// State returns the search after a complete generation. It shares with the search only what is never changed.
	State() State
}
