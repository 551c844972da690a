package block

import (
	"sync"
	"testing"
	"time"
	"unsafe"

	"doin.network/node/compute/device/null"
	"doin.network/node/compute/nn"
	"doin.network/node/kernels"
)

// ordering is a lane's population without a device: launches take as long as they are expected to.
type ordering struct {
	members []*individual
	blocks  int
}

// add adds trainings of so many steps.
func (o *ordering) add(count, steps int, m *model) {
	for range count {
		o.members = append(o.members, &individual{task: &nn.Task{}, plan: m, record: kernels.Individual{MaxSteps: uint32(steps)}})
	}
}

// run makes launches until all have ended: how long they took together, and how many ended in each.
func (o *ordering) run(t *testing.T) (seconds float64, ended []int) {
	t.Helper()
	for active := o.members; len(active) > 0; {
		g := &group{slots: o.blocks, grid: min(o.blocks, len(active)), members: active}
		g.choose(0, launchTime, 1)
		if len(g.members) < g.grid {
			t.Fatalf("%d members for %d blocks", len(g.members), g.grid)
		}
		if seconds += g.alone(); g.alone() > 2*launchTime.Seconds() {
			t.Fatalf("a launch of %v s, want %v", g.alone(), launchTime)
		}
		for _, i := range g.members {
			i.record.Step += i.record.StepsPerLaunch
		}
		var left []*individual
		for _, i := range active {
			if i.record.Step < i.record.MaxSteps {
				left = append(left, i)
			}
		}
		ended, active = append(ended, len(active)-len(left)), left
	}
	return seconds, ended
}

// TestDepthFirst wants trainings to end all the time, few in the last launch, and blocks that are at work until then,
// whatever the lengths of the trainings.
func TestDepthFirst(t *testing.T) {
	model := func(seconds float64) *model { return &model{pace: pace{seconds: seconds, measured: true}} }
	quick, slow := model(32e-6), model(320e-6)
	f := func(name string, add func(o *ordering)) {
		t.Helper()
		o := &ordering{blocks: 40}
		add(o)
		least, longest := 0.0, 0.0
		for _, i := range o.members {
			least, longest = least+i.remaining()/float64(o.blocks), max(longest, i.remaining())
		}
		seconds, ended := o.run(t)
		if bound := 1.05*max(least, longest) + launchTime.Seconds()/2; seconds > bound {
			t.Errorf("%s: %.4f s, want at most %.4f", name, seconds, bound)
		}
		if last := ended[len(ended)-1]; last > 2*o.blocks {
			t.Errorf("%s: %d of %d end in the last launch, want at most %d", name, last, len(o.members), 2*o.blocks)
		}
		half := 0
		for _, n := range ended[:len(ended)*2/3] {
			half += n
		}
		if half < len(o.members)/3 {
			t.Errorf("%s: %d of %d ended in the first two thirds of the launches, want a third", name, half, len(o.members))
		}
	}
	f("one length", func(o *ordering) { o.add(400, 1000, quick) })
	f("a part of the blocks would be left over", func(o *ordering) { o.add(412, 5000, quick) })
	f("a long one at the end", func(o *ordering) { o.add(400, 1000, quick); o.add(1, 9000, quick) })
	f("long ones in front", func(o *ordering) { o.add(20, 9000, quick); o.add(400, 1000, quick) })
	f("slow ones at the end", func(o *ordering) { o.add(400, 1000, quick); o.add(45, 1000, slow) })
}

// counting is a device that counts its launches, and whose results it is asked for.
type counting struct {
	Device
	launches  int
	collected []int // how many results at a time
}

func (d *counting) Launch(kernel string, grid, threads, sharedBytes int, args []byte) error {
	if kernel == collectBest.name {
		d.collected = append(d.collected, int((*kernels.Args)(unsafe.Pointer(unsafe.SliceData(args))).Count))
	} else {
		d.launches++
	}
	return d.Device.Launch(kernel, grid, threads, sharedBytes, args)
}

// ticking is a clock that goes on by as much at every call.
func ticking(by time.Duration) func() time.Time {
	var mu sync.Mutex
	var now time.Time
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(by)
		return now
	}
}

// TestResultsComeAllTheTime trains a population of many times the device's blocks: results are fetched while there is more
// to do, a few at a time.
func TestResultsComeAllTheTime(t *testing.T) {
	d := &counting{Device: null.New(null.Config{Multiprocessors: 2, Blocks: 2})}
	e := engine(t, d, Options{Lanes: 1, now: ticking(launchTime)})
	tasks := s2(60, 100, 0)
	if _, err := e.TrainAll(t.Context(), tasks, nil); err != nil {
		t.Fatal(err)
	}
	sum, most := 0, 0
	for _, n := range d.collected {
		sum, most = sum+n, max(most, n)
	}
	if sum != len(tasks) || most > 8 || len(d.collected) < 8 {
		t.Errorf("results are fetched in parts of %v in %d launches, want %d of them, 8 at a time at most", d.collected, d.launches, len(tasks))
	}
}
