package command

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"slices"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/open"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
	"doin.network/node/ga/settings"
	"doin.network/node/internal/canon"
)

// maxTaskBytes bounds a task file.
const maxTaskBytes = 1 << 20

// task is a claim, or one training of it, as a file states it.
type task struct {
	plugin string
	config *canon.Object
	recipe *canon.Object // contract, domain, genome, data_hash
	genome *canon.Object
	seeds  []uint64
	// single says that the task is one training: that of a fold with the first seed, which for the fold after the last
	// makes so many steps.
	single      bool
	fold, steps int
}

// readTaskObject reads a file of one JSON object.
func readTaskObject(path string) (*canon.Object, error) { return readObject(path, maxTaskBytes) }

func readObject(path string, limit int64) (*canon.Object, error) {
	data, err := readBounded(path, limit)
	if err != nil {
		return nil, err
	}
	return canon.ParseObject(data)
}

// readBounded reads a file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
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
	return data, nil
}

// parseTask reads a task of one of the domains: a claim with the member "seed" or "seeds", one of its trainings with "seed"
// and "fold" (and, for the final one, "steps").
func parseTask(o *canon.Object) (t task, err error) {
	own := []string{"seed", "seeds", "fold", "steps", "config"}
	for _, k := range o.Keys() {
		if !slices.Contains(append([]string{"contract", "domain", "genome", "data_hash"}, own...), k) {
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
	if t.seeds, err = taskSeeds(o); err != nil {
		return t, err
	}
	if t.single = o.Has("fold"); t.single && len(t.seeds) > 1 {
		return t, errors.New("fold: one training has one seed")
	}
	for key, to := range map[string]*int{"fold": &t.fold, "steps": &t.steps} {
		n, err := o.IntOr(key, 0)
		if err != nil {
			return t, err
		}
		*to = int(n)
	}
	t.recipe = o.Clone()
	for _, k := range own {
		t.recipe.Delete(k)
	}
	return t, nil
}

// taskSeeds reads the seeds of a task: the list seeds, or the one of seed.
func taskSeeds(o *canon.Object) ([]uint64, error) {
	list, err := o.ListOr("seeds", nil)
	if err != nil {
		return nil, err
	}
	if v, ok := o.Get("seed"); ok {
		if list != nil {
			return nil, errors.New("seed: given beside seeds")
		}
		list = []any{v}
	}
	var seeds []uint64
	for _, v := range list {
		n, ok := v.(int64)
		big, large := v.(*big.Int)
		switch {
		case ok && n >= 0:
			seeds = append(seeds, uint64(n))
		case large && big.IsUint64():
			seeds = append(seeds, big.Uint64())
		default:
			return nil, errors.New("seed: must be an unsigned 64-bit integer")
		}
	}
	if len(seeds) == 0 || len(seeds) > domain.MaxSeeds {
		return nil, fmt.Errorf("seed: %d seeds: must be an unsigned 64-bit integer, or 1 to %d of them in seeds", len(seeds), domain.MaxSeeds)
	}
	return seeds, nil
}

// parameters is the task's recipe; a domain whose recipes are bare genomes, as the
// reference's quadratic has them, gets the genome.
func (t *task) parameters(d domain.Domain) *canon.Object {
	if d.Check(t.recipe) != nil && d.Check(t.genome) == nil {
		return t.genome
	}
	return t.recipe
}

// readTraining reads a task whose digest has leaves: one of the domain nn, or one training of a claim of a domain that
// trains networks.
func readTraining(kinds []kind.Kind, o *canon.Object) (nn.Task, error) {
	if plugin, _ := o.String("domain"); plugin == nn.Domain {
		t, err := nn.ParseTask(o)
		if err != nil {
			return nn.Task{}, err
		}
		return *t, nil
	}
	t, err := parseTask(o)
	if err != nil {
		return nn.Task{}, err
	}
	return t.training(kinds)
}

// training returns the training that a task is.
func (t *task) training(kinds []kind.Kind) (nn.Task, error) {
	d, err := open.NewWith(kinds, t.plugin, t.config, settings.Top()...)
	if err != nil {
		return nn.Task{}, err
	}
	trainee, ok := d.(open.Trainee)
	switch {
	case !ok:
		return nn.Task{}, fmt.Errorf("the recipes of the domain %s train no network", t.plugin)
	case !t.single:
		return nn.Task{}, errors.New("fold: missing: leaves are those of one training of a claim")
	}
	return trainee.Training(t.recipe, t.seeds[0], t.fold, t.steps)
}
