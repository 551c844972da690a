package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/sync/errgroup"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/open"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/nn/referee"
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

// maxTaskBytes bounds a task file.
const maxTaskBytes = 1 << 20

// runDigest trains the task of a file and prints its performance and metrics as
// one line of JSON, then its digest as the last line.
func runDigest(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("doin-worker digest", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("task", "", "task file (compute/CONTRACT.md)")
	isa := flags.String("isa", "", "naive, generic, avx2 or avx512; default: $"+vec.ISAVariable+", else the fastest")
	workers := flags.Int("workers", 1, "so many trainings of the task at once, whose digests must be equal")
	leaves := flags.String("leaves", "", "also write the digest's leaves to this file, for doin-worker referee (tasks of the domain nn)")
	stepsFrom := flags.Int("steps-from", -1, "with --leaves, also those of the single steps of the segment that begins after this step")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *file == "" || flags.NArg() > 0 {
		return errors.New("digest: usage: doin-worker digest --task FILE [--isa ISA] [--workers N] [--leaves FILE [--steps-from STEP]]")
	}
	if *stepsFrom >= 0 && *leaves == "" {
		return errors.New("digest: --steps-from: only with --leaves")
	}
	if *workers < 1 || *workers > nn.MaxWorkers {
		return fmt.Errorf("digest: --workers %d: must be 1 to %d", *workers, nn.MaxWorkers)
	}
	if *isa != "" { // the domains read it too
		if err := os.Setenv(vec.ISAVariable, *isa); err != nil {
			return fmt.Errorf("digest: %w", err)
		}
	}
	if _, err := vec.Select(); err != nil {
		return fmt.Errorf("digest: %w", err)
	}
	o, err := readTaskObject(*file)
	if err != nil {
		return fmt.Errorf("digest: %s: %w", *file, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var lines []byte
	if plugin, _ := o.String("domain"); plugin == nn.Domain {
		lines, err = digestNetwork(ctx, o, *workers, *leaves, *stepsFrom)
	} else if *leaves != "" {
		err = errors.New("--leaves: only for tasks of the domain " + nn.Domain)
	} else {
		lines, err = digestDomain(ctx, o, *workers)
	}
	if err != nil {
		return fmt.Errorf("digest: %s: %w", *file, err)
	}
	_, err = stdout.Write(lines)
	return err
}

// digestNetwork trains a task of the domain nn.
func digestNetwork(ctx context.Context, o *canon.Object, workers int, leavesFile string, stepsFrom int) ([]byte, error) {
	task, err := nn.ParseTask(o)
	if err != nil {
		return nil, err
	}
	engine, err := nn.NewEngine(nn.EngineConfig{Workers: workers})
	if err != nil {
		return nil, err
	}
	results, err := engine.Train(ctx, slices.Repeat([]nn.Task{*task}, workers), nil)
	if err != nil {
		return nil, err
	}
	r := results[0]
	root := r.Digest()
	for i, other := range results {
		if d := other.Digest(); d != root {
			return nil, fmt.Errorf("digests differ: %x of training 0, %x of training %d", root, d, i)
		}
	}
	if leavesFile != "" {
		claim, err := referee.Make(ctx, *task, stepsFrom)
		if err != nil {
			return nil, err
		}
		if got := claim.Root(); got != root {
			return nil, fmt.Errorf("digests differ: %x of one training, %x of another", root, got)
		}
		if err := os.WriteFile(leavesFile, append(canon.AppendIndent(nil, claim.Object()), '\n'), 0o644); err != nil {
			return nil, err
		}
	}
	summary := canon.NewObject("status", r.Status.String(), "stop_step", r.StopStep, "best_step", r.BestStep)
	if r.Status != nn.Diverged {
		summary.Set("validation_loss", float64(r.ValidationLoss))
	}
	return fmt.Appendf(nil, "%s\n%x\n", canon.Default(summary), root), nil
}

// digestDomain trains a task of one of the domains. Each training has a domain of
// its own, because a domain remembers what it has trained.
func digestDomain(ctx context.Context, o *canon.Object, workers int) ([]byte, error) {
	t, err := parseTask(o)
	if err != nil {
		return nil, err
	}
	models := make([]domain.Model, workers)
	group, ctx := errgroup.WithContext(ctx)
	for i := range models {
		group.Go(func() error {
			d, err := open.New(t.plugin, t.config)
			if err != nil {
				return err
			}
			models[i], err = d.Train(ctx, t.parameters(d), t.seed, true)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	m := models[0]
	for i, other := range models {
		if other.Digest() != m.Digest() {
			return nil, fmt.Errorf("digests differ: %s of training 0, %s of training %d", m.Digest(), other.Digest(), i)
		}
	}
	return fmt.Appendf(nil, "%s\n%s\n",
		canon.Default(canon.NewObject("performance", m.Performance(), "metrics", m.Metrics())), m.Digest()), nil
}

// task is a training as a file states it.
type task struct {
	plugin string
	config *canon.Object
	recipe *canon.Object // contract, domain, genome, data_hash
	genome *canon.Object
	seed   uint64
}

// readTaskObject reads a file of one JSON object.
func readTaskObject(path string) (*canon.Object, error) { return readObject(path, maxTaskBytes) }

func readObject(path string, limit int64) (*canon.Object, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("more than %d bytes", limit)
	}
	return canon.ParseObject(data)
}

// parseTask reads a task of one of the domains.
func parseTask(o *canon.Object) (t task, err error) {
	for _, k := range o.Keys() {
		switch k {
		case "contract", "domain", "genome", "data_hash", "seed", "config":
		default:
			return t, fmt.Errorf("unknown key %.80q", k)
		}
	}
	if t.plugin, err = o.String("domain"); err != nil {
		return t, err
	}
	if t.genome, err = o.Object("genome"); err != nil {
		return t, err
	}
	if t.config, err = o.ObjectOr("config", canon.NewObject()); err != nil {
		return t, err
	}
	v, _ := o.Get("seed")
	switch v := v.(type) {
	case int64:
		if v < 0 {
			return t, fmt.Errorf("seed %d: must not be negative", v)
		}
		t.seed = uint64(v)
	case *big.Int:
		if !v.IsUint64() {
			return t, fmt.Errorf("seed %v: must fit 64 bits", v)
		}
		t.seed = v.Uint64()
	default:
		return t, errors.New("seed: must be an unsigned 64-bit integer")
	}
	t.recipe = o.Clone()
	t.recipe.Delete("seed")
	t.recipe.Delete("config")
	return t, nil
}

// parameters is the task's recipe; a domain whose recipes are bare genomes, as the
// reference's quadratic has them, gets the genome.
func (t *task) parameters(d domain.Domain) *canon.Object {
	if d.Check(t.recipe) != nil && d.Check(t.genome) == nil {
		return t.genome
	}
	return t.recipe
}
