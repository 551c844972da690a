package cuda

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"doin.network/node/kernels"
)

// Device is an open device. Its methods may be called from any goroutine; they run one after the other, on a goroutine
// of the Device that is locked to its thread. A call that waits for the device keeps the others waiting.
//
// Every error names the device, the call and the kernel. After one that wraps kernels.ErrLost all methods return it: the
// process has to end, since the driver cannot be used again in it.
type Device struct {
	mu    sync.Mutex // one call at a time
	calls chan func()
	ended chan struct{}

	// Owned by the goroutine.
	driver  driver
	pool    pool
	staging [slots][]byte
	kernels map[string]*kernel
	lost    error  // the first that said so
	running string // the last kernel launched and not waited for; empty: none
	passed  time.Duration

	inf    Info // constant after open
	closed bool // by mu
}

// start starts the goroutine of a device without driver.
func start() *Device {
	d := &Device{calls: make(chan func()), ended: make(chan struct{}), kernels: make(map[string]*kernel)}
	go func() {
		defer close(d.ended)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		for call := range d.calls {
			call()
		}
	}()
	return d
}

// stop ends the goroutine and waits for it.
func (d *Device) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.halt()
}

// halt is stop; the caller holds mu.
func (d *Device) halt() {
	if !d.closed {
		d.closed = true
		close(d.calls)
		<-d.ended
	}
}

// do runs f on the device's goroutine and waits, unless the device is closed or lost.
func (d *Device) do(call string, f func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.run(call, f)
}

// run is do; the caller holds mu.
func (d *Device) run(call string, f func() error) (err error) {
	if d.closed {
		return fmt.Errorf("%w: %s", ErrClosed, call)
	}
	done := make(chan struct{})
	d.calls <- func() {
		defer close(done)
		if d.lost != nil {
			err = fmt.Errorf("%s after %w", call, d.lost)
			return
		}
		err = f()
	}
	<-done
	return err
}

// fail is err as an Error of this device, and remembers if the device is lost by it. nil stays nil.
func (d *Device) fail(call, kernel, detail string, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Call: call, Kernel: kernel, Device: d.inf.label(), Detail: detail, Err: err}
	if d.lost == nil && errors.Is(e, kernels.ErrLost) {
		d.lost = e
	}
	return e
}

// Info describes the device. The result belongs to the caller.
func (d *Device) Info() Info {
	i := d.inf
	i.Images = slices.Clone(i.Images)
	return i
}

// Name describes the device to a person.
func (d *Device) Name() string {
	return fmt.Sprintf("%s, %d multiprocessors, CUDA %s", d.inf.label(), d.inf.Multiprocessors, d.inf.CUDA())
}

// Properties is what an engine must know of the device.
func (d *Device) Properties() kernels.Properties {
	return kernels.Properties{
		Name:            d.inf.Name,
		Multiprocessors: d.inf.Multiprocessors,
		SharedPerBlock:  d.inf.SharedPerBlock,
		MemoryBytes:     d.inf.TotalBytes,
	}
}

// Close waits for the launches, frees all memory, gives the device back and ends the goroutine. It returns the launches'
// error, and one that wraps ErrLeak if memory was still allocated. A lost device is given back without either, as far
// as that goes; closing a closed one is ErrClosed.
func (d *Device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return fmt.Errorf("%w: Close", ErrClosed)
	}
	lost := true
	err := d.run("Close", func() error {
		lost = false
		return d.tearDown()
	})
	if lost {
		d.calls <- func() { _ = d.driver.close() } // every call fails alike by now; the process ends soon
		err = nil
	}
	d.halt()
	return err
}

// tearDown runs in the executor.
func (d *Device) tearDown() error {
	err := d.wait()
	if d.lost == nil {
		if leak := d.pool.close(); leak != nil {
			err = errors.Join(err, fmt.Errorf("cuda: %s: Close: %w", d.inf.label(), leak))
		}
	}
	if closing := d.driver.close(); closing != nil && d.lost == nil {
		err = errors.Join(err, d.fail("cuCtxDestroy", "", "", closing))
	}
	return err
}
