package block

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"doin.network/node/compute/nn"
	"doin.network/node/kernels"
	"doin.network/node/kernels/host"
)

// fault is what becomes of the call at which a faulty device fails.
type fault string

const (
	noMemory     fault = "out of memory"  // refused, nothing has happened, the next call works
	invalidValue fault = "invalid value"  // the same with an error that nobody expects
	failed       fault = "launch failure" // it and all calls behind it fail
	sticky       fault = "sticky"         // it seems to work, and all calls behind it fail
	gone         fault = "time-out"       // it and those behind it seem to work until somebody waits for a result
)

var errInvalid = errors.New("CUDA_ERROR_INVALID_VALUE")

// faulty is a device whose n-th call fails.
type faulty struct {
	Device
	kind      fault
	at, calls int
	broken    bool
	held      map[kernels.Memory]bool
	launches  int
}

// enter counts a call. It returns its error, and whether the call is made; waits says that it has a result to wait for.
func (d *faulty) enter(call string, waits bool) (error, bool) {
	d.calls++
	failure := fmt.Errorf("%s: CUDA_ERROR_LAUNCH_FAILED: %w", call, kernels.ErrLost)
	if d.broken {
		if d.kind == gone && !waits {
			return nil, false
		}
		return failure, false
	}
	if d.calls != d.at {
		return nil, true
	}
	switch d.kind {
	case noMemory:
		return fmt.Errorf("%s: CUDA_ERROR_OUT_OF_MEMORY: %w", call, kernels.ErrMemory), false
	case invalidValue:
		return fmt.Errorf("%s: %w", call, errInvalid), false
	case failed:
		d.broken = true
		return failure, false
	case sticky:
		d.broken = true
		return nil, true
	}
	d.broken = true
	if waits {
		return failure, false
	}
	return nil, false
}

func (d *faulty) Alloc(bytes int64) (m kernels.Memory, err error) {
	err, made := d.enter("cuMemAlloc", true)
	if made {
		if m, err = d.Device.Alloc(bytes); err == nil {
			d.held[m] = true
		}
	}
	return m, err
}

func (d *faulty) Free(m kernels.Memory) error {
	err, _ := d.enter("cuMemFree", false)
	delete(d.held, m)
	return errors.Join(err, d.Device.Free(m)) // the memory is there again for the next test
}

func (d *faulty) Upload(to kernels.Memory, from []byte) error {
	err, made := d.enter("cuMemcpyHtoD", true)
	if made {
		err = d.Device.Upload(to, from)
	}
	return err
}

func (d *faulty) Download(to []byte, from kernels.Memory) error {
	err, made := d.enter("cuMemcpyDtoH", true)
	if made {
		err = d.Device.Download(to, from)
	}
	return err
}

func (d *faulty) Occupancy(kernel string, threads, sharedBytes int) (blocks int, err error) {
	err, made := d.enter("cuOccupancyMaxActiveBlocksPerMultiprocessor", true)
	if made {
		blocks, err = d.Device.Occupancy(kernel, threads, sharedBytes)
	}
	return blocks, err
}

func (d *faulty) Launch(kernel string, grid, threads, sharedBytes int, args []byte) error {
	err, made := d.enter("cuLaunchKernel of "+kernel, false)
	if made {
		d.launches++
		err = d.Device.Launch(kernel, grid, threads, sharedBytes, args)
	}
	return err
}

// mixed are trainings of several kernels, so that every launch is of several groups.
func mixed() []nn.Task {
	tasks := make([]nn.Task, 6)
	for n := range tasks {
		tasks[n] = small(uint32(n), 12+n%2)
		switch n % 3 {
		case 1:
			tasks[n].Config.Hidden = []int{60, 60} // too large for more than one block of a multiprocessor
		case 2:
			tasks[n].Config.Hidden = []int{200} // streamed
		}
		if n >= 4 {
			tasks[n].Config.Segment = 0
		}
	}
	return tasks
}

// TestFaults lets every call of a population's trainings fail, in every way: what comes back is right or an error that says
// so, nothing hangs, and neither goroutines nor memory are left. All trainings take part in each launch, or one of each kernel
// is brought to its end after the other.
func TestFaults(t *testing.T) {
	t.Run("abreast", func(t *testing.T) {
		testFaults(t, func() Options { return Options{StepsPerLaunch: 5} })
	})
	t.Run("depth first", func(t *testing.T) {
		testFaults(t, func() Options { return Options{Blocks: 1, now: ticking(time.Millisecond)} })
	})
}

func testFaults(t *testing.T, options func() Options) {
	tasks := mixed()
	var want [][32]byte
	for n := range tasks {
		r, err := nn.Train(t.Context(), tasks[n].Config, tasks[n].Key, tasks[n].Train, tasks[n].Validation)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, r.Digest())
	}
	below := start(t, fast, host.Config{SharedPerBlock: 40 << 10})
	before := runtime.NumGoroutine()
	run := func(kind fault, at, lanes int) *faulty {
		d := &faulty{Device: below, kind: kind, at: at, held: map[kernels.Memory]bool{}}
		o := options()
		o.Lanes = lanes
		e, err := New(d, o)
		if err != nil {
			t.Fatal(err)
		}
		results, err := e.TrainAll(context.WithoutCancel(t.Context()), tasks, nil)
		missing := 0
		for n, r := range results {
			if r == nil {
				missing++
			} else if r.Digest() != want[n] {
				t.Errorf("%s at call %d: digest of task %d is %x, want %x", kind, at, n, r.Digest(), want[n])
			}
		}
		if (missing > 0) != (err != nil) {
			t.Errorf("%s at call %d: %d results are missing, error %v", kind, at, missing, err)
		}
		if kind == noMemory && err != nil && !errors.Is(err, ErrSize) && !errors.Is(err, kernels.ErrLost) {
			t.Errorf("%s at call %d: error %v, want ErrSize or ErrLost", kind, at, err)
		}
		if err := e.Close(); err != nil && d.calls < d.at {
			t.Errorf("%s at call %d, of %d: Close() = %v", kind, at, d.calls, err)
		}
		if len(d.held) > 0 {
			t.Errorf("%s at call %d: %d pieces of memory are left", kind, at, len(d.held))
		}
		return d
	}
	whole := run(noMemory, 0, 1)
	for _, kind := range []fault{noMemory, invalidValue, failed, sticky, gone} {
		for at := 1; at <= whole.calls; at++ {
			run(kind, at, 1+at%2)
		}
	}
	t.Logf("%d calls, %d launches of a population of %d", whole.calls, whole.launches, len(tasks))
	for n := 0; runtime.NumGoroutine() > before; n++ {
		if n == 1e6 {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		runtime.Gosched()
	}
}
