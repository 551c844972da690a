package vec

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// sameFloat compares bits; any NaN equals any NaN.
func sameFloat(a, b float32) bool { return CanonicalBits(a) == CanonicalBits(b) }

// bigFMA is a·b + c by exact arithmetic.
func bigFMA(a, b, c float32) float32 {
	s := float64(a)*float64(b) + float64(c)
	if s-s != 0 || s == 0 { // Inf and NaN follow IEEE in float64; a zero sum is exact there, and has the right sign
		return float32(s)
	}
	exact := func(x float32) *big.Float { return new(big.Float).SetPrec(1000).SetFloat64(float64(x)) }
	p := exact(a)
	p.Mul(p, exact(b))
	r, _ := p.Add(p, exact(c)).Float32()
	return r
}

func checkFMA(t *testing.T, a, b, c float32) {
	t.Helper()
	got, want := FMA32(a, b, c), bigFMA(a, b, c)
	if !sameFloat(got, want) {
		t.Errorf("FMA32(%x, %x, %x) = %x, want %x", a, b, c, got, want)
	}
	if got := chain1(c, []float32{a}, 1, []float32{b}, 1, 1); !sameFloat(got, want) {
		t.Errorf("chain1(%x, %x, %x) = %x, want %x", a, b, c, got, want)
	}
	acc := [4]float32{c, 1, c, -c}
	chain4(&acc, []float32{a}, 1, []float32{b, 1, -b, b}, 4, 1)
	if want4 := [...]float32{want, bigFMA(a, 1, 1), bigFMA(a, -b, c), bigFMA(a, b, -c)}; !sameFloat(acc[0], want) ||
		!sameFloat(acc[1], want4[1]) || !sameFloat(acc[2], want4[2]) || !sameFloat(acc[3], want4[3]) {
		t.Errorf("chain4(%x, %x, %x) = %x, want %x", a, b, c, acc, want4)
	}
}

func TestFMARoundsOnce(t *testing.T) {
	if got := FMA32(24929, 673, 0x1p-40); got != 16777218 {
		t.Errorf("FMA32(24929, 673, 2⁻⁴⁰) = %.1f, want 16777218", got)
	}
	if got := float32(math.FMA(24929, 673, 0x1p-40)); got != 16777216 {
		t.Errorf("the double rounding that this guards against gives %.1f, want 16777216", got)
	}
	if got := FMA32(24929, 673, -0x1p-40); got != 16777216 {
		t.Errorf("FMA32(24929, 673, −2⁻⁴⁰) = %.1f, want 16777216", got)
	}
}

func TestFMASpecial(t *testing.T) {
	const tiny, small, large = 0x1p-149, 0x1p-126, math.MaxFloat32
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	negZero := float32(math.Copysign(0, -1))
	values := []float32{0, negZero, 1, -1, tiny, -tiny, 3 * tiny, small, -small, small - tiny, 0x1.fffffep-127, 0x1p-75,
		0x1.000002p-75, 0x1p-74, 0x1.8p-75, 0x1.fffffep-1, 0x1.000002p0, 0x1p64, 0x1.fffffep63, large, -large, inf, -inf, nan,
		24929, 673, 0x1p-40, 0x1p23, 0x1p24, 0x1.000002p23, 0x1p103, 0x1p104, 0x1.fffffep103, 1.5, 0x1.000001p-126}
	for _, a := range values {
		for _, b := range values {
			for _, c := range values {
				checkFMA(t, a, b, c)
			}
		}
	}
}

// TestFMAAdversarial draws triples whose exact sums lie on, or a hair beside, the half-way points of float32, in the
// normal and the subnormal range, and at the edge of overflow.
func TestFMAAdversarial(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	n := 20_000
	if testing.Short() {
		n = 5_000
	}
	significand := func() float32 { return float32(r.Uint32()>>8|1<<23) * 0x1p-23 }
	scale := func(lo, hi int) float32 { return float32(math.Ldexp(1, lo+r.IntN(hi-lo+1))) }
	for range n {
		// Any bits.
		checkFMA(t, math.Float32frombits(r.Uint32()), math.Float32frombits(r.Uint32()), math.Float32frombits(r.Uint32()))
		// Short significands whose product has few bits, with an addend far below or above: ties and near-ties.
		a, b := float32(r.Uint32N(1<<13)+1), float32(r.Uint32N(1<<13)+1)
		checkFMA(t, a, b, scale(-60, 30))
		checkFMA(t, a, -b, scale(-60, 30))
		checkFMA(t, a*0x1p-12, b*0x1p12, -significand()*scale(0, 26))
		// Addends next to the product: cancellation.
		x, y := significand(), significand()
		p := float32(x * y)
		checkFMA(t, x, y, -p)
		checkFMA(t, x, y, math.Float32frombits(math.Float32bits(-p)+r.Uint32N(3)))
		// Products in and below the subnormal range.
		s := scale(-80, -60)
		checkFMA(t, x*s, y*scale(-90, -60), math.Float32frombits(r.Uint32N(1<<25)))
		checkFMA(t, a*s, b*scale(-90, -80), -math.Float32frombits(r.Uint32N(64)))
		// The edge of overflow.
		checkFMA(t, x*0x1p64, y*0x1p63, significand()*scale(90, 127))
		checkFMA(t, x*0x1p64, -y*0x1p63, significand()*0x1p127)
	}
}

func FuzzFMA32(f *testing.F) {
	f.Add(math.Float32bits(24929), math.Float32bits(673), math.Float32bits(0x1p-40))
	f.Add(uint32(1), uint32(0x3f000000), uint32(1))
	f.Fuzz(func(t *testing.T, a, b, c uint32) {
		checkFMA(t, math.Float32frombits(a), math.Float32frombits(b), math.Float32frombits(c))
	})
}

func BenchmarkFMA32(b *testing.B) {
	acc := float32(1)
	for b.Loop() {
		acc = FMA32(acc, 0x1.000002p0, 0x1p-30)
	}
	if acc == 0 {
		b.Fatal("unexpected")
	}
}
