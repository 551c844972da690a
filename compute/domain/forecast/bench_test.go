package forecast

import (
	"slices"
	"testing"
	"time"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/rng"
	"doin.network/node/internal/canon"
)

// BenchmarkRandomGenomes trains 40 random genomes of each model on the CO2 record and reports the best and the median
// validation error in ppm, the median time of a training and the median time of a step, what measuring it costs included.
func BenchmarkRandomGenomes(b *testing.B) {
	const genomes = 40
	for _, model := range []string{MLP, TCN} {
		b.Run(model, func(b *testing.B) {
			for b.Loop() {
				d, err := New(canon.NewObject("data", co2, "models", []any{model}))
				if err != nil {
					b.Fatal(err)
				}
				draws := rng.NewSeq(rng.Key{4, 2}, rng.Probe, 0)
				var mae, training, step []float64
				for seed := range uint64(genomes) {
					p := d.Parameters(d.Describe().Space.Random(draws.Uniform))
					start := time.Now()
					m, err := d.Try(b.Context(), domain.Trial{Parameters: p, Seed: seed}, nil)
					if err != nil {
						b.Fatal(err)
					}
					took := time.Since(start).Seconds()
					mae = append(mae, -m.Performance)
					training = append(training, 1e3*took)
					steps, err := m.Metrics.Int("steps")
					if err != nil {
						b.Fatal(err)
					}
					step = append(step, 1e6*took/float64(steps))
				}
				slices.Sort(mae)
				slices.Sort(training)
				slices.Sort(step)
				b.ReportMetric(mae[0], "best-mase")
				b.ReportMetric(mae[genomes/2], "median-mase")
				b.ReportMetric(training[genomes/2], "ms/trial")
				b.ReportMetric(training[genomes-1], "max-ms/trial")
				b.ReportMetric(step[genomes/2], "µs/step")
			}
		})
	}
}
