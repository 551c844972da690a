//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)

// bred returns the rows of an experiment with n generations of m trials of five parameters.
func bred(t testing.TB, tracker *olap.Tracker, from, n, m int) (rows []olap.Row) {
	t.Helper()
	for g := from; g < from+n; g++ {
		b := olap.Bred{Record: int64(g + 1), Number: int64(g), Made: int64(m)}
		for i := range m {
			genome := canon.NewObject()
			for j := range 5 {
				genome.Set(fmt.Sprint("gene_", j), float64(i+j)/7)
			}
			b.Trials = append(b.Trials, olap.BredTrial{Number: int64(g*m + i), Status: "completed", Origin: "random", Score: olap.Float(0.25),
				Seed: 1<<63 + 5, Parameters: genome, Curve: []olap.Point{{Step: 1, Train: olap.Float(0.5)}}})
		}
		more, err := tracker.Generation("d", b, epoch)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, more...)
	}
	return rows
}

func begin(t testing.TB) (*olap.Tracker, []olap.Row) {
	t.Helper()
	tracker := olap.NewTracker(olap.Node{ID: "n"}, func() string { return "e" })
	rows := tracker.Begin(olap.RunSetup{Name: "r", Tags: []string{"a"}}, epoch)
	more, err := tracker.Start(olap.Setup{DomainID: "d"}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	return tracker, append(rows, more...)
}

// TestSink: rows are there once, in types that other tools know, however often they come; what is rolled back goes.
func TestSink(t *testing.T) {
	s := newServer(t)
	sink, err := Open(s.dsn())
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	tracker, rows := begin(t)
	more, err := tracker.Record("d", olap.Observation{Performance: -0.5, Parameters: canon.NewObject("x", 1)}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	rows = append(append(rows, more...), bred(t, tracker, 0, 2, 3)...)
	rows = append(rows, bred(t, tracker, 1, 1, 4)...) // another life bred others
	block := func(h int64, hash string) olap.Row {
		return olap.Row{Block: &olap.Block{Height: h, Hash: hash, Timestamp: "2026-01-02T03:04:05Z", Money: []olap.Money{{BlockHeight: h, Amount: 5, BlockTime: "2026-01-02T03:04:05Z"}},
			Nodes: []olap.NodeInfo{{ID: "p"}}}}
	}
	optimae := func(verified *float64) olap.Row {
		return olap.Row{Optimae: &olap.ChainOptimae{OptimaeID: "o", DomainID: "d", BlockHeight: 1, VerifiedPerformance: verified,
			BlockTimestamp: "2026-01-02T03:04:05Z", IngestedAt: "2026-01-02T03:04:05Z"}}
	}
	rows = append(rows, block(1, "a"), optimae(nil), optimae(olap.Float(-0.5)), block(2, "b"), olap.Row{Rollback: &olap.Rollback{Height: 1}}, block(2, "c"))
	for i := range rows {
		rows[i].Spool, rows[i].Seq = "s", uint64(i+1)
	}
	check := func(when string) {
		t.Helper()
		for query, want := range map[string]int64{
			"SELECT COUNT(*) FROM fact_trial WHERE seed = 9223372036854775813": 6, "SELECT COUNT(*) FROM fact_param": 30,
			"SELECT COUNT(*) FROM fact_curve": 6, "SELECT COUNT(*) FROM fact_generation": 2, "SELECT COUNT(*) FROM fact_round": 1,
			"SELECT COUNT(*) FROM fact_round WHERE parameters->>'x' = '1' AND is_improvement AND timestamp_utc = '2026-01-02 03:04:05.678901+00'": 1,
			"SELECT COUNT(*) FROM fact_block WHERE block_hash IN ('a', 'c')":                                                                      2, "SELECT COUNT(*) FROM fact_block": 2,
			"SELECT SUM(amount)::BIGINT FROM fact_money": 10, "SELECT COUNT(*) FROM fact_chain_optimae WHERE verified_performance = -0.5": 1,
			"SELECT COUNT(*) FROM v_best WHERE run_name = 'r'": 1,
		} {
			if got := s.number(query); got != want {
				t.Errorf("%s: %s = %d, want %d", when, query, got, want)
			}
		}
	}
	if err := sink.Write(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	check("at first")
	if err := sink.Write(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	for i := range rows { // another spool brings the same
		rows[i].Spool = ""
	}
	if err := sink.Write(t.Context(), rows[:len(rows)-6]); err != nil {
		t.Fatal(err)
	}
	check("again")

	bad := olap.Row{Node: &olap.NodeInfo{ID: "nul \x00"}}
	if err := sink.Write(t.Context(), []olap.Row{bad}); !errors.Is(err, olap.ErrReject) {
		t.Errorf("Write of a NUL = %v, want ErrReject", err)
	}

	if n := s.number("SELECT COUNT(*) FROM _schema_version"); n != 1 {
		t.Errorf("%d schema versions, want 1", n)
	}
	again, err := Open(s.dsn())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.Write(t.Context(), rows[:1]); err != nil {
		t.Errorf("another node = %v", err)
	}
}

// TestServerAway: what is recorded while the server is away comes when it is back.
func TestServerAway(t *testing.T) {
	s := newServer(t)
	sink, err := Open(s.dsn())
	if err != nil {
		t.Fatal(err)
	}
	cfg := olap.DefaultConfig(filepath.Join(t.TempDir(), "spool"))
	cfg.RetryMin, cfg.RetryMax = 10*time.Millisecond, 100*time.Millisecond
	r, err := olap.Open(cfg, sink)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	record := func(rows []olap.Row) {
		t.Helper()
		if err := r.Record(rows...); err != nil {
			t.Fatal(err)
		}
	}
	flush := func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		if err := r.Flush(ctx); err != nil {
			t.Fatalf("Flush = %v, %+v", err, r.Stats())
		}
	}
	tracker, rows := begin(t)
	record(rows)
	record(bred(t, tracker, 0, 1, 2))
	flush()
	s.stop()
	record(bred(t, tracker, 1, 3, 2))
	for range 6000 { // until a write has failed: nobody is told of that
		if r.Stats().Sinks[0].Retries > 0 {
			break
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if err := r.Flush(ctx); err == nil {
			t.Error("rows are delivered to a server that is away")
		}
		cancel()
	}
	s.start()
	flush()
	if n := s.number("SELECT COUNT(*) FROM fact_trial"); n != 8 {
		t.Errorf("%d trials, want 8", n)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestDSN(t *testing.T) {
	if _, err := Open("postgres://me:geheim@host:nope/db"); err == nil || !strings.Contains(err.Error(), "olap_postgres_dsn") || strings.Contains(err.Error(), "geheim") {
		t.Errorf("Open of a wrong string = %v, want a message without the password", err)
	}
	sink, err := Open("host=/nowhere user=x dbname=y")
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Write(t.Context(), []olap.Row{{Domain: &olap.Domain{ID: "d"}}}); err == nil || errors.Is(err, olap.ErrReject) {
		t.Errorf("Write without a server = %v, want an error that is tried again", err)
	}
}

// BenchmarkWrite is the rate of cells of trials, parameters and curves into a server on the same machine: in few large generations
// and in many small ones.
func BenchmarkWrite(b *testing.B) {
	s := newServer(b)
	for _, size := range []struct{ generations, trials int }{{4, 500}, {200, 10}} {
		b.Run(fmt.Sprintf("generations=%d", size.generations), func(b *testing.B) { rate(b, s, size.generations, size.trials) })
	}
}

func rate(b *testing.B, s *server, generations, trials int) {
	b.Helper()
	sink, err := Open(s.dsn())
	if err != nil {
		b.Fatal(err)
	}
	defer sink.Close()
	life := time.Now().String()
	tracker := olap.NewTracker(olap.Node{ID: "n"}, func() string { return life })
	rows, err := tracker.Start(olap.Setup{DomainID: "d"}, epoch)
	if err != nil {
		b.Fatal(err)
	}
	if err := sink.Write(b.Context(), rows); err != nil {
		b.Fatal(err)
	}
	cells, at := 0, 0
	begun := backend(sink)
	for b.Loop() {
		b.StopTimer()
		rows := bred(b, tracker, at, generations, trials)
		at += generations
		b.StartTimer()
		if err := sink.Write(b.Context(), rows); err != nil {
			b.Fatal(err)
		}
		cells += generations * (len(olap.GenerationTable.Columns) +
			trials*(len(olap.TrialTable.Columns)+5*len(olap.ParamTable.Columns)+len(olap.CurveTable.Columns)))
	}
	b.ReportMetric(float64(cells)/b.Elapsed().Seconds(), "cells/s")
	if spent := backend(sink) - begun; spent > 0 { // on a machine that others use too
		b.ReportMetric(float64(cells)/spent.Seconds(), "cells/server-cpu-s")
	}
}

// backend is how long the server has computed for a sink; 0 where the system does not tell.
func backend(s *Sink) time.Duration {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.conn.PgConn().PID()))
	_, after, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / 100 // the unit is 10 ms on every Linux
}
