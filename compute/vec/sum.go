package vec

const lanes = 32

// Sum returns Σ x[i] in order R3 of DOIN-F32: lane j of 32 adds i ≡ j (mod 32) in increasing i, from +0; the lanes are
// then combined by an xor-tree 16→8→4→2→1. Shape: x [n].
func Sum(x []float32) float32 {
	var s Summer
	s.Add(x)
	return s.Sum()
}

// Summer is a sum in order R3 whose elements arrive in pieces. However they are cut, the result is that of Sum over
// all of them in order. The zero value is an empty sum.
type Summer struct {
	lane [lanes]float32
	n    int
}

// Add appends the elements of x to the sum.
func (s *Summer) Add(x []float32) {
	n := s.n
	for _, v := range x {
		s.lane[n%lanes] += v
		n++
	}
	s.n = n
}

// Len returns the number of elements added so far.
func (s *Summer) Len() int { return s.n }

// Reset makes the sum empty.
func (s *Summer) Reset() { *s = Summer{} }

// Sum returns the sum of the elements added so far; more may be added after.
func (s *Summer) Sum() float32 {
	l := s.lane
	for half := lanes / 2; half > 0; half /= 2 {
		for j := range half {
			l[j] += l[j+half]
		}
	}
	return l[0]
}

// Mean returns the sum divided by the number of elements, 0/0 = NaN where there are none. The count must be below
// 2²⁴, where it is exact.
func (s *Summer) Mean() float32 { return s.Sum() / float32(s.n) }
