package islands

import (
	"io"
	"time"

	"doin.network/node/bench/report"
)

// ClockReport is what Clock measured, as --json prints it. The statistic was fixed before anything was measured: the ratio
// of the mean times, with the 95 % percentile bootstrap over the pairs.
type ClockReport struct {
	Mode    string      `json:"mode"`
	Config  ClockConfig `json:"config"`
	Machine Machine     `json:"machine"`
	// Goal is the performance to reach: the median of Calibration's scores after CalibrateSeconds, unless it was given.
	Goal             float64       `json:"goal"`
	CalibrateSeconds float64       `json:"calibrate_seconds"`
	TimeoutSeconds   float64       `json:"timeout_seconds"`
	Calibration      []Calibration `json:"calibration,omitempty"`
	Pairs            []Pair        `json:"pairs"`

	// The three arrangements; nil without a pair.
	One      *ClockRow `json:"one,omitempty"`
	Isolated *ClockRow `json:"isolated,omitempty"`
	Islands  *ClockRow `json:"islands,omitempty"`
	// How many times sooner the islands are; nil without a pair. Runs that were given up count with the time-out, so a
	// ratio is a lower bound where the islands have none of them.
	OverOne      *Ratio `json:"speedup_over_one,omitempty"`
	OverIsolated *Ratio `json:"speedup_over_isolated,omitempty"`
}

// Calibration is the score of one node after a while.
type Calibration struct {
	Seed  int64   `json:"seed"`
	Score float64 `json:"score"`
}

// ClockRow is one arrangement's seconds to the goal.
type ClockRow struct {
	Mean   float64 `json:"mean_seconds"`
	Low    float64 `json:"mean_seconds_low"` // 95 % interval of the mean
	High   float64 `json:"mean_seconds_high"`
	Q1     float64 `json:"q1_seconds"`
	Median float64 `json:"median_seconds"`
	Q3     float64 `json:"q3_seconds"`
	Capped int     `json:"capped"` // runs that were given up
}

// WriteMarkdown writes the report for people. command is what made it, when the time of the run.
func (r *ClockReport) WriteMarkdown(w io.Writer, command string, when time.Time) error {
	p := &report.Printer{W: w}
	p.Printf("# Islands by the clock: %s\n\n", r.Config.Domain)
	p.Printf("Measured by `%s` on %s: %d cores, %s, %s, %s.\n\n", command, when.UTC().Format("2006-01-02"), r.Machine.Cores, r.Machine.Arch, r.Machine.OS, r.Machine.Go)
	p.Printf("Real node processes on loopback, one worker thread each. ")
	if len(r.Calibration) > 0 {
		p.Printf("The goal, %.6g, is the median score that one node had after %g s in %d runs of other seeds, made before. ", r.Goal, r.CalibrateSeconds, len(r.Calibration))
	} else {
		p.Printf("The goal was given: %.6g. ", r.Goal)
	}
	p.Printf("Seconds are those of the nodes' own experiments until the first training of any of them reached it; a run is given up after %g s and counts with them. ", r.TimeoutSeconds)
	p.Printf("`isolated` is the faster of the one node and of another that it does not know, run beside it. ")
	p.Printf("Ratios are of means, with the 95 %% percentile bootstrap over the %d pairs.\n\n", len(r.Pairs))
	if len(r.Pairs) == 0 {
		p.Printf("No pair is whole yet.\n")
		return p.Err
	}
	p.Printf("| | mean seconds | median (quartiles) | given up | islands are sooner by |\n|---|---:|---:|---:|---:|\n")
	row := func(name string, x *ClockRow, over *Ratio) {
		p.Printf("| %s | %.1f (%.1f–%.1f) | %.1f (%.1f–%.1f) | %d | %s |\n", name, x.Mean, x.Low, x.High, x.Median, x.Q1, x.Q3, x.Capped, over)
	}
	row("one node", r.One, r.OverOne)
	row("two isolated", r.Isolated, r.OverIsolated)
	row("two islands", r.Islands, nil)
	return p.Err
}

// WriteText writes the gist for a terminal.
func (r *ClockReport) WriteText(w io.Writer) error {
	p := &report.Printer{W: w}
	p.Printf("goal %.6g, %d pairs\n", r.Goal, len(r.Pairs))
	if len(r.Pairs) == 0 {
		return p.Err
	}
	row := func(name string, x *ClockRow, over *Ratio) {
		p.Printf("%-13s mean %7.1f s  median %7.1f s  given up %d  islands sooner by %s\n", name, x.Mean, x.Median, x.Capped, over)
	}
	row("one node", r.One, r.OverOne)
	row("two isolated", r.Isolated, r.OverIsolated)
	row("two islands", r.Islands, nil)
	return p.Err
}
