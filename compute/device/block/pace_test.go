package block

import (
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"doin.network/node/compute/device/null"
	"doin.network/node/compute/nn"
	"doin.network/node/kernels"
	"doin.network/node/kernels/host"
)

// clock is a clock that goes as it likes.
type clock struct {
	mu   sync.Mutex
	r    *rand.Rand
	at   time.Time
	most time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Duration(c.r.Int64N(int64(c.most) + 1)))
	return c.at
}

// TestClock trains a population by clocks that stand still, jump, and go wild: the launches are others, the results are not.
func TestClock(t *testing.T) {
	tasks := mixed()
	d := start(t, fast, host.Config{SharedPerBlock: 40 << 10})
	for n, most := range []time.Duration{0, time.Microsecond, time.Millisecond, 300 * time.Millisecond} {
		c := &clock{r: rand.New(rand.NewPCG(1, uint64(n))), most: most}
		e := engine(t, d, Options{Lanes: 1 + n%3, now: c.now})
		results, err := e.TrainAll(t.Context(), tasks, nil)
		if err != nil {
			t.Fatalf("clock of %v: %v", most, err)
		}
		for i, r := range results {
			same(t, most.String(), &tasks[i], r)
		}
	}
}

// hours is a clock that goes on by an hour at some of the calls, else by a microsecond.
func hours(at func(call int) bool) func() time.Time {
	var mu sync.Mutex
	now, calls := time.Unix(0, 0), 0
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		if calls++; at(calls) {
			now = now.Add(time.Hour)
		}
		now = now.Add(time.Microsecond)
		return now
	}
}

// TestHiccup lets the host sleep for an hour while a launch is under way, the first of a model or a later one: that makes no
// model slow.
func TestHiccup(t *testing.T) {
	for launch := 1; launch <= 6; launch++ {
		d := null.New(null.Config{})
		e := engine(t, d, Options{Lanes: 1, now: hours(func(call int) bool { return call == 2*launch })})
		task := small(1, 100)
		task.Config.EvalEvery, task.Config.Segment = 0, 10
		for range 2 {
			if _, err := e.Train(t.Context(), &task); err != nil {
				t.Errorf("sleep at launch %d: %v", launch, err)
			}
		}
	}
}

func TestHopeless(t *testing.T) {
	f := func(flop float64, timeOut, want bool) {
		t.Helper()
		p := pace{flop: flop}
		if got := p.hopeless(timeOut); got != want {
			t.Errorf("hopeless(%v FLOP, %v) = %v, want %v", flop, timeOut, got, want)
		}
	}
	f(40e9, true, false)
	f(60e9, true, true)
	f(60e9, false, false)
	f(600e9, false, true)
}

// TestSlow refuses a model of which a step takes too long: the first launch says so, and later trainings are not begun.
func TestSlow(t *testing.T) {
	d := null.New(null.Config{})
	e := engine(t, d, Options{now: hours(func(int) bool { return true })})
	task := small(1, 100)
	if _, err := e.Train(t.Context(), &task); !errors.Is(err, ErrSlow) {
		t.Errorf("Train() = %v, want ErrSlow", err)
	}
	before := d.Usage().Launches
	if _, err := e.Train(t.Context(), &task); !errors.Is(err, ErrSlow) || d.Usage().Launches != before {
		t.Errorf("Train() = %v after %d launches more, want ErrSlow and none", err, d.Usage().Launches-before)
	}
	huge := small(1, 1)
	conv := nn.Layer{Kind: nn.Conv1D, Width: 1024, Kernel: 3, Dilation: 1, Activation: nn.ReLU}
	huge.Config.Hidden, huge.Config.Activation, huge.Config.Batch = nil, "", 512
	huge.Config.Steps, huge.Config.Inputs, huge.Config.Layers = 64, 64, []nn.Layer{conv, conv, {Kind: nn.LastStep}}
	huge.Train = samples{huge.Key, 512, 0, nn.MSE, -1}
	if _, err := e.Train(t.Context(), &huge); !errors.Is(err, ErrSlow) || d.Usage().Launches != before {
		t.Errorf("Train() of a huge model = %v, want ErrSlow", err)
	}
}

// TestLaunchTime wants launches that take some hundredths of a second, whatever a step takes, and one step at least; members
// for whom there is no time come next.
func TestLaunchTime(t *testing.T) {
	for _, step := range []time.Duration{20 * time.Microsecond, time.Millisecond, 100 * time.Millisecond} {
		tasks := s2(60, int(2*time.Second/step/20), 0)
		d := null.New(null.Config{Step: step, Multiprocessors: 2, Blocks: 2})
		e := engine(t, d, Options{Lanes: 1})
		if _, err := e.TrainAll(t.Context(), tasks[:4], nil); err != nil { // which finds out how long a step takes
			t.Fatal(err)
		}
		before := d.Usage()
		results, err := e.TrainAll(t.Context(), tasks, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range results {
			if r.StopStep != tasks[i].Config.MaxSteps {
				t.Errorf("task %d stopped at step %d, want %d", i, r.StopStep, tasks[i].Config.MaxSteps)
			}
		}
		u := d.Usage()
		mean := (u.Busy - before.Busy) / time.Duration(max(1, u.Launches-before.Launches-1)) // the last one gathers results
		if most := max(2*launchTime, 2*step); mean > most {
			t.Errorf("steps of %v: launches of %v at the mean, want at most %v", step, mean, most)
		}
	}
}

func TestChoose(t *testing.T) {
	f := func(seconds float64, members, grid int, limit time.Duration, wantMembers int, wantSteps uint32) {
		t.Helper()
		g := &group{grid: grid, slots: grid}
		m := &model{pace: pace{seconds: seconds, measured: true}}
		for range members {
			g.members = append(g.members, &individual{task: &nn.Task{}, plan: m, record: kernels.Individual{MaxSteps: 1000}})
		}
		g.choose(0, limit, 1)
		if got := g.members[0].record.StepsPerLaunch; len(g.members) != wantMembers || got != wantSteps {
			t.Errorf("choose(%v s, %d on %d, %v) = %d members with %d steps, want %d with %d", seconds, members, grid, limit, len(g.members), got, wantMembers, wantSteps)
		}
	}
	ms := time.Millisecond
	f(0.001, 10, 10, 40*ms, 10, 40)
	f(0.001, 1, 1, 40*ms, 1, 40)
	f(0.001, 40, 10, 40*ms, 10, 40)     // as many as run at once
	f(0.00001, 10, 10, 40*ms, 10, 1000) // the end of the training
	f(0.030, 400, 10, 40*ms, 10, 1)     // no time for more
	f(0.5, 400, 10, 40*ms, 10, 1)       // one step of as many as run at once
	f(5, 3, 10, 40*ms, 3, 1)
}

// TestBacklog wants to know when launches behind others end, and to forget what was wrong with that.
func TestBacklog(t *testing.T) {
	var b backlog
	at := time.Unix(0, 0)
	add := func(alone, work, want float64) {
		t.Helper()
		if got := b.add(at, alone, work); math.Abs(got-want) > 1e-6 {
			t.Errorf("a launch of %v s alone, %v s of the device: expected after %v s, want %v", alone, work, got, want)
		}
	}
	add(0.020, 0.010, 0.020) // its blocks run side by side
	add(0.020, 0.010, 0.020)
	add(0.020, 0.010, 0.030) // behind the others
	for range 3 {
		at = at.Add(10 * time.Millisecond)
		b.end(at, 0, 0.010, 3)
	}
	add(0.001, 0.010, 0.010) // nothing is left of them

	at = at.Add(time.Hour) // the host has slept
	b.end(at, -3600, 0.010, 3)
	add(0.001, 0.010, 0.010)
}

// TestCorrect wants the pace of many launches at the same time to come to rest where it belongs.
func TestCorrect(t *testing.T) {
	p := pace{seconds: 1e-3}
	p.correct(8e-5)
	if p.seconds != 8e-5 {
		t.Errorf("after the first measurement %v s, want 8e-5", p.seconds)
	}
	for range 12 {
		for range 4 { // launches that were chosen by the same pace
			p.correct(2e-5)
		}
	}
	if math.Abs(p.seconds-2e-5) > 1e-8 {
		t.Errorf("after many launches %v s, want 2e-5", p.seconds)
	}
	p.correct(3600)
	if p.seconds > 10e-5 {
		t.Errorf("after the host slept once %v s, want at most 10e-5", p.seconds)
	}
}
