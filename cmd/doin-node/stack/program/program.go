// Package program is the command line that doin-node and doin-pynode share: the flags of a node, how its configuration is
// read, how it logs, and how it stops at a signal.
package program

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
	"doin.network/node/cmd/doin-node/keys"
	"doin.network/node/cmd/doin-node/stack"
)

// Node is what a program runs.
type Node interface {
	// Run runs the node until ctx ends.
	Run(ctx context.Context) error
}

// New makes a program's node.
type New func(ctx context.Context, cfg *config.Config, log *slog.Logger) (Node, error)

// insist is how long after the first signal another one is a second: timeout(1) and others send one signal twice, to the
// process and to its group.
const insist = time.Second

// ExitError is an error with the status that the process ends with.
type ExitError struct {
	Code int
	Err  error
}

func (e *ExitError) Error() string { return e.Err.Error() }
func (e *ExitError) Unwrap() error { return e.Err }

// Main runs a command until it ends or the process is told to stop, and ends the process with 1 if it failed, or with what an
// ExitError says, or with 2 if its key cannot be opened with what was given. A second signal, a moment after the first, ends the process at once.
func Main(c *cobra.Command) {
	ctx, stop := untilSignal(context.Background())
	defer stop()
	if err := c.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, c.Name()+":", err)
		stop()
		code := 1
		if input := (*keys.InputError)(nil); errors.As(err, &input) {
			code = 2
		}
		if exit := (*ExitError)(nil); errors.As(err, &exit) {
			code = exit.Code
		}
		os.Exit(code)
	}
}

// untilSignal returns a context that ends when the process is told to stop. What comes insist later has its usual effect.
func untilSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() { time.AfterFunc(insist, stop) })
	return ctx, stop
}

// Command builds the root command of a program: it runs one node. version is the linker's, security the
// rule set of the program where neither flag nor file names one; make refuses another program's.
func Command(name, short, version string, security config.Security, make New) *cobra.Command {
	var path string
	flags := config.Flags{Security: string(security)}
	c := &cobra.Command{
		Use:           name + " --config FILE",
		Short:         short,
		Version:       fmt.Sprintf("%s (%s, %s %s/%s)", stack.Version, version, runtime.Version(), runtime.GOOS, runtime.GOARCH),
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if path == "" {
				return errors.New("--config FILE is required (see --help)")
			}
			cfg, warnings, err := config.LoadFor(security, path)
			if err != nil {
				return err
			}
			if cfg.Raw.Has("security") && !cmd.Flags().Changed("security") {
				flags.Security = "" // the file says which program it is for
			}
			if err := flags.Apply(cfg); err != nil {
				return err
			}
			if err := Run(cmd.Context(), cfg, warnings, make); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVarP(&path, "config", "c", "", "configuration file (required)")
	f.IntVarP(&flags.Port, "port", "p", 0, "listening port instead of the file's")
	f.StringVarP(&flags.DataDir, "data-dir", "d", "", "data directory instead of the file's")
	f.StringVar(&flags.Peers, "peers", "", "bootstrap peers instead of the file's: host:port,host:port")
	f.StringVarP(&flags.Identity, "identity", "i", "", "key file instead of the file's")
	f.StringVar(&flags.StatsFile, "stats-file", "", "CSV file of rounds")
	f.StringVar(&flags.OLAPFile, "olap-db", "", "SQLite file of the star schema")
	f.BoolVar(&flags.ResetChain, "reset-chain", false, "delete the chain of the data directory first, with its genesis file if the node made it, and the anchors; all else stays")
	f.StringVar(&flags.Security, "security", flags.Security, "rule set instead of the file's: strict (doin-node), or reference (doin-pynode)")
	f.StringVarP(&flags.LogLevel, "log-level", "l", "", "debug, info, warning or error")
	c.CompletionOptions.DisableDefaultCmd = true
	return c
}

// Run runs one node until ctx ends.
func Run(ctx context.Context, cfg *config.Config, warnings []config.Warning, make New) error {
	log := Logger(os.Stderr, cfg.Log)
	for _, w := range warnings {
		log.Warn("configuration", "key", w.Key, "reason", w.Reason)
	}
	n, err := make(ctx, cfg, log)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		log.Info("node stopped", "while", "starting")
		return nil
	}
	if err != nil {
		return err
	}
	return n.Run(ctx)
}

// Logger returns what a node logs with.
func Logger(w io.Writer, c config.Log) *slog.Logger {
	opts := &slog.HandlerOptions{Level: c.Slog()}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}
