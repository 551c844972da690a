package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Constants of the update, as in the folder above.
const (
	momentFloor = 0x1p-100
	rootSeed    = 0x5f3759df
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
			v.hoist(append(bitsOf(momentFloor, -0.5, 0.5), rootSeed, 0x7fffffff)...)
		}
	}
	s := func(i int) Op {
		if v.wide() {
			return spread[i]
		}
		return v.broadcast(Mem{Base: base, Disp: 4 * i})
	}
	names := []string{"w", "m", "v", "grad"}
	v.elementwise("adamW", "is AdamW.Step with s = β₁, 1−β₁, β₂, 1−β₂, c₁, c₂, ε², lr, lr·wd.", "func(w, m, v, grad *float32, s *[9]float32, n int)",
		names, names[:3], scalars(9), func(in []Op) []Op {
			w, m, vv, g := in[0], in[1], in[2], in[3]
			t := v.mul(g, s(1))
			v.fmaInto(m, s(0), t)
			m = v.flush(v.abs(m), m)
			t = v.mul(v.mul(g, s(3)), g)
			v.fmaInto(vv, s(2), t)
			vv = v.flush(vv, vv)
			u := v.mul(v.mul(m, s(4)), v.inverseRoot(v.fma(vv, s(5), s(6))))
			return []Op{v.fnma(u, s(7), v.fnma(w, s(8), w)), m, vv}
		})
	v.elementwise("sgd", "is SGD.Step with s = wd, μ, lr.", "func(w, v, grad *float32, s *[3]float32, n int)",
		[]string{"w", "v", "grad"}, []string{"w", "v"}, scalars(3), func(in []Op) []Op {
			w, vv, g := in[0], in[1], in[2]
			gradient := v.fma(w, s(0), g)
			v.fmaInto(vv, s(1), gradient)
			return []Op{v.fnma(vv, s(2), w), vv}
		})
}

// flush returns x, and +0 in the lanes where size is below the least moment.
func (v simd) flush(size, x Op) Op {
	r := v.reg()
	if v.wide() {
		VMOVAPS_Z(x, v.compare(size, float(momentFloor), notLess), r)
	} else {
		VANDNPS(x, v.compare(size, float(momentFloor), less), r)
	}
	return r
}

// inverseRoot is the function inverseRoot.
func (v simd) inverseRoot(x Op) Op {
	shifted := v.reg()
	VPSRLD(U8(1), x, shifted)
	y := v.subInt(v.load(integer(rootSeed)), shifted)
	h := v.mul(x, float(-0.5))
	for range 3 {
		r := v.mul(h, y)
		v.fmaInto(r, y, float(0.5))
		v.fmaInto(y, r, y)
	}
	return y
}
