// Package open picks a device by build flavour and by name. It is the only package that names more than one
// implementation, so that a program imports the engine of a GPU only in the build that has one.
//
// HasGPU, Count and openGPU come from a pair of files with complementary build constraints.
package open

import (
	"context"
	"errors"
	"log/slog"

	"doin.network/node/compute/device"
	"doin.network/node/compute/device/cpu"
)

// Open opens a device by name: "cpu", "cuda:N", or "auto" for the first CUDA device that can be used, else the
// processor, with a warning in the log if this build has an engine for a GPU. A device that trains is checked first: it
// must compute a short training as the processor does. Errors wrap device.ErrChoice or device.ErrNoGPU. log may be nil.
// The caller must Close the device.
//
// Which device it is never changes a result.
func Open(ctx context.Context, name string, log *slog.Logger) (device.Device, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if name == device.Auto {
		d, err := first(ctx, log)
		if err == nil {
			return d, nil
		}
		if HasGPU {
			log.Warn("training on the processor", "err", err)
		}
		return cpu.Device{}, nil
	}
	kind, ordinal, err := device.ParseName(name)
	if err != nil {
		return nil, err
	}
	if kind == device.CPU {
		return cpu.Device{}, nil
	}
	return openChecked(ctx, ordinal, log)
}

// first opens the first CUDA device that can be used; the error says of each why it cannot.
func first(ctx context.Context, log *slog.Logger) (device.Device, error) {
	n, err := Count()
	if err != nil {
		return nil, err
	}
	var errs []error
	for ordinal := range n {
		d, err := openChecked(ctx, ordinal, log)
		if err == nil {
			return d, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// openChecked opens a CUDA device and checks it.
func openChecked(ctx context.Context, ordinal int, log *slog.Logger) (device.Device, error) {
	d, err := openGPU(ordinal, log)
	if err != nil {
		return nil, err
	}
	if err := check(ctx, d); err != nil {
		if err := d.Close(); err != nil {
			log.Warn("device not closed cleanly", "err", err)
		}
		return nil, err
	}
	return d, nil
}
