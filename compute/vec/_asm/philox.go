package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// philox emits Philox4x32-10 with one block per lane, and dropout, which uses it.
func philox(v simd) {
	TEXT(v.name("philox"), attr.NOSPLIT, "func(dst *uint32, key0, key1, purpose, step, block uint32, groups int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s writes the words of %d·groups blocks from the block named on. groups ≥ 1.", v.name("philox"), v.width))
	dst := Load(Param("dst"), GP64())
	groups := Load(Param("groups"), GP64())
	param := func(name string) Op { return v.broadcast(paramAddr(name)) }
	block := v.addInt(param("block"), laneIndex())
	m0, m1 := word(0xd2511f53), word(0xcd9e8d57)
	var odd Op
	if v.wide() {
		t := GP32()
		MOVL(U32(0xaaaa), t)
		odd = K()
		KMOVW(t, odd)
	}
	// blend puts the odd words of b into a.
	blend := func(a, b Op) Op {
		if v.wide() { // not a new register: avo takes the target of a masked instruction for an input
			VPBLENDMD(b, a, odd, a)
		} else {
			VPBLENDD(U8(0xaa), b, a, a)
		}
		return a
	}
	product := func(x, m Op) (high, low Op) {
		even, other := v.reg(), v.reg()
		VPMULUDQ(m, x, even)
		VMOVSHDUP(x, other)
		VPMULUDQ(m, other, other)
		up, down := v.reg(), v.reg()
		VPSRLQ(U8(32), even, down)
		VPSLLQ(U8(32), other, up)
		return blend(down, other), blend(even, up)
	}
	Label("loop")
	var c0, c1, c2, c3 Op = param("purpose"), param("step"), block, v.load(word(0))
	var k0, k1 Op = param("key0"), param("key1")
	for round := range 10 {
		if round > 0 {
			k0, k1 = v.addInt(k0, word(0x9e3779b9)), v.addInt(k1, word(0xbb67ae85))
		}
		h0, l0 := product(c0, m0)
		h1, l1 := product(c2, m1)
		c0, c1, c2, c3 = v.xor(v.xor(h1, c1), k0), l1, v.xor(v.xor(h0, c3), k1), l0
	}
	pair := func(f func(...Op), a, b Op) Op { r := v.reg(); f(b, a, r); return r }
	l01, h01 := pair(VUNPCKLPS, c0, c1), pair(VUNPCKHPS, c0, c1)
	l23, h23 := pair(VUNPCKLPS, c2, c3), pair(VUNPCKHPS, c2, c3)
	for q, x := range []Op{pair(VUNPCKLPD, l01, l23), pair(VUNPCKHPD, l01, l23), pair(VUNPCKLPD, h01, h23), pair(VUNPCKHPD, h01, h23)} {
		for l := range v.width / 4 { // lane l of register q is block 4·l+q
			m := Mem{Base: dst, Disp: 16 * (4*l + q)}
			if v.wide() {
				VEXTRACTI32X4(U8(l), x, m)
			} else {
				VEXTRACTI128(U8(l), x, m)
			}
		}
	}
	VPADDD(word(uint32(v.width)), block, block)
	ADDQ(I32(16*v.width), dst)
	DECQ(groups)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()

	var threshold, s Op
	v.elementwise("dropout", "is y = x·s where word >> 8 ≥ threshold, else +0; threshold is given as the word before its first.",
		"func(y, x *float32, word *uint32, before int32, s float32, n int)", []string{"x", "word"}, []string{"y"},
		func() { threshold, s = v.broadcast(paramAddr("before")), v.broadcast(paramAddr("s")) },
		func(in []Op) []Op {
			u := v.reg()
			VPSRLD(U8(8), in[1], u)
			return []Op{v.choose(v.greaterInt(u, threshold), v.mul(in[0], s), v.load(float(0)))}
		})
}

// paramAddr is the address of a parameter.
func paramAddr(name string) Op {
	m, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return m.Addr
}

var lanes *Mem

// laneIndex is the words 0 … 15.
func laneIndex() Mem {
	if lanes == nil {
		m := GLOBL("laneIndex", attr.RODATA|attr.NOPTR)
		for i := range 16 {
			DATA(4*i, U32(uint32(i)))
		}
		lanes = &m
	}
	return *lanes
}
