// Package device says what runs a training: the interface Device, its types and its errors. The subpackages implement
// it, one per kind of hardware; package open picks one by build flavour.
//
// A device decides how fast a training runs, never what comes out: every implementation keeps the numeric contract
// DOIN-F32 v1 (CONTRACT.md in the parent folder) and is compared with package nn bit for bit.
package device

import (
	"context"
	"errors"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
)

// ErrNoGPU is returned, wrapped with the reason, by open.Open where no GPU can be used: the build has no engine for one,
// or the machine has no device.
var ErrNoGPU = errors.New("device: no GPU")

// Kind is the kind of hardware.
type Kind string

// The kinds.
const (
	CPU  Kind = "cpu"
	CUDA Kind = "cuda"
)

// Training is one run: what nn.Train takes.
type Training struct {
	Config            nn.Config
	Key               rng.Key
	Train, Validation nn.Source
}

// Device trains networks. It is safe for concurrent use.
type Device interface {
	// Name describes the hardware to a person.
	Name() string
	// Kind is the kind of hardware.
	Kind() Kind
	// MemoryBytes is the memory of the device; 0 where trainings share the host's.
	MemoryBytes() int64
	// Train runs one training as nn.Train defines it, with its errors.
	Train(ctx context.Context, t Training) (*nn.Result, error)
}
