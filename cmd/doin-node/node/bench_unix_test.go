//go:build unix

package node

import (
	"syscall"
	"testing"
	"time"
)

// BenchmarkSync is how fast a node that comes late reads, checks and stores ten thousand small blocks: by the clock, and by the
// processor's time of this process, which other work on the machine does not lengthen. It fails below 1,000 blocks in a second of
// the processor or above 250 MiB.
func BenchmarkSync(b *testing.B) {
	const n, least, most = 10_000, 1000, 250
	p := makePages(b, n)
	before := resident(b)
	for b.Loop() {
		begun := processorTime(b)
		took, peak := synchronise(b, p)
		spent := processorTime(b) - begun
		rate, mib := n/spent.Seconds(), float64(peak)/(1<<20)
		b.ReportMetric(n/took.Seconds(), "blocks/s")
		b.ReportMetric(rate, "blocks/cpu-s")
		b.ReportMetric(float64(peak-before)/(1<<20), "MiB-more")
		b.ReportMetric(mib, "MiB")
		if rate < least || mib > most {
			b.Errorf("%.0f blocks in a second of the processor and %.0f MiB, want %d and at most %d", rate, mib, least, most)
		}
	}
}

// processorTime is what this process has used of the processor so far.
func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
