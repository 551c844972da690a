package meta

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/rng"
	"doin.network/node/ga"
	"doin.network/node/ga/prior"
	"doin.network/node/internal/canon"
)

// How a genetic search is advised.
const (
	// drawn is how many genomes are drawn for the ranked list.
	drawn = 512
	// MaxBrood is from how many genomes one is chosen for the first ChoosyTrials, MinBrood for the others: when the population has been
	// selected, its children are worth more than a draw, and a model that errs at the top does less harm among fewer.
	MaxBrood, MinBrood = 32, 8
	ChoosyTrials       = 32
	// Of every four places, at one no choice is made, and at one it is made without the prior: what the prior does not believe in is
	// seen, and a search whose optimum it misses is not led by it alone.
	unscreened, doubted = 3, 1
)

// Doubted reports whether the choice for a trial leaves the prior out.
func Doubted(trial int64) bool { return trial%4 == doubted }

// Brood returns of how many genomes of the search's own the one for a trial is chosen; 1: there is no choice. The first OnlineTrials
// are not chosen: they alternate between the ranked list and draws.
func Brood(trial int64) int {
	switch {
	case trial < OnlineTrials || trial%4 == unscreened:
		return 1
	case trial < ChoosyTrials:
		return MaxBrood
	}
	return MinBrood
}

// Listed reports whether a trial is taken from the ranked list.
func Listed(trial int64) bool { return trial < OnlineTrials && trial%2 == 0 }

// Adviser is a guide of a search over genomes; see ga.Guide.
type Adviser struct {
	space   genome.Space
	columns []prior.Column // nil: no prior
	recipe  func(genome.Genome) *canon.Object
	guide   *Guide
	digest  string
	off     string // why there is a prior that is not used, else empty
	list    []genome.Genome
	genomes map[int64]genome.Genome // of the guide's trials
	doubt   bool                    // about the trial of the last Offer
}

var _ ga.Guide = (*Adviser)(nil)

// NewAdviser returns the guide of a search of space. Of file, which may be nil, it uses the family of that name, if the evidence is
// for it. recipe returns the recipe of a genome, whose values are what the prior knows; repair brings a drawn genome under the
// domain's limits, nil: there are none.
func NewAdviser(space genome.Space, file *prior.File, family string, recipe func(genome.Genome) *canon.Object,
	repair func(genome.Genome) genome.Genome, seed uint64) *Adviser {
	a := &Adviser{space: space, recipe: recipe, genomes: map[int64]genome.Genome{}}
	var p *Prior
	if file != nil {
		for i := range file.Families {
			f := &file.Families[i]
			if f.Name != family {
				continue
			}
			sum := f.Digest()
			if a.digest = hex.EncodeToString(sum[:]); f.Evidence.On {
				p, a.columns = FromFamily(f), f.Columns
			} else {
				a.off = fmt.Sprintf("τ %.2f on %d tasks that were left out: wanted are %v on %d", f.Evidence.Tau, f.Evidence.Tasks, OfflineTau, OfflineTasks)
			}
		}
	}
	a.guide = NewGuide(p, 0, nil)
	if p != nil {
		a.rank(seed, repair)
	}
	return a
}

// rank draws genomes and keeps those that the prior thinks best.
func (a *Adviser) rank(seed uint64, repair func(genome.Genome) genome.Genome) {
	q := rng.NewSeq(key(seed, "list"), rng.GAInitialize, 0)
	all, points := make([]genome.Genome, drawn), make([]Point, drawn)
	for i := range all {
		if all[i] = a.space.Random(q.Uniform); repair != nil {
			all[i] = repair(all[i])
		}
		points[i] = a.point(all[i])
	}
	for _, i := range a.guide.Rank(points, 2*MaxBrood) {
		a.list = append(a.list, all[i])
	}
}

// point is a genome as the guide has it: its own genes on their unit scales, a category as one value for each choice.
func (a *Adviser) point(g genome.Genome) Point {
	var p Point
	for i := range a.space {
		gene, active := &a.space[i], a.space.Active(g, i)
		if gene.Kind != genome.Category {
			p.X, p.Active = append(p.X, float64(gene.Position(g[i]))), append(p.Active, active)
			continue
		}
		for c := range gene.Choices {
			v := 0.0
			if float64(c) == g[i] {
				v = 1
			}
			p.X, p.Active = append(p.X, v), append(p.Active, active)
		}
	}
	if a.columns != nil {
		p.Known = &Point{}
		p.Known.X, p.Known.Active = prior.Encode(a.columns, prior.Values(a.recipe(g)))
	}
	return p
}

// Offer implements ga.Guide. The first trials alternate between the head of the ranked list and draws. Then one is chosen of several
// of the search's own, in the first population of what is left of the list besides; but every fourth is taken as it comes.
func (a *Adviser) Offer(trial int64, first bool) (offered []genome.Genome, own int) {
	a.doubt = Doubted(trial)
	if !a.guide.On() || !first {
		return nil, Brood(trial)
	}
	if Listed(trial) {
		return a.list, 0
	}
	if own = Brood(trial); own > 1 {
		offered = a.list
	}
	return offered, own
}

// Choose implements ga.Guide.
func (a *Adviser) Choose(list []genome.Genome) int {
	points := make([]Point, len(list))
	for i := range list {
		points[i] = a.point(list[i])
	}
	return a.guide.Choose(points, a.doubt)
}

// Tell implements ga.Guide.
func (a *Adviser) Tell(trial int64, x genome.Genome, fitness float64) {
	p := a.point(x)
	a.guide.Tell(trial, &p, fitness)
	a.genomes[trial] = x.Clone()
	if len(a.genomes) > MaxPoints {
		for t := range a.genomes {
			if t < a.guide.trials[0] {
				delete(a.genomes, t)
			}
		}
	}
}

// Report says what became of the prior in a search.
type Report struct {
	// Prior is the digest of the networks, hex; empty: there are none.
	Prior string
	// On says that they are in use.
	On bool
	// Reason says why not.
	Reason string
	// Checks are the decisions of the gate in the search, the oldest first.
	Checks []Check
}

// Object returns the report's JSON form.
func (r Report) Object() *canon.Object {
	checks := make([]any, len(r.Checks))
	for i, c := range r.Checks {
		checks[i] = canon.NewObject("trials", c.Trials, "tau", c.Tau, "on", c.On)
	}
	return canon.NewObject("prior", r.Prior, "on", r.On, "reason", r.Reason, "checks", checks)
}

// Report returns what became of the prior.
func (a *Adviser) Report() Report {
	r := Report{Prior: a.digest, On: a.guide.On(), Reason: a.off, Checks: a.guide.Checks()}
	if n := len(r.Checks); n > 0 && !r.On {
		r.Reason = fmt.Sprintf("τ %.2f after %d trials: wanted is more than %v", r.Checks[n-1].Tau, r.Checks[n-1].Trials, OnlineTau)
	}
	if r.Prior == "" {
		r.Reason = "there is none of this kind of domain"
	}
	return r
}

// state is an adviser as JSON. Fitness is null where it is not finite.
type state struct {
	Prior     string      `json:"prior"`
	Told      int64       `json:"told"`
	On        bool        `json:"on"`
	Checks    []Check     `json:"checks"`
	Believing modelState  `json:"believing"`
	Doubting  modelState  `json:"doubting"`
	Trials    []int64     `json:"trials"`
	Genomes   [][]float64 `json:"genomes"`
	Fitness   []*float64  `json:"fitness"`
}

// modelState is where a model's processes lie.
type modelState struct {
	Grid   []Hyper `json:"grid"`
	Chosen int64   `json:"chosen"`
	With   bool    `json:"with"`
}

func (m *model) state() modelState { return modelState{m.grid, m.chosen, m.with} }

// check reports why a model cannot lie there, after so many trials.
func (m *modelState) check(told int64, prior bool) error {
	if len(m.Grid) > models || m.Chosen < 0 || m.Chosen > told {
		return fmt.Errorf("%w: %d processes chosen after %d trials", ErrState, len(m.Grid), m.Chosen)
	}
	for _, h := range m.Grid {
		if !(h.Length > 0 && h.Length < 100 && h.Noise >= 0 && h.Noise < 100 && h.W >= 0 && h.W <= 1 && h.Beta >= 0 && h.Beta <= 1) || h.W > 0 && !prior {
			return fmt.Errorf("%w: a process with %+v", ErrState, h)
		}
	}
	return nil
}

// State returns the adviser as text; Restore of one that was made in the same way goes on from there.
func (a *Adviser) State() string {
	g := a.guide
	s := state{Prior: a.digest, Told: g.told, On: g.on, Checks: g.decisions, Believing: g.believing.state(), Doubting: g.doubting.state(), Trials: g.trials}
	for i, t := range g.trials {
		s.Genomes = append(s.Genomes, a.genomes[t])
		f := &g.fitness[i]
		if v := *f; v-v != 0 {
			f = nil
		}
		s.Fitness = append(s.Fitness, f)
	}
	data, err := json.Marshal(&s)
	if err != nil {
		panic(err) // numbers are finite
	}
	return string(data)
}

// ErrState is wrapped by what Restore returns for a text that State of such an adviser did not make, one of another prior included.
var ErrState = errors.New("meta: not a state of this search and prior")

// Restore takes up a state.
func (a *Adviser) Restore(text string) error {
	var s state
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return fmt.Errorf("%w: %w", ErrState, err)
	}
	n := len(s.Trials)
	switch {
	case s.Prior != a.digest:
		return fmt.Errorf("%w: it is of the prior %.16q, this is %.16q", ErrState, s.Prior, a.digest)
	case len(s.Genomes) != n || len(s.Fitness) != n || n > MaxPoints || int64(n) > s.Told || len(s.Checks) > maxChecks ||
		s.On && a.guide.prior == nil:
		return fmt.Errorf("%w: %d trials of %d, %d and %d beside them", ErrState, n, s.Told, len(s.Genomes), len(s.Fitness))
	}
	if err := errors.Join(s.Believing.check(s.Told, a.guide.prior != nil), s.Doubting.check(s.Told, false)); err != nil {
		return err
	}
	for i := range n {
		x := genome.Genome(s.Genomes[i])
		if err := a.space.Check(x); err != nil || s.Trials[i] < 0 || i > 0 && s.Trials[i] <= s.Trials[i-1] {
			return fmt.Errorf("%w: trial %d: %v", ErrState, s.Trials[i], err)
		}
	}
	g := a.guide
	for i, t := range s.Trials {
		p := a.point(s.Genomes[i])
		f := math.NaN()
		if s.Fitness[i] != nil {
			f = *s.Fitness[i]
		}
		g.trials, g.points, g.fitness = append(g.trials, t), append(g.points, g.place(&p)), append(g.fitness, f)
		a.genomes[t] = s.Genomes[i]
	}
	g.told, g.on, g.decisions = s.Told, s.On, s.Checks
	g.believing = model{grid: s.Believing.Grid, chosen: s.Believing.Chosen, with: s.Believing.With}
	g.doubting = model{grid: s.Doubting.Grid, chosen: s.Doubting.Chosen, with: s.Doubting.With}
	return nil
}
