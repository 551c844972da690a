package kernels

import "errors"

// Errors that a device returns, wrapped with the call, the kernel and the device.
var (
	// ErrMemory says that the device has too little memory left.
	ErrMemory = errors.New("kernels: out of device memory")
	// ErrLost says that the device can no longer be used by this process: a fault in a kernel, or a card that is gone.
	ErrLost = errors.New("kernels: device lost")
)
