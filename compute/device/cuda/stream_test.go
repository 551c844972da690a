package cuda

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"doin.network/node/kernels"
)

// TestQueues works on several queues at once: each sees its own order, and the memory is the same.
func TestQueues(t *testing.T) {
	f := newFake(t)
	d := f.device()
	var all sync.WaitGroup
	var closing []kernels.Queue
	for n := range 4 {
		q, err := d.Queue()
		if err != nil {
			t.Fatal(err)
		}
		m := alloc(t, d, 64)
		closing = append(closing, q)
		all.Go(func() {
			for k := range 50 {
				from := bytes.Repeat([]byte{byte(n)}, 64)
				if err := q.Upload(m, from); err != nil {
					t.Error(err)
				}
				for range k {
					if err := q.Launch("add_one", 1, 32, 60<<10, args(m, 64)); err != nil {
						t.Error(err)
					}
				}
				to := make([]byte, 64)
				if err := q.Download(to, m); err != nil || to[0] != byte(n+k) || to[63] != byte(n+k) {
					t.Errorf("queue %d: %d after %d launches, %v", n, to[0], k, err)
				}
			}
		})
		defer func() {
			if err := d.Free(m); err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
	if e, err := d.Elapsed(); err != nil || e <= 0 || e > time.Minute {
		t.Errorf("Elapsed = %v, %v", e, err)
	}
	for _, q := range closing[:2] { // the others are the device's to close
		if err := q.Close(); err != nil {
			t.Error(err)
		}
		wants(t, q.Close(), ErrClosed)
		wants(t, q.Upload(1, []byte{1}), ErrClosed, "Upload")
	}
	if f.carved["add_one"] != 0 || f.sets["add_one"] != 0 {
		t.Errorf("the device's own stream was used: %v, %v", f.carved, f.sets)
	}
}

// TestCarveOut wants every kernel to prefer shared memory, whatever it is launched with.
func TestCarveOut(t *testing.T) {
	f := newFake(t)
	d := f.device()
	m := alloc(t, d, 8)
	for range 2 {
		if err := d.Launch("add_one", 1, 32, 0, args(m, 8)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Occupancy("train_test", 32, 0); err != nil {
		t.Fatal(err)
	}
	if f.carved["add_one"] != 1 || f.carved["train_test"] != 1 {
		t.Errorf("carve-outs %v, want one of each kernel", f.carved)
	}
	if err := d.Free(m); err != nil {
		t.Error(err)
	}
}

// TestLostByQueue loses the device on one queue: all others say so.
func TestLostByQueue(t *testing.T) {
	f := newFake(t)
	d := f.device()
	m := alloc(t, d, 8)
	q, err := d.Queue()
	if err != nil {
		t.Fatal(err)
	}
	other, err := d.Queue()
	if err != nil {
		t.Fatal(err)
	}
	q.(*Stream).driver.(*fake).fault = IllegalAddress
	if err := q.Launch("train_test", 1, 32, 0, args(m, 8)); err != nil {
		t.Fatal(err)
	}
	wants(t, q.Download(make([]byte, 8), m), kernels.ErrLost, "of train_test")
	wants(t, other.Upload(m, []byte{1}), kernels.ErrLost, "Upload after")
	_, err = d.Queue()
	wants(t, err, kernels.ErrLost)
	f.sticky = IllegalAddress // of the whole device
	if err := errors.Join(q.Close(), other.Close(), d.Close()); err != nil {
		t.Errorf("Close = %v", err)
	}
}

// TestLaunchedOrNot wants a launch whose end cannot be marked to lose the device, whatever the driver calls it: the kernel
// runs.
func TestLaunchedOrNot(t *testing.T) {
	f := newFake(t)
	d := f.device()
	m := alloc(t, d, 8)
	f.unmarked = OutOfMemory
	err := d.Launch("add_one", 1, 32, 0, args(m, 8))
	wants(t, err, kernels.ErrLost, "cuEventRecord of add_one", "OUT_OF_MEMORY")
	wants(t, d.Upload(m, []byte{1}), kernels.ErrLost)
	f.sticky = IllegalAddress
}
