package cuda

import "doin.network/node/kernels"

// Events of a driver.
const (
	slots      = 2 // staging buffers, each with the event of its number
	firstEvent = slots
	lastEvent  = slots + 1
	events     = slots + 2
)

// driver is what Device needs of the CUDA driver: one device with a context, a module, a stream and a few events. All
// calls come from the goroutine that opened it, which is locked to its thread. Errors are Results where the driver
// returned one.
type driver interface {
	info() Info
	// load makes image's kernels callable, beside those loaded before: a cubin, or PTX. The log is what the compiler says
	// of errors.
	load(image []byte) (log string, err error)
	// resources also finds the kernel, before any of the calls below; it is NotFound where no module has it.
	resources(kernel string) (Resources, error)
	// queue returns the same device with a stream and events of its own, for the calling goroutine, which is locked to its
	// thread. Its alloc, free, load and info are not called; close gives back what is its own.
	queue() (driver, error)
	// preferShared has multiprocessors give their memory to blocks rather than to the L1 cache while the kernel runs.
	preferShared(kernel string) error
	// setShared allows blocks of so many bytes of dynamic shared memory.
	setShared(kernel string, bytes int) error
	occupancy(kernel string, threads, sharedBytes int) (int, error)
	// launch is asynchronous. len(args) ≤ maxArgs, a multiple of 8; it keeps args no longer than the call.
	launch(kernel string, grid, threads, sharedBytes int, args []byte) error
	alloc(bytes int64) (kernels.Memory, error)
	free(m kernels.Memory) error
	freeBytes() (int64, error)
	// staging returns host memory that the device can copy from and to by itself. close releases it.
	staging(bytes int) ([]byte, error)
	// copyIn and copyOut are asynchronous; the host's side lies in staging memory.
	copyIn(to kernels.Memory, from []byte) error
	copyOut(to []byte, from kernels.Memory) error
	// record sets an event behind the work given so far; wait waits for it.
	record(event int) error
	wait(event int) error
	// milliseconds is the device's time from firstEvent to lastEvent, both of which it has passed.
	milliseconds() (float64, error)
	synchronize() error
	// close releases everything but what alloc returned.
	close() error
}
