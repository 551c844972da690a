package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"doin.network/node/chain/application"
	"doin.network/node/chain/ledger"
	"doin.network/node/cmd/doin-node/stack/program"
)

// chainCommand is "doin-node chain".
func chainCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "chain",
		Short:   "Look into a chain of protocol 2.",
		Example: "  doin-node chain verify chain.doin2",
	}
	c.AddCommand(verifyCommand())
	return c
}

// verifyCommand is "doin-node chain verify".
func verifyCommand() *cobra.Command {
	var asJSON bool
	var trusted string
	c := &cobra.Command{
		Use:   "verify FILE",
		Short: "Apply every block of a chain again, from its genesis file on, and name the first wrong thing.",
		Long: "FILE is an archive of protocol 2 (docs/protocol.md): a genesis file and every block above block 0. Leaders, certificates, beacons,\n" +
			"signatures, transactions and roots are verified, with nothing taken on trust but that this is the network one means: compare the\n" +
			"network id that it prints. It ends with 1 where something is wrong. The nodes of this version keep chains of protocol 1.",
		Example: "  doin-node chain verify chain.doin2\n  doin-node chain verify --json chain.doin2\n" +
			"  doin-node chain verify --trusted-checkpoint 1000:0f3a… chain.doin2",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			reader := application.Reader{Scheme: application.P256{}}
			if trusted != "" {
				var err error
				if reader.Trusted, err = application.ParseCheckpoint(trusted); err != nil {
					return usageError(err)
				}
			}
			in, err := os.Open(args[0])
			if err != nil {
				return usageError(err)
			}
			r, err := reader.Import(in)
			if err := errors.Join(err, in.Close()); err != nil {
				return &program.ExitError{Code: program.ExitFailed, Err: fmt.Errorf("%s: %w", args[0], err)}
			}
			out := cmd.OutOrStdout()
			if asJSON {
				e := json.NewEncoder(out)
				e.SetIndent("", "  ")
				return e.Encode(r)
			}
			fmt.Fprintf(out, "network %s\n%d blocks, %d shown to be final, last %s\n%d transactions, %d paying blocks\n%s DOIN issued, %s burned\n"+
				"%d evaluators sign\n", r.Network, r.Height, r.Final, r.Tip, r.Transactions, r.Paying, ledger.FormatAmount(r.Minted),
				ledger.FormatAmount(r.Burned), len(r.Electorate))
			return nil
		},
	}
	c.Flags().StringVar(&trusted, "trusted-checkpoint", "", "HEIGHT:ID of a block that must be in the chain")
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON: amounts in base units")
	return c
}
