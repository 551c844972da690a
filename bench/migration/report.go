package migration

import (
	"fmt"
	"io"
	"strings"
	"time"

	bench "doin.network/node/bench/report"
	"doin.network/node/ga/island"
)

// Row is a topology and an interval with K islands.
type Row struct {
	Kind     string          `json:"kind"`
	Topology island.Topology `json:"topology"`
	Interval int             `json:"interval"`
	Islands  int             `json:"islands"`
	// Speedup is the median over functions of T₁ ÷ T_K, each T the median over seeds; Isolated of T of K isolated islands ÷ T_K. A run
	// that was given up counts with its budget; functions on which one island and K give up are left out.
	Speedup   float64 `json:"speedup"`
	Isolated  float64 `json:"isolated"`
	Functions int     `json:"functions"`
	Seeds     int     `json:"seeds"` // the least of any function
	Solved    int     `json:"solved"`
	Runs      int     `json:"runs"`
}

// Report is what was measured.
type Report struct {
	Dimension int     `json:"dimension"`
	Target    float64 `json:"target"`
	Budget    int     `json:"budget"`
	Rows      []Row   `json:"islands"`
}

// cell is the runs of one function.
type cell struct {
	spent  []float64
	solved int
}

func (c *cell) add(r *Run) {
	if c.spent = append(c.spent, float64(r.Evaluations)); r.Solved {
		c.solved++
	}
}

func report(c *Config, runs []*Run) *Report {
	out := &Report{Dimension: c.Dimension, Target: c.Target, Budget: c.Budget}
	of := func(t island.Topology, interval, islands, id int) (x cell) {
		for _, r := range runs {
			if r.Kind == c.Kind && r.Topology == t && r.Interval == interval && r.Islands == islands && r.Function == id && r.Seed <= c.Seeds {
				x.add(r)
			}
		}
		return x
	}
	row := func(t island.Topology, interval, k int) {
		x := Row{Kind: c.Kind, Topology: t, Interval: interval, Islands: k, Seeds: c.Seeds}
		var speedups, beside []float64
		for _, id := range c.Functions {
			one, alone, mine := of(island.Isolated, 0, 1, id), of(island.Isolated, 0, k, id), of(t, interval, k, id)
			x.Runs += len(mine.spent)
			x.Solved += mine.solved
			x.Seeds = min(x.Seeds, len(mine.spent))
			if len(one.spent) == 0 || len(mine.spent) == 0 || len(alone.spent) == 0 || one.solved+mine.solved == 0 {
				continue
			}
			speedups = append(speedups, bench.Median(one.spent)/bench.Median(mine.spent))
			beside = append(beside, bench.Median(alone.spent)/bench.Median(mine.spent))
		}
		if x.Functions = len(speedups); x.Functions > 0 {
			x.Speedup, x.Isolated = bench.Median(speedups), bench.Median(beside)
		}
		out.Rows = append(out.Rows, x)
	}
	for _, k := range c.Islands {
		row(island.Isolated, 0, k)
		if c.Kind != Mixed {
			row(Population, 0, k)
		}
		for _, t := range c.Topologies {
			for _, interval := range c.Intervals {
				row(t, interval, k)
			}
		}
	}
	return out
}

// WriteText writes the table as Markdown, which reads as text.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "| islands | topology | interval | T₁ ÷ T_K | beside K isolated | functions | seeds | solved |\n|---:|---|---:|---:|---:|---:|---:|---:|\n")
	for _, x := range r.Rows {
		fmt.Fprintf(&b, "| %d | %s | %d | %.2f | %.2f | %d | %d | %d/%d |\n", x.Islands, x.Topology, x.Interval, x.Speedup, x.Isolated, x.Functions, x.Seeds, x.Solved, x.Runs)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteMarkdown writes the committed form.
func (r *Report) WriteMarkdown(w io.Writer, command string, now time.Time) error {
	_, err := fmt.Fprintf(w, "# Migration\n\nMeasured by `%s` on %s: evaluations of one island until some island is within %g of a function's best, in %d dimensions, "+
		"at most %d·D. Medians over seeds, then over functions; *population* is one search with a population as many times as large, its evaluations shared among as many machines; a run that was given up counts with its budget.\n\n",
		command, now.UTC().Format(time.DateOnly), r.Target, r.Dimension, r.Budget)
	if err != nil {
		return err
	}
	return r.WriteText(w)
}
