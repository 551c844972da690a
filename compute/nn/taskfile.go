package nn

import (
	"errors"
	"fmt"
	"math/big"

	"doin.network/node/compute/rng"
	"doin.network/node/internal/canon"
)

// Domain is the name of the domain whose genomes are configurations of this package and whose data are drawn: that of
// the tasks which compare implementations.
const Domain = "nn"

// ErrTask is returned, wrapped, by ParseTask.
var ErrTask = errors.New("nn: invalid task")

// ParseTask reads a task of the domain "nn" in the form that CONTRACT.md gives. The error wraps ErrTask, or ErrConfig for
// the genome, or is that of Task.Validate, and names the member at fault.
func ParseTask(o *canon.Object) (*Task, error) {
	for _, key := range o.Keys() {
		switch key {
		case "contract", "domain", "genome", "data_hash", "seed", "data":
		default:
			return nil, fmt.Errorf("%w: unknown member %.80q", ErrTask, key)
		}
	}
	for _, fixed := range [...]struct{ key, want string }{{"contract", ContractVersion}, {"domain", Domain}} {
		if got, err := o.String(fixed.key); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrTask, err)
		} else if got != fixed.want {
			return nil, fmt.Errorf("%w: %s %.80q, want %q", ErrTask, fixed.key, got, fixed.want)
		}
	}
	genome, err := o.Object("genome")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTask, err)
	}
	config, err := ConfigFromObject(genome)
	if err != nil {
		return nil, err
	}
	data, err := o.Object("data")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTask, err)
	}
	dataHash, err := o.String("data_hash")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTask, err)
	}
	if want := canon.Hash(data); dataHash != want {
		return nil, fmt.Errorf("%w: data_hash %.80q, that of the data is %q", ErrTask, dataHash, want)
	}
	seed, err := readSeed(o)
	if err != nil {
		return nil, err
	}
	t := &Task{Config: config, Key: TaskKey(ContractVersion, Domain, genome, dataHash, seed)}
	if err := t.readData(data); err != nil {
		return nil, err
	}
	if err := t.Validate(); err != nil {
		return nil, err
	}
	return t, nil
}

// readData reads the member data.
func (t *Task) readData(data *canon.Object) error {
	for _, key := range data.Keys() {
		switch key {
		case "kind", "train", "validation", "seed":
		default:
			return fmt.Errorf("%w: data: unknown member %.80q", ErrTask, key)
		}
	}
	kind, err := data.String("kind")
	if err != nil || kind != "synthetic" && kind != "soft" {
		return fmt.Errorf("%w: data: kind %.80q, want \"synthetic\" or \"soft\"", ErrTask, kind)
	}
	var n [2]int
	for i, key := range [...]string{"train", "validation"} {
		v, err := data.Int(key)
		if err != nil {
			return fmt.Errorf("%w: data: %w", ErrTask, err)
		}
		if v < 1 || v > MaxSamples {
			return fmt.Errorf("%w: data: %s %d: must be in [1, %d]", ErrTask, key, v, MaxSamples)
		}
		n[i] = int(v)
	}
	seed, err := readSeed(data)
	if err != nil {
		return err
	}
	key := rng.Key{uint32(seed), uint32(seed >> 32)}
	all := synthetic{key: key, loss: t.Config.Loss, soft: kind == "soft"}
	t.Train, t.Validation = all.samples(0, n[0]), all.samples(n[0], n[1])
	return nil
}

// readSeed returns the member seed, an unsigned integer of 64 bits.
func readSeed(o *canon.Object) (uint64, error) {
	v, _ := o.Get("seed")
	switch v := v.(type) {
	case int64:
		if v >= 0 {
			return uint64(v), nil
		}
	case *big.Int:
		if v.IsUint64() {
			return v.Uint64(), nil
		}
	}
	return 0, fmt.Errorf("%w: seed: must be an unsigned 64-bit integer", ErrTask)
}
