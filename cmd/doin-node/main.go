// Command doin-node runs a DOIN node, or a whole network of them on this machine.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/local"
	"doin.network/node/cmd/doin-node/node"
	"doin.network/node/internal/canon"
)

// version is set by the linker.
var version = "devel"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "doin-node:", err)
		stop()
		os.Exit(1)
	}
}

// command builds the command line.
func command() *cobra.Command {
	var path string
	var flags config.Flags
	root := &cobra.Command{
		Use:           "doin-node --config FILE",
		Short:         "A DOIN node: optimizes, evaluates and relays.",
		Version:       fmt.Sprintf("%s (%s, %s %s/%s)", node.Version, version, runtime.Version(), runtime.GOOS, runtime.GOARCH),
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if path == "" {
				return errors.New("--config FILE is required (see --help)")
			}
			cfg, warnings, err := config.Load(path)
			if err != nil {
				return err
			}
			if err := flags.Apply(cfg); err != nil {
				return err
			}
			if err := run(cmd.Context(), cfg, warnings); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			return nil
		},
	}
	f := root.Flags()
	f.StringVarP(&path, "config", "c", "", "configuration file (required)")
	f.IntVarP(&flags.Port, "port", "p", 0, "listening port instead of the file's")
	f.StringVarP(&flags.DataDir, "data-dir", "d", "", "data directory instead of the file's")
	f.StringVar(&flags.Peers, "peers", "", "bootstrap peers instead of the file's: host:port,host:port")
	f.StringVarP(&flags.Identity, "identity", "i", "", "key file instead of the file's")
	f.StringVar(&flags.StatsFile, "stats-file", "", "CSV file of rounds")
	f.StringVar(&flags.OLAPFile, "olap-db", "", "SQLite file of the star schema")
	f.BoolVar(&flags.ResetChain, "reset-chain", false, "delete chain, SQLite file and spool of the data directory first; key and CSV stay")
	f.StringVar(&flags.Security, "security", "", "rule set instead of the file's: strict, or reference to live among Python nodes")
	f.StringVarP(&flags.LogLevel, "log-level", "l", "", "debug, info, warning or error")
	root.AddCommand(localCommand(), chainCommand())
	root.CompletionOptions.DisableDefaultCmd = true
	return root
}

// run runs one node until ctx ends.
func run(ctx context.Context, cfg *config.Config, warnings []config.Warning) error {
	log := logger(os.Stderr, cfg.Log)
	for _, w := range warnings {
		log.Warn("configuration", "key", w.Key, "reason", w.Reason)
	}
	var n interface{ Run(context.Context) error }
	var err error
	if cfg.Security == config.Reference {
		n, err = node.NewReference(ctx, cfg, log)
	} else {
		n, err = node.New(ctx, cfg, log)
	}
	if err != nil {
		return err
	}
	return n.Run(ctx)
}

func logger(w io.Writer, c config.Log) *slog.Logger {
	opts := &slog.HandlerOptions{Level: c.Slog()}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// localCommand is "doin-node local".
func localCommand() *cobra.Command {
	o := local.DefaultConfig()
	o.Genesis = node.Genesis
	c := &cobra.Command{
		Use:   "local --nodes N --config FILE",
		Short: "Run a network of N real nodes on this machine until Ctrl-C.",
		Long: "Makes identities and a genesis file, starts N node processes on loopback with data directories of their own,\n" +
			"shows one live table, and prints a JSON summary at the end.",
		Args: cobra.NoArgs,
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
	f.BoolVar(&o.JSON, "json", false, "print nothing but the summary")
	f.StringVarP(&o.Dir, "data-dir", "d", "", "directory of the network; an existing one is continued (default: a new temporary one)")
	f.StringVarP(&o.LogLevel, "log-level", "l", "", "log level of the nodes")
	if err := c.MarkFlagRequired("config"); err != nil {
		panic(err) // the flag is defined above
	}
	return c
}

// chainCommand is "doin-node chain" with what can be done to a chain on the disk.
func chainCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{Use: "chain", Short: "Work on the chain of a data directory whose node does not run.", Args: cobra.NoArgs}
	i := &cobra.Command{
		Use:   "import FILE...",
		Short: "Read a chain made by Python nodes, to be explored or continued.",
		Long: "Reads the reference's chain.json, or answers of GET /chain/blocks in the order of their blocks, checks every block, stores\n" +
			"it under the data directory and fills the table fact_chain_optimae of its olap.db. Prints a JSON summary. A node with\n" +
			"\"security\": \"reference\" and this data directory serves the chain and goes on with it.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			done, err := node.ImportChain(cmd.Context(), dir, files, slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn})))
			if done.Blocks > 0 || err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), string(canon.Default(done.Object(time.Now()))))
			}
			return err
		},
	}
	i.Flags().StringVarP(&dir, "data-dir", "d", config.DefaultConfig().DataDir, "data directory to import into")
	c.AddCommand(i)
	return c
}
