// Package search joins the strategies of L2 to the worker protocol: it makes what
// runs behind the verb optimize.
//
// Strategies are "ga", the genetic search of package ga over the domain's space; "cma" and "catcma", package ga/cma's, the first
// over spaces of unconditional reals alone, the second over any; "meta", the genetic search with a guide of package ga/meta, which
// knows what other searches have taught; "portfolio", package ga/portfolio over the genetic search, CMA-ES and random search; and
// "hill_climber", a domain's own steps. All but the last can be several islands, package ga/archipelago. Each turns its
// state into a worker.Record after a generation and back when it resumes.
package search

import (
	"fmt"
	"slices"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
)

// New makes the search that spec.Settings names under "strategy", or, if they
// name none, the one that suits the domain; the other settings are the strategy's.
// An error wraps worker.ErrRefused: settings or resumed record are not acceptable.
func New(spec worker.SearchSpec) (worker.Searcher, error) {
	name, err := spec.Settings.StringOr("strategy", spec.Domain.Describe().Strategy)
	if err != nil {
		return nil, refused(err)
	}
	settings := spec.Settings.Clone()
	settings.Delete("strategy")
	if r := spec.Resume; r != nil && (r.Strategy != name || r.Seed != spec.Seed) {
		return nil, refused(fmt.Errorf("record of a %.32q search with seed %d, want %q with %d", r.Strategy, r.Seed, name, spec.Seed))
	}
	switch {
	case slices.Contains(genomeStrategies, name):
		return newGenetic(spec, name, settings)
	case name == domain.StrategyHillClimber:
		return newClimber(spec, settings)
	}
	return nil, refused(fmt.Errorf("strategy %.80q: must be one of %q", name, Strategies()))
}

// Strategies returns the names that New takes, fresh.
func Strategies() []string { return append(slices.Clone(genomeStrategies), domain.StrategyHillClimber) }

// genomeStrategies are those over a space of genomes.
var genomeStrategies = []string{domain.StrategyGA, domain.StrategyCMA, domain.StrategyCatCMA, domain.StrategyPortfolio, domain.StrategyMeta}

func refused(err error) error { return fmt.Errorf("%w: %w", worker.ErrRefused, err) }

// object returns o, or an empty object for nil: records hold no null.
func object(o *canon.Object) *canon.Object {
	if o == nil {
		return canon.NewObject()
	}
	return o
}
