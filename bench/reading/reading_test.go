package reading_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"doin.network/node/bench/reading"
)

// TestMain is the process that reads, where the variable names a case and a file.
func TestMain(m *testing.M) {
	if name, path, ok := strings.Cut(os.Getenv("READING_CHILD"), " "); ok {
		row, err := reading.Child(name, path)
		if err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		json.NewEncoder(os.Stdout).Encode(row)
		return
	}
	os.Exit(m.Run())
}

func child(ctx context.Context, name, path string) ([]byte, error) {
	c := exec.CommandContext(ctx, os.Args[0])
	c.Env = append(os.Environ(), "READING_CHILD="+name+" "+path)
	c.Stderr = os.Stderr
	return c.Output()
}

// TestMemory: whatever is read, the process takes at most three times the file, beyond what a process takes anyway.
func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the largest resident size is not known here")
	}
	r, err := reading.Run(t.Context(), reading.Config{MiB: 32, Folder: t.TempDir()}, child)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Rows {
		t.Logf("%s: %d rows, %.2f of the file, %.0f MB/s", row.Case, row.Rows, row.Ratio(), row.Speed())
		if row.Rows < 1000 || row.Bytes < 31<<20 {
			t.Errorf("%s: %d rows of %d bytes", row.Case, row.Rows, row.Bytes)
		}
		if row.Ratio() > 3 {
			t.Errorf("%s: %d bytes of memory for a file of %d, want at most three times as much", row.Case, row.Peak-row.Base, row.Bytes)
		}
	}
	var b strings.Builder
	if err := r.WriteMarkdown(&b, time.Unix(0, 0)); err != nil || strings.Count(b.String(), "\n|") != 5 {
		t.Errorf("%v:\n%s", err, b.String())
	}
}

func TestConfig(t *testing.T) {
	for _, mib := range []int{0, -1, 1 << 20} {
		if _, err := reading.Run(t.Context(), reading.Config{MiB: mib}, child); !errors.Is(err, reading.ErrConfig) {
			t.Errorf("%d MiB: %v, want %v", mib, err, reading.ErrConfig)
		}
	}
}
