package forecast

import (
	"os"
	"path/filepath"
	"testing"

	"doin.network/node/internal/canon"
)

// The settings in force make the same problem, whatever is found in the file.
func TestSettingsInForce(t *testing.T) {
	f := func(rows string, kv ...any) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "data.csv")
		if err := os.WriteFile(path, []byte(rows), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := New(canon.NewObject(append(kv, "data", path)...))
		if err != nil {
			t.Error(err)
			return
		}
		settings := d.Describe().Defaults.Clone()
		settings.Delete("space")
		again, err := New(settings)
		if err != nil {
			t.Errorf("with %s: %v", canon.Canonical(settings), err)
			return
		}
		if a, b := d.Describe(), again.Describe(); a.DataHash != b.DataHash || string(canon.Canonical(a.Defaults)) != string(canon.Canonical(b.Defaults)) {
			t.Errorf("data hashes %s, %s\n%s\n%s", a.DataHash, b.DataHash, canon.Canonical(a.Defaults), canon.Canonical(b.Defaults))
		}
	}
	f(string(write(monthly(200), func(int) bool { return true })))
	f(string(write(monthly(200), func(i int) bool { return i%50 != 7 })))
	f(string(write(monthly(200), func(i int) bool { return i%50 != 7 })), "gaps", Mask)
	f(string(write(monthly(200), func(i int) bool { return i%5 != 3 })), "gaps", Bridge)
	f(string(write(monthly(200), func(i int) bool { return true })), "horizon", 3, "folds", 2)
}

// write writes the rows of a table that are wanted.
func write(t *Table, want func(row int) bool) []byte {
	out := []byte("t,v\n")
	for i := range t.Rows() {
		if want(i) {
			out = append(out, t.Time(i)+","+string(canon.Canonical(t.Value(i)))+"\n"...)
		}
	}
	return out
}
