package olap

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"doin.network/node/internal/canon"
)

// observe records round i of domain d, at second i of the experiment's running time.
func observe(t *testing.T, tracker *Tracker, i int, begun time.Time) []Row {
	t.Helper()
	rows, err := tracker.Record("d", Observation{
		Performance: float64((i*7)%11) - 8, Parameters: canon.NewObject("i", i), Evaluations: int64(i),
		Metrics: canon.NewObject("generation", i, "odd", nil),
	}, begun.Add(time.Duration(i)*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestProgress stops an experiment after each of its rounds and goes on, an hour later, in another tracker: apart from the
// time of day, the rows are those of an experiment that was never stopped.
func TestProgress(t *testing.T) {
	setup := Setup{DomainID: "d", Target: Float(1.5), OptimizationConfig: canon.NewObject("a", 1), DataHash: "ab"}
	const n = 12
	whole := NewTracker(Node{ID: "n"}, counter())
	if _, err := whole.Start(setup, epoch); err != nil {
		t.Fatal(err)
	}
	var want [][]Row
	for i := 1; i <= n; i++ {
		want = append(want, observe(t, whole, i, epoch))
	}
	final := whole.Finish(epoch.Add(n * time.Second))
	for stop := 0; stop <= n; stop++ {
		before := NewTracker(Node{ID: "n"}, counter())
		before.Start(setup, epoch)
		for i := 1; i <= stop; i++ {
			observe(t, before, i, epoch)
		}
		p, ok := before.Progress("d", epoch.Add(time.Duration(stop)*time.Second))
		before.Finish(epoch.Add(time.Duration(stop) * time.Second))
		text, err := json.Marshal(p)
		var kept Progress
		if err == nil {
			err = json.Unmarshal(text, &kept)
		}
		if err != nil || !ok || !reflect.DeepEqual(kept, p) {
			t.Fatalf("after %d rounds %+v became %+v, %v", stop, p, kept, err)
		}

		after, begun := NewTracker(Node{ID: "n"}, counter()), epoch.Add(time.Hour)
		resumed := setup
		resumed.Resume = &kept
		rows, err := after.Start(resumed, begun.Add(time.Duration(stop)*time.Second))
		if err != nil || rows[1].Experiment.ID != want[0][0].Experiment.ID || rows[1].Experiment.StartedAt != iso(epoch) {
			t.Fatalf("after %d rounds Start = %+v, %v", stop, rows, err)
		}
		if e := rows[1].Experiment; (e.FinishedAt != "") != e.Converged {
			t.Errorf("after %d rounds the experiment goes on as %+v", stop, e)
		}
		for i := stop + 1; i <= n; i++ {
			compare(t, stop, observe(t, after, i, begun), want[i-1])
		}
		compare(t, stop, after.Finish(begun.Add(n*time.Second)), final)
	}
}

// compare compares rows apart from the time of day.
func compare(t *testing.T, stop int, got, want []Row) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("stopped after %d: %d rows, want %d", stop, len(got), len(want))
	}
	for i := range got {
		for _, r := range []*Row{&got[i], &want[i]} {
			if r.Round != nil {
				round := *r.Round
				round.Timestamp = ""
				r.Round = &round
			}
			e := *r.Experiment
			e.FinishedAt = ""
			r.Experiment = &e
		}
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("stopped after %d:\ngot  %+v %+v\nwant %+v %+v", stop, got[i].Round, got[i].Experiment, want[i].Round, want[i].Experiment)
		}
	}
}

func TestProgressOfSomethingElse(t *testing.T) {
	setup := Setup{DomainID: "d", OptimizationConfig: canon.NewObject("a", 1), DataHash: "ab"}
	tracker := NewTracker(Node{ID: "n"}, counter())
	if _, ok := tracker.Progress("d", epoch); ok {
		t.Error("Progress of a domain without an experiment")
	}
	tracker.Start(setup, epoch)
	observe(t, tracker, 1, epoch)
	good, _ := tracker.Progress("d", epoch.Add(2*time.Second))
	f := func(name string, change func(*Progress, *Setup)) {
		t.Helper()
		p, s := good, setup
		s.Resume = &p
		change(&p, &s)
		other := NewTracker(Node{ID: "n"}, counter())
		if _, err := other.Start(s, epoch); !errors.Is(err, ErrProgress) {
			t.Errorf("%s: Start = %v, want ErrProgress", name, err)
		}
		s.Resume = nil
		if _, err := other.Start(s, epoch); err != nil {
			t.Errorf("%s: Start without it = %v", name, err)
		}
	}
	f("empty", func(p *Progress, _ *Setup) { *p = Progress{} })
	f("domain", func(p *Progress, _ *Setup) { p.DomainID = "e" })
	f("configuration", func(_ *Progress, s *Setup) { s.OptimizationConfig = canon.NewObject("a", 2) })
	f("data", func(_ *Progress, s *Setup) { s.DataHash = "cd" })
	f("node", func(p *Progress, _ *Setup) { p.NodeID = "m" })
	f("target", func(_ *Progress, s *Setup) { s.Target = Float(1) })
	f("direction", func(_ *Progress, s *Setup) { s.LowerIsBetter = true })
	f("rounds", func(p *Progress, _ *Setup) { p.Rounds = -1 })
	f("no rounds", func(p *Progress, _ *Setup) { p.Rounds = 0 })
	f("no best", func(p *Progress, _ *Setup) { p.BestPerformance = nil })
	f("not finite", func(p *Progress, _ *Setup) { p.BestPerformance = Float(math.NaN()) })
	f("before its start", func(p *Progress, _ *Setup) { p.ElapsedSeconds = -1 })
	f("no time", func(p *Progress, _ *Setup) { p.BestSeconds = math.NaN() })
	f("for ever", func(p *Progress, _ *Setup) { p.FinalSeconds = math.Inf(1) })
}
