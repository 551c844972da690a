package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/sync/errgroup"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/open"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/nn/referee"
	"doin.network/node/compute/vec"
	"doin.network/node/ga/settings"
	"doin.network/node/internal/canon"
)

// runDigest trains the task of a file and prints its performance and metrics as
// one line of JSON, then its digest as the last line.
func runDigest(kinds []kind.Kind, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("doin-worker digest", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("task", "", "task file (compute/CONTRACT.md)")
	isa := flags.String("isa", "", "naive, generic, avx2 or avx512; default: $"+vec.ISAVariable+", else the fastest")
	workers := flags.Int("workers", 1, "so many trainings of the task at once, whose digests must be equal")
	leaves := flags.String("leaves", "", "also write the digest's leaves to this file, for doin-worker referee (not for domains that train no network)")
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
	if plugin, _ := o.String("domain"); plugin == nn.Domain || o.Has("fold") {
		lines, err = digestNetwork(ctx, kinds, o, *workers, *leaves, *stepsFrom)
	} else {
		lines, err = digestClaim(ctx, kinds, o, *workers, *leaves)
	}
	if err != nil {
		return fmt.Errorf("digest: %s: %w", *file, err)
	}
	_, err = stdout.Write(lines)
	return err
}

// digestNetwork trains a task that is one training.
func digestNetwork(ctx context.Context, kinds []kind.Kind, o *canon.Object, workers int, leavesFile string, stepsFrom int) ([]byte, error) {
	task, err := readTraining(kinds, o)
	if err != nil {
		return nil, err
	}
	engine, err := nn.NewEngine(nn.EngineConfig{Workers: workers})
	if err != nil {
		return nil, err
	}
	results, err := engine.Train(ctx, slices.Repeat([]nn.Task{task}, workers), nil)
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
		claim, err := referee.Make(ctx, task, stepsFrom, nil)
		if err != nil {
			return nil, err
		}
		if got := claim.Root(); got != root {
			return nil, fmt.Errorf("digests differ: %x of one training, %x of another", root, got)
		}
		if err := writeClaim(leavesFile, claim); err != nil {
			return nil, err
		}
	}
	summary := canon.NewObject("status", r.Status.String(), "stop_step", r.StopStep, "best_step", r.BestStep)
	if r.Status != nn.Diverged {
		summary.Set("validation_loss", float64(r.ValidationLoss))
	}
	return fmt.Appendf(nil, "%s\n%x\n", canon.Default(summary), root), nil
}

// digestClaim makes a claim of one of the domains, several times at once with domains of their own, because a domain
// remembers what it has fitted.
func digestClaim(ctx context.Context, kinds []kind.Kind, o *canon.Object, workers int, leavesFile string) ([]byte, error) {
	t, err := parseTask(o)
	if err != nil {
		return nil, err
	}
	if leavesFile != "" {
		if _, err := t.training(kinds); err != nil {
			return nil, fmt.Errorf("--leaves: %w", err)
		}
	}
	models := make([]domain.Model, workers)
	group, ctx := errgroup.WithContext(ctx)
	for i := range models {
		group.Go(func() (err error) {
			d, err := open.NewWith(kinds, t.plugin, t.config, settings.Top()...)
			if err == nil {
				models[i], err = d.Claim(ctx, t.parameters(d), t.seeds, nil)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	first := models[0]
	for i, other := range models[1:] {
		if a, b := first.Digest(), other.Digest(); a != b {
			return nil, fmt.Errorf("digests differ: %s of claim 0, %s of claim %d", a, b, i+1)
		}
	}
	out := canon.NewObject()
	if p := first.Performance(); p == p { // not diverged
		out.Set("performance", p)
	}
	return fmt.Appendf(nil, "%s\n%s\n", canon.Default(out.Set("metrics", first.Metrics())), first.Digest()), nil
}

// writeClaim writes a file for doin-worker referee.
func writeClaim(path string, c *referee.Claim) error {
	return os.WriteFile(path, append(canon.AppendIndent(nil, c.Object()), '\n'), 0o644)
}
