package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"doin.network/node/cmd/doin-node/stack/doctor"
	"doin.network/node/cmd/doin-node/stack/program"
)

// errSick is the end of a doctor that found something wrong.
var errSick = errors.New("something is wrong, see above")

// doctorCommand is "doin-node doctor".
func doctorCommand() *cobra.Command {
	var asJSON bool
	o := doctor.Options{ConfigPath: "node.json", Version: version}
	c := &cobra.Command{
		Use:   "doctor [--config FILE]",
		Short: "Find what keeps a node from working, and say what to do about it.",
		Long: "Looks at the configuration, the data files, the disk, the port, the key, the genesis file, the chain, the records, the GPU,\n" +
			"the worker, the peers and the clock. It ends with 1 if anything is wrong. It mends nothing, and may be run beside the node.",
		Example: "  doin-node doctor --config node.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			found := doctor.Examine(cmd.Context(), o)
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				if err := enc.Encode(found); err != nil {
					return err
				}
			} else {
				fmt.Fprint(cmd.OutOrStdout(), doctor.Text(found))
			}
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			if doctor.Sick(found) {
				return &program.ExitError{Code: program.ExitFailed, Err: errSick}
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVarP(&o.ConfigPath, "config", "c", o.ConfigPath, "the node's configuration")
	f.StringVarP(&o.Flags.DataDir, "data-dir", "d", "", "data directory instead of the file's")
	f.IntVarP(&o.Flags.Port, "port", "p", 0, "listening port instead of the file's")
	f.BoolVar(&asJSON, "json", false, "print the findings as JSON")
	return c
}
