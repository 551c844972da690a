//go:build unix

package sqlite

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"doin.network/node/olap"
)

// BenchmarkWrite is the rate of rows of trials, parameters and curves, in transactions as a recorder makes them.
func BenchmarkWrite(b *testing.B) {
	db, err := Open(b.Context(), filepath.Join(b.TempDir(), "olap.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	tracker := olap.NewTracker(olap.Node{ID: "n"}, func() string { return "0123456789abcdef0123456789abcdef" })
	if _, err := tracker.Start(olap.Setup{DomainID: "d"}, epoch); err != nil {
		b.Fatal(err)
	}
	n, record, used := 0, int64(0), time.Duration(0)
	for b.Loop() {
		b.StopTimer()
		record++
		rows := bred(b, tracker, record, 500, 10, 16)
		b.StartTimer()
		begun := processor(b)
		if err := db.Write(b.Context(), rows); err != nil {
			b.Fatal(err)
		}
		used += processor(b) - begun
		n += 1 + 500*(1+10+16)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(n)/used.Seconds(), "rows/cpu-s") // on a machine that others use too
}

// processor is how long the process has computed, on all its cores together.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
