package vec

// Sum is the function Sum: order R3.
func (k *Kernels) Sum(x []float32) float32 {
	var s Summer
	k.Accumulate(&s, x)
	return s.Sum()
}

// SumSquares returns the sum in order R3 of the products x[i]·x[i], each rounded once: a squared norm.
func (k *Kernels) SumSquares(x []float32) float32 {
	var s Summer
	k.AccumulateSquares(&s, x)
	return s.Sum()
}

// Accumulate is s.Add(x).
func (k *Kernels) Accumulate(s *Summer, x []float32) { k.accumulate(s, x, false) }

// AccumulateSquares is s.Add of the products x[i]·x[i], each rounded once.
func (k *Kernels) AccumulateSquares(s *Summer, x []float32) { k.accumulate(s, x, true) }

// accumulate adds element by element up to a multiple of 32, then whole blocks, then the rest. It branches on the
// implementation rather than calling through the table, so that a sum may live on its caller's stack.
func (k *Kernels) accumulate(s *Summer, x []float32, squares bool) {
	if part := s.n % lanes; part != 0 {
		first := min(lanes-part, len(x))
		s.addEach(x[:first], squares)
		x = x[first:]
	}
	if whole := len(x) &^ (lanes - 1); whole > 0 && k.isa != Naive && k.isa != Generic {
		sumBlocks(k.isa, squares, &s.lane, x[:whole])
		s.n += whole
		x = x[whole:]
	}
	s.addEach(x, squares)
}

func (s *Summer) addEach(x []float32, squares bool) {
	if !squares {
		s.Add(x)
		return
	}
	n := s.n
	for _, v := range x {
		s.lane[n%lanes] += float32(v * v)
		n++
	}
	s.n = n
}
