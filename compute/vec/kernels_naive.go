package vec

// naive is the definitions themselves.
var naive = Kernels{
	isa:          Naive,
	gemm:         gemmNaive,
	transpose:    transposeNaive,
	adamW:        func(a AdamW, w, m, v, g []float32) { a.Step(w, m, v, g) },
	sgd:          func(s SGD, w, v, g []float32) { s.Step(w, v, g) },
	relu:         each(ReLU),
	tanh:         each(Tanh),
	sigmoid:      each(Sigmoid),
	gelu:         each(GELU),
	silu:         each(SiLU),
	exp:          each(Exp),
	log:          each(Log),
	reluScale:    reluScaleNaive,
	tanhScale:    eachScale(TanhGrad),
	sigmoidScale: eachScale(SigmoidGrad),
	geluScale:    eachScale(GELUGrad),
	siluScale:    eachScale(SiLUGrad),
	tanhSlope:    eachSlope(Tanh, func(_, y float32) float32 { return TanhGrad(y) }),
	sigmoidSlope: eachSlope(Sigmoid, func(_, y float32) float32 { return SigmoidGrad(y) }),
	geluSlope:    eachSlope(GELU, func(z, _ float32) float32 { return GELUGrad(z) }),
	siluSlope:    eachSlope(SiLU, func(z, _ float32) float32 { return SiLUGrad(z) }),
	squares: func(value, slope, y, t []float32) {
		for i, v := range y {
			e := v - t[i]
			value[i], slope[i] = float32(e*e), float32(2*e)
		}
	},
	add: func(y, x []float32) {
		for i, v := range x {
			y[i] += v
		}
	},
	scale: func(y, x []float32, s float32) {
		for i, v := range x {
			y[i] = float32(v * s)
		}
	},
	axpy: func(y, x []float32, s float32) {
		for i, v := range x {
			y[i] = FMA32(s, v, y[i])
		}
	},
	finite:  AllFinite,
	dropout: dropoutNaive,
}

func each(f func(float32) float32) func(y, x []float32) {
	return func(y, x []float32) {
		for i, v := range x {
			y[i] = f(v)
		}
	}
}

func eachScale(slope func(float32) float32) func(dz, d, f []float32) {
	return func(dz, d, f []float32) {
		for i, v := range f {
			dz[i] = float32(d[i] * slope(v))
		}
	}
}

func eachSlope(f func(float32) float32, slope func(z, y float32) float32) func(y, slope, z []float32) {
	return func(y, s, z []float32) {
		for i, v := range z {
			u := f(v)
			y[i], s[i] = u, slope(v, u)
		}
	}
}

func reluScaleNaive(dz, d, f []float32) {
	for i, v := range f {
		if v > 0 {
			dz[i] = d[i]
		} else {
			dz[i] = 0
		}
	}
}

func gemmNaive(c []float32, ldc int, bias []float32, fresh bool, a []float32, ars, acs int, b []float32, ldb, m, n, k int) {
	if fresh {
		startRows(c, ldc, bias, m, n)
	}
	for i := range m {
		chains(c[i*ldc:][:n], a[i*ars:], acs, b, ldb, k)
	}
}

func transposeNaive(t []float32, ldt int, a []float32, lda, rows, columns int) {
	for r := range rows {
		for c, v := range a[r*lda:][:columns] {
			t[c*ldt+r] = v
		}
	}
}

// startRows sets n columns of m rows to bias, or to +0 where that is nil.
func startRows(c []float32, ldc int, bias []float32, m, n int) {
	for i := range m {
		if row := c[i*ldc:][:n]; bias == nil {
			clear(row)
		} else if n == 1 {
			row[0] = bias[0]
		} else {
			copy(row, bias)
		}
	}
}
