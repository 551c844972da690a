package host

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"doin.network/node/kernels"
)

func start(t testing.TB, o Options, c Config) *Device {
	t.Helper()
	// The test's own context ends before its cleanups.
	d, err := Start(context.WithoutCancel(t.Context()), program(t, o), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func words(v ...uint32) []byte {
	var b []byte
	for _, w := range v {
		b = binary.NativeEndian.AppendUint32(b, w)
	}
	return b
}

// args are the bytes of a struct of two pointers and numbers.
func args(p, q kernels.Memory, rest ...uint32) []byte {
	b := binary.NativeEndian.AppendUint64(nil, uint64(p))
	b = append(binary.NativeEndian.AppendUint64(b, uint64(q)), words(rest...)...)
	return append(b, make([]byte, -len(b)&7)...)
}

func alloc(t testing.TB, d *Device, n int) kernels.Memory {
	t.Helper()
	m, err := d.Alloc(int64(n) * 4)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func upload(t testing.TB, d *Device, v ...uint32) kernels.Memory {
	t.Helper()
	m := alloc(t, d, len(v))
	if err := d.Upload(m, words(v...)); err != nil {
		t.Fatal(err)
	}
	return m
}

func download(t testing.TB, d *Device, m kernels.Memory, n int) []uint32 {
	t.Helper()
	b := make([]byte, 4*n)
	if err := d.Download(b, m); err != nil {
		t.Fatal(err)
	}
	v := make([]uint32, n)
	for i := range v {
		v[i] = binary.NativeEndian.Uint32(b[4*i:])
	}
	return v
}

func launch(t testing.TB, d *Device, kernel string, grid, threads, shared int, args []byte) {
	t.Helper()
	if err := d.Launch(kernel, grid, threads, shared, args); err != nil {
		t.Fatal(err)
	}
}

const poison = 0x7fa5a5a5

func TestMemory(t *testing.T) {
	d := start(t, Options{}, Config{MemoryBytes: 1 << 20})
	m := alloc(t, d, 100)
	if uint64(m)%256 != 0 {
		t.Errorf("address %x is not aligned to 256", m)
	}
	for i, v := range download(t, d, m, 100) {
		if v != poison {
			t.Fatalf("word %d of new memory = %x, want %x", i, v, poison)
		}
	}
	data := bytes.Repeat([]byte{1, 2, 3, 4, 5}, 80)
	if err := d.Upload(m, data); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 390)
	if err := d.Download(got, m+10); err != nil || !bytes.Equal(got, data[10:]) {
		t.Errorf("download differs from upload (%v)", err)
	}
	for name, err := range map[string]error{
		"upload behind the end":      d.Upload(m+1, data),
		"upload before the start":    d.Upload(m-4, data[:8]),
		"download behind the end":    d.Download(make([]byte, 401), m),
		"download from nowhere":      d.Download(make([]byte, 1), 64),
		"free in the middle":         d.Free(m + 256),
		"alloc of nothing":           second(d.Alloc(0)),
		"large upload to nowhere":    d.Upload(64, make([]byte, 1<<20)),
		"alloc of a negative number": second(d.Alloc(-5)),
	} {
		if err == nil || errors.Is(err, kernels.ErrLost) || errors.Is(err, kernels.ErrMemory) {
			t.Errorf("%s: %v, want it refused", name, err)
		}
	}
	if _, err := d.Alloc(1 << 20); !errors.Is(err, kernels.ErrMemory) {
		t.Errorf("alloc of all that there was: %v, want ErrMemory", err)
	}
	if _, err := d.Alloc(1 << 62); !errors.Is(err, kernels.ErrMemory) {
		t.Errorf("alloc of 2^62: %v, want ErrMemory", err)
	}
	if err := errors.Join(d.Free(m), d.Free(0)); err != nil {
		t.Fatal(err)
	}
	if err := d.Free(m); err == nil {
		t.Error("free of what is free: no error")
	}
	if err := d.Free(alloc(t, d, 1<<18)); err != nil {
		t.Errorf("all of the memory: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestLaunchRefuses(t *testing.T) {
	d := start(t, Options{}, Config{SharedPerBlock: 4096})
	ok := args(0, 0, 0)
	f := func(want, kernel string, grid, threads, shared int, args []byte) {
		t.Helper()
		err := errors.Join(d.Launch(kernel, grid, threads, shared, args), d.Synchronize())
		if err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, kernels.ErrLost) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	f("no kernel", "nothing", 1, 32, 0, ok)
	f("grid 0", "barriers", 0, 32, 0, ok)
	f("0 threads", "barriers", 1, 0, 0, ok)
	f("1025 threads", "barriers", 1, 1025, 0, ok)
	f("96 threads", "arithmetic", 1, 96, 0, args(0, 0, 13))
	f("4100 bytes of shared", "barriers", 1, 32, 4100, ok)
	f("8 bytes of arg", "barriers", 1, 32, 0, ok[:8])
	launch(t, d, "barriers", 1, 32, 4096, ok)
	if err := d.Synchronize(); err != nil {
		t.Errorf("after refusals: %v", err)
	}
}

func TestProperties(t *testing.T) {
	d := start(t, Options{}, Config{Multiprocessors: 5, MemoryBytes: 12345, Order: Reversed})
	want := kernels.Properties{Name: "host (reversed)", Multiprocessors: 5, SharedPerBlock: 232448, MemoryBytes: 12345}
	if got := d.Properties(); got != want {
		t.Errorf("Properties() = %+v, want %+v", got, want)
	}
	if i := slices.Index(d.Kernels(), Kernel{"arithmetic", 64, 24}); i < 0 {
		t.Errorf("Kernels() = %v, want arithmetic with 64 threads among them", d.Kernels())
	}
	f := func(threads, shared, want int) {
		t.Helper()
		if got, err := d.Occupancy("barriers", threads, shared); err != nil || got != want {
			t.Errorf("Occupancy(%d, %d) = %d, %v, want %d", threads, shared, got, err, want)
		}
	}
	f(128, 232448, 1)
	f(128, 70<<10, 3)
	f(256, 0, 8)
	f(32, 0, 32)
	if _, err := d.Occupancy("barriers", 128, 232449); err == nil {
		t.Error("occupancy of too much shared memory: no error")
	}
	if _, err := d.Occupancy("arithmetic", 65, 0); err == nil {
		t.Error("occupancy of too many threads: no error")
	}
	if marked := start(t, flavours()["O0"], Config{}); !slices.Contains(marked.Kernels(), Kernel{"marked", 1024, 24}) {
		t.Error("a kernel that a macro asks for is missing")
	}
}

func TestStartRefuses(t *testing.T) {
	for _, c := range []Config{{Order: 3}, {Multiprocessors: -1}, {SharedPerBlock: 1 << 20}, {MemoryBytes: -1}, {FailLaunch: -1}} {
		if _, err := Start(t.Context(), "unused", c); err == nil {
			t.Errorf("Start(%+v): no error", c)
		}
	}
	if _, err := Start(t.Context(), "/nonexistent", Config{}); err == nil {
		t.Error("no program: no error")
	}
}

func TestLost(t *testing.T) {
	d := start(t, Options{}, Config{FailLaunch: 3})
	m := alloc(t, d, 1)
	for range 3 {
		launch(t, d, "barriers", 1, 32, 0, args(0, 0, 0))
	}
	err := d.Synchronize()
	if !errors.Is(err, kernels.ErrLost) || !strings.Contains(err.Error(), "launch 3 loses the device") {
		t.Errorf("Synchronize() = %v, want ErrLost at launch 3", err)
	}
	for i, err := range []error{
		d.Synchronize(), d.Launch("barriers", 1, 32, 0, args(0, 0, 0)), second(d.Alloc(4)), d.Free(m),
		d.Upload(m, words(1)), d.Download(words(1), m), d.Reorder(Forward, 0),
	} {
		if !errors.Is(err, kernels.ErrLost) {
			t.Errorf("call %d of a lost device: %v, want ErrLost", i, err)
		}
	}
}

func TestEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d, err := Start(ctx, program(t, Options{}), Config{})
	if err != nil {
		t.Fatal(err)
	}
	launch(t, d, "barriers", 1, 256, 0, args(0, 0, 1<<31)) // for a long time
	cancel()
	if err := d.Synchronize(); !errors.Is(err, kernels.ErrLost) {
		t.Errorf("after cancel: %v, want ErrLost", err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("close of a lost device: %v", err)
	}
	d = start(t, Options{}, Config{})
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Synchronize(); !errors.Is(err, kernels.ErrLost) {
		t.Errorf("after Close: %v, want ErrLost", err)
	}
}
