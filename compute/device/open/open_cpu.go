//go:build !gpu || !cgo || !linux || cpu

package open

import (
	"fmt"

	"doin.network/node/compute/device"
)

// HasGPU reports whether this build contains an engine for a GPU.
const HasGPU = false

// Open returns the GPU. In this build it always returns device.ErrNoGPU.
func Open() (device.Device, error) {
	return nil, fmt.Errorf("%w: this build is for the CPU", device.ErrNoGPU)
}
