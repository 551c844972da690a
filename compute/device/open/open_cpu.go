//go:build !gpu || !cgo || !linux || cpu

package open

import (
	"fmt"
	"log/slog"

	"doin.network/node/compute/device"
)

// HasGPU reports whether this build contains an engine for a GPU.
const HasGPU = false

// Count returns the number of CUDA devices. In this build it always returns device.ErrNoGPU.
func Count() (int, error) { return 0, errBuild() }

func openGPU(int, *slog.Logger) (device.Device, error) { return nil, errBuild() }

func errBuild() error { return fmt.Errorf("%w: this build is for the CPU", device.ErrNoGPU) }
