// Command doin-pynode runs a node among nodes of the Python reference, or reads their chain. It is frozen: what it does is what
// those nodes do.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/stack/program"
	"doin.network/node/cmd/doin-pynode/node"
	"doin.network/node/internal/canon"
)

// version is set by the linker.
var version = "devel"

func main() { program.Main(command()) }

// command builds the command line.
func command() *cobra.Command {
	root := program.Command("doin-pynode", "A node of networks of Python nodes: optimizes, evaluates and relays.", version, config.Reference,
		func(ctx context.Context, cfg *config.Config, log *slog.Logger) (program.Node, error) {
			return node.New(ctx, cfg, log)
		})
	root.AddCommand(chainCommand())
	return root
}

// chainCommand is "doin-pynode chain" with what can be done to a chain on the disk.
func chainCommand() *cobra.Command {
	var dir string
	var explore bool
	c := &cobra.Command{Use: "chain", Short: "Work on the chain of a data directory whose node does not run.", Args: cobra.NoArgs}
	i := &cobra.Command{
		Use:   "import FILE...",
		Short: "Read a chain made by Python nodes, to be explored or continued.",
		Long: "Reads the reference's chain.db (SQLite, of a node that does not run) or chain.json, or answers of GET /chain/blocks in the\n" +
			"order of their blocks, checks every block, stores it under the data directory and fills the table fact_chain_optimae of\n" +
			"its olap.db. Prints a JSON summary. A doin-pynode with this data directory serves the chain and goes on with it. Chains of\n" +
			"the reference's first revision begin with a block 0 of their own: they are refused, and --explore fills olap.db alone.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			done, err := node.ImportChain(cmd.Context(), dir, files, explore, slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn})))
			if done.Blocks > 0 || err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), string(canon.Default(done.Object(time.Now()))))
			}
			return err
		},
	}
	i.Flags().StringVarP(&dir, "data-dir", "d", config.DefaultConfig().DataDir, "data directory to import into")
	i.Flags().BoolVar(&explore, "explore", false, "fill olap.db alone: the chain goes into a store of its own, which no node serves")
	c.AddCommand(i)
	return c
}
