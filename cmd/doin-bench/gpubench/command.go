// Package gpubench is the command `doin-bench gpu`: it binds flags to what package bench/gpu measures. It is by itself, so that
// the bundle for machines with a card has a program with nothing else in it.
package gpubench

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"doin.network/node/bench/gpu"
)

// options are the flags of `doin-bench gpu` and of its parts.
type options struct {
	cfg gpu.Config

	device, images, report string
	within                 time.Duration

	tasks   string
	only    []string
	random  int
	seed    uint64
	quick   bool
	source  string
	digests bool

	nvcc, arch     string
	fast           bool
	exact, fastDir string
	phases         string

	out     string
	asJSON  bool
	version string
}

// Command returns `gpu` and its parts. version is that of the program, for the report.
func Command(version string) *cobra.Command {
	o := &options{cfg: gpu.DefaultConfig(), version: version}
	c := &cobra.Command{
		Use:   "gpu",
		Short: "The CUDA engine on a card: digests against the processor's, models per second, others on the same card.",
		Long: "Compares the digests of the committed tasks, measures, and writes gpu-CARD.json, .md and .svg. Needs a build with the\n" +
			"tag gpu and a card; --device host runs the same kernels on the processor, to try everything but the speed.\n" +
			"The commands below it are its parts, which run.sh of make gpu-bundle calls one by one.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.all(cmd) },
	}
	f := c.PersistentFlags()
	f.StringVar(&o.device, "device", "cuda:0", "cuda:0, cuda:1, …, or host")
	f.DurationVar(&o.within, "for", 0, "stop after so long, and say what was left out (default: no limit)")
	o.digestFlags(c)
	o.measureFlags(c)
	c.Flags().BoolVar(&o.digests, "digests", true, "compare the digests of the committed tasks")
	c.Flags().StringVar(&o.out, "out", "", "directory for gpu-CARD.md, .json and .svg")
	c.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	c.AddCommand(o.infoCommand(), o.digestsCommand(), o.rebuildCommand(), o.measureCommand(), o.fastMathCommand(), o.finishCommand())
	return c
}

func (o *options) digestFlags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.tasks, "tasks", filepath.Join("compute", "nn", "testdata"), "folder of the committed tasks and their roots")
	f.StringSliceVar(&o.only, "only", nil, "beginnings of the names of the tasks to train (default: all)")
	f.IntVar(&o.random, "random", 0, "so many random tasks as well, whose roots the processor makes first")
	f.Uint64Var(&o.seed, "seed", 0, "seed of the random tasks (default: from the clock)")
	f.BoolVar(&o.quick, "quick", false, "train every task once only, by the kernel that suits it")
}

func (o *options) measureFlags(c *cobra.Command) {
	f := c.Flags()
	f.IntSliceVar(&o.cfg.Populations, "populations", o.cfg.Populations, "numbers of models that are trained together, the most important first")
	f.StringSliceVar(&o.cfg.Workloads, "workloads", nil, "S2, small, wide, tcn, mixed (default: all)")
	f.IntVar(&o.cfg.Steps, "steps", o.cfg.Steps, "optimizer steps of a model; the tcn makes a tenth")
	f.IntVar(&o.cfg.Repetitions, "repetitions", o.cfg.Repetitions, "how often each figure is taken")
	f.BoolVar(&o.cfg.Peers, "peers", o.cfg.Peers, "measure PyTorch and JAX too")
	f.StringVar(&o.cfg.Python, "python", o.cfg.Python, "Python interpreter that has them")
	f.StringVar(&o.cfg.PeerFolder, "peer-folder", "", "folder of the peers' scripts (default: those that are embedded)")
	f.StringVar(&o.cfg.PeerDevice, "peer-device", o.cfg.PeerDevice, "cuda, or cpu to try the scripts out")
	f.DurationVar(&o.cfg.PeerSlice, "peer-slice", o.cfg.PeerSlice, "about how long a repetition of a peer takes")
	f.IntVar(&o.cfg.CeilingSize, "ceiling-size", o.cfg.CeilingSize, "side of the matrices whose product is the ceiling")
	f.DurationVar(&o.cfg.EnergyFor, "energy-for", o.cfg.EnergyFor, "how long the energy of a figure is measured; 0: not")
}

// until is when a command that begins now has to stop.
func (o *options) until() time.Time {
	if o.within <= 0 {
		return time.Time{}
	}
	return time.Now().Add(o.within)
}

// all is the whole of it in one process.
func (o *options) all(cmd *cobra.Command) error {
	until := o.until()
	card, err := gpu.Open(cmd.Context(), o.device, gpu.Embedded())
	if err != nil {
		return err
	}
	defer card.Close()
	r := gpu.NewReport()
	o.describe(cmd.Context(), r, card)
	if o.digests {
		if err := o.compare(cmd, card, r, until, nil); err != nil {
			return err
		}
	}
	cfg := o.cfg
	cfg.Until = until
	cfg.Progress = func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), line) }
	if err := gpu.Measure(cmd.Context(), card, cfg, r); err != nil {
		return err
	}
	if o.out != "" {
		if err := r.WriteFiles(o.out); err != nil {
			return err
		}
	}
	if o.asJSON {
		err = r.WriteJSON(cmd.OutOrStdout())
	} else {
		err = r.WriteText(cmd.OutOrStdout())
	}
	if err == nil && o.digests {
		err = r.Verdict()
	}
	return err
}
