package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"doin.network/node/bench/meta"
)

func metaCommand() *cobra.Command {
	cfg := meta.DefaultConfig()
	var asJSON, made bool
	var out string
	c := &cobra.Command{
		Use:   "meta --tables DIR",
		Short: "What the trials of other tasks are worth: L3 beside searches that begin with nothing, on tables of trials.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cfg.Seeds < 1 || cfg.Rows < 2 {
				return fmt.Errorf("%d seeds, %d rows: must be 1 and 2 at least", cfg.Seeds, cfg.Rows)
			}
			cfg.Progress = func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), line) }
			if made {
				return metaMade(cmd, cfg, out)
			}
			r, err := meta.Run(cmd.Context(), cfg)
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
	f.StringVar(&cfg.Tables, "tables", "", "folder of CSV files: task, score (lower is better), genes in [0, 1]")
	f.IntVar(&cfg.Seeds, "seeds", cfg.Seeds, "searches of each method on each task")
	f.IntVar(&cfg.Rows, "rows", cfg.Rows, "lines of a task that a prior learns from at most")
	f.StringSliceVar(&cfg.Only, "only", nil, "names of the tables to run (default: all)")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.BoolVar(&made, "made", false, "run on tables that are made, with known properties, instead; ends with an error where L3 is not as wanted")
	f.StringVar(&out, "out", "", "with --made: directory for meta-made.md and meta-made.json")
	c.MarkFlagsOneRequired("tables", "made")
	c.MarkFlagsMutuallyExclusive("tables", "made")
	return c
}

// metaMade runs on the tables that are made, writes the report into dir, unless that is "", and judges it.
func metaMade(cmd *cobra.Command, cfg meta.Config, dir string) error {
	tables, err := os.MkdirTemp("", "doin-meta-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tables)
	if err := meta.Make(tables); err != nil {
		return err
	}
	cfg.Tables = tables
	r, err := meta.Run(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	if dir != "" {
		command := "doin-bench " + strings.Join(os.Args[1:], " ")
		err := writeForms(dir, []form{
			{"meta-made.md", func(w io.Writer) error { return r.WriteMarkdown(w, command, time.Now()) }},
			{"meta-made.json", func(w io.Writer) error { return encode(w, r) }},
		})
		if err != nil {
			return err
		}
	}
	if err := r.WriteText(cmd.OutOrStdout()); err != nil {
		return err
	}
	var errs []error
	for _, v := range r.Judge() {
		if !v.Holds() {
			errs = append(errs, fmt.Errorf("%s: %s: %d, want at most %d", v.Table, v.What, v.Got, v.Most))
		}
	}
	return errors.Join(errs...)
}
