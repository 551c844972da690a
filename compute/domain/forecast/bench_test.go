package forecast

import (
	"slices"
	"testing"
	"time"

	"doin.network/node/compute/domain/domaintest"
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
					m, err := d.Train(b.Context(), p, seed, false)
					if err != nil {
						b.Fatal(err)
					}
					took := time.Since(start).Seconds()
					mae = append(mae, -m.Performance())
					training = append(training, 1e3*took)
					step = append(step, 1e6*took/domaintest.Metric(b, m, "stop_step"))
				}
				slices.Sort(mae)
				slices.Sort(training)
				slices.Sort(step)
				b.ReportMetric(mae[0], "best-ppm")
				b.ReportMetric(mae[genomes/2], "median-ppm")
				b.ReportMetric(training[genomes/2], "ms/training")
				b.ReportMetric(training[genomes-1], "max-ms/training")
				b.ReportMetric(step[genomes/2], "µs/step")
			}
		})
	}
}
