package block

import (
	"errors"
	"sync"

	"doin.network/node/kernels"
)

// Errors of the engine.
var (
	// ErrSize says that a model, with its batch, is larger than a device's kernels can address, or its training larger
	// than the device's memory.
	ErrSize = errors.New("block: model too large for the device")
	// ErrSlow says that a step of a model takes longer than MaxStepTime on the device.
	ErrSlow = errors.New("block: model too slow on the device")
	// ErrClosed is returned by calls on an engine after Close.
	ErrClosed = errors.New("block: engine is closed")
	// ErrOptions is returned, wrapped with the fields at fault, by New.
	ErrOptions = errors.New("block: invalid options")
)

// Device is what the engine needs of a device. Where it has a method
//
//	Queue() (kernels.Queue, error)
//
// its calls, and those on different queues, may come from any goroutine at the same time; else they come from one goroutine
// at a time.
type Device interface {
	Properties() kernels.Properties
	// Alloc returns memory aligned to 256 bytes with undefined contents. The error wraps kernels.ErrMemory where there is
	// not enough.
	Alloc(bytes int64) (kernels.Memory, error)
	Free(m kernels.Memory) error
	// Upload and Download copy bytes from and to the host; both are done when they return, and wait for the launches
	// before them.
	Upload(to kernels.Memory, from []byte) error
	Download(to []byte, from kernels.Memory) error
	// Occupancy returns how many blocks of a kernel a multiprocessor runs at once.
	Occupancy(kernel string, threads, sharedBytes int) (int, error)
	// Launch starts a kernel whose one argument is a struct with these bytes, and does not wait for it. Where its error does
	// not wrap kernels.ErrLost the kernel has not been started.
	Launch(kernel string, grid, threads, sharedBytes int, args []byte) error
	// Synchronize waits for all launches and returns their error. Errors that end the device wrap kernels.ErrLost.
	Synchronize() error
}

// queued is a device with queues.
type queued interface {
	Device
	Queue() (kernels.Queue, error)
}

// single makes a device without queues one whose queues take turns.
type single struct {
	mu sync.Mutex
	Device
}

func (d *single) Alloc(bytes int64) (kernels.Memory, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Device.Alloc(bytes)
}

func (d *single) Free(m kernels.Memory) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Device.Free(m)
}

func (d *single) Upload(to kernels.Memory, from []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Device.Upload(to, from)
}

func (d *single) Download(to []byte, from kernels.Memory) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Device.Download(to, from)
}

func (d *single) Occupancy(kernel string, threads, sharedBytes int) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Device.Occupancy(kernel, threads, sharedBytes)
}

func (d *single) Launch(kernel string, grid, threads, sharedBytes int, args []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Device.Launch(kernel, grid, threads, sharedBytes, args)
}

func (d *single) Queue() (kernels.Queue, error) { return turn{d}, nil }

// turn is a queue of a single.
type turn struct{ *single }

func (turn) Close() error { return nil }

// entry is a kernel with the launch shape that it was compiled for.
type entry struct {
	name     string
	threads  int
	streamed bool
}

var (
	trainNarrow     = entry{"train_f32", 128, false}
	trainWide       = entry{"train_wide_f32", 256, false}
	trainStreamed   = entry{"train_streamed_f32", 256, true}
	predictShared   = entry{"predict_f32", 128, false}
	predictStreamed = entry{"predict_streamed_f32", 256, true}
	collectBest     = entry{"collect_f32", 256, false}
)
