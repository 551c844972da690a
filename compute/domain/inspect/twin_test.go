package inspect_test

import (
	"os"
	"path/filepath"
	"testing"

	"doin.network/node/compute/data/when"
	"doin.network/node/compute/domain/inspect"
	"doin.network/node/internal/canon"
)

// TestTwin: with the periods given, hours by the clock and hours that are counted mean the same where the count says which hour of the day
// each is, and where it does not, as that of a tidy file from 0 on of data that begin at one o'clock, they do not: models see the hour.
// Without, a clock has days and weeks for periods, and a count has what is found.
func TestTwin(t *testing.T) {
	hash := func(p page) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "series.csv")
		if err := os.WriteFile(path, []byte(p.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := inspect.File(path, inspect.Options{Settings: canon.NewObject("period", 12, "periods", []any{int64(12)})})
		if err != nil {
			t.Fatal(err)
		}
		return r.Description.DataHash
	}
	counted := func(from int64) page {
		return page{layout: "number", kind: when.Number, first: from, rows: 120, header: "hour,value"}
	}
	clock := hash(page{layout: "%Y-%m-%dT%H:%M:%S", kind: when.Moment, first: 1_262_307_600, step: 3600, rows: 120}) // from 01:00 on
	if got := hash(counted(1)); got != clock {
		t.Errorf("hours counted from 1: data_hash %s, want that of hours from 01:00 on, %s", got, clock)
	}
	if got := hash(counted(24)); got == clock {
		t.Errorf("hours counted from 24, midnight: data_hash %s is that of hours from 01:00 on", got)
	}
}
