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

// Info names the architecture, the number of threads that Go may use, and the kernels.
func (Device) Info() device.Info {
	isa, err := vec.Select()
	if err != nil { // Train says so
		isa = "no kernels"
	}
	return device.Info{Kind: device.CPU, Name: fmt.Sprintf("%s, %d threads, %s", runtime.GOARCH, runtime.GOMAXPROCS(0), isa)}
}

// Trainings is GOMAXPROCS.
func (Device) Trainings() int { return runtime.GOMAXPROCS(0) }

// Train trains on the goroutine of the caller. ctx is looked at between steps.
func (Device) Train(ctx context.Context, t *nn.Task) (*nn.Result, error) {
	r, err := nn.NewRun(t, "")
	if err != nil {
		return nil, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if r.Step() {
			return r.Result(), nil
		}
		if s := t.Config.Segment; t.OnSegment != nil && s > 0 && r.Done()%s == 0 {
			if err := t.OnSegment(r.Checkpoint()); err != nil {
				return nil, fmt.Errorf("step %d: %w", r.Done(), err)
			}
		}
	}
}

// Close does nothing.
func (Device) Close() error { return nil }
