package cuda

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"doin.network/node/compute/device"
	"doin.network/node/kernels"
)

// wants reports an error that does not wrap target or lacks one of the words.
func wants(t *testing.T, err, target error, words ...string) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("error %v, want one that wraps %v", err, target)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not contain %q", err, w)
		}
	}
}

func alloc(t *testing.T, d *Device, n int64) kernels.Memory {
	t.Helper()
	m, err := d.Alloc(n)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestCopiesAndLaunches(t *testing.T) {
	for _, n := range []int{1, 7, pieceBytes - 1, pieceBytes, pieceBytes + 1, 3*pieceBytes + 5} {
		d := newFake(t).device()
		m := alloc(t, d, int64(n))
		from := make([]byte, n)
		for i := range from {
			from[i] = byte(i * 31 >> 3)
		}
		if err := d.Upload(m, from); err != nil {
			t.Fatal(err)
		}
		last := n - 1
		for range 3 {
			if err := d.Launch("add_one", 1, 32, 0, args(m+kernels.Memory(last), 1)); err != nil {
				t.Fatal(err)
			}
		}
		to := make([]byte, n)
		if err := d.Download(to, m); err != nil {
			t.Fatal(err)
		}
		from[last] += 3
		if !bytes.Equal(from, to) {
			t.Errorf("%d bytes: what comes back differs", n)
		}
		if err := d.Free(m); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPartOfAnAllocation(t *testing.T) {
	d := newFake(t).device()
	m := alloc(t, d, 1000)
	defer func() {
		if err := d.Free(m); err != nil {
			t.Error(err)
		}
	}()
	if err := d.Upload(m+500, []byte{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	to := make([]byte, 2)
	if err := d.Download(to, m+501); err != nil || to[0] != 2 || to[1] != 3 {
		t.Errorf("Download = %v, %v, want [2 3]", to, err)
	}
	wants(t, d.Upload(m+1020, make([]byte, 10)), ErrAddress, "cuda:0 Fake", "Upload")
	wants(t, d.Download(make([]byte, 1), m-1), ErrAddress, "Download")
	wants(t, d.Download(make([]byte, 1025), m), ErrAddress)
	if err := errors.Join(d.Upload(m, nil), d.Download(nil, m)); err != nil {
		t.Errorf("copies of nothing: %v", err)
	}
}

func TestLaunchRefuses(t *testing.T) {
	d := newFake(t).device()
	m := alloc(t, d, 8)
	a := args(m, 8)
	f := func(kernel string, grid, threads, shared int, args []byte, target error, words ...string) {
		t.Helper()
		wants(t, d.Launch(kernel, grid, threads, shared, args), target, append(words, kernel, "cuda:0 Fake")...)
	}
	f("absent", 1, 32, 0, a, NotFound, "cuModuleGetFunction")
	f("add_one", 0, 32, 0, a, ErrLaunch, "0 blocks")
	f("add_one", 1<<31, 32, 0, a, ErrLaunch)
	f("add_one", 1, 0, 0, a, ErrLaunch)
	f("add_one", 1, 257, 0, a, ErrLaunch, "257 threads")
	f("add_one", 1, 32, -1, a, ErrLaunch)
	f("add_one", 1, 32, 199<<10+1, a, ErrLaunch, "shared memory", "must be 0 to 203776")
	f("add_one", 1, 32, 0, nil, ErrLaunch)
	f("add_one", 1, 32, 0, a[:9], ErrLaunch, "9 of arguments")
	f("add_one", 1, 32, 0, make([]byte, 4104), ErrLaunch)
	if err := d.Free(m); err != nil {
		t.Error(err)
	}
}

func TestSharedMemoryIsAskedForOnce(t *testing.T) {
	f := newFake(t)
	d := f.device()
	m := alloc(t, d, 8)
	for _, shared := range []int{0, 47 << 10, 60 << 10, 60 << 10, 50 << 10, 70 << 10} {
		if err := d.Launch("add_one", 1, 32, shared, args(m, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if f.sets["add_one"] != 2 {
		t.Errorf("attribute set %d times, want 2: for 60 and for 70 KB", f.sets["add_one"])
	}
	for range 2 {
		if n, err := d.Occupancy("add_one", 128, 70<<10); n != 3 || err != nil {
			t.Errorf("Occupancy = %d, %v, want 3", n, err)
		}
	}
	if f.asks != 1 || f.sets["add_one"] != 2 {
		t.Errorf("driver asked %d times, attribute set %d times, want 1 and 2", f.asks, f.sets["add_one"])
	}
	_, err := d.Occupancy("add_one", 256, 198<<10)
	if err != nil {
		t.Error(err)
	}
	f.full = true
	_, err = d.Occupancy("add_one", 256, 1<<10)
	wants(t, err, ErrLaunch, "no block of 256 threads")
	_, err = d.Occupancy("add_one", 512, 0)
	wants(t, err, ErrLaunch, "512 threads")
	if r, err := d.Resources("add_one"); r.Registers != 32 || err != nil {
		t.Errorf("Resources = %+v, %v", r, err)
	}
	if err := d.Free(m); err != nil {
		t.Error(err)
	}
}

func TestElapsed(t *testing.T) {
	d := newFake(t).device()
	m := alloc(t, d, 8)
	launch := func(n int) {
		for range n {
			if err := d.Launch("add_one", 1, 32, 0, args(m, 1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	elapsed := func(want time.Duration) {
		t.Helper()
		if got, err := d.Elapsed(); got != want || err != nil {
			t.Errorf("Elapsed = %v, %v, want %v", got, err, want)
		}
	}
	launch(2)
	elapsed(0) // not waited for
	if err := d.Synchronize(); err != nil {
		t.Fatal(err)
	}
	launch(1)
	if err := d.Upload(m, []byte{0}); err != nil {
		t.Fatal(err)
	}
	elapsed(300 * time.Millisecond)
	if err := d.Synchronize(); err != nil {
		t.Fatal(err)
	}
	elapsed(0)
	if err := d.Free(m); err != nil {
		t.Error(err)
	}
}

func TestLost(t *testing.T) {
	f := newFake(t)
	d := f.device()
	m := alloc(t, d, 8)
	f.fault = IllegalAddress
	if err := d.Launch("train_test", 1, 32, 0, args(m, 8)); err != nil {
		t.Fatal(err)
	}
	wants(t, d.Synchronize(), kernels.ErrLost, "cuStreamSynchronize of train_test", "CUDA_ERROR_ILLEGAL_ADDRESS", "cuda:0 Fake")
	for name, err := range map[string]error{
		"Upload":      d.Upload(m, []byte{1}),
		"Download":    d.Download([]byte{1}, m),
		"Launch":      d.Launch("add_one", 1, 32, 0, args(m, 8)),
		"Synchronize": d.Synchronize(),
		"Free":        d.Free(m),
	} {
		wants(t, err, kernels.ErrLost, name+" after", "train_test")
	}
	_, err := d.Alloc(1)
	wants(t, err, kernels.ErrLost)
	if err := d.Close(); err != nil || !f.closed {
		t.Errorf("Close of a lost device = %v, driver closed: %v", err, f.closed)
	}
}

func TestLostInCopy(t *testing.T) {
	f := newFake(t)
	d := f.device()
	m := alloc(t, d, 3*pieceBytes)
	f.fault = Result(716)
	if err := d.Launch("train_test", 1, 32, 0, args(m, 1)); err != nil {
		t.Fatal(err)
	}
	wants(t, d.Download(make([]byte, 3*pieceBytes), m), kernels.ErrLost, "of train_test", "MISALIGNED_ADDRESS")
}

func TestOutOfMemory(t *testing.T) {
	f := newFake(t)
	f.room = 10 << 20
	d := f.device()
	a := alloc(t, d, 8<<20)
	_, err := d.Alloc(8 << 20)
	wants(t, err, kernels.ErrMemory, "cuMemAlloc", "8388608 bytes", "2097152 of 1073741824 free")
	if err := d.Free(a); err != nil {
		t.Fatal(err)
	}
	if n, err := d.Available(); n != 10<<20 || err != nil {
		t.Errorf("Available = %d, %v, want all", n, err)
	}
	// The freed block is of another class and must make room.
	b := alloc(t, d, 10<<20)
	if err := d.Free(b); err != nil {
		t.Fatal(err)
	}
	_, err = d.Alloc(1 << 60)
	wants(t, err, kernels.ErrMemory)
	_, err = d.Alloc(-1)
	wants(t, err, ErrAddress, "Alloc")
}

func TestClose(t *testing.T) {
	f := newFake(t)
	d := f.device()
	a, b := alloc(t, d, 300), alloc(t, d, 5000)
	if err := d.Free(a); err != nil {
		t.Fatal(err)
	}
	wants(t, d.Free(a), ErrAddress, "Free")
	if err := d.Free(0); err != nil {
		t.Errorf("Free(0) = %v", err)
	}
	wants(t, d.Close(), ErrLeak, "5120 bytes in 1 blocks")
	if len(f.memory) != 0 || !f.closed {
		t.Errorf("%d blocks left, driver closed: %v", len(f.memory), f.closed)
	}
	wants(t, d.Close(), ErrClosed)
	wants(t, d.Upload(b, []byte{1}), ErrClosed, "Upload")
	_, err := d.Alloc(1)
	wants(t, err, ErrClosed)
}

func TestCloseReturnsTheLaunchsError(t *testing.T) {
	f := newFake(t)
	d := f.device()
	m := alloc(t, d, 8)
	f.fault = Result(719)
	if err := d.Launch("train_test", 1, 32, 0, args(m, 8)); err != nil {
		t.Fatal(err)
	}
	wants(t, d.Close(), kernels.ErrLost, "train_test", "LAUNCH_FAILED")
}

// TestManyCallers is for the race detector, and for fake's own check.
func TestManyCallers(t *testing.T) {
	d := newFake(t).device()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			m, err := d.Alloc(100)
			if err != nil {
				t.Error(err)
				return
			}
			from, to := bytes.Repeat([]byte{byte(i)}, 100), make([]byte, 100)
			if err := errors.Join(d.Upload(m, from), d.Launch("add_one", 1, 32, 0, args(m, 1)), d.Download(to, m), d.Free(m)); err != nil {
				t.Error(err)
			}
			if from[0]++; !bytes.Equal(from, to) {
				t.Errorf("caller %d reads %v", i, to)
			}
		})
	}
	wg.Wait()
}

func TestOpenRefuses(t *testing.T) {
	refused := func(f *fake, o Options, target error, words ...string) {
		t.Helper()
		_, err := open(func() (driver, error) { return f, nil }, o)
		wants(t, err, target, append(words, "cuda:0 Fake")...)
		if !f.closed {
			t.Error("driver not closed")
		}
	}
	given := Options{Images: []kernels.Image{{File: "given.ptx", PTX: true, Data: []byte("given")}}}

	f := newFake(t)
	f.i.Major, f.i.Minor = 7, 5
	_, err := open(func() (driver, error) { return f, nil }, given)
	if err == nil || !strings.Contains(err.Error(), "compute capability 7.5") {
		t.Errorf("capability 7.5: %v", err)
	}
	wants(t, unusable(err), device.ErrNoGPU, "compute capability 7.5")

	for _, r := range []Result{InvalidPTX, UnsupportedPTXVersion, NoBinaryForGPU} {
		f = newFake(t)
		f.refuse["given"] = r
		f.i.DriverVersion = "450.80"
		refused(f, given, device.ErrNoGPU, "cuModuleLoadDataEx", r.Error(), "driver", "450.80", "CUDA 12.2", "given.ptx", "ptxas fatal")
	}

	_, err = open(func() (driver, error) { return nil, &Error{Call: "cuCtxCreate", Device: "cuda:3", Err: OutOfMemory} }, given)
	wants(t, err, kernels.ErrMemory, "cuda:3: cuCtxCreate")
	wants(t, unusable(err), device.ErrNoGPU)
	wants(t, unusable(err), kernels.ErrMemory)
}

func TestOpenInThisBuild(t *testing.T) {
	_, err := Open(-1, Options{})
	wants(t, err, device.ErrNoGPU)
	if Built {
		return
	}
	_, err = Open(0, Options{})
	wants(t, err, device.ErrNoGPU, "this build is for the CPU")
	_, err = Count()
	wants(t, err, device.ErrNoGPU)
}
