package rng

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"os"
	"testing"

	"doin.network/node/internal/canon"
)

// TestPhiloxKnownAnswers holds the vectors published with Random123 (kat_vectors, philox4x32 10).
func TestPhiloxKnownAnswers(t *testing.T) {
	tests := []struct {
		counter [4]uint32
		key     Key
		want    [4]uint32
	}{
		{[4]uint32{}, Key{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{
			[4]uint32{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, Key{0xffffffff, 0xffffffff},
			[4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
		},
		{
			[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, Key{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
		},
	}
	for _, tt := range tests {
		if got := Block(tt.key, tt.counter); got != tt.want {
			t.Errorf("Block(%x, %x) = %x, want %x", tt.key, tt.counter, got, tt.want)
		}
	}
}

// TestStreamLayout checks where a draw lies in the counter space.
func TestStreamLayout(t *testing.T) {
	key := KeyFromBytes([]byte{1, 2, 3, 4, 5, 6, 7, 8})
	if want := (Key{0x04030201, 0x08070605}); key != want {
		t.Fatalf("KeyFromBytes = %x, want %x", key, want)
	}
	s := New(key, Minibatch, 9)
	for i := uint32(0); i < 20; i++ {
		want := Block(key, [4]uint32{2, 9, i / 4, 0})[i%4]
		if got := s.Uint32(i); got != want {
			t.Errorf("Uint32(%d) = %x, want %x", i, got, want)
		}
		if got, want := s.Uniform(i), float32(float64(want>>8)/(1<<24)); got != want {
			t.Errorf("Uniform(%d) = %x, want %x", i, got, want)
		}
	}
}

// TestIntnRejects checks the rejection rule on a range that rejects nearly half of all words, and the uniformity of a
// small one.
func TestIntnRejects(t *testing.T) {
	s := New(Key{3, 4}, Probe, 0)
	const n = 1<<31 + 1
	rejected := 0
	for i := uint32(0); i < 2000; i++ {
		attempt := uint32(0)
		for uint64(uint32(uint64(s.word(i, attempt))*n)) < (1<<32)%n {
			attempt++
		}
		if attempt > 0 {
			rejected++
		}
		if got, want := s.Intn(i, n), uint32(uint64(s.word(i, attempt))*n>>32); got != want {
			t.Fatalf("Intn(%d, %d) = %d, want %d", i, uint32(n), got, want)
		}
	}
	if rejected < 900 || rejected > 1100 {
		t.Errorf("%d of 2000 draws rejected, want about half", rejected)
	}
	var count [7]int
	for i := uint32(0); i < 70000; i++ {
		count[s.Intn(i, 7)]++
	}
	for v, c := range count {
		if c < 9600 || c > 10400 {
			t.Errorf("value %d drawn %d times of 70000, want about 10000", v, c)
		}
	}
	if got := s.Intn(5, 1); got != 0 {
		t.Errorf("Intn(5, 1) = %d, want 0", got)
	}
}

func TestPermutationIsBijective(t *testing.T) {
	for _, n := range []uint32{1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 255, 256, 257, 1000, 4096, 5000, 65537} {
		p := Permutation(Key{n, 1}, Minibatch, 3, n)
		seen := make([]bool, n)
		for i := range n {
			v := p.At(i)
			if v >= n || seen[v] {
				t.Fatalf("n = %d: At(%d) = %d is out of range or a repetition", n, i, v)
			}
			seen[v] = true
		}
	}
	if p := Permutation(Key{}, Minibatch, 0, 1<<32-1); p.At(12345) >= 1<<32-1 {
		t.Error("image out of range for the largest n")
	}
}

// TestPermutationDomain checks that the domain is the smallest of an even number of bits.
func TestPermutationDomain(t *testing.T) {
	for n, half := range map[uint32]uint32{1: 1, 2: 1, 4: 1, 5: 2, 16: 2, 17: 3, 64: 3, 65: 4, 1 << 20: 10, 1<<20 + 1: 11, 1<<32 - 1: 16} {
		if p := Permutation(Key{}, Minibatch, 0, n); p.half != half {
			t.Errorf("n = %d: halves of %d bits, want %d", n, p.half, half)
		}
	}
}

// TestPermutationMixes checks over many epochs that each image is equally likely at each place, and that neighbours do
// not stay neighbours.
func TestPermutationMixes(t *testing.T) {
	const n, epochs = 50, 4000
	var count [n][n]int
	adjacent := 0
	for e := uint32(0); e < epochs; e++ {
		p := Permutation(Key{7, 8}, Minibatch, e, n)
		for i := uint32(0); i < n; i++ {
			count[i][p.At(i)]++
			if i > 0 && p.At(i) == p.At(i-1)+1 {
				adjacent++
			}
		}
	}
	chi := 0.0
	for i := range count {
		for _, c := range count[i] {
			d := float64(c) - epochs/n
			chi += d * d / (epochs / n)
		}
	}
	// Expected (n−1)² = 2401 with a standard deviation of 69.
	if chi < 2401-6*69 || chi > 2401+6*69 {
		t.Errorf("χ² of places = %.0f, want about 2401", chi)
	}
	if want := float64(epochs) * (n - 1) / n; math.Abs(float64(adjacent)-want) > 6*math.Sqrt(want) {
		t.Errorf("%d ascending neighbours, want about %.0f", adjacent, want)
	}
}

// TestQuantile measures the quantile at a sample of the 2²³ points that Normal uses, or with DOIN_EXHAUSTIVE=1 at all of
// them, against the inverse error function in float64.
func TestQuantile(t *testing.T) {
	step := uint32(101)
	if os.Getenv("DOIN_EXHAUSTIVE") != "" {
		step = 1
	}
	worst, at := 0.0, float32(0)
	for k := uint32(0); k < 1<<23; k += step {
		p := float32(k<<1|1) * 0x1p-24
		got, want := float64(Quantile(p)), math.Sqrt2*math.Erfinv(2*float64(p)-1)
		if err := math.Abs(got - want); err > worst {
			worst, at = err, p
		}
		if mirror := float64(Quantile(1 - p)); mirror != -got {
			t.Fatalf("Quantile(1−%x) = %v, Quantile(%x) = %v: not antisymmetric", p, mirror, p, got)
		}
	}
	t.Logf("worst absolute error %.3g at %x", worst, at)
	if worst > quantileError {
		t.Errorf("worst error %.3g at %x, documented as %.3g", worst, at, quantileError)
	}
	if z := Quantile(0.5); z != 0 {
		t.Errorf("Quantile(½) = %v, want 0", z)
	}
}

// quantileError is the bound that Quantile documents.
const quantileError = 1.26e-6

func TestNormalMoments(t *testing.T) {
	s := New(Key{5, 6}, Probe, 1)
	const n = 100000
	var sum, squares float64
	for i := range uint32(n) {
		z := float64(s.Normal(i))
		sum += z
		squares += z * z
	}
	if mean, variance := sum/n, squares/n; math.Abs(mean) > 0.015 || math.Abs(variance-1) > 0.02 {
		t.Errorf("mean %v, variance %v, want about 0 and 1", mean, variance)
	}
}

func TestSearchSeed(t *testing.T) {
	for _, run := range []uint64{0, 1, math.MaxInt64} {
		h := sha256.Sum256(canon.Canonical([]any{int64(run), int64(12), int64(3)}))
		if got, want := SearchSeed(run, 12, 3), binary.LittleEndian.Uint64(h[:]); got != want {
			t.Errorf("SearchSeed(%d, 12, 3) = %x, want %x", run, got, want)
		}
	}
	if SearchSeed(math.MaxUint64, 0, 0) == SearchSeed(math.MaxUint64, 0, 1) {
		t.Error("two candidates share a seed")
	}
}

func TestSeq(t *testing.T) {
	q, s := NewSeq(Key{1, 1}, GAMutate, 4), New(Key{1, 1}, GAMutate, 4)
	if got, want := q.Uint32(), s.Uint32(0); got != want {
		t.Errorf("first draw %x, want %x", got, want)
	}
	if got, want := q.Uniform(), s.Uniform(1); got != want {
		t.Errorf("second draw %v, want %v", got, want)
	}
	if got, want := q.Intn(10), int(s.Intn(2, 10)); got != want {
		t.Errorf("third draw %d, want %d", got, want)
	}
	if got, want := q.Normal(), s.Normal(3); got != want {
		t.Errorf("fourth draw %v, want %v", got, want)
	}
	seen := map[int]bool{}
	for _, v := range q.Perm(30) {
		seen[v] = true
	}
	if len(seen) != 30 {
		t.Errorf("Perm(30) has %d distinct elements", len(seen))
	}
}

func BenchmarkPermAt(b *testing.B) {
	p := Permutation(Key{1, 2}, Minibatch, 0, 700)
	i := uint32(0)
	for b.Loop() {
		p.At(i % 700)
		i++
	}
}

func BenchmarkUniform(b *testing.B) {
	s := New(Key{1, 2}, InitWeights, 0)
	for b.Loop() {
		s.Uniform(77)
	}
}
