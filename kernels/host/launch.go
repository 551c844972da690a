package host

import (
	"errors"
	"fmt"
)

// Occupancy returns how many blocks of a kernel a multiprocessor holds at once, at least 1; an error when not even one fits.
func (d *Device) Occupancy(kernel string, threads, sharedBytes int) (blocksPerMultiprocessor int, err error) {
	k, err := d.find(kernel)
	if err != nil {
		return 0, err
	}
	if threads < 1 || threads > k.Threads {
		return 0, fmt.Errorf("host: occupancy of %s: %d threads of %d: %w", kernel, threads, k.Threads, errInvalid)
	}
	if sharedBytes < 0 || sharedBytes > d.config.SharedPerBlock {
		return 0, fmt.Errorf("host: occupancy of %s: %d bytes of shared memory of %d: %w",
			kernel, sharedBytes, d.config.SharedPerBlock, errInvalid)
	}
	total := d.config.SharedPerBlock + sharedReserved
	return min(total/(sharedBytes+sharedReserved), threadsPerMP/threads, blocksPerMP), nil
}

// Launch starts a kernel and returns. What goes wrong in it is returned by a later call: an invalid launch by the next
// Synchronize or Download, the loss of the device by all.
func (d *Device) Launch(kernel string, grid, threads, sharedBytes int, args []byte) error {
	if _, err := d.find(kernel); err != nil {
		return err
	}
	if grid < 1 || threads < 1 || threads > threadsMost || sharedBytes < 0 || sharedBytes > sharedMost {
		return fmt.Errorf("host: launch %s: grid %d, %d threads, %d bytes of shared memory: %w",
			kernel, grid, threads, sharedBytes, errInvalid)
	}
	for len(d.pending) >= pendingMost {
		d.collect()
	}
	if d.lost != nil {
		return d.lost
	}
	err := d.wire.send(request{call: callLaunch, name: kernel, a: uint64(grid),
		b: uint64(threads)<<32 | uint64(sharedBytes), payload: args})
	if err != nil {
		return d.lose("launch "+kernel, err)
	}
	d.pending = append(d.pending, kernel)
	return nil
}

// Synchronize waits for all launches and returns the first error among them.
func (d *Device) Synchronize() error {
	for len(d.pending) > 0 {
		d.collect()
	}
	if d.lost != nil {
		return d.lost
	}
	err := d.failed
	d.failed = nil
	return err
}

func (d *Device) find(kernel string) (Kernel, error) {
	for _, k := range d.kernels {
		if k.Name == kernel {
			return k, nil
		}
	}
	return Kernel{}, fmt.Errorf("host: there is no kernel %q: %w", kernel, errInvalid)
}

// collect waits for the oldest launch.
func (d *Device) collect() {
	kernel := d.pending[0]
	d.pending = d.pending[1:]
	if d.lost != nil {
		return
	}
	_, _, err := d.wire.receive(nil)
	if err == nil {
		return
	}
	if r := (*refusal)(nil); !errors.As(err, &r) {
		d.lose("launch "+kernel, err)
	} else if d.failed == nil {
		d.failed = fmt.Errorf("host: launch %s: %w", kernel, err)
	}
}
