package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// eachISA runs f for every implementation but the definitions.
func eachISA(t *testing.T, f func(t *testing.T, k *Kernels)) {
	t.Helper()
	for _, isa := range Supported()[1:] {
		t.Run(string(isa), func(t *testing.T) {
			k, err := For(isa)
			if err != nil {
				t.Fatal(err)
			}
			f(t, k)
		})
	}
}

const guard = 24

// guarded is a slice in the middle of others' memory, at any alignment that float32 can have.
type guarded struct {
	all  []float32
	x    []float32
	mark float32
}

func guard32(r *rand.Rand, x []float32) guarded {
	shift := r.IntN(16)
	g := guarded{all: make([]float32, guard+shift+len(x)+guard), mark: 0x1.234568p+33}
	for i := range g.all {
		g.all[i] = g.mark
	}
	g.x = g.all[guard+shift:][:len(x):len(x)]
	copy(g.x, x)
	return g
}

func (g guarded) check(t *testing.T, what string) {
	t.Helper()
	start := len(g.all) - guard - len(g.x)
	for i, v := range g.all {
		if (i < start || i >= start+len(g.x)) && v != g.mark {
			t.Fatalf("%s: wrote %x at %d, outside of %d elements", what, v, i-start, len(g.x))
		}
	}
}

// edges are the sizes around lanes and tiles.
func edges(short bool) []int {
	if short {
		return []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 31, 33, 48, 65}
	}
	n := []int{}
	for i := range 36 {
		n = append(n, i)
	}
	return append(n, 47, 48, 49, 63, 64, 65, 80, 127, 128, 129)
}

func checkGemm(t *testing.T, k *Kernels, r *rand.Rand, m, n, terms int, turned, special bool) {
	t.Helper()
	ldc, ldb := n+r.IntN(3), n+r.IntN(3)
	ars, acs := terms+r.IntN(3), 1
	if turned {
		ars, acs = 1, m+r.IntN(3)
	} else if r.IntN(6) == 0 {
		acs = 2 + r.IntN(2)
		ars *= acs
	}
	size := func(rows, ld, columns int) int {
		if rows == 0 || columns == 0 {
			return 0
		}
		return (rows-1)*ld + columns
	}
	a := draw(r, max(0, size(m, ars, 1)+size(terms, acs, 1)), special)
	b := draw(r, size(terms, ldb, n), special)
	c := draw(r, size(m, ldc, n), special)
	want := append([]float32(nil), c...)
	var bias []float32
	fresh := r.IntN(3) == 0
	if fresh && r.IntN(2) == 0 {
		bias = draw(r, n, special)[:n:n]
	}
	for i := range m {
		for j := range n {
			acc := c[i*ldc+j]
			if fresh {
				acc = 0
				if bias != nil {
					acc = bias[j]
				}
			}
			for p := range terms {
				acc = FMA32(a[i*ars+p*acs], b[p*ldb+j], acc)
			}
			want[i*ldc+j] = acc
		}
	}
	ga, gb, gc := guard32(r, a), guard32(r, b), guard32(r, c)
	name := fmt.Sprintf("Gemm m=%d n=%d k=%d ldc=%d ars=%d acs=%d ldb=%d", m, n, terms, ldc, ars, acs, ldb)
	if fresh {
		k.GemmFrom(gc.x, ldc, bias, ga.x, ars, acs, gb.x, ldb, m, n, terms)
	} else {
		k.Gemm(gc.x, ldc, ga.x, ars, acs, gb.x, ldb, m, n, terms)
	}
	compare(t, name, gc.x, want)
	gc.check(t, name)
	compare(t, name+" a", ga.x, a)
	compare(t, name+" b", gb.x, b)
}

func TestGemm(t *testing.T) {
	eachISA(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(11, 12))
		sizes := edges(testing.Short())
		for _, m := range sizes {
			for _, n := range sizes {
				// Every pair of m and n with a few lengths of the chains, among them each of 0 … 35 often.
				for range 2 {
					terms := sizes[r.IntN(len(sizes))]
					if m*n*terms > 50_000 && r.IntN(8) > 0 {
						terms = r.IntN(9)
					}
					checkGemm(t, k, r, m, n, terms, r.IntN(3) == 0, r.IntN(2) == 0)
				}
			}
		}
		for _, size := range [][3]int{{128, 128, 128}, {129, 127, 300}, {5, 64, 1000}, {64, 1, 1000}, {1000, 1, 33}, {70, 257, 70}} {
			checkGemm(t, k, r, size[0], size[1], size[2], false, false)
			checkGemm(t, k, r, size[0], size[1], size[2], true, false)
		}
	})
}

// TestGemmColumns takes every number of columns up to beyond the widest panel, with chains from few to many terms.
func TestGemmColumns(t *testing.T) {
	eachISA(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(13, 14))
		for n := range 140 {
			for _, turned := range []bool{false, true} {
				checkGemm(t, k, r, 1+r.IntN(40), n, 1+r.IntN(40), turned, true)
			}
		}
	})
}

// TestGemmRange takes factors and sums of chosen magnitudes, from where products vanish to where sums overflow, sparse and
// with few digits, so that ties, cancellation and both ends of the range are met often.
func TestGemmRange(t *testing.T) {
	eachISA(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(27, 28))
		scaled := func(n, exponent, digits int) []float32 {
			x := make([]float32, n)
			for i := range x {
				if r.IntN(8) > 0 {
					x[i] = float32(math.Ldexp(float64(r.IntN(1<<digits)-1<<(digits-1)), exponent-digits))
				}
			}
			return x
		}
		for range 4000 {
			m, n, terms := 4+r.IntN(4), 4+r.IntN(14), 1+r.IntN(12)
			ea := r.IntN(253) - 125
			eb := min(127, max(-120, -126-ea+r.IntN(60)))
			switch r.IntN(3) {
			case 0:
				eb = min(128, max(-120, 133-ea-r.IntN(8)))
			case 1:
				eb = min(127, max(-120, 20-ea))
			}
			a, b := scaled(m*terms, ea, 1+r.IntN(24)), scaled(terms*n, eb, 1+r.IntN(24))
			c := scaled(m*n, min(128, max(-126, ea+eb+r.IntN(30))), 1+r.IntN(24))
			want := append([]float32(nil), c...)
			for i := range want {
				for p := range terms {
					want[i] = FMA32(a[i/n*terms+p], b[p*n+i%n], want[i])
				}
			}
			k.Gemm(c, n, a, terms, 1, b, n, m, n, terms)
			compare(t, fmt.Sprintf("Gemm m=%d n=%d k=%d at 2^%d and 2^%d", m, n, terms, ea, eb), c, want)
		}
	})
}

func FuzzGemm(f *testing.F) {
	f.Add(uint64(1), uint8(6), uint8(64), uint8(9), false)
	f.Add(uint64(2), uint8(33), uint8(1), uint8(17), true)
	f.Fuzz(func(t *testing.T, seed uint64, m, n, terms uint8, turned bool) {
		r := rand.New(rand.NewPCG(seed, 1))
		for _, isa := range Supported()[1:] {
			k, err := For(isa)
			if err != nil {
				t.Fatal(err)
			}
			checkGemm(t, k, r, int(m), int(n), int(terms), turned, seed%2 == 0)
		}
	})
}

func TestDenseKernels(t *testing.T) {
	eachISA(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(15, 16))
		for _, rows := range []int{1, 2, 15, 16, 33, 63, 64, 65, 128, 129, 200, 321, 449} {
			for _, in := range []int{1, 3, 8, 17, 33} {
				for _, out := range []int{1, 2, 3, 5, 7, 8, 16, 35} {
					special := (rows+in+out)%3 == 0
					x, w, bias := draw(r, rows*in, special), draw(r, in*out, special), draw(r, out, special)
					dy := draw(r, rows*out, special)
					name := fmt.Sprintf("rows=%d in=%d out=%d ", rows, in, out)

					y, want := guard32(r, make([]float32, rows*out)), make([]float32, rows*out)
					Dense(want, x, w, bias, rows, in, out)
					k.Dense(y.x, x, w, bias, rows, in, out)
					compare(t, name+"Dense", y.x, want)
					y.check(t, name+"Dense")

					wt, wantT := guard32(r, make([]float32, in*out)), make([]float32, in*out)
					Transpose(wantT, w, in, out)
					k.Transpose(wt.x, w, in, out)
					compare(t, name+"Transpose", wt.x, wantT)
					wt.check(t, name+"Transpose")

					dx, wantX := guard32(r, draw(r, rows*in, true)), make([]float32, rows*in)
					DenseInputGrad(wantX, dy, wantT, rows, in, out)
					k.DenseInputGrad(dx.x, dy, wt.x, rows, in, out)
					compare(t, name+"DenseInputGrad", dx.x, wantX)
					dx.check(t, name+"DenseInputGrad")

					size := (in + 1) * out
					dw, wantW := guard32(r, draw(r, size, true)), make([]float32, size)
					scratch := guard32(r, make([]float32, WeightGradScratch(rows, in, out)))
					DenseWeightGrad(wantW, x, dy, make([]float32, Chunks(rows)*size), rows, in, out)
					k.DenseWeightGrad(dw.x, x, dy, scratch.x, rows, in, out)
					compare(t, name+"DenseWeightGrad", dw.x, wantW)
					dw.check(t, name+"DenseWeightGrad")
					scratch.check(t, name+"scratch")
				}
			}
		}
	})
}

// TestSumChunks compares the pairwise order with its definition for every number of chunks up to 70.
func TestSumChunks(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	for chunks := 1; chunks <= 70; chunks++ {
		x := draw(r, 3*chunks, false)
		sum, scratch := make([]float32, 3), make([]float32, SumChunksScratch(3, chunks))
		naive.SumChunks(sum, scratch, chunks, func(i int, dst []float32) { copy(dst, x[3*i:]) })
		addPairwise(x, 3)
		compare(t, fmt.Sprintf("sum of %d chunks", chunks), sum, x[:3])
	}
}

// specials returns n numbers: draws, and every kind of border of the elementary functions.
func specials(r *rand.Rand, n int) []float32 {
	borders := []float32{0, negZero, 1, -1, inf32, -inf32, nan32, expMin, expMax, -expMin, 88.72284, -87.33655, -103.97208, -104,
		tanhSplit, -tanhSplit, tanhMax, -tanhMax, geluMin, -geluMin, minNormal, -minNormal, 0x1p-149, -0x1p-149,
		math.MaxFloat32, -math.MaxFloat32, 2. / 3, 4. / 3, 0x1.fffffep-127}
	x := draw(r, n, true)
	for i := range x {
		switch r.IntN(4) {
		case 0:
			x[i] = borders[r.IntN(len(borders))]
			x[i] = math.Float32frombits(math.Float32bits(x[i]) + r.Uint32N(5) - 2)
		case 1:
			x[i] = math.Float32frombits(r.Uint32())
		}
	}
	return x
}

// elementwise lists the kernels of one vector, and those that scale a gradient.
var elementwise = []struct {
	name  string
	f     func(k *Kernels, y, x []float32)
	scale func(k *Kernels, dz, d, f []float32)
}{
	{name: "ReLU", f: (*Kernels).ReLU}, {name: "Tanh", f: (*Kernels).Tanh}, {name: "Sigmoid", f: (*Kernels).Sigmoid},
	{name: "GELU", f: (*Kernels).GELU}, {name: "SiLU", f: (*Kernels).SiLU}, {name: "Exp", f: (*Kernels).Exp}, {name: "Log", f: (*Kernels).Log},
	{name: "ReLUScale", scale: (*Kernels).ReLUScale}, {name: "TanhScale", scale: (*Kernels).TanhScale},
	{name: "SigmoidScale", scale: (*Kernels).SigmoidScale}, {name: "GELUScale", scale: (*Kernels).GELUScale}, {name: "SiLUScale", scale: (*Kernels).SiLUScale},
}

func TestElementwise(t *testing.T) {
	eachISA(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(19, 20))
		for _, e := range elementwise {
			for _, n := range append(edges(false), 5000) {
				x, d := specials(r, n), specials(r, n)
				want := make([]float32, n)
				name := fmt.Sprintf("%s n=%d", e.name, n)
				y := guard32(r, draw(r, n, false))
				gx, gd := guard32(r, x), guard32(r, d)
				if e.f != nil {
					e.f(&naive, want, x)
					e.f(k, y.x, gx.x)
					e.f(k, gx.x, gx.x)
				} else {
					e.scale(&naive, want, d, x)
					e.scale(k, y.x, gd.x, gx.x)
					e.scale(k, gd.x, gd.x, gx.x)
					gx = gd
				}
				for i := range want {
					if !sameFloat(y.x[i], want[i]) {
						t.Fatalf("%s: f(%x, %x) = %x, want %x", name, x[i], d[i], y.x[i], want[i])
					}
				}
				compare(t, name+" in place", gx.x, want)
				y.check(t, name)
				gx.check(t, name+" in place")
			}
		}
	})
}

func TestUpdates(t *testing.T) {
	eachISA(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(21, 22))
		for _, n := range append(edges(false), 1000) {
			a := AdamW{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0x1p-4, Rate: 0x1p-6, Correct1: 10, Correct2: 1000}
			if n%3 == 1 {
				a = AdamW{Beta1: r.Float32(), Beta2: r.Float32(), Epsilon: r.Float32(), Rate: r.Float32(), Correct1: 1 + r.Float32(), Correct2: 1 + r.Float32()}
			}
			special := n%2 == 0
			w, m, v, g := draw(r, n, special), draw(r, n, special), draw(r, n, special), draw(r, n, special)
			gw, gm, gv, gg := guard32(r, w), guard32(r, m), guard32(r, v), guard32(r, g)
			k.AdamW(a, gw.x, gm.x, gv.x, gg.x)
			a.Step(w, m, v, g)
			compare(t, "AdamW w", gw.x, w)
			compare(t, "AdamW m", gm.x, m)
			compare(t, "AdamW v", gv.x, v)
			gw.check(t, "AdamW w")
			gm.check(t, "AdamW m")
			gv.check(t, "AdamW v")

			s := SGD{Rate: 0x1p-5, Momentum: 0.9, WeightDecay: 0x1.8p-7}
			k.SGD(s, gw.x, gv.x, gg.x)
			for i := range w {
				h := FMA32(s.WeightDecay, w[i], g[i])
				v[i] = FMA32(s.Momentum, v[i], h)
				w[i] = FMA32(-s.Rate, v[i], w[i])
			}
			compare(t, "SGD w", gw.x, w)
			compare(t, "SGD v", gv.x, v)
			gw.check(t, "SGD w")
			gv.check(t, "SGD v")
		}
	})
}

// TestIdleParameters updates parameters whose gradient is zero and whose moments have become subnormal, beside others, for
// scalars inside and outside of what the quiet way accepts.
func TestIdleParameters(t *testing.T) {
	eachISA(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(25, 26))
		pick := func(x ...float32) float32 { return x[r.IntN(len(x))] }
		for range 2000 {
			n := 1 + r.IntN(40)
			a := AdamW{Beta1: pick(0.9, 0, 1, 0.5, r.Float32(), 0x1.fffffep-1), Beta2: pick(0.999, 0.9, 0, 1, 0.5, r.Float32()), Epsilon: pick(1e-8, 0x1p-30, 1, 1e-3, 0),
				WeightDecay: pick(0, 0.01, 1), Rate: pick(1e-3, 1, -1, 0, 2), Correct1: pick(1, 10, 0x1p16, 1.25), Correct2: pick(1, 1000, 0x1p16, 0.5)}
			w, m, v, g := draw(r, n, false), draw(r, n, false), draw(r, n, false), draw(r, n, false)
			quiet := r.IntN(4)
			for i := range w {
				if r.IntN(4) < quiet {
					g[i] = pick(0, 0, negZero, 0x1p-149, -0x1p-100)
					m[i] = math.Float32frombits(r.Uint32() & 0x80ffffff >> (31 * r.Uint32N(2)) >> r.Uint32N(24))
					if r.IntN(2) == 0 {
						m[i] = -m[i]
					}
				}
				if r.IntN(4) < quiet {
					v[i] = math.Float32frombits(r.Uint32N(1<<24) >> r.Uint32N(24))
					if r.IntN(8) == 0 {
						v[i] = -v[i]
					}
				}
				if r.IntN(8) == 0 {
					w[i] = pick(0, 0x1p-149, 0x1p-50, 0x1.fffffep-51, -0x1p-50, 1, -1, inf32, nan32, 0x1p-126)
				}
			}
			gw, gm, gv := append([]float32(nil), w...), append([]float32(nil), m...), append([]float32(nil), v...)
			for range 3 {
				k.AdamW(a, gw, gm, gv, g)
				a.Step(w, m, v, g)
				name := fmt.Sprintf("%+v ", a)
				compare(t, name+"w", gw, w)
				compare(t, name+"m", gm, m)
				compare(t, name+"v", gv, v)
			}
		}
	})
}

func TestArithmetic(t *testing.T) {
	eachISA(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(23, 24))
		for _, n := range append(edges(false), 1000) {
			x, y := draw(r, n, n%2 == 0), draw(r, n, n%2 == 0)
			want := make([]float32, n)
			s := float32(r.NormFloat64())
			gx, gy := guard32(r, x), guard32(r, y)
			k.Add(gy.x, gx.x)
			for i := range want {
				want[i] = y[i] + x[i]
			}
			compare(t, "Add", gy.x, want)
			k.Axpy(gy.x, gx.x, s)
			for i := range want {
				want[i] = FMA32(s, x[i], want[i])
			}
			compare(t, "Axpy", gy.x, want)
			k.Scale(gy.x, gx.x, s)
			for i := range want {
				want[i] = x[i] * s
			}
			compare(t, "Scale", gy.x, want)
			k.Scale(gx.x, gx.x, s)
			compare(t, "Scale in place", gx.x, want)
			gx.check(t, "x")
			gy.check(t, "y")

			if got, want := k.Sum(y), Sum(y); !sameFloat(got, want) {
				t.Errorf("Sum of %d = %x, want %x", n, got, want)
			}
			var whole, cut Summer
			squares := make([]float32, n)
			for i, v := range y {
				squares[i] = v * v
			}
			whole.Add(squares)
			for rest := y; len(rest) > 0; {
				i := min(1+r.IntN(100), len(rest))
				k.AccumulateSquares(&cut, rest[:i])
				rest = rest[i:]
			}
			if got, want := k.SumSquares(y), Sum(squares); !sameFloat(got, want) || !sameFloat(cut.Sum(), want) || cut.Len() != n {
				t.Errorf("SumSquares of %d = %x, in pieces %x, want %x", n, got, cut.Sum(), want)
			}

			finite := draw(r, n, false)
			if n > 0 {
				finite[0], finite[n-1] = math.MaxFloat32, -0x1p-149
			}
			if !k.AllFinite(finite) {
				t.Errorf("AllFinite of %d finite numbers = false", n)
			}
			for i := range finite {
				old := finite[i]
				finite[i] = []float32{inf32, -inf32, nan32}[i%3]
				if k.AllFinite(finite) {
					t.Errorf("AllFinite of %d numbers with %v at %d = true", n, finite[i], i)
				}
				if i > 0 && k.AllFinite(finite[:i]) != true {
					t.Errorf("AllFinite looked beyond %d elements", i)
				}
				finite[i] = old
			}
		}
	})
}

func TestRows(t *testing.T) {
	x := []float32{0, 1, 2, 3, 4, 5}
	y := make([]float32, 6)
	naive.GatherRows(y, x, []uint32{2, 0, 2}, 2)
	compare(t, "GatherRows", y, []float32{4, 5, 0, 1, 4, 5})
	naive.GatherRows(y[:3], x, []uint32{5, 0, 2}, 1)
	compare(t, "GatherRows", y[:3], []float32{5, 0, 2})
	naive.FillRows(y, []float32{7, 8, 9}, 2, 3)
	compare(t, "FillRows", y, []float32{7, 8, 9, 7, 8, 9})
	naive.FillRows(y[:2], []float32{7}, 2, 1)
	compare(t, "FillRows", y, []float32{7, 7, 9, 7, 8, 9})
}
