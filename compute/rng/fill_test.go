package rng

import (
	"fmt"
	"testing"

	"doin.network/node/compute/vec"
)

// TestFills compares the draws that are made many at a time with single ones.
func TestFills(t *testing.T) {
	s := New(Key{3, 5}, Probe, 9)
	for _, first := range []uint32{0, 1, 2, 3, 4, 1000001} {
		for n := range 11 {
			got := make([]float32, n)
			s.Uniforms(got, first)
			for i, v := range got {
				if want := s.Uniform(first + uint32(i)); v != want {
					t.Errorf("Uniforms(%d numbers, %d)[%d] = %v, want %v", n, first, i, v, want)
				}
			}
		}
	}
	var o Order
	for _, n := range []uint32{1, 2, 4, 5, 16, 17, 63, 64, 65, 255, 256, 257, 1000, 1100, 5000, 1 << 18, 1<<18 + 1, 1 << 20} {
		p := Permutation(Key{7, n}, Probe, n, n)
		o.Reset(p)
		for _, first := range []uint32{0, 1, n / 3, n - min(n, 3000)} {
			if first >= n {
				continue
			}
			got := make([]uint32, min(n-first, 3000))
			o.Fill(got, first)
			for i, v := range got {
				if want := p.At(first + uint32(i)); v != want {
					t.Fatalf("n = %d: Fill from %d gives %d at %d, want %d", n, first, v, i, want)
				}
			}
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("Fill beyond the end does not panic")
		}
	}()
	o.Reset(Permutation(Key{}, Probe, 0, 10))
	o.Fill(make([]uint32, 5), 6)
}

func BenchmarkOrder(b *testing.B) {
	for _, n := range []uint32{1000, 1100} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			var o Order
			o.Reset(Permutation(Key{1, 2}, Minibatch, 0, n))
			dst := make([]uint32, 64)
			for b.Loop() {
				o.Fill(dst, 100)
			}
		})
	}
}

// TestImages compares the images of the kernels with those of At.
func TestImages(t *testing.T) {
	for _, isa := range vec.Supported() {
		k, err := vec.For(isa)
		if err != nil {
			t.Fatal(err)
		}
		width := uint32(k.LaneWidth())
		if width == 1 {
			continue
		}
		for _, n := range []uint32{1, 2, 4, 5, 16, 17, 63, 64, 65, 600, 1000, 1024, 1025, 5000, 1 << 18, 1<<18 + 1, 1 << 23} {
			p := Permutation(Key{7, n}, Minibatch, 3, n)
			half, keys := p.Network()
			for _, first := range []uint32{0, n / 3, n - 1} {
				dst := make([]uint32, 5*width)
				k.Images(dst, half, &keys, first, n)
				for i, got := range dst[:min(5*width, n-first)] {
					if want := p.At(first + uint32(i)); got != want {
						t.Fatalf("%s: Images(%d of %d) = %d, want %d", isa, first+uint32(i), n, got, want)
					}
				}
			}
		}
	}
}
