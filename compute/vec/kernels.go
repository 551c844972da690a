package vec

import "math/bits"

//go:generate go run -C _asm . -out ../kernels_amd64.s -stubs ../kernels_amd64.go -pkg vec

// Kernels is one implementation of what training computes, for slices of any length and alignment. For returns it; it is
// immutable and may be used by any number of goroutines. Nothing here allocates.
//
// Every implementation gives the bits of the definition that a method names, any NaN counting as any other. Lengths are
// checked: a slice that is too short panics, as indexing it would. Where a doc comment does not say otherwise, an output
// may be the very slice of an input (same first element), and must not overlap one in any other way.
type Kernels struct {
	isa ISA

	gemm      func(c []float32, ldc int, bias []float32, fresh bool, a []float32, ars, acs int, b []float32, ldb, m, n, k int)
	transpose func(t []float32, ldt int, a []float32, lda, rows, columns int)

	adamW func(a AdamW, w, m, v, g []float32)
	sgd   func(s SGD, w, v, g []float32)

	relu, tanh, sigmoid, gelu, silu                          func(y, x []float32)
	exp, log                                                 func(y, x []float32)
	reluScale, tanhScale, sigmoidScale, geluScale, siluScale func(dz, d, f []float32)
	tanhSlope, sigmoidSlope, geluSlope, siluSlope            func(y, slope, z []float32)
	squares                                                  func(value, slope, y, t []float32)
	add                                                      func(y, x []float32)
	scale, axpy                                              func(y, x []float32, s float32)
	finite                                                   func(x []float32) bool
	dropout                                                  func(y, x []float32, words []uint32, threshold uint32, s float32)
}

// For returns the implementation named; ErrISA if it is not one of Supported.
func For(isa ISA) (*Kernels, error) {
	if err := isa.check(); err != nil {
		return nil, err
	}
	switch isa {
	case Naive:
		return &naive, nil
	case Generic:
		return &generic, nil
	}
	return assembled(isa), nil
}

// ISA returns the name of the implementation.
func (k *Kernels) ISA() ISA { return k.isa }

// Gemm continues m·n chains of fused multiply-adds: for i < m, j < n and t = 0 … k−1 in this order,
//
//	c[i·ldc+j] = fma(a[i·ars + t·acs], b[t·ldb+j], c[i·ldc+j])
//
// With c preset to the bias it is a layer's forward product in order R1; with c cleared and b a transposed matrix its
// input gradient; with ars = 1 and acs = the width of a, which reads a transposed, one chunk of a weight gradient in
// order R2; and since it continues, the taps of a convolution follow each other. c must not overlap a or b. Strides are
// in elements and not negative; ars and acs may be 0. Counts may be 0.
func (k *Kernels) Gemm(c []float32, ldc int, a []float32, ars, acs int, b []float32, ldb, m, n, terms int) {
	k.product(c, ldc, nil, false, a, ars, acs, b, ldb, m, n, terms)
}

// GemmFrom is Gemm after each row of c has been set to bias [n], or to +0 where bias is nil; it saves writing c twice. bias
// must not overlap c.
func (k *Kernels) GemmFrom(c []float32, ldc int, bias, a []float32, ars, acs int, b []float32, ldb, m, n, terms int) {
	if bias != nil && n > 0 {
		bias = bias[:n]
	}
	k.product(c, ldc, bias, true, a, ars, acs, b, ldb, m, n, terms)
}

func (k *Kernels) product(c []float32, ldc int, bias []float32, fresh bool, a []float32, ars, acs int, b []float32, ldb, m, n, terms int) {
	if m <= 0 || n <= 0 || terms <= 0 && !fresh {
		return
	}
	if ars < 0 || acs < 0 || ldb < 0 || ldc < n && m > 1 {
		panic("vec: strides of a product that do not fit")
	}
	c = c[:(m-1)*ldc+n]
	if terms <= 0 {
		startRows(c, ldc, bias, m, n)
		return
	}
	a = a[:(m-1)*ars+(terms-1)*acs+1]
	b = b[:(terms-1)*ldb+n]
	k.gemm(c, ldc, bias, fresh, a, ars, acs, b, ldb, m, n, terms)
}

// Dense is the function Dense. y must not overlap the inputs.
func (k *Kernels) Dense(y, x, w, bias []float32, rows, in, out int) {
	k.GemmFrom(y, out, bias[:out], x, in, 1, w, out, rows, out, in)
}

// DenseInputGrad is the function DenseInputGrad: wt is w transposed. dx must not overlap the inputs.
func (k *Kernels) DenseInputGrad(dx, dy, wt []float32, rows, in, out int) {
	k.GemmFrom(dx, in, nil, dy, out, 1, wt, in, rows, in, out)
}

// Transpose writes w [in][out] as wt [out][in]. They must not overlap.
func (k *Kernels) Transpose(wt, w []float32, in, out int) {
	k.transpose(wt[:in*out], in, w[:in*out], out, in, out)
}

// Turn writes column c of a [rows][columns] to row c of t, ldt and lda apart: whole registers of rows and fours of columns
// are fast. They must not overlap.
func (k *Kernels) Turn(t []float32, ldt int, a []float32, lda, rows, columns int) {
	if rows == 0 || columns == 0 {
		return
	}
	k.transpose(t[:(columns-1)*ldt+rows], ldt, a[:(rows-1)*lda+columns], lda, rows, columns)
}

// WeightGradScratch returns how many elements DenseWeightGrad needs as scratch: none up to ChunkRows rows.
func WeightGradScratch(rows, in, out int) int { return SumChunksScratch((in+1)*out, Chunks(rows)) }

// DenseWeightGrad is the function DenseWeightGrad, with less scratch: WeightGradScratch elements. dw and scratch must not
// overlap the inputs. rows ≥ 1.
func (k *Kernels) DenseWeightGrad(dw, x, dy, scratch []float32, rows, in, out int) {
	x, dy = x[:rows*in], dy[:rows*out]
	k.SumChunks(dw[:(in+1)*out], scratch, Chunks(rows), func(i int, chunk []float32) {
		first := i * ChunkRows
		n := min(ChunkRows, rows-first)
		k.GemmFrom(chunk, out, nil, x[first*in:], 1, in, dy[first*out:], out, in, out, n)
		k.GemmFrom(chunk[in*out:], out, nil, one, 0, 0, dy[first*out:], out, 1, out, n)
	})
}

// SumChunksScratch returns how many elements SumChunks needs as scratch for chunks of this size.
func SumChunksScratch(size, chunks int) int { return size * (bits.Len(uint(chunks)) - 1) }

// SumChunks adds vectors of len(sum) elements in the pairwise order of R2, each when chunk has filled it: chunk(i, dst)
// is called for i = 0 … chunks−1 in this order, and must overwrite dst. The two halves of a pair are added as soon as both
// are there, so that scratch holds SumChunksScratch elements and not all the chunks. chunks ≥ 1.
func (k *Kernels) SumChunks(sum, scratch []float32, chunks int, chunk func(i int, dst []float32)) {
	size := len(sum)
	slot := func(i int) []float32 {
		if i == 0 {
			return sum
		}
		return scratch[(i-1)*size:][:size]
	}
	waiting := 0 // sums of complete pairs, one for each bit that is set in the number of chunks so far
	for i := range chunks {
		chunk(i, slot(waiting))
		waiting++
		for range bits.TrailingZeros(uint(i + 1)) {
			k.add(slot(waiting-2), slot(waiting-1))
			waiting--
		}
	}
	for ; waiting > 1; waiting-- {
		k.add(slot(waiting-2), slot(waiting-1))
	}
}

// FillRows sets each of rows rows of y to bias, which is how a product with bias begins. Shapes: y [rows][n], bias [n].
func (k *Kernels) FillRows(y, bias []float32, rows, n int) {
	y, bias = y[:rows*n], bias[:n]
	if n == 1 {
		for i := range y {
			y[i] = bias[0]
		}
		return
	}
	for r := range rows {
		copy(y[r*n:], bias)
	}
}

// GatherRows copies row index[i] of x to row i of y: a minibatch. Shapes: y [len(index)][n], x [any][n], which must not
// overlap.
func (k *Kernels) GatherRows(y, x []float32, index []uint32, n int) {
	y = y[:len(index)*n]
	if n == 1 {
		for i, r := range index {
			y[i] = x[r]
		}
		return
	}
	if len(y) > 0 && k.LaneWidth() > 1 {
		x = x[:(int(largest(index))+1)*n]
		gatherRows(k.isa, y, x, index, n)
		return
	}
	for i, r := range index {
		copy(y[i*n:(i+1)*n], x[int(r)*n:(int(r)+1)*n])
	}
}

// largest returns the largest of some numbers, 0 of none.
func largest(x []uint32) uint32 {
	var a, b, c, d uint32 // which do not wait for each other
	for ; len(x) >= 4; x = x[4:] {
		a, b, c, d = max(a, x[0]), max(b, x[1]), max(c, x[2]), max(d, x[3])
	}
	for _, v := range x {
		a = max(a, v)
	}
	return max(a, b, c, d)
}

// AdamW is AdamW.Step: one update of len(w) parameters. The slices must not overlap.
func (k *Kernels) AdamW(a AdamW, w, m, v, g []float32) {
	n := len(w)
	k.adamW(a, w, m[:n], v[:n], g[:n])
}

// SGD is SGD.Step: one update of len(w) parameters. The slices must not overlap.
func (k *Kernels) SGD(s SGD, w, v, g []float32) {
	n := len(w)
	k.sgd(s, w, v[:n], g[:n])
}

// ReLU writes ReLU(x) to y, for len(y) elements; and so on for the functions below.
func (k *Kernels) ReLU(y, x []float32) { k.relu(y, x[:len(y)]) }

// Tanh writes Tanh(x) to y.
func (k *Kernels) Tanh(y, x []float32) { k.tanh(y, x[:len(y)]) }

// Sigmoid writes Sigmoid(x) to y.
func (k *Kernels) Sigmoid(y, x []float32) { k.sigmoid(y, x[:len(y)]) }

// GELU writes GELU(x) to y.
func (k *Kernels) GELU(y, x []float32) { k.gelu(y, x[:len(y)]) }

// SiLU writes SiLU(x) to y.
func (k *Kernels) SiLU(y, x []float32) { k.silu(y, x[:len(y)]) }

// Exp writes Exp(x) to y.
func (k *Kernels) Exp(y, x []float32) { k.exp(y, x[:len(y)]) }

// Log writes Log(x) to y.
func (k *Kernels) Log(y, x []float32) { k.log(y, x[:len(y)]) }

// ReLUScale writes d where f > 0, else +0, to dz: the gradient behind ReLU from the one before it and the values f.
func (k *Kernels) ReLUScale(dz, d, f []float32) { k.reluScale(dz, d[:len(dz)], f[:len(dz)]) }

// TanhScale writes d·TanhGrad(f) to dz; f are the values.
func (k *Kernels) TanhScale(dz, d, f []float32) { k.tanhScale(dz, d[:len(dz)], f[:len(dz)]) }

// SigmoidScale writes d·SigmoidGrad(f) to dz; f are the values.
func (k *Kernels) SigmoidScale(dz, d, f []float32) { k.sigmoidScale(dz, d[:len(dz)], f[:len(dz)]) }

// GELUScale writes d·GELUGrad(z) to dz; z are the arguments.
func (k *Kernels) GELUScale(dz, d, z []float32) { k.geluScale(dz, d[:len(dz)], z[:len(dz)]) }

// SiLUScale writes d·SiLUGrad(z) to dz; z are the arguments.
func (k *Kernels) SiLUScale(dz, d, z []float32) { k.siluScale(dz, d[:len(dz)], z[:len(dz)]) }

// TanhSlope writes Tanh(z) to y and TanhGrad of that to slope, for len(y) elements; y may be z. And so on.
func (k *Kernels) TanhSlope(y, slope, z []float32) { k.tanhSlope(y, slope[:len(y)], z[:len(y)]) }

// SigmoidSlope writes Sigmoid(z) to y and SigmoidGrad of that to slope.
func (k *Kernels) SigmoidSlope(y, slope, z []float32) {
	k.sigmoidSlope(y, slope[:len(y)], z[:len(y)])
}

// GELUSlope writes GELU(z) to y and GELUGrad(z) to slope.
func (k *Kernels) GELUSlope(y, slope, z []float32) { k.geluSlope(y, slope[:len(y)], z[:len(y)]) }

// SiLUSlope writes SiLU(z) to y and SiLUGrad(z) to slope.
func (k *Kernels) SiLUSlope(y, slope, z []float32) { k.siluSlope(y, slope[:len(y)], z[:len(y)]) }

// Squares writes e·e to value and 2·e to slope, for the errors e = y − t.
func (k *Kernels) Squares(value, slope, y, t []float32) {
	n := len(value)
	k.squares(value, slope[:n], y[:n], t[:n])
}

// Add adds x to y, element by element: a residual connection.
func (k *Kernels) Add(y, x []float32) { k.add(y, x[:len(y)]) }

// Scale writes x·s to y, each product rounded once: gradient clipping.
func (k *Kernels) Scale(y, x []float32, s float32) { k.scale(y, x[:len(y)], s) }

// Axpy writes fma(s, x, y) to y.
func (k *Kernels) Axpy(y, x []float32, s float32) { k.axpy(y, x[:len(y)], s) }

// AllFinite is the function AllFinite.
func (k *Kernels) AllFinite(x []float32) bool { return k.finite(x) }
