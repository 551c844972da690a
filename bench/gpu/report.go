package gpu

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"doin.network/node/bench/report"
)

// WriteMarkdown writes the report as tables for people.
func (r *Report) WriteMarkdown(w io.Writer) error {
	p := &report.Printer{W: w}
	p.Printf("# CUDA engine on %s\n\nMeasured on %s by `bash run.sh` of `make gpu-bundle` (%s), and written by it. Driver %s (CUDA %s), compute capability %s, %d multiprocessors; kernels compiled by CUDA %s",
		r.Device, r.Date, or(r.Version, "devel"), or(r.Driver, "unknown"), or(r.Card.CUDA, "none"), or(r.Card.Capability, "none"), r.Card.Multiprocessors, r.Toolkit)
	if r.LocalToolkit != "" {
		p.Printf(", the machine's own nvcc is %s", r.LocalToolkit)
	}
	p.Printf(". Host: %s.\n\n", or(r.Host, "unknown"))
	r.verdictMarkdown(p)
	r.digestsMarkdown(p)
	r.figuresMarkdown(p)
	r.includesMarkdown(p)
	r.fastMathMarkdown(p)
	if len(r.Phases) > 0 {
		p.Printf("\n## Phases\n\n| phase | | s | |\n|---|---|---:|---|\n")
		for _, x := range r.Phases {
			p.Printf("| %s | %s | %.0f | %s |\n", x.Name, x.Status, x.Seconds, cellText(x.Note))
		}
	}
	if lines := append(prefixed("not there: ", r.Absent), r.LeftOut...); len(lines) > 0 {
		p.Printf("\n## Not measured\n\n")
		for _, l := range lines {
			p.Printf("- %s\n", cellText(l))
		}
	}
	return p.Err
}

func (r *Report) verdictMarkdown(p *report.Printer) {
	if err := r.Verdict(); err != nil {
		p.Printf("**Failed:**\n\n")
		for line := range strings.Lines(err.Error()) {
			p.Printf("- %s\n", cellText(line))
		}
		p.Printf("\n")
	}
}

func (r *Report) digestsMarkdown(p *report.Printer) {
	p.Printf("## Digests\n\n%d results compared with the processor's, %d different (seed of the random tasks: %d).\n\n", r.Digests.Compared, r.Digests.Different, r.Digests.RandomSeed)
	if len(r.Digests.Runs) > 0 {
		p.Printf("| set | kernels | variant | quantum | order | repeat | compared | different | s |\n|---|---|---|---:|---|---:|---:|---:|---:|\n")
	}
	for _, d := range r.Digests.Runs {
		order := "longest first"
		if d.Shuffled {
			order = "shuffled"
		}
		p.Printf("| %s | %s | %s | %d | %s | %d | %d | %d | %.2f |\n", d.Set, d.Source, d.Variant, d.StepsPerLaunch, order, d.Repeat, d.Compared, d.Different, d.Seconds)
	}
	for _, d := range r.Digests.Differing {
		p.Printf("\n- %s\n", d)
	}
}

func (r *Report) figuresMarkdown(p *report.Printer) {
	if len(r.Workloads)+len(r.Peers) == 0 {
		return
	}
	p.Printf("\n## Training\n\nModels per second, wall clock, set-up and validation and results included; the median of the repetitions, which are interleaved with the peers'. ")
	if r.Ceiling > 0 {
		p.Printf("The ceiling is %.0f GFLOP/s: %s. ", r.Ceiling, r.CeilingLibrary)
	}
	p.Printf("A repetition of a peer is its training steps alone, those that fit into a slice scaled to all.\n\n")
	p.Printf("| workload | variant | population | by | models/s | slowest to fastest | of ceiling | J/model | on the card | times ours | repetitions |\n|---|---|---:|---|---:|---|---:|---:|---:|---:|---:|\n")
	for _, x := range r.Workloads {
		r.figureMarkdown(p, x)
		for _, y := range r.Peers {
			if y.Name == x.Name && y.Population == x.Population && y.Variant == x.Variant {
				r.figureMarkdown(p, y)
			}
		}
	}
}

// includesMarkdown says of each who has a figure what its figures contain, once for all that say the same.
func (r *Report) includesMarkdown(p *report.Printer) {
	if len(r.Workloads)+len(r.Peers) == 0 {
		return
	}
	p.Printf("\n### What the figures include\n\n| by | upload | compiling | optimizer | early stopping | digests | Python |\n|---|---|---|---|---|---|---|\n")
	said := map[string]bool{}
	for _, list := range [][]Figure{r.Workloads, r.Peers} {
		for _, x := range list {
			by := or(strings.TrimSuffix(x.Peer, "-padded"), "**DOIN**")
			if x.Variant == digested {
				by += " " + string(x.Variant)
			}
			if i := x.Includes; !said[by] {
				said[by] = true
				p.Printf("| %s | %s | %s | %s | %s | %s | %s |\n", by, cellText(i.Upload), cellText(i.Compile), cellText(i.Optimizer), cellText(i.Stopping), cellText(i.Digests), cellText(i.Python))
			}
		}
	}
}

func (r *Report) figureMarkdown(p *report.Printer, x Figure) {
	share, joules, onDevice, times := "", "", "", ""
	if x.ShareOfCeiling != nil {
		share = fmt.Sprintf("%.1f %%", 100**x.ShareOfCeiling)
	}
	if x.JoulesPerModel != nil {
		joules = fmt.Sprintf("%.3g", *x.JoulesPerModel)
	}
	if x.OnDevice != nil && x.Seconds > 0 {
		onDevice = fmt.Sprintf("%.0f %%", 100**x.OnDevice/x.Seconds)
	}
	if x.TimesEngine > 0 {
		times = fmt.Sprintf("%.2f", x.TimesEngine)
	}
	p.Printf("| %s | %s | %d | %s | %.4g | %.4g to %.4g | %s | %s | %s | %s | %d of %d |\n", x.Name, x.Variant, x.Population, or(x.Peer, "**DOIN**"),
		x.ModelsPerSecond, x.Slowest, x.Fastest, share, joules, onDevice, times, x.Repetitions, x.Wanted)
}

func (r *Report) fastMathMarkdown(p *report.Printer) {
	f := r.FastMath
	if f == nil {
		return
	}
	p.Printf("\n## What determinism costs\n\nThe same kernels by CUDA %s, with the contract's flags and with `-use_fast_math -fmad=true` (intrinsics replaced by operators), %s at %d, median of %d: %.4g and %.4g models/s, so %.1f %%",
		f.Toolkit, f.Name, f.Population, f.Repetitions, f.Exact, f.Fast, 100*f.Cost)
	if f.ExactDevice > 0 {
		p.Printf(" (%.1f %% of the card's own time)", 100*f.DeviceCost)
	}
	p.Printf(".\n")
	if f.DivergedTooSoon {
		p.Printf("\nA model ended before its last step, so that the two did not compute the same.\n")
	}
}

// WriteText writes the main figures for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	p := &report.Printer{W: t}
	p.Printf("%s: %d digests compared, %d different; ceiling %.0f GFLOP/s\n\n", r.Device, r.Digests.Compared, r.Digests.Different, r.Ceiling)
	p.Printf("workload\tvariant\tpopulation\tby\tmodels/s\trepetitions\t\n")
	for _, list := range [][]Figure{r.Workloads, r.Peers} {
		for _, x := range list {
			p.Printf("%s\t%s\t%d\t%s\t%.4g\t%d\t\n", x.Name, x.Variant, x.Population, or(x.Peer, "doin"), x.ModelsPerSecond, x.Repetitions)
		}
	}
	if f := r.FastMath; f != nil {
		p.Printf("\ndeterminism costs\t%.1f %%\t\n", 100*f.Cost)
	}
	for _, l := range append(prefixed("not there: ", r.Absent), r.LeftOut...) {
		p.Printf("%s\n", l)
	}
	if p.Err != nil {
		return p.Err
	}
	return t.Flush()
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func prefixed(prefix string, list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, prefix+s)
	}
	return out
}

// cellText is what others said, in one line of a table.
func cellText(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", "\\|")
}
