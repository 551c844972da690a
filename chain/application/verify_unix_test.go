//go:build unix

package application

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// TestVerifyLong: DOIN_VERIFY_BLOCKS blocks are verified and timed, for the file that DOIN_VERIFY_OUT names.
func TestVerifyLong(t *testing.T) {
	n := int64(60)
	if text := os.Getenv("DOIN_VERIFY_BLOCKS"); text != "" {
		var err error
		if n, err = strconv.ParseInt(text, 10, 64); err != nil {
			t.Fatalf("DOIN_VERIFY_BLOCKS: %v", err)
		}
	}
	data := busy(t, n).export()
	began, spent := time.Now(), processor(t)
	report, err := reader.Import(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	took, used := time.Since(began).Seconds(), processor(t)-spent
	if report.Height < n {
		t.Errorf("%d blocks are verified, want %d", report.Height, n)
	}
	body := fmt.Sprintf("# A chain of protocol 2, verified from genesis\n\n%d blocks of 4 evaluators, %d transactions, %d bytes: %.1f s of processor time, %.1f s by the clock "+
		"with what else the machine did.\n", report.Height, report.Transactions, len(data), used, took)
	t.Log(body)
	if path := os.Getenv("DOIN_VERIFY_OUT"); path != "" {
		if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// processor is the time in seconds that this process has spent on processors.
func processor(tb testing.TB) float64 {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
