// Command doin-worker is the compute process of a node: it trains, verifies and
// searches for the doin-node that started it.
//
//	doin-worker [--workers N]                  serve the worker protocol on standard input and output
//	doin-worker describe                       print what this worker is, as JSON
//	doin-worker digest --task FILE             train a task and print its digest on the last line
//	doin-worker referee --task FILE --a LEAVES --b LEAVES   say which of two digests of a task is right
//	doin-worker conformance [FLAGS] -- CMD…    test a program that speaks the protocol
//	doin-worker --version                      print the version
//
// It refuses to work if the numeric self-test fails. Interrupts are left to the
// parent, which closes standard input; SIGTERM ends it cleanly.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"doin.network/node/cmd/doin-worker/search"
	"doin.network/node/compute/domain/open"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
)

// version is set by the linker.
var version = "devel"

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			os.Exit(2)
		}
		fmt.Fprintln(os.Stderr, "doin-worker:", err)
		os.Exit(1)
	}
}

// run is the command line without the process around it.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("doin-worker", flag.ContinueOnError)
	flags.SetOutput(stderr)
	workers := flags.Int("workers", runtime.GOMAXPROCS(0), "trainings at a time, 1 to 4096")
	level := flags.String("log-level", "info", "debug, info, warn or error")
	showVersion := flags.Bool("version", false, "print the version")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *showVersion {
		_, err := fmt.Fprintln(stdout, "doin-worker", version)
		return err
	}
	if *workers < 1 || *workers > 4096 {
		return fmt.Errorf("--workers %d: must be 1 to 4096", *workers)
	}
	var l slog.Level
	if err := l.UnmarshalText([]byte(*level)); err != nil {
		return fmt.Errorf("--log-level %q: must be debug, info, warn or error", *level)
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: l}))

	rest := flags.Args()
	if len(rest) > 0 && rest[0] == "conformance" { // another program's matter
		return runConformance(rest[1:], stdout, stderr)
	}
	if err := nn.SelfTest(); err != nil {
		return fmt.Errorf("self-test: %w", err)
	}
	switch {
	case len(rest) == 0:
		return serve(stdin, stdout, log, *workers)
	case rest[0] == "describe" && len(rest) == 1:
		d := description(*workers)
		_, err := fmt.Fprintf(stdout, "%s\n", canon.AppendIndent(nil, d.Object()))
		return err
	case rest[0] == "digest":
		return runDigest(rest[1:], stdout, stderr)
	case rest[0] == "referee":
		return runReferee(rest[1:], stdout, stderr)
	}
	return fmt.Errorf("unknown command %q: describe, digest, referee, conformance, or none to serve", rest[0])
}

// description is what this worker is.
func description(workers int) worker.Description {
	return worker.Description{
		Name: "doin-worker", Version: version, Workers: workers, Plugins: open.Plugins(),
		Device: fmt.Sprintf("cpu (%s, %d threads)", runtime.GOARCH, runtime.NumCPU()),
	}
}

// serve answers the parent until it closes standard input or sends SIGTERM.
func serve(stdin io.Reader, stdout io.Writer, log *slog.Logger, workers int) error {
	// A terminal's interrupt reaches the whole group; the parent decides.
	signal.Ignore(os.Interrupt)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := worker.Serve(ctx, stdin, stdout, worker.ServerOptions{
		Description: description(workers),
		NewDomain:   open.New,
		NewSearch:   search.New,
		Logger:      log,
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}
