package export

import (
	"context"
	"database/sql"
	encsv "encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"doin.network/node/internal/canon"
	"doin.network/node/olap"
	"doin.network/node/olap/sqlite"
)

var epoch = time.Date(2026, 1, 2, 23, 59, 58, 678901000, time.UTC)

// database returns a file with two domains' trials over two days.
func sample(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "olap.db")
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	n := 0
	tracker := olap.NewTracker(olap.Node{ID: "n"}, func() string { n++; return strings.Repeat(fmt.Sprint(n), 32) })
	rows := tracker.Begin(olap.RunSetup{Name: "r"}, epoch)
	must := func(more []olap.Row, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, more...)
	}
	seed := uint64(1<<63 + 1)
	for _, d := range []string{"a/b", "c"} {
		must(tracker.Start(olap.Setup{DomainID: d, Seed: &seed}, epoch))
		for i := range int64(4) {
			at := epoch.Add(time.Duration(i) * time.Second)
			must(tracker.Record(d, olap.Observation{Performance: float64(i) / 3, Parameters: canon.NewObject("x", 1)}, at))
			must(tracker.Generation(d, olap.Bred{Record: i + 1, Made: 2, Trials: []olap.BredTrial{
				{Number: 2 * i, Status: "completed", Origin: "random", Score: olap.Float(float64(i) / 7), Seed: seed,
					Parameters: canon.NewObject("rate", 0.5, "kind", `a "quoted", one`), Curve: []olap.Point{{Step: 1, Train: olap.Float(1)}}},
				{Number: 2*i + 1, Status: "failed", Origin: "random"}}}, at))
		}
	}
	rows = append(rows, olap.Row{Block: &olap.Block{Height: 1, Hash: "h", Timestamp: "2026-01-02T00:00:00+00:00",
		Money: []olap.Money{{BlockHeight: 1, PeerID: "p", Amount: 7, BlockTime: "2026-01-02T00:00:00+00:00"}}}})
	if err := db.Write(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	return path
}

// figures are what every format has to agree on.
type figures struct {
	rows, nulls int64 // of fact_trial, of its scores
	sum         float64
	micros      int64 // sum of the times
}

func write(t testing.TB, path string, j Job) (Summary, error) {
	t.Helper()
	s, err := sqlite.OpenSnapshot(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return Write(t.Context(), s, j)
}

func (f *figures) record(r arrow.Record) {
	score := r.Column(r.Schema().FieldIndices("score")[0]).(*array.Float64)
	at := r.Column(r.Schema().FieldIndices("timestamp_utc")[0]).(*array.Timestamp)
	for i := range int(r.NumRows()) {
		f.rows++
		f.micros += int64(at.Value(i))
		if score.IsNull(i) {
			f.nulls++
		} else {
			f.sum += score.Value(i)
		}
	}
}

func readParquet(t *testing.T, dir string) (f figures) {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(dir, "fact_trial", "*", "*", "*.parquet"))
	if len(paths) != 4 { // two domains, two days
		t.Errorf("fact_trial is in %q", paths)
	}
	for _, path := range paths {
		r, err := file.OpenParquetFile(path, false)
		if err != nil {
			t.Fatal(err)
		}
		if v := r.MetaData().KeyValueMetadata().FindValue("doin.height"); v == nil || *v != "1" {
			t.Errorf("%s: doin.height = %v", path, v)
		}
		pr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
		if err != nil {
			t.Fatal(err)
		}
		table, err := pr.ReadTable(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		reader := array.NewTableReader(table, 0)
		for reader.Next() {
			f.record(reader.Record())
		}
		reader.Release()
		table.Release()
		r.Close()
	}
	return f
}

func readArrow(t *testing.T, dir string) (f figures) {
	t.Helper()
	in, err := os.Open(filepath.Join(dir, "fact_trial.arrow"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	r, err := ipc.NewFileReader(in)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i := range r.NumRecords() {
		rec, err := r.Record(i)
		if err != nil {
			t.Fatal(err)
		}
		f.record(rec)
	}
	return f
}

func readCSV(t *testing.T, dir string) (f figures) {
	t.Helper()
	in, err := os.Open(filepath.Join(dir, "fact_trial.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	rows, err := encsv.NewReader(in).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	for _, row := range rows[1:] {
		f.add(t, row[at["timestamp_utc"]], row[at["score"]])
	}
	return f
}

func (f *figures) add(t *testing.T, when, score string) {
	t.Helper()
	f.rows++
	parsed, err := time.Parse(time.RFC3339Nano, when)
	if err != nil {
		t.Fatal(err)
	}
	f.micros += parsed.UnixMicro()
	if score == "" {
		f.nulls++
		return
	}
	x, err := strconv.ParseFloat(score, 64)
	if err != nil {
		t.Fatal(err)
	}
	f.sum += x
}

func readDatabase(t *testing.T, path string) (f figures) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT timestamp_utc, COALESCE(CAST(score AS TEXT), '') FROM fact_trial ORDER BY rowid")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var when, score string
		if err := rows.Scan(&when, &score); err != nil {
			t.Fatal(err)
		}
		f.add(t, when, score)
	}
	return f
}

// TestFormats: every format has the rows of the file that it was made from.
func TestFormats(t *testing.T) {
	path := sample(t)
	want := readDatabase(t, path)
	if want.rows != 16 || want.nulls != 8 {
		t.Fatalf("the sample has %+v", want)
	}
	f := func(format string, read func(*testing.T, string) figures) {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "out")
		sum, err := write(t, path, Job{Format: format, Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if sum.Rows["fact_trial"] != 16 || sum.Rows["fact_param"] != 16 || sum.Rows["fact_curve"] != 8 || sum.Rows["fact_money"] != 1 {
			t.Errorf("%s: %+v", format, sum)
		}
		got := read(t, dir)
		if d := got.sum - want.sum; d*d > 1e-24 || got.rows != want.rows || got.nulls != want.nulls || got.micros != want.micros {
			t.Errorf("%s: %+v, want %+v", format, got, want)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp*")); len(left) > 0 {
			t.Errorf("%s left %q", format, left)
		}
	}
	f("parquet", readParquet)
	f("arrow", readArrow)
	f("csv", readCSV)
	f("sqlite", func(t *testing.T, dir string) figures { return readDatabase(t, filepath.Join(dir, DatabaseName)) })
}

func TestFilter(t *testing.T) {
	path := sample(t)
	f := func(filter sqlite.Filter, trials, params, blocks int64) {
		t.Helper()
		sum, err := write(t, path, Job{Format: "csv", Dir: filepath.Join(t.TempDir(), "o"), Filter: filter})
		if err != nil {
			t.Fatal(err)
		}
		if sum.Rows["fact_trial"] != trials || sum.Rows["fact_param"] != params || sum.Rows["fact_block"] != blocks {
			t.Errorf("%+v: %v", filter, sum.Rows)
		}
	}
	f(sqlite.Filter{Domain: "c"}, 8, 8, 1)
	f(sqlite.Filter{Run: "r"}, 16, 16, 1)
	f(sqlite.Filter{Run: "other"}, 0, 0, 1)
	f(sqlite.Filter{Since: "2026-01-03"}, 8, 8, 0)
	f(sqlite.Filter{Domain: "c", Run: "r", Since: "2026-01-03"}, 4, 4, 0)
}

func TestRefusals(t *testing.T) {
	path := sample(t)
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := func(j Job, want error, says string) {
		t.Helper()
		if _, err := write(t, path, j); !errors.Is(err, want) || !strings.Contains(err.Error(), says) {
			t.Errorf("Write(%+v) = %v, want %v with %q", j, err, want, says)
		}
	}
	f(Job{Format: "xlsx", Dir: t.TempDir()}, ErrFormat, "parquet, arrow, csv and sqlite")
	f(Job{Format: "csv", Dir: full}, ErrOut, full)
	f(Job{Format: "csv", Dir: filepath.Join(full, "x")}, syscall.ENOTDIR, "not a directory")
	if _, err := sqlite.OpenSnapshot(t.Context(), filepath.Join(full, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("OpenSnapshot of nothing = %v", err)
	}
}

// TestFullDisk: where the disk is full nothing has a final name.
func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full")
	}
	for _, format := range []string{"parquet", "arrow", "csv"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "f")
		if err := os.Symlink("/dev/full", path+".tmp"); err != nil {
			t.Fatal(err)
		}
		p, err := create(t.Context(), openOnDisk, path, format, olap.DomainTable, nil)
		if err == nil {
			err = errors.Join(p.Add([]any{"d", nil, nil}), p.finish())
		}
		if err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("%s on a full disk = %v", format, err)
		}
		if list, _ := os.ReadDir(dir); len(list) != 0 {
			t.Errorf("%s left %v", format, list)
		}
	}
}

// TestShelf: a file is of one state until it is a minute old, and stays readable when it is replaced.
func TestShelf(t *testing.T) {
	path, now := sample(t), epoch
	s := NewShelf(path, filepath.Join(t.TempDir(), "shelf"), func() time.Time { return now })
	size := func() int {
		t.Helper()
		file, err := s.Path(t.Context(), "dim_domain", "csv")
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(text), "\n")
	}
	if n := size(); n != 3 {
		t.Errorf("%d lines, want 3", n)
	}
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Write(t.Context(), []olap.Row{{Domain: &olap.Domain{ID: "new"}}}); err != nil {
		t.Fatal(err)
	}
	if n := size(); n != 3 {
		t.Errorf("%d lines within the minute, want 3", n)
	}
	if now = now.Add(fresh); size() != 4 {
		t.Error("a minute later there is nothing new")
	}
	if _, err := s.Path(t.Context(), "../fact_trial", "csv"); !errors.Is(err, ErrTable) {
		t.Errorf("Path of no table = %v", err)
	}
	if _, err := s.Path(t.Context(), "fact_trial", "xlsx"); !errors.Is(err, ErrFormat) {
		t.Errorf("Path of no format = %v", err)
	}
	// While it rests, what is there is handed out, and nothing is made.
	s.rest = now.Add(time.Hour)
	if n := size(); n != 4 {
		t.Errorf("%d lines while it rests, want 4", n)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := s.Path(ctx, "fact_round", "csv"); !errors.Is(err, context.Canceled) {
		t.Errorf("Path of another table while it rests = %v, want that it waits", err)
	}
}
