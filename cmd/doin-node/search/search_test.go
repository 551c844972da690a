package search

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"doin.network/node/chain/protocol"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

// TestNeverWaits: a chain that says nothing does not slow the search; no more than four claims are open.
func TestNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(nil)
		r.run(t, 20*time.Second+time.Second/2)
		if got := len(r.worker.answered()); got != 20 {
			t.Errorf("%d records answered in 20 s, want 20", got)
		}
		if got := len(r.chain.proposals()); got != 4 {
			t.Errorf("%d proposals, want 4: nothing came of any", got)
		}
		if s := r.s.Status(); s.Rounds != 20 || s.Open != 4 || *s.Best != 1.9 || s.Evaluations != 40 {
			t.Errorf("Status() = %+v", s)
		}
		if got := len(r.host.rounds()); got != 20 {
			t.Errorf("%d rows, want 20", got)
		}
	})
}

// TestNominates: the best of a generation is proposed, once, and what is confirmed has to be beaten.
func TestNominates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(nil)
		r.chain.answer = func(p protocol.Propose) {
			r.steps(p, 100, time.Second/4, protocol.Confirmed, protocol.Committed, protocol.Revealed)
		}
		r.run(t, 10*time.Second)
		list := r.chain.proposals()
		if len(list) != 1 || canon.Hash(list[0].Parameters) != canon.Hash(canon.NewObject("n", 0, "i", 1)) || list[0].Experiment == nil {
			t.Fatalf("proposals = %v, want the first generation's best alone", list)
		}
		if got, want := r.host.stages(), []string{"1 confirmed", "1 committed", "1 revealed"}; !slices.Equal(got, want) {
			t.Errorf("claim rows = %q, want %q", got, want)
		}
		rows := r.host.rounds()
		if rows[1].Digest == "" || rows[1].DigestParameters == "" || *rows[1].Seed != 101 || rows[2].Digest != "" {
			t.Errorf("the second round's row = %+v, want the digest of the confirming run and the best's seed", rows[1])
		}
	})
}

// TestSuperseded: a superseded claim's genome is claimed again, on the new base, if it still promises.
func TestSuperseded(t *testing.T) {
	f := func(best float64, want bool) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			r := newRig(func(r *rig) { r.worker.ends = 4 })
			r.chain.answer = func(p protocol.Propose) {
				if p.Proposal > 1 {
					return
				}
				r.steps(p, 50, time.Second/4, protocol.Confirmed, protocol.Committed)
				r.chain.set(func(k *Known) { k.Best, k.Base = &best, "x" })
				r.steps(p, 50, 0, protocol.Superseded)
			}
			r.run(t, 10*time.Second)
			list := r.chain.proposals()
			again := len(list) > 1 && canon.Hash(list[0].Parameters) == canon.Hash(list[1].Parameters)
			if again != want || again && list[0].Nonce == list[1].Nonce {
				t.Errorf("best %v: proposals %v, claimed again = %v, want %v", best, list, again, want)
			}
			if s := r.s.Status(); s.Superseded != 1 {
				t.Errorf("Status().Superseded = %d, want 1", s.Superseded)
			}
		})
	}
	f(40, true)
	f(60, false)
}

// TestAlone: without anybody who verifies, the own confirmed best has to be beaten; once there is somebody, it is claimed.
func TestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(func(r *rig) { r.chain.known.Alone = true })
		r.chain.answer = func(p protocol.Propose) { r.steps(p, 100, time.Second/10, protocol.Confirmed, protocol.Withdrawn) }
		time.AfterFunc(5500*time.Millisecond, func() { r.chain.set(func(k *Known) { k.Alone = false }) })
		r.run(t, 8*time.Second)
		list := r.chain.proposals()
		if len(list) < 2 {
			t.Fatalf("%d proposals, want one while alone and more after", len(list))
		}
		if got, want := *r.s.Status().Confirmed, 100.0; got != want {
			t.Errorf("confirmed = %v, want %v", got, want)
		}
		first := canon.Hash(list[0].Parameters)
		if !slices.ContainsFunc(list[1:], func(p protocol.Propose) bool { return canon.Hash(p.Parameters) == first }) {
			t.Error("the own champion is not claimed once somebody can verify it")
		}
	})
}

// TestDecided: an acceptance that waits for its block has to be beaten.
func TestDecided(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(nil)
		r.s.Decided(protocol.Decided{Domain: "d", OptimaeID: "x", OptimizerID: "you", Accepted: true, Performance: 0.35})
		r.run(t, 5500*time.Millisecond)
		list := r.chain.proposals()
		if len(list) != 1 || canon.Hash(list[0].Parameters) != canon.Hash(canon.NewObject("n", 4, "i", 1)) {
			t.Errorf("proposals = %v, want generation 4's best alone", list)
		}
	})
}

// TestDecidedOwn: a claim of this node that is judged and waits for its block makes room.
func TestDecidedOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(nil)
		r.chain.answer = func(p protocol.Propose) {
			r.steps(p, float64(p.Proposal-1)/10, time.Second/10, protocol.Confirmed, protocol.Committed, protocol.Revealed)
			r.s.Decided(protocol.Decided{Domain: "d", OptimaeID: fmt.Sprint("o", p.Proposal), OptimizerID: "me", Accepted: true,
				Performance: float64(p.Proposal-1) / 10})
		}
		r.run(t, 20*time.Second+time.Second/2)
		if got := len(r.chain.proposals()); got != 20 {
			t.Errorf("%d proposals, want 20", got)
		}
	})
}

// TestMigrants: who is let in joins the next answer; nobody comes twice, and nobody's genome is proposed here.
func TestMigrants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(func(r *rig) { r.worker.ends = 3 })
		m := protocol.Migrant{Domain: "d", OptimaeID: "x", OptimizerID: "you", Parameters: canon.NewObject("n", 0, "i", 1), Performance: 7}
		r.s.Migrant(m)
		r.s.Migrant(m)
		m.OptimaeID, m.Performance = "y", math.NaN()
		r.s.Migrant(m)
		m.OptimizerID, m.Performance = "me", 8
		r.s.Migrant(m)
		r.run(t, 10*time.Second)
		if got, want := r.worker.answered(), []int{1, 0, 0}; !slices.Equal(got, want) {
			t.Errorf("immigrants in the answers = %v, want %v", got, want)
		}
		if rows := r.host.rounds(); rows[0].ImmigrantsCount != 1 || rows[1].ImmigrantsCount != 0 {
			t.Errorf("immigrants in the rows = %d, %d, want 1, 0", rows[0].ImmigrantsCount, rows[1].ImmigrantsCount)
		}
		if p := r.chain.proposals(); canon.Hash(p[0].Parameters) == canon.Hash(m.Parameters) {
			t.Error("another node's champion is proposed")
		}
	})
}

// TestPause: with a pause, what arrives in it enters the next generation.
func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(func(r *rig) { r.cfg.Interval, r.worker.ends = 2*time.Second, 3 })
		time.AfterFunc(2*time.Second, func() {
			r.s.Migrant(protocol.Migrant{Domain: "d", OptimaeID: "x", OptimizerID: "you", Parameters: canon.NewObject("z", 1), Performance: 7})
		})
		r.run(t, 30*time.Second)
		if got, want := r.worker.answered(), []int{1, 0, 0}; !slices.Equal(got, want) {
			t.Errorf("immigrants in the answers = %v, want %v", got, want)
		}
		if got := r.worker.jobs[0].Ahead; got != 1 {
			t.Errorf("ahead = %d, want 1", got)
		}
	})
}

// TestChampion: somebody else's champion is trained again and let in if the result is the same.
func TestChampion(t *testing.T) {
	f := func(o worker.Outcome, optimizer string, verified bool, want int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			r := newRig(func(r *rig) { r.worker.ends = 3 })
			r.worker.evaluate = func(j worker.Job) (worker.Outcome, error) {
				if !slices.Equal(j.Seeds, []uint64{42}) || j.Domain != "d" || !j.Own {
					t.Errorf("Evaluate(%+v)", j)
				}
				return o, nil
			}
			c := protocol.Champion{Domain: "d", OptimaeID: "x", OptimizerID: optimizer, Recipe: protocol.Recipe{Parameters: canon.NewObject("z", 1), Seeds: []uint64{42}},
				Performance: 7, Digest: "abc", Verified: verified}
			r.s.Champion(c)
			r.s.Champion(c)
			r.run(t, 10*time.Second)
			got := 0
			for _, n := range r.worker.answered() {
				got += n
			}
			if got != want {
				t.Errorf("%v of %s: %d immigrants, want %d", o, optimizer, got, want)
			}
		})
	}
	same := worker.Outcome{Performance: 7, Digest: "abc"}
	f(same, "you", true, 1)
	f(same, "me", true, 0)
	f(same, "you", false, 0)
	f(worker.Outcome{Performance: 7, Digest: "abd"}, "you", true, 0)
	f(worker.Outcome{Performance: 7.1, Digest: "abc"}, "you", true, 0)
}

// TestSeed: with a seed a confirming run's result takes effect four generations later, and the search waits for it; when it
// comes in between makes no difference.
func TestSeed(t *testing.T) {
	type look struct {
		Performance float64
		Digest      string
		Metrics     olap.JSON
	}
	run := func(delay time.Duration) (rows []look, answered int) {
		synctest.Test(t, func(t *testing.T) {
			seed := int64(7)
			r := newRig(func(r *rig) { r.cfg.Seed, r.chain.known.Alone = &seed, true })
			r.chain.answer = func(p protocol.Propose) {
				r.steps(p, float64(p.Proposal)/4, delay, protocol.Confirmed, protocol.Withdrawn)
			}
			r.run(t, 12*time.Second+time.Second/2)
			answered = len(r.worker.answered())
			for _, x := range r.host.rounds() {
				rows = append(rows, look{x.Performance, x.Digest, x.Metrics})
			}
		})
		return rows, answered
	}
	fast, n := run(time.Second / 100)
	slow, _ := run(time.Second)
	if n != 12 || len(slow) != 12 || !reflect.DeepEqual(fast, slow) {
		t.Errorf("%d answers; rows differ:\n%v\n%v", n, fast, slow)
	}
	if fast[2].Digest != "" || fast[3].Digest == "" { // of generation 0, awaited before generation 4 was let be bred
		t.Errorf("rows = %v, want the first digest in generation 3's", fast)
	}
	late, n := run(10 * time.Second) // the answer to generation 2 lets generation 4 be bred
	if n != 2 || !reflect.DeepEqual(late, fast[:3]) {
		t.Errorf("without a result %d records were answered with rows %v, want 2 with %v", n, late, fast[:3])
	}
}

// TestTarget: the verified best ends the search, or what the node has measured itself where that does.
func TestTarget(t *testing.T) {
	f := func(lower bool, target float64, known Known) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			r := newRig(func(r *rig) { r.cfg.Setup.Target, r.cfg.Setup.LowerIsBetter = &target, lower })
			time.AfterFunc(2500*time.Millisecond, func() { r.chain.set(func(k *Known) { k.Best, k.Measured = known.Best, known.Measured }) })
			r.run(t, 10*time.Second)
			if s := r.s.Status(); !s.Converged || s.Rounds != 3 {
				t.Errorf("Status() = %+v, want converged in round 3", s)
			}
		})
	}
	better, worse := -4.0, -6.0
	f(false, -5, Known{Best: &better})
	f(true, 5, Known{Best: &better})
	f(false, -5, Known{Measured: &better})
	f(false, -5, Known{Best: &worse, Measured: &better})
}

// TestAttempts: a search that fails goes on from its last record; a refused record is given up, refused settings are an error.
func TestAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(func(r *rig) { r.worker.ends = 5 })
		time.AfterFunc(2500*time.Millisecond, func() {
			r.worker.mu.Lock()
			defer r.worker.mu.Unlock()
			r.worker.failing, r.worker.refusing = errors.New("worker died"), worker.ErrRefused
		})
		r.run(t, 30*time.Second)
		var resumed []string
		for _, j := range r.worker.jobs {
			resumed = append(resumed, string(j.Resume))
		}
		if want := []string{"", "2", ""}; !slices.Equal(resumed, want) {
			t.Errorf("resumed from %q, want %q", resumed, want)
		}
		if s := r.s.Status(); s.Rounds != 5 || s.Generation != 1 {
			t.Errorf("Status() = %+v, want 5 rounds, the last of them generation 1", s)
		}
		r = newRig(nil)
		r.worker.failing = fmt.Errorf("%w: population", worker.ErrRefused)
		if err := r.s.Run(t.Context()); !errors.Is(err, worker.ErrRefused) || !strings.Contains(err.Error(), "domain d") {
			t.Errorf("Run() = %v, want ErrRefused", err)
		}
	})
}

// TestWithoutATraining: a generation of which every training failed has no best, and so no row: 0 would beat every negative
// performance for ever.
func TestWithoutATraining(t *testing.T) {
	r := newRig(nil)
	r.s.row(t.Context(), &worker.Generation{Evaluations: 12}, time.Now())
	if s := r.s.Status(); s.Best != nil || s.Evaluations != 12 || r.s.pos.evaluated != 0 || len(r.host.rounds()) != 0 {
		t.Errorf("Status() = %+v, %d rows, want no best and no row", s, len(r.host.rounds()))
	}
}

// TestMailbox: mail is bounded, the latest stays.
func TestMailbox(t *testing.T) {
	r := newRig(nil)
	for i := range 3 * maxMail {
		r.s.Migrant(protocol.Migrant{Performance: float64(i)})
		r.s.Claim(protocol.Claim{Proposal: int64(i)})
		r.s.Decided(protocol.Decided{Performance: float64(i)})
		r.s.Champion(protocol.Champion{Performance: float64(i)})
	}
	m := r.s.mail.take()
	last := 3*maxMail - 1
	if len(m.migrants) != maxMail || len(m.claims) != maxMail || len(m.decided) != maxMail || m.champion.Performance != float64(last) {
		t.Errorf("%d migrants, %d claims, %d decided wait, want %d", len(m.migrants), len(m.claims), len(m.decided), maxMail)
	}
	if m.migrants[maxMail-1].Performance != float64(last) || m.claims[0].Proposal != int64(last-maxMail+1) {
		t.Error("the oldest mail is kept, the latest forgotten")
	}
	if m = r.s.mail.take(); m.migrants != nil || m.champion != nil {
		t.Error("mail is handed out twice")
	}
}

func TestAnnounce(t *testing.T) {
	var x times
	for i := range 10 {
		x.add(float64(i), i >= 8)
	}
	if a := x.announce(); a.With != 2 || a.Without != 8 || a.Ratio != nil || a.SecondsWithout != 3.5 || a.SecondsWith != 8.5 {
		t.Errorf("announce() = %+v", a)
	}
	x.add(7, true)
	if a := x.announce(); a.Ratio == nil || *a.Ratio != 8/3.5 {
		t.Errorf("announce() = %+v, want the ratio 8/3.5", a)
	}
	for range 3 * maxTimes {
		x.add(1, false)
	}
	if a := x.announce(); a.With != 0 || a.Without != maxTimes || a.Ratio != nil {
		t.Errorf("announce() = %+v, want %d without a claim", a, maxTimes)
	}
}
