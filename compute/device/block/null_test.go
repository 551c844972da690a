package block

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"doin.network/node/compute/device/null"
	"doin.network/node/compute/nn"
)

// s2 returns a population of the workload that the design is made for.
func s2(count, steps, segment int) []nn.Task {
	base := small(1, steps)
	base.Config.Inputs, base.Config.Hidden, base.Config.Batch = 32, []int{64, 64}, 64
	base.Config.EvalEvery, base.Config.Segment = 0, segment
	train, valid := samples{base.Key, 1024, 0, nn.MSE, -1}, samples{base.Key, 256, 4096, nn.MSE, -1}
	tasks := make([]nn.Task, count)
	for i := range tasks {
		tasks[i] = base
		tasks[i].Key[0], tasks[i].Train, tasks[i].Validation = uint32(i), train, valid
	}
	return tasks
}

// processor is the time that this process has spent.
func processor(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestHostTime trains populations on a device that takes as long as a card, and computes nothing.
func TestHostTime(t *testing.T) {
	for _, segment := range []int{0, 100} {
		tasks := s2(4096, 1000, segment)
		d := null.New(null.Config{Step: 32 * time.Microsecond})
		e, err := New(d, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			before, begun, cpu := d.Usage(), time.Now(), processor(t)
			if _, err := e.TrainAll(t.Context(), tasks, nil); err != nil {
				t.Fatal(err)
			}
			took, after := time.Since(begun), d.Usage()
			full := (after.Blocks - before.Blocks) / time.Duration(d.Slots())
			t.Logf("segment %d: %v, of it %v without a launch; blocks full %v; %d launches; processor %v of %d", segment,
				took, took-(after.Busy-before.Busy), full, after.Launches-before.Launches, processor(t)-cpu, runtime.GOMAXPROCS(0))
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if n := d.Held(); n != 0 {
			t.Errorf("%d bytes are left on the device", n)
		}
	}
}
