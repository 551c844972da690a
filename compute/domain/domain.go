package domain

import (
	"context"
	"errors"

	"doin.network/node/compute/genome"
	"doin.network/node/internal/canon"
)

// Errors that callers of a domain branch on.
var (
	// ErrRecipe is returned (wrapped, with the reason) by Check, Genome, Claim and Try for parameters that are no recipe
	// of the domain, and by Claim and Try for seeds and folds that are none.
	ErrRecipe = errors.New("domain: not a recipe of this domain")
	// ErrDataHash is returned (wrapped) by Check, Claim and Try for a recipe that is in order but was made for other data or
	// other settings of the problem: the caller cannot judge it and abstains.
	ErrDataHash = errors.New("domain: recipe for other data")
	// ErrConfig is what every error of a domain's constructor about its configuration wraps.
	ErrConfig = errors.New("domain: configuration")
	// ErrInput is returned (wrapped, with the reason) by Infer for an input that it cannot answer.
	ErrInput = errors.New("domain: inference input")
	// ErrSynthetic is returned (wrapped) by Score for synthetic data that the domain did not make.
	ErrSynthetic = errors.New("domain: synthetic data of another domain")
	// ErrDiverged is returned by Score for a model that diverged: it has no error.
	ErrDiverged = errors.New("domain: the run diverged")
)

// Domain is one optimization problem, configured and with its data loaded. It is safe for concurrent use.
type Domain interface {
	// Describe returns what the domain is. The caller must not change what it points to.
	Describe() Description
	// Claim trains (or evaluates) a recipe as a claim has it: with each of the seeds, 1 to MaxSeeds, on each of the
	// domain's folds. Everything that takes time is done within each; nil is AtOnce. It returns what Check returns for a
	// bad recipe, and ctx's error when cancelled; a run that diverges is a Model, not an error.
	Claim(ctx context.Context, parameters *canon.Object, seeds []uint64, each Each) (Model, error)
	// Try trains what a search asks for. Within each, and with the errors of Claim.
	Try(ctx context.Context, t Trial, each Each) (Tried, error)
	// Generate makes the synthetic data of an evaluator from its seed.
	Generate(ctx context.Context, seed uint32) (*Synthetic, error)
	// Naive returns the baseline that is scored before there is a champion. It is never nil.
	Naive() Model
	// Check refuses parameters that are no recipe of this domain, without training: an error wrapping ErrRecipe, or
	// ErrDataHash if only the data differ.
	Check(parameters *canon.Object) error
	// Parameters wraps a genome of the described space into a recipe that passes Check. The genome is not kept. It
	// panics for a genome that Space.Check refuses.
	Parameters(g genome.Genome) *canon.Object
	// Genome is the inverse, for immigrants: the genome of the space that is nearest to a recipe.
	Genome(parameters *canon.Object) (genome.Genome, error)
}

// Model is the outcome of a claim: immutable and safe for concurrent use.
type Model interface {
	// Performance is higher-is-better and finite; NaN for a run that diverged.
	Performance() float64
	// Digest identifies the outcome bit for bit, in hex; empty for a model that was not trained.
	Digest() string
	// Metrics returns a fresh object of the measured numbers, all finite.
	Metrics() *canon.Object
	// Cases returns the error of each validation case, ≥ 0, in units of CaseUnit; see CaseError. nil: the domain has no
	// cases, or the run diverged. The caller must not change them.
	Cases() []int64
	// Score returns the model's error on synthetic data: ≥ 0, finite, lower is better; ErrDiverged where there is none.
	Score(ctx context.Context, s *Synthetic) (float64, error)
	// Infer answers an inference request; the members are the domain's. A bad input is an error wrapping ErrInput.
	Infer(ctx context.Context, input *canon.Object) (*canon.Object, error)
}

// Description says what a domain is. Its pointers are shared: read only.
type Description struct {
	// Plugin is the domain's canonical plugin name.
	Plugin string
	// Space is what a search may vary.
	Space genome.Space
	// DataHash identifies data and settings that results depend on, in hex.
	DataHash string
	// PerformanceMetric names the performance, for tables and charts.
	PerformanceMetric string
	// HigherIsBetter is true: every performance of a Model is so.
	HigherIsBetter bool
	// Strategy is the search that suits the domain: StrategyGA or StrategyHillClimber.
	Strategy string
	// Baselines holds the metrics of the naive models.
	Baselines *canon.Object
	// ContractVersion names the numeric contract of training.
	ContractVersion string
	// Defaults holds the settings in force, defaults included.
	Defaults *canon.Object
	// Notes say what of the data was dropped, decided or looks wrong: sentences without a full stop.
	Notes []string
	// Folds is the number of origins or folds, each of which is a training for every seed of a claim; 1 where the data are
	// not divided.
	Folds int
	// Cases is the number of validation cases over all folds; 0: the domain has none.
	Cases int
	// Deterministic says that a seed has no influence, so that a claim needs one only.
	Deterministic bool
}

// The strategies that Description.Strategy names.
const (
	StrategyGA          = "ga"
	StrategyHillClimber = "hill_climber"
)

// Strategies of spaces that a configuration may name instead of StrategyGA.
const (
	StrategyCMA    = "cma"    // reals alone
	StrategyCatCMA = "catcma" // any space
	// StrategyPortfolio gives most trials to the one that pays of the genetic search, CMA-ES and random search.
	StrategyPortfolio = "portfolio"
	StrategyMeta      = "meta" // the genetic search, advised by what other searches have taught; any space
)

// Stepper is a domain with a search strategy of its own that goes one round per call.
type Stepper interface {
	// Seed restarts the strategy from the seed of a run, unless the domain's configuration has a seed of its own: then
	// it restarts from that one.
	Seed(seed uint64)
	// Step makes one round from the best known parameters (ignored unless hasBest) and returns the better of them and
	// one new candidate, with its performance. An error wraps ErrRecipe: best cannot be read.
	Step(best *canon.Object, bestPerformance float64, hasBest bool) (parameters *canon.Object, performance float64, err error)
}

// Repairer is a domain whose recipes must meet a limit beyond the bounds of single genes.
type Repairer interface {
	// Repair returns a genome that meets the limit: g itself (not copied) if it does already, else a changed copy. It is
	// a pure function. Parameters applies it too; a search that does it first sees the genome it evaluates.
	Repair(g genome.Genome) genome.Genome
}
