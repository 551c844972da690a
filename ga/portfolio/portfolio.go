package portfolio

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"doin.network/node/compute/rng"
	"doin.network/node/ga"
	"doin.network/node/ga/op"
	"doin.network/node/internal/canon"
)

// MaxArms bounds the arms of a portfolio.
const MaxArms = 16

// Arm is one of the searches.
type Arm struct {
	// Name is put before the operators of its trials.
	Name string
	// Engine searches the same space as the others, with as many trials a generation.
	Engine ga.Engine
}

// Portfolio is a search by several. Make one by New or Resume; it is not safe for concurrent use.
type Portfolio struct {
	arms       []Arm
	population int64
	state      ga.State // Pool, Open and Best aside
	inner      State
	asked      int64
	told       int64 // of the generation
}

var _ ga.Engine = (*Portfolio)(nil)

// State is what a portfolio needs to go on besides a ga.State and its arms.
type State struct {
	Population int64     `json:"population"`
	Chances    []float64 `json:"chances"`
	Curves     []Curve   `json:"curves"`
	// Windows are those of arms that have not begun yet, with which they are to be made anew; 0 of the others.
	Windows []int `json:"windows"`
	// Counts are how many individuals of a ga.State's Pool and Open belong to each arm.
	Counts [][2]int `json:"counts"`
	// Turns are the generations that are given away and not over, and those over that an individual still tells of, by number.
	Turns []Turn `json:"turns"`
	// Given is how many generations are given away.
	Given int64 `json:"given"`
}

// Turn is a generation of the portfolio.
type Turn struct {
	Number int64 `json:"number"`
	Arm    int   `json:"arm"`
	// Own is the number of the generation in the arm.
	Own int64 `json:"own"`
}

// New starts a portfolio of arms that have just been made with this window and population.
func New(arms []Arm, population, window int, seed uint64) (*Portfolio, error) {
	if err := check(arms, population); err != nil {
		return nil, err
	}
	if window < 1 || window > ga.MaxWindow {
		return nil, fmt.Errorf("portfolio: window %d: must be in [1, %d]", window, ga.MaxWindow)
	}
	p := &Portfolio{arms: arms, population: int64(population), state: ga.State{Seed: seed, Window: window}}
	p.inner = State{Population: int64(population)}
	for range arms {
		p.inner.Chances = append(p.inner.Chances, 1/float64(len(arms)))
		p.inner.Curves = append(p.inner.Curves, newCurve())
		p.inner.Windows = append(p.inner.Windows, window)
	}
	p.fill()
	return p, p.begin()
}

func check(arms []Arm, population int) error {
	if len(arms) < 1 || len(arms) > MaxArms || population < 1 {
		return fmt.Errorf("portfolio: %d arms, population %d: must be in [1, %d] and positive", len(arms), population, MaxArms)
	}
	return nil
}

// Read returns what Inner returned.
func Read(inner string) (s State, err error) {
	if err := json.Unmarshal([]byte(inner), &s); err != nil {
		return s, fmt.Errorf("portfolio: state: %w", err)
	}
	n := len(s.Curves)
	if n < 1 || n > MaxArms || len(s.Chances) != n || len(s.Windows) != n || len(s.Counts) != n || s.Population < 1 || s.Given < 0 {
		return s, fmt.Errorf("portfolio: state: %d arms, %d chances, population %d", n, len(s.Chances), s.Population)
	}
	for i := range n {
		if err := s.Curves[i].validate(); err != nil {
			return s, fmt.Errorf("portfolio: state: arm %d: %w", i, err)
		}
		if begun := s.Curves[i].Generations > 0; begun != (s.Windows[i] == 0) || !(s.Chances[i] >= 0 && s.Chances[i] <= 1) {
			return s, fmt.Errorf("portfolio: state: arm %d: window %d, chance %v", i, s.Windows[i], s.Chances[i])
		}
	}
	before := int64(-1)
	for _, t := range s.Turns {
		if t.Number <= before || t.Number >= s.Given || t.Arm < 0 || t.Arm >= n || t.Own < 0 {
			return s, fmt.Errorf("portfolio: state: turn %d of arm %d", t.Number, t.Arm)
		}
		before = t.Number
	}
	return s, nil
}

// Arm returns the population's part of arm k of a portfolio's state: the individuals that are its own, numbered as it does.
func (s *State) Arm(k int, name string, state ga.State) (pool, open []ga.Individual, err error) {
	from := [2]int{}
	for _, n := range s.Counts[:k] {
		from[0], from[1] = from[0]+n[0], from[1]+n[1]
	}
	to := [2]int{from[0] + s.Counts[k][0], from[1] + s.Counts[k][1]}
	if from[0] < 0 || from[1] < 0 || to[0] < from[0] || to[1] < from[1] || to[0] > len(state.Pool) || to[1] > len(state.Open) {
		return nil, nil, fmt.Errorf("portfolio: state: arm %d has individuals %d to %d and %d to %d", k, from[0], to[0], from[1], to[1])
	}
	pool, open = slices.Clone(state.Pool[from[0]:to[0]]), slices.Clone(state.Open[from[1]:to[1]])
	for _, list := range [][]ga.Individual{pool, open} {
		for i := range list {
			s.inward(k, name, &list[i])
		}
	}
	return pool, open, nil
}

// Resume continues from what State and Read of Inner returned, with arms that are resumed alike; those that have not begun are made
// anew with the state's window.
func Resume(arms []Arm, population int, state ga.State, inner State) (*Portfolio, error) {
	if err := check(arms, population); err != nil {
		return nil, err
	}
	if inner.Population != int64(population) || len(inner.Curves) != len(arms) {
		return nil, fmt.Errorf("portfolio: state: population %d with %d arms, want %d with %d", inner.Population, len(inner.Curves), population, len(arms))
	}
	p := &Portfolio{arms: arms, population: int64(population), state: state, inner: inner, told: int64(population)}
	p.state.Pool, p.state.Open, p.state.Best, p.state.HasBest = nil, nil, ga.Individual{}, false
	sum := int64(0)
	for i := range arms {
		if sum += inner.Curves[i].Generations; arms[i].Engine.Told() != inner.Curves[i].Generations*p.population {
			return nil, fmt.Errorf("portfolio: state: arm %s has had %d trials, want %d generations", arms[i].Name, arms[i].Engine.Told(), inner.Curves[i].Generations)
		}
	}
	if sum != int64(state.Generation)+1 || state.Evaluations != sum*p.population || inner.Given < sum {
		return nil, errors.New("portfolio: state: the generations of its arms are not its own")
	}
	for n := sum; n < inner.Given; n++ {
		if _, ok := inner.turn(n); !ok {
			return nil, fmt.Errorf("portfolio: state: nobody has generation %d", n)
		}
	}
	return p, nil
}

// Inner returns as JSON what goes on from here, beside State.
func (p *Portfolio) Inner() string {
	data, err := json.Marshal(&p.inner)
	if err != nil {
		panic(err) // numbers are finite
	}
	return string(data)
}

// turn returns the generation of a number, if it is known.
func (s *State) turn(number int64) (Turn, bool) {
	i, ok := slices.BinarySearchFunc(s.Turns, number, func(t Turn, n int64) int { return int(t.Number - n) })
	if !ok {
		return Turn{}, false
	}
	return s.Turns[i], true
}

// fill gives away the generations of as many trials as the window allows.
func (p *Portfolio) fill() {
	for p.inner.Given*p.population < p.state.Evaluations+int64(p.state.Window) {
		t := Turn{Number: p.inner.Given, Arm: p.pick(p.inner.Given)}
		t.Own = p.inner.Curves[t.Arm].Generations
		for _, other := range p.inner.Turns {
			if other.Arm == t.Arm && other.Number >= p.over() {
				t.Own++
			}
		}
		p.inner.Turns = append(p.inner.Turns, t)
		p.inner.Given++
	}
}

// over is how many generations are over.
func (p *Portfolio) over() (n int64) {
	for i := range p.inner.Curves {
		n += p.inner.Curves[i].Generations
	}
	return n
}

// pick chooses whose generation it is.
func (p *Portfolio) pick(number int64) int {
	if n := int64(len(p.arms)); number < turns*n {
		return int(number % n)
	}
	sum := sha256.Sum256(canon.Canonical([]any{"portfolio", p.state.Seed}))
	q := rng.NewSeq(rng.KeyFromBytes(sum[:8]), rng.Portfolio, uint32(number))
	return drawn(p.inner.Chances, float64(q.Uniform()))
}

// begin lets the arm of the generation that begins advance.
func (p *Portfolio) begin() error {
	t, _ := p.inner.turn(int64(p.state.Generation))
	if p.inner.Windows[t.Arm] > 0 {
		p.inner.Windows[t.Arm] = 0
		return nil
	}
	return p.arms[t.Arm].Engine.Advance()
}

// Ask implements ga.Strategy.
func (p *Portfolio) Ask() (c ga.Candidate, ok bool) {
	number := p.state.Evaluations + p.asked
	window := int64(p.state.Window)
	if p.Complete() {
		window-- // the last one is given away by Advance
	}
	t, known := p.inner.turn(number / p.population)
	if p.asked >= window || !known {
		return c, false
	}
	if c, ok = p.arms[t.Arm].Engine.Ask(); ok {
		c.Trial = number
		p.asked++
	}
	return c, ok
}

// current is the arm of the trial that is due.
func (p *Portfolio) current() int {
	t, _ := p.inner.turn(p.state.Evaluations / p.population)
	return t.Arm
}

// Due implements ga.Engine.
func (p *Portfolio) Due() (x ga.Individual, ok bool) {
	if p.asked == 0 {
		return x, false
	}
	k := p.current()
	if x, ok = p.arms[k].Engine.Due(); ok {
		p.inner.outward(k, p.arms[k].Name, &x)
	}
	return x, ok
}

// Told implements ga.Engine.
func (p *Portfolio) Told() int64 { return p.state.Evaluations }

// Plateau is true where every arm is on one.
func (p *Portfolio) Plateau() bool {
	return !slices.ContainsFunc(p.arms, func(a Arm) bool { return !a.Engine.Plateau() })
}

// Complete implements ga.Strategy.
func (p *Portfolio) Complete() bool { return p.told >= p.population }

// Tell implements ga.Strategy.
func (p *Portfolio) Tell(r ga.Result) error {
	if p.Complete() || p.asked == 0 || r.Trial != p.state.Evaluations {
		return fmt.Errorf("%w: result of trial %d, %d is next", ga.ErrOrder, r.Trial, p.state.Evaluations)
	}
	k := p.current()
	arm := p.arms[k].Engine
	fitness := r.Fitness
	r.Trial = arm.Told()
	if err := arm.Tell(r); err != nil {
		return err
	}
	p.asked--
	p.told++
	p.state.Evaluations++
	p.inner.Curves[k].see(fitness)
	if p.state.Lead(fitness) {
		p.state.NoImprove = -1 // this generation does not count
	}
	if !p.Complete() {
		p.fill()
		return nil
	}
	if !arm.Complete() {
		return fmt.Errorf("portfolio: arm %s has another population than %d", p.arms[k].Name, p.population)
	}
	p.state.NoImprove++
	p.inner.Curves[k].close()
	if p.over() >= turns*int64(len(p.arms)) {
		pursue(p.inner.Chances, leading(p.inner.Curves))
	}
	p.forget()
	return p.arms[k].Engine.SetWindow(p.state.Window)
}

// forget drops the generations that are over and that no individual tells of.
func (p *Portfolio) forget() {
	wanted := map[[2]int64]bool{}
	for k := range p.arms {
		if p.inner.Windows[k] > 0 {
			continue
		}
		s := p.arms[k].Engine.State()
		want := func(list ...ga.Individual) {
			for i := range list {
				for _, n := range append(list[i].Parents, list[i].Trial) {
					if n >= 0 {
						wanted[[2]int64{int64(k), n / p.population}] = true
					}
				}
			}
		}
		want(s.Pool...)
		want(s.Open...)
		if s.HasBest {
			want(s.Best)
		}
	}
	p.inner.Turns = slices.DeleteFunc(p.inner.Turns, func(t Turn) bool {
		return t.Number < p.over() && !wanted[[2]int64{int64(t.Arm), t.Own}]
	})
}

// Immigrants implements ga.Strategy: they join every arm that has begun. taken is the most that one of them took.
func (p *Portfolio) Immigrants(list []ga.Immigrant) (taken int, err error) {
	if !p.Complete() {
		return 0, ga.ErrOrder
	}
	for k := range p.arms {
		if p.inner.Windows[k] > 0 {
			continue
		}
		n, err := p.arms[k].Engine.Immigrants(list)
		if err != nil {
			return 0, err
		}
		taken = max(taken, n)
	}
	for i := range list {
		if f := list[i].Fitness; taken > 0 && f-f == 0 && p.state.Lead(f) {
			p.state.NoImprove = 0
		}
	}
	return taken, nil
}

// Advance implements ga.Strategy.
func (p *Portfolio) Advance() error {
	if !p.Complete() {
		return ga.ErrOrder
	}
	p.state.Generation++
	p.told = 0
	p.fill()
	return p.begin()
}

// SetWindow implements ga.Engine. Arms that have not begun keep theirs until they have.
func (p *Portfolio) SetWindow(n int) error {
	if !p.Complete() {
		return ga.ErrOrder
	}
	if n < 1 || n > ga.MaxWindow {
		return fmt.Errorf("portfolio: window %d: must be in [1, %d]", n, ga.MaxWindow)
	}
	p.state.Window = n
	for k := range p.arms {
		if p.inner.Windows[k] > 0 {
			continue
		}
		if err := p.arms[k].Engine.SetWindow(n); err != nil {
			return err
		}
	}
	return nil
}

// Best implements ga.Strategy: of whom most is expected.
func (p *Portfolio) Best() (best ga.Individual, ok bool) {
	arm := 0
	for k := range p.arms {
		if x, has := p.arms[k].Engine.Best(); has && (!ok || op.Better(x.Expected, best.Expected)) {
			best, ok, arm = x, true, k
		}
	}
	if ok {
		p.inner.outward(arm, p.arms[arm].Name, &best)
	}
	return best, ok
}

// State implements ga.Engine: the individuals of all arms, one arm after the other.
func (p *Portfolio) State() ga.State {
	out := p.state
	out.Best, out.HasBest = p.Best()
	p.inner.Counts = make([][2]int, len(p.arms))
	for k := range p.arms {
		if p.inner.Windows[k] > 0 {
			continue
		}
		s := p.arms[k].Engine.State()
		p.inner.Counts[k] = [2]int{len(s.Pool), len(s.Open)}
		for _, list := range [][]ga.Individual{s.Pool, s.Open} {
			for i := range list {
				p.inner.outward(k, p.arms[k].Name, &list[i])
			}
		}
		out.Pool, out.Open = append(out.Pool, s.Pool...), append(out.Open, s.Open...)
	}
	return out
}

// Begun returns the arms' engines, nil for those that have not begun: they are made anew.
func (p *Portfolio) Begun() []ga.Engine {
	out := make([]ga.Engine, len(p.arms))
	for k := range out {
		if p.inner.Windows[k] == 0 {
			out[k] = p.arms[k].Engine
		}
	}
	return out
}

// Share is how many generations each arm has had.
func (p *Portfolio) Share() []int64 {
	out := make([]int64, len(p.arms))
	for k := range out {
		out[k] = p.inner.Curves[k].Generations
	}
	return out
}

// outward numbers an individual of an arm as the portfolio does and names the arm. A trial that is drawn and not given away yet has
// no number.
func (s *State) outward(k int, name string, x *ga.Individual) {
	x.Trial = s.outer(k, x.Trial)
	parents := x.Parents[:0:0]
	for _, n := range x.Parents {
		if n = s.outer(k, n); n >= 0 {
			parents = append(parents, n)
		}
	}
	x.Parents = parents
	if x.Operator = strings.TrimSuffix(name+": "+x.Operator, ": "); x.Origin == ga.OriginImmigrant {
		x.Operator = ""
	}
}

// inward is its inverse.
func (s *State) inward(k int, name string, x *ga.Individual) {
	x.Trial = s.own(x.Trial)
	x.Parents = slices.Clone(x.Parents)
	for i, n := range x.Parents {
		x.Parents[i] = s.own(n)
	}
	x.Operator = strings.TrimPrefix(strings.TrimPrefix(x.Operator, name), ": ")
}

func (s *State) outer(k int, trial int64) int64 {
	for _, t := range s.Turns {
		if t.Arm == k && trial >= 0 && t.Own == trial/s.Population {
			return t.Number*s.Population + trial%s.Population
		}
	}
	return -1
}

func (s *State) own(trial int64) int64 {
	if trial < 0 {
		return -1
	}
	t, ok := s.turn(trial / s.Population)
	if !ok {
		return -1
	}
	return t.Own*s.Population + trial%s.Population
}
