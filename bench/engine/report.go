package engine

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"doin.network/node/bench/report"
)

// WriteMarkdown writes the report as tables for people. when is the time of the run.
func (r *Report) WriteMarkdown(w io.Writer, command string, when time.Time) error {
	p := &report.Printer{W: w}
	p.Printf("# CPU engine\n\nMeasured by `%s` on %s: %s, %d cores, %s, %s, implementation `%s`. Everything is measured in turn, in %d rounds; a round's figure is its fastest slice, ours and the peers' alike, and a figure the median of the rounds; "+
		"the machine is shared, so only ratios count.\n\n", command, when.UTC().Format("2006-01-02"), r.Machine.CPU, r.Machine.Cores, r.Machine.OS, r.Machine.Go, r.ISA, r.Rounds)
	p.Printf("FMA peak of one core: %.1f GFLOP/s.\n\n## Products\n\n| n×n×n | GFLOP/s | of peak | gonum | times gonum |\n|---:|---:|---:|---:|---:|\n", r.FMAPeak)
	for _, x := range r.Products {
		p.Printf("| %d | %.1f | %.0f %% | %.1f | %.1f |\n", x.Size, x.GFLOPS, 100*x.ShareOfPeak, x.Gonum, x.TimesGonum)
	}
	p.Printf("\n## Training, optimizer included\n\n| workload | workers | MFLOP/step | µs/model-step | models/s | of peak | scaling |\n|---|---:|---:|---:|---:|---:|---:|\n")
	for _, x := range r.Workloads {
		scaling := ""
		if x.ScalingPerWorker > 0 {
			scaling = fmt.Sprintf("%.2f", x.ScalingPerWorker)
		}
		p.Printf("| %s | %d | %.3f | %.1f | %.0f | %.0f %% | %s |\n", x.Name, x.Workers, x.MFLOPPerStep, x.MicrosPerStep, x.ModelsPerSecond, 100*x.ShareOfPeak, scaling)
	}
	p.Printf("\n`models/s` counts models of their workload's own number of steps (%d; tcn 100; `mixed ga`, the population that a genetic search makes, stops early). One model on one core is timed step by step; everything else, and `models/s`, is whole populations with set-up and validation. `scaling` is one worker's time for a population over all workers'.\n", stepsN)
	if r.Independent > 0 {
		p.Printf("As many independent processes as there are cores train S2 %.2f times as fast as one.\n", r.Independent)
	}
	if len(r.Peers) > 0 {
		p.Printf("\n## Others, one core\n\n| | workload | µs/model-step | our steps in one of theirs |\n|---|---|---:|---:|\n")
		for _, x := range r.Peers {
			p.Printf("| %s | %s | %.0f | %.1f |\n", x.Name, x.Workload, x.MicrosPerStep, x.TimesOurs)
		}
	}
	if small, big := r.product(16), r.product(64); small > 0 && big > 0 {
		p.Printf("\nWhy `small` and `mixed ga` stay below `S2`: their layers are 4 to 64 wide, and a product of 16 alone reaches %.0f %% of peak where one of 64 reaches %.0f %%. "+
			"Samples in the lanes of registers make up for that in forward passes and gradients of inputs, which fill every lane; gradients of parameters do not, "+
			"and gather, activations, optimizer and validation, whose operations are not counted, weigh the more, the smaller the products are.\n", 100*small, 100*big)
	}
	if len(r.Peers) > 0 {
		p.Printf("\n`gonum` is the products of the step alone. PyTorch runs on one thread; stacked is 256 models in batched products.\n")
	}
	for _, a := range r.Absent {
		p.Printf("\nNot measured: %s.\n", a)
	}
	return p.Err
}

// product returns the share of peak of the product of a size, 0 if it was not measured.
func (r *Report) product(n int) float64 {
	for _, p := range r.Products {
		if p.Size == n {
			return p.ShareOfPeak
		}
	}
	return 0
}

// WriteText writes the same for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	p := &report.Printer{W: t}
	p.Printf("FMA peak of one core\t%.1f GFLOP/s\t%s\t%s\t\n\n", r.FMAPeak, r.ISA, r.Machine.CPU)
	p.Printf("product\tGFLOP/s\tof peak\tx gonum\t\n")
	for _, x := range r.Products {
		p.Printf("%d\t%.1f\t%.0f %%\t%.1f\t\n", x.Size, x.GFLOPS, 100*x.ShareOfPeak, x.TimesGonum)
	}
	p.Printf("\nworkload\tworkers\tus/model-step\tmodels/s\tof peak\tscaling\t\n")
	for _, x := range r.Workloads {
		p.Printf("%s\t%d\t%.1f\t%.0f\t%.0f %%\t%.2f\t\n", x.Name, x.Workers, x.MicrosPerStep, x.ModelsPerSecond, 100*x.ShareOfPeak, x.ScalingPerWorker)
	}
	p.Printf("independent processes\tS2\t\t\t\t%.2f\t\n", r.Independent)
	p.Printf("\npeer\tworkload\tus/model-step\tx ours\t\n")
	for _, x := range r.Peers {
		p.Printf("%s\t%s\t%.0f\t%.1f\t\n", x.Name, x.Workload, x.MicrosPerStep, x.TimesOurs)
	}
	for _, a := range r.Absent {
		p.Printf("not measured: %s\n", a)
	}
	if p.Err != nil {
		return p.Err
	}
	return t.Flush()
}
