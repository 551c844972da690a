package search

import (
	"math"
	"slices"
	"time"

	"doin.network/node/compute/worker"
	"doin.network/node/olap"
)

// burst is how many seconds' worth of trials may be recorded at once after a rest.
const burst = 10

// bucket holds how many trials may be recorded by now.
type bucket struct {
	tokens float64
	filled time.Time
}

// take returns how many of n trials are recorded: all while there are tokens, and always one.
func (b *bucket) take(n, perSecond int, now time.Time) int {
	size := float64(burst * perSecond)
	if b.filled.IsZero() {
		b.tokens = size
	} else {
		b.tokens = min(size, b.tokens+max(0, now.Sub(b.filled).Seconds())*float64(perSecond))
	}
	b.filled = now
	n = max(min(n, int(b.tokens)), min(n, 1))
	b.tokens = max(0, b.tokens-float64(n))
	return n
}

// breeding writes the rows of a generation and of its trials. Where trials come faster than they are to be recorded, the best of
// the generation is, and others at equal distances by their number.
func (s *Search) breeding(g *worker.Generation, took time.Duration, before int64, now time.Time) {
	told := toldIn(g, before)
	b := olap.Bred{Record: s.pos.round, Number: int64(g.Number), Population: int64(g.Population), WallClock: took,
		NoImprove: int64(g.NoImprove), Plateau: g.Plateau, Made: g.Evaluations - before, Diversity: diversity(g.Rows)}
	if g.Best != nil {
		b.Best = olap.Float(s.wire(g.BestPerformance))
	}
	for i := range g.Rows {
		switch r := &g.Rows[i]; {
		case r.Status == worker.StatusOpen:
		case r.Status == statusVerified:
			b.Immigrants++
			fallthrough
		default:
			if f := r.Fitness; f-f == 0 {
				b.Scores = append(b.Scores, s.wire(f))
			}
		}
	}
	seconds := 0.0
	for _, r := range told {
		seconds += r.Seconds
		if f := score(r); f-f != 0 {
			b.Failed++
		}
	}
	if seconds > 0 && took > 0 && s.cfg.Places > 0 {
		b.Busy = olap.Float(seconds / took.Seconds() / float64(s.cfg.Places))
	}
	if s.cfg.TrialsPerSecond > 0 {
		for _, r := range chosen(told, s.rate.take(len(told), s.cfg.TrialsPerSecond, now)) {
			b.Trials = append(b.Trials, s.trial(r, g.Number))
		}
	}
	rows, err := s.parts.Tracker.Generation(s.cfg.Domain, b, now)
	if err != nil {
		s.log.Error("generation not recorded", "round", s.pos.round, "err", err)
	}
	s.parts.Host.Record(rows...)
}

// toldIn returns the rows of the trials that were told in a generation, in order of their numbers; before is how many were told
// before it. A worker that does not number its trials tells of the population: its individuals of the generation are numbered
// as they stand.
func toldIn(g *worker.Generation, before int64) (told []*worker.Row) {
	for _, list := range [][]worker.Row{g.Rows, g.Gone} {
		for i := range list {
			r := &list[i]
			if r.Status == worker.StatusOpen || r.Status == statusVerified {
				continue
			}
			if r.Made.Known && r.Trial >= before && r.Trial < g.Evaluations {
				told = append(told, r)
			} else if !r.Made.Known && r.Generation == g.Number && int64(len(told)) < g.Evaluations-before {
				numbered := *r
				numbered.Trial = before + int64(len(told))
				told = append(told, &numbered)
			}
		}
	}
	slices.SortFunc(told, func(a, b *worker.Row) int { return int(a.Trial - b.Trial) })
	return told
}

// chosen returns n of the trials: the best, and others at equal distances.
func chosen(told []*worker.Row, n int) []*worker.Row {
	if n >= len(told) {
		return told
	}
	best := 0
	for i, r := range told {
		if a, b := score(r), score(told[best]); a > b || b != b {
			best = i
		}
	}
	keep := map[int]bool{best: true}
	for k := 0; len(keep) < n && k < n; k++ {
		keep[k*len(told)/n] = true
	}
	out := make([]*worker.Row, 0, n)
	for i, r := range told {
		if keep[i] && len(out) < n {
			out = append(out, r)
		}
	}
	return out
}

// score is what the row's own training scored.
func score(r *worker.Row) float64 {
	if len(r.Trainings) > 0 {
		return r.Trainings[0].Performance
	}
	return r.Fitness
}

func (s *Search) trial(r *worker.Row, generation int) olap.BredTrial {
	b := olap.BredTrial{Number: s.pos.trials + r.Trial, Generation: int64(generation), Status: r.Status, Operator: r.Operator, Island: int64(r.Island), Seed: r.Seed,
		Seeds: max(int64(r.Seeds), 1), Metrics: r.Metrics, Parameters: r.Parameters, Seconds: r.Seconds, Device: s.cfg.Device}
	b.Origin, b.Operator = origin(r)
	if f := score(r); f-f == 0 {
		b.Score = olap.Float(s.wire(f))
	}
	if r.Seeds > 0 {
		b.Expected, b.ScoreError = olap.Float(s.wire(r.Expected)), olap.Float(r.Error)
	}
	for _, n := range r.Parents {
		b.Parents = append(b.Parents, s.pos.trials+n)
	}
	b.Curve = points(r)
	return b
}

// origin is a row's origin as fact_trial has it, and what made it within that.
func origin(r *worker.Row) (origin, operator string) {
	switch r.Origin {
	case "again":
		return "retrain", r.Operator
	case "restart":
		if r.Operator != "" {
			return "random", r.Operator + ": restart"
		}
		return "random", "restart"
	case "random", "crossover", "mutation":
		return r.Origin, r.Operator
	}
	if r.Operator != "" {
		return "program", r.Operator
	}
	return "program", r.Origin
}

func points(r *worker.Row) (out []olap.Point) {
	for _, p := range r.Curve {
		row := olap.Point{Step: int64(p.Step)}
		for from, to := range map[*float64]**float64{&p.Train: &row.Train, &p.Validation: &row.Validation} {
			if !math.IsNaN(*from) && !math.IsInf(*from, 0) {
				*to = olap.Float(*from)
			}
		}
		out = append(out, row)
	}
	return out
}

// diversity is the mean over genes of the standard deviation across the population over the range of it; nil where genomes are
// missing or of several lengths.
func diversity(rows []worker.Row) *float64 {
	var list [][]float64
	for i := range rows {
		if rows[i].Status != worker.StatusOpen {
			list = append(list, rows[i].Genome)
		}
	}
	if len(list) == 0 || len(list[0]) == 0 {
		return nil
	}
	genes, sum := len(list[0]), 0.0
	for _, g := range list {
		if len(g) != genes {
			return nil
		}
	}
	for j := range genes {
		low, high, mean, squares := math.Inf(1), math.Inf(-1), 0.0, 0.0
		for i, g := range list {
			low, high = min(low, g[j]), max(high, g[j])
			d := g[j] - mean
			mean += d / float64(i+1)
			squares += d * (g[j] - mean)
		}
		if high > low {
			sum += math.Sqrt(squares/float64(len(list))) / (high - low)
		}
	}
	if out := sum / float64(genes); out-out == 0 {
		return &out
	}
	return nil
}
