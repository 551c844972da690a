package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
)

// The constants of the contract, as in the elementary functions of package vec; a test compares them through the results.
const (
	expMin    = -0x1.cp+6
	expMax    = 0x1.64p+6
	log2E     = 0x1.715476p+0
	roundInt  = 0x1.8p+23
	ln2High   = 0x1.62e4p-1
	ln2Low    = 0x1.7f7d1cp-20
	expP2     = 0x1.fffffcp-2
	expP3     = 0x1.55548cp-3
	expP4     = 0x1.555858p-5
	expP5     = 0x1.123dep-7
	expP6     = 0x1.6ac74ap-10
	minNormal = 0x1p-126
	logSplit  = 0x3f2aaaab
	ln2       = 0x1.62e43p-1
	tanhSplit = 0x1.19999ap-1
	tanhMax   = 0x1.4p+3
	geluC1    = 0x1.988454p+0
	geluC3    = 0x1.2444f2p-4
	geluSlope = 0x1.b6676cp-3
	geluMin   = -0x1.6p+3
)

var (
	tanhP = []float32{-0x1.9921a2p-8, 0x1.58e518p-6, -0x1.b91e7ep-5, 0x1.110ceep-3, -0x1.55554ap-2}
	logP  = []float32{-0x1.07ef34p-3, 0x1.1e6dc6p-3, -0x1.f31a78p-4, 0x1.1ed5bep-3, -0x1.559d8p-3, 0x1.99d03cp-3,
		-0x1.fffef2p-3, 0x1.555506p-2, -0x1p-1}
)

// expWords are the constants of exp that are worth a register.
var expWords = append([]uint32{0x4b400000, 127, 0x80000000}, bitsOf(log2E, roundInt, -ln2High, -ln2Low, expP6, expP5, expP4, expP3, expP2, 1, expMin)...)

func bitsOf(f ...float32) []uint32 {
	var u []uint32
	for _, x := range f {
		u = append(u, math.Float32bits(x))
	}
	return u
}

// expParts is parts(x) of the contract without the clamps.
func (v simd) expParts(x Op) (p, s, t Op) {
	j := v.load(float(log2E))
	v.fmaInto(j, x, float(roundInt))
	n := v.sub(j, float(roundInt))
	r := v.load(float(-ln2High))
	v.fmaInto(r, n, x)
	low := v.load(float(-ln2Low))
	v.fmaInto(low, n, r)
	p = v.horner(low, expP6, expP5, expP4, expP3, expP2, 1, 1)
	i := v.subInt(j, integer(0x4b400000))
	h := v.shiftRight(i, 1)
	power := func(n Op) Op { return v.shiftLeft(v.addInt(n, integer(127)), 23) }
	return p, power(h), power(v.subInt(i, h))
}

func (v simd) exp(x Op) Op {
	p, s, t := v.expParts(v.atMost(v.atLeast(x, expMin), expMax))
	return v.mul(v.mul(p, s), t)
}

// expBelow is exp for x ≤ 0 or NaN: the upper clamp would change nothing.
func (v simd) expBelow(x Op) Op {
	p, s, t := v.expParts(v.atLeast(x, expMin))
	return v.mul(v.mul(p, s), t)
}

func (v simd) minusAbs(x Op) Op { return v.or(x, integer(0x80000000)) }

// gate is v/(1+e^−z) of the contract; both branches share the division.
func (v simd) gate(x, z Op) Op {
	p, s, t := v.expParts(v.atLeast(v.minusAbs(z), expMin))
	d := v.add(v.mul(v.mul(p, s), t), float(1))
	below := v.compare(z, float(0), less)
	q := v.div(v.choose(below, v.mul(p, x), x), d)
	return v.choose(below, v.mul(v.mul(q, s), t), q)
}

func (v simd) gateSlope(z Op) (s, slope Op) {
	t := v.expBelow(v.minusAbs(z))
	d := v.add(t, float(1))
	q := v.div(t, d)
	below := v.compare(z, float(0), less)
	return v.choose(below, q, v.div(v.load(float(1)), d)), v.div(q, d)
}

// gateBoth is gate and gateSlope, which have the exponential and the denominator d in common. The quotients by d, which
// lies in [1, 2], come from its reciprocal y, rounded as a quotient is: with q = a·y, q + (a − q·d)·y rounds to a ÷ d, of which
// a test tries every a that there is.
func (v simd) gateBoth(x, z Op) (y, s, slope Op) {
	p, h, t := v.expParts(v.atLeast(v.minusAbs(z), expMin))
	e := v.mul(v.mul(p, h), t)
	d := v.add(e, float(1))
	below := v.compare(z, float(0), less)
	r := v.div(v.choose(below, v.mul(p, x), x), d)
	y = v.choose(below, v.mul(v.mul(r, h), t), r)
	one := v.div(v.load(float(1)), d)
	over := func(a Op) Op {
		q := v.mul(a, one)
		return v.fma(v.fnma(q, d, a), one, q)
	}
	q := over(e)
	return y, v.choose(below, q, one), over(q)
}

func (v simd) tanh(x Op) Op {
	a := v.abs(x)
	q := v.mul(a, a)
	p := v.horner(q, tanhP...)
	small := v.fma(v.mul(a, q), p, a)
	b := v.atMost(a, tanhMax)
	e := v.exp(v.add(b, b))
	large := v.sub(v.load(float(1)), v.div(v.load(float(2)), v.add(e, float(1))))
	y := v.choose(v.compare(a, float(tanhSplit), less), small, large)
	return v.or(v.abs(y), v.and(x, integer(0x80000000)))
}

func (v simd) geluArgument(x, q Op) Op {
	z := v.load(float(geluC3))
	v.fmaInto(z, q, float(geluC1))
	return v.mul(x, z)
}

func (v simd) clamp(x Op, lo, hi float32) Op { return v.atMost(v.atLeast(x, lo), hi) }

func (v simd) log(x Op) Op {
	tiny := v.compare(x, float(minNormal), less)
	y := v.choose(tiny, v.mul(x, float(0x1p23)), x)
	e := v.choose(tiny, v.load(float(-23)), v.load(float(0)))
	i := v.shiftRight(v.subInt(y, word(logSplit)), 23)
	f := v.sub(v.subInt(y, v.shiftLeft(i, 23)), float(1))
	e = v.add(e, v.convert(i))
	p := v.horner(f, logP...)
	r := v.fma(v.mul(f, f), p, f)
	y = v.fma(e, v.load(float(ln2)), r)
	y = v.choose(v.compare(x, word(0x7f800000), equal), x, y)
	y = v.choose(v.compare(x, float(0), less), word(0x7fc00000), y)
	y = v.choose(v.compare(x, float(0), equal), word(0xff800000), y)
	return v.choose(v.compare(x, x, unordered), x, y)
}

func activations(v simd) {
	unary := func(name, doc string, f func(x Op) Op) {
		v.elementwise(name, doc, "func(y, x *float32, n int)", []string{"x"}, []string{"y"},
			func() { v.hoist(expWords...) }, func(in []Op) []Op { return []Op{f(in[0])} })
	}
	unary("relu", "is y = ReLU(x).", v.positive)
	unary("exp", "is y = Exp(x).", v.exp)
	unary("log", "is y = Log(x).", v.log)
	unary("tanh", "is y = Tanh(x).", v.tanh)
	unary("sigmoid", "is y = Sigmoid(x).", func(x Op) Op { return v.gate(v.load(float(1)), x) })
	unary("silu", "is y = SiLU(x).", func(x Op) Op { x = v.atLeast(x, expMin); return v.gate(x, x) })
	unary("gelu", "is y = GELU(x).", func(x Op) Op {
		x = v.atLeast(x, geluMin)
		return v.gate(x, v.geluArgument(x, v.mul(x, x)))
	})

	scale := func(name, doc string, f func(d, f Op) Op) {
		v.elementwise(name, doc, "func(dz, d, f *float32, n int)", []string{"d", "f"}, []string{"dz"}, nil,
			func(in []Op) []Op { return []Op{f(in[0], in[1])} })
	}
	scale("reluScale", "is dz = d where f > 0, else +0.", func(d, f Op) Op {
		return v.choose(v.compare(f, float(0), greater), d, v.load(float(0)))
	})
	scale("tanhScale", "is dz = d·TanhGrad(f), f being values.", func(d, f Op) Op {
		return v.mul(d, v.fnma(f, f, float(1)))
	})
	scale("sigmoidScale", "is dz = d·SigmoidGrad(f), f being values.", func(d, f Op) Op {
		return v.mul(d, v.mul(f, v.sub(v.load(float(1)), f)))
	})
	scale("siluScale", "is dz = d·SiLUGrad(f), f being arguments.", func(d, x Op) Op {
		x = v.clamp(x, expMin, -expMin)
		s, slope := v.gateSlope(x)
		return v.mul(d, v.fma(x, slope, s))
	})
	scale("geluScale", "is dz = d·GELUGrad(f), f being arguments.", func(d, x Op) Op {
		x = v.clamp(x, geluMin, -geluMin)
		q := v.mul(x, x)
		s, slope := v.gateSlope(v.geluArgument(x, q))
		t := v.load(float(geluSlope))
		v.fmaInto(t, q, float(geluC1))
		return v.mul(d, v.fma(slope, v.mul(x, t), s))
	})

	both := func(name, doc string, f func(z Op) []Op) {
		v.elementwise(name, doc, "func(y, slope, z *float32, n int)", []string{"z"}, []string{"y", "slope"},
			func() { v.hoist(expWords...) }, func(in []Op) []Op { return f(in[0]) })
	}
	both("tanhSlope", "is y = Tanh(z) and slope = TanhGrad(y).", func(z Op) []Op {
		y := v.tanh(z)
		return []Op{y, v.fnma(y, y, float(1))}
	})
	both("sigmoidSlope", "is y = Sigmoid(z) and slope = SigmoidGrad(y).", func(z Op) []Op {
		y := v.gate(v.load(float(1)), z)
		return []Op{y, v.mul(y, v.sub(v.load(float(1)), y))}
	})
	both("siluSlope", "is y = SiLU(z) and slope = SiLUGrad(z).", func(z Op) []Op {
		z = v.atLeast(z, expMin)
		y, s, slope := v.gateBoth(z, z)
		x := v.atMost(z, -expMin)
		return []Op{y, v.fma(x, slope, s)}
	})
	both("geluSlope", "is y = GELU(z) and slope = GELUGrad(z).", func(z Op) []Op {
		z = v.atLeast(z, geluMin)
		x := v.atMost(z, -geluMin)
		q := v.mul(x, x)
		y, s, slope := v.gateBoth(z, v.geluArgument(x, q)) // beyond the clamp the exponent has reached its own
		t := v.load(float(geluSlope))
		v.fmaInto(t, q, float(geluC1))
		return []Op{y, v.fma(slope, v.mul(x, t), s)}
	})

	v.elementwise("squares", "is e = y − t, value = e·e and slope = 2·e.", "func(value, slope, y, t *float32, n int)",
		[]string{"y", "t"}, []string{"value", "slope"}, nil, func(in []Op) []Op {
			e := v.sub(in[0], in[1])
			return []Op{v.mul(e, e), v.mul(e, float(2))}
		})
}
