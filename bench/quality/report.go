package quality

import (
	"io"
	"maps"
	"math"
	"strings"

	"doin.network/node/bench/report"
)

// floorShare is the share of a constant's error that both sides of a ratio get.
const floorShare = 0.05

// leastCrossEntropy is that of probabilities clipped to [0.001, 0.999] as ours are: the least that a clipped anchor can have.
const leastCrossEntropy = 0.00100050033358353

// Report is what was measured.
type Report struct {
	Sets    []Set              `json:"sets"`
	Summary map[string]Summary `json:"summary"` // by kind

	config Config
	failed []string
}

// Set is one set and horizon.
type Set struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`    // forecast or tabular
	Horizon int    `json:"horizon"` // 0: a table
	Metric  string `json:"metric"`
	// Ours is the mean test error of the champions over the seeds, with its 95 % interval.
	Ours     float64 `json:"ours"`
	OursLow  float64 `json:"ours_low"`
	OursHigh float64 `json:"ours_high"`
	// Linear is the error of our linear baseline, BestAnchor that of the best anchor; 0 where there is none.
	Linear     float64            `json:"linear"`
	BestAnchor float64            `json:"best_anchor"`
	Anchors    map[string]float64 `json:"anchors"`

	naive, floor float64
	tests        []float64 // ours, by seed
	runs         []*Run
}

// Summary is what the sets of a kind have in common: geometric means of ratios, ours over others'.
type Summary struct {
	Sets int `json:"sets"`
	// VsBestSingle is against the one anchor that is best over all sets, VsBestEach against the best of each set.
	VsBestSingle float64 `json:"geomean_vs_best_single"`
	VsBestEach   float64 `json:"geomean_vs_best_each"`
	VsLinear     float64 `json:"geomean_vs_linear"`
	WorstLinear  float64 `json:"worst_vs_linear"`
	// Within2 and Better count sets: within 2 % of the best anchor, better than every anchor.
	Within2 int `json:"within_2pct"`
	Better  int `json:"better_than_all"`

	single      string // the best single anchor
	low, high   float64
	plain       float64 // as VsBestEach, without the floor
	worstNaive  float64
	worstWhere  string
	unconfirmed int
}

// ratio is ours over another error, both with the floor; NaN where there is no other.
func (s *Set) ratio(other float64) float64 {
	if other <= 0 && s.floor <= 0 {
		return math.NaN()
	}
	return (s.Ours + s.floor) / (other + s.floor)
}

func newReport(c Config, sets []*set, known anchors, runs []*Run) *Report {
	r := &Report{config: c, Summary: map[string]Summary{}, Sets: []Set{}}
	for _, s := range sets {
		for _, horizon := range s.horizons() {
			r.add(s, horizon, known.of(s, horizon), runs)
		}
	}
	for _, kind := range []string{Forecast, Tabular} {
		var list []*Set
		for i := range r.Sets {
			if r.Sets[i].Kind == kind {
				list = append(list, &r.Sets[i])
			}
		}
		r.Summary[kind] = summarize(list)
	}
	return r
}

// add adds a set and horizon, or says that it failed.
func (r *Report) add(s *set, horizon int, known map[string]float64, runs []*Run) {
	out := Set{Name: s.name, Kind: s.kind(), Horizon: horizon, Metric: s.metric(), Anchors: maps.Clone(known)}
	for _, run := range runs {
		seed := int64(run.Seed - r.config.FirstSeed)
		if run.Set != s.name || run.Horizon != horizon || seed < 0 || seed >= int64(r.config.Seeds) {
			continue
		}
		if run.Error != "" {
			r.failed = append(r.failed, run.line())
			continue
		}
		out.runs, out.tests = append(out.runs, run), append(out.tests, run.Test)
	}
	if len(out.runs) == 0 {
		return
	}
	out.OursLow, out.Ours, out.OursHigh = interval(out.tests)
	ours := out.runs[0].Baselines
	out.Linear = linear(ours)
	out.naive = ours[lowest(naive(ours))]
	if out.Anchors == nil {
		out.Anchors = map[string]float64{}
	}
	if out.Metric == "cross_entropy" {
		for method, v := range out.Anchors {
			out.Anchors[method] = max(v, leastCrossEntropy)
		}
	}
	if best := lowest(out.Anchors); best != "" {
		out.BestAnchor = out.Anchors[best]
	}
	out.floor = floorShare * constantError(out.Anchors, ours)
	r.Sets = append(r.Sets, out)
}

// constantError is the error of a constant prediction: the anchors' where they have one, else ours.
func constantError(lists ...map[string]float64) float64 {
	for _, list := range lists {
		best := math.Inf(1)
		for method, v := range list {
			if isConstant(method) {
				best = min(best, v)
			}
		}
		if !math.IsInf(best, 1) {
			return best
		}
	}
	return 0
}

// summarize joins sets of a kind. Those without anchors, or without a linear baseline, count where they have one.
func summarize(list []*Set) Summary {
	out := Summary{Sets: len(list)}
	var each, plain, overLinear []float64
	methods := map[string][]float64{}
	for _, s := range list {
		if x := s.ratio(s.BestAnchor); s.BestAnchor > 0 {
			each, plain = append(each, x), append(plain, s.Ours/s.BestAnchor)
			if x <= 1.02 {
				out.Within2++
			}
			if x < 1 {
				out.Better++
			}
		}
		if s.Linear > 0 {
			overLinear = append(overLinear, s.ratio(s.Linear))
			out.WorstLinear = max(out.WorstLinear, s.ratio(s.Linear))
		}
		if x := s.ratio(s.naive); x > out.worstNaive {
			out.worstNaive, out.worstWhere = x, name(s.Name, s.Horizon)
		}
		for method, v := range s.Anchors {
			method = strings.TrimSuffix(method, "~") // one that was given a shorter series
			methods[method] = append(methods[method], s.ratio(v))
		}
		for _, run := range s.runs {
			if !run.Confirmed {
				out.unconfirmed++
			}
		}
	}
	out.VsBestEach, out.plain, out.VsLinear = geomean(each), geomean(plain), geomean(overLinear)
	for method, ratios := range methods {
		if x := geomean(ratios); 10*len(ratios) >= 9*len(list) && (x > out.VsBestSingle || x == out.VsBestSingle && method < out.single) {
			out.VsBestSingle, out.single = x, method
		}
	}
	out.low, out.high = paired(list)
	return out
}

// paired is the 95 % interval of the geometric mean against the best of each, over the seeds: each is one sample of all sets.
func paired(list []*Set) (low, high float64) {
	seeds := math.MaxInt
	for _, s := range list {
		seeds = min(seeds, len(s.tests))
	}
	var samples []float64
	for i := range seeds {
		if len(list) == 0 {
			break
		}
		log, n := 0.0, 0
		for _, s := range list {
			if s.BestAnchor > 0 {
				log += math.Log((s.tests[i] + s.floor) / (s.BestAnchor + s.floor))
				n++
			}
		}
		samples = append(samples, log/float64(max(n, 1)))
	}
	if len(samples) == 0 {
		return 0, 0
	}
	low, _, high = interval(samples)
	return math.Exp(low), math.Exp(high)
}

// WriteMarkdown writes tables for people.
func (r *Report) WriteMarkdown(w io.Writer) error {
	p := report.Printer{W: w}
	c := &r.config
	p.Printf("# Quality: champions on data they have not seen\n\nTest error of the confirmed champion: %d seeds, claims of %d seeds, ", c.Seeds, c.ClaimSeeds)
	if c.Evaluations > 0 {
		p.Printf("%d evaluations a search", c.Evaluations)
	} else {
		p.Printf("%v a search", c.Budget)
	}
	p.Printf(", %d training at a time.\n\n", c.Trainings)
	p.Printf("| set | h | metric | ours | 95 %% | naive | linear | best anchor | method | ÷ best | plain | ÷ linear | claims accepted |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for i := range r.Sets {
		s := &r.Sets[i]
		claims, accepted := 0, 0
		for _, run := range s.runs {
			claims, accepted = claims+run.Claims, accepted+run.Accepted
		}
		p.Printf("| %s | %d | %s | %.5g | %.5g … %.5g | %.5g | %.5g | %.5g | %s | %.3f | %.3f | %.3f | %d of %d |\n", s.Name, s.Horizon, s.Metric, s.Ours, s.OursLow, s.OursHigh,
			s.naive, s.Linear, s.BestAnchor, lowest(s.Anchors), s.ratio(s.BestAnchor), s.Ours/s.BestAnchor, s.ratio(s.Linear), accepted, claims)
	}
	for _, kind := range []string{Forecast, Tabular} {
		s := r.Summary[kind]
		if s.Sets == 0 {
			continue
		}
		p.Printf("\n%s, %d: %.3f (%.3f … %.3f) of the best anchor of each, %.3f without the floor; %.3f of the best single one (%s); %.3f of the linear model, at worst %.3f; within 2 %% of the best on %d, better than all on %d; at worst %.3f of the naive models (%s); %d champions unconfirmed.\n",
			kind, s.Sets, s.VsBestEach, s.low, s.high, s.plain, s.VsBestSingle, s.single, s.VsLinear, s.WorstLinear, s.Within2, s.Better, s.worstNaive, s.worstWhere, s.unconfirmed)
	}
	for _, line := range r.failed {
		p.Printf("\n%s\n", line)
	}
	return p.Err
}
