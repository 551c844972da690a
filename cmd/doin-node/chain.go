package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"doin.network/node/chain/application"
	"doin.network/node/chain/ledger"
	"doin.network/node/cmd/doin-node/archive"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/cmd/doin-node/stack/program"
)

// chainCommand is "doin-node chain".
func chainCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "chain",
		Short: "Look into a chain of protocol 2.",
		Example: "  doin-node chain export --data-dir doin-data --out chain.doin2\n  doin-node chain verify chain.doin2\n" +
			"  doin-node chain import chain.doin2 --data-dir ./new",
	}
	c.AddCommand(verifyCommand(), exportChainCommand(), importChainCommand())
	return c
}

// verifyCommand is "doin-node chain verify".
func verifyCommand() *cobra.Command {
	var asJSON bool
	var trusted, recovery string
	c := &cobra.Command{
		Use:   "verify FILE",
		Short: "Apply every block of a chain again, from its genesis file on, and name the first wrong thing.",
		Long: "FILE is an archive of protocol 2 (docs/protocol.md): a genesis file and every block above block 0. Leaders, certificates, beacons,\n" +
			"signatures, transactions and roots are verified, with nothing taken on trust but that this is the network one means: compare the\n" +
			"network id that it prints. It ends with 1 where something is wrong.",
		Example: "  doin-node chain verify chain.doin2\n  doin-node chain verify --json chain.doin2\n" +
			"  doin-node chain verify --trusted-checkpoint 1000:0f3a… chain.doin2",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			reader := application.Reader{Scheme: application.P256{}}
			var err error
			if reader.Trusted, reader.Recoveries, err = trust(trusted, recovery); err != nil {
				return usageError(err)
			}
			in, err := os.Open(args[0])
			if err != nil {
				return usageError(err)
			}
			r, err := reader.Import(in)
			if err := errors.Join(err, in.Close()); err != nil {
				return &program.ExitError{Code: program.ExitFailed, Err: fmt.Errorf("%s: %w", args[0], err)}
			}
			return report(cmd.OutOrStdout(), r, asJSON)
		},
	}
	c.Flags().StringVar(&trusted, "trusted-checkpoint", "", "HEIGHT:ID of a block that must be in the chain")
	c.Flags().StringVar(&recovery, "recovery", "", recoveryUsage)
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON: amounts in base units")
	return c
}

const recoveryUsage = "recovery file of a network that was recovered"

// trust reads what an archive is held against, where something is named.
func trust(checkpoint, recovery string) (c *application.Checkpoint, r *application.Recoveries, err error) {
	if checkpoint != "" {
		if c, err = application.ParseCheckpoint(checkpoint); err != nil {
			return nil, nil, err
		}
	}
	if recovery != "" {
		data, err := os.ReadFile(recovery)
		if err != nil {
			return nil, nil, err
		}
		if r, err = application.ParseRecoveries(data); err != nil {
			return nil, nil, err
		}
	}
	return c, r, nil
}

// report says what a chain holds.
func report(out io.Writer, r *application.Report, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	_, err := fmt.Fprintf(out, "network %s\n%d blocks, %d shown to be final, last %s\n%d transactions, %d paying blocks\n%s DOIN issued, %s burned\n"+
		"%d evaluators sign\n", r.Network, r.Height, r.Final, r.Tip, r.Transactions, r.Paying, ledger.FormatAmount(r.Minted),
		ledger.FormatAmount(r.Burned), len(r.Electorate))
	return err
}

// exportChainCommand is "doin-node chain export".
func exportChainCommand() *cobra.Command {
	var dir, out string
	c := &cobra.Command{
		Use:   "export --data-dir DIRECTORY --out FILE",
		Short: "Write the chain of a node into one file that proves itself, while the node runs or not.",
		Long: "FILE holds the genesis file and every block that is final. Nothing of it is secret, and nobody has to believe it: \"chain verify\"\n" +
			"applies all of it again, \"chain import\" does so and begins a data directory with it.",
		Example: "  doin-node chain export --data-dir doin-data --out chain.doin2",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := replace(out, func(w io.Writer) error { return exportChain(cmd.Context(), dir, w) })
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %d bytes\n", out, n)
			}
			return err
		},
	}
	f := c.Flags()
	f.StringVarP(&dir, "data-dir", "d", "", "data directory of the node (required)")
	f.StringVarP(&out, "out", "o", "", "file to write (required)")
	required(c, "data-dir", "out")
	return c
}

// exportChain has the running node write its chain; where none runs, it is read here.
func exportChain(ctx context.Context, dir string, w io.Writer) error {
	if _, err := os.Stat(dir); err != nil {
		return usageError(fmt.Errorf("data directory: %w", err))
	}
	err := askNode(ctx, dir, stack.ExportPath, w)
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	_, err = archive.ExportDir(dir, w)
	if errors.Is(err, archive.ErrProtocol) || errors.Is(err, fs.ErrNotExist) {
		return usageError(err)
	}
	return err
}

// importChainCommand is "doin-node chain import".
func importChainCommand() *cobra.Command {
	var dir, trusted, recovery string
	var asJSON bool
	c := &cobra.Command{
		Use:   "import FILE --data-dir DIRECTORY",
		Short: "Verify a chain and begin a data directory with it.",
		Long: "Applies every block of the archive again, as \"chain verify\" does, and makes chain and genesis file of DIRECTORY, which must have\n" +
			"neither. A node that starts there fetches what is younger. Where something is wrong nothing is left, and it ends with 1.",
		Example: "  doin-node chain import chain.doin2 --data-dir ./new",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, recoveries, err := trust(trusted, recovery)
			if err != nil {
				return usageError(err)
			}
			in, err := os.Open(args[0])
			if err != nil {
				return usageError(err)
			}
			r, err := archive.Import(cmd.Context(), in, c, recoveries, dir)
			if err := errors.Join(err, in.Close()); err != nil {
				return &program.ExitError{Code: program.ExitFailed, Err: fmt.Errorf("%s: %w", args[0], err)}
			}
			return report(cmd.OutOrStdout(), r, asJSON)
		},
	}
	f := c.Flags()
	f.StringVarP(&dir, "data-dir", "d", "", "data directory to begin (required)")
	f.StringVar(&trusted, "trusted-checkpoint", "", "HEIGHT:ID of a block that must be in the chain")
	f.StringVar(&recovery, "recovery", "", recoveryUsage)
	f.BoolVar(&asJSON, "json", false, "as JSON: amounts in base units")
	required(c, "data-dir")
	return c
}
