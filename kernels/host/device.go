package host

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"doin.network/node/kernels"
)

// Kernel is an entry of the program.
type Kernel struct {
	Name string
	// Threads are the most of a block.
	Threads int
	// ArgBytes is the size of its one parameter.
	ArgBytes int
}

// Device is a program that runs kernels. One goroutine uses it at a time. Once its program has ended, by a fault of a kernel or
// otherwise, every call returns kernels.ErrLost, wrapped with what the program said last.
type Device struct {
	config  Config
	process *process
	wire    wire
	kernels []Kernel
	// pending are the launches that were not answered yet, in order.
	pending []string
	// failed is the first error of a launch since the last Synchronize or Download.
	failed error
	lost   error
}

// Start runs a program that Build made. Its memory and what it computes end with ctx, at once, or with Close,
// which must be called.
func Start(ctx context.Context, program string, c Config) (*Device, error) {
	if err := c.complete(); err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	p, err := startProcess(ctx, program,
		fmt.Sprint(c.MemoryBytes), fmt.Sprint(c.SharedPerBlock), fmt.Sprint(c.FailLaunch))
	if err != nil {
		return nil, fmt.Errorf("host: start %s: %w", program, err)
	}
	d := &Device{config: c, process: p, wire: wire{p.stdin, p.stdout}}
	if err := d.begin(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Device) begin() error {
	_, list, err := d.call("list kernels", request{call: callKernels}, nil)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(list)) {
		var k Kernel
		if _, err := fmt.Sscan(line, &k.Name, &k.Threads, &k.ArgBytes); err != nil {
			return fmt.Errorf("host: list kernels: %q: %w", line, err)
		}
		d.kernels = append(d.kernels, k)
	}
	return d.Reorder(d.config.Order, d.config.Seed)
}

// Close ends the program behind the launches under way and waits for it. The device can not be used any more. Returns how the
// program ended, if that was not in order and no call has said so before.
func (d *Device) Close() error {
	state := d.process.stop()
	if d.lost != nil {
		return nil
	}
	d.lost = fmt.Errorf("host: device is closed: %w", kernels.ErrLost)
	if state != nil {
		return fmt.Errorf("host: close: %w\n%s", state, d.process.said())
	}
	return nil
}

// Properties of the device, as Config says.
func (d *Device) Properties() kernels.Properties {
	return kernels.Properties{
		Name:            "host (" + d.config.Order.String() + ")",
		Multiprocessors: d.config.Multiprocessors,
		SharedPerBlock:  d.config.SharedPerBlock,
		MemoryBytes:     d.config.MemoryBytes,
	}
}

// Kernels are the entries of the program. The slice is the device's.
func (d *Device) Kernels() []Kernel { return d.kernels }

// Reorder changes the order of threads and blocks from the next launch on.
func (d *Device) Reorder(o Order, seed uint64) error {
	if o > Shuffled {
		return fmt.Errorf("host: order %d: unknown", o)
	}
	_, _, err := d.call("reorder", request{call: callOrder, a: uint64(o), b: seed}, nil)
	if err == nil {
		d.config.Order, d.config.Seed = o, seed
	}
	return err
}

// Alloc returns memory of so many bytes, at least 1, aligned to 256 and filled with a NaN. Returns kernels.ErrMemory, wrapped,
// when there is not enough left.
func (d *Device) Alloc(bytes int64) (kernels.Memory, error) {
	if bytes < 1 {
		return 0, fmt.Errorf("host: alloc %d bytes: %w", bytes, errInvalid)
	}
	address, _, err := d.call(fmt.Sprintf("alloc %d bytes", bytes), request{call: callAlloc, a: uint64(bytes)}, nil)
	return kernels.Memory(address), err
}

// Free returns memory that Alloc gave, after the launches under way. Free of 0 does nothing.
func (d *Device) Free(m kernels.Memory) error {
	if m == 0 {
		return nil
	}
	_, _, err := d.call("free", request{call: callRelease, a: uint64(m)}, nil)
	return err
}

// Upload copies from into memory, after the launches under way. All of it must lie in one allocation.
func (d *Device) Upload(to kernels.Memory, from []byte) error {
	if len(from) == 0 {
		return nil
	}
	_, _, err := d.call(fmt.Sprintf("upload %d bytes", len(from)), request{call: callUpload, a: uint64(to), payload: from}, nil)
	return err
}

// Download copies memory into to, after the launches under way; it returns their error if there was one. All of it must lie in
// one allocation.
func (d *Device) Download(to []byte, from kernels.Memory) error {
	if len(to) == 0 {
		return d.Synchronize()
	}
	_, _, err := d.call(fmt.Sprintf("download %d bytes", len(to)),
		request{call: callDownload, a: uint64(from), b: uint64(len(to))}, to)
	if failed := d.failed; failed != nil {
		d.failed = nil
		return failed
	}
	return err
}

// call makes a request behind all launches and waits for its reply.
func (d *Device) call(what string, r request, into []byte) (value uint64, payload []byte, err error) {
	for len(d.pending) > 0 {
		d.collect()
	}
	if d.lost != nil {
		return 0, nil, d.lost
	}
	if err := d.wire.send(r); err != nil {
		return 0, nil, d.lose(what, err)
	}
	value, payload, err = d.wire.receive(into)
	if err == nil {
		return value, payload, nil
	}
	if r := (*refusal)(nil); errors.As(err, &r) {
		return 0, nil, fmt.Errorf("host: %s: %w", what, err)
	}
	return 0, nil, d.lose(what, err)
}

// lose ends the program; the error names the call in which that was found.
func (d *Device) lose(what string, cause error) error {
	d.pending = nil
	state := d.process.stop()
	if state == nil {
		state = cause
	}
	d.lost = fmt.Errorf("host: %s: %w: %w\n%s", what, kernels.ErrLost, state, d.process.said())
	return d.lost
}
