package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"doin.network/node/bench/meta"
)

func metaCommand() *cobra.Command {
	cfg := meta.DefaultConfig()
	var asJSON bool
	c := &cobra.Command{
		Use:   "meta --tables DIR",
		Short: "What the trials of other tasks are worth: L3 beside searches that begin with nothing, on tables of trials.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cfg.Seeds < 1 || cfg.Rows < 2 {
				return fmt.Errorf("%d seeds, %d rows: must be 1 and 2 at least", cfg.Seeds, cfg.Rows)
			}
			cfg.Progress = func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), line) }
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
	if err := c.MarkFlagRequired("tables"); err != nil {
		panic(err) // the flag is defined above
	}
	return c
}
