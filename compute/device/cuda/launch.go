package cuda

import (
	"fmt"
	"math"
	"time"

	"doin.network/node/kernels"
)

const (
	maxArgs      = 4096     // bytes of a kernel's parameters
	sharedByRule = 48 << 10 // bytes of shared memory that a block may have without opt-in
)

// kernel is what is known of an entry of the image.
type kernel struct {
	name      string
	resources Resources
	argBytes  int            // of its parameter; 0: not known
	shared    int            // dynamic bytes allowed by now
	occupancy map[[2]int]int // by threads and dynamic shared bytes
}

// kernel looks an entry up; it runs in the executor, and the caller holds Device.shared.
func (q *Stream) kernel(name string) (*kernel, error) {
	d := q.device
	if k := d.kernels[name]; k != nil {
		return k, nil
	}
	r, err := q.driver.resources(name)
	if err != nil {
		return nil, q.fail("cuModuleGetFunction", name, "", err)
	}
	if err := q.driver.preferShared(name); err != nil {
		return nil, q.fail("cuFuncSetAttribute", name, "carve-out", err)
	}
	k := &kernel{
		name:      name,
		resources: r,
		argBytes:  kernels.Built().Entries[name].ParameterBytes,
		shared:    sharedByRule - r.SharedBytes,
		occupancy: make(map[[2]int]int),
	}
	d.kernels[name] = k
	return k, nil
}

// refuse is an ErrLaunch.
func (q *Stream) refuse(k *kernel, format string, a ...any) error {
	return &Error{Call: "cuLaunchKernel", Kernel: k.name, Device: q.device.inf.label(), Detail: fmt.Sprintf(format, a...), Err: ErrLaunch}
}

// allow checks a block's size, and opts in to its shared memory. The caller holds Device.shared.
func (q *Stream) allow(k *kernel, threads, sharedBytes int) error {
	if threads < 1 || threads > k.resources.MaxThreads {
		return q.refuse(k, "%d threads, must be 1 to %d", threads, k.resources.MaxThreads)
	}
	if most := q.device.inf.SharedPerBlock - k.resources.SharedBytes; sharedBytes < 0 || sharedBytes > most {
		return q.refuse(k, "%d bytes of shared memory, must be 0 to %d", sharedBytes, most)
	}
	if sharedBytes <= k.shared {
		return nil
	}
	if err := q.driver.setShared(k.name, sharedBytes); err != nil {
		return q.fail("cuFuncSetAttribute", k.name, fmt.Sprintf("%d bytes of shared memory", sharedBytes), err)
	}
	k.shared = sharedBytes
	return nil
}

// Resources is what a kernel needs of the device. A name that the image does not have is an error.
func (d *Device) Resources(kernel string) (r Resources, err error) {
	err = d.do("Resources", func() error {
		d.shared.Lock()
		defer d.shared.Unlock()
		k, err := d.kernel(kernel)
		if err == nil {
			r = k.resources
		}
		return err
	})
	return r, err
}

// Occupancy is how many blocks of so many threads and bytes of dynamic shared memory a multiprocessor holds at once, at
// least 1: where not even one fits, or no launch may have such a block, it is ErrLaunch.
func (d *Device) Occupancy(kernel string, threads, sharedBytes int) (blocks int, err error) {
	err = d.do("Occupancy", func() error {
		d.shared.Lock()
		defer d.shared.Unlock()
		k, err := d.kernel(kernel)
		if err != nil {
			return err
		}
		if err := d.allow(k, threads, sharedBytes); err != nil {
			return err
		}
		size := [2]int{threads, sharedBytes}
		if n, ok := k.occupancy[size]; ok {
			blocks = n
			return nil
		}
		blocks, err = d.driver.occupancy(kernel, threads, sharedBytes)
		if err != nil {
			return d.fail("cuOccupancyMaxActiveBlocksPerMultiprocessor", kernel, "", err)
		}
		if blocks == 0 {
			return d.refuse(k, "no block of %d threads and %d bytes of shared memory fits", threads, sharedBytes)
		}
		k.occupancy[size] = blocks
		return nil
	})
	return blocks, err
}

// Launch starts grid blocks of threads threads, each with sharedBytes of dynamic shared memory, behind the work given
// before, and returns. args are the bytes of the kernel's one parameter, a struct: a multiple of 8, at most 4096, and no
// fewer than the kernel declares. It does not keep args. An error of an earlier launch may be returned, too.
//
// Sizes out of range are ErrLaunch; grid, threads ≥ 1.
func (q *Stream) Launch(kernel string, grid, threads, sharedBytes int, args []byte) error {
	return q.do("Launch", func() error {
		k, err := q.ready(kernel, threads, sharedBytes)
		if err != nil {
			return err
		}
		detail := fmt.Sprintf("%d blocks of %d threads, %d bytes of shared memory, %d of arguments", grid, threads, sharedBytes, len(args))
		if grid < 1 || grid > math.MaxInt32 || len(args)%8 != 0 || len(args) < max(1, k.argBytes) || len(args) > maxArgs {
			return q.refuse(k, "%s", detail)
		}
		if q.running == "" {
			if err := q.driver.record(firstEvent); err != nil {
				return q.fail("cuEventRecord", kernel, "", err)
			}
		}
		if err := q.driver.launch(kernel, grid, threads, sharedBytes, args); err != nil {
			return q.fail("cuLaunchKernel", kernel, detail, err)
		}
		if q.running == "" && q != q.device.Stream {
			q.begin()
		}
		q.running = kernel
		return q.lose("cuEventRecord", kernel, "", q.driver.record(lastEvent))
	})
}

// ready returns a kernel that may be launched with such blocks.
func (q *Stream) ready(name string, threads, sharedBytes int) (*kernel, error) {
	q.device.shared.Lock()
	defer q.device.shared.Unlock()
	k, err := q.kernel(name)
	if err != nil {
		return nil, err
	}
	return k, q.allow(k, threads, sharedBytes)
}

// Synchronize waits for the queue's launches and returns their error.
func (q *Stream) Synchronize() error { return q.do("Synchronize", q.wait) }

// wait waits for the stream.
func (q *Stream) wait() error {
	if err := q.driver.synchronize(); err != nil {
		return q.lose("cuStreamSynchronize", q.running, "", err)
	}
	return q.passedAll()
}

// passedAll adds up the time of the launches, all of which the device has passed.
func (q *Stream) passedAll() error {
	if q.running == "" {
		return nil
	}
	kernel := q.running
	q.running = ""
	if q != q.device.Stream {
		q.done()
		return nil
	}
	ms, err := q.driver.milliseconds()
	if err != nil {
		return q.fail("cuEventElapsedTime", kernel, "", err)
	}
	q.time += time.Duration(ms * float64(time.Millisecond))
	return nil
}

// Elapsed is the time of the launches that were waited for since the last call of Elapsed: on the device's own queue by the
// device's clock, each time from the start of the first to the end of the last before a wait, gaps included, with a
// resolution of about half a microsecond; on the others by the host's, while at least one of them had launches under way.
func (d *Device) Elapsed() (t time.Duration, err error) {
	err = d.do("Elapsed", func() error {
		t, d.time = d.time, 0
		d.queues.Lock()
		defer d.queues.Unlock()
		t += d.passed
		d.passed = 0
		return nil
	})
	return t, err
}
