package main

import (
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
	adamW(v)
	v.elementwise("sgd", "is SGD.Step with s = wd, μ, lr.", "func(w, v, grad *float32, s *[3]float32, n int)",
		[]string{"w", "v", "grad"}, []string{"w", "v"}, scalars(3), func(in []Op) []Op {
			w, vv, g := in[0], in[1], in[2]
			gradient := v.fma(w, s(0), g)
			v.fmaInto(vv, s(1), gradient)
			return []Op{v.fnma(vv, s(2), w), vv}
		})
}
