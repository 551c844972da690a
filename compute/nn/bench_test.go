package nn

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
)

// workload is a training whose steps are timed.
type workload struct {
	name   string
	config func(c *Config)
	flops  float64 // of the products of a step
}

var workloads = []workload{
	{"S2", func(c *Config) { c.Inputs, c.Hidden, c.Outputs, c.Batch = 32, []int{64, 64}, 1, 64 }, 64 * (4*32*64 + 6*(64*64+64))},
	{"16-32-1", func(c *Config) { c.Inputs, c.Hidden, c.Outputs, c.Batch = 16, []int{32}, 1, 32 }, 32 * (4*16*32 + 6*32)},
	{"32-128-128-1", func(c *Config) { c.Inputs, c.Hidden, c.Outputs, c.Batch = 32, []int{128, 128}, 1, 64 },
		64 * (4*32*128 + 6*(128*128+128))},
	{"tcn", func(c *Config) {
		c.Inputs, c.Outputs, c.Batch, c.Steps = 64*8, 1, 32, 64
		c.Layers = []Layer{
			{Kind: TCN, Width: 32, Kernel: 3, Dilation: 1, Activation: ReLU},
			{Kind: TCN, Width: 32, Kernel: 3, Dilation: 2, Activation: ReLU},
			{Kind: TCN, Width: 32, Kernel: 3, Dilation: 4, Activation: ReLU},
			{Kind: LastStep},
		}
	}, 32 * 64 * (4*(3*8*32+8*32) + 6*5*3*32*32)},
}

// BenchmarkStep times steps of a few models, and says what share of a core's multiply-adds they reach. The fastest of
// many short runs is taken for both: other work on the machine only adds time.
func BenchmarkStep(b *testing.B) {
	for _, w := range workloads {
		b.Run(w.name, func(b *testing.B) {
			c := DefaultConfig()
			w.config(&c)
			c.MaxSteps, c.EvalEvery, c.Segment = MaxSteps, 0, 0
			key := rng.Key{1, 2}
			r := newTestRun(b, c, key, surface{1000, key, 0}, surface{100, key, 1000})
			fastest, peak := time.Hour, 0.0
			isa := r.kernels.ISA()
			for b.Loop() {
				start := time.Now()
				r.Step()
				fastest = min(fastest, time.Since(start))
				start = time.Now()
				if n := vec.PeakFMA(isa, 1000); n > 0 {
					peak = max(peak, float64(n)/float64(time.Since(start).Nanoseconds()))
				}
			}
			b.ReportMetric(float64(fastest.Nanoseconds())/1e3, "µs/step-best")
			b.ReportMetric(w.flops/float64(fastest.Nanoseconds()), "GFLOP/s")
			b.ReportMetric(peak, "peak-GFLOP/s")
		})
	}
}

// BenchmarkPopulation times whole populations of mixed shapes that stop early, with one worker and with as many as there
// are processors.
func BenchmarkPopulation(b *testing.B) {
	tasks, flops := make([]Task, 32), make([]float64, 32)
	for i := range tasks {
		c := DefaultConfig()
		c.Inputs, c.Hidden, c.Outputs = 12+4*(i%7), [][]int{{16}, {32, 24}, {64, 48}, {61}}[i%4], 1+i%12
		c.Batch, c.MaxSteps, c.Patience, c.Segment = []int{16, 32, 64}[i%3], 300, 5, 0
		key := rng.Key{uint32(i), 1}
		tasks[i] = Task{Config: c, Key: key, Train: keep(surface{600, key, 0}, &c), Validation: keep(surface{120, key, 1000}, &c)}
		for l, m := range compile(&c).matrices {
			flops[i] += float64([]int{4, 6}[min(l, 1)] * c.Batch * m.in * m.out)
		}
	}
	for _, workers := range []int{1, runtime.GOMAXPROCS(0)} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			e, err := NewEngine(EngineConfig{Workers: workers})
			if err != nil {
				b.Fatal(err)
			}
			steps, work, fastest := 0, 0.0, time.Hour
			for b.Loop() {
				start := time.Now()
				results, err := e.Train(b.Context(), tasks, nil)
				if err != nil {
					b.Fatal(err)
				}
				fastest = min(fastest, time.Since(start))
				steps, work = 0, 0
				for i, r := range results {
					steps += r.StopStep
					work += flops[i] * float64(r.StopStep)
				}
			}
			b.ReportMetric(work/float64(fastest.Nanoseconds()), "GFLOP/s")
			b.ReportMetric(float64(steps)/fastest.Seconds(), "model-steps/s-best")
		})
	}
}

// kept is a source whose samples lie in memory, as those of a domain do.
type kept struct {
	inputs, outputs int
	x, y            []float32
}

func keep(s Source, c *Config) kept {
	k := kept{inputs: c.Inputs, outputs: c.Outputs}
	for i := range s.Len() {
		x, y := make([]float32, c.Inputs), make([]float32, c.Outputs)
		s.Sample(i, x, y)
		k.x, k.y = append(k.x, x...), append(k.y, y...)
	}
	return k
}

func (k kept) Len() int { return len(k.y) / k.outputs }

func (k kept) Sample(i int, x, y []float32) {
	copy(x, k.x[i*k.inputs:])
	copy(y, k.y[i*k.outputs:])
}
