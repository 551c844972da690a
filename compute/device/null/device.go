package null

import (
	"container/heap"
	"slices"
	"sync"
	"time"
	"unsafe"

	"doin.network/node/kernels"
)

// Config is what a Device is like. The zero value is a card of 132 multiprocessors that takes no time.
type Config struct {
	// Step is the time that a block takes for a step.
	Step time.Duration
	// Multiprocessors, and how many blocks each runs at once. Defaults 132 and 3.
	Multiprocessors, Blocks int
	// SharedPerBlock and MemoryBytes are in bytes. Defaults 227 KiB and 141 GiB.
	SharedPerBlock int
	MemoryBytes    int64
}

// Device trains nothing. It is safe for concurrent use.
type Device struct {
	config Config

	mu    sync.Mutex
	next  kernels.Memory
	held  map[kernels.Memory]int64
	bytes map[kernels.Memory][]byte // of uploads, by address
	bases []kernels.Memory          // their addresses, in order
	zeros []byte                    // constant
	slots slots                     // when each block is free
	own   Queue
	usage Usage
	until time.Time // the end of the last launch
}

// Usage is what a device has done.
type Usage struct {
	Launches  int
	First     time.Time     // begin of the first launch
	Last      time.Time     // end of the last one
	Busy      time.Duration // while at least one launch ran
	Blocks    time.Duration // the time of all blocks together
	Uploads   int
	UpBytes   int64
	DownBytes int64
}

// slots is a heap of moments.
type slots []time.Time

func (s slots) Len() int           { return len(s) }
func (s slots) Less(a, b int) bool { return s[a].Before(s[b]) }
func (s slots) Swap(a, b int)      { s[a], s[b] = s[b], s[a] }
func (s *slots) Push(any)          { panic("null: slots have a fixed number") }
func (s *slots) Pop() any          { panic("null: slots have a fixed number") }

// New returns a device.
func New(c Config) *Device {
	if c.Multiprocessors == 0 {
		c.Multiprocessors = 132
	}
	if c.Blocks == 0 {
		c.Blocks = 3
	}
	if c.SharedPerBlock == 0 {
		c.SharedPerBlock = 227 << 10
	}
	if c.MemoryBytes == 0 {
		c.MemoryBytes = 141 << 30
	}
	d := &Device{
		config: c, next: 1 << 20, held: map[kernels.Memory]int64{}, bytes: map[kernels.Memory][]byte{},
		zeros: make([]byte, 1<<20),
		slots: make(slots, c.Multiprocessors*c.Blocks),
	}
	d.own.device = d
	return d
}

// Usage returns what the device has done since New.
func (d *Device) Usage() Usage {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.usage
}

// Held returns how many bytes are allocated.
func (d *Device) Held() (bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range d.held {
		bytes += n
	}
	return bytes
}

// Slots is how many blocks run at once.
func (d *Device) Slots() int { return len(d.slots) }

func (d *Device) Properties() kernels.Properties {
	return kernels.Properties{Name: "null", Multiprocessors: d.config.Multiprocessors, SharedPerBlock: d.config.SharedPerBlock, MemoryBytes: d.config.MemoryBytes}
}

// Alloc never has too little: addresses are for nothing.
func (d *Device) Alloc(bytes int64) (kernels.Memory, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.next
	d.next += kernels.Memory((bytes + 255) &^ 255)
	d.held[m] = bytes
	return m, nil
}

func (d *Device) Free(m kernels.Memory) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.held, m)
	return nil
}

func (d *Device) Occupancy(string, int, int) (int, error) { return d.config.Blocks, nil }

func (d *Device) Upload(to kernels.Memory, from []byte) error { return d.own.Upload(to, from) }

func (d *Device) Download(to []byte, from kernels.Memory) error { return d.own.Download(to, from) }

func (d *Device) Launch(kernel string, grid, threads, sharedBytes int, args []byte) error {
	return d.own.Launch(kernel, grid, threads, sharedBytes, args)
}

func (d *Device) Synchronize() error {
	d.own.wait()
	return nil
}

// Queue returns a queue beside the device's own.
func (d *Device) Queue() (kernels.Queue, error) { return &Queue{device: d}, nil }

// Queue is an order of launches.
type Queue struct {
	device *Device
	until  time.Time // the end of its last launch; guarded by Device.mu
}

// Upload keeps the bytes.
func (q *Queue) Upload(to kernels.Memory, from []byte) error {
	d := q.device
	d.mu.Lock()
	defer d.mu.Unlock()
	d.usage.Uploads++
	d.usage.UpBytes += int64(len(from))
	d.keep(to, from)
	return nil
}

// keep remembers the bytes at an address, in place of what they cover.
func (d *Device) keep(to kernels.Memory, from []byte) {
	i, found := slices.BinarySearch(d.bases, to)
	first := i
	if found {
		first++
	}
	last := first
	for ; last < len(d.bases) && d.bases[last] < to+kernels.Memory(len(from)); last++ {
		delete(d.bytes, d.bases[last])
	}
	d.bases = slices.Delete(d.bases, first, last)
	if there := d.at(to); len(there) >= len(from) {
		copy(there, from)
		return
	}
	if !found {
		d.bases = slices.Insert(d.bases, i, to)
	}
	d.bytes[to] = append(d.bytes[to][:0], from...)
}

// Download waits for the queue's launches and copies what was uploaded to this address, and zeros where nothing was.
func (q *Queue) Download(to []byte, from kernels.Memory) error {
	q.wait()
	d := q.device
	d.mu.Lock()
	d.usage.DownBytes += int64(len(to))
	n := copy(to, d.at(from))
	d.mu.Unlock()
	for to = to[n:]; len(to) > 0; to = to[n:] { // as a driver copies from its own memory
		n = copy(to, d.zeros)
	}
	return nil
}

// at returns the bytes that were uploaded from an address on, or nil.
func (d *Device) at(m kernels.Memory) []byte {
	i, found := slices.BinarySearch(d.bases, m)
	if !found {
		i-- // the upload below
	}
	if i < 0 {
		return nil
	}
	if b, at := d.bytes[d.bases[i]], m-d.bases[i]; uint64(at) < uint64(len(b)) {
		return b[at:]
	}
	return nil
}

// wait sleeps until the queue's launches have ended.
func (q *Queue) wait() {
	q.device.mu.Lock()
	until := q.until
	q.device.mu.Unlock()
	if left := time.Until(until); left > 0 {
		time.Sleep(left)
	}
}

func (q *Queue) Close() error {
	q.wait()
	return nil
}

// Launch makes the steps of all individuals of a training kernel.
func (q *Queue) Launch(kernel string, grid, _, _ int, args []byte) error {
	d := q.device
	d.mu.Lock()
	defer d.mu.Unlock()
	d.usage.Launches++
	if kernel == "collect_f32" {
		return nil
	}
	a := (*kernels.Args)(unsafe.Pointer(unsafe.SliceData(args)))
	order := as[uint32](d.at(a.Queue))
	records := as[kernels.Individual](d.at(a.Population))
	now := time.Now()
	var times []time.Duration
	for n := range a.Count {
		r := &records[order[n]]
		times = append(times, time.Duration(r.StepsPerLaunch)*d.config.Step)
		r.Fresh, r.Validations = 0, 0
		if r.Step += r.StepsPerLaunch; r.Step >= r.MaxSteps {
			r.Status, r.Best, r.BestStep, r.Loss = kernels.StatusCompleted, 0.5, r.Step, 0.5
		}
	}
	d.spend(q, now, grid, times)
	return nil
}

// spend lets the blocks of a launch run.
func (d *Device) spend(q *Queue, now time.Time, grid int, times []time.Duration) {
	earliest := now
	if q.until.After(earliest) {
		earliest = q.until
	}
	end := earliest
	mine := make(slots, 0, grid) // the launch's blocks
	for range min(grid, len(d.slots)) {
		free := d.slots[0]
		if free.Before(earliest) {
			free = earliest
		}
		mine = append(mine, free)
		d.slots[0] = free.Add(time.Duration(1 << 40)) // taken until further down
		heap.Fix(&d.slots, 0)
	}
	begun := slices.MinFunc(mine, time.Time.Compare)
	heap.Init(&mine)
	for _, t := range times {
		d.usage.Blocks += t
		mine[0] = mine[0].Add(t)
		if mine[0].After(end) {
			end = mine[0]
		}
		heap.Fix(&mine, 0)
	}
	slices.SortFunc(d.slots, time.Time.Compare)
	copy(d.slots[len(d.slots)-len(mine):], mine)
	heap.Init(&d.slots)
	q.until = end
	if d.usage.First.IsZero() {
		d.usage.First = begun
	}
	if d.until.After(begun) {
		begun = d.until
	}
	if end.After(begun) {
		d.usage.Busy += end.Sub(begun)
	}
	if end.After(d.until) {
		d.until, d.usage.Last = end, end
	}
}

// as is bytes as structs.
func as[T any](b []byte) []T {
	var zero T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(zero)))
}
