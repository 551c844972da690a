package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"doin.network/node/bench/count"
	"doin.network/node/kernels/sass"
)

func kernelsCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "kernels",
		Short: "Instructions that the training kernels issue, by executing the committed PTX; no card is needed.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			say := func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), line) }
			r, err := count.Run(cmd.Context(), say)
			if err != nil {
				return err
			}
			if err := r.Compare(cmd.Context()); errors.Is(err, sass.ErrNoToolkit) {
				say("LEFT OUT: " + err.Error() + ": the assembler's loops")
			} else if err != nil {
				return err
			}
			if out != "" {
				if err := r.Write(out); err != nil {
					return err
				}
			}
			return r.WriteText(cmd.OutOrStdout())
		},
	}
	c.Flags().StringVar(&out, "out", "", "folder for kernels.md and kernels.json")
	return c
}
