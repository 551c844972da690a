package cuda

import (
	"errors"
	"math/rand/v2"
	"testing"

	"doin.network/node/kernels"
)

// heap is first-fit memory of some size: it gets fragmented.
type heap struct {
	size   int64
	blocks []block // by address
	calls  int
}

func (h *heap) alloc(bytes int64) (kernels.Memory, error) {
	h.calls++
	at := int64(align)
	for i := range len(h.blocks) + 1 {
		end := h.size + align
		if i < len(h.blocks) {
			end = int64(h.blocks[i].at)
		}
		if end-at >= bytes {
			h.blocks = append(h.blocks[:i:i], append([]block{{kernels.Memory(at), bytes}}, h.blocks[i:]...)...)
			return kernels.Memory(at), nil
		}
		if i < len(h.blocks) {
			at = int64(h.blocks[i].at) + h.blocks[i].size
		}
	}
	return 0, &Error{Call: "alloc", Device: "heap", Err: OutOfMemory}
}

func (h *heap) free(m kernels.Memory) error {
	h.calls++
	for i, b := range h.blocks {
		if b.at == m {
			h.blocks = append(h.blocks[:i:i], h.blocks[i+1:]...)
			return nil
		}
	}
	return errors.New("heap: not allocated")
}

func (h *heap) pool(limit int64) *pool { return &pool{alloc: h.alloc, free: h.free, limit: limit} }

func TestClassOf(t *testing.T) {
	f := func(bytes, want int64) {
		t.Helper()
		if got := classOf(bytes); got != want {
			t.Errorf("classOf(%d) = %d, want %d", bytes, got, want)
		}
	}
	f(0, 256)
	f(1, 256)
	f(256, 256)
	f(257, 512)
	f(4096, 4096)
	f(4097, 4608)
	f(8192, 8192)
	f(8193, 9216)
	f(1<<30, 1<<30)
	f(1<<30+1, 1<<30+2<<20)
	f(maxBytes, maxBytes)
	for _, n := range []int64{1000, 3000, 12345, 1 << 20, 1<<20 + 1, 77 << 20, 5<<30 + 3} {
		c := classOf(n)
		if c < n || c%align != 0 || c-n >= 2<<20 || classOf(c) != c || (n > 2048 && 8*(c-n) > n) {
			t.Errorf("classOf(%d) = %d", n, c)
		}
	}
}

func TestPoolReuses(t *testing.T) {
	h := &heap{size: 1 << 20}
	p := h.pool(1 << 20)
	a, err := p.get(1000)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.put(a); err != nil {
		t.Fatal(err)
	}
	if b, err := p.get(1024); b != a || err != nil || h.calls != 1 {
		t.Errorf("get of the class freed = %#x, %v after %d calls, want %#x again", b, err, h.calls, a)
	}
	if b, err := p.get(1025); b == a || err != nil {
		t.Errorf("get of another class = %#x, %v", b, err)
	}
	wants(t, p.put(a+1), ErrAddress)
	if err := p.put(a); err != nil {
		t.Error(err)
	}
	wants(t, p.put(a), ErrAddress)
	wants(t, p.put(0), ErrAddress)
	wants(t, p.check(a, 1), ErrAddress)
	wants(t, p.close(), ErrLeak)
	if len(h.blocks) != 0 {
		t.Errorf("%d blocks left after close", len(h.blocks))
	}
}

func TestPoolKeepsAtMostItsLimit(t *testing.T) {
	h := &heap{size: 1 << 20}
	p := h.pool(4096)
	var ms []kernels.Memory
	for range 6 {
		m, err := p.get(1024)
		if err != nil {
			t.Fatal(err)
		}
		ms = append(ms, m)
	}
	big, err := p.get(8192)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range ms {
		if err := p.put(m); err != nil {
			t.Fatal(err)
		}
	}
	if p.idleBytes != 4096 || len(p.idle) != 4 || p.idle[0].at != ms[2] {
		t.Errorf("%d bytes in %d blocks idle, the first at %#x, want 4096 in 4 from %#x", p.idleBytes, len(p.idle), uint64(p.idle[0].at), uint64(ms[2]))
	}
	if err := p.put(big); err != nil || p.idleBytes != 4096 {
		t.Errorf("put of more than the limit: %v, %d bytes idle", err, p.idleBytes)
	}
	if err := p.close(); err != nil || len(h.blocks) != 0 {
		t.Errorf("close = %v with %d blocks left", err, len(h.blocks))
	}
}

func TestPoolTrimsWhenThereIsNoMemory(t *testing.T) {
	h := &heap{size: 64 << 10}
	p := h.pool(1 << 20)
	var ms []kernels.Memory
	for range 16 {
		m, err := p.get(4096)
		if err != nil {
			t.Fatal(err)
		}
		ms = append(ms, m)
	}
	_, err := p.get(256)
	wants(t, err, kernels.ErrMemory)
	for i := 0; i < 16; i += 2 { // every other: fragmented
		if err := p.put(ms[i]); err != nil {
			t.Fatal(err)
		}
	}
	_, err = p.get(8192)
	wants(t, err, kernels.ErrMemory)
	if p.idleBytes != 0 {
		t.Errorf("%d bytes idle after a failed get, want 0", p.idleBytes)
	}
	for i := 1; i < 16; i += 2 {
		if err := p.put(ms[i]); err != nil {
			t.Fatal(err)
		}
	}
	m, err := p.get(64 << 10) // needs all that is idle
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.put(m), p.close()); err != nil || len(h.blocks) != 0 {
		t.Errorf("close = %v with %d blocks left", err, len(h.blocks))
	}
	_, err = p.get(maxBytes + 1)
	wants(t, err, kernels.ErrMemory)
	_, err = p.get(-1)
	wants(t, err, ErrAddress)
}

func TestPoolCheck(t *testing.T) {
	p := (&heap{size: 1 << 20}).pool(0)
	a, _ := p.get(512)
	b, err := p.get(512)
	if err != nil || b != a+512 {
		t.Fatalf("second block at %#x, %v", uint64(b), err)
	}
	for _, c := range []struct {
		m  kernels.Memory
		n  int
		ok bool
	}{
		{a, 512, true}, {a + 511, 1, true}, {a + 512, 512, true}, {b + 512, 0, true},
		{a, 513, false}, {a - 1, 1, false}, {b + 512, 1, false}, {b + 513, 0, false}, {0, 0, false}, {^kernels.Memory(0), 1, false},
	} {
		if err := p.check(c.m, c.n); (err == nil) != c.ok || (err != nil && !errors.Is(err, ErrAddress)) {
			t.Errorf("check(%#x, %d) = %v, want ok: %v", uint64(c.m), c.n, err, c.ok)
		}
	}
}

// TestPoolRandom compares with plain bookkeeping: no two live blocks overlap, and nothing is lost.
func TestPoolRandom(t *testing.T) {
	const seed = 4
	r := rand.New(rand.NewPCG(seed, 0))
	h := &heap{size: 4 << 20}
	p := h.pool(1 << 20)
	live := make(map[kernels.Memory]int64)
	for step := range 3000 {
		if r.IntN(2) == 0 {
			n := int64(1) << r.IntN(20)
			n += r.Int64N(n)
			m, err := p.get(n)
			if errors.Is(err, kernels.ErrMemory) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			for at, size := range live {
				if m < at+kernels.Memory(size) && at < m+kernels.Memory(n) {
					t.Fatalf("seed %d, step %d: %#x+%d overlaps %#x+%d", seed, step, uint64(m), n, uint64(at), size)
				}
			}
			live[m] = n
			continue
		}
		for m := range live {
			if err := p.put(m); err != nil {
				t.Fatal(err)
			}
			delete(live, m)
			break
		}
		if p.idleBytes > p.limit || len(p.live) != len(live) || len(h.blocks) != len(p.live)+len(p.idle) {
			t.Fatalf("seed %d, step %d: %d idle bytes, %d live of %d, %d in the heap", seed, step, p.idleBytes, len(p.live), len(live), len(h.blocks))
		}
	}
	for m := range live {
		if err := p.put(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.close(); err != nil || len(h.blocks) != 0 {
		t.Errorf("close = %v with %d blocks left", err, len(h.blocks))
	}
}
