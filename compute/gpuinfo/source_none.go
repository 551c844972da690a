//go:build !gpu || !cgo || !linux || cpu

package gpuinfo

import "fmt"

// Built reports whether this build contains NVML.
const Built = false

func openSource() (source, error) {
	return nil, fmt.Errorf("%w: this build is for the CPU", ErrNoNVML)
}
