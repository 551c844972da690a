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
	"syscall"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/open"
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
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *file == "" || flags.NArg() > 0 {
		return errors.New("digest: usage: doin-worker digest --task FILE")
	}
	t, err := readTask(*file)
	if err != nil {
		return fmt.Errorf("digest: %s: %w", *file, err)
	}
	d, err := open.New(t.plugin, t.config)
	if err != nil {
		return fmt.Errorf("digest: %s: %w", *file, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	m, err := d.Train(ctx, t.parameters(d), t.seed, true)
	if err != nil {
		return fmt.Errorf("digest: %s: %w", *file, err)
	}
	_, err = fmt.Fprintf(stdout, "%s\n%s\n",
		canon.Default(canon.NewObject("performance", m.Performance(), "metrics", m.Metrics())), m.Digest())
	return err
}

// task is a training as a file states it.
type task struct {
	plugin string
	config *canon.Object
	recipe *canon.Object // contract, domain, genome, data_hash
	genome *canon.Object
	seed   uint64
}

func readTask(path string) (t task, err error) {
	f, err := os.Open(path)
	if err != nil {
		return t, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxTaskBytes+1))
	if err != nil {
		return t, err
	}
	if len(data) > maxTaskBytes {
		return t, fmt.Errorf("more than %d bytes", maxTaskBytes)
	}
	o, err := canon.ParseObject(data)
	if err != nil {
		return t, err
	}
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
