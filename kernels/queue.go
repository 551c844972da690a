package kernels

// Queue is an order of work on a device: its calls take effect one after the other, beside those of the device's other
// queues. One goroutine at a time may use it.
type Queue interface {
	// Upload copies bytes from the host, which may be changed when it returns.
	Upload(to Memory, from []byte) error
	// Download copies bytes to the host behind everything before it in the queue, and waits.
	Download(to []byte, from Memory) error
	// Launch starts a kernel whose one argument is a struct with these bytes, and does not wait for it. Where its error does
	// not wrap ErrLost the kernel has not been started.
	Launch(kernel string, grid, threads, sharedBytes int, args []byte) error
	// Close waits for what is in the queue and gives it back.
	Close() error
}
