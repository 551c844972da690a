package export

import (
	"bytes"
	"database/sql"
	encsv "encoding/csv"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"doin.network/node/olap"
)

// readersPlace is the variable of the environment that says where the readers of other people are installed, a folder with
// node_modules; else it is doin/readers in the user's cache.
const readersPlace = "DOIN_READERS"

// total is what a column holds: values that are not NULL, and their sum, of times in microseconds.
type total struct {
	Count int64
	Sum   float64
}

type totals struct {
	Rows    int64
	Columns map[string]total
}

// TestReaders: hyparquet and apache-arrow read of every table as many rows, and the same counts and sums of every column with
// numbers, booleans or times, as the SQLite file and the CSV export have.
func TestReaders(t *testing.T) {
	read := readers(t)
	path := sample(t)
	want := totalsOfDatabase(t, path)
	f := func(format string, got map[string]totals) {
		t.Helper()
		for _, table := range olap.Tables() {
			w, g := want[table.Name], got[table.Name]
			if g.Rows != w.Rows {
				t.Errorf("%s: %s has %d rows, want %d", format, table.Name, g.Rows, w.Rows)
			}
			for name, x := range w.Columns {
				if y := g.Columns[name]; y.Count != x.Count || math.Abs(y.Sum-x.Sum) > 1e-12*math.Abs(x.Sum) {
					t.Errorf("%s: %s.%s = %+v, want %+v", format, table.Name, name, y, x)
				}
			}
		}
	}
	for _, format := range []string{"csv", "parquet", "arrow"} {
		dir := filepath.Join(t.TempDir(), format)
		if _, err := write(t, path, Job{Format: format, Dir: dir}); err != nil {
			t.Fatal(err)
		}
		if format == "csv" {
			f(format, totalsOfCSV(t, dir))
		} else {
			f(format, read(dir))
		}
	}
}

// readers returns what sums a folder of files by other people's readers, or leaves the test out.
func readers(t *testing.T) func(dir string) map[string]totals {
	t.Helper()
	const hint = "NOT TESTED: nobody else reads the exports: "
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip(hint + "there is no node (Node.js) on PATH")
	}
	place := os.Getenv(readersPlace)
	if place == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Skip(hint, err)
		}
		place = filepath.Join(cache, "doin", "readers")
	}
	modules := filepath.Join(place, "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "hyparquet")); err != nil {
		t.Skipf("%sthey are not in %s: make readers installs them, with npm", hint, place)
	}
	script, err := os.ReadFile("testdata/readers/read.mjs")
	if err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(t.TempDir(), "read.mjs") // beside the modules, where it looks for them
	if err := os.WriteFile(run, script, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(filepath.Dir(run), "node_modules")); err != nil {
		t.Fatal(err)
	}
	return func(dir string) (out map[string]totals) {
		t.Helper()
		var errs bytes.Buffer
		cmd := exec.CommandContext(t.Context(), node, run, dir)
		cmd.Stderr = &errs
		text, err := cmd.Output()
		if err == nil {
			err = json.Unmarshal(text, &out)
		}
		if err != nil {
			t.Fatalf("%s: %v: %s", dir, err, &errs)
		}
		return out
	}
}

// add counts a cell, "" for NULL, of a column that has a sum.
func (x *total) add(t *testing.T, c *olap.Column, text string) {
	t.Helper()
	if text == "" {
		return
	}
	x.Count++
	switch {
	case c.Time():
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		x.Sum += float64(at.UnixMicro())
	case text == "true":
		x.Sum++
	case text != "false":
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		x.Sum += n
	}
}

func hasSum(c *olap.Column) bool { return c.Time() || c.Type.ID() != arrow.STRING }

func totalsOfDatabase(t *testing.T, path string) map[string]totals {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	out := map[string]totals{}
	for _, table := range olap.Tables() {
		of := totals{Columns: map[string]total{}}
		if err := db.QueryRow("SELECT COUNT(*) FROM " + table.Name).Scan(&of.Rows); err != nil {
			t.Fatal(err)
		}
		for i := range table.Columns {
			c := &table.Columns[i]
			if !hasSum(c) {
				continue
			}
			rows, err := db.Query("SELECT CAST(" + c.Name + " AS TEXT) FROM " + table.Name + " WHERE " + c.Name + " IS NOT NULL")
			if err != nil {
				t.Fatal(err)
			}
			var x total
			for rows.Next() {
				var text string
				if err := rows.Scan(&text); err != nil {
					t.Fatal(err)
				}
				x.add(t, c, text)
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
			rows.Close()
			of.Columns[c.Name] = x
		}
		out[table.Name] = of
	}
	return out
}

func totalsOfCSV(t *testing.T, dir string) map[string]totals {
	t.Helper()
	out := map[string]totals{}
	for _, table := range olap.Tables() {
		text, err := os.ReadFile(filepath.Join(dir, table.Name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := encsv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		of := totals{Rows: int64(len(rows) - 1), Columns: map[string]total{}}
		for i, name := range rows[0] {
			c := table.Column(name)
			if !hasSum(c) {
				continue
			}
			var x total
			for _, row := range rows[1:] {
				x.add(t, c, row[i])
			}
			of.Columns[name] = x
		}
		out[table.Name] = of
	}
	return out
}
