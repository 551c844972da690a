//go:build unix

package export

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"doin.network/node/olap"
)

// BenchmarkWrite is the rate of cells from memory, building included, over the rows of trials.
func BenchmarkWrite(b *testing.B) {
	trials := make([]olap.Trial, 122_880)
	for i := range trials {
		x := float64(i) * 0.7531
		seed := uint64(i) * 0x9e3779b97f4a7c15
		trials[i] = olap.Trial{ID: olap.TrialID("0123456789abcdef", int64(i)), ExperimentID: "0123456789abcdef0123456789abcdef", DomainID: "d", RunID: "r",
			Number: int64(i), Generation: int64(i / 100), Timestamp: epoch.Add(time.Duration(i) * time.Millisecond).Format("2006-01-02T15:04:05.000000-07:00"),
			Status: "completed", Origin: "crossover", Operator: "blend+mutate", Island: "n", Seed: &seed, Seeds: 1, Score: &x, Seconds: &x,
			Parameters: olap.JSON(fmt.Sprintf(`{"rate": %v, "units": %d}`, x, i%64))}
	}
	for _, format := range []string{"parquet", "arrow", "arrows", "csv"} {
		b.Run(format, func(b *testing.B) {
			begun := processor(b)
			for b.Loop() {
				w, err := NewWriter(discard{}, format, olap.TrialTable, nil)
				if err != nil {
					b.Fatal(err)
				}
				for i := range trials {
					if err := w.Add(olap.TrialTable.Values(&trials[i])); err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
			cells := float64(len(trials)*len(olap.TrialTable.Columns)) * float64(b.N)
			b.ReportMetric(cells/b.Elapsed().Seconds()/1e6, "Mcells/s")
			b.ReportMetric(cells/(processor(b)-begun).Seconds()/1e6, "Mcells/cpu-s") // on a machine that others use too
		})
	}
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

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
