package gpubench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"doin.network/node/bench/gpu"
	"doin.network/node/compute/device/block"
	"doin.network/node/kernels"
)

// errReport is returned by the parts, which all add to one file.
var errReport = errors.New("--report: no file")

// reportFlag is of every part.
func (o *options) reportFlag(c *cobra.Command) {
	c.Flags().StringVar(&o.report, "report", "", "file that this is added to")
}

// load reads the report that the parts before have begun; an empty one if there is none.
func (o *options) load() (*gpu.Report, func() error, error) {
	if o.report == "" {
		return nil, nil, errReport
	}
	r, err := gpu.ReadReport(o.report)
	if errors.Is(err, fs.ErrNotExist) {
		r, err = gpu.NewReport(), nil
	}
	return r, func() error { return r.Save(o.report) }, err
}

// describe notes where a report was made.
func (o *options) describe(ctx context.Context, r *gpu.Report, card *gpu.Card) {
	r.Device, r.Driver, r.Card = card.Info.Name, card.Info.Driver, card.Info
	r.Toolkit, r.Version = kernels.Built().Toolkit, o.version
	r.LocalToolkit = gpu.ToolkitVersion(ctx, o.nvcc)
	r.Date = time.Now().UTC().Format("2006-01-02")
	r.Host = fmt.Sprintf("%s, %d processors, %s", runtime.GOOS+"/"+runtime.GOARCH, runtime.NumCPU(), runtime.Version())
}

func (o *options) infoCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "info", Short: "Begin a report with what the card is, and print its architecture and name.", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, save, err := o.load()
			if err != nil {
				return err
			}
			card, err := gpu.Open(cmd.Context(), o.device, gpu.Embedded())
			if err != nil {
				return err
			}
			o.describe(cmd.Context(), r, card)
			fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", card.Info.Arch(), card.Info.Name)
			return errors.Join(card.Close(), save())
		},
	}
	o.reportFlag(c)
	c.Flags().StringVar(&o.nvcc, "nvcc", "nvcc", "the machine's compiler, for its version")
	return c
}

func (o *options) digestsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "digests", Short: "Compare digests of one source of kernels: cubin, ptx or rebuilt.", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			until := o.until()
			r, save, err := o.load()
			if err != nil {
				return err
			}
			card, err := o.open(cmd.Context())
			if err != nil {
				return err
			}
			err = o.compare(cmd, card, r, until, save)
			different := r.Digests.Different
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d digests compared, %d different\n", card.Source, r.Digests.Compared, different)
			if err == nil && different > 0 {
				err = fmt.Errorf("%d digests differ", different)
			}
			return errors.Join(err, card.Close(), save())
		},
	}
	o.reportFlag(c)
	o.digestFlags(c)
	c.Flags().StringVar(&o.source, "source", "cubin", "cubin: as embedded, ptx: compiled by the driver, rebuilt: machine code of --images")
	c.Flags().StringVar(&o.images, "images", "", "folder that rebuild wrote")
	return c
}

// open opens the card with the kernels of --source.
func (o *options) open(ctx context.Context) (*gpu.Card, error) {
	switch o.source {
	case "cubin":
		return gpu.Open(ctx, o.device, gpu.Embedded())
	case "ptx":
		return gpu.Open(ctx, o.device, gpu.Source{Name: o.source, ForcePTX: true})
	case "rebuilt":
		return gpu.OpenFolder(ctx, o.device, o.images, o.source)
	}
	return nil, fmt.Errorf("--source %q: must be cubin, ptx or rebuilt", o.source)
}

// randomLeast is the time below which all of it is for the committed tasks: random ones are first trained by the processor.
const randomLeast = 30 * time.Second

// compare compares the digests that the flags name.
func (o *options) compare(cmd *cobra.Command, card *gpu.Card, r *gpu.Report, until time.Time, after func() error) error {
	committed, err := gpu.LoadCommitted(o.tasks, o.only)
	if err != nil {
		return err
	}
	d := gpu.DefaultDigests()
	d.Committed, d.Until, d.After = committed, until, after
	if o.quick {
		d.Variants, d.Quanta, d.Repeats, d.Predictions = []block.Variant{block.Auto}, []int{100}, 1, false
		d.Plain = true
	}
	if !until.IsZero() && time.Until(until) < randomLeast && o.random > 0 {
		r.LeftOut = append(r.LeftOut, fmt.Sprintf("digests: %d random tasks on %s, for want of time", o.random, card.Source))
	} else if o.random > 0 {
		if r.Digests.RandomSeed == 0 {
			r.Digests.RandomSeed = o.seed
			if o.seed == 0 {
				r.Digests.RandomSeed = uint64(time.Now().UnixNano()) >> 20
			}
		}
		// The processor's part may take a third of the time at most.
		ctx, cancel := cmd.Context(), context.CancelFunc(func() {})
		if !until.IsZero() {
			ctx, cancel = context.WithTimeout(ctx, time.Until(until)/3)
		}
		d.Random, err = gpu.Random(ctx, r.Digests.RandomSeed, o.random)
		cancel()
		switch {
		case errors.Is(err, context.DeadlineExceeded) && cmd.Context().Err() == nil:
			r.LeftOut = append(r.LeftOut, fmt.Sprintf("digests: %d random tasks on %s, for want of time on the processor", o.random, card.Source))
		case err != nil:
			return err
		}
	}
	return gpu.CheckDigests(cmd.Context(), card, d, r)
}

func (o *options) rebuildCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "rebuild", Short: "Compile the embedded kernels with an nvcc.", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.out == "" {
				return errors.New("--out: no folder")
			}
			_, err := gpu.Rebuild(cmd.Context(), o.nvcc, o.arch, o.out, o.fast)
			return err
		},
	}
	f := c.Flags()
	f.StringVar(&o.nvcc, "nvcc", "nvcc", "the compiler")
	f.StringVar(&o.arch, "arch", "sm_90", "architecture")
	f.StringVar(&o.out, "out", "", "folder")
	f.BoolVar(&o.fast, "fast", false, "with -use_fast_math -fmad=true and operators in the place of the rounding intrinsics: for timing only")
	return c
}

func (o *options) measureCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "measure", Short: "Measure models per second, and the peers'.", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg := o.cfg
			cfg.Until = o.until()
			r, save, err := o.load()
			if err != nil {
				return err
			}
			card, err := gpu.Open(cmd.Context(), o.device, gpu.Embedded())
			if err != nil {
				return err
			}
			cfg.After = save
			cfg.Progress = func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), line) }
			return errors.Join(gpu.Measure(cmd.Context(), card, cfg, r), card.Close(), save())
		},
	}
	o.reportFlag(c)
	o.measureFlags(c)
	return c
}

func (o *options) fastMathCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "fastmath", Short: "Measure what determinism costs: two images of the same nvcc, one of them with --fast.", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg := o.cfg
			cfg.Until = o.until()
			r, save, err := o.load()
			if err != nil {
				return err
			}
			exact, err := gpu.OpenFolder(cmd.Context(), o.device, o.exact, "rebuilt")
			if err != nil {
				return err
			}
			fast, err := gpu.OpenFolder(cmd.Context(), o.device, o.fastDir, "fast-math")
			if err != nil {
				return errors.Join(err, exact.Close())
			}
			err = gpu.MeasureFastMath(cmd.Context(), exact, fast, cfg, gpu.ToolkitVersion(cmd.Context(), o.nvcc), r)
			return errors.Join(err, exact.Close(), fast.Close(), save())
		},
	}
	o.reportFlag(c)
	o.measureFlags(c)
	c.Flags().StringVar(&o.nvcc, "nvcc", "nvcc", "the compiler that made both, for its version")
	c.Flags().StringVar(&o.exact, "exact", "", "folder that rebuild wrote")
	c.Flags().StringVar(&o.fastDir, "fast", "", "folder that rebuild --fast wrote")
	return c
}

func (o *options) finishCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "finish", Short: "Write gpu-CARD.json, .md and .svg from a report; an error if something differs or failed.", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := os.Stat(o.report); err != nil {
				return err
			}
			r, _, err := o.load()
			if err != nil {
				return err
			}
			if o.phases != "" {
				if r.Phases, err = gpu.ReadPhases(o.phases); err != nil {
					return err
				}
			}
			if err := r.WriteFiles(filepath.Clean(o.out)); err != nil {
				return err
			}
			if err := r.WriteText(cmd.OutOrStdout()); err != nil {
				return err
			}
			return r.Verdict()
		},
	}
	o.reportFlag(c)
	c.Flags().StringVar(&o.phases, "phases", "", "file of lines name, status, seconds, note, with tabs between")
	c.Flags().StringVar(&o.out, "out", "", "directory (default: this one)")
	return c
}
