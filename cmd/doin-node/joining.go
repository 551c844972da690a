package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"doin.network/node/chain"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/join"
	"doin.network/node/cmd/doin-node/node"
	"doin.network/node/cmd/doin-node/stack/program"
	"doin.network/node/cmd/doin-node/wallet"
)

// joiningCommands are the commands with which networks are made and joined.
func joiningCommands() []*cobra.Command {
	return []*cobra.Command{initCommand(), genesisCommand(), joinCommand()}
}

// makeNode is what runs.
func makeNode(ctx context.Context, cfg *config.Config, log *slog.Logger) (program.Node, error) {
	return node.NewService(ctx, cfg, log)
}

// refused ends the program with 2 for what a person has to change.
func refused(err error) error {
	if errors.Is(err, join.ErrRefused) {
		return &program.ExitError{Code: 2, Err: err}
	}
	return err
}

func initCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:     "init",
		Short:   "Make a data directory with a key and a configuration, as far as there are none, and say the next command.",
		Example: "  doin-node init --data-dir doin-data",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return join.Init(dir, os.Args[0], cmd.OutOrStdout())
		},
	}
	c.Flags().StringVarP(&dir, "data-dir", "d", "", "data directory (default: "+join.DefaultDir+")")
	return c
}

func genesisCommand() *cobra.Command {
	var path string
	var flags config.Flags
	var wait int
	var evaluators []string
	var noStart bool
	c := &cobra.Command{
		Use:   "genesis --config FILE [--wait N | --evaluators ID,ID…]",
		Short: "Make a network from a configuration, wait for its first evaluators, and run its first node.",
		Long: "Loads the data of each domain, binds them with the settings in force by their hashes in a genesis file, and starts the node, which\n" +
			"serves both to machines that join. With --wait N it first waits for N of them, which stand in the genesis file as evaluators beside\n" +
			"this one: the first to come, or with --evaluators those with the ids that \"doin-node init\" has said on them, and no others.\n" +
			"Without either, this one is the only evaluator. A genesis file that is there already is kept: the same command goes on.",
		Example: "  doin-node genesis --config examples/co2/node.json --wait 3",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if path == "" {
				return &program.ExitError{Code: 2, Err: errors.New("--config FILE is required (see --help)")}
			}
			cfg, warnings, err := config.Load(path)
			if err == nil {
				err = flags.Apply(cfg)
			}
			if err != nil {
				return err
			}
			err = join.Found(cmd.Context(), join.Founding{Config: cfg, Wait: wait, Evaluators: evaluators, Genesis: node.Genesis, Command: os.Args[0],
				Out: cmd.OutOrStdout(), Log: program.Logger(cmd.ErrOrStderr(), cfg.Log)})
			if err != nil || noStart {
				return refused(err)
			}
			return program.Run(cmd.Context(), cfg, warnings, makeNode, flags.LogLevel != "")
		},
	}
	f := c.Flags()
	f.StringVarP(&path, "config", "c", "", "configuration with the network's domains (required)")
	f.IntVar(&wait, "wait", 0, "how many other machines are to be evaluators from the start")
	f.StringSliceVar(&evaluators, "evaluators", nil, "ids of the nodes of these machines: no other takes a place")
	f.BoolVar(&noStart, "no-start", false, "make the genesis file and end")
	f.StringVarP(&flags.DataDir, "data-dir", "d", "", "data directory instead of the file's")
	f.IntVarP(&flags.Port, "port", "p", 0, "listening port instead of the file's")
	f.StringVarP(&flags.LogLevel, "log-level", "l", "", "debug, info, warning or error")
	return c
}

func joinCommand() *cobra.Command {
	var o join.Options
	var level string
	var noStart bool
	c := &cobra.Command{
		Use:   "join HOST:PORT",
		Short: "Join the network of a node: show it, ask, fetch its data, and run a node of it here.",
		Long: "HOST:PORT is any node of the network, or a machine where \"doin-node genesis --wait N\" waits. Key, data directory and configuration are\n" +
			"made if there are none. The same command goes on with a directory that has joined; one of another network is refused.\n" +
			"A machine that joins a network that runs searches and keeps its chain; it is no evaluator.",
		Example: "  doin-node join 192.168.1.10:8470\n  doin-node join 192.168.1.10:8470 --yes --data-dir /var/lib/doin",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Host, o.Out = args[0], cmd.OutOrStdout()
			o.Log = program.Logger(cmd.ErrOrStderr(), config.Log{Level: level, Format: "text"})
			if term.IsTerminal(int(os.Stdin.Fd())) {
				o.Confirm = func(question string) bool { return ask(os.Stdin, o.Out, question) }
			}
			cfg, warnings, err := join.Join(cmd.Context(), o)
			if err != nil || noStart {
				return refused(err)
			}
			if level != "" {
				cfg.Log.Level = level
			}
			return program.Run(cmd.Context(), cfg, warnings, makeNode, level != "")
		},
	}
	f := c.Flags()
	f.BoolVarP(&o.Yes, "yes", "y", false, "join without a question")
	f.StringVarP(&o.ConfigPath, "config", "c", "", "a configuration of one's own (default: node.json of the data directory)")
	f.StringVarP(&o.DataDir, "data-dir", "d", "", "data directory (default: the configuration's, or "+join.DefaultDir+")")
	f.IntVarP(&o.Port, "port", "p", 0, "listening port instead of the configuration's")
	f.BoolVar(&noStart, "no-start", false, "make this machine ready and end: doin-node --config DIRECTORY/node.json is its node")
	f.DurationVar(&o.Patience, "patience", 2*time.Minute, "how long HOST may be silent before this gives up")
	f.StringVarP(&level, "log-level", "l", "", "debug, info, warning or error")
	return c
}

// ask reads y or n; anything but a yes is a no.
func ask(in io.Reader, out io.Writer, question string) bool {
	fmt.Fprintf(out, "%s [y/N] ", question)
	line, _ := bufio.NewReader(io.LimitReader(in, 100)).ReadString('\n') // an end is a no
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return true
	}
	return false
}

// domainCommand is "doin-node domain".
func domainCommand() *cobra.Command {
	return wallet.DomainCommand(wallet.Domains{
		Entry: func(ctx context.Context, path, dataDir string) (chain.Domain, error) {
			cfg, _, err := config.Load(path)
			if err != nil {
				return chain.Domain{}, &program.ExitError{Code: 2, Err: err}
			}
			e, err := join.Entry(ctx, cfg, dataDir, node.Genesis, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
			return e, refused(err)
		},
		Take: func(dataDir, domain string, optimize, evaluate bool) error {
			return node.WriteRole(dataDir, domain, node.Role{Optimize: optimize, Evaluate: evaluate})
		},
	})
}
