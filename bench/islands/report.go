package islands

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"doin.network/node/bench/report"
	"doin.network/node/compute/domain"
)

// WriteMarkdown writes the report as tables for people. command is what made it, when the time of the run.
func (r *Report) WriteMarkdown(w io.Writer, command string, when time.Time) error {
	p := &report.Printer{W: w}
	p.Printf("# Islands: %s, %s\n\n", r.Config.Domain, r.Mode)
	p.Printf("Measured by `%s` on %s: %d cores, %s, %s, %s.\n\n", command, when.UTC().Format("2006-01-02"), r.Machine.Cores, r.Machine.Arch, r.Machine.OS, r.Machine.Go)
	r.preface(p)
	for _, goal := range r.Config.Goals {
		r.table(p, goal)
		for _, s := range r.Config.Strategies {
			r.comparison(p, goal, s)
		}
	}
	return p.Err
}

// preface says what the columns mean.
func (r *Report) preface(p *report.Printer) {
	switch r.Mode {
	case Simulated:
		p.Printf("The worker's own searches in one process under a virtual clock: a round is one generation of every island (one candidate of a hill climber), and a champion is let in `lag` rounds after it was found. ")
		p.Printf("The figures are a function of the seeds %d to %d and repeat exactly.\n\n", r.Config.FirstSeed, r.Config.FirstSeed+int64(r.Config.Seeds)-1)
	case Loopback:
		p.Printf("Real node processes on loopback, each with its worker; networks of %d run at once. Rounds and evaluations are those of the nodes' own records until the first training that reached the goal. ", r.Config.Parallel)
		p.Printf("Nodes have no common clock: a champion arrives within the other's current round or before its next, so the lag is between 0 and 1 rounds plus what sending and verifying take. ")
		p.Printf("Seconds were taken on a machine that others used too and include the pauses between rounds: only rounds and evaluations compare with other runs.\n\n")
		if r.Alone > 0 {
			p.Printf("The last column is the mean that the simulation gives for the same seeds at lag 1. Of %d runs of one hill climber, %d took exactly the rounds of the simulation.\n\n", r.Alone, r.Repeated)
		}
	case Joined:
		p.Printf("Nodes that were running already: %s. Rounds count from the start of each node's own experiment.\n\n", strings.Join(r.Config.Endpoints, ", "))
	}
	if r.Mode == Joined {
		return
	}
	p.Printf("`isolated` are as many nodes that exchange nothing, `same evaluations` is one node that makes as many in a round as all of them: n steps of the hill climber, or an n times larger population. ")
	p.Printf("Means and ratios of means carry bootstrap 95 %% intervals, ratios with the runs paired by seed; above 1 the network is faster. A mean with ≥ holds runs that did not reach the goal.\n\n")
}

// name says what a row measured.
func (x *Row) name() string {
	switch x.Kind {
	case One:
		return "one node"
	case Isolated:
		return fmt.Sprintf("%d isolated", x.Nodes)
	case Same:
		return fmt.Sprintf("one, ×%d evaluations", x.Nodes)
	}
	if x.Lag > 0 {
		return fmt.Sprintf("%d islands, lag %d", x.Nodes, x.Lag)
	}
	return fmt.Sprintf("%d islands", x.Nodes)
}

// atLeast marks a mean that is a lower bound.
func (x *Row) atLeast() string {
	if x.Reached < x.Seeds {
		return "≥ "
	}
	return ""
}

// modelled reports whether the simulation was asked for the same runs.
func (r *Report) modelled() bool {
	return slices.ContainsFunc(r.Rows, func(x Row) bool { return x.SimulatedRounds > 0 })
}

// simulated renders what the simulation gives; "–" where nobody has asked it.
func (x *Row) simulated() string {
	if x.SimulatedRounds == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f", x.SimulatedRounds)
}

// seconds renders the wall clock; "–" where nobody has timed it.
func (x *Row) seconds() string {
	if x.MeanSeconds == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f (%.1f–%.1f)", x.MedianSeconds, x.Q1Seconds, x.Q3Seconds)
}

func (r *Report) table(p *report.Printer, goal float64) {
	p.Printf("## Goal %g\n\n| strategy | | runs | reached | mean rounds | median (quartiles) | evaluations | × one node | × isolated | × same evaluations |", goal)
	line := "\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|"
	if r.Mode != Simulated {
		p.Printf(" seconds: median (quartiles) | × one node, seconds |")
		line += "---:|---:|"
	}
	if r.modelled() {
		p.Printf(" simulated mean rounds |")
		line += "---:|"
	}
	p.Printf("%s\n", line)
	for i := range r.Rows {
		x := &r.Rows[i]
		if x.Goal != goal || x.Compared {
			continue
		}
		p.Printf("| %s | %s | %d | %d | %s%.1f (%.1f–%.1f) | %.4g (%.4g–%.4g) | %s%.5g | %s | %s | %s |", label(x.Strategy), x.name(), x.Seeds, x.Reached,
			x.atLeast(), x.MeanRounds, x.LowRounds, x.HighRounds, x.MedianRounds, x.Q1Rounds, x.Q3Rounds, x.atLeast(), x.MeanEvaluations, x.OverOne, x.OverIsolated, x.OverSame)
		if r.Mode != Simulated {
			p.Printf(" %s | %s |", x.seconds(), x.SecondsOverOne)
		}
		if r.modelled() {
			p.Printf(" %s |", x.simulated())
		}
		p.Printf("\n")
	}
	p.Printf("\n")
}

// comparison is the table of topologies and policies, the fastest first.
func (r *Report) comparison(p *report.Printer, goal float64, strategy string) {
	var list []*Row
	for i := range r.Rows {
		if x := &r.Rows[i]; x.Compared && x.Goal == goal && x.Strategy == strategy {
			list = append(list, x)
		}
	}
	if len(list) == 0 {
		return
	}
	slices.SortStableFunc(list, func(a, b *Row) int { return cmp.Compare(a.MeanRounds, b.MeanRounds) })
	p.Printf("### Topologies and policies: %s, %d islands, lag %d\n\n", label(strategy), list[0].Nodes, list[0].Lag)
	p.Printf("The fastest first, each over its first %d runs; a row whose interval in the last column holds 1 is not told apart from the fastest.\n\n", list[0].Seeds)
	p.Printf("| topology | policy | every … rounds | placement | mean rounds | evaluations | × one node | rounds / fastest |\n|---|---|---:|---|---:|---:|---:|---:|\n")
	for _, x := range list {
		m := x.Migration
		p.Printf("| %s | %s | %d | %s | %s%.1f (%.1f–%.1f) | %s%.5g | %s | %s |\n", m.Topology, m.Policy, m.Interval, cmp.Or(x.Placement, "–"),
			x.atLeast(), x.MeanRounds, x.LowRounds, x.HighRounds, x.atLeast(), x.MeanEvaluations, x.OverOne, x.OverFastest)
	}
	p.Printf("\n")
}

// label is a strategy's name in tables.
func label(strategy string) string {
	if strategy == domain.StrategyHillClimber {
		return "hill climber"
	}
	return "GA"
}

// String renders a ratio with its interval; "–" for none.
func (r *Ratio) String() string {
	if r == nil {
		return "–"
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", r.Value, r.Low, r.High)
}

// WriteText writes the gist for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	p := &report.Printer{W: w}
	p.Printf("%-8s %-13s %-26s %5s %8s %22s %12s  %s\n", "goal", "strategy", "", "runs", "reached", "mean rounds", "evaluations", "× one node")
	for i := range r.Rows {
		x := &r.Rows[i]
		name := x.name()
		if x.Compared {
			name = fmt.Sprintf("%s/%s/%d %s", x.Migration.Topology, x.Migration.Policy, x.Migration.Interval, x.Placement)
		}
		p.Printf("%-8g %-13s %-26s %5d %8d %22s %12.5g  %s\n", x.Goal, label(x.Strategy), name, x.Seeds, x.Reached,
			fmt.Sprintf("%.1f (%.1f–%.1f)", x.MeanRounds, x.LowRounds, x.HighRounds), x.MeanEvaluations, x.OverOne)
	}
	return p.Err
}
