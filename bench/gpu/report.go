package gpu

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteMarkdown writes the report as tables for people.
func (r *Report) WriteMarkdown(w io.Writer) error {
	p := &printer{w: w}
	p.f("# CUDA engine on %s\n\nMeasured on %s by `bash run.sh` of `make gpu-bundle` (%s), and written by it. Driver %s (CUDA %s), compute capability %s, %d multiprocessors; kernels compiled by CUDA %s",
		r.Device, r.Date, or(r.Version, "devel"), or(r.Driver, "unknown"), or(r.Card.CUDA, "none"), or(r.Card.Capability, "none"), r.Card.Multiprocessors, r.Toolkit)
	if r.LocalToolkit != "" {
		p.f(", the machine's own nvcc is %s", r.LocalToolkit)
	}
	p.f(". Host: %s.\n\n", or(r.Host, "unknown"))
	r.verdictMarkdown(p)
	r.digestsMarkdown(p)
	r.figuresMarkdown(p)
	r.fastMathMarkdown(p)
	if len(r.Phases) > 0 {
		p.f("\n## Phases\n\n| phase | | s | |\n|---|---|---:|---|\n")
		for _, x := range r.Phases {
			p.f("| %s | %s | %.0f | %s |\n", x.Name, x.Status, x.Seconds, cellText(x.Note))
		}
	}
	if lines := append(prefixed("not there: ", r.Absent), r.LeftOut...); len(lines) > 0 {
		p.f("\n## Not measured\n\n")
		for _, l := range lines {
			p.f("- %s\n", cellText(l))
		}
	}
	return p.err
}

func (r *Report) verdictMarkdown(p *printer) {
	if err := r.Verdict(); err != nil {
		p.f("**Failed:**\n\n")
		for line := range strings.Lines(err.Error()) {
			p.f("- %s\n", cellText(line))
		}
		p.f("\n")
	}
}

func (r *Report) digestsMarkdown(p *printer) {
	p.f("## Digests\n\n%d results compared with the processor's, %d different (seed of the random tasks: %d).\n\n", r.Digests.Compared, r.Digests.Different, r.Digests.RandomSeed)
	if len(r.Digests.Runs) > 0 {
		p.f("| set | kernels | variant | quantum | order | repeat | compared | different | s |\n|---|---|---|---:|---|---:|---:|---:|---:|\n")
	}
	for _, d := range r.Digests.Runs {
		order := "longest first"
		if d.Shuffled {
			order = "shuffled"
		}
		p.f("| %s | %s | %s | %d | %s | %d | %d | %d | %.2f |\n", d.Set, d.Source, d.Variant, d.StepsPerLaunch, order, d.Repeat, d.Compared, d.Different, d.Seconds)
	}
	for _, d := range r.Digests.Differing {
		p.f("\n- %s\n", d)
	}
}

func (r *Report) figuresMarkdown(p *printer) {
	if len(r.Workloads)+len(r.Peers) == 0 {
		return
	}
	p.f("\n## Training\n\nModels per second, wall clock, set-up and validation and results included; the median of the repetitions, which are interleaved with the peers'. ")
	if r.Ceiling > 0 {
		p.f("The ceiling is %.0f GFLOP/s: %s. ", r.Ceiling, r.CeilingLibrary)
	}
	p.f("A repetition of a peer is its training steps alone, those that fit into a slice scaled to all.\n\n")
	p.f("| workload | variant | population | by | models/s | slowest to fastest | of ceiling | J/model | on the card | times ours | repetitions |\n|---|---|---:|---|---:|---|---:|---:|---:|---:|---:|\n")
	for _, x := range r.Workloads {
		r.figureMarkdown(p, x)
		for _, y := range r.Peers {
			if y.Name == x.Name && y.Population == x.Population && y.Variant == x.Variant {
				r.figureMarkdown(p, y)
			}
		}
	}
}

func (r *Report) figureMarkdown(p *printer, x Figure) {
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
	p.f("| %s | %s | %d | %s | %.4g | %.4g to %.4g | %s | %s | %s | %s | %d of %d |\n", x.Name, x.Variant, x.Population, or(x.Peer, "**DOIN**"),
		x.ModelsPerSecond, x.Slowest, x.Fastest, share, joules, onDevice, times, x.Repetitions, x.Wanted)
}

func (r *Report) fastMathMarkdown(p *printer) {
	f := r.FastMath
	if f == nil {
		return
	}
	p.f("\n## What determinism costs\n\nThe same kernels by CUDA %s, with the contract's flags and with `-use_fast_math -fmad=true` (intrinsics replaced by operators), %s at %d, median of %d: %.4g and %.4g models/s, so %.1f %%",
		f.Toolkit, f.Name, f.Population, f.Repetitions, f.Exact, f.Fast, 100*f.Cost)
	if f.ExactDevice > 0 {
		p.f(" (%.1f %% of the card's own time)", 100*f.DeviceCost)
	}
	p.f(".\n")
	if f.DivergedTooSoon {
		p.f("\nA model ended before its last step, so that the two did not compute the same.\n")
	}
}

// WriteText writes the main figures for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	p := &printer{w: t}
	p.f("%s: %d digests compared, %d different; ceiling %.0f GFLOP/s\n\n", r.Device, r.Digests.Compared, r.Digests.Different, r.Ceiling)
	p.f("workload\tvariant\tpopulation\tby\tmodels/s\trepetitions\t\n")
	for _, list := range [][]Figure{r.Workloads, r.Peers} {
		for _, x := range list {
			p.f("%s\t%s\t%d\t%s\t%.4g\t%d\t\n", x.Name, x.Variant, x.Population, or(x.Peer, "doin"), x.ModelsPerSecond, x.Repetitions)
		}
	}
	if f := r.FastMath; f != nil {
		p.f("\ndeterminism costs\t%.1f %%\t\n", 100*f.Cost)
	}
	for _, l := range append(prefixed("not there: ", r.Absent), r.LeftOut...) {
		p.f("%s\n", l)
	}
	if p.err != nil {
		return p.err
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

// printer keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) f(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}
