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
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/keys"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/cmd/doin-node/stack/logfile"
	"doin.network/node/cmd/doin-node/stack/system"
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

// The statuses that a process ends with, as docs/operations.md lists them.
const (
	ExitFailed      = 1   // it was tried, and did not succeed
	ExitUsage       = 2   // it was not tried: the command line, the configuration or the question is not as it must be
	ExitInterrupted = 130 // it was told to stop before it had ended
)

// Main runs a command until it ends or the process is told to stop, and ends the process with the status that ExitCode says. A
// second signal, a moment after the first, ends the process at once.
func Main(c *cobra.Command) {
	finish(c)
	ctx, stop := untilSignal(context.Background())
	defer stop()
	if err := c.ExecuteContext(ctx); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			fmt.Fprintln(os.Stderr, c.Name()+":", line)
		}
		code := ExitCode(err, ctx.Err() != nil)
		stop()
		os.Exit(code)
	}
}

// ExitCode returns the status for an error; stopped says that the process was told to stop.
func ExitCode(err error, stopped bool) int {
	exit, key := (*ExitError)(nil), (*keys.InputError)(nil)
	switch {
	case err == nil:
		return 0
	case stopped && errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.As(err, &exit):
		return exit.Code
	case errors.As(err, &key), errors.Is(err, config.ErrInvalid), strings.HasPrefix(err.Error(), "required flag(s)"): // cobra has no value for it
		return ExitUsage
	}
	return ExitFailed
}

// usage makes an error one of the command line.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &ExitError{Code: ExitUsage, Err: err}
}

// finish makes what is wrong with the command line, of c and all below it, an ExitError.
func finish(c *cobra.Command) {
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error { return usage(check(cmd, args)) }
	}
	for _, sub := range c.Commands() {
		finish(sub)
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
		Example:       "  " + name + " --config node.json",
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if path == "" {
				return usage(errors.New("--config FILE is required (see --help)"))
			}
			cfg, warnings, err := config.LoadFor(security, path)
			if err != nil {
				return err
			}
			if cfg.Raw.Has("security") && !cmd.Flags().Changed("security") {
				flags.Security = "" // the file says which program it is for
			}
			if warnings, err = flags.Override(cfg, warnings); err != nil {
				return err
			}
			if err := run(cmd.Context(), cfg, warnings, make, level{flags.LogLevel != "", security, path}); err != nil {
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
	f.StringVar(&flags.Network, "network", "", "how nodes reach each other, instead of the file's: http, or p2p (libp2p)")
	f.StringVarP(&flags.LogLevel, "log-level", "l", "", "debug, info, warn or error; read again from the file at SIGHUP, unless it is given here")
	return c
}

// Run runs one node until ctx ends. Each SIGHUP reads the log level again from the configuration's file, unless fixed: the
// command line has said it.
func Run(ctx context.Context, cfg *config.Config, warnings []config.Warning, make New, fixed bool) error {
	return run(ctx, cfg, warnings, make, level{fixed, cfg.Security, cfg.Path})
}

// run is Run with where the log level comes from.
func run(ctx context.Context, cfg *config.Config, warnings []config.Warning, make New, from level) (err error) {
	out := io.Writer(os.Stderr)
	if cfg.Log.File != "" {
		f, err := logfile.Open(cfg.Log.File, int64(cfg.Log.MaxMB)<<20)
		if err != nil {
			return err
		}
		defer f.Close()
		out = f
	}
	least := new(slog.LevelVar)
	least.Set(cfg.Log.Slog())
	log := logger(out, cfg.Log, least)
	for _, w := range warnings {
		log.Warn("configuration", "key", w.Key, "reason", w.Reason)
	}
	if lacks := system.Lacks(); lacks != "" {
		log.Warn("built for this system, not tested on it", "system", runtime.GOOS+"/"+runtime.GOARCH, "lacks", lacks)
	}
	stop := from.follow(least, logger(out, cfg.Log, slog.LevelDebug))
	defer stop()
	n, err := make(ctx, cfg, log)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		log.Info("node stopped", "while", "starting")
		return nil
	}
	if err != nil {
		if cfg.Log.File != "" {
			log.Error("node not started", "err", err)
		}
		return err
	}
	return n.Run(ctx)
}

// Logger returns what a node logs with, at the level of its configuration.
func Logger(w io.Writer, c config.Log) *slog.Logger { return logger(w, c, c.Slog()) }

// logger writes to w what is at least as grave as least.
func logger(w io.Writer, c config.Log, least slog.Leveler) *slog.Logger {
	opts := &slog.HandlerOptions{Level: least}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// level says where the log level comes from.
type level struct {
	fixed    bool // by the command line
	security config.Security
	path     string
}

// follow reads the level again at each SIGHUP, and says in say, which leaves nothing out, what has become of it. The function
// that it returns ends that.
func (l level) follow(least *slog.LevelVar, say *slog.Logger) (stop func()) {
	hangups, done, ended := make(chan os.Signal, 1), make(chan struct{}), make(chan struct{})
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		defer close(ended)
		for {
			select {
			case <-hangups:
				l.reload(least, say)
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(done)
		<-ended
	}
}

// reload takes the level of the file.
func (l level) reload(least *slog.LevelVar, say *slog.Logger) {
	if l.fixed {
		say.Info("log level stays: the command line gives it", "level", least.Level())
		return
	}
	cfg, _, err := config.LoadFor(l.security, l.path)
	if err != nil {
		say.Error("log level stays: the configuration cannot be read", "level", least.Level(), "err", err)
		return
	}
	least.Set(cfg.Log.Slog())
	say.Info("log level read again", "level", least.Level(), "file", l.path)
}
