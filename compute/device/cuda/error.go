package cuda

import (
	"errors"
	"strings"

	"doin.network/node/compute/device"
	"doin.network/node/kernels"
)

var (
	// ErrClosed is returned by every method of a closed Device.
	ErrClosed = errors.New("cuda: device closed")
	// ErrAddress is returned, wrapped, where a Memory is no allocation, or bytes lie outside of one.
	ErrAddress = errors.New("cuda: not allocated")
	// ErrLeak is returned, wrapped, by Close if memory is still allocated.
	ErrLeak = errors.New("cuda: memory not freed")
	// ErrLaunch is returned, wrapped, for a launch that no card could run: its sizes are out of range.
	ErrLaunch = errors.New("cuda: launch refused")
)

// Error is a failed call. It unwraps to kernels.ErrMemory, kernels.ErrLost or device.ErrNoGPU where the result is of that
// kind, and to the Result.
type Error struct {
	Call   string // of the driver: "cuMemAlloc"
	Kernel string // launched by it or waited for; empty: none
	Device string // "cuda:0 NVIDIA H200"
	Detail string // sizes, or what the driver's compiler says; may be empty
	Err    error  // a Result, or an error of this package
}

// Error names device, call, kernel and result, in one line but for what the driver's compiler says.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("cuda: " + e.Device + ": " + e.Call)
	if e.Kernel != "" {
		b.WriteString(" of " + e.Kernel)
	}
	b.WriteString(": " + strings.TrimPrefix(e.Err.Error(), "cuda: "))
	if advice := e.advice(); advice != "" {
		b.WriteString(" (" + advice + ")")
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	return b.String()
}

// Unwrap is Err and the kind of it.
func (e *Error) Unwrap() []error {
	if s := sentinel(e.Err); s != nil {
		return []error{s, e.Err}
	}
	return []error{e.Err}
}

// sentinel is what a caller branches on.
func sentinel(err error) error {
	r, ok := err.(Result)
	if !ok {
		return nil
	}
	switch r.class() {
	case memory:
		return kernels.ErrMemory
	case lost:
		return kernels.ErrLost
	case image, absent:
		return device.ErrNoGPU
	}
	return nil
}

// advices say what to do about a result.
var advices = map[Result]string{
	34:                    "the program found the stub of the driver library, which is for linking only; install the driver",
	46:                    "another process has the device for itself",
	NoDevice:              "no NVIDIA device that this process may use; see nvidia-smi and CUDA_VISIBLE_DEVICES",
	101:                   "no device of this number",
	InvalidImage:          "the kernels are damaged",
	NoBinaryForGPU:        "the kernels hold no code for this device; the driver may be too old for it",
	InvalidPTX:            "the driver's compiler refuses the kernels; the driver may be too old for them",
	UnsupportedPTXVersion: "the driver is too old for the kernels",
	221:                   "the driver's compiler library, libnvidia-ptxjitcompiler, is not installed",
	223:                   "the driver's compiler is switched off; see CUDA_DISABLE_PTX_JIT",
	LaunchOutOfResources:  "too many threads, registers or bytes of shared memory for this device",
	702:                   "the launch ran into the watchdog of a card with a display",
	802:                   "the driver is not ready; the fabric manager may not run",
	803:                   "driver library and kernel driver are of different versions; reboot after a driver update",
	804:                   "the compatibility driver does not support this card",
}

func (e *Error) advice() string {
	r, _ := e.Err.(Result)
	return advices[r]
}
