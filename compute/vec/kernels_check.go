package vec

import (
	"errors"
	"fmt"
	"math"
)

// ErrArithmetic is returned by SelfCheck.
var ErrArithmetic = errors.New("vec: wrong float32 arithmetic")

// PeakFMA runs n rounds of a loop of independent fused multiply-adds on registers and returns how many floating-point
// operations that was, two for each multiply-add: divided by the time it took, the speed that a product of this
// implementation cannot exceed on one core. It returns 0 for implementations that are not assembly.
func PeakFMA(isa ISA, n int) int {
	if n < 1 || isa.check() != nil {
		return 0
	}
	return peakFMA(isa, n)
}

// SelfCheck makes one operation of each kind whose result shows a rounding mode other than to nearest even, or
// subnormals taken as zero or flushed to it, through the implementation's own instructions. A library that was loaded
// into the process can leave a thread so; no result may be trusted then. The error is ErrArithmetic.
func (k *Kernels) SelfCheck() error {
	const n = 17 // a whole vector of the widest and a tail
	const tiny = 0x1p-149
	x, y, z := make([]float32, n), make([]float32, n), make([]float32, n)
	fill := func(v []float32, f float32) {
		for i := range v {
			v[i] = f
		}
	}
	var errs []error
	check := func(what string, want float32) {
		for i, v := range y {
			if CanonicalBits(v) != CanonicalBits(want) {
				errs = append(errs, fmt.Errorf("%w: %s: %s in lane %d is %x, want %x", ErrArithmetic, k.isa, what, i, v, want))
				return
			}
		}
	}
	sums := []struct{ a, b, want float32 }{
		{1, 0x1p-24, 1}, {0x1.000002p0, 0x1p-24, 0x1.000004p0}, {-1, -0x1p-24, -1}, {-0x1.000002p0, -0x1p-24, -0x1.000004p0}, // ties
		{1, 0x1.8p-24, 0x1.000002p0}, {-1, -0x1.8p-24, -0x1.000002p0}, {1, 0x1p-25, 1}, {-1, -0x1p-25, -1}, // up, down, to zero
		{tiny, tiny, 2 * tiny}, {minNormal, -tiny, 0x1.fffffcp-127}, // subnormals in and out
	}
	for _, s := range sums {
		fill(x, s.a)
		fill(y, s.b)
		k.Add(y, x)
		check(fmt.Sprintf("%x + %x", s.a, s.b), s.want)
	}
	products := []struct{ a, b, want float32 }{
		{0x1.000002p0, 0x1.000002p0, 0x1.000004p0}, {0x1.8p0, tiny, 2 * tiny}, {0x1p-100, 0x1p-40, 0x1p-140}, {-0x1p-75, 0x1p-75, negativeZero()},
	}
	for _, p := range products {
		fill(x, p.a)
		k.Scale(y, x, p.b)
		check(fmt.Sprintf("%x × %x", p.a, p.b), p.want)
	}
	chains := []struct{ a, b, c, want float32 }{
		{24929, 673, 0x1p-40, 16777218}, {0x1.000002p0, 0x1.000002p0, -0x1.000004p0, 0x1p-46}, {0x1p-75, 0x1p-75, tiny, 2 * tiny},
	}
	for _, c := range chains {
		fill(x, c.a)
		fill(y, c.c)
		k.Axpy(y, x, c.b)
		check(fmt.Sprintf("fma(%x, %x, %x)", c.a, c.b, c.c), c.want)
		fill(y, c.c)
		k.Gemm(y, n, []float32{c.b}, 1, 1, x, n, 1, n, 1)
		check(fmt.Sprintf("product of %x and %x with %x", c.a, c.b, c.c), c.want)
	}
	// The update divides and takes a root: u = g / (√(g·g·tiny) + 0).
	fill(x, 0)
	fill(y, 0)
	fill(z, 3)
	m := make([]float32, n)
	k.AdamW(AdamW{Rate: 1, Correct1: 1, Correct2: 0x1p-140}, y, x, m, z)
	check("an update", -0x1p70)
	return errors.Join(errs...)
}

func negativeZero() float32 { return float32(math.Copysign(0, -1)) }
