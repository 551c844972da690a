package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// sample is how long one measurement lasts, about: too short to be interrupted often.
const sample = 40 * time.Microsecond

// fastest returns the nanoseconds of one call of f in the best of a number of samples, and leaves out the rest: on a
// machine that is shared, everything else that runs is in the mean.
type fastest struct {
	f    func()
	reps int
	best float64
}

func (s *fastest) measure() {
	if s.reps == 0 {
		s.f()
		start := time.Now()
		s.f()
		s.reps = int(sample/max(1, time.Since(start))) + 1
		s.best = math.Inf(1)
	}
	start := time.Now()
	for range s.reps {
		s.f()
	}
	s.best = min(s.best, float64(time.Since(start).Nanoseconds())/float64(s.reps))
}

// perform runs f and reports the best rate seen in GFLOP/s and as a share of the peak measured in between.
func perform(b *testing.B, isa ISA, flops int, f func()) {
	b.Helper()
	var rounds = 4000
	work, peak := fastest{f: f}, fastest{f: func() { PeakFMA(isa, rounds) }}
	for b.Loop() {
		for range 4 {
			work.measure()
		}
		peak.measure()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(work.best, "best-ns")
	rate := float64(flops) / work.best
	b.ReportMetric(rate, "GFLOP/s")
	if n := PeakFMA(isa, rounds); n > 0 {
		b.ReportMetric(100*rate/(float64(n)/peak.best), "%peak")
	}
}

func benchISA(b *testing.B, f func(b *testing.B, k *Kernels)) {
	for _, isa := range Supported() {
		b.Run(string(isa), func(b *testing.B) {
			k, err := For(isa)
			if err != nil {
				b.Fatal(err)
			}
			f(b, k)
		})
	}
}

func BenchmarkGemm(b *testing.B) {
	benchISA(b, func(b *testing.B, k *Kernels) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, s := range [][3]int{{16, 16, 16}, {32, 32, 32}, {64, 64, 64}, {128, 128, 128}, {256, 256, 256}, {33, 47, 61}, {60, 64, 64},
			{64, 64, 32}, {64, 1, 64}, {64, 3, 64}, {64, 10, 64}, {64, 64, 1}} {
			m, n, terms := s[0], s[1], s[2]
			a, w, c := normals(r, m*terms), normals(r, terms*n), normals(r, m*n)
			for _, turned := range []bool{false, true} {
				name, ars, acs := fmt.Sprintf("%dx%dx%d", m, n, terms), terms, 1
				if turned {
					name, ars, acs = name+"/turned", 1, m
				}
				b.Run(name, func(b *testing.B) {
					perform(b, k.ISA(), 2*m*n*terms, func() {
						clear(c)
						k.Gemm(c, n, a, ars, acs, w, n, m, n, terms)
					})
				})
			}
		}
	})
}

func normals(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// BenchmarkStep is the arithmetic of one training step of the network 32-64-64-1 with batches of 64, ReLU and AdamW.
func BenchmarkStep(b *testing.B) {
	benchISA(b, func(b *testing.B, k *Kernels) {
		s := newStep(k)
		perform(b, k.ISA(), s.flops(), s.run)
	})
}

type step struct {
	k                    *Kernels
	w, m, v, g           []float32
	x, z1, h1, z2, h2, y []float32
	d3, d2, d1           []float32
	wt                   []float32
	adam                 AdamW
}

const stepRows, stepIn, stepWide = 64, 32, 64

func newStep(k *Kernels) *step {
	r := rand.New(rand.NewPCG(1, 2))
	n := (stepIn+1)*stepWide + (stepWide+1)*stepWide + stepWide + 1
	wide := func() []float32 { return make([]float32, stepRows*stepWide) }
	s := &step{k: k, w: normals(r, n), m: make([]float32, n), v: make([]float32, n), g: make([]float32, n),
		x: normals(r, stepRows*stepIn), z1: wide(), h1: wide(), z2: wide(), h2: wide(), y: make([]float32, stepRows),
		d3: make([]float32, stepRows), d2: wide(), d1: wide(), wt: wide(),
		adam: AdamW{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.01, Rate: 1e-3, Correct1: 1.5, Correct2: 2}}
	for i := range s.w {
		s.w[i] *= 0.1
	}
	return s
}

func (s *step) flops() int {
	return 2 * stepRows * (2*stepIn*stepWide + 3*stepWide*stepWide + 3*stepWide)
}

func (s *step) run() {
	k, o2 := s.k, (stepIn+1)*stepWide
	o3 := o2 + (stepWide+1)*stepWide
	w1, b1 := s.w[:stepIn*stepWide], s.w[stepIn*stepWide:o2]
	w2, b2 := s.w[o2:o3-stepWide], s.w[o3-stepWide:o3]
	w3, b3 := s.w[o3:o3+stepWide], s.w[o3+stepWide:]
	k.Dense(s.z1, s.x, w1, b1, stepRows, stepIn, stepWide)
	k.ReLU(s.h1, s.z1)
	k.Dense(s.z2, s.h1, w2, b2, stepRows, stepWide, stepWide)
	k.ReLU(s.h2, s.z2)
	k.Dense(s.y, s.h2, w3, b3, stepRows, stepWide, 1)
	for i, y := range s.y {
		s.d3[i] = 2 * (y - 1) / stepRows
	}
	k.DenseWeightGrad(s.g[o3:], s.h2, s.d3, nil, stepRows, stepWide, 1)
	k.DenseInputGrad(s.d2, s.d3, w3, stepRows, stepWide, 1)
	k.ReLUScale(s.d2, s.d2, s.h2)
	k.DenseWeightGrad(s.g[o2:o3], s.h1, s.d2, nil, stepRows, stepWide, stepWide)
	k.Transpose(s.wt, w2, stepWide, stepWide)
	k.DenseInputGrad(s.d1, s.d2, s.wt, stepRows, stepWide, stepWide)
	k.ReLUScale(s.d1, s.d1, s.h1)
	k.DenseWeightGrad(s.g[:o2], s.x, s.d1, nil, stepRows, stepIn, stepWide)
	k.AdamW(s.adam, s.w, s.m, s.v, s.g)
}

// TestStepAllocates pins that a step allocates nothing, and that all implementations leave the same weights.
func TestStep(t *testing.T) {
	want := newStep(&naive)
	for range 3 {
		want.run()
	}
	eachISA(t, func(t *testing.T, k *Kernels) {
		s := newStep(k)
		for range 3 {
			s.run()
		}
		compare(t, "w", s.w, want.w)
		var sum Summer
		if n := testing.AllocsPerRun(5, func() { s.run(); sum.Reset(); k.Accumulate(&sum, s.w); k.SumSquares(s.g) }); n != 0 {
			t.Errorf("a step allocates %v times", n)
		}
	})
}

func BenchmarkVector(b *testing.B) {
	benchISA(b, func(b *testing.B, k *Kernels) {
		r := rand.New(rand.NewPCG(1, 2))
		const n = 4096
		x, y, z, g := normals(r, n), normals(r, n), make([]float32, n), normals(r, n)
		run := func(name string, f func()) {
			b.Run(name, func(b *testing.B) {
				work := fastest{f: f}
				for b.Loop() {
					work.measure()
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(work.best/n, "ns/element")
			})
		}
		for _, e := range elementwise {
			run(e.name, func() {
				if e.f != nil {
					e.f(k, y, x)
				} else {
					e.scale(k, y, g, x)
				}
			})
		}
		a := AdamW{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.01, Rate: 1e-3, Correct1: 1.5, Correct2: 2}
		w, m := normals(r, n), make([]float32, n)
		run("AdamW", func() { k.AdamW(a, w, m, z, g) })
		run("SGD", func() { k.SGD(SGD{Rate: 1e-3, Momentum: 0.9}, w, m, g) })
		run("Sum", func() { k.Sum(x) })
		run("AllFinite", func() { k.AllFinite(x) })
		run("Transpose64x64", func() { k.Transpose(y, x, 64, 64) })
	})
}
