package islands

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// rowsOf makes the records of a node: one round a second from begun on, with two evaluations.
func rowsOf(begun int, performances ...float64) *watched {
	w := &watched{}
	for i, p := range performances {
		w.rows = append(w.rows, record{number: i + 1, at: fmt.Sprintf("2026-01-01T00:00:%02d", begun+i), elapsed: float64(i + 1),
			performance: p, evaluations: 2})
	}
	return w
}

func TestFirst(t *testing.T) {
	f := func(goal float64, want hit, nodes ...*watched) {
		t.Helper()
		if got := first(nodes, goal); got != want {
			t.Errorf("first(%v) = %+v, want %+v", goal, got, want)
		}
	}
	a, b := rowsOf(10, -9, -5, -1), rowsOf(11, -9, -1, -1) // both reach −1 at the same time
	f(-5, hit{true, 2, 6, 2}, a, b)
	f(-1, hit{true, 3, 10, 3}, a, b)
	f(0, hit{false, 3, 12, 3}, a, b)
	// Who began later reaches it in fewer rounds, but later.
	f(-1, hit{true, 3, 8, 3}, a, rowsOf(12, -1))
	f(0, hit{}, &watched{})
	if o, all := judge([]*watched{a, b}, []float64{-5, 0}); all || !o.hits[0].reached || o.hits[1].reached {
		t.Errorf("judge = %+v, %v", o, all)
	}
}

// api is a node's public API with three rounds of a domain.
func api(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/stats/experiments", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"experiments": [{"experiment_id": "old", "domain_id": "quadratic", "started_at": "2026-01-01T00:00:00"},
			{"experiment_id": "e 1", "domain_id": "quadratic", "started_at": "2026-01-02T00:00:00"},
			{"experiment_id": "x", "domain_id": "other", "started_at": "2026-01-03T00:00:00"}]}`)
	})
	mux.HandleFunc("/stats/rounds", func(w http.ResponseWriter, r *http.Request) {
		if id := r.URL.Query().Get("experiment_id"); id != "e 1" {
			t.Errorf("asked for the rounds of %q", id)
		}
		fmt.Fprint(w, `{"rounds": [
			{"round_number": 1, "timestamp_utc": "2026-01-02T00:00:01", "performance": -300.0, "elapsed_seconds": 1.5, "evaluations": 16, "metrics": {"population_size": 16, "confirmed_performance": -300.0}},
			{"round_number": 2, "timestamp_utc": "2026-01-02T00:00:02", "performance": -150, "elapsed_seconds": 3, "evaluations": 14, "metrics": {"population_size": 16}},
			{"round_number": 3, "timestamp_utc": "2026-01-02T00:00:03", "performance": -90.5, "elapsed_seconds": 4.5, "evaluations": 14, "metrics": null}]}`)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func TestJoin(t *testing.T) {
	c := DefaultConfig()
	c.Endpoints, c.Timeout = []string{api(t), "127.0.0.1:1"}, 30*time.Second
	c.Goals = []float64{-200, -100}
	r, err := Join(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Rows) != 2 || r.Mode != Joined {
		t.Fatalf("%s report of %d rows", r.Mode, len(r.Rows))
	}
	x := r.Rows[1]
	if x.Nodes != 2 || x.Reached != 1 || x.MeanRounds != 3 || x.MeanEvaluations != 45 || x.MeanSeconds != 4.5 {
		t.Errorf("row = %+v", x)
	}
}

// TestJoinNobody: nodes that do not answer are an error once the time is over.
func TestJoinNobody(t *testing.T) {
	c := DefaultConfig()
	c.Endpoints, c.Timeout = []string{"127.0.0.1:1"}, 100*time.Millisecond
	if r, err := Join(t.Context(), c); err == nil {
		t.Errorf("Join = %+v", r.Rows)
	}
}

func TestParseRows(t *testing.T) {
	for _, bad := range []string{`{}`, `{"rounds": [1]}`, `{"rounds": [{}]}`,
		`{"rounds": [{"round_number": 1, "timestamp_utc": "t", "performance": "x", "elapsed_seconds": 1}]}`} {
		if rows, err := parseRows(object(t, bad)); err == nil {
			t.Errorf("parseRows(%s) = %v", bad, rows)
		}
	}
	if id, err := latest(object(t, `{"experiments": []}`), "d"); err == nil {
		t.Errorf("latest of nothing = %q", id)
	}
}
