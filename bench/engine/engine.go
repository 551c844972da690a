// Package engine measures the CPU engine: products and whole training steps, as shares of what one core can do, beside
// what others do on the same machine in the same run.
//
// Machines are shared and noisy, so everything is measured in turn, in rounds: a round's figure is that of its fastest
// slice, ours and the peers' alike, a figure is the median over the rounds, and only ratios within one run mean
// something. The FMA peak is a loop of independent multiply-adds on registers.
//
// A peer is measured where it is installed and left out, by name, where it is not.
package engine

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"doin.network/node/bench/report"
	"doin.network/node/compute/vec"
)

// Config says what to measure.
type Config struct {
	// Rounds is how often each figure is taken; the median counts. Default 5, min 1.
	Rounds int
	// Duration is about how long one measurement of one figure takes. Default 300 ms.
	Duration time.Duration
	// ISA is the implementation; empty means the best this machine has.
	ISA vec.ISA
	// Peers measures gonum and, where Python has it, PyTorch.
	Peers bool
	// Python is the interpreter. Default "python3".
	Python string
	// Self is the command that prints Child's figure, to measure independent processes; empty: not measured.
	Self []string
	// Progress is called with a line per round; nil for none.
	Progress func(string)
}

// DefaultConfig returns the defaults named at the fields, with peers.
func DefaultConfig() Config {
	return Config{Rounds: 5, Duration: 300 * time.Millisecond, Peers: true, Python: "python3"}
}

// Report is everything that was measured, as --json prints it.
type Report struct {
	Machine   Machine    `json:"machine"`
	ISA       string     `json:"isa"`
	Rounds    int        `json:"rounds"`
	FMAPeak   float64    `json:"fma_peak_gflops"` // of one core
	Products  []Product  `json:"products"`
	Workloads []Workload `json:"workloads"`
	Peers     []Peer     `json:"peers"`
	// Independent is how much faster as many processes as there are cores train S2 than one: the mark for scaling.
	Independent float64  `json:"independent_scaling,omitempty"`
	Absent      []string `json:"absent,omitempty"` // peers that are not installed, and why
}

// Machine names where it was measured.
type Machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	OS    string `json:"os"`
	Go    string `json:"go"`
}

// Product is one size of a dense layer's product, all of its dimensions equal.
type Product struct {
	Size        int     `json:"size"`
	GFLOPS      float64 `json:"gflops"`
	ShareOfPeak float64 `json:"share_of_peak"`
	Gonum       float64 `json:"gonum_gflops,omitempty"`
	TimesGonum  float64 `json:"times_gonum,omitempty"` // median of the ratios of the rounds
}

// Workload is one kind of training.
type Workload struct {
	Name             string  `json:"name"`
	Workers          int     `json:"workers"`
	MFLOPPerStep     float64 `json:"mflop_per_step"`
	MicrosPerStep    float64 `json:"us_per_model_step"` // one model on one core: of a step; else of a population, over all steps
	ModelsPerSecond  float64 `json:"models_per_s"`
	ShareOfPeak      float64 `json:"share_of_peak"` // of Workers cores
	ScalingPerWorker float64 `json:"scaling,omitempty"`
}

// Peer is another program's step of a workload, on one core.
type Peer struct {
	Name          string  `json:"name"` // "pytorch-eager", "pytorch-stacked", or "gonum": its products alone
	Workload      string  `json:"workload"`
	MicrosPerStep float64 `json:"us_per_model_step"`
	TimesOurs     float64 `json:"times_ours"` // how many of our steps fit into one of it: median over the rounds
}

// Run measures. It stops with ctx's error between two measurements.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	b, err := newBench(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.Peers {
		b.torch, b.absent = startTorch(ctx, cfg.Python)
		if b.torch != nil {
			defer b.torch.close()
		}
	}
	for r := range cfg.Rounds {
		if err := b.round(ctx); err != nil {
			return nil, err
		}
		if cfg.Progress != nil {
			cfg.Progress(fmt.Sprintf("round %d of %d: peak %.1f GFLOP/s, S2 %.1f µs a step", r+1, cfg.Rounds, b.last("peak"), b.last("S2/1")))
		}
	}
	return b.report(), nil
}

func newBench(cfg Config) (*bench, error) {
	if cfg.Rounds < 1 || cfg.Duration <= 0 {
		return nil, fmt.Errorf("bench: rounds %d, duration %v: must be positive", cfg.Rounds, cfg.Duration)
	}
	isa := cfg.ISA
	if isa == "" {
		isa = vec.Best()
	}
	kernels, err := vec.For(isa)
	if err != nil {
		return nil, err
	}
	return &bench{cfg: cfg, isa: isa, kernels: kernels, samples: map[string][]float64{}}, nil
}

// bench holds the samples of a run by figure.
type bench struct {
	cfg     Config
	isa     vec.ISA
	kernels *vec.Kernels
	torch   *torch
	absent  []string
	samples map[string][]float64
}

func (b *bench) add(figure string, v float64) { b.samples[figure] = append(b.samples[figure], v) }

func (b *bench) last(figure string) float64 {
	s := b.samples[figure]
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1]
}

func (b *bench) median(figure string) float64 { return report.Median(b.samples[figure]) }

// ratio is the median over the rounds of one figure over another.
func (b *bench) ratio(over, under string) float64 {
	x, y := b.samples[over], b.samples[under]
	var r []float64
	for i := range min(len(x), len(y)) {
		r = append(r, x[i]/y[i])
	}
	return report.Median(r)
}

// workerCounts are one core and, where there are more, all of them.
func workerCounts() []int {
	if n := runtime.GOMAXPROCS(0); n > 1 {
		return []int{1, n}
	}
	return []int{1}
}

// round measures everything once, in turn.
func (b *bench) round(ctx context.Context) error {
	var steps []func() error
	for _, n := range productSizes {
		steps = append(steps, func() error { return b.product(n) })
	}
	for _, w := range workloads() {
		for _, workers := range workerCounts() {
			steps = append(steps, func() error { return b.train(ctx, w, workers) })
		}
		if b.torch != nil && w.torch != nil {
			steps = append(steps, func() error { return b.torchStep(w) })
		}
		if b.cfg.Peers && w.torch != nil {
			steps = append(steps, func() error { return b.gonumStep(w) })
		}
	}
	if n := runtime.GOMAXPROCS(0); n > 1 && len(b.cfg.Self) > 0 {
		steps = append(steps, func() error { return b.independent(ctx, n) })
	}
	for _, s := range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s(); err != nil {
			return err
		}
	}
	return nil
}

// slice is how long the pieces are of which the fastest counts: other work on the machine only adds time, and most of
// it comes in longer pieces than that.
const slice = time.Millisecond

// timed calls f with a count that takes about a slice, again and again for d, and returns the seconds per unit of count of the
// fastest slice.
func timed(d time.Duration, f func(n int)) float64 {
	n := 1
	f(n)
	for {
		begun := time.Now()
		f(n)
		took := time.Since(begun)
		if took >= slice || n > 1<<40 {
			break
		}
		n = int(float64(n)*min(100, max(1.5, 1.2*float64(slice)/float64(took+1)))) + 1
	}
	fastest := time.Duration(1 << 62)
	for end := time.Now().Add(d); ; {
		begun := time.Now()
		f(n)
		fastest = min(fastest, time.Since(begun))
		if !time.Now().Before(end) {
			return fastest.Seconds() / float64(n)
		}
	}
}

// peak measures the register-only loop, in GFLOP/s of one core; 0 for implementations that have none. It is taken before and
// after every figure that is shown as a share, because the clock of a shared machine moves, for long enough that some slice of
// it is disturbed by nobody.
func (b *bench) peak() float64 {
	var flop int
	s := timed(max(b.cfg.Duration/10, 20*slice), func(n int) { flop = vec.PeakFMA(b.isa, 1000*n) / n })
	p := float64(flop) / s / 1e9
	if p > 0 {
		b.add("peak", p)
	}
	return p
}

// share adds a figure in GFLOP/s as a share of the peak around it.
func (b *bench) share(figure string, gflops, before, after float64) {
	if before > 0 && after > 0 {
		b.add(figure+"/share", gflops/((before+after)/2))
	}
}

func (b *bench) report() *Report {
	r := &Report{Machine: machine(), ISA: string(b.isa), Rounds: b.cfg.Rounds, FMAPeak: b.median("peak"), Absent: b.absent, Independent: b.median("independent")}
	share := func(figure string) float64 { return b.median(figure + "/share") }
	for _, n := range productSizes {
		f, g := fmt.Sprintf("product/%d", n), fmt.Sprintf("gonum/%d", n)
		r.Products = append(r.Products, Product{Size: n, GFLOPS: b.median(f), ShareOfPeak: share(f), Gonum: b.median(g), TimesGonum: b.ratio(f, g)})
	}
	for _, w := range workloads() {
		for _, workers := range workerCounts() {
			f := fmt.Sprintf("%s/%d", w.String(), workers)
			us := b.median(f)
			out := Workload{Name: w.String(), Workers: workers, MFLOPPerStep: b.median(f+"/flop") / 1e6, MicrosPerStep: us,
				ModelsPerSecond: b.median(f + "/models"), ShareOfPeak: share(f) / float64(workers)}
			if workers > 1 {
				out.ScalingPerWorker = b.ratio(w.String()+"/1/population", f+"/population")
			}
			r.Workloads = append(r.Workloads, out)
		}
		for _, p := range []string{"pytorch-eager", "pytorch-stacked", "gonum"} {
			if f := p + "/" + w.String(); len(b.samples[f]) > 0 {
				r.Peers = append(r.Peers, Peer{Name: p, Workload: w.String(), MicrosPerStep: b.median(f), TimesOurs: b.ratio(f, w.String()+"/1")})
			}
		}
	}
	return r
}
