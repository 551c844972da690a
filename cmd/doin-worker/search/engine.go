package search

import (
	"errors"
	"fmt"
	"strconv"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/worker"
	"doin.network/node/compute/worker/table"
	"doin.network/node/ga"
	"doin.network/node/ga/archipelago"
	"doin.network/node/ga/cma"
	"doin.network/node/ga/island"
	"doin.network/node/ga/meta"
	"doin.network/node/ga/portfolio"
	"doin.network/node/ga/prior"
	"doin.network/node/ga/settings"
	"doin.network/node/internal/canon"
)

// The record's extra members of an engine.
const (
	windowKey         = "window"
	nextGenerationKey = "next_generation"
	nextPlaceKey      = "next_place"
	freshKey          = "fresh"
	cmaKey            = "cma"       // the inner search of a cma.Strategy
	metaKey           = "meta"      // a meta.Adviser
	portfolioKey      = "portfolio" // a portfolio.State
	islandsKey        = "islands"   // how many there are
	partKey           = "part."     // with a number: the record, without rows, of an arm or an island
)

// saved is what an engine goes on from.
type saved struct {
	state ga.State
	extra map[string]string
}

// taught is the genetic search with its guide.
type taught struct {
	*ga.GA
	advice *meta.Adviser
}

// maker makes the engines of a search, or resumes them.
type maker struct {
	spec   *worker.SearchSpec
	space  genome.Space
	repair func(genome.Genome) genome.Genome // nil: none
}

func newMaker(spec *worker.SearchSpec) *maker {
	m := &maker{spec: spec, space: spec.Domain.Describe().Space}
	if r, ok := spec.Domain.(domain.Repairer); ok {
		m.repair = r.Repair
	}
	return m
}

// search is what settings ask for: one engine, or several islands of them.
func (m *maker) search(name string, o *canon.Object, from *saved) (ga.Engine, error) {
	values, err := settings.Read(o)
	if err != nil {
		return nil, err
	}
	count := int(values[settings.Islands].(int64))
	config, err := ga.ParseConfig(o)
	if err != nil {
		return nil, err
	}
	window := m.spec.Window
	if window == 0 {
		window = count * DefaultWindow((m.spec.Slots+count-1)/count, config.Population)
	}
	if from != nil && islandsOf(from.extra) != count {
		return nil, fmt.Errorf("record of %d islands, want %d", islandsOf(from.extra), count)
	}
	if count == 1 {
		return m.engine(name, config, window, m.spec.Seed, from)
	}
	migration := archipelago.Migration(island.Topology(values[settings.IslandTopology].(string)), int(values[settings.IslandInterval].(int64)))
	return m.islands(name, o, count, config.Population, window, migration, from)
}

// islandsOf is how many islands a record is of.
func islandsOf(extra map[string]string) int {
	if n, err := strconv.Atoi(extra[islandsKey]); err == nil && n > 1 {
		return n
	}
	return 1
}

// islands makes an archipelago: island k has the shared settings o with those of the list's member k, counted round.
func (m *maker) islands(name string, o *canon.Object, count, population, window int, migration island.Config, from *saved) (ga.Engine, error) {
	list, err := settings.Each(o)
	if err != nil {
		return nil, err
	}
	engines := make([]ga.Engine, count)
	for k := range engines {
		mine, own := o, name
		if len(list) > 0 {
			mine = withDefaults(list[k%len(list)], o)
			if own, err = mine.StringOr(settings.Strategy, name); err != nil {
				return nil, err
			}
			mine.Delete(settings.Strategy)
			mine.Delete(settings.IslandSettings)
		}
		config, err := ga.ParseConfig(mine)
		if err != nil {
			return nil, fmt.Errorf("island %d: %w", k, err)
		}
		var part *saved
		if from != nil {
			if part, err = partOf(from.extra, k); err != nil {
				return nil, fmt.Errorf("island %d: %w", k, err)
			}
			part.state.Pool, part.state.Open = archipelago.Island(from.state, k, count)
		}
		if engines[k], err = m.engine(own, config, archipelago.Window(window, count), ga.MemberSeed("island", m.spec.Seed, k), part); err != nil {
			return nil, fmt.Errorf("island %d: %w", k, err)
		}
	}
	if from == nil {
		return archipelago.New(engines, population, window, m.spec.Seed, migration)
	}
	return archipelago.Resume(engines, population, from.state, migration)
}

// engine makes or resumes one search by its strategy's name.
func (m *maker) engine(name string, config ga.Config, window int, seed uint64, from *saved) (ga.Engine, error) {
	switch name {
	case domain.StrategyGA:
		return m.genetic(config, window, seed, from, m.noise()...)
	case domain.StrategyMeta:
		return m.taught(config, window, seed, from)
	case domain.StrategyCMA, domain.StrategyCatCMA:
		return m.cma(name, config, window, seed, from)
	case domain.StrategyPortfolio:
		return m.portfolio(config, window, seed, from)
	case randomArm:
		return m.genetic(config, window, seed, from, ga.WithoutBreeding())
	}
	return nil, fmt.Errorf("strategy %.80q: must be one of %q", name, genomeStrategies)
}

// noise is what a genetic search is told of a domain whose seeds have an influence.
func (m *maker) noise() []ga.Option {
	if m.spec.Domain.Describe().Deterministic {
		return nil
	}
	return []ga.Option{ga.WithNoise()}
}

// genetic makes or resumes the genetic search.
func (m *maker) genetic(config ga.Config, window int, seed uint64, from *saved, options ...ga.Option) (*ga.GA, error) {
	if m.repair != nil {
		options = append(options, ga.WithRepair(m.repair))
	}
	if from == nil {
		return ga.New(m.space, config, window, seed, options...)
	}
	return ga.Resume(m.space, config, from.state, options...)
}

// taught makes or resumes the genetic search with a guide by what other searches have taught.
func (m *maker) taught(config ga.Config, window int, seed uint64, from *saved) (ga.Engine, error) {
	var file *prior.File
	if len(m.spec.Prior) > 0 {
		var err error
		if file, err = prior.Decode(m.spec.Prior); err != nil {
			return nil, err
		}
	}
	advice := meta.NewAdviser(m.space, file, m.spec.Domain.Describe().Plugin, m.spec.Domain.Parameters, m.repair, seed)
	if from != nil {
		if err := advice.Restore(from.extra[metaKey]); err != nil {
			return nil, err
		}
	}
	g, err := m.genetic(config, window, seed, from, append(m.noise(), ga.WithGuide(advice))...)
	if err != nil {
		return nil, err
	}
	return &taught{GA: g, advice: advice}, nil
}

// cma makes or resumes a search by CMA-ES.
func (m *maker) cma(name string, config ga.Config, window int, seed uint64, from *saved) (ga.Engine, error) {
	if name == domain.StrategyCMA && !cma.Real(m.space) {
		return nil, fmt.Errorf("strategy %q: the space has genes that are no reals, or conditional ones: try %q", name, domain.StrategyCatCMA)
	}
	if from == nil {
		return cma.NewStrategy(m.space, config, window, seed, m.repair)
	}
	return cma.ResumeStrategy(m.space, config, from.state, from.extra[cmaKey], m.repair)
}

// randomArm is the arm that draws its trials from the space.
const randomArm = "random"

// arms are the searches of a portfolio.
func (m *maker) arms() []string {
	if cma.Real(m.space) {
		return []string{domain.StrategyGA, domain.StrategyCMA, randomArm}
	}
	return []string{domain.StrategyGA, domain.StrategyCatCMA, randomArm}
}

// portfolio makes or resumes one of a portfolio's arms.
func (m *maker) portfolio(config ga.Config, window int, seed uint64, from *saved) (ga.Engine, error) {
	var inner portfolio.State
	if from != nil {
		var err error
		if inner, err = portfolio.Read(from.extra[portfolioKey]); err != nil {
			return nil, err
		}
		if len(inner.Windows) != len(m.arms()) {
			return nil, fmt.Errorf("record of a portfolio of %d, want %d", len(inner.Windows), len(m.arms()))
		}
	}
	var arms []portfolio.Arm
	for k, name := range m.arms() {
		var part *saved
		own := window
		switch {
		case from == nil:
		case inner.Windows[k] > 0:
			own = inner.Windows[k]
		default:
			var err error
			if part, err = partOf(from.extra, k); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if part.state.Pool, part.state.Open, err = inner.Arm(k, name, from.state); err != nil {
				return nil, err
			}
		}
		e, err := m.engine(name, config, own, ga.MemberSeed("portfolio", seed, k), part)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		arms = append(arms, portfolio.Arm{Name: name, Engine: e})
	}
	if from == nil {
		return portfolio.New(arms, config.Population, window, seed)
	}
	return portfolio.Resume(arms, config.Population, from.state, inner)
}

// partOf returns a part of a record, without its individuals.
func partOf(extra map[string]string, k int) (*saved, error) {
	text, ok := extra[partKey+strconv.Itoa(k)]
	if !ok {
		return nil, errors.New("record: it has no such part")
	}
	r, err := worker.DecodeRecord(nil, []byte(text), int64(len(text))*64)
	if err != nil {
		return nil, err
	}
	s, err := stateOf(r)
	return &saved{state: s, extra: r.Extra}, err
}

// extras returns what an engine needs to go on besides the population, s being its State.
func (g *genetic) extras(e ga.Engine, s *ga.State) map[string]string {
	out := map[string]string{windowKey: strconv.Itoa(s.Window), nextGenerationKey: strconv.Itoa(s.NextGeneration),
		nextPlaceKey: strconv.Itoa(s.NextPlace), freshKey: strconv.Itoa(s.Fresh)}
	var parts []ga.Engine
	switch e := e.(type) {
	case *cma.Strategy:
		out[cmaKey] = e.Search()
	case *taught:
		out[metaKey] = e.advice.State()
	case *portfolio.Portfolio:
		out[portfolioKey] = e.Inner()
		parts = e.Begun()
	case *archipelago.Archipelago:
		parts = e.Islands()
		out[islandsKey] = strconv.Itoa(len(parts))
	}
	for k, part := range parts {
		if part != nil {
			out[partKey+strconv.Itoa(k)] = g.part(part)
		}
	}
	return out
}

// part is the record of a part, whose individuals are rows of the whole's.
func (g *genetic) part(e ga.Engine) string {
	s := e.State()
	r := g.frame(&s)
	r.Extra = g.extras(e, &s)
	text, err := r.Encode(nil, table.JSONLines)
	if err != nil {
		panic(err) // it has one row
	}
	return string(text)
}

// adviceOf is the guide of an engine, or of the first island that has one; nil if there is none.
func adviceOf(e ga.Engine) *meta.Adviser {
	switch e := e.(type) {
	case *taught:
		return e.advice
	case *archipelago.Archipelago:
		for _, one := range e.Islands() {
			if a := adviceOf(one); a != nil {
				return a
			}
		}
	}
	return nil
}
