package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"doin.network/node/bench/load"
)

func loadCommand() *cobra.Command {
	cfg := load.DefaultConfig()
	var asJSON, bare bool
	var out string
	c := &cobra.Command{
		Use:   "load",
		Short: "Requests per second and latency of a real node beside a bare fasthttp server, with wrk.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if bare {
				return load.Bare(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
			}
			exe, err := os.Executable()
			if err != nil {
				return err
			}
			cfg.Self = []string{exe, "load", "--bare"}
			if cfg.NodeExe == "" {
				if cfg.NodeExe, err = findNode(); err != nil {
					return err
				}
			}
			cfg.Progress = func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), line) }
			r, err := load.Run(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			if out != "" {
				if err := writeLoad(out, r); err != nil {
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
	f.BoolVar(&bare, "bare", false, "")
	if err := f.MarkHidden("bare"); err != nil {
		panic(err) // the flag is defined above
	}
	f.IntVar(&cfg.Rounds, "rounds", cfg.Rounds, "how often everything is measured")
	f.DurationVar(&cfg.Duration, "duration", cfg.Duration, "length of one measurement, whole seconds")
	f.IntVar(&cfg.Connections, "connections", cfg.Connections, "connections that ask at one time")
	f.IntVar(&cfg.Blocks, "blocks", cfg.Blocks, "length of the chain when it begins")
	f.StringVar(&cfg.NodeExe, "node", "", "the doin-node program (default: beside this program, else on PATH)")
	f.StringVar(&cfg.Wrk, "wrk", cfg.Wrk, "the wrk program")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.StringVar(&out, "out", "", "directory for load.md and load.json")
	return c
}

// writeLoad puts the report into dir.
func writeLoad(dir string, r *load.Report) error {
	command := "doin-bench " + strings.Join(os.Args[1:], " ")
	return writeForms(dir, []form{
		{"load.md", func(w io.Writer) error { return r.WriteMarkdown(w, command, time.Now()) }},
		{"load.json", func(w io.Writer) error { return encode(w, r) }},
	})
}
