package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"

	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

// count returns what a query of one number gives.
func count(t *testing.T, db *DB, query string) (n int) {
	t.Helper()
	if err := db.reader.QueryRow(query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// bred returns the rows of a generation of n trials with p parameters and c points of a curve each.
func bred(t testing.TB, tracker *olap.Tracker, record int64, n, p, c int) []olap.Row {
	t.Helper()
	b := olap.Bred{Record: record, Number: record - 1, Made: int64(n)}
	for i := range n {
		genome := canon.NewObject()
		for j := range p {
			genome.Set(fmt.Sprint("gene_", j), float64(i*p+j)/7)
		}
		trial := olap.BredTrial{Number: (record-1)*int64(n) + int64(i), Status: "completed", Origin: "crossover", Score: olap.Float(float64(i)),
			Parameters: canon.NewObject("genome", genome), Seconds: 0.5, Seed: 1<<63 + uint64(i)}
		for k := range c {
			trial.Curve = append(trial.Curve, olap.Point{Step: int64(k), Train: olap.Float(1 / float64(k+1))})
		}
		b.Trials = append(b.Trials, trial)
	}
	rows, err := tracker.Generation("d", b, epoch)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestGenerations: the trials of a generation are there once, whatever a search repeats after a kill.
func TestGenerations(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "olap.db"))
	tracker := olap.NewTracker(olap.Node{ID: "n"}, func() string { return "e" })
	write(t, db, tracker.Begin(olap.RunSetup{Name: "r", Configuration: canon.NewObject("a", 1)}, epoch)...)
	if _, err := tracker.Start(olap.Setup{DomainID: "d"}, epoch); err != nil { // its rows are lost
		t.Fatal(err)
	}
	write(t, db, bred(t, tracker, 1, 3, 2, 4)...)
	write(t, db, bred(t, tracker, 2, 3, 2, 4)...)
	write(t, db, bred(t, tracker, 2, 3, 5, 9)...) // another life bred others: the first told has happened
	write(t, db, tracker.Finish(epoch)...)
	for query, want := range map[string]int{
		"SELECT COUNT(*) FROM fact_generation": 2, "SELECT COUNT(*) FROM fact_trial": 6,
		"SELECT COUNT(*) FROM fact_param": 12, "SELECT COUNT(*) FROM fact_curve": 24,
		"SELECT COUNT(*) FROM fact_trial JOIN dim_run USING (run_id) JOIN dim_configuration USING (config_hash) WHERE finished_at IS NOT NULL": 6,
		"SELECT COUNT(*) FROM dim_node WHERE own":         1,
		"SELECT COUNT(*) FROM pragma_foreign_key_check()": 0,
	} {
		if got := count(t, db, query); got != want {
			t.Errorf("%s = %d, want %d", query, got, want)
		}
	}
}

// TestChainCube: what a rolled back block told goes with it.
func TestChainCube(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "olap.db"))
	block := func(h int64, hash string) olap.Row {
		return olap.Row{Block: &olap.Block{Height: h, Hash: hash, Decisions: []olap.Decision{{OptimaeID: "o" + hash, BlockHeight: h}},
			Votes: []olap.Vote{{OptimaeID: "o" + hash, EvaluatorID: "v", BlockHeight: h}}, Money: []olap.Money{{BlockHeight: h, PeerID: "p", Amount: 5}},
			Nodes: []olap.NodeInfo{{ID: "p", FirstSeen: hash}}}}
	}
	write(t, db, block(1, "a"), block(2, "b"), block(3, "c"), olap.Row{Rollback: &olap.Rollback{Height: 1}}, block(2, "d"), block(2, "d"))
	for query, want := range map[string]int{
		"SELECT COUNT(*) FROM fact_block": 2, "SELECT COUNT(*) FROM fact_decision WHERE optimae_id IN ('oa', 'od')": 2,
		"SELECT COUNT(*) FROM fact_decision": 2, "SELECT COUNT(*) FROM fact_vote": 2, "SELECT SUM(amount) FROM fact_money": 10,
		"SELECT COUNT(*) FROM dim_node WHERE first_seen = 'a'": 1,
	} {
		if got := count(t, db, query); got != want {
			t.Errorf("%s = %d, want %d", query, got, want)
		}
	}
}

func TestMigrants(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "olap.db"))
	tracker := olap.NewTracker(olap.Node{ID: "n"}, func() string { return "e" })
	if _, err := tracker.Start(olap.Setup{DomainID: "d"}, epoch); err != nil {
		t.Fatal(err)
	}
	f := func(accepted bool) {
		t.Helper()
		rows, err := tracker.Migration("d", olap.Migrant{From: "m", OptimaeID: "o", Accepted: accepted}, epoch)
		if err != nil {
			t.Fatal(err)
		}
		write(t, db, rows...)
	}
	f(false)
	if n := count(t, db, "SELECT COUNT(*) FROM fact_migration WHERE NOT accepted"); n != 1 {
		t.Errorf("%d rows of an arrival, want 1", n)
	}
	f(true)
	f(false) // another life meets it again
	if n := count(t, db, "SELECT SUM(accepted) FROM fact_migration"); n != 1 {
		t.Errorf("%d rows of one let in, want 1", n)
	}
}

// TestChunks: what one statement of many rows writes and what is left over for single ones is all there, once.
func TestChunks(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "olap.db"))
	tracker := olap.NewTracker(olap.Node{ID: "n"}, func() string { return "e" })
	if _, err := tracker.Start(olap.Setup{DomainID: "d"}, epoch); err != nil {
		t.Fatal(err)
	}
	want := 0
	for i, n := range []int{1, chunkRows - 1, chunkRows, chunkRows + 1, 2*chunkRows + 3} {
		want += n
		rows := bred(t, tracker, int64(i+1), n, 2, 1)
		for range 2 { // as after a kill between the file and the position
			write(t, db, rows...)
		}
		for table, times := range map[string]int{"fact_trial": 1, "fact_param": 2, "fact_curve": 1} {
			if got := count(t, db, "SELECT COUNT(*) FROM "+table); got != want*times {
				t.Errorf("%d trials more: %d rows of %s, want %d", n, got, table, want*times)
			}
		}
	}
}
