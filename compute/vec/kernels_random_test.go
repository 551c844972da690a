package vec_test

import (
	"math"
	"testing"

	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
)

func TestWords(t *testing.T) {
	s := rng.New(rng.Key{0x01234567, 0x89abcdef}, rng.Dropout, 77)
	for _, isa := range vec.Supported() {
		k, err := vec.For(isa)
		if err != nil {
			t.Fatal(err)
		}
		for _, first := range []uint32{0, 1, 3, 4, 62, 64, math.MaxUint32 - 130} {
			for n := range 200 {
				got := make([]uint32, n+1)
				got[n] = 42
				k.Words(got[:n], s.Key, uint32(s.Purpose), s.Step, first)
				for i, w := range got[:n] {
					if want := s.Uint32(first + uint32(i)); first+uint32(i) >= first && w != want {
						t.Fatalf("%s: Words(first %d)[%d of %d] = %08x, want %08x", isa, first, i, n, w, want)
					}
				}
				if got[n] != 42 {
					t.Fatalf("%s: Words wrote beyond %d", isa, n)
				}
			}
		}
	}
}

func TestDropout(t *testing.T) {
	const n = 77
	x, words := make([]float32, n), make([]uint32, n)
	for i := range x {
		x[i] = float32(i) - 40
		words[i] = uint32(i) * 0x3456789
	}
	x[5], x[6], x[7] = float32(math.NaN()), float32(math.Inf(1)), float32(math.Copysign(0, -1))
	for _, isa := range vec.Supported() {
		k, err := vec.For(isa)
		if err != nil {
			t.Fatal(err)
		}
		for _, threshold := range []uint32{0, 1, words[9] >> 8, words[9]>>8 + 1, 1 << 23, 1<<24 - 1, 1 << 24, math.MaxUint32} {
			for m := range n {
				y := make([]float32, n)
				y[m] = 42
				k.Dropout(y[:m], x, words, threshold, 1.25)
				for i := range m {
					want := float32(0)
					if words[i]>>8 >= threshold {
						want = x[i] * 1.25
					}
					if vec.CanonicalBits(y[i]) != vec.CanonicalBits(want) {
						t.Fatalf("%s: Dropout below %d of %x with %x = %x, want %x", isa, threshold, x[i], words[i], y[i], want)
					}
				}
				if y[m] != 42 {
					t.Fatalf("%s: Dropout wrote beyond %d", isa, m)
				}
			}
		}
	}
}

func BenchmarkWords(b *testing.B) {
	for _, isa := range vec.Supported() {
		b.Run(string(isa), func(b *testing.B) {
			k, err := vec.For(isa)
			if err != nil {
				b.Fatal(err)
			}
			words := make([]uint32, 4096)
			for b.Loop() {
				k.Words(words, [2]uint32{1, 2}, 3, 4, 0)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4096, "ns/word")
		})
	}
}
