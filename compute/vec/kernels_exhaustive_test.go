package vec

import (
	"math"
	"os"
	"testing"
)

// TestExhaustive compares every elementary kernel with its definition over the inputs 0, stride, 2·stride, …: a sample by
// default, with DOIN_EXHAUSTIVE=1 all 2³² of them, which takes hours on one core:
//
//	DOIN_EXHAUSTIVE=1 go test -run Exhaustive -timeout 12h ./compute/vec
//
// The derivatives' other factor alternates between 1, for which the product is the derivative itself, and 3.
func TestExhaustive(t *testing.T) {
	stride := uint64(4093) // a prime: the low bits vary in every binade
	if testing.Short() {
		stride = 65521
	}
	if os.Getenv("DOIN_EXHAUSTIVE") != "" {
		stride = 1
	}
	const n = 4096
	for _, e := range elementwise {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			x, d, want, got := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
			for i := range d {
				d[i] = float32(1 + i%2*2)
			}
			for u := uint64(0); u < 1<<32; u += n * stride {
				for i := range x {
					x[i] = math.Float32frombits(uint32(u + uint64(i)*stride))
				}
				for _, isa := range Supported() {
					if isa == Generic { // shares these with the definitions
						continue
					}
					k, err := For(isa)
					if err != nil {
						t.Fatal(err)
					}
					y := got
					if isa == Naive {
						y = want
					}
					if e.f != nil {
						e.f(k, y, x)
					} else {
						e.scale(k, y, d, x)
					}
					if isa == Naive {
						continue
					}
					for i, v := range y {
						if !sameFloat(v, want[i]) {
							t.Fatalf("%s of %s: f(%x, %x) = %x, want %x", e.name, isa, x[i], d[i], v, want[i])
						}
					}
				}
			}
		})
	}
}

// FuzzElementwise runs every kernel of one or two vectors on the same arbitrary bits.
func FuzzElementwise(f *testing.F) {
	f.Add([]byte("\x00\x00\x80\x7f\x01\x00\x00\x80\x00\x00\xe0\xc2\xff\xff\xff\xff"), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, shift uint8) {
		n := min(len(data)/8, 1000)
		x, d := make([]float32, n), make([]float32, n)
		word := func(i int) float32 {
			return math.Float32frombits(uint32(data[4*i]) | uint32(data[4*i+1])<<8 | uint32(data[4*i+2])<<16 | uint32(data[4*i+3])<<24)
		}
		for i := range x {
			x[i], d[i] = word(2*i), word(2*i+1)
		}
		want, memory := make([]float32, n), make([]float32, n+256)
		for _, isa := range Supported()[1:] {
			k, err := For(isa)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range elementwise {
				y := memory[shift:][:n]
				if e.f != nil {
					e.f(&naive, want, x)
					e.f(k, y, x)
				} else {
					e.scale(&naive, want, d, x)
					e.scale(k, y, d, x)
				}
				compare(t, e.name, y, want)
			}
			if got, want := k.Sum(x), Sum(x); !sameFloat(got, want) {
				t.Fatalf("Sum = %x, want %x", got, want)
			}
		}
	})
}

// FuzzUpdates runs the optimizers on arbitrary bits.
func FuzzUpdates(f *testing.F) {
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz"), float32(0.9), float32(0.999), float32(1e-8), float32(1e-3), float32(0.1), float32(1.5), float32(2))
	f.Fuzz(func(t *testing.T, data []byte, b1, b2, eps, lr, wd, c1, c2 float32) {
		n := min(len(data)/16, 100)
		var p [4][]float32
		for j := range p {
			for i := range n {
				b := data[16*i+4*j:]
				p[j] = append(p[j], math.Float32frombits(uint32(b[0])|uint32(b[1])<<8|uint32(b[2])<<16|uint32(b[3])<<24))
			}
		}
		a := AdamW{Beta1: b1, Beta2: b2, Epsilon: eps, Rate: lr, WeightDecay: wd, Correct1: c1, Correct2: c2}
		for _, isa := range Supported()[1:] {
			k, err := For(isa)
			if err != nil {
				t.Fatal(err)
			}
			var want, got [4][]float32
			for j := range p {
				want[j], got[j] = append(want[j], p[j]...), append(got[j], p[j]...)
			}
			a.Step(want[0], want[1], want[2], want[3])
			k.AdamW(a, got[0], got[1], got[2], got[3])
			for j := range p {
				compare(t, "AdamW", got[j], want[j])
			}
			s := SGD{Rate: lr, Momentum: b1, WeightDecay: wd}
			s.Step(want[0], want[1], want[3])
			k.SGD(s, got[0], got[1], got[3])
			compare(t, "SGD w", got[0], want[0])
			compare(t, "SGD v", got[1], want[1])
		}
	})
}
