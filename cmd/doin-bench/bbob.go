package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"doin.network/node/bench/bbob"
)

func bbobCommand() *cobra.Command {
	cfg := bbob.DefaultConfig()
	var asJSON bool
	var out string
	c := &cobra.Command{
		Use:   "bbob",
		Short: "The 24 functions of the Black-Box Optimization Benchmark: how many CMA-ES solves, and how soon, beside goptuna's.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg.Progress = func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), line) }
			if out != "" && cfg.Journal == "" {
				if err := os.MkdirAll(out, 0o755); err != nil {
					return err
				}
				cfg.Journal = filepath.Join(out, "bbob.jsonl")
			}
			r, err := bbob.Measure(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			if out != "" {
				command := "doin-bench " + strings.Join(os.Args[1:], " ")
				err := writeForms(out, []form{
					{"bbob.md", func(w io.Writer) error { return r.WriteMarkdown(w, command, time.Now()) }},
					{"bbob.json", func(w io.Writer) error { return encode(w, r) }},
				})
				if err != nil {
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
	f.IntSliceVar(&cfg.Dimensions, "dim", cfg.Dimensions, "dimensions")
	f.IntSliceVar(&cfg.Functions, "functions", cfg.Functions, "numbers of functions")
	f.IntVar(&cfg.Instances, "instances", cfg.Instances, "instances of each function, from 1 on")
	f.Float64Var(&cfg.Budget, "budget", cfg.Budget, "evaluations of a run at most, for each dimension")
	f.StringSliceVar(&cfg.Solvers, "solvers", cfg.Solvers, "what to measure")
	f.IntVar(&cfg.Parallel, "parallel", cfg.Parallel, "runs at once")
	f.StringVar(&cfg.Journal, "journal", "", "file of what has been measured, from which an interrupted measurement goes on (default: bbob.jsonl in --out)")
	f.StringVar(&out, "out", "", "directory for bbob.md, bbob.json and bbob.jsonl")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
