package meta

import (
	"crypto/sha256"
	"fmt"
	"math"
	"slices"

	"github.com/c-bata/goptuna"
	"github.com/c-bata/goptuna/cmaes"
	"github.com/c-bata/goptuna/tpe"

	"doin.network/node/compute/rng"
	"doin.network/node/ga/meta"
	"doin.network/node/internal/canon"
)

// The methods, in the order of the report.
const (
	methodRandom = "random"
	methodGA     = "ga"
	methodTPE    = "tpe"
	methodCMA    = "cma"
	methodGP     = "gp_ei"
	methodRF     = "rf_ei"
	methodL3     = "l3"
	methodNo     = "l3_negated"
)

// methods are all of them.
var methods = []string{methodRandom, methodGA, methodTPE, methodCMA, methodGP, methodRF, methodL3, methodNo}

// Budget is how many trials a search has: more than the 50 reported, so that a method that needs up to a tenth more is measured.
const Budget = 60

const (
	starts = 8   // random trials of GP-EI and RF-EI
	pool   = 256 // lines that they choose from
)

// search is one run of a method on a task: it looks up one line after the other.
type search struct {
	*task
	seed  uint64
	used  []bool
	curve []float64 // best regret after each trial
	lines []int
}

func newSearch(k *task, seed uint64) *search {
	return &search{task: k, seed: seed, used: make([]bool, len(k.scores))}
}

// done reports whether the budget or the task's lines are spent.
func (s *search) done() bool { return len(s.lines) >= min(Budget, len(s.scores)) }

// look evaluates a line and returns its fitness.
func (s *search) look(i int) float64 {
	r := s.regret(s.scores[i])
	if n := len(s.curve); n > 0 {
		r = min(r, s.curve[n-1])
	}
	s.used[i] = true
	s.lines, s.curve = append(s.lines, i), append(s.curve, r)
	return -s.scores[i]
}

// sequence returns draws of the search.
func (s *search) sequence(use string) *rng.Seq {
	sum := sha256.Sum256(canon.Canonical([]any{"bench meta", s.name, s.seed, use}))
	return rng.NewSeq(rng.KeyFromBytes(sum[:8]), rng.GAInitialize, 0)
}

// draw returns a line that is not used.
func (s *search) draw(q *rng.Seq) int {
	for {
		if i := q.Intn(len(s.used)); !s.used[i] {
			return i
		}
	}
}

// some returns up to n different lines that are not used.
func (s *search) some(q *rng.Seq, n int) (out []int) {
	for _, i := range q.Perm(len(s.used)) {
		if !s.used[i] && len(out) < n {
			out = append(out, i)
		}
	}
	return out
}

func (s *search) random() {
	for q := s.sequence("random"); !s.done(); {
		s.look(s.draw(q))
	}
}

func (s *search) genetic() {
	for g := newFrozen(len(s.filled[0]), s.seed); !s.done(); {
		i := s.line(g, 0)
		g.tell(slices.Clone(s.filled[i]), s.look(i))
	}
}

// line returns the unused line nearest to child n of the next place.
func (s *search) line(g *frozen, n int) int {
	return s.nearest(g.child(n), s.used)
}

// goptuna runs goptuna's sampler; what it asks for is looked up at the nearest line that is not used.
func (s *search) goptuna(options ...goptuna.StudyOption) error {
	space := map[string]any{}
	for i := range s.filled[0] {
		space[fmt.Sprintf("x%03d", i)] = goptuna.UniformDistribution{Low: 0, High: 1}
	}
	options = append(options, goptuna.StudyOptionLogger(nil), goptuna.StudyOptionDefineSearchSpace(space))
	study, err := goptuna.CreateStudy("bench", options...)
	if err != nil {
		return err
	}
	return study.Optimize(func(trial goptuna.Trial) (float64, error) {
		x := make([]float64, len(s.filled[0]))
		for i := range x {
			if x[i], err = trial.SuggestFloat(fmt.Sprintf("x%03d", i), 0, 1); err != nil {
				return 0, err
			}
		}
		return min(-s.look(s.nearest(x, s.used)), math.MaxFloat32), nil
	}, min(Budget, len(s.scores)))
}

func (s *search) process() {
	q, g := s.sequence("gp"), meta.NewGuide(nil, 0, nil)
	for !s.done() {
		i := s.draw(q)
		if len(s.lines) >= starts {
			list := s.some(q, pool)
			i = list[g.Choose(s.at(list), false)]
		}
		g.Tell(int64(len(s.lines)), &s.points[i], s.look(i))
	}
}

// at returns the points of lines.
func (s *search) at(lines []int) []meta.Point {
	out := make([]meta.Point, len(lines))
	for i, j := range lines {
		out[i] = s.points[j]
	}
	return out
}

func (s *search) trees() {
	q := s.sequence("rf")
	var x [][]float64
	var y []float64
	for !s.done() {
		i := s.draw(q)
		if len(s.lines) >= starts {
			z := meta.Scores(y)
			f, most, best := forest(q, x, z), slices.Max(z), math.Inf(-1)
			for _, j := range s.some(q, pool) {
				mean, deviation := guess(f, s.filled[j])
				if e := meta.Improvement(mean, deviation, most); e > best {
					best, i = e, j
				}
			}
		}
		x, y = append(x, s.filled[i]), append(y, s.look(i))
	}
}

// learned is the genetic search with a guide, as the strategy "meta" has it. The first trials alternate between the head of the ranked
// list and draws; then the best of a brood is taken by expected improvement, one place in four aside, and at one without the prior.
func (s *search) learned(prior *meta.Prior) {
	g, guide := newFrozen(len(s.filled[0]), s.seed), meta.NewGuide(prior, 0, nil)
	ranked := guide.Rank(s.points, population)
	for n := int64(0); !s.done(); n++ {
		i := s.line(g, 0)
		switch own := meta.Brood(n); {
		case meta.Listed(n):
			i = s.head(&ranked, i)
		case own > 1:
			list := []int{i}
			for c := 1; c < own; c++ {
				if j := s.line(g, c); !slices.Contains(list, j) {
					list = append(list, j)
				}
			}
			if guide.On() && g.first() {
				for _, j := range ranked {
					if !s.used[j] && !slices.Contains(list, j) {
						list = append(list, j)
					}
				}
			}
			i = list[guide.Choose(s.at(list), meta.Doubted(n))]
		}
		f := s.look(i)
		guide.Tell(n, &s.points[i], f)
		g.tell(slices.Clone(s.filled[i]), f)
	}
}

// head takes the first unused line of a ranked list, or otherwise.
func (s *search) head(ranked *[]int, otherwise int) int {
	for len(*ranked) > 0 {
		i := (*ranked)[0]
		*ranked = (*ranked)[1:]
		if !s.used[i] {
			return i
		}
	}
	return otherwise
}

// run makes one search and returns its curve.
func run(method string, k *task, prior *meta.Prior, seed uint64) ([]float64, error) {
	s := newSearch(k, seed)
	var err error
	switch method {
	case methodRandom:
		s.random()
	case methodGA:
		s.genetic()
	case methodTPE:
		err = s.goptuna(goptuna.StudyOptionSampler(tpe.NewSampler(tpe.SamplerOptionSeed(int64(seed)))))
	case methodCMA:
		err = s.goptuna(goptuna.StudyOptionSampler(goptuna.NewRandomSampler(goptuna.RandomSamplerOptionSeed(int64(seed)))),
			goptuna.StudyOptionRelativeSampler(cmaes.NewSampler(cmaes.SamplerOptionSeed(int64(seed)))))
	case methodGP:
		s.process()
	case methodRF:
		s.trees()
	case methodL3:
		s.learned(prior)
	case methodNo:
		if prior != nil {
			prior = prior.Negated()
		}
		s.learned(prior)
	}
	for len(s.curve) > 0 && len(s.curve) < Budget { // a task with fewer lines
		s.curve = append(s.curve, s.curve[len(s.curve)-1])
	}
	return s.curve, err
}
