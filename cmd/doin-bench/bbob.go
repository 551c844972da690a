package main

import (
	"context"
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
			r, err := measureBBOB(cmd.Context(), cfg, out)
			if err != nil {
				return err
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
	f.StringVar(&cfg.Journal, "journal", "", "file of what has been measured, from which an interrupted measurement goes on (default: one for each dimension in --out)")
	f.StringVar(&out, "out", "", "directory for bbob-D.md, bbob-D.json and bbob-D.jsonl of each dimension D")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// measureBBOB measures one dimension after the other. Each has its own files in dir, unless that is "", so that none is written over
// when another one is measured.
func measureBBOB(ctx context.Context, cfg bbob.Config, dir string) (*bbob.Report, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	var all *bbob.Report
	for _, n := range cfg.Dimensions {
		one, name := cfg, fmt.Sprintf("bbob-%d", n)
		one.Dimensions = []int{n}
		if dir != "" && cfg.Journal == "" {
			one.Journal = filepath.Join(dir, name+".jsonl")
		}
		r, err := bbob.Measure(ctx, one)
		if err != nil {
			return nil, err
		}
		if dir != "" {
			if err := writeBBOB(dir, name, r); err != nil {
				return nil, err
			}
		}
		if all == nil {
			all = r
			continue
		}
		all.Add(r)
	}
	return all, nil
}

// writeBBOB puts a report into dir.
func writeBBOB(dir, name string, r *bbob.Report) error {
	command := "doin-bench " + strings.Join(os.Args[1:], " ")
	return writeForms(dir, []form{
		{name + ".md", func(w io.Writer) error { return r.WriteMarkdown(w, command, time.Now()) }},
		{name + ".json", func(w io.Writer) error { return encode(w, r) }},
	})
}
