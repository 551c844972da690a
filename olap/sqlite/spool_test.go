package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

// TestMigrationWithFullSpool: rows that wait while a file is of an earlier version are there once after it was migrated, also
// where the recorder forgets how far it was.
func TestMigrationWithFullSpool(t *testing.T) {
	dir := t.TempDir()
	path, spool := filepath.Join(dir, "olap.db"), filepath.Join(dir, "spool")
	old(t, path, 7, true)
	tracker := olap.NewTracker(olap.Node{ID: "n"}, func() string { return "x" })
	// recorded hands rows to a recorder with the file, and delivers what waits if it is told to.
	recorded := func(deliver bool, rows ...olap.Row) {
		t.Helper()
		db := mustOpen(t, path)
		if !deliver { // the process ends before anything is delivered
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
		r, err := olap.Open(olap.DefaultConfig(spool), db)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Record(rows...); err != nil {
			t.Fatal(err)
		}
		if deliver {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- r.Run(ctx) }()
			if err := r.Flush(t.Context()); err != nil {
				t.Error(err)
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		r.Close() // a file that is closed already says so
	}
	rows, err := tracker.Start(olap.Setup{DomainID: "d"}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(20) {
		more, err := tracker.Record("d", olap.Observation{Performance: float64(i), Parameters: canon.NewObject("i", i)}, epoch)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(append(rows, more...), bred(t, tracker, i+1, 3, 2, 2)...)
	}
	recorded(false, rows...)
	for _, when := range []string{"after the migration", "again", "after the positions were lost"} {
		if when == "after the positions were lost" {
			os.Remove(filepath.Join(spool, "positions.json"))
		}
		recorded(true, bred(t, tracker, 1, 3, 2, 2)...)
		db := mustOpen(t, path)
		for query, want := range map[string]int{"SELECT COUNT(*) FROM fact_round": 21, "SELECT COUNT(*) FROM fact_generation": 20,
			"SELECT COUNT(*) FROM fact_trial": 60, "SELECT COUNT(*) FROM fact_param": 120, "SELECT COUNT(*) FROM fact_curve": 120} {
			if got := count(t, db, query); got != want {
				t.Errorf("%s: %s = %d, want %d", when, query, got, want)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCheck: what does not fit is said.
func TestCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "olap.db")
	db := mustOpen(t, path)
	tracker := olap.NewTracker(olap.Node{ID: "n"}, func() string { return "e" })
	if _, err := tracker.Start(olap.Setup{DomainID: "d"}, epoch); err != nil {
		t.Fatal(err)
	}
	write(t, db, bred(t, tracker, 1, 3, 2, 1)...)
	f := func(statement string, want int) {
		t.Helper()
		if statement != "" {
			if _, err := db.writer.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		s, err := OpenSnapshot(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if got, err := s.Check(t.Context()); err != nil || len(got) != want {
			t.Errorf("Check after %q = %q, %v, want %d problems", statement, got, err, want)
		}
	}
	f("", 0)
	f("UPDATE fact_generation SET trials_recorded = 2", 1)
	f("INSERT INTO fact_vote VALUES ('o', 'v', 'd', 1, NULL, NULL, 't', 1, 't')", 3)
	f("INSERT INTO fact_block (block_height, block_hash, previous_hash, block_timestamp, generator_id) VALUES (1, 'a', '', 't', 'v'), (3, 'c', 'b', 't', 'v')", 4)
}
