package stack

import (
	"fmt"
	"math"
	"math/big"

	"doin.network/node/chain/protocol"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/canon"
)

// CheckLimits holds somebody's parameters against this node's bounds and resource limits before anything is trained:
// the numbers at the top and in the genome, and those in lists there. What is outside is no reason to vote against it: the
// error matches protocol.ErrAbstain. Time and memory are limited while the training runs, by the worker's supervisor.
func CheckLimits(d *config.Domain, parameters *canon.Object) error {
	objects := []*canon.Object{parameters}
	if g, err := parameters.ObjectOr("genome", nil); err == nil && g != nil {
		objects = append(objects, g)
	}
	limit := func(name string, low, high float64) error {
		for _, o := range objects {
			v, ok := o.Get(name)
			if !ok {
				continue
			}
			values := []any{v}
			if list, ok := v.([]any); ok {
				values = list
			}
			for _, v := range values {
				x, err := canon.AsFloat(v)
				_, huge := v.(*big.Int)
				if err == nil && !(x >= low && x <= high) || err != nil && huge { // what is no number the domain judges
					return fmt.Errorf("%w: parameter %q is %.40s, outside [%v, %v]", protocol.ErrAbstain, name, canon.Default(v), low, high)
				}
			}
		}
		return nil
	}
	for _, b := range d.Bounds {
		if err := limit(b.Name, b.Low, b.High); err != nil {
			return err
		}
	}
	for _, r := range []struct {
		name string
		max  int
	}{{"epochs", d.Resources.MaxEpochs}, {"batch_size", d.Resources.MaxBatchSize}, {"batch", d.Resources.MaxBatchSize}} {
		if err := limit(r.name, math.Inf(-1), float64(r.max)); err != nil {
			return err
		}
	}
	return nil
}
