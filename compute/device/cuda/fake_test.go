package cuda

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"testing"

	"doin.network/node/kernels"
)

// fake is a driver whose stream does nothing until it is waited for, as late as a device may be.
type fake struct {
	t        *testing.T
	i        Info
	room     int64 // bytes of memory left
	next     kernels.Memory
	memory   map[kernels.Memory][]byte
	stream   []func() error
	passed   int            // of stream
	marks    map[int]int    // event → length of stream when it was recorded
	at       map[int]int    // event → value of clock when it was passed
	clock    int            // launches run
	sets     map[string]int // calls of setShared by kernel
	asks     int            // calls of occupancy
	full     bool           // no block fits
	images   []string
	refuse   map[string]error // image → error
	sticky   error            // returned by everything from now on
	unmarked error            // of record(lastEvent)
	fault    error            // of the next launch that runs
	closed   bool
	pinned   int
	carved   map[string]int // calls of preferShared by kernel
	parent   *fake          // of a queue: whose memory it is
	blocks   sync.Mutex     // of memory, next and room: queues work beside each other
	driving  sync.Mutex     // two calls at a time would be a data race
}

func newFake(t *testing.T) *fake {
	return &fake{
		t: t, room: 1 << 30, next: 1 << 20, memory: make(map[kernels.Memory][]byte), marks: make(map[int]int),
		at: make(map[int]int), sets: make(map[string]int), carved: make(map[string]int), refuse: make(map[string]error),
		i: Info{Name: "Fake", Major: 9, Multiprocessors: 4, SharedPerBlock: 200 << 10, TotalBytes: 1 << 30, CUDAVersion: 12020},
	}
}

// device opens a Device over f, and closes it when the test ends unless the test has.
func (f *fake) device() *Device {
	f.t.Helper()
	d, err := open(func() (driver, error) { return f, nil }, Options{Images: []kernels.Image{{File: "test.cubin", Data: []byte("test")}}})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		if err := d.Close(); err != nil && !errors.Is(err, ErrClosed) {
			f.t.Error(err)
		}
	})
	return d
}

func (f *fake) enter() func() {
	if !f.driving.TryLock() {
		f.t.Error("two calls of the driver at a time")
		return func() {}
	}
	return f.driving.Unlock
}

// run does the stream's work up to n.
func (f *fake) run(n int) error {
	for f.passed < n && f.sticky == nil {
		f.sticky = f.stream[f.passed]()
		f.passed++
	}
	return f.sticky
}

func (f *fake) push(do func() error) error {
	if f.sticky == nil {
		f.stream = append(f.stream, do)
	}
	return f.sticky
}

func (f *fake) info() Info { return f.i }

func (f *fake) load(image []byte) (string, error) {
	f.images = append(f.images, string(image))
	if err := f.refuse[string(image)]; err != nil {
		return "ptxas fatal", err
	}
	return "", nil
}

func (f *fake) resources(kernel string) (Resources, error) {
	if kernel != "add_one" && kernel != "train_test" {
		return Resources{}, NotFound
	}
	return Resources{Registers: 32, SharedBytes: 1 << 10, MaxThreads: 256}, nil
}

// queue is a driver that shares the memory, with a stream of its own.
func (f *fake) queue() (driver, error) {
	if f.sticky != nil {
		return nil, f.sticky
	}
	q := newFake(f.t)
	q.parent = f
	return q, nil
}

func (f *fake) preferShared(kernel string) error {
	f.carved[kernel]++
	return f.sticky
}

func (f *fake) setShared(kernel string, bytes int) error {
	f.sets[kernel]++
	return f.sticky
}

func (f *fake) occupancy(_ string, threads, sharedBytes int) (int, error) {
	f.asks++
	if f.full {
		return 0, f.sticky
	}
	return min(2048/threads, (227<<10)/max(1, sharedBytes)), f.sticky
}

// launch adds 1 to args[1] bytes at args[0].
func (f *fake) launch(_ string, _, _, _ int, args []byte) error {
	defer f.enter()()
	m := kernels.Memory(binary.LittleEndian.Uint64(args))
	n := binary.LittleEndian.Uint64(args[8:])
	return f.push(func() error {
		f.clock++
		for i := range n {
			*f.byteAt(m + kernels.Memory(i))++
		}
		return f.fault
	})
}

func (f *fake) byteAt(m kernels.Memory) *byte {
	if f.parent != nil {
		return f.parent.byteAt(m)
	}
	f.blocks.Lock()
	defer f.blocks.Unlock()
	for at, b := range f.memory {
		if m >= at && m-at < kernels.Memory(len(b)) {
			return &b[m-at]
		}
	}
	f.t.Errorf("access to %#x", uint64(m))
	return new(byte)
}

// bytesAt is n bytes of one allocation.
func (f *fake) bytesAt(m kernels.Memory, n int) []byte {
	if f.parent != nil {
		return f.parent.bytesAt(m, n)
	}
	f.blocks.Lock()
	defer f.blocks.Unlock()
	for at, b := range f.memory {
		if m >= at && m-at+kernels.Memory(n) <= kernels.Memory(len(b)) {
			return b[m-at:][:n]
		}
	}
	f.t.Errorf("copy of %d bytes at %#x", n, uint64(m))
	return make([]byte, n)
}

func (f *fake) alloc(bytes int64) (kernels.Memory, error) {
	defer f.enter()()
	if f.sticky != nil {
		return 0, f.sticky
	}
	f.blocks.Lock()
	defer f.blocks.Unlock()
	if bytes > f.room {
		return 0, OutOfMemory
	}
	m := f.next
	f.next += kernels.Memory(bytes) + align
	f.room -= bytes
	f.memory[m] = make([]byte, bytes)
	return m, nil
}

func (f *fake) free(m kernels.Memory) error {
	f.blocks.Lock()
	b, ok := f.memory[m]
	f.blocks.Unlock()
	if !ok {
		return fmt.Errorf("free of %#x", uint64(m))
	}
	if err := f.run(len(f.stream)); err != nil { // cuMemFree waits
		return err
	}
	f.blocks.Lock()
	defer f.blocks.Unlock()
	delete(f.memory, m)
	f.room += int64(len(b))
	return nil
}

func (f *fake) freeBytes() (int64, error) {
	f.blocks.Lock()
	defer f.blocks.Unlock()
	return f.room, f.sticky
}

func (f *fake) staging(bytes int) ([]byte, error) {
	f.pinned++
	return make([]byte, bytes), nil
}

func (f *fake) copyIn(to kernels.Memory, from []byte) error {
	return f.push(func() error { copy(f.bytesAt(to, len(from)), from); return nil })
}

func (f *fake) copyOut(to []byte, from kernels.Memory) error {
	return f.push(func() error { copy(to, f.bytesAt(from, len(to))); return nil })
}

func (f *fake) record(event int) error {
	if event == lastEvent && f.unmarked != nil {
		return f.unmarked
	}
	f.marks[event] = len(f.stream) + 1
	return f.push(func() error { f.at[event] = f.clock; return nil })
}

func (f *fake) wait(event int) error {
	defer f.enter()()
	return f.run(f.marks[event])
}

// milliseconds is a hundred for each launch between the events.
func (f *fake) milliseconds() (float64, error) {
	if f.passed < f.marks[lastEvent] {
		f.t.Error("events asked before they have passed")
	}
	return float64(100 * (f.at[lastEvent] - f.at[firstEvent])), f.sticky
}

func (f *fake) synchronize() error { return f.run(len(f.stream)) }

func (f *fake) close() error {
	if f.closed {
		f.t.Error("driver closed twice")
	}
	f.closed = true
	if f.sticky == nil && len(f.memory) != 0 {
		f.t.Errorf("%d blocks not freed before close", len(f.memory))
	}
	return f.sticky
}

// args are those of the fake's kernels.
func args(m kernels.Memory, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(m))
	return binary.LittleEndian.AppendUint64(b, uint64(n))
}
