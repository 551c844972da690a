package command

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"doin.network/node/compute/device"
	deviceopen "doin.network/node/compute/device/open"
	"doin.network/node/compute/domain/open"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
)

// description is what this worker is, with trainings at a time; 0: what suits the
// device.
func description(d device.Device, version string, trainings int) worker.Description {
	if trainings == 0 {
		trainings = d.Trainings()
	}
	info := d.Info()
	return worker.Description{
		Name: "doin-worker", Version: version, Workers: trainings, Plugins: open.Plugins(),
		Device: info.String(), HasGPU: info.Kind != device.CPU, Capabilities: []worker.Capability{worker.Deterministic, worker.Exports, worker.Prior},
	}
}

// describe prints what this worker is on a device. Chosen freely, it is opened on
// every GPU in turn, and lists those that can be used.
func describe(stdout io.Writer, log *slog.Logger, name, version string, trainings int) error {
	names := []string{name}
	if name == device.Auto && deviceopen.HasGPU {
		if n, err := deviceopen.Count(); err == nil {
			names = nil
			for ordinal := range n {
				names = append(names, device.CUDAName(ordinal))
			}
		}
	}
	var first *worker.Description
	var why error
	for _, name := range names {
		d, err := deviceopen.Open(context.Background(), name, log)
		if err != nil {
			why = err
			if len(names) > 1 {
				log.Warn("device cannot be used", "device", name, "err", err)
			}
			continue
		}
		is := description(d, version, trainings)
		if err := d.Close(); err != nil {
			log.Warn("device not closed cleanly", "device", name, "err", err)
		}
		if first == nil {
			first = &is
		}
		if is.HasGPU {
			first.Devices = append(first.Devices, device.CUDAName(d.Info().Ordinal))
		}
	}
	if first == nil {
		return why
	}
	_, err := fmt.Fprintf(stdout, "%s\n", canon.AppendIndent(nil, first.Object()))
	return err
}
