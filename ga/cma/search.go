package cma

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"slices"

	"doin.network/node/compute/f64"
	"doin.network/node/compute/rng"
	"doin.network/node/internal/canon"
)

// ErrOrder is returned by Tell for a result that is not due.
var ErrOrder = errors.New("cma: out of order")

// Bounds of a search.
const (
	MaxDimension = 1024
	MaxWindow    = 1 << 17
	maxDoublings = 9 // of the first population
	maxLambda    = 1 << 14
)

// Config holds the settings of a Search.
type Config struct {
	// Lambda is the population of the first run; 0: DefaultLambda of the dimension, else 4 to maxLambda.
	Lambda int
	// Sigma is the first step, as a share of the cube's edge. Default 0.2, in (0, 1].
	Sigma float64
	// Lines is how many points of each coordinate are tried alone at first, at most; below 4: none. Default 500.
	Lines int
}

// DefaultConfig returns the defaults named at the fields.
func DefaultConfig() Config { return Config{Sigma: 0.2, Lines: 500} }

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	if c.Lambda != 0 && (c.Lambda < 4 || c.Lambda > maxLambda) {
		errs = append(errs, fmt.Errorf("lambda %d: must be 0 or in [4, %d]", c.Lambda, maxLambda))
	}
	if !(c.Sigma > 0 && c.Sigma <= 1) {
		errs = append(errs, fmt.Errorf("sigma %v: must be in (0, 1]", c.Sigma))
	}
	if c.Lines < 0 || c.Lines > 1<<20 {
		errs = append(errs, fmt.Errorf("lines %d: must be in [0, %d]", c.Lines, 1<<20))
	}
	return errors.Join(errs...)
}

// State is a whole search as plain data, which JSON keeps to the bit.
type State struct {
	N, Window int
	Seed      uint64
	Layout    *Layout `json:",omitempty"` // nil where every coordinate is real
	Asked     int64   // trials drawn
	Told      int64
	Open      []Open // drawn and not told, the oldest first
	Best      Scored
	HasBest   bool
	Lines     *Lines // nil: over, or not wanted
	Run       *Run   // nil: none has begun
	Runs      int
	// Of the two regimes: the last large population and what it cost, and all that both have cost.
	LargeLambda            int
	LastLarge              int64
	LargeSpent, SmallSpent int64
	// Reason is why the last run that is over ended.
	Reason string
}

// Open is a trial under way: of a run and generation of it, or of a place of the lines.
type Open struct {
	X          []float64
	Run        int // 0: none's
	Generation int
	Lines      bool
	Place      int
	Choices    []int `json:",omitempty"` // of the categories
}

// Search minimises over the unit cube. It is not safe for concurrent use.
type Search struct {
	config Config
	key    rng.Key
	state  State
	handed int // of Open
}

// New starts a search in n dimensions with at most window trials under way.
func New(n int, config Config, window int, seed uint64) (*Search, error) {
	s, err := prepare(n, config, window, seed, nil)
	if err == nil {
		s.fill()
	}
	return s, err
}

// prepare makes a search that has drawn nothing; layout is nil where every coordinate is real.
func prepare(n int, config Config, window int, seed uint64, layout *Layout) (*Search, error) {
	if n < 1 || n > MaxDimension || window < 1 || window > MaxWindow {
		return nil, fmt.Errorf("cma: %d dimensions, window %d: must be in [1, %d] and [1, %d]", n, window, MaxDimension, MaxWindow)
	}
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("cma: configuration: %w", err)
	}
	s := &Search{config: config, key: key(seed), state: State{N: n, Seed: seed, Window: window, Layout: layout}}
	if config.Lines >= 4 && n > 1 && layout == nil {
		s.state.Lines = newLines(s.start(), config.Lines)
	}
	return s, nil
}

// key returns the key of a search's draws: the first 8 bytes of the SHA-256 of the canonical JSON ["cma", seed].
func key(seed uint64) rng.Key {
	sum := sha256.Sum256(canon.Canonical([]any{"cma", seed}))
	return rng.KeyFromBytes(sum[:8])
}

// start draws where a run begins: uniform in the middle four fifths of the cube.
func (s *Search) start() []float64 {
	q := rng.NewSeq(s.key, rng.CMARestart, uint32(s.state.Runs))
	x := make([]float64, s.state.N)
	for i := range x {
		x[i] = 0.1 + float64(0.8*float64(q.Uniform()))
	}
	return x
}

// fill draws until as many trials are under way as the window allows.
func (s *Search) fill() {
	t := &s.state
	for len(t.Open) < t.Window {
		t.Open = append(t.Open, s.draw())
		t.Asked++
	}
}

// draw makes the next trial. While the lines wait for results, the point is one of a run of its own, which looks around the base.
func (s *Search) draw() Open {
	t := &s.state
	if t.Lines != nil {
		if x, place, ok := t.Lines.ask(); ok {
			return Open{X: x, Lines: true, Place: place}
		}
		around := newRun(t.Lines.Base, s.config.Sigma, 4)
		return Open{X: around.sample(rng.NewSeq(s.key, rng.CMASample, uint32(t.Asked)))}
	}
	if t.Run == nil {
		s.restart()
	}
	q := rng.NewSeq(s.key, rng.CMASample, uint32(t.Asked))
	o := Open{X: t.Run.sample(q), Run: t.Runs, Generation: t.Run.Generation}
	if t.Run.Mixed != nil {
		o.Choices = t.Run.Mixed.sample(q)
	}
	return o
}

// Trial is a point to be evaluated, inside the cube.
type Trial struct {
	Number int64
	X      []float64
}

// Ask returns the next trial; ok is false when as many are under way as the window allows.
func (s *Search) Ask() (t Trial, ok bool) {
	if s.handed == len(s.state.Open) {
		return t, false
	}
	t = Trial{Number: s.state.Told + int64(s.handed), X: inside(s.state.Open[s.handed].X)}
	s.handed++
	return t, true
}

// Tell takes the value of the oldest trial under way. What is not finite is the worst there is.
func (s *Search) Tell(number int64, f float64) error {
	if err := s.take(number, f, nil, nil); err != nil {
		return err
	}
	s.fill()
	return nil
}

// take is Tell without the next draws. choices and off are the trial's as Scored has them.
func (s *Search) take(number int64, f float64, choices []int, off []bool) error {
	t := &s.state
	if s.handed == 0 || number != t.Told {
		return fmt.Errorf("%w: result of trial %d, %d is next, %d are under way", ErrOrder, number, t.Told, s.handed)
	}
	if f = min(f, math.MaxFloat64); !(f >= -math.MaxFloat64) { // NaN too
		f = math.MaxFloat64
	}
	o := t.Open[0]
	t.Open = slices.Delete(t.Open, 0, 1)
	s.handed--
	t.Told++
	if !t.HasBest || f < t.Best.F {
		t.Best, t.HasBest = Scored{X: inside(o.X), F: f}, true
	}
	switch {
	case o.Lines && t.Lines != nil:
		t.Lines.tell(o.Place, o.X, f)
		if t.Lines.Ended {
			s.descend()
		}
	case o.Run == t.Runs && t.Run != nil && o.Run > 0:
		t.Run.tell(Scored{X: o.X, F: f, Choices: choices, Off: off, Foreign: o.Generation != t.Run.Generation})
		if len(t.Run.Told) == 0 {
			if reason := t.Run.stop(); reason != "" {
				s.close(reason)
			}
		}
	}
	return nil
}

// descend ends the lines. Where the coordinates were found to be independent, a run with small steps begins at what they found.
func (s *Search) descend() {
	t := &s.state
	lines := t.Lines
	t.Lines = nil
	if lines.Proven {
		s.begin(lines.composed(), 1e-3*s.config.Sigma, s.first(), false, 0)
	}
}

// first is the population of the first run.
func (s *Search) first() int {
	if s.config.Lambda > 0 {
		return s.config.Lambda
	}
	return max(4, DefaultLambda(s.state.N))
}

func (s *Search) begin(mean []float64, sigma float64, lambda int, large bool, most int64) {
	t := &s.state
	t.Runs++
	t.Run = newRun(mean, sigma, lambda)
	t.Run.Large, t.Run.MostEvaluations = large, most
	if t.Layout != nil {
		t.Run.Mixed = newMixed(t.Layout, t.Run)
	}
}

// close ends the run under way.
func (s *Search) close(reason string) {
	t := &s.state
	if t.Reason = reason; t.Run.Large {
		t.LargeSpent += t.Run.Evaluations
		t.LastLarge = t.Run.Evaluations
	} else {
		t.SmallSpent += t.Run.Evaluations
	}
	t.Run = nil
}

// restart begins the next run: of the regime that has cost less, with a population twice as large as the last, or with a small one
// of random size and step.
func (s *Search) restart() {
	t, first := &s.state, s.first()
	mean := s.start()
	if t.LargeLambda == 0 {
		t.LargeLambda = first
		s.begin(mean, s.config.Sigma, first, true, 0)
		return
	}
	if t.SmallSpent < t.LargeSpent {
		q := rng.NewSeq(s.key, rng.CMARestart, uint32(t.Runs))
		for range t.N { // behind those of start
			q.Uniform()
		}
		u, v := float64(q.Uniform()), float64(q.Uniform())
		lambda := int(float64(first) * f64.Pow(float64(t.LargeLambda)/float64(2*first), u*u))
		s.begin(mean, s.config.Sigma*f64.Pow(10, -2*v), max(lambda, first), false, max(t.LastLarge/2, 1))
		return
	}
	t.LargeLambda = min(2*t.LargeLambda, first<<maxDoublings, maxLambda)
	s.begin(mean, s.config.Sigma, t.LargeLambda, true, 0)
}

// Inject tells of a point found elsewhere: the run under way moves its mean towards it, by a clipped step.
func (s *Search) Inject(x []float64) {
	if r := s.state.Run; r != nil && len(x) == r.N {
		y := r.step(x, nil)
		r.clip(y)
		r.move(y)
	}
}

// Best returns the best point told and its value; ok is false where there is none.
func (s *Search) Best() (x []float64, f float64, ok bool) {
	b := &s.state.Best
	return slices.Clone(b.X), b.F, s.state.HasBest
}
