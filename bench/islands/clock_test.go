package islands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doin.network/node/bench/journal"
)

// statusOf is a node whose search has reached a performance, with the rows of api.
func statusOf(t *testing.T, best float64) *watched {
	t.Helper()
	rows := api(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/status" {
			fmt.Fprintf(w, `{"progress": {"quadratic": {"search_best": %v}}}`, best)
			return
		}
		http.Redirect(w, r, "http://"+rows+r.URL.String(), http.StatusTemporaryRedirect)
	}))
	t.Cleanup(s.Close)
	return &watched{endpoint: strings.TrimPrefix(s.URL, "http://")}
}

func TestTimeTo(t *testing.T) {
	w := newWatcher(Quadratic)
	defer w.close()
	f := func(goal float64, timeout time.Duration, want Timing, nodes ...*watched) {
		t.Helper()
		got, err := w.timeTo(t.Context(), nodes, goal, timeout)
		if err != nil || got.Capped != want.Capped || want.Seconds > 0 && got.Seconds != want.Seconds {
			t.Errorf("timeTo(%v) = %+v, %v, want %+v", goal, got, err, want)
		}
	}
	f(-100, time.Minute, Timing{}, statusOf(t, -200), statusOf(t, -90.5))
	f(-10, time.Millisecond, Timing{Seconds: 0.001, Capped: true}, statusOf(t, -90.5))
	a := statusOf(t, -90.5)
	a.rows = rowsOf(10, -300, -200, -90).rows // as if its records were known
	f(-100, time.Minute, Timing{Seconds: 3}, a)
	f(-100, 2*time.Second, Timing{Seconds: 2, Capped: true}, a)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.timeTo(ctx, []*watched{statusOf(t, -200)}, -100, time.Minute); err == nil {
		t.Error("timeTo of a context that has ended: no error")
	}
}

// TestClockJournal: what is there is known again, another measurement's is refused.
func TestClockJournal(t *testing.T) {
	c := DefaultClockConfig()
	c.Strategies, c.Journal = []string{"ga"}, filepath.Join(t.TempDir(), "j.jsonl")
	j, err := openJournal(&c)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []entry{{Calibration: &Calibration{7, -0.5}}, {Pair: &Pair{Seed: 1, One: Timing{Seconds: 60}}}} {
		if err := j.Add(&e); err != nil {
			t.Fatal(err)
		}
	}
	j.Close()
	if j, err = openJournal(&c); err != nil {
		t.Fatal(err)
	}
	k := &clock{c: &c, journal: j}
	if !k.calibrated(7) || k.calibrated(8) || k.measured(1) == nil || k.measured(2) != nil || k.measured(1).One.Seconds != 60 || k.scores()[0] != -0.5 {
		t.Errorf("entries = %+v", j.Lines())
	}
	j.Close()
	c.Timeout *= 2
	if _, err := openJournal(&c); !errors.Is(err, journal.ErrOther) {
		t.Errorf("a journal with another time-out: %v, want %v", err, journal.ErrOther)
	}
}

func TestClockReport(t *testing.T) {
	c := DefaultClockConfig()
	c.Seeds = 5
	k := &clock{c: &c, journal: &journal.Journal[entry]{}, goal: -0.25}
	for i := range 4 { // the fifth is missing
		s := float64(i)
		x := &Pair{Seed: int64(i) + c.FirstSeed, One: Timing{60 + s, i == 3}, Isolated: Timing{45 + s, false}, Islands: Timing{30 + s, false}}
		if err := k.journal.Add(&entry{Pair: x}); err != nil {
			t.Fatal(err)
		}
	}
	r := k.report()
	if len(r.Pairs) != 4 || r.One.Capped != 1 || r.Islands.Mean != 31.5 || r.OverOne.Value != 61.5/31.5 || r.OverIsolated.Low <= 1 {
		t.Errorf("report = %+v", r)
	}
	var text strings.Builder
	if err := r.WriteMarkdown(&text, "doin-bench", time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| two islands | 31.5", "| one node | 61.5", "1.95 (", "over the 4 pairs"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, &text)
		}
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
	// Interrupted before a pair was whole: it can still be written.
	if r = (&clock{c: &c, journal: &journal.Journal[entry]{}}).report(); r.OverOne != nil || r.One != nil {
		t.Errorf("figures of no pairs: %+v", r)
	}
	text.Reset()
	if err := errors.Join(r.WriteMarkdown(&text, "doin-bench", time.Unix(0, 0)), r.WriteText(&text)); err != nil || !strings.Contains(text.String(), "No pair") {
		t.Errorf("report of no pairs: %v\n%s", err, &text)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}
