// Package cpu runs trainings on the processor, by package nn with the kernels that vec.Select chooses: one goroutine per
// training.
package cpu

import (
	"context"
	"fmt"
	"runtime"

	"doin.network/node/compute/device"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
)

// Device is the processor. The zero value is ready to use.
type Device struct{}

var _ device.Device = Device{}

// Name names the architecture, the number of cores that Go may use, and the kernels.
func (Device) Name() string {
	isa, err := vec.Select()
	if err != nil { // Train says so
		isa = "no kernels"
	}
	return fmt.Sprintf("%s, %d cores, %s", runtime.GOARCH, runtime.GOMAXPROCS(0), isa)
}

// Kind is device.CPU.
func (Device) Kind() device.Kind { return device.CPU }

// MemoryBytes is 0: trainings share the host's memory.
func (Device) MemoryBytes() int64 { return 0 }

// Train is nn.Train.
func (Device) Train(ctx context.Context, t device.Training) (*nn.Result, error) {
	return nn.Train(ctx, t.Config, t.Key, t.Train, t.Validation)
}
