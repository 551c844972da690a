package main

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/open"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/nn/referee"
	"doin.network/node/ga/settings"
	"doin.network/node/internal/canon"
)

// maxTaskBytes bounds a task file.
const maxTaskBytes = 1 << 20

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

// readTraining reads a task whose digest has leaves: one of the domain nn, or a
// recipe of a domain that trains networks, which makes its digest of a result.
func readTraining(o *canon.Object) (nn.Task, referee.Digester, error) {
	if plugin, _ := o.String("domain"); plugin == nn.Domain {
		t, err := nn.ParseTask(o)
		if err != nil {
			return nn.Task{}, nil, err
		}
		return *t, nil, nil
	}
	t, err := parseTask(o)
	if err != nil {
		return nn.Task{}, nil, err
	}
	d, err := open.New(t.plugin, t.config, settings.Top()...)
	if err != nil {
		return nn.Task{}, nil, err
	}
	trainee, ok := d.(open.Trainee)
	if !ok {
		return nn.Task{}, nil, fmt.Errorf("the recipes of the domain %s train no network", t.plugin)
	}
	training, err := trainee.Training(t.recipe, t.seed)
	return training, func(r *nn.Result) (string, error) {
		m, err := trainee.Measure(t.recipe, r)
		if err != nil {
			return "", err
		}
		return m.Digest(), nil
	}, err
}
