package csv

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doin.network/node/olap"
)

// TestTrim writes, trims and writes: the files stay within the bound, no round is written twice, and what is old goes.
func TestTrim(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stats.csv")
	now := epoch
	s, err := Open(path, Options{Now: func() time.Time { now = now.Add(time.Second); return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows := experiment(t, 120)
	const bound = 40_000
	sizes := func() (all int64, files []string) {
		files, err := filepath.Glob(path + "*")
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, f := range files {
			if strings.HasSuffix(f, ".pos") {
				continue
			}
			info, err := os.Stat(f)
			if err != nil {
				t.Fatal(err)
			}
			all, out = all+info.Size(), append(out, f)
		}
		return all, out
	}
	gone := 0
	for i := 0; i+10 <= len(rows); i += 10 {
		if err := s.Write(t.Context(), rows[i:i+10]); err != nil {
			t.Fatal(err)
		}
		out, err := s.Trim(t.Context(), olap.Retention{MaxBytes: bound})
		if err != nil {
			t.Fatal(err)
		}
		gone += out.Files
		if n, files := sizes(); n > bound {
			t.Fatalf("%d bytes in %q, want %d at most", n, files, bound)
		}
	}
	_, files := sizes()
	if gone == 0 || len(files) < 2 {
		t.Fatalf("%d files were deleted and %q are left: the test shows nothing", gone, files)
	}
	seen := map[string]bool{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(data)), "\n")
		for _, l := range lines[1:] {
			if seen[l] {
				t.Errorf("a line stands twice: %.60s", l)
			}
			seen[l] = true
		}
	}
	out, err := s.Trim(t.Context(), olap.Retention{Before: time.Now().Add(time.Hour)})
	if err != nil || out.Files == 0 {
		t.Errorf("Trim of everything older than now = %+v, %v", out, err)
	}
	if _, left := sizes(); len(left) > 1 {
		t.Errorf("%q are left, want the one that is written", left)
	}
}
