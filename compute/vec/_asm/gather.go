package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gather emits what makes a minibatch: the images of a permutation, and the rows that they name.
func gather(v simd) {
	images(v)

	TEXT(v.name("gatherRows"), attr.NOSPLIT, "func(y, x *float32, index *uint32, n, rows int)")
	Pragma("noescape")
	Doc(v.name("gatherRows") + " copies rows of n elements, those that index names, one behind another. rows ≥ 1.")
	y, x := Load(Param("y"), GP64()), Load(Param("x"), GP64())
	index, n := Load(Param("index"), GP64()), Load(Param("n"), GP64())
	rows := Load(Param("rows"), GP64())
	whole, rest := GP64(), GP64()
	MOVQ(n, whole)
	ANDQ(I32(-v.width), whole)
	MOVQ(n, rest)
	SUBQ(whole, rest)
	mask := v.tailMask(rest.(reg.GPVirtual))
	row, i := GP64(), GP64()
	SHLQ(U8(2), n)
	Label("row")
	MOVL(Mem{Base: index}, row.(reg.GPVirtual).As32())
	IMULQ(n, row)
	ADDQ(x, row)
	XORQ(i, i)
	CMPQ(i, whole)
	JEQ(LabelRef("rest"))
	Label("loop")
	VMOVUPS(v.load(Mem{Base: row, Index: i, Scale: 4}), Mem{Base: y, Index: i, Scale: 4})
	ADDQ(I32(v.width), i)
	CMPQ(i, whole)
	JNE(LabelRef("loop"))
	Label("rest")
	r := v.reg()
	v.loadMasked(Mem{Base: row, Index: i, Scale: 4}, mask, r)
	v.storeMasked(r, mask, Mem{Base: y, Index: i, Scale: 4})
	ADDQ(n, y)
	ADDQ(I8(4), index)
	DECQ(rows)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// images emits the Feistel network of the contract's permutation, with a number in each lane. A register walks on until
// all of its images lie below n.
func images(v simd) {
	TEXT(v.name("images"), attr.NOSPLIT, "func(dst *uint32, keys *[8]uint32, half, first, n uint32, groups int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s writes %d·groups images from that of first on; where there are none, that of n−1. groups, n ≥ 1.", v.name("images"), v.width))
	dst, keys := Load(Param("dst"), GP64()), Load(Param("keys"), GP64())
	groups := Load(Param("groups"), GP64())
	half, top := GP32(), GP32()
	Load(Param("half"), half)
	MOVL(U32(32), top)
	SUBL(half, top)
	down, up := XMM(), XMM()
	VMOVD(half, down)
	VMOVD(top, up)
	low := v.reg()
	ones := v.load(word(0xffffffff))
	VPSRLD(up, ones, low)
	n := v.broadcast(paramAddr("n"))
	last := v.subInt(n, word(1))
	next := v.addInt(v.broadcast(paramAddr("first")), laneIndex())
	m0, m1 := v.load(word(0x9e3779b1)), v.load(word(0x85ebca77))
	var spread []Op
	for i := range 8 {
		if v.wide() {
			spread = append(spread, v.broadcast(Mem{Base: keys, Disp: 4 * i}))
		}
	}
	x := v.reg()
	all := GP32()
	Label("group")
	VPMINUD(last, next, x)
	var walking Op = v.reg()
	if v.wide() {
		walking = K()
		MOVL(I32(-1), all)
		KMOVW(all, walking)
	} else {
		VMOVAPS(ones, walking)
	}
	Label("walk")
	l := v.reg()
	VPSRLD(down, x, l)
	var left, right Op = l, v.and(x, low)
	for i := range 8 {
		var key Op
		if v.wide() {
			key = spread[i]
		} else {
			key = v.broadcast(Mem{Base: keys, Disp: 4 * i})
		}
		f, g := v.reg(), v.reg()
		VPMULLD(m0, v.xor(right, key), f)
		VPSRLD(U8(15), f, g)
		VPMULLD(m1, v.xor(f, g), f)
		VPSRLD(up, f, f)
		left, right = right, v.xor(left, f)
	}
	shifted := v.reg()
	VPSLLD(down, left, shifted)
	image := v.choose(walking, v.or(shifted, right), x)
	VMOVAPS(image, x)
	if v.wide() {
		VPCMPUD(U8(5), n, x, walking)
		KORTESTW(walking, walking)
	} else {
		largest := v.reg()
		VPMAXUD(n, x, largest)
		VPCMPEQD(x, largest, walking)
		VMOVMSKPS(walking, all)
		TESTL(all, all)
	}
	JNE(LabelRef("walk"))
	VMOVUPS(x, Mem{Base: dst})
	ADDQ(I32(v.bytes()), dst)
	VPADDD(word(uint32(v.width)), next, next)
	DECQ(groups)
	JNE(LabelRef("group"))
	VZEROUPPER()
	RET()
}
