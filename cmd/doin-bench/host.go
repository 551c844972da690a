package main

import (
	"io"
	"time"

	"github.com/spf13/cobra"

	"doin.network/node/bench/host"
)

func hostCommand() *cobra.Command {
	cfg := host.DefaultConfig()
	var asJSON bool
	var out string
	c := &cobra.Command{
		Use:   "host",
		Short: "What the host does beside a GPU: the CUDA engine over devices that compute nothing.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := host.Run(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			if out != "" {
				err := writeForms(out, []form{
					{"host.md", func(w io.Writer) error { return r.WriteMarkdown(w, time.Now()) }},
					{"host.json", func(w io.Writer) error { return encode(w, r) }},
				})
				if err != nil {
					return err
				}
			}
			if asJSON {
				return encode(cmd.OutOrStdout(), r)
			}
			return r.WriteMarkdown(cmd.OutOrStdout(), time.Now())
		},
	}
	f := c.Flags()
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.StringVar(&out, "out", "", "directory for host.md and host.json")
	f.IntVar(&cfg.Population, "population", cfg.Population, "individuals")
	f.IntVar(&cfg.Steps, "steps", cfg.Steps, "steps of each")
	f.IntVar(&cfg.Abreast, "abreast", cfg.Abreast, "steps of a launch where all trainings take part in each")
	f.IntVar(&cfg.Rounds, "rounds", cfg.Rounds, "how often everything is measured")
	f.DurationVar(&cfg.Step, "step", cfg.Step, "time of a step of a block")
	f.IntSliceVar(&cfg.Segments, "segments", cfg.Segments, "steps between digests, 0 for none")
	f.IntSliceVar(&cfg.Cards, "cards", cfg.Cards, "numbers of devices at the same time")
	return c
}
