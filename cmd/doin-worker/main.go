// Command doin-worker is the compute process of a node: it trains, verifies and
// searches for the doin-node that started it.
//
//	doin-worker [--workers N] [--device D] [--verification-share F] [--program-time D] [--program-memory-mb N]   serve the worker protocol on standard input and output
//	doin-worker [--device D] describe          print what this worker is, as JSON
//	doin-worker inspect FILE [--json]          say what a data file is, and which configuration suits it
//	doin-worker model --config FILE [--svg]    print the graph of a network as dot or SVG
//	doin-worker keys [--json]                  print what optimization_config may have, by plugin, and the settings of the search
//	doin-worker learn [--seed N] < TRIALS > PRIOR   train what trials of other searches teach
//	doin-worker digest --task FILE             train a task and print its digest on the last line
//	doin-worker referee --task FILE --a LEAVES --b LEAVES   say which of two digests of a task is right
//	doin-worker conformance [FLAGS] -- CMD…    test a program that speaks the protocol
//	doin-worker --version                      print the version
//
// It refuses to work if the numeric self-test fails. Interrupts are left to the
// parent, which closes standard input; SIGTERM ends it cleanly. A device that is
// lost ends it with an error and without an answer to what was under way.
//
// Built with the tag gpu it is doin-worker-gpu, which trains on a CUDA device. That
// program ends before main where there is no driver or no device.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"doin.network/node/compute/data"
	"doin.network/node/compute/device"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/worker"
)

// maxWorkers bounds the flag --workers.
const maxWorkers = 1 << 16

// maxMemoryMB bounds the flag --program-memory-mb.
const maxMemoryMB = 1 << 30

// programLimits are those of a program; 0 is the default.
func programLimits(job time.Duration, memoryMB int64) worker.Limits {
	return worker.Limits{Job: job, MemoryBytes: memoryMB << 20}
}

// version is set by the linker.
var version = "devel"

func main() {
	if os.Getenv("GOGC") == "" { // training allocates nothing, reading must not take twice what it keeps
		debug.SetGCPercent(data.GCPercent)
	}
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
	workers := 0
	flags.Func("workers", fmt.Sprintf("trainings at a time, 1 to %d (default what suits the device)", maxWorkers), func(s string) (err error) {
		if workers, err = strconv.Atoi(s); err == nil && (workers < 1 || workers > maxWorkers) {
			err = fmt.Errorf("must be 1 to %d", maxWorkers)
		}
		return err
	})
	name := flags.String("device", device.Auto, `what trains: "cpu", "cuda:N", or "auto" for a GPU if there is one`)
	share := worker.DefaultShare
	flags.Func("verification-share", "how much of the time verifications for others take at most from a search, in (0, 1] (default 0.5)", func(s string) (err error) {
		if share, err = strconv.ParseFloat(s, 64); err == nil && !(share > 0 && share <= 1) { // written so that NaN fails
			err = errors.New("must be in (0, 1]")
		}
		return err
	})
	cache := flags.String("cache", "", "directory to remember the errors of evaluated claims in, so that a base of comparison is not trained twice")
	programTime := flags.Duration("program-time", 0, "how long a program of an \"exec:\" plugin may take for an evaluation (default 10m)")
	programMemory := flags.Int64("program-memory-mb", 0, "how much memory such a program and its children may take (default: no limit)")
	level := flags.String("log-level", "info", "debug, info, warn or error")
	showVersion := flags.Bool("version", false, "print the version")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *showVersion {
		_, err := fmt.Fprintln(stdout, "doin-worker", version)
		return err
	}
	if *programTime < 0 || *programMemory < 0 || *programMemory > maxMemoryMB {
		return fmt.Errorf("--program-time %v, --program-memory-mb %d: must not be negative, nor beyond %d", *programTime, *programMemory, maxMemoryMB)
	}
	if *name != device.Auto {
		if _, _, err := device.ParseName(*name); err != nil {
			return fmt.Errorf("--device: %w", err)
		}
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
	if len(rest) > 0 && rest[0] == "inspect" {
		return runInspect(rest[1:], stdout, stderr)
	}
	if len(rest) > 0 && rest[0] == "model" {
		return runModel(rest[1:], stdout, stderr)
	}
	if err := nn.SelfTest(); err != nil {
		return fmt.Errorf("self-test: %w", err)
	}
	switch {
	case len(rest) == 0:
		return serve(stdin, stdout, log, *name, options{workers, share, *cache, programLimits(*programTime, *programMemory)})
	case rest[0] == "describe" && len(rest) == 1:
		return describe(stdout, log, *name, workers)
	case rest[0] == "keys":
		return runKeys(rest[1:], stdout, stderr)
	case rest[0] == "learn":
		return runLearn(rest[1:], stdin, stdout, stderr)
	case rest[0] == "digest":
		return runDigest(rest[1:], stdout, stderr)
	case rest[0] == "referee":
		return runReferee(rest[1:], stdout, stderr)
	}
	return fmt.Errorf("unknown command %q: describe, inspect, model, keys, learn, digest, referee, conformance, or none to serve", rest[0])
}
