// Package open picks a device by build flavour. It is the only package that names more than one implementation, so
// that a program imports the engine of a GPU only in the build that has one.
//
// Open and HasGPU come from a pair of files with complementary build constraints. No build contains a CUDA engine yet:
// both files say so, each for its flavour.
package open

import (
	"doin.network/node/compute/device"
	"doin.network/node/compute/device/cpu"
)

// Best returns the GPU if Open finds one, else the processor. Which one it is never changes a result.
func Best() device.Device {
	if d, err := Open(); err == nil {
		return d
	}
	return cpu.Device{}
}
