package islands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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

// TestJournal: what is there is kept, a torn line is dropped, another measurement's is refused.
func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j.jsonl")
	c := DefaultClockConfig()
	c.Strategies = []string{"ga"}
	open := func() *journal {
		t.Helper()
		j, err := openJournal(path, &c)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	j := open()
	if err := j.add(entry{Calibration: &Calibration{7, -0.5}}); err != nil {
		t.Fatal(err)
	}
	if err := j.add(entry{Pair: &Pair{Seed: 1, One: Timing{Seconds: 60}}}); err != nil {
		t.Fatal(err)
	}
	j.close()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(data, `{"pair": {"se`...), 0o644); err != nil {
		t.Fatal(err)
	}
	j = open()
	if !j.calibrated(7) || j.calibrated(8) || !j.paired(1) || j.paired(2) || j.pair(1).One.Seconds != 60 {
		t.Errorf("entries = %+v", j.entries)
	}
	if err := j.add(entry{Pair: &Pair{Seed: 2}}); err != nil {
		t.Fatal(err)
	}
	j.close()
	if j = open(); !j.paired(2) {
		t.Error("what was added after a torn line is lost")
	}
	j.close()
	c.Timeout++
	c.Timeout *= 2
	if _, err := openJournal(path, &c); err == nil || !strings.Contains(err.Error(), "another measurement") {
		t.Errorf("a journal with another time-out: %v", err)
	}
}

func TestClockReport(t *testing.T) {
	c := DefaultClockConfig()
	c.Seeds = 5
	k := &clock{c: &c, journal: &journal{}, goal: -0.25}
	for i := range 4 { // the fifth is missing
		s := float64(i)
		x := &Pair{Seed: int64(i) + c.FirstSeed, One: Timing{60 + s, i == 3}, Isolated: Timing{45 + s, false}, Islands: Timing{30 + s, false}}
		if err := k.journal.add(entry{Pair: x}); err != nil {
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
	if r = (&clock{c: &c, journal: &journal{}}).report(); r.OverOne != nil || r.One != nil {
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
