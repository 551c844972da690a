//go:build gpu && cgo && linux && !cpu

package open

import (
	"errors"
	"fmt"
	"log/slog"

	"doin.network/node/compute/device"
	"doin.network/node/compute/device/block"
	"doin.network/node/compute/device/cuda"
)

// HasGPU reports whether this build contains an engine for a GPU.
const HasGPU = true

// Count returns the number of CUDA devices that this process may use. Its error wraps device.ErrNoGPU.
func Count() (int, error) { return cuda.Count() }

// openGPU opens the CUDA device of that number. Its error wraps device.ErrNoGPU.
func openGPU(ordinal int, log *slog.Logger) (device.Device, error) {
	card, err := cuda.Open(ordinal, cuda.Options{})
	if err != nil {
		return nil, err
	}
	if err := block.SelfTest(card); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", device.ErrNoGPU, err), card.Close())
	}
	e, err := block.New(card, block.Options{Logger: log})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", device.ErrNoGPU, err), card.Close())
	}
	i := card.Info()
	return newAccelerator(e, []error{block.ErrSize, block.ErrSlow}, device.Info{
		Kind: device.CUDA, Name: i.Name, MemoryBytes: i.TotalBytes,
		Ordinal: i.Ordinal, PCIBusID: i.PCIBusID, Capability: i.Capability(), Driver: i.DriverVersion, CUDA: i.CUDA(),
	}, card.Close, log), nil
}
