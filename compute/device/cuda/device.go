package cuda

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"doin.network/node/kernels"
)

// Device is an open device: its memory, its kernels, and a queue of its own. Its methods may be called from any goroutine;
// those of one queue run one after the other, on a goroutine of the queue that is locked to its thread. A call that waits for
// the device keeps the others of its queue waiting.
//
// Every error names the device, the call and the kernel. After one that wraps kernels.ErrLost all methods return it: the
// process has to end, since the driver cannot be used again in it.
type Device struct {
	*Stream                       // the device's own
	inf     Info                  // constant after open
	lost    atomic.Pointer[Error] // the first that said so

	shared  sync.Mutex // guards what follows
	pool    pool
	kernels map[string]*kernel

	queues sync.Mutex // guards what follows
	others []*Stream
	using  int // of others, with launches that were not waited for
	since  time.Time
	passed time.Duration // while there were such
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
		FreeBytes:       d.inf.FreeBytes,
		TimeOut:         d.inf.TimeOut,
	}
}

// Close waits for the launches, gives the queues back that are not closed, frees all memory, gives the device back and ends
// its goroutines. It returns the launches' error, and one that wraps ErrLeak if memory was still allocated. A lost device is
// given back without either, as far as that goes; closing a closed one is ErrClosed.
func (d *Device) Close() error {
	d.queues.Lock()
	others := slices.Clone(d.others)
	d.queues.Unlock()
	var errs []error
	for _, q := range others {
		errs = append(errs, q.Close())
	}
	return errors.Join(append(errs, d.end(d.tearDown))...)
}

// tearDown runs in the executor.
func (d *Device) tearDown() error {
	err := d.wait()
	if d.lost.Load() == nil {
		d.shared.Lock()
		if leak := d.pool.close(); leak != nil {
			err = errors.Join(err, fmt.Errorf("cuda: %s: Close: %w", d.inf.label(), leak))
		}
		d.shared.Unlock()
	}
	if closing := d.driver.close(); closing != nil && d.lost.Load() == nil {
		err = errors.Join(err, d.fail("cuCtxDestroy", "", "", closing))
	}
	return err
}
