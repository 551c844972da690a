// Command doin-bench measures: the CPU engine beside other programs, what a network of nodes is worth, how a node
// bears load, how good its champions are, and what its searches solve.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"doin.network/node/bench/engine"
	"doin.network/node/compute/vec"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := rootCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "doin-bench:", err)
		stop()
		os.Exit(1)
	}
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{Use: "doin-bench", Short: "Benchmarks of the DOIN node.", SilenceUsage: true, SilenceErrors: true}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(bbobCommand(), engineCommand(), gpuCommand(), hostCommand(), islandsCommand(), kernelsCommand(), loadCommand(), metaCommand(), qualityCommand(), readingCommand())
	return root
}

func engineCommand() *cobra.Command {
	cfg := engine.DefaultConfig()
	var asJSON, child bool
	var isa, out string
	c := &cobra.Command{
		Use:   "engine",
		Short: "Products and training steps as shares of this machine's FMA peak, beside gonum and PyTorch.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg.ISA = vec.ISA(isa)
			if child {
				us, err := engine.Child(cmd.Context(), cfg)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), us)
				return err
			}
			exe, err := os.Executable()
			if err != nil {
				return err
			}
			cfg.Self = []string{exe, "engine", "--child"}
			cfg.Progress = func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), line) }
			r, err := engine.Run(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			if out != "" {
				if err := write(out, r); err != nil {
					return err
				}
			}
			if asJSON {
				return encode(cmd.OutOrStdout(), r)
			}
			return r.WriteText(cmd.OutOrStdout())
		},
	}
	f := c.Flags()
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.BoolVar(&child, "child", false, "")
	if err := f.MarkHidden("child"); err != nil {
		panic(err) // the flag is defined above
	}
	f.StringVar(&out, "out", "", "directory for engine.md, engine.json and engine.svg")
	f.StringVar(&isa, "isa", "", "implementation: naive, generic, avx2 or avx512 (default: the best)")
	f.IntVar(&cfg.Rounds, "rounds", cfg.Rounds, "how often everything is measured")
	f.DurationVar(&cfg.Duration, "duration", cfg.Duration, "about how long one measurement takes")
	f.BoolVar(&cfg.Peers, "peers", cfg.Peers, "measure gonum and PyTorch too")
	f.StringVar(&cfg.Python, "python", cfg.Python, "Python interpreter that has PyTorch")
	return c
}

// form is one file of a report.
type form struct {
	name  string
	write func(io.Writer) error
}

// write puts the engine's report into dir.
func write(dir string, r *engine.Report) error {
	return writeForms(dir, []form{
		{"engine.md", func(w io.Writer) error { return r.WriteMarkdown(w, "doin-bench engine", time.Now()) }},
		{"engine.svg", r.WriteSVG},
		{"engine.json", func(w io.Writer) error { return encode(w, r) }},
	})
}

// writeForms writes a report's files into dir, which is made if missing.
func writeForms(dir string, forms []form) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, form := range forms {
		file, err := os.Create(filepath.Join(dir, form.name))
		if err != nil {
			return err
		}
		if err := form.write(file); err != nil {
			file.Close()
			return fmt.Errorf("%s: %w", form.name, err)
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}
