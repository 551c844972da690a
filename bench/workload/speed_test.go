package workload

import (
	"fmt"
	"testing"
	"time"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
)

// BenchmarkTrain trains populations on one core and reports what share of the core's multiply-adds they reach. The fastest of
// many short runs is taken for both: other work on the machine only adds time.
func BenchmarkTrain(b *testing.B) {
	for _, w := range All(1000) {
		size := max(16, len(w.Models))
		if w.Name == TCN {
			size = 1
		}
		b.Run(fmt.Sprintf("%s/%s", w.Name, w.Variant), func(b *testing.B) {
			e, err := nn.NewEngine(nn.EngineConfig{Workers: 1})
			if err != nil {
				b.Fatal(err)
			}
			tasks := w.Tasks(size)
			fastest, work, steps, peak := time.Hour, 0.0, 0, 0.0
			for b.Loop() {
				start := time.Now()
				results, err := e.Train(b.Context(), tasks, nil)
				if err != nil {
					b.Fatal(err)
				}
				fastest, work, steps = min(fastest, time.Since(start)), 0, 0
				for i, r := range results {
					work += float64(r.StopStep) * Flop(&tasks[i].Config)
					steps += r.StopStep
				}
				for range 10 {
					start = time.Now()
					if n := vec.PeakFMA(e.ISA(), 1000); n > 0 {
						peak = max(peak, float64(n)/float64(time.Since(start).Nanoseconds()))
					}
				}
			}
			b.ReportMetric(float64(fastest.Nanoseconds())/float64(steps)/1e3, "µs/model-step")
			b.ReportMetric(100*work/float64(fastest.Nanoseconds())/peak, "%peak")
		})
	}
}

// BenchmarkStep times the steps of each model of a workload alone, in slices, of which the fastest counts; where the models
// validate, a slice has one validation in it.
func BenchmarkStep(b *testing.B) {
	for _, w := range All(nn.MaxSteps) {
		if w.Variant == Early {
			continue
		}
		if w.Variant == GA {
			w.Models = w.Models[:24] // one of each shape
		}
		b.Run(fmt.Sprintf("%s/%s", w.Name, w.Variant), func(b *testing.B) {
			slice := EvalEvery
			if w.Name == TCN {
				slice = 1
			}
			fastest, work, peak := make([]time.Duration, len(w.Models)), 0.0, 0.0
			var runs []*nn.Run
			for i, t := range w.Tasks(len(w.Models)) {
				t.Config.Patience = 0
				r, err := nn.NewRun(&t, "")
				if err != nil {
					b.Fatal(err)
				}
				runs, fastest[i] = append(runs, r), time.Hour
				work += Flop(&t.Config)
			}
			isa, err := vec.Select()
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				for i, r := range runs {
					start := time.Now()
					for range slice {
						r.Step()
					}
					fastest[i] = min(fastest[i], time.Since(start))
				}
				start := time.Now()
				if n := vec.PeakFMA(isa, 1000); n > 0 {
					peak = max(peak, float64(n)/float64(time.Since(start).Nanoseconds()))
				}
			}
			var sum time.Duration
			for _, d := range fastest {
				sum += d
			}
			ns := float64(sum.Nanoseconds()) / float64(slice)
			b.ReportMetric(ns/1e3/float64(len(runs)), "µs/model-step")
			b.ReportMetric(100*work/ns/peak, "%peak")
		})
	}
}
