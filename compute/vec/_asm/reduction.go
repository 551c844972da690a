package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// convert returns the float32 nearest to each signed integer.
func (v simd) convert(i Op) Op { r := v.reg(); VCVTDQ2PS(i, r); return r }

func reductions(v simd) {
	// The lanes of order R3 live in 32/width registers.
	sum := func(name, doc string, f func(x Op) Op) {
		TEXT(v.name(name), attr.NOSPLIT, "func(lane *[32]float32, x *float32, blocks int)")
		Pragma("noescape")
		Doc(v.name(name) + " " + doc)
		lane, x := Load(Param("lane"), GP64()), Load(Param("x"), GP64())
		blocks := Load(Param("blocks"), GP64())
		var acc []Op
		for j := range 32 / v.width {
			acc = append(acc, v.load(Mem{Base: lane, Disp: j * v.bytes()}))
		}
		Label("loop")
		for j, a := range acc {
			VADDPS(f(Mem{Base: x, Disp: j * v.bytes()}), a, a)
		}
		ADDQ(U8(64), x)
		ADDQ(U8(64), x)
		DECQ(blocks)
		JNE(LabelRef("loop"))
		for j, a := range acc {
			VMOVUPS(a, Mem{Base: lane, Disp: j * v.bytes()})
		}
		VZEROUPPER()
		RET()
	}
	sum("sum", "adds blocks ≥ 1 times 32 elements to the lanes of a sum in order R3.", func(x Op) Op { return x })
	sum("sumSquares", "does the same with their squares.", func(m Op) Op { x := v.load(m); return v.mul(x, x) })

	TEXT(v.name("nonFinite"), attr.NOSPLIT, "func(x *float32, n int) uint32")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s returns 0 if all n elements are finite: 0·x is ±0 for those and NaN for others, and NaN stays in a sum.", v.name("nonFinite")))
	x := Load(Param("x"), GP64())
	n := Load(Param("n"), GP64())
	zero := v.load(float(0))
	acc := v.load(float(0))
	SUBQ(I32(v.width), n)
	JL(LabelRef("rest"))
	Label("loop")
	VFMADD231PS(Mem{Base: x}, zero, acc)
	ADDQ(I32(v.bytes()), x)
	SUBQ(I32(v.width), n)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(I32(v.width), n)
	JE(LabelRef("done"))
	r := v.reg()
	v.loadMasked(Mem{Base: x}, v.tailMask(n.(reg.GPVirtual)), r)
	VFMADD231PS(r, zero, acc)
	Label("done")
	found := GP32()
	bad := v.compare(acc, acc, unordered)
	if v.wide() {
		KMOVW(bad, found)
	} else {
		VMOVMSKPS(bad, found)
	}
	Store(found, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

func arithmetic(v simd) {
	v.elementwise("add", "is y = y + x.", "func(y, x *float32, n int)", []string{"y", "x"}, []string{"y"}, nil,
		func(in []Op) []Op { return []Op{v.add(in[0], in[1])} })
	var s Op
	scalar := func() { s = v.broadcast(paramAddr("s")) }
	v.elementwise("scale", "is y = x·s.", "func(y, x *float32, s float32, n int)", []string{"x"}, []string{"y"}, scalar,
		func(in []Op) []Op { return []Op{v.mul(in[0], s)} })
	v.elementwise("axpy", "is y = fma(s, x, y).", "func(y, x *float32, s float32, n int)", []string{"y", "x"}, []string{"y"}, scalar,
		func(in []Op) []Op { v.fmaInto(in[1], s, in[0]); return []Op{in[1]} })
}

// peak emits a loop of fused multiply-adds on registers only.
func peak(v simd) {
	n := 12
	if v.wide() {
		n = 24
	}
	TEXT(v.name("peak"), attr.NOSPLIT, "func(n int)")
	Doc(fmt.Sprintf("%s makes n ≥ 1 times %d products of %d elements, each added to its own sum, without touching memory.", v.name("peak"), n, v.width))
	count := Load(Param("n"), GP64())
	for i := range n + 2 {
		VXORPS(v.phys(i).AsX(), v.phys(i).AsX(), v.phys(i).AsX())
	}
	Label("loop")
	for i := range n {
		VFMADD231PS(v.phys(n), v.phys(n+1), v.phys(i))
	}
	DECQ(count)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

func cpuid() {
	TEXT("cpuid", attr.NOSPLIT, "func(leaf, sub uint32) (a, b, c, d uint32)")
	Doc("cpuid is the instruction of that name.")
	Load(Param("leaf"), reg.EAX)
	Load(Param("sub"), reg.ECX)
	CPUID()
	Store(reg.EAX, Return("a"))
	Store(reg.EBX, Return("b"))
	Store(reg.ECX, Return("c"))
	Store(reg.EDX, Return("d"))
	RET()
	TEXT("xgetbv", attr.NOSPLIT, "func() uint32")
	Doc("xgetbv returns the low word of XCR0: the register state that the operating system saves.")
	XORL(reg.ECX, reg.ECX)
	XGETBV()
	Store(reg.EAX, ReturnIndex(0))
	RET()
}
