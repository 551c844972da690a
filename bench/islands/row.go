package islands

import (
	"slices"

	"doin.network/node/compute/domain"
	"doin.network/node/ga/island"
)

// Row is one arrangement and one goal over all runs.
type Row struct {
	Domain   string  `json:"domain"`
	Mode     Mode    `json:"mode"`
	Strategy string  `json:"strategy"`
	Kind     Kind    `json:"arrangement"`
	Nodes    int     `json:"nodes"`
	Goal     float64 `json:"goal"`

	// Lag in rounds of a simulation; Migration and Placement where nodes of ours exchange champions.
	Lag       int            `json:"lag,omitempty"`
	Migration *island.Config `json:"migration,omitempty"`
	Placement string         `json:"placement,omitempty"`
	Compared  bool           `json:"compared,omitempty"` // a row of the table of topologies and policies

	Seeds int `json:"seeds"`
	// Reached is how many runs reached the goal; the others count with what they had spent when they were ended, so that
	// the means are lower bounds where it is below Seeds.
	Reached int `json:"reached"`

	MeanRounds float64 `json:"mean_rounds"`
	LowRounds  float64 `json:"mean_rounds_low"` // 95 % interval of the mean
	HighRounds float64 `json:"mean_rounds_high"`
	// SimulatedRounds is, of real networks, the mean that the simulation with lag 1 gives for the same seeds.
	SimulatedRounds float64 `json:"simulated_mean_rounds,omitempty"`
	MedianRounds    float64 `json:"median_rounds"`
	Q1Rounds        float64 `json:"q1_rounds"`
	Q3Rounds        float64 `json:"q3_rounds"`
	MeanEvaluations float64 `json:"mean_evaluations"`
	MedianEvals     float64 `json:"median_evaluations"`
	Q1Evals         float64 `json:"q1_evaluations"`
	Q3Evals         float64 `json:"q3_evaluations"`
	MeanSeconds     float64 `json:"mean_seconds,omitempty"` // wall clock; of real networks
	MedianSeconds   float64 `json:"median_seconds,omitempty"`
	Q1Seconds       float64 `json:"q1_seconds,omitempty"`
	Q3Seconds       float64 `json:"q3_seconds,omitempty"`

	// How many times fewer rounds than the baselines, runs paired by seed.
	OverOne      *Ratio `json:"speedup_over_one,omitempty"`
	OverIsolated *Ratio `json:"speedup_over_isolated,omitempty"`
	OverSame     *Ratio `json:"speedup_over_same_evaluations,omitempty"`
	// OverFastest is, in the table of topologies and policies, the rounds over those of the strategy's fastest row: an
	// interval that holds 1 does not tell them apart.
	OverFastest *Ratio `json:"rounds_over_fastest,omitempty"`
	// SecondsOverOne is the speed-up of the wall clock over one node.
	SecondsOverOne *Ratio `json:"speedup_of_seconds_over_one,omitempty"`
}

// runs are the outcomes of an arrangement, by seed.
type runs struct {
	arrangement
	list []outcome
}

// figures returns one figure of every run for goal g.
func (r *runs) figures(g int, f func(hit) float64) []float64 {
	out := make([]float64, len(r.list))
	for i := range r.list {
		out[i] = f(r.list[i].hits[g])
	}
	return out
}

func rounds(h hit) float64      { return float64(h.rounds) }
func evaluations(h hit) float64 { return float64(h.evaluations) }
func seconds(h hit) float64     { return h.seconds }

// row sums up an arrangement for goal g; all holds the baselines.
func row(c *Config, mode Mode, r *runs, g int, all []*runs) Row {
	out := Row{Domain: c.Domain, Mode: mode, Strategy: r.strategy, Kind: r.kind, Nodes: r.nodes, Goal: c.Goals[g],
		Placement: string(r.placement), Compared: r.compared, Seeds: len(r.list)}
	if r.kind == Islands && mode != Joined { // how strangers' champions migrate is not known
		m := r.migration
		out.Lag, out.Migration = r.lag, &m
	}
	for i := range r.list {
		if r.list[i].hits[g].reached {
			out.Reached++
		}
	}
	x := r.figures(g, rounds)
	out.MeanRounds = mean(x)
	out.LowRounds, out.HighRounds = meanInterval(x)
	out.Q1Rounds, out.MedianRounds, out.Q3Rounds = quartiles(x)
	y := r.figures(g, evaluations)
	out.MeanEvaluations = mean(y)
	out.Q1Evals, out.MedianEvals, out.Q3Evals = quartiles(y)
	if mode != Simulated {
		s := r.figures(g, seconds)
		out.MeanSeconds = mean(s)
		out.Q1Seconds, out.MedianSeconds, out.Q3Seconds = quartiles(s)
	}
	over := func(kind Kind, nodes int, f func(hit) float64) *Ratio {
		i := slices.IndexFunc(all, func(b *runs) bool { return b.strategy == r.strategy && b.kind == kind && b.nodes == nodes })
		if i < 0 || len(all[i].list) < len(r.list) {
			return nil
		}
		return ratio(all[i].figures(g, f)[:len(r.list)], r.figures(g, f)) // fewer runs are those of the first seeds
	}
	if r.kind != One {
		out.OverOne = over(One, 1, rounds)
	}
	if r.kind == Islands {
		out.OverIsolated, out.OverSame = over(Isolated, r.nodes, rounds), over(Same, r.nodes, rounds)
	}
	if mode != Simulated && r.kind != One && !r.derived() {
		out.SecondsOverOne = over(One, 1, seconds)
	}
	return out
}

// rows sums up everything, goal by goal.
func rows(c *Config, mode Mode, all []*runs) (out []Row) {
	for g := range c.Goals {
		fastest := map[string]*runs{} // of those compared, by strategy
		for _, r := range all {
			f := fastest[r.strategy]
			if r.compared && (f == nil || mean(r.figures(g, rounds)) < mean(f.figures(g, rounds))) {
				fastest[r.strategy] = r
			}
		}
		for _, r := range all {
			x := row(c, mode, r, g, all)
			if r.compared {
				x.OverFastest = ratio(r.figures(g, rounds), fastest[r.strategy].figures(g, rounds))
			}
			out = append(out, x)
		}
	}
	return out
}

// faster returns the runs of one hill climber as if it made n steps in a round.
func faster(one *runs, a arrangement) *runs {
	out := &runs{arrangement: a, list: make([]outcome, len(one.list))}
	for i, o := range one.list {
		out.list[i].hits = slices.Clone(o.hits)
		for g := range out.list[i].hits {
			h := &out.list[i].hits[g]
			h.rounds, h.seconds = (h.rounds+a.nodes-1)/a.nodes, 0 // nobody has timed it
		}
	}
	return out
}

// derived reports whether a is computed of the runs of one node.
func (a *arrangement) derived() bool {
	return a.kind == Same && a.strategy == domain.StrategyHillClimber
}
