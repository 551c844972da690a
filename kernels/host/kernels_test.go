package host

import (
	"math"
	"slices"
	"testing"

	"doin.network/node/kernels"
)

// orders are those in which right kernels agree.
var orders = []struct {
	order Order
	seed  uint64
}{{Forward, 0}, {Reversed, 0}, {Shuffled, 1}, {Shuffled, 2}}

// everywhere runs f in every flavour and order.
func everywhere(t *testing.T, f func(t *testing.T, d *Device)) {
	for name, o := range flavours() {
		t.Run(name, func(t *testing.T) {
			d := start(t, o, Config{})
			for _, o := range orders {
				if err := d.Reorder(o.order, o.seed); err != nil {
					t.Fatal(err)
				}
				f(t, d)
				if t.Failed() {
					t.Fatalf("order %v, seed %d", o.order, o.seed)
				}
			}
		})
	}
}

func TestWarpCalls(t *testing.T) {
	const grid, threads = 3, 96
	in := make([]uint32, grid*threads)
	for i := range in {
		in[i] = uint32(i*i*37+i*11) % 1000
	}
	want := make([][]uint32, 7)
	for w := 0; w < len(in); w += 32 {
		v := in[w : w+32]
		sums := make([]float32, 32)
		for l := range sums {
			sums[l] = float32(v[l])
		}
		for s := 16; s > 0; s /= 2 {
			next := make([]float32, 32)
			for l := range sums {
				next[l] = sums[l] + sums[l^s]
			}
			sums = next
		}
		ballot := func(f func(v uint32) bool) (b uint32) {
			for l, v := range v {
				if f(v) {
					b |= 1 << l
				}
			}
			return b
		}
		number := func(b bool) uint32 {
			if b {
				return 1
			}
			return 0
		}
		some := ballot(func(v uint32) bool { return v%64 == 0 })
		last := uint32(0)
		for k := range 8 {
			last = ballot(func(v uint32) bool { return v>>k&1 != 0 }) + last*3
		}
		for l := range v {
			for row, x := range []uint32{math.Float32bits(sums[l]), v[l^5], v[(l*7+3)%32], number(some != 0),
				number(some == 0), ballot(func(v uint32) bool { return v&1 != 0 }), last} {
				want[row] = append(want[row], x)
			}
		}
	}
	everywhere(t, func(t *testing.T, d *Device) {
		out := alloc(t, d, len(in)*7)
		launch(t, d, "warp_calls", grid, threads, 0, args(upload(t, d, in...), out))
		got := download(t, d, out, len(in)*7)
		for row := range want {
			if !slices.Equal(got[row*len(in):(row+1)*len(in)], want[row]) {
				t.Errorf("row %d = %v, want %v", row, got[row*len(in):(row+1)*len(in)], want[row])
			}
		}
	})
}

func TestBarriers(t *testing.T) {
	const grid, threads = 4, 256
	var want []uint32
	for b := range uint32(grid) {
		sum := uint32(0)
		for i := range uint32(threads) {
			sum += i*977 + b
		}
		want = append(want, slices.Repeat([]uint32{sum}, threads)...)
	}
	everywhere(t, func(t *testing.T, d *Device) {
		out := alloc(t, d, len(want))
		launch(t, d, "tree_right", grid, threads, 4*threads, args(out, 0, 0))
		if !slices.Equal(download(t, d, out, len(want)), want) {
			t.Error("tree_right differs")
		}
		launch(t, d, "neighbour_right", 1, 64, 256, args(out, 0, 0))
		for i, v := range download(t, d, out, 64) {
			if v != uint32(i^1)+3 {
				t.Errorf("neighbour of %d = %d", i, v)
			}
		}
	})
}

// A test of the test: where a barrier is missing, some order gives another result.
func TestMissingBarrierIsFound(t *testing.T) {
	results := func(kernel string, shared int) (distinct, poisoned int) {
		t.Helper()
		d := start(t, Options{}, Config{})
		seen := map[string]bool{}
		for _, o := range orders {
			out := alloc(t, d, 256)
			if err := d.Reorder(o.order, o.seed); err != nil {
				t.Fatal(err)
			}
			launch(t, d, kernel, 1, 256, shared, args(out, 0, 0))
			got := download(t, d, out, 256)
			seen[string(words(got...))] = true
			if slices.Contains(got, poison) {
				poisoned++
			}
		}
		return len(seen), poisoned
	}
	if n, p := results("tree_right", 1024); n != 1 || p != 0 {
		t.Errorf("tree_right: %d results, %d poisoned, want 1, 0", n, p)
	}
	if n, _ := results("tree_planted", 1024); n < 2 {
		t.Errorf("tree_planted: the same result in all orders")
	}
	if n, _ := results("silent_planted", 1024); n != 1 {
		t.Errorf("silent_planted: %d results, want 1: only the search for races finds it", n)
	}
	for _, kernel := range []string{"neighbour_planted", "warps_planted"} {
		if n, p := results(kernel, 1024); n < 2 || p == 0 {
			t.Errorf("%s: %d results, %d poisoned, want poison and a difference", kernel, n, p)
		}
	}
}

func TestPoisonedBlocks(t *testing.T) {
	everywhere(t, func(t *testing.T, d *Device) {
		out := alloc(t, d, 3*64)
		for range 2 {
			launch(t, d, "fresh", 3, 64, 256, args(out, 0, 0))
			for i, v := range download(t, d, out, 3*64) {
				if v != poison {
					t.Fatalf("word %d = %x, want %x", i, v, poison)
				}
			}
		}
	})
}

func TestQueue(t *testing.T) {
	everywhere(t, func(t *testing.T, d *Device) {
		const count = 37
		out, queue := upload(t, d, make([]uint32, count)...), upload(t, d, 0)
		launch(t, d, "queue", 5, 64, 64, args(out, queue, count))
		if got := download(t, d, out, count); !slices.Equal(got, slices.Repeat([]uint32{1}, count)) {
			t.Errorf("entries were taken %v times", got)
		}
		if got := download(t, d, queue, 1)[0]; got != count+5 {
			t.Errorf("queue ends at %d, want %d", got, count+5)
		}
	})
}

func TestOrders(t *testing.T) {
	const grid, threads = 3, 64
	d := start(t, Options{}, Config{})
	arrive := func(o Order, seed uint64) []uint32 {
		t.Helper()
		if err := d.Reorder(o, seed); err != nil {
			t.Fatal(err)
		}
		out := alloc(t, d, 2*grid*threads)
		launch(t, d, "arrivals", grid, threads, 0, args(out, upload(t, d, 0), 0))
		return download(t, d, out, 2*grid*threads)
	}
	var forward, reversed []uint32
	for half := range uint32(2) {
		for b := range uint32(grid) {
			for i := range uint32(threads) {
				forward = append(forward, (2*b+half)*threads+i)
				reversed = append(reversed, (2*(grid-1-b)+half)*threads+threads-1-i)
			}
		}
	}
	if got := arrive(Forward, 0); !slices.Equal(got, forward) {
		t.Errorf("forward: %v", got)
	}
	if got := arrive(Reversed, 0); !slices.Equal(got, reversed) {
		t.Errorf("reversed: %v", got)
	}
	a, b, other := arrive(Shuffled, 1), arrive(Shuffled, 1), arrive(Shuffled, 2)
	if !slices.Equal(a, b) || slices.Equal(a, other) || slices.Equal(a, forward) {
		t.Error("shuffled: must depend on the seed and on nothing else")
	}
	before := slices.Clone(a[:threads])
	behind := slices.Clone(a[grid*threads:][:threads])
	if slices.Max(before) > slices.Min(behind) {
		t.Error("shuffled: a thread passed the barrier before the last came")
	}
	for i := range behind {
		before[i], behind[i] = before[i]%threads, behind[i]%threads
	}
	if slices.Equal(before, behind) {
		t.Error("shuffled: the same order behind the barrier")
	}
}

func BenchmarkBarriers(b *testing.B) {
	const threads, rounds = 256, 1000
	for _, o := range []Order{Forward, Reversed, Shuffled} {
		b.Run(o.String(), func(b *testing.B) {
			d := start(b, Options{}, Config{Order: o})
			for b.Loop() {
				if err := run(d, "barriers", 1, threads, 0, args(0, 0, rounds)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*threads*rounds), "ns/switch")
		})
	}
}

// run launches and waits.
func run(d *Device, kernel string, grid, threads, shared int, args []byte) error {
	if err := d.Launch(kernel, grid, threads, shared, args); err != nil {
		return err
	}
	return d.Synchronize()
}

var _ interface {
	Properties() kernels.Properties
	Alloc(bytes int64) (kernels.Memory, error)
	Free(m kernels.Memory) error
	Upload(to kernels.Memory, from []byte) error
	Download(to []byte, from kernels.Memory) error
	Occupancy(kernel string, threads, sharedBytes int) (blocksPerMultiprocessor int, err error)
	Launch(kernel string, grid, threads, sharedBytes int, args []byte) error
	Synchronize() error
} = (*Device)(nil)
