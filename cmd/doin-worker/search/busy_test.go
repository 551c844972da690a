package search

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/open"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
)

// recorded are the trainings of a search on examples/co2 with 32 individuals, four generations: optimizer steps times
// parameters, in thousands.
var recorded = []int{287, 240, 726, 503, 481, 313, 97, 239, 617, 136, 227, 276, 532, 579, 250, 385, 279, 193, 115, 334, 441, 365, 180,
	428, 454, 71, 183, 367, 228, 364, 154, 372, 855, 1035, 79, 154, 145, 202, 451, 183, 242, 385, 461, 215, 591, 347, 168, 469, 454, 180,
	348, 1009, 327, 466, 206, 384, 678, 177, 380, 258, 697, 208, 138, 381, 335, 512, 733, 610, 98, 386, 164, 296, 192, 414, 615, 259, 125,
	519, 186, 157, 362, 556, 136, 193, 307, 520, 168, 322, 484, 942, 538, 275, 192, 340, 199, 1170, 498, 248, 186, 335, 508, 402, 199, 241,
	496, 362, 483, 457, 562, 479, 335, 520, 322, 1131, 306, 586, 207, 213, 491, 646, 161, 520, 36, 186, 406, 192, 581, 451}

// sleeper is a pool whose trainings take as long as recorded ones and do nothing. Time is the test's own.
type sleeper struct {
	lock chan struct{} // held by who touches what follows
	n    int
	busy time.Duration
}

func (p *sleeper) Do(_ context.Context, f func() error) error { return f() }

func (p *sleeper) Try(ctx context.Context, list []domain.Trial) ([]domain.Tried, error) {
	p.lock <- struct{}{}
	d := time.Duration(recorded[p.n%len(recorded)]) * time.Millisecond
	p.n++
	<-p.lock
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		p.lock <- struct{}{}
		p.busy += d
		<-p.lock
		return []domain.Tried{{Performance: -float64(list[0].Seed % 1000), Status: "completed", Metrics: canon.NewObject()}}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// busy is the share of the slots' time in which a training ran, over so many generations, each of whose records is answered
// after a while. A window of 0 is the default. Without patience there is no plateau, on which a search leaves slots to others:
// the scores are nothing but luck.
func busy(t *testing.T, d domain.Domain, slots, population, window, generations int, answer time.Duration) (share float64) {
	synctest.Test(t, func(t *testing.T) {
		p := &sleeper{lock: make(chan struct{}, 1)}
		s, err := New(worker.SearchSpec{Domain: d, Seed: 1, Settings: canon.NewObject("population", population, "patience", 0), Pool: p, Slots: slots, Window: window})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		for range generations {
			if _, err := s.Generation(ctx, nil); err != nil {
				t.Fatal(err)
			}
			time.Sleep(answer) // of the simulation
		}
		share = p.busy.Seconds() / (float64(slots) * time.Since(began).Seconds())
		cancel()
		s.(*genetic).Close()
	})
	return share
}

// With the default window every slot is full although the trainings are unequal and are told in order.
func TestBusy(t *testing.T) {
	d, err := open.New("forecast", parse(t, forecast))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []struct{ slots, population int }{{8, 32}, {1, 12}, {2, 12}, {4, 32}, {16, 64}} {
		got := busy(t, d, f.slots, f.population, 0, 40, 0)
		t.Logf("%d slots, population %d, window %d: busy %.3f", f.slots, f.population, DefaultWindow(f.slots, f.population), got)
		if got < 0.95 {
			t.Errorf("%d slots, population %d: busy %.3f, want 0.95 at least", f.slots, f.population, got)
		}
	}
	if got := busy(t, d, 8, 32, 8, 40, 0); got > 0.9 {
		t.Errorf("busy %.3f with a window of one trial for each slot: the test does not see what waits", got)
	}
	// A record that is answered late costs nothing while trials are under way.
	if got := busy(t, d, 2, 12, 0, 40, 100*time.Millisecond); got < 0.95 {
		t.Errorf("busy %.3f with late answers, want 0.95 at least", got)
	}
}

// A search on a plateau trains one at a time: of four slots, three are for others.
func TestPace(t *testing.T) {
	d, err := open.New("forecast", parse(t, forecast))
	if err != nil {
		t.Fatal(err)
	}
	space := d.Describe().Space
	for _, plateau := range []bool{false, true} {
		r := &worker.Record{Strategy: "ga", Seed: 1, Plateau: plateau, Extra: map[string]string{windowKey: "12"}}
		for i := range 32 {
			g := space.Random(func() float32 { return float32(i) / 32 })
			r.Rows = append(r.Rows, worker.Row{Index: i, Genome: g, Fitness: -float64(i), Status: "completed", Origin: "random", Seed: uint64(i)})
		}
		synctest.Test(t, func(t *testing.T) {
			p := &sleeper{lock: make(chan struct{}, 1)}
			s, err := New(worker.SearchSpec{Domain: d, Seed: 1, Settings: canon.NewObject("population", 32), Pool: p, Slots: 4, Resume: r})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			began := time.Now()
			if _, err := s.Generation(ctx, nil); err != nil {
				t.Fatal(err)
			}
			got := p.busy.Seconds() / time.Since(began).Seconds()
			if plateau && (got < 0.99 || got > 1.01) || !plateau && got < 3 {
				t.Errorf("plateau %v: %.2f trainings at a time", plateau, got)
			}
			cancel()
			s.(*genetic).Close()
		})
	}
}
