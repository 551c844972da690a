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

// Stream is a queue of a device with a goroutine of its own: what is given to it happens in the order of the calls, beside
// what is given to the device's other queues.
type Stream struct {
	device *Device
	mu     sync.Mutex // one call at a time
	calls  chan func()
	ended  chan struct{}
	closed bool // by mu

	// Owned by the goroutine.
	driver  driver
	staging [slots][]byte
	running string        // the last kernel launched and not waited for; empty: none
	time    time.Duration // of the launches, of the device's own queue
}

var _ kernels.Queue = (*Stream)(nil)

// start starts the goroutine of a queue without driver.
func start(d *Device) *Stream {
	q := &Stream{device: d, calls: make(chan func()), ended: make(chan struct{})}
	go func() {
		defer close(q.ended)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		for call := range q.calls {
			call()
		}
	}()
	return q
}

// Queue returns another queue of the device. The caller should Close it; the device's Close does as well.
func (d *Device) Queue() (kernels.Queue, error) {
	if err := d.do("Queue", func() error { return nil }); err != nil { // closed, or lost
		return nil, err
	}
	q := start(d)
	err := q.do("Queue", func() (err error) {
		if q.driver, err = d.driver.queue(); err != nil {
			return d.fail("cuStreamCreate", "", "", err)
		}
		if err := q.stage(); err != nil {
			return errors.Join(err, q.driver.close())
		}
		return nil
	})
	if err != nil {
		q.stop()
		return nil, err
	}
	d.queues.Lock()
	defer d.queues.Unlock()
	d.others = append(d.others, q)
	return q, nil
}

// stage makes the staging buffers.
func (q *Stream) stage() error {
	for i := range q.staging {
		b, err := q.driver.staging(pieceBytes)
		if err != nil {
			return q.fail("cuMemHostAlloc", "", fmt.Sprintf("%d bytes", pieceBytes), err)
		}
		q.staging[i] = b
	}
	return nil
}

// Close waits for the queue's launches and gives it back; it returns their error. Closing a closed one is ErrClosed.
func (q *Stream) Close() error {
	d := q.device
	d.queues.Lock()
	d.others = slices.DeleteFunc(d.others, func(o *Stream) bool { return o == q })
	d.queues.Unlock()
	return q.end(func() error {
		err := q.wait()
		if closing := q.driver.close(); closing != nil && d.lost.Load() == nil {
			err = errors.Join(err, q.fail("cuStreamDestroy", "", "", closing))
		}
		return err
	})
}

// end runs the last call of a queue, and ends its goroutine. Of a lost device the driver is closed alone.
func (q *Stream) end(tearDown func() error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return fmt.Errorf("%w: Close", ErrClosed)
	}
	lost := true
	err := q.run("Close", func() error {
		lost = false
		return tearDown()
	})
	if lost {
		q.calls <- func() { _ = q.driver.close() } // every call fails alike by now; the process ends soon
		err = nil
	}
	q.halt()
	return err
}

// stop ends the goroutine and waits for it.
func (q *Stream) stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.halt()
}

// halt is stop; the caller holds mu.
func (q *Stream) halt() {
	if !q.closed {
		q.closed = true
		close(q.calls)
		<-q.ended
	}
}

// do runs f on the queue's goroutine and waits, unless the queue is closed or the device lost.
func (q *Stream) do(call string, f func() error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.run(call, f)
}

// run is do; the caller holds mu.
func (q *Stream) run(call string, f func() error) (err error) {
	if q.closed {
		return fmt.Errorf("%w: %s", ErrClosed, call)
	}
	done := make(chan struct{})
	q.calls <- func() {
		defer close(done)
		if lost := q.device.lost.Load(); lost != nil {
			err = fmt.Errorf("%s after %w", call, lost)
			return
		}
		err = f()
	}
	<-done
	return err
}

// fail is err as an Error of the device, and remembers if the device is lost by it. nil stays nil.
func (q *Stream) fail(call, kernel, detail string, err error) error {
	if err == nil {
		return nil
	}
	d := q.device
	e := &Error{Call: call, Kernel: kernel, Device: d.inf.label(), Detail: detail, Err: err}
	if errors.Is(e, kernels.ErrLost) {
		d.lost.CompareAndSwap(nil, e)
	}
	return e
}

// lose is fail for an error behind a launch: whatever it says, nobody knows what the device has done.
func (q *Stream) lose(call, kernel, detail string, err error) error {
	if err != nil && sentinel(err) != kernels.ErrLost {
		err = fmt.Errorf("%w: %w", kernels.ErrLost, err)
	}
	return q.fail(call, kernel, detail, err)
}

// begin and done count the queues beside the device's own that have launches under way.
func (q *Stream) begin() {
	d := q.device
	d.queues.Lock()
	defer d.queues.Unlock()
	if d.using++; d.using == 1 {
		d.since = time.Now()
	}
}

func (q *Stream) done() {
	d := q.device
	d.queues.Lock()
	defer d.queues.Unlock()
	if d.using--; d.using == 0 {
		d.passed += time.Since(d.since)
	}
}
