package host

import (
	"math"
	"math/big"
	"math/bits"
	"testing"
)

func TestArithmetic(t *testing.T) {
	f := math.Float32bits
	tiny, least := f(0x1p-149), f(0x1p-126)
	vectors := [][3]uint32{
		{f(24929), f(673), f(0x1p-40)}, // rounds once: 16777218
		{f(24929), f(673), f(-0x1p-40)},
		{f(1), f(0x1p-24), f(0)}, // a tie, to even below
		{f(1 + 0x1p-23), f(0x1p-24), f(1)},
		{tiny, tiny, tiny},
		{least, f(0.5), tiny}, // into the subnormals
		{least, f(1 - 0x1p-24), f(0)},
		{f(3), tiny, 0x80000001},
		{f(math.MaxFloat32), f(math.MaxFloat32), f(-math.MaxFloat32)},
		{f(math.MaxFloat32), f(2), f(-math.MaxFloat32)},
		{0x80000000, 0, 0x80000000},
		{0x80000000, 0x80000000, 0},
		{f(-1), f(0), f(1)},
		{f(2), f(3), f(-6)},
		{f(1 + 0x1p-12), f(1 + 0x1p-12), f(-(1 + 0x1p-11))}, // fused: 2^-24; not fused: 0
		{f(1.1), f(1.3), f(-1.43)},
		{f(float32(math.Inf(1))), f(float32(math.Inf(-1))), f(1)},
		{f(float32(math.Inf(1))), 0, f(1)},
		{0x7fc00000, f(1), f(2)},
		{16777217, 33554433, 0x4b800001}, // as integers: too wide for a float
		{0xffffffff, 0xffffffff, 1},
		{0x80000000, 3, 5},
		{1, 2, 3},
		{0x7fffff80, 0xff000001, 0xbf800000},
	}
	state := uint32(1)
	for len(vectors) < 256 { // and others, whose exponents are not far apart
		var v [3]uint32
		for k := range v {
			state = state*1664525 + 1013904223
			v[k] = state&0x807fffff | (120+state>>8%16)<<23
		}
		vectors = append(vectors, v)
	}
	var in, want []uint32
	for _, v := range vectors {
		in = append(in, v[:]...)
		want = append(want, arithmetic(v[0], v[1], v[2])...)
	}
	const results = 13
	if got := arithmetic(f(24929), f(673), f(0x1p-40))[5]; got != f(16777218) {
		t.Fatalf("the test's own fma = %v, want 16777218", math.Float32frombits(got))
	}
	everywhere(t, func(t *testing.T, d *Device) {
		out := alloc(t, d, len(want))
		launch(t, d, "arithmetic", len(vectors)/64, 64, 0, args(upload(t, d, in...), out, results))
		for i, got := range download(t, d, out, len(want)) {
			if r := i % results; got != want[i] && !(r < 7 && isNaN(got) && isNaN(want[i])) {
				t.Errorf("result %d of %x = %08x, want %08x", r, vectors[i/results], got, want[i])
			}
		}
	})
}

func isNaN(b uint32) bool { return b&0x7fffffff > 0x7f800000 }

// arithmetic computes what the kernel of that name does; sums, products and roots of float32 in float64 round twice without
// harm.
func arithmetic(x, y, z uint32) []uint32 {
	f, g, h := math.Float32frombits(x), math.Float32frombits(y), math.Float32frombits(z)
	product := float32(f * g)
	return []uint32{
		math.Float32bits(f + g), math.Float32bits(f - g), math.Float32bits(product), math.Float32bits(f / g),
		math.Float32bits(float32(math.Sqrt(float64(f)))), math.Float32bits(fma(f, g, h)), math.Float32bits(product + h),
		uint32(uint64(x) * uint64(y) >> 32), math.Float32bits(float32(x)), math.Float32bits(float32(int32(x))),
		uint32(bits.LeadingZeros32(x)), uint32(min(int32(x), int32(y))), max(x, y),
	}
}

// fma rounds a·b + c once: the exact sum is a number of at most 700 bits.
func fma(a, b, c float32) float32 {
	product := float64(a) * float64(b) // exact
	if sum := product + float64(c); math.IsNaN(sum) || math.IsInf(sum, 0) || sum == 0 {
		return float32(sum)
	}
	exact := new(big.Float).SetPrec(1000).SetFloat64(product)
	r, _ := exact.Add(exact, new(big.Float).SetFloat64(float64(c))).Float32()
	return r
}
