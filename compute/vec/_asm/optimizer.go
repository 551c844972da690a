package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func optimizers(v simd) {
	// AVX-512 has the registers to keep the scalars; AVX2 spreads them each time anew.
	var spread []Op
	var base reg.Register
	scalars := func(n int) func() {
		return func() {
			base = Load(Param("s"), GP64())
			spread = spread[:0]
			for i := range n {
				if v.wide() {
					spread = append(spread, v.broadcast(Mem{Base: base, Disp: 4 * i}))
				}
			}
		}
	}
	s := func(i int) Op {
		if v.wide() {
			return spread[i]
		}
		return v.broadcast(Mem{Base: base, Disp: 4 * i})
	}
	plain := func(in []Op) []Op {
		w, m, vv, g := in[0], in[1], in[2], in[3]
		t := v.mul(g, s(1))
		v.fmaInto(m, s(0), t)
		t = v.mul(v.mul(g, s(3)), g)
		v.fmaInto(vv, s(2), t)
		den := v.add(v.sqrt(v.mul(vv, s(5))), s(6))
		u := v.div(v.mul(m, s(4)), den)
		return []Op{v.fnma(u, s(7), v.fnma(w, s(8), w)), m, vv}
	}
	quiet := func(in []Op) []Op {
		w, m, vv, g := in[0], in[1], in[2], in[3]
		decayed := v.fnma(w, s(8), w)
		t := v.mul(g, s(1))
		idle := v.both(v.subnormal(v.abs(m)), v.both(v.compare(t, float(0), equal), v.compare(v.abs(decayed), float(0x1p-50), greaterEqual)))
		kept := v.or(v.shrink(v.abs(m), s(0)), v.and(m, word(0x80000000)))
		m = v.choose(idle, float(0), m)
		v.fmaInto(m, s(0), t)
		numerator := v.mul(m, s(4))
		m = v.choose(idle, kept, m)

		t = v.mul(v.mul(g, s(3)), g)
		idle = v.both(v.subnormal(vv), v.compare(t, float(0), equal))
		kept = v.shrink(vv, s(2))
		vv = v.choose(idle, float(0), vv)
		v.fmaInto(vv, s(2), t)
		den := v.add(v.sqrt(v.mul(vv, s(5))), s(6))
		vv = v.choose(idle, kept, vv)
		u := v.div(numerator, den)
		return []Op{v.fnma(u, s(7), decayed), m, vv}
	}
	names := []string{"w", "m", "v", "grad"}
	v.elementwise("adamW", "is AdamW.Step with s = β₁, 1−β₁, β₂, 1−β₂, c₁, c₂, ε, lr, lr·wd.", "func(w, m, v, grad *float32, s *[9]float32, n int)",
		names, names[:3], scalars(9), plain)
	paths := 0
	v.elementwise("adamWQuiet", "is adamW, for the s that AdamW.quiet accepts, without the microcode that subnormal moments of idle parameters start.",
		"func(w, m, v, grad *float32, s *[9]float32, n int)", names, names[:3], scalars(9), func(in []Op) []Op {
			paths++
			common, join := fmt.Sprintf("common%d", paths), fmt.Sprintf("join%d", paths)
			v.ifNoSubnormal(in[1], in[2], common)
			out := quiet(in)
			JMP(LabelRef(join))
			Label(common)
			for i, r := range plain(in) {
				VMOVAPS(r, out[i])
			}
			Label(join)
			return out
		})
	v.elementwise("sgd", "is SGD.Step with s = wd, μ, lr.", "func(w, v, grad *float32, s *[3]float32, n int)",
		[]string{"w", "v", "grad"}, []string{"w", "v"}, scalars(3), func(in []Op) []Op {
			w, vv, g := in[0], in[1], in[2]
			gradient := v.fma(w, s(0), g)
			v.fmaInto(vv, s(1), gradient)
			return []Op{v.fnma(vv, s(2), w), vv}
		})
}

// subnormal returns the mask of the lanes that hold a positive subnormal number.
func (v simd) subnormal(x Op) Op {
	return v.both(v.greaterInt(v.load(float(minNormal)), x), v.greaterInt(x, float(0)))
}

// shrink returns fma(b, x, 0) for subnormal x > 0 and 0 ≤ b ≤ 1 without an operation that has or gives a subnormal:
// x is an integer multiple of the smallest one, and a sum from 2²³ on is rounded to integers as x·b is to those multiples.
func (v simd) shrink(x, b Op) Op {
	n := v.convert(x).(reg.VecVirtual)
	v.fmaInto(n, b, float(0x1p23))
	return v.subInt(n, float(0x1p23))
}

// ifNoSubnormal jumps where neither a nor b holds a subnormal number of either sign.
func (v simd) ifNoSubnormal(a, b Op, label string) {
	if v.wide() {
		ka, kb := K(), K()
		VFPCLASSPSZ(U8(0x20), a, ka)
		VFPCLASSPSZ(U8(0x20), b, kb)
		KORTESTW(ka, kb)
	} else {
		any, found := YMM(), GP32()
		VORPS(v.subnormal(v.abs(a)), v.subnormal(v.abs(b)), any)
		VMOVMSKPS(any, found)
		TESTL(found, found)
	}
	JE(LabelRef(label))
}
