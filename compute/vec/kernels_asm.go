//go:build amd64 && !purego

package vec

// assembled returns the table of an assembly implementation.
func assembled(isa ISA) *Kernels {
	if isa == AVX512 {
		return &avx512
	}
	return &avx2
}

// peakFMA makes n rounds of the peak loop of an assembly implementation and returns their floating-point operations.
func peakFMA(isa ISA, n int) int {
	switch isa {
	case AVX512:
		peakAVX512(n)
		return n * 24 * 16 * 2
	case AVX2:
		peakAVX2(n)
		return n * 12 * 8 * 2
	}
	return 0
}

var avx512 = Kernels{
	isa: AVX512,
	gemm: func(c []float32, ldc int, bias []float32, fresh bool, a []float32, ars, acs int, b []float32, ldb, m, n, k int) {
		gemmAVX512.product(c, ldc, bias, fresh, a, ars, acs, b, ldb, m, n, k)
	},
	transpose: transpose16,
	adamW: func(a AdamW, w, m, v, g []float32) {
		s := a.scalars()
		switch {
		case len(w) == 0:
		case a.quiet():
			adamWQuietAVX512(&w[0], &m[0], &v[0], &g[0], &s, len(w))
		default:
			adamWAVX512(&w[0], &m[0], &v[0], &g[0], &s, len(w))
		}
	},
	sgd: func(s SGD, w, v, g []float32) {
		if len(w) > 0 {
			sgdAVX512(&w[0], &v[0], &g[0], &[3]float32{s.WeightDecay, s.Momentum, s.Rate}, len(w))
		}
	},
	relu:         unary(reluAVX512),
	tanh:         unary(tanhAVX512),
	sigmoid:      unary(sigmoidAVX512),
	gelu:         unary(geluAVX512),
	silu:         unary(siluAVX512),
	exp:          unary(expAVX512),
	log:          unary(logAVX512),
	reluScale:    binary(reluScaleAVX512),
	tanhScale:    binary(tanhScaleAVX512),
	sigmoidScale: binary(sigmoidScaleAVX512),
	geluScale:    binary(geluScaleAVX512),
	siluScale:    binary(siluScaleAVX512),
	tanhSlope:    binary(tanhSlopeAVX512),
	sigmoidSlope: binary(sigmoidSlopeAVX512),
	geluSlope:    binary(geluSlopeAVX512),
	siluSlope:    binary(siluSlopeAVX512),
	squares: func(value, slope, y, t []float32) {
		if len(y) > 0 {
			squaresAVX512(&value[0], &slope[0], &y[0], &t[0], len(y))
		}
	},
	add:     unary(addAVX512),
	scale:   scaled(scaleAVX512),
	axpy:    scaled(axpyAVX512),
	finite:  finite(nonFiniteAVX512),
	dropout: dropped(dropoutAVX512),
}

var avx2 = Kernels{
	isa: AVX2,
	gemm: func(c []float32, ldc int, bias []float32, fresh bool, a []float32, ars, acs int, b []float32, ldb, m, n, k int) {
		gemmAVX2.product(c, ldc, bias, fresh, a, ars, acs, b, ldb, m, n, k)
	},
	transpose: transpose8,
	adamW: func(a AdamW, w, m, v, g []float32) {
		s := a.scalars()
		switch {
		case len(w) == 0:
		case a.quiet():
			adamWQuietAVX2(&w[0], &m[0], &v[0], &g[0], &s, len(w))
		default:
			adamWAVX2(&w[0], &m[0], &v[0], &g[0], &s, len(w))
		}
	},
	sgd: func(s SGD, w, v, g []float32) {
		if len(w) > 0 {
			sgdAVX2(&w[0], &v[0], &g[0], &[3]float32{s.WeightDecay, s.Momentum, s.Rate}, len(w))
		}
	},
	relu:         unary(reluAVX2),
	tanh:         unary(tanhAVX2),
	sigmoid:      unary(sigmoidAVX2),
	gelu:         unary(geluAVX2),
	silu:         unary(siluAVX2),
	exp:          unary(expAVX2),
	log:          unary(logAVX2),
	reluScale:    binary(reluScaleAVX2),
	tanhScale:    binary(tanhScaleAVX2),
	sigmoidScale: binary(sigmoidScaleAVX2),
	geluScale:    binary(geluScaleAVX2),
	siluScale:    binary(siluScaleAVX2),
	tanhSlope:    binary(tanhSlopeAVX2),
	sigmoidSlope: binary(sigmoidSlopeAVX2),
	geluSlope:    binary(geluSlopeAVX2),
	siluSlope:    binary(siluSlopeAVX2),
	squares: func(value, slope, y, t []float32) {
		if len(y) > 0 {
			squaresAVX2(&value[0], &slope[0], &y[0], &t[0], len(y))
		}
	},
	add:     unary(addAVX2),
	scale:   scaled(scaleAVX2),
	axpy:    scaled(axpyAVX2),
	finite:  finite(nonFiniteAVX2),
	dropout: dropped(dropoutAVX2),
}

func unary(f func(y, x *float32, n int)) func(y, x []float32) {
	return func(y, x []float32) {
		if len(x) > 0 {
			f(&y[0], &x[0], len(x))
		}
	}
}

func binary(f func(dz, d, f *float32, n int)) func(dz, d, f []float32) {
	return func(dz, d, x []float32) {
		if len(x) > 0 {
			f(&dz[0], &d[0], &x[0], len(x))
		}
	}
}

func scaled(f func(y, x *float32, s float32, n int)) func(y, x []float32, s float32) {
	return func(y, x []float32, s float32) {
		if len(x) > 0 {
			f(&y[0], &x[0], s, len(x))
		}
	}
}

func dropped(f func(y, x *float32, word *uint32, before int32, s float32, n int)) func(y, x []float32, words []uint32, threshold uint32, s float32) {
	return func(y, x []float32, words []uint32, threshold uint32, s float32) {
		if len(x) > 0 {
			f(&y[0], &x[0], &words[0], int32(threshold)-1, s, len(x))
		}
	}
}

func finite(nonFinite func(x *float32, n int) uint32) func(x []float32) bool {
	return func(x []float32) bool { return len(x) == 0 || nonFinite(&x[0], len(x)) == 0 }
}

// scalars returns what the update kernels multiply with.
func (a AdamW) scalars() [9]float32 {
	return [9]float32{a.Beta1, 1 - a.Beta1, a.Beta2, 1 - a.Beta2, a.Correct1, a.Correct2, a.Epsilon, a.Rate, a.Rate * a.WeightDecay}
}

// quiet reports whether parameters whose gradient is zero may be updated the quiet way. The first moment of a dead unit's
// weight shrinks until 0.9·m rounds to m, a subnormal number; there it stays, and a product with a subnormal operand or
// result costs this machine about a hundred times as much as any other. In the quiet way m and v are then computed with
// integers, and taken as zero in what follows, which changes nothing: with these bounds |lr·u| ≤ 2⁻⁸⁰ is less than a
// quarter of a unit of the last place of w (if |w| ≥ 2⁻⁵⁰, which is looked at in each lane), and √(v·c₂) ≤ 2⁻⁵⁵ less than
// that of ε. β > 0, because only a product that is not exactly zero keeps its sign when +0 is added.
func (a AdamW) quiet() bool {
	unit := func(x float32) bool { return 0 < x && x <= 1 }
	correction := func(x float32) bool { return 0 < x && x <= 0x1p16 }
	return unit(a.Beta1) && unit(a.Beta2) && a.Epsilon >= 0x1p-30 && Abs(a.Rate) <= 1 && correction(a.Correct1) && correction(a.Correct2)
}

// sumBlocks adds whole blocks of 32 elements, or their squares, to the lanes of a sum that is at a multiple of 32.
func sumBlocks(isa ISA, squares bool, lane *[lanes]float32, x []float32) {
	n := len(x) / lanes
	switch {
	case isa == AVX512 && squares:
		sumSquaresAVX512(lane, &x[0], n)
	case isa == AVX512:
		sumAVX512(lane, &x[0], n)
	case squares:
		sumSquaresAVX2(lane, &x[0], n)
	default:
		sumAVX2(lane, &x[0], n)
	}
}

// philoxGroups writes as many of the words as make whole groups of blocks by assembly and returns their number.
func philoxGroups(isa ISA, dst []uint32, key [2]uint32, purpose, step, block uint32) int {
	switch width := 16; {
	case isa == AVX512 && len(dst) >= 4*width:
		n := len(dst) / (4 * width)
		philoxAVX512(&dst[0], key[0], key[1], purpose, step, block, n)
		return n * 4 * width
	case isa == AVX2 && len(dst) >= 2*width:
		n := len(dst) / (2 * width)
		philoxAVX2(&dst[0], key[0], key[1], purpose, step, block, n)
		return n * 2 * width
	}
	return 0
}

// gatherRows is GatherRows for rows of any length, of which there is at least one.
func gatherRows(isa ISA, y, x []float32, index []uint32, n int) {
	if isa == AVX512 {
		gatherRowsAVX512(&y[0], &x[0], &index[0], n, len(index))
	} else {
		gatherRowsAVX2(&y[0], &x[0], &index[0], n, len(index))
	}
}

// images writes whole registers of images.
func images(isa ISA, dst []uint32, keys *[8]uint32, half, first, n uint32) {
	if isa == AVX512 {
		imagesAVX512(&dst[0], keys, half, first, n, len(dst)/16)
	} else {
		imagesAVX2(&dst[0], keys, half, first, n, len(dst)/8)
	}
}
