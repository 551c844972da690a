// Package device says what runs trainings: the interface Device, its description and its errors. The subpackages
// implement it, one per kind of hardware; package open picks one by build flavour and by name.
//
// A device decides how fast a training runs, never what comes out: every implementation keeps the numeric contract
// DOIN-F32 v1 (CONTRACT.md in the parent folder) and is compared with package nn bit for bit.
package device

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"doin.network/node/compute/nn"
)

// Errors of devices.
var (
	// ErrNoGPU is returned, wrapped with the reason, by open.Open where a GPU cannot be used: the build has no engine for
	// one, the machine has no such device, or it does not compute what the processor does.
	ErrNoGPU = errors.New("device: no GPU")
	// ErrChoice is returned, wrapped, for a name that is none of a device.
	ErrChoice = errors.New(`device: must be "cpu", "cuda:N" or "auto"`)
	// ErrLost is returned, wrapped with the reason, by Train of a device that cannot be used any more by this process.
	// The training has no result; another process may make it.
	ErrLost = errors.New("device: lost")
)

// Kind is the kind of hardware.
type Kind string

// The kinds.
const (
	CPU  Kind = "cpu"
	CUDA Kind = "cuda"
)

// Trainer runs trainings. It is safe for concurrent use.
type Trainer interface {
	// Train runs one training: the result of nn.Train for the task, bit for bit, and its errors.
	Train(ctx context.Context, t *nn.Task) (*nn.Result, error)
}

// Device trains networks. It is safe for concurrent use, but for Close, which is the last call.
type Device interface {
	Trainer
	// Info describes the hardware.
	Info() Info
	// Trainings is how many trainings the device wants to have at once, at least 1; more wait for each other.
	Trainings() int
	// Close gives the device back. No training may be under way.
	Close() error
}

// Info describes a device.
type Info struct {
	Kind Kind
	// Name describes the hardware to a person, without the fields below.
	Name string
	// MemoryBytes is the device's own memory; 0 where trainings share the host's.
	MemoryBytes int64

	// The others are of CUDA.

	Ordinal    int    // CUDA's number of the device, from 0
	PCIBusID   string // "00000000:01:00.0"
	Capability string // compute capability, "9.0"
	Driver     string // version of the driver, "535.104.05"; empty where the system does not say
	CUDA       string // version that the driver supports, "12.2"
}

// String describes the device to a person, in a line.
func (i Info) String() string {
	if i.Kind != CUDA {
		return fmt.Sprintf("%s (%s)", i.Kind, i.Name)
	}
	s := fmt.Sprintf("%s %s (%.1f GiB, compute capability %s", CUDAName(i.Ordinal), i.Name, float64(i.MemoryBytes)/(1<<30), i.Capability)
	if i.Driver != "" {
		s += ", driver " + i.Driver
	}
	return s + ", CUDA " + i.CUDA + ")"
}

// Auto chooses the best device of a build.
const Auto = "auto"

// MaxOrdinal is the largest number of a device in a name.
const MaxOrdinal = 255

// CUDAName is the name of a CUDA device, "cuda:0".
func CUDAName(ordinal int) string { return string(CUDA) + ":" + strconv.Itoa(ordinal) }

// ParseName reads the name of a device: "cpu", or "cuda:N" with its ordinal, 0 to MaxOrdinal. The error wraps ErrChoice.
func ParseName(name string) (k Kind, ordinal int, err error) {
	if name == string(CPU) {
		return CPU, 0, nil
	}
	digits, ok := strings.CutPrefix(name, string(CUDA)+":")
	if n, err := strconv.Atoi(digits); ok && err == nil && n >= 0 && n <= MaxOrdinal && CUDAName(n) == name {
		return CUDA, n, nil
	}
	return "", 0, fmt.Errorf("%w: %.40q", ErrChoice, name)
}
