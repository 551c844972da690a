//go:build gpu && cgo && linux && !cpu

package cuda

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"os/exec"
	"sync"
	"testing"

	"doin.network/node/compute/device"
	"doin.network/node/kernels"
)

// These tests need a card. They cannot skip without one: gorgonia.org/cu ends the process before the first test, so the
// tests of this package run in a build with the tag gpu on a machine with a card only.

//go:embed testdata/test.ptx
var testPTX []byte

func testImages() Options {
	return Options{Images: []kernels.Image{{Module: "test", File: "test.ptx", PTX: true, Data: testPTX}}}
}

// gpu opens the first device with the kernels of the tests.
func gpu(t *testing.T) *Device {
	t.Helper()
	d, err := Open(0, testImages())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil && !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	})
	return d
}

// words are the bytes of a struct of 4-byte members after a pointer.
func words(m kernels.Memory, w ...uint32) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(m))
	for _, v := range w {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

func TestGPUInfo(t *testing.T) {
	n, err := Count()
	if err != nil || n < 1 {
		t.Fatalf("Count = %d, %v", n, err)
	}
	d := gpu(t)
	i := d.Info()
	t.Logf("%+v", i)
	if i.Name == "" || len(i.PCIBusID) != len("00000000:01:00.0") || i.CUDAVersion < 11000 || i.Major < 8 || i.Multiprocessors < 1 ||
		i.SharedPerBlock <= sharedByRule || i.FreeBytes > i.TotalBytes || i.TotalBytes < 1<<30 || len(i.Images) != 1 {
		t.Errorf("Info = %+v", i)
	}
	if p := d.Properties(); p.Multiprocessors != i.Multiprocessors || p.MemoryBytes != i.TotalBytes || p.SharedPerBlock != i.SharedPerBlock {
		t.Errorf("Properties = %+v of %+v", p, i)
	}
	if _, err := Open(n, Options{}); !errors.Is(err, device.ErrNoGPU) {
		t.Errorf("Open(%d) = %v, want ErrNoGPU", n, err)
	}
}

// TestGPUEmbedded loads what is built in, both ways.
func TestGPUEmbedded(t *testing.T) {
	for _, ptx := range []bool{false, true} {
		d, err := Open(0, Options{ForcePTX: ptx})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range kernels.EntryNames() {
			r, err := d.Resources(name)
			if err != nil || r.Registers < 1 {
				t.Errorf("%s, PTX %v: %+v, %v", name, ptx, r, err)
			}
			t.Logf("%s from %v: %+v", name, d.Info().Images, r)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestGPUCopiesAndLaunches(t *testing.T) {
	d := gpu(t)
	for _, n := range []int{1, 1000, pieceBytes/4 + 1, 5*pieceBytes/4 + 3} {
		m := alloc(t, d, int64(4*n))
		from := make([]byte, 4*n)
		for i := range n {
			binary.LittleEndian.PutUint32(from[4*i:], uint32(i))
		}
		if err := d.Upload(m, from); err != nil {
			t.Fatal(err)
		}
		arg := binary.LittleEndian.AppendUint64(words(m), uint64(n))
		arg = binary.LittleEndian.AppendUint64(arg, 7)
		for range 3 {
			if err := d.Launch("add", (n+127)/128, 128, 0, arg); err != nil {
				t.Fatal(err)
			}
		}
		to := make([]byte, 4*n)
		if err := d.Download(to, m); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			if got := binary.LittleEndian.Uint32(to[4*i:]); got != uint32(i+21) {
				t.Fatalf("element %d of %d = %d, want %d", i, n, got, i+21)
			}
		}
		if err := d.Free(m); err != nil {
			t.Fatal(err)
		}
	}
	if e, err := d.Elapsed(); e <= 0 || err != nil {
		t.Errorf("Elapsed = %v, %v", e, err)
	}
}

// TestGPUQueues adds up on several queues at once.
func TestGPUQueues(t *testing.T) {
	d := gpu(t)
	const n = 1 << 16
	var all sync.WaitGroup
	for range 3 {
		q, err := d.Queue()
		if err != nil {
			t.Fatal(err)
		}
		m := alloc(t, d, 4*n)
		all.Go(func() {
			defer func() {
				if err := errors.Join(q.Close(), d.Free(m)); err != nil {
					t.Error(err)
				}
			}()
			if err := q.Upload(m, make([]byte, 4*n)); err != nil {
				t.Error(err)
				return
			}
			arg := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(words(m), n), 3)
			for range 20 {
				if err := q.Launch("add", n/128, 128, 0, arg); err != nil {
					t.Error(err)
					return
				}
			}
			to := make([]byte, 4*n)
			if err := q.Download(to, m); err != nil {
				t.Error(err)
				return
			}
			for i := 0; i < 4*n; i += 4 {
				if got := binary.LittleEndian.Uint32(to[i:]); got != 60 {
					t.Errorf("element %d = %d, want 60", i/4, got)
					return
				}
			}
		})
	}
	all.Wait()
}

// TestGPUSharedMemory uses the last bytes of the most shared memory that a block may have.
func TestGPUSharedMemory(t *testing.T) {
	d := gpu(t)
	const threads = 64
	m := alloc(t, d, 4*threads)
	for _, shared := range []int{4 * threads, sharedByRule, d.Info().SharedPerBlock, sharedByRule} {
		if n, err := d.Occupancy("far", threads, shared); n < 1 || err != nil {
			t.Fatalf("Occupancy with %d bytes = %d, %v", shared, n, err)
		}
		if err := d.Launch("far", 1, threads, shared, words(m, uint32(shared-4*threads), 0)); err != nil {
			t.Fatal(err)
		}
		to := make([]byte, 4*threads)
		if err := d.Download(to, m); err != nil {
			t.Fatal(err)
		}
		for i := range threads {
			if got := binary.LittleEndian.Uint32(to[4*i:]); got != uint32(i^1) {
				t.Fatalf("%d bytes: thread %d reads %d, want %d", shared, i, got, i^1)
			}
		}
	}
	wants(t, d.Launch("far", 1, threads, d.Info().SharedPerBlock+1, words(m, 0, 0)), ErrLaunch, "far")
	if err := d.Free(m); err != nil {
		t.Error(err)
	}
}

// TestGPUArithmetic: fused where it is asked for, subnormal numbers kept, quotient and root rounded to nearest.
func TestGPUArithmetic(t *testing.T) {
	d := gpu(t)
	m := alloc(t, d, 16)
	tiny := math.Float32frombits(1)
	const e = 1.0 / (1 << 12)
	for _, c := range []struct{ a, b, c, fused, product, quotient, root float32 }{
		{1 + e, 1 + e, -(1 + 2*e), e * e, 1 + 2*e, 1, float32(math.Sqrt(1 + e))},
		{1, 3, 0, 3, 3, float32(1.0 / 3), 1},
		{tiny, 1, tiny, 2 * tiny, tiny, tiny, float32(math.Sqrt(float64(tiny)))},
		{2, tiny, 0, 2 * tiny, 2 * tiny, float32(math.Inf(1)), float32(math.Sqrt2)},
	} {
		if err := d.Launch("arithmetic", 1, 1, 0, words(m, math.Float32bits(c.a), math.Float32bits(c.b), math.Float32bits(c.c), 0)); err != nil {
			t.Fatal(err)
		}
		to := make([]byte, 16)
		if err := d.Download(to, m); err != nil {
			t.Fatal(err)
		}
		for i, want := range []float32{c.fused, c.product, c.quotient, c.root} {
			if got := math.Float32frombits(binary.LittleEndian.Uint32(to[4*i:])); math.Float32bits(got) != math.Float32bits(want) {
				t.Errorf("result %d of a = %g, b = %g, c = %g is %g, want %g", i, c.a, c.b, c.c, got, want)
			}
		}
	}
	if err := d.Free(m); err != nil {
		t.Error(err)
	}
}

func TestGPUOutOfMemory(t *testing.T) {
	d := gpu(t)
	_, err := d.Alloc(2 * d.Info().TotalBytes)
	wants(t, err, kernels.ErrMemory, "cuMemAlloc", "CUDA_ERROR_OUT_OF_MEMORY", d.Info().Name)
	m := alloc(t, d, 1000) // the device is as good as before
	if err := errors.Join(d.Upload(m, []byte("hello")), d.Free(m)); err != nil {
		t.Error(err)
	}
	if n, err := d.Available(); n < 1<<20 || err != nil {
		t.Errorf("Available = %d, %v", n, err)
	}
}

func TestGPURefusesPTX(t *testing.T) {
	o := testImages()
	for _, change := range [][2]string{
		{".version 7.0", ".version 99.0"}, // of a toolkit to come
		{"fma.rn.f32", "fma.nonsense"},
	} {
		o.Images[0].Data = bytes.Replace(testPTX, []byte(change[0]), []byte(change[1]), 1)
		_, err := Open(0, o)
		wants(t, err, device.ErrNoGPU, "cuModuleLoadDataEx", "test.ptx", "driver")
		t.Log(err)
	}
}

// TestGPULost runs in a process of its own: after it the process cannot use the card.
func TestGPULost(t *testing.T) {
	if os.Getenv("CUDA_TEST_LOST") == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestGPULost$", "-test.v")
		cmd.Env = append(os.Environ(), "CUDA_TEST_LOST=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	d := gpu(t)
	err := d.Launch("fault", 1, 1, 0, words(16)) // a driver may say so at once
	if err == nil {
		err = d.Synchronize()
	}
	wants(t, err, kernels.ErrLost, " of fault", d.Info().Name)
	_, err = d.Alloc(16)
	wants(t, err, kernels.ErrLost)
	if err := d.Close(); err != nil {
		t.Errorf("Close of a lost device = %v", err)
	}
}
