package live_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doin.network/node/olap/live"
	"doin.network/node/olap/sqlite"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// file makes a small database: two experiments of 40 rounds, 60 trials with parameters, curves, generations, and what a chain tells.
func file(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "olap.db")
	made, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	text, err := os.ReadFile("testdata/rows.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(text)); err != nil {
		t.Fatal(err)
	}
	for e := range 2 {
		best := -100.0
		for i := range 40 {
			p := -1/float64(i+1+e) - 0.1*float64(i%3)
			best = max(best, p)
			exec(t, db, `INSERT INTO fact_round (round_id, experiment_id, domain_id, round_number, timestamp_utc, performance, best_performance, elapsed_seconds, evaluations)
				VALUES (?, ?, 'co2', ?, '2026-01-01T00:00:00.000000+00:00', ?, ?, ?, 12)`, fmt.Sprintf("r%d-%d", e, i), fmt.Sprintf("experiment%d", e), i+1, p, best, 2*i)
		}
	}
	for i := range 60 {
		var score, device any = -float64((i*7)%60) / 10, "cpu"
		status := "completed"
		if i == 59 {
			score, status, device = nil, "failed", nil
		}
		exec(t, db, `INSERT INTO fact_trial (trial_id, experiment_id, domain_id, trial_number, generation, timestamp_utc, status, origin, parents, score, seconds, device, parameters)
			VALUES (?, 'experiment1', 'co2', ?, ?, ?, ?, ?, ?, ?, 0.5, ?, ?)`, fmt.Sprintf("experiment1-%02d", i), i, i/12, fmt.Sprintf("2026-01-01T00:00:%02d.000000+00:00", i), status,
			[]string{"random", "crossover", "mutation"}[i%3], fmt.Sprintf(`["experiment1-%02d"]`, i/2), score, device,
			fmt.Sprintf(`{"genome": {"units": %d, "rate": %g, "model": %q}}`, 8+(i*7)%60, 0.001*float64(1+i%5), []string{"mlp", "tcn"}[i%2]))
	}
	for i := range 4 {
		exec(t, db, `INSERT INTO fact_curve (trial_id, step, train_loss, validation_loss) VALUES ('experiment1-00', ?, ?, ?)`, i+1, 1/float64(i+1), 1.5/float64(i+1))
	}
	return path
}

func exec(t *testing.T, db *sql.DB, text string, args ...any) {
	t.Helper()
	if _, err := db.Exec(text, args...); err != nil {
		t.Fatal(err)
	}
}

// opened returns the file's answers, after Run has read it.
func opened(t *testing.T) *live.DB {
	t.Helper()
	db, err := live.Open(t.Context(), file(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	changed := db.Changed()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- db.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
		if err := db.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	select {
	case <-changed:
	case <-time.After(time.Minute):
		t.Fatal("Run has not read the file")
	}
	return db
}

// TestAnswersGolden: every view of a small file.
func TestAnswersGolden(t *testing.T) {
	db := opened(t)
	var b strings.Builder
	for _, q := range []string{"runs", "history?width=16&runs=2", "history?width=16&run=experiment0&x=time&from=10&to=30", "trials?sort=best&limit=3",
		"trials?status=failed", "trials?origin=random&above=-3&sort=slowest&limit=2", "trial?id=experiment1-00", "trial?id=nobody", "family?id=experiment1-05", "family",
		"curves", "claims", "claims?optimae=o1", "votes?optimae=o1", "decisions", "champions", "nodes", "blocks?limit=1", "migrations", "migrations?sum=1", "generations",
		"timeline?width=16", "timeline?width=16&from=1767225600&to=1767225610", "parallel?lines=5&axes=2", "importance", "slice?name=units", "slice?name=nothing"} {
		name, query, _ := strings.Cut(q, "?")
		args, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		a, err := db.Answer(t.Context(), name, args)
		if err != nil {
			t.Fatalf("Answer(%s) = %v", q, err)
		}
		body := string(a.Body)
		if a.Binary {
			body = printed(t, a.Body)
		}
		fmt.Fprintf(&b, "%s\n%s\n", q, strings.TrimRight(body, "\n"))
	}
	const file = "testdata/answers.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("answers differ from %s (go test -update rewrites it):\n%s", file, b.String())
	}
}

// TestAnswerRefuses: what is malformed or beyond a bound is refused, and never reaches the file.
func TestAnswerRefuses(t *testing.T) {
	db := opened(t)
	f := func(view, query string, want error) {
		t.Helper()
		args, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Answer(t.Context(), view, args); !errors.Is(err, want) {
			t.Errorf("Answer(%s?%.80s) = %v, want %v", view, query, err, want)
		}
	}
	f("nothing", "", live.ErrNoView)
	f("trials", "limit=201", live.ErrInvalid)
	f("trials", "limit=0", live.ErrInvalid)
	f("trials", "offset=-1", live.ErrInvalid)
	f("trials", "offset=100001", live.ErrInvalid)
	f("trials", "sort="+url.QueryEscape("score; drop table fact_trial"), live.ErrInvalid)
	f("trials", "above=NaN", live.ErrInvalid)
	f("trials", "domain="+strings.Repeat("x", 257), live.ErrInvalid)
	f("history", "width=4097", live.ErrInvalid)
	f("history", "from=high", live.ErrInvalid)
	f("history", strings.Repeat("run=a&", 13), live.ErrInvalid)
	f("parallel", "axes=13", live.ErrInvalid)
	f("curves", strings.Repeat("trial=a&", 25), live.ErrInvalid)
	f("timeline", "width=x", live.ErrInvalid)
	// Quotes in a text are a text.
	f("trials", "status="+url.QueryEscape("' OR 1=1 --"), nil)
}

// TestAnswerChanges: an answer is kept until a row comes, and Changed tells of it.
func TestAnswerChanges(t *testing.T) {
	path := file(t)
	db, err := live.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	first := db.Changed()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- db.Run(ctx) }()
	<-first
	before, err := db.Answer(ctx, "trials", url.Values{"limit": {"1"}})
	if err != nil {
		t.Fatal(err)
	}
	changed := db.Changed()
	w, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	exec(t, w, `INSERT INTO fact_trial (trial_id, experiment_id, domain_id, trial_number, generation, timestamp_utc, status, origin)
		VALUES ('new', 'experiment1', 'co2', 99, 9, '2026-01-01T00:02:00.000000+00:00', 'completed', 'random')`)
	<-changed
	after, err := db.Answer(ctx, "trials", url.Values{"limit": {"1"}})
	if err != nil {
		t.Fatal(err)
	}
	if string(before.Body) == string(after.Body) || !strings.Contains(string(after.Body), `"new"`) || after.Version <= before.Version {
		t.Errorf("after a new trial: version %d %s, before %d", after.Version, after.Body, before.Version)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestOpenNowhere: a file that is not there is an error, and none is made.
func TestOpenNowhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.db")
	if db, err := live.Open(t.Context(), path, nil); err == nil {
		db.Close()
		t.Error("Open of no file = nil")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("Open has made a file")
	}
}
