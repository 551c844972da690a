// Command doin-node runs a DOIN node, or a whole network of them on this machine.
package main

import (
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"doin.network/node/cmd/doin-node/draft"
	"doin.network/node/cmd/doin-node/keys"
	"doin.network/node/cmd/doin-node/local"
	"doin.network/node/cmd/doin-node/meta"
	"doin.network/node/cmd/doin-node/node"
	"doin.network/node/cmd/doin-node/stack/program"
	"doin.network/node/cmd/doin-node/tables"
	"doin.network/node/cmd/doin-node/wallet"
)

// version is set by the linker.
var version = "devel"

func main() { program.Main(command()) }

// command builds the command line.
func command() *cobra.Command {
	root := program.Command("doin-node", "A DOIN node: optimizes, evaluates and relays.", version, "", makeNode)
	root.AddCommand(localCommand(), newCommand(), keys.Command(), wallet.Command(), domainCommand())
	root.AddCommand(takeCommands()...)
	root.AddCommand(joiningCommands()...)
	root.AddCommand(careCommands()...)
	root.AddCommand(tables.Command(), meta.Command(), chainCommand())
	return root
}

// localCommand is "doin-node local".
func localCommand() *cobra.Command {
	o := local.DefaultConfig()
	o.Genesis = node.Genesis
	c := &cobra.Command{
		Use:   "local --nodes N --config FILE",
		Short: "Run a network of N real nodes on this machine.",
		Long: "Makes identities and a genesis file, starts N node processes on loopback with data directories of their own,\n" +
			"shows one live table, and says at the end what was found and which commands use it. It ends at Ctrl-C, when every domain\n" +
			"has reached its target_performance, or after what --for, --trials or --plateau say; the same command goes on with the network.",
		Example: "  doin-node local --nodes 3 --config examples/co2/node.json --for 90s",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			exe, err := os.Executable()
			if err != nil {
				return err
			}
			o.Exe, o.Out = exe, cmd.OutOrStdout()
			o.Logger = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
			return local.Run(cmd.Context(), o)
		},
	}
	f := c.Flags()
	f.IntVar(&o.Nodes, "nodes", o.Nodes, "number of nodes")
	f.StringVarP(&o.ConfigPath, "config", "c", "", "configuration that every node gets a copy of (required)")
	f.DurationVar(&o.For, "for", 0*time.Second, "stop after this time, for example 90s; 0: at Ctrl-C")
	f.Int64Var(&o.Trials, "trials", 0, "stop after so many trials of all nodes together; 0: never")
	f.DurationVar(&o.Plateau, "plateau", 0*time.Second, "stop when no domain has had a better champion for this time; 0: never")
	f.IntVar(&o.Port, "port", o.Port, "port of the first node, the others have the next ones; those that are taken are passed over; 0: any")
	f.BoolVar(&o.JSON, "json", false, "print nothing but a summary, as JSON")
	f.StringVarP(&o.Dir, "data-dir", "d", "", "directory of the network; an existing one is continued (default: "+local.Folder+"/ and the network's name)")
	f.StringVarP(&o.LogLevel, "log-level", "l", "", "log level of the nodes")
	if err := c.MarkFlagRequired("config"); err != nil {
		panic(err) // the flag is defined above
	}
	return c
}

// newCommand is "doin-node new".
func newCommand() *cobra.Command {
	var o draft.Options
	var task, target string
	var set []string
	c := &cobra.Command{
		Use:   "new FILE",
		Short: "Write the configuration of a node for a data file, and say the next command.",
		Long: "Asks doin-worker what the file is: a series to be forecast where it has times that step, else a table to be learned from.\n" +
			"docs/data.md says which files are read and how; \"doin-worker inspect FILE\" prints all that was understood.",
		Example: "  doin-node new sales.csv\n  doin-node new patients.csv --task classification --target outcome",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.Exe, err = os.Executable(); err != nil {
				return err
			}
			for _, f := range [...]struct{ name, value string }{{"--task", task}, {"--target", target}} {
				if f.value != "" {
					o.Arguments = append(o.Arguments, f.name, f.value)
				}
			}
			for _, s := range set {
				o.Arguments = append(o.Arguments, "--set", s)
			}
			o.Command = os.Args[0]
			o.File, o.Stdout, o.Stderr = args[0], cmd.OutOrStdout(), cmd.ErrOrStderr()
			return draft.Write(cmd.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVarP(&o.Out, "out", "o", "", "file to write (default: the data file's name with .json, here)")
	f.StringVar(&task, "task", "", "forecast, classification or regression (default: chosen by the file)")
	f.StringVar(&target, "target", "", "the column to predict (default: chosen by the file)")
	f.StringArrayVar(&set, "set", nil, "KEY=VALUE: a member of optimization_config, for example time_format=%d/%m/%Y; again for another")
	f.StringVar(&o.WorkerPath, "worker", "", "the worker program (default: beside this one, or on PATH)")
	return c
}
