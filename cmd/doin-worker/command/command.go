// Package command is doin-worker as a library: [Program] is its command line, to which a program of one's own adds models said as
// graphs (package compute/graph). See docs/models.md and examples/own-model.
package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"time"

	"doin.network/node/compute/device"
	"doin.network/node/compute/domain/forecast"
	"doin.network/node/compute/graph"
	"doin.network/node/compute/graph/recurrent"
	"doin.network/node/compute/graph/tape"
	"doin.network/node/compute/kind"
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

// Program is a worker: the command line of doin-worker, with models of one's own.
type Program struct {
	// Version is what --version prints, and what a node is told.
	Version string
	// Models are those that the settings models may name beside a domain's own and those of package recurrent, which every worker has.
	// Their names are all different.
	Models []graph.Model
}

// Main runs the program with the process's arguments and standard streams, and ends the process.
func (p Program) Main() {
	if err := p.run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			os.Exit(2)
		}
		fmt.Fprintln(os.Stderr, "doin-worker:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run is the command line without the process around it.
func (p Program) run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
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
		_, err := fmt.Fprintln(stdout, "doin-worker", p.Version)
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
	if len(rest) > 0 && rest[0] == "table" {
		return runTable(rest[1:], stdin, stdout, stderr)
	}
	if len(rest) > 0 && rest[0] == "model" {
		return runModel(rest[1:], stdout, stderr)
	}
	if err := nn.SelfTest(); err != nil {
		return fmt.Errorf("self-test: %w", err)
	}
	kinds, err := p.kinds()
	if err != nil {
		return err
	}
	switch {
	case len(rest) == 0:
		return serve(stdin, stdout, log, *name, options{workers, share, *cache, programLimits(*programTime, *programMemory), p.Version, kinds})
	case rest[0] == "describe" && len(rest) == 1:
		return describe(stdout, log, *name, p.Version, workers)
	case rest[0] == "keys":
		return runKeys(rest[1:], stdout, stderr)
	case rest[0] == "learn":
		return runLearn(rest[1:], stdin, stdout, stderr)
	case rest[0] == "digest":
		return runDigest(kinds, rest[1:], stdout, stderr)
	case rest[0] == "referee":
		return runReferee(kinds, rest[1:], stdout, stderr)
	}
	return fmt.Errorf("unknown command %q: describe, inspect, table, model, keys, learn, digest, referee, conformance, or none to serve", rest[0])
}

// kinds are the networks that the engine has no layers for.
func (p Program) kinds() ([]kind.Kind, error) {
	models := append(recurrent.Models(), p.Models...)
	seen := map[string]bool{forecast.MLP: true, forecast.TCN: true}
	for _, m := range models {
		if seen[m.Name()] {
			return nil, fmt.Errorf("model %.40q: there is one of that name already", m.Name())
		}
		seen[m.Name()] = true
	}
	return tape.Kinds(models...), nil
}
