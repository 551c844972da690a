//go:build !gpu || !cgo || !linux || cpu

package cuda

import (
	"fmt"

	"doin.network/node/compute/device"
)

// Built reports whether this build contains the CUDA driver's half of the package.
const Built = false

func count() (int, error) { return 0, errBuild() }

func openDriver(int) (driver, error) { return nil, errBuild() }

func errBuild() error { return fmt.Errorf("%w: this build is for the CPU", device.ErrNoGPU) }
