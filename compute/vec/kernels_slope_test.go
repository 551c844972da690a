package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// TestValueAndSlope compares the functions that give value and slope at once with the definitions.
func TestValueAndSlope(t *testing.T) {
	eachISA(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(21, 22))
		f := func(name string, both func(k *Kernels, y, slope, z []float32), z []float32) {
			t.Helper()
			n := len(z)
			value, slope := make([]float32, n), make([]float32, n)
			both(&naive, value, slope, z)
			gy, gs, gz := guard32(r, draw(r, n, false)), guard32(r, draw(r, n, false)), guard32(r, z)
			name = fmt.Sprintf("%s n=%d", name, n)
			both(k, gy.x, gs.x, gz.x)
			compare(t, name, gy.x, value)
			compare(t, name+" slope", gs.x, slope)
			compare(t, name+" z", gz.x, z)
			both(k, gz.x, gs.x, gz.x)
			compare(t, name+" in place", gz.x, value)
			gy.check(t, name)
			gs.check(t, name)
			gz.check(t, name)
		}
		all := func(z []float32) {
			f("TanhSlope", (*Kernels).TanhSlope, z)
			f("SigmoidSlope", (*Kernels).SigmoidSlope, z)
			f("GELUSlope", (*Kernels).GELUSlope, z)
			f("SiLUSlope", (*Kernels).SiLUSlope, z)
		}
		for _, n := range append(edges(false), 5000) {
			all(specials(r, n))
		}
		z := make([]float32, 1<<20)
		for i := range z { // every part of the range, down to where the slope vanishes
			z[i] = math.Float32frombits(uint32(i)<<12 | r.Uint32()&0xfff)
		}
		all(z)
	})
}

// TestSquares compares the squared errors with the definition.
func TestSquares(t *testing.T) {
	eachISA(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(25, 26))
		for _, n := range edges(false) {
			y, target := specials(r, n), specials(r, n)
			value, slope := make([]float32, n), make([]float32, n)
			naive.Squares(value, slope, y, target)
			gv, gs := guard32(r, draw(r, n, false)), guard32(r, draw(r, n, false))
			k.Squares(gv.x, gs.x, y, target)
			name := fmt.Sprintf("Squares n=%d", n)
			compare(t, name, gv.x, value)
			compare(t, name+" slope", gs.x, slope)
			gv.check(t, name)
			gs.check(t, name)
		}
	})
}

// TestQuotientByReciprocal: where d = 1 + e for 0 ≤ e ≤ 1, the quotients e ÷ d and e ÷ d ÷ d are those that the assembly of the
// slopes makes from the reciprocal of d. It tries a sample of all e; DOIN_EXHAUSTIVE=1 all of them.
func TestQuotientByReciprocal(t *testing.T) {
	step := uint32(4999)
	if os.Getenv("DOIN_EXHAUSTIVE") != "" {
		step = 1
	}
	f := func(e float32) {
		d := 1 + e
		y := 1 / d
		over := func(a float32) float32 {
			q := float32(a * y)
			return FMA32(FMA32(-q, d, a), y, q)
		}
		q := e / d
		if got := over(e); got != q {
			t.Fatalf("%x ÷ %x = %x, want %x", e, d, got, q)
		}
		if got := over(q); got != q/d {
			t.Fatalf("%x ÷ %x = %x, want %x", q, d, got, q/d)
		}
	}
	for u := uint32(0); u < math.Float32bits(1); u += step {
		f(math.Float32frombits(u))
	}
	f(1)
	for u := math.Float32bits(1) - 1<<16; u < math.Float32bits(1); u++ {
		f(math.Float32frombits(u))
	}
}

// TestGatherRows compares the copies of assembly with the others.
func TestGatherRows(t *testing.T) {
	eachISA(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(23, 24))
		for _, n := range edges(false)[1:] {
			for _, rows := range []int{0, 1, 2, 5} {
				x := draw(r, 9*n, false)
				index := make([]uint32, rows)
				for i := range index {
					index[i] = r.Uint32N(9)
				}
				want := make([]float32, rows*n)
				naive.GatherRows(want, x, index, n)
				y, gx := guard32(r, make([]float32, rows*n)), guard32(r, x)
				k.GatherRows(y.x, gx.x, index, n)
				name := fmt.Sprintf("GatherRows n=%d rows=%d", n, rows)
				compare(t, name, y.x, want)
				y.check(t, name)
			}
		}
	})
}

// TestGatherRowsBeyond: an index of a row that is not there panics, wherever it stands.
func TestGatherRowsBeyond(t *testing.T) {
	for _, isa := range Supported() {
		k, err := For(isa)
		if err != nil {
			t.Fatal(err)
		}
		for _, count := range []int{1, 3, 4, 5, 16, 19} {
			for at := range count {
				index := make([]uint32, count)
				index[at] = 7
				func() {
					defer func() {
						if recover() == nil {
							t.Errorf("%s: index %d of %d is that of a row too many, and is read", isa, at, count)
						}
					}()
					k.GatherRows(make([]float32, count*3), make([]float32, 7*3), index, 3)
				}()
			}
		}
	}
}
