package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// draw returns n numbers of mixed size with zeros of both signs, subnormals and, if asked, Inf and NaN among them.
func draw(r *rand.Rand, n int, special bool) []float32 {
	x := make([]float32, n)
	for i := range x {
		switch k := r.IntN(40); {
		case k == 0:
			x[i] = 0
		case k == 1:
			x[i] = negZero
		case k == 2:
			x[i] = math.Float32frombits(r.Uint32N(1 << 24))
		case k == 3 && special:
			x[i] = []float32{inf32, -inf32, nan32, math.MaxFloat32}[r.IntN(4)]
		case k < 8:
			x[i] = float32(r.IntN(64) - 32)
		default:
			x[i] = float32(r.NormFloat64())
		}
	}
	return x
}

func compare(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if !sameFloat(got[i], want[i]) {
			t.Fatalf("%s[%d] = %x, want %x", what, i, got[i], want[i])
		}
	}
}

// TestDenseProducts compares the three products with their definitions, written as single chains of FMA32, for every
// size around the four chains that run side by side and around the chunks of order R2.
func TestDenseProducts(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, rows := range []int{1, 2, 3, 33, 63, 64, 65, 128, 129, 200, 321} {
		for _, in := range []int{1, 3, 4, 5, 9} {
			for _, out := range []int{1, 2, 3, 4, 5, 7, 8, 13} {
				special := (rows+in+out)%3 == 0
				x, w, bias := draw(r, rows*in, special), draw(r, in*out, special), draw(r, out, special)
				dy := draw(r, rows*out, special)
				name := fmt.Sprintf("rows=%d in=%d out=%d ", rows, in, out)

				y, want := make([]float32, rows*out), make([]float32, rows*out)
				Dense(y, x, w, bias, rows, in, out)
				for i := range want {
					acc := bias[i%out]
					for k := range in {
						acc = FMA32(x[i/out*in+k], w[k*out+i%out], acc)
					}
					want[i] = acc
				}
				compare(t, name+"Dense", y, want)

				wt, dx, wantX := make([]float32, in*out), draw(r, rows*in, false), make([]float32, rows*in)
				Transpose(wt, w, in, out)
				DenseInputGrad(dx, dy, wt, rows, in, out)
				for i := range wantX {
					acc := float32(0)
					for c := range out {
						acc = FMA32(dy[i/in*out+c], w[i%in*out+c], acc)
					}
					wantX[i] = acc
				}
				compare(t, name+"DenseInputGrad", dx, wantX)

				dw := make([]float32, (in+1)*out)
				DenseWeightGrad(dw, x, dy, make([]float32, Chunks(rows)*len(dw)), rows, in, out)
				wantW := make([]float32, len(dw))
				for i := range wantW {
					k, c := i/out, i%out
					var chunks []float32
					for first := 0; first < rows; first += ChunkRows {
						acc := float32(0)
						for s := first; s < min(first+ChunkRows, rows); s++ {
							a := float32(1)
							if k < in {
								a = x[s*in+k]
							}
							acc = FMA32(a, dy[s*out+c], acc)
						}
						chunks = append(chunks, acc)
					}
					wantW[i] = pairwise(chunks)
				}
				compare(t, name+"DenseWeightGrad", dw, wantW)
			}
		}
	}
}

// pairwise is the combination of order R2 by recursion on levels.
func pairwise(x []float32) float32 {
	if len(x) == 1 {
		return x[0]
	}
	var next []float32
	for i := 0; i+1 < len(x); i += 2 {
		next = append(next, x[i]+x[i+1])
	}
	if len(x)%2 == 1 {
		next = append(next, x[len(x)-1])
	}
	return pairwise(next)
}

// TestSum compares the sum with order R3 written as the contract draws it, lanes and xor-tree, and cut in pieces.
func TestSum(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{0, 1, 2, 31, 32, 33, 63, 64, 65, 1000} {
		x := draw(r, n, false)
		var lane [32]float32
		for i, v := range x {
			lane[i%32] += v
		}
		for bit := 16; bit > 0; bit /= 2 {
			old := lane
			for j := range lane {
				lane[j] = old[j] + old[j^bit]
			}
		}
		if got := Sum(x); !sameFloat(got, lane[0]) {
			t.Errorf("Sum of %d elements = %x, want %x", n, got, lane[0])
		}
		var s Summer
		for rest := x; len(rest) > 0; {
			k := min(1+r.IntN(40), len(rest))
			s.Add(rest[:k])
			rest = rest[k:]
		}
		if got := s.Sum(); !sameFloat(got, lane[0]) || s.Len() != n {
			t.Errorf("Summer over %d of %d elements = %x, want %x", s.Len(), n, got, lane[0])
		}
	}
	if got := Sum([]float32{0x1p24, 1, -0x1p24}); got != 1 {
		t.Errorf("Sum(2²⁴, 1, −2²⁴) = %v, want 1: lanes 0 and 2 meet before lane 1", got)
	}
	if got := new(Summer).Mean(); got == got {
		t.Errorf("mean of nothing = %v, want NaN", got)
	}
}

func TestAdamW(t *testing.T) {
	a := AdamW{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0x1p-4, Rate: 0x1p-6, Correct1: 10, Correct2: 1000}
	r := rand.New(rand.NewPCG(7, 8))
	n := 257
	w, m, v, g := draw(r, n, false), draw(r, n, false), draw(r, n, false), draw(r, n, true)
	for i := range v {
		v[i] = Abs(v[i])
	}
	w64, want := make([]float64, n), make([]float32, n)
	for i := range w {
		m1 := FMA32(a.Beta1, m[i], (1-a.Beta1)*g[i])
		t1 := (1 - a.Beta2) * g[i]
		v1 := FMA32(a.Beta2, v[i], t1*g[i])
		mh, vh := m1*a.Correct1, v1*a.Correct2
		den := Sqrt(vh) + a.Epsilon
		u := mh / den
		lrwd := a.Rate * a.WeightDecay
		want[i] = FMA32(-a.Rate, u, FMA32(-lrwd, w[i], w[i]))
		m64 := float64(a.Beta1)*float64(m[i]) + (1-float64(a.Beta1))*float64(g[i])
		v64 := float64(a.Beta2)*float64(v[i]) + (1-float64(a.Beta2))*float64(g[i])*float64(g[i])
		w64[i] = float64(w[i])*(1-float64(a.Rate)*float64(a.WeightDecay)) - float64(a.Rate)*m64*10/(math.Sqrt(v64*1000)+1e-8)
	}
	a.Step(w, m, v, g)
	compare(t, "w", w, want)
	for i := range w {
		if math.IsNaN(w64[i]) || math.IsInf(float64(g[i]), 0) || Abs(g[i]) > 1e6 {
			continue
		}
		if math.Abs(float64(w[i])-w64[i]) > 1e-5*(1+math.Abs(w64[i])) {
			t.Errorf("w[%d] = %g, want about %g", i, w[i], w64[i])
		}
	}
}

func BenchmarkDense(b *testing.B) {
	r := rand.New(rand.NewPCG(9, 10))
	const rows, in, out = 32, 32, 32
	x, w, bias, y := draw(r, rows*in, false), draw(r, in*out, false), draw(r, out, false), make([]float32, rows*out)
	for b.Loop() {
		Dense(y, x, w, bias, rows, in, out)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(rows*in*out), "ns/fma")
}
