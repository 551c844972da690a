package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)

func mustOpen(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func write(t *testing.T, db *DB, rows ...olap.Row) {
	t.Helper()
	if err := db.Write(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
}

// experiment returns the rows of one experiment with n rounds and its closing rows.
func experiment(t *testing.T, domain string, n int) []olap.Row {
	t.Helper()
	tracker := olap.NewTracker(olap.Node{ID: "node", Hostname: "host"}, func() string { return fmt.Sprintf("%s%031x", domain, 1) })
	seed := uint64(1<<63 + 5)
	rows, err := tracker.Start(olap.Setup{
		DomainID: domain, OptimizerPlugin: "ga", Target: olap.Float(-0.05), Seed: &seed,
		OptimizationConfig: canon.NewObject("n", 10),
	}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		more, err := tracker.Record(domain, olap.Observation{
			Performance: float64(i-3) * 0.1, Parameters: canon.NewObject("x", []any{float64(i)}), Evaluations: 12,
			Metrics: canon.NewObject("val_mae", 0.3, "generation", i), Seed: &seed, Digest: "d", Accepted: 1,
			DigestOf: canon.NewObject("x", []any{0.5}), ChampionVerified: new(bool),
		}, epoch.Add(time.Duration(i+1)*1500001*time.Microsecond))
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, more...)
	}
	rows = append(rows, tracker.Finish(epoch.Add(time.Minute))...)
	for i := range rows {
		rows[i].Spool, rows[i].Seq = "s"+domain, uint64(i+1)
	}
	return rows
}

// dump returns every table and index of the file at path as SQL, and the versions.
func dump(t *testing.T, path string) string {
	t.Helper()
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	var b strings.Builder
	rows, err := raw.Query("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, name")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s;\n", s)
	}
	fmt.Fprintf(&b, "-- versions %v\n", versions(t, raw))
	return b.String()
}

func versions(t *testing.T, raw *sql.DB) (vs []int) {
	t.Helper()
	rows, err := raw.Query("SELECT version FROM _schema_version ORDER BY rowid")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var v int
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		vs = append(vs, v)
	}
	return vs
}

func TestSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a folder?#%41", "olap.db")
	db := mustOpen(t, path)
	var mode string
	var keys, synchronous int
	for pragma, target := range map[string]any{"journal_mode": &mode, "foreign_keys": &keys, "synchronous": &synchronous} {
		if err := db.writer.QueryRow("PRAGMA " + pragma).Scan(target); err != nil {
			t.Fatal(err)
		}
	}
	if mode != "wal" || keys != 1 || synchronous != 2 {
		t.Errorf("journal_mode %s, foreign_keys %d, synchronous %d", mode, keys, synchronous)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err) // the odd path was taken literally
	}
	plain := filepath.Join(t.TempDir(), "olap.db")
	mustOpen(t, plain).Close()
	got := dump(t, plain)
	golden := filepath.Join("testdata", "schema.sql")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("schema = %s\nwant %s", got, want)
	}
}

// old creates a file as a program of an earlier schema version left it, with a round in it.
func old(t *testing.T, path string, version int, stamped bool) {
	t.Helper()
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	statements := []string{versionTable}
	for _, table := range olap.Tables() {
		if table.Since() <= version {
			statements = append(statements, createTable(table, version))
		}
	}
	if stamped {
		statements = append(statements, fmt.Sprintf("INSERT INTO _schema_version VALUES (%d, 'then')", version))
	}
	statements = append(statements,
		"INSERT INTO dim_experiment (experiment_id, domain_id, node_id) VALUES ('e', 'd', 'n')",
		"INSERT INTO fact_round (round_id, experiment_id, domain_id, round_number, timestamp_utc, performance) VALUES ('r', 'e', 'd', 1, 't', -1.5)")
	for _, s := range statements {
		if _, err := raw.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestMigration(t *testing.T) {
	f := func(from int, stamped bool, want []int) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "olap.db")
		old(t, path, from, stamped)
		for range 2 { // the second time there is nothing to do
			db := mustOpen(t, path)
			if got := versions(t, db.reader); !slices.Equal(got, want) {
				t.Errorf("from %d: versions %v, want %v", from, got, want)
			}
			rows, err := db.Rounds(t.Context(), "e", 0)
			if err != nil || len(rows) != 1 {
				t.Fatalf("from %d: Rounds = %d rows, %v", from, len(rows), err)
			}
			if p, _ := rows[0].Float("performance"); p != -1.5 {
				t.Errorf("from %d: performance = %v", from, p)
			}
			if n, _ := rows[0].Get("evaluations"); n != int64(0) {
				t.Errorf("from %d: evaluations = %v, want the default", from, n)
			}
			es, err := db.Experiments(t.Context())
			if err != nil || len(es) == 0 {
				t.Fatalf("from %d: Experiments = %d rows, %v", from, len(es), err)
			}
			if v, _ := es[0].Get("higher_is_better"); v != int64(1) {
				t.Errorf("from %d: higher_is_better = %v, want the default", from, v)
			}
			write(t, db, experiment(t, "x", 2)...)
			if rows, err := db.Rounds(t.Context(), fmt.Sprintf("x%031x", 1), 0); err != nil || len(rows) != 2 {
				t.Errorf("from %d: %d rows written, %v", from, len(rows), err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	f(1, true, []int{1, 2, 3, 4, 5, 6, 7, 8})
	f(2, true, []int{2, 3, 4, 5, 6, 7, 8})
	f(3, true, []int{3, 4, 5, 6, 7, 8})
	f(4, true, []int{4, 5, 6, 7, 8})
	f(5, true, []int{5, 6, 7, 8})
	f(6, true, []int{6, 7, 8})
	f(7, true, []int{7, 8})
	f(1, false, []int{2, 3, 4, 5, 6, 7, 8})
	f(2, false, []int{3, 4, 5, 6, 7, 8})

	path := filepath.Join(t.TempDir(), "olap.db")
	old(t, path, 3, true)
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	raw.Exec("INSERT INTO _schema_version VALUES (99, 'later')")
	raw.Close()
	if _, err := Open(t.Context(), path); !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), path) {
		t.Errorf("Open of version 99 = %v, want ErrNewer with the name", err)
	}
}

func TestWriteIsIdempotent(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "olap.db"))
	rows := experiment(t, "d", 5)
	for from := range rows {
		write(t, db, rows[from:]...) // the first call writes all, the others are what a crash repeats
	}
	loose := slices.Clone(rows)
	for i := range loose {
		loose[i].Spool, loose[i].Seq = "another spool", uint64(i+1) // a spool that was lost
	}
	write(t, db, loose...)
	id := fmt.Sprintf("d%031x", 1)
	got, err := db.Rounds(t.Context(), id, 3)
	if err != nil || len(got) != 3 {
		t.Fatalf("Rounds = %d rows, %v", len(got), err)
	}
	first := `{"round_id": "ec33c36ac2e4f7ea2b01b9f8597283e2", "experiment_id": "d0000000000000000000000000000001", ` +
		`"domain_id": "d", "round_number": 1, "timestamp_utc": "2026-01-02T03:04:07.178902+00:00", ` +
		`"performance": -0.30000000000000004, "best_performance": -0.30000000000000004, "performance_delta": 0.0, ` +
		`"is_improvement": 1, "parameters": "{\"x\": [0.0]}", "best_parameters": "{\"x\": [0.0]}", ` +
		`"wall_clock_seconds": 0.0, "elapsed_seconds": 1.5000010000000001, ` +
		`"time_to_current_best_seconds": 1.5000010000000001, "time_to_target_seconds": null, "chain_height": 0, ` +
		`"peers_count": 0, "block_reward_earned": 0.0, "converged": 0, "train_mae": null, "train_naive_mae": null, ` +
		`"val_mae": 0.3, "val_naive_mae": null, "test_mae": null, "test_naive_mae": null, ` +
		`"metric_schema": "{\"generation\": \"integer\", \"val_mae\": \"real\"}", ` +
		`"metrics": "{\"generation\": 0, \"val_mae\": 0.3}", "evaluations": 12, "seed": "9223372036854775813", ` +
		`"digest": "d", "verified_best_performance": null, "accepted_count": 1, "rejected_count": 0, "immigrants_count": 0, ` +
		`"gpu_name": null, "gpu_utilization_percent": null, "gpu_memory_used_bytes": null, "gpu_temperature_celsius": null, ` +
		`"gpu_power_watts": null, "gpu_clock_mhz": null, "gpu_energy_joules": null, ` +
		`"digest_parameters": "{\"x\": [0.5]}", "champion_verified": 0}`
	if text := string(canon.Default(got[0])); text != first {
		t.Errorf("round = %s\nwant %s", text, first)
	}
	if all, _ := db.Rounds(t.Context(), id, 0); len(all) != 5 {
		t.Errorf("%d rounds, want 5", len(all))
	}
	summaries, err := db.Summaries(t.Context(), "d")
	if err != nil || len(summaries) != 1 {
		t.Fatalf("Summaries = %d, %v", len(summaries), err)
	}
	want := `{"experiment_id": "d0000000000000000000000000000001", "domain_id": "d", "total_rounds": 5, ` +
		`"final_performance": 0.1, "best_performance": 0.1, "time_to_target_seconds": 6.000004, ` +
		`"total_elapsed_seconds": 7.500005, "converged": 1, "rounds_to_convergence": 4, "node_id": "node", ` +
		`"hostname": "host", "evaluations": 60, "confirmed_performance": null, "verified_performance": null}`
	if text := string(canon.Default(summaries[0])); text != want {
		t.Errorf("summary = %s\nwant %s", text, want)
	}
	experiments, err := db.Experiments(t.Context())
	if err != nil || len(experiments) != 1 {
		t.Fatalf("Experiments = %d, %v", len(experiments), err)
	}
	if at, _ := experiments[0].String("finished_at"); at != "2026-01-02T03:04:11.678905+00:00" {
		t.Errorf("finished_at = %q, want the time of convergence", at)
	}
	if none, err := db.Summaries(t.Context(), "other"); err != nil || none == nil || len(none) != 0 {
		t.Errorf("Summaries(other) = %v, %v, want an empty list", none, err)
	}
}

// TestRepeatedRounds: a search that was killed runs its last rounds again and says the same steps of a claim again. The rows
// are new to the spool, and in the file once.
func TestRepeatedRounds(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "olap.db"))
	tracker := olap.NewTracker(olap.Node{ID: "node"}, func() string { return "e" })
	event := olap.ClaimEvent{Proposal: 1, Stage: "confirmed", Performance: olap.Float(-0.5)}
	run := func(setup olap.Setup, rounds int) olap.Progress {
		t.Helper()
		add := func(rows []olap.Row, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			write(t, db, rows...)
		}
		add(tracker.Start(setup, epoch))
		p, _ := tracker.Progress("d", epoch)
		for range rounds {
			add(tracker.Record("d", olap.Observation{Performance: -1}, epoch.Add(time.Second)))
			add(tracker.Claim("d", event, epoch))
		}
		write(t, db, tracker.Finish(epoch)...)
		tracker = olap.NewTracker(olap.Node{ID: "node"}, func() string { return "f" })
		return p
	}
	begun := run(olap.Setup{DomainID: "d"}, 3)
	run(olap.Setup{DomainID: "d", Resume: &begun}, 5)
	rounds, err := db.Rounds(t.Context(), "e", 0)
	if err != nil || len(rounds) != 5 {
		t.Errorf("%d rounds, %v, want 5", len(rounds), err)
	}
	claims, err := db.Claims(t.Context(), "e", 0)
	want := `{"claim_event_id": "8f76d85a689feadd4fa4314abcaa23a5", "experiment_id": "e", "domain_id": "d", "proposal": 1, "round_number": 1, ` +
		`"optimae_id": null, "base": null, "stage": "confirmed", "timestamp_utc": "2026-01-02T03:04:05.678901+00:00", ` +
		`"elapsed_seconds": 0.0, "performance": -0.5, "verified": 0, "reason": null, "s1": null, "s2": null, "cases": null, "z": null, ` +
		`"confirmed_at": "2026-01-02T03:04:05.678901+00:00", "committed_at": null, "revealed_at": null, "reveal_seconds": null, "decision_seconds": null}`
	if err != nil || len(claims) != 1 || string(canon.Default(claims[0])) != want {
		t.Errorf("Claims = %s, %v, want %s", canon.Default(claims[0]), err, want)
	}
	if none, err := db.Claims(t.Context(), "f", 0); err != nil || none == nil || len(none) != 0 {
		t.Errorf("Claims(f) = %v, %v, want an empty list", none, err)
	}
}

// TestRoundWithoutItsExperiment: the experiment's own row was dropped; the round brings it.
func TestRoundWithoutItsExperiment(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "olap.db"))
	rows := experiment(t, "d", 2)
	write(t, db, rows[2:4]...)
	if es, err := db.Experiments(t.Context()); err != nil || len(es) != 1 {
		t.Errorf("Experiments = %d, %v", len(es), err)
	}
}

func acceptance(id, domain string, height int64, payload ...any) olap.Row {
	o := olap.ChainOptimaeOf(olap.Acceptance{
		DomainID: domain, PeerID: "p", BlockHeight: height, BlockTimestamp: "2026-01-01T00:00:00+00:00", IngestedAt: "now",
		Payload: canon.NewObject(append([]any{"optimae_id", id}, payload...)...),
	})
	return olap.Row{Optimae: &o}
}

func TestChain(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "olap.db"))
	full := []any{"parameters", canon.NewObject("x", []any{1.0}), "verified_performance", -1.0, "effective_increment", 0.5,
		"experiment_id", "e", "round_number", 3, "data_hash", "", "reported_performance", -1.0}
	write(t, db, acceptance("a", "q", 1, "performance", -1.0, "increment", 0.5), acceptance("a", "q", 1, full...),
		acceptance("b", "q", 2, full...), acceptance("b", "q", 2, "performance", -1.0), acceptance("c", "r", 3))
	want := []string{
		`{"experiment_id": "e", "round_number": 3, "domain_id": "q", "optimizer_id": "p", "parameters": {"x": [1.0]}, ` +
			`"verified_performance": -1.0, "reported_performance": -1.0, "time_to_this_result_seconds": null, ` +
			`"optimization_config_hash": null, "data_hash": "", "previous_best_performance": null, ` +
			`"effective_increment": 0.5, "reward_fraction": null, "quorum_agree_fraction": null, "optimae_id": "a", ` +
			`"block_height": 1, "block_timestamp": "2026-01-01T00:00:00+00:00"}`,
	}
	want = append(want, strings.NewReplacer(`"a"`, `"b"`, `"block_height": 1`, `"block_height": 2`).Replace(want[0]))
	rows, err := db.ChainMetrics(t.Context(), "q")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, string(canon.Default(r)))
	}
	if !slices.Equal(got, want) {
		t.Errorf("ChainMetrics = %s\nwant %s", got, want)
	}
	write(t, db, olap.Row{Rollback: &olap.Rollback{Height: 1}}, acceptance("b", "q", 2))
	rows, err = db.ChainMetrics(t.Context(), "")
	if err != nil || len(rows) != 2 {
		t.Fatalf("after the rollback %d rows, %v", len(rows), err)
	}
	if p, _ := rows[1].Get("parameters"); p != nil {
		t.Errorf("row of the branch rolled back is still there: %v", p)
	}
}

func TestExportWhileWriting(t *testing.T) {
	dir := t.TempDir()
	db := mustOpen(t, filepath.Join(dir, "olap.db"))
	rows := experiment(t, "d", 200)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		defer cancel()
		for i := 0; i < len(rows); i += 4 {
			if err := db.Write(context.WithoutCancel(ctx), rows[i:min(i+4, len(rows))]); err != nil {
				t.Error(err)
			}
		}
	})
	exports, before := 0, 0
	for done := false; !done; exports++ {
		done = ctx.Err() != nil // one more after the last write
		path, cleanup, err := db.Export(t.Context(), filepath.Join(dir, "tmp"))
		if err != nil {
			t.Fatal(err)
		}
		before = checkExport(t, path, before)
		cleanup()
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("cleanup left %s", path)
		}
	}
	wg.Wait()
	if before != 200 {
		t.Errorf("the last of %d exports has %d rounds, want 200", exports, before)
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "tmp")); len(left) != 0 {
		t.Errorf("%d files left in the export folder", len(left))
	}
}

// checkExport checks the copy at path, alone in a folder, and returns its number of rounds.
func checkExport(t *testing.T, path string, atLeast int) (n int) {
	t.Helper()
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("the copy is %d files", len(files))
	}
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	var check string
	var highest int
	if err := raw.QueryRow("PRAGMA integrity_check").Scan(&check); err != nil || check != "ok" {
		t.Fatalf("integrity_check = %q, %v", check, err)
	}
	if err := raw.QueryRow("SELECT COUNT(*), COALESCE(MAX(round_number), 0) FROM fact_round").Scan(&n, &highest); err != nil {
		t.Fatal(err)
	}
	if n < atLeast || n != highest {
		t.Errorf("copy has %d rounds up to number %d, the one before had %d", n, highest, atLeast)
	}
	return n
}

func TestDamagedFiles(t *testing.T) {
	f := func(name string, content []byte) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "olap.db")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := Open(t.Context(), path)
		if err == nil {
			db.Close()
		}
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: Open = %v, want ErrCorrupt with the name", name, err)
		}
		if got, _ := os.ReadFile(path); string(got) != string(content) {
			t.Errorf("%s: the damaged file was changed", name)
		}
	}
	f("text", []byte(strings.Repeat("this is not a database ", 400)))
	path := filepath.Join(t.TempDir(), "good.db")
	db := mustOpen(t, path)
	write(t, db, experiment(t, "d", 50)...)
	db.Close()
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	torn := slices.Clone(good[:len(good)/2/4096*4096])
	f("torn", torn)
	for i := 4096; i+16 < len(good); i += 4096 {
		for j := range 16 {
			good[i+j] ^= 0xff // the header of every page
		}
	}
	f("flipped", good)
}

func TestFullDisk(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "olap.db"))
	var pages int
	if err := db.writer.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	if _, err := db.writer.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages+2)); err != nil {
		t.Fatal(err)
	}
	rows := experiment(t, "d", 200)
	for range 2 {
		if err := db.Write(t.Context(), rows); err == nil || errors.Is(err, olap.ErrReject) {
			t.Fatalf("Write to a full disk = %v, want an error to try again after", err)
		}
	}
	if _, err := db.writer.Exec("PRAGMA max_page_count = 100000"); err != nil {
		t.Fatal(err)
	}
	write(t, db, rows...)
	if got, err := db.Rounds(t.Context(), fmt.Sprintf("d%031x", 1), 0); err != nil || len(got) != 200 {
		t.Errorf("%d rounds, %v", len(got), err)
	}
}
