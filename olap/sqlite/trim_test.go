package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"doin.network/node/olap"
)

// TestTrimByAge deletes the rounds before a moment and nothing else.
func TestTrimByAge(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "o.db"))
	write(t, db, experiment(t, "a", 100)...)
	if out, err := db.Trim(t.Context(), olap.Retention{}); err != nil || out.Rows != 0 {
		t.Errorf("Trim without a bound = %+v, %v", out, err)
	}
	out, err := db.Trim(t.Context(), olap.Retention{Before: epoch.Add(50 * 1500001 * time.Microsecond)})
	if err != nil || out.Rows != 49 {
		t.Errorf("Trim of the first half = %+v, %v, want 49 rows", out, err)
	}
	if n := count(t, db, "SELECT min(round_number) FROM fact_round"); n != 50 {
		t.Errorf("the first round left is %d, want 50", n)
	}
	if n := count(t, db, "SELECT count(*) FROM fact_experiment_summary"); n != 1 {
		t.Errorf("%d summaries are left, want 1", n)
	}
}

// TestTrimBySize deletes the oldest rounds until the content is within the bound, those that improved nothing first, and keeps
// on taking rows.
func TestTrimBySize(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "o.db"))
	rows := experiment(t, "a", 3_000)
	for i := range rows {
		if r := rows[i].Round; r != nil { // the helper's improve all
			r.Improvement = r.Number%100 == 1
		}
	}
	write(t, db, rows...)
	used, _, err := db.pages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	improved := count(t, db, "SELECT count(*) FROM fact_round WHERE is_improvement")
	bound := used / 3
	out, err := db.Trim(t.Context(), olap.Retention{MaxBytes: bound})
	if err != nil || out.Rows == 0 {
		t.Fatalf("Trim to %d of %d bytes = %+v, %v", bound, used, out, err)
	}
	now, free, err := db.pages(t.Context())
	if err != nil || now > bound || free > now {
		t.Errorf("%d bytes in use and %d free, %v, want %d at most", now, free, err, bound)
	}
	if n := count(t, db, "SELECT count(*) FROM fact_round WHERE is_improvement"); n != improved {
		t.Errorf("%d improvements are left, want %d", n, improved)
	}
	if n := count(t, db, "SELECT max(round_number) FROM fact_round"); n != 3_000 {
		t.Errorf("the last round left is %d, want 3000", n)
	}
	write(t, db, experiment(t, "b", 5)...)
	if n := count(t, db, "SELECT count(*) FROM fact_round WHERE domain_id = 'b'"); n != 5 {
		t.Errorf("%d rounds of another experiment, want 5", n)
	}
	if out, err := db.Trim(t.Context(), olap.Retention{MaxBytes: 1}); err != nil || count(t, db, "SELECT count(*) FROM fact_round") != 0 {
		t.Errorf("Trim to nothing = %+v, %v, and rounds are left", out, err)
	}
}

// TestTrimTrials: trials go before rounds, the oldest first, and with them all that refers to them.
func TestTrimTrials(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "o.db"))
	tracker := olap.NewTracker(olap.Node{ID: "n"}, func() string { return "e" })
	if _, err := tracker.Start(olap.Setup{DomainID: "d"}, epoch); err != nil {
		t.Fatal(err)
	}
	for record := range int64(8) {
		write(t, db, bred(t, tracker, record+1, 200, 6, 8)...)
	}
	write(t, db, experiment(t, "a", 20)...)
	used, _, err := db.pages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if out, err := db.Trim(t.Context(), olap.Retention{MaxBytes: used / 2}); err != nil || out.Rows < 500 {
		t.Fatalf("Trim to half = %+v, %v", out, err)
	}
	left := count(t, db, "SELECT count(*) FROM fact_trial")
	if left == 0 || left > 1100 {
		t.Errorf("%d of 1600 trials are left, want some, and fewer than 1100", left)
	}
	f := func(query string, want int) {
		t.Helper()
		if n := count(t, db, query); n != want {
			t.Errorf("%s = %d, want %d", query, n, want)
		}
	}
	f("SELECT count(*) FROM fact_param", 6*left)
	f("SELECT count(*) FROM fact_curve", 8*left)
	f("SELECT count(*) FROM pragma_foreign_key_check", 0)
	f("SELECT max(trial_number) FROM fact_trial", 1599)
	f("SELECT count(*) FROM fact_round", 20)
	if _, err := db.Trim(t.Context(), olap.Retention{Before: epoch.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	f("SELECT count(*) FROM fact_trial", 0)
	f("SELECT count(*) FROM fact_param", 0)
	f("SELECT count(*) FROM fact_generation", 0)
}
