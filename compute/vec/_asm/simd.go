package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// simd is an instruction set by the number of float32 in its registers: 8 is AVX2 with FMA, 16 is AVX-512.
type simd struct{ width int }

func (v simd) wide() bool { return v.width == 16 }

// name is the name of a kernel for this instruction set.
func (v simd) name(s string) string {
	if v.wide() {
		return s + "AVX512"
	}
	return s + "AVX2"
}

func (v simd) bytes() int { return 4 * v.width }

func (v simd) reg() reg.VecVirtual {
	if v.wide() {
		return ZMM()
	}
	return YMM()
}

// phys is physical register i.
func (v simd) phys(i int) reg.VecPhysical {
	if v.wide() {
		return zmm[i]
	}
	return ymm[i]
}

var (
	zmm = []reg.VecPhysical{reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10,
		reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15, reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22,
		reg.Z23, reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31}
	ymm = []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7, reg.Y8, reg.Y9, reg.Y10,
		reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15}
)

// constants are the words that kernels have used so far, each spread over 64 bytes so that it can be a memory operand
// of either width.
var constants = map[uint32]Mem{}

func word(u uint32) Mem {
	m, ok := constants[u]
	if !ok {
		m = GLOBL(fmt.Sprintf("word%08x", u), attr.RODATA|attr.NOPTR)
		for i := range 16 {
			DATA(4*i, U32(u))
		}
		constants[u] = m
	}
	return m
}

// hoisted are the constants that the kernel at hand keeps in registers.
var hoisted = map[uint32]Op{}

// hoist loads constants into registers, for as long as one kernel is emitted: AVX-512 has enough of them.
func (v simd) hoist(words ...uint32) {
	for _, u := range words {
		if v.wide() {
			hoisted[u] = v.load(word(u))
		}
	}
}

func float(f float32) Op { return integer(math.Float32bits(f)) }

// integer is a word as an operand: a register if it is hoisted.
func integer(u uint32) Op {
	if r, ok := hoisted[u]; ok {
		return r
	}
	return word(u)
}

// load returns a register holding a constant.
func (v simd) load(m Op) reg.VecVirtual {
	r := v.reg()
	VMOVUPS(m, r)
	return r
}

func (v simd) broadcast(m Op) reg.VecVirtual {
	r := v.reg()
	VBROADCASTSS(m, r)
	return r
}

// zero clears a register.
func (v simd) zero(r Op) {
	if v.wide() {
		VPXORD(r, r, r)
	} else {
		VXORPS(r, r, r)
	}
}

// The operations take the left operand in a register and the right one in a register or memory, and return a new
// register.

func (v simd) add(a, b Op) Op { r := v.reg(); VADDPS(b, a, r); return r }
func (v simd) sub(a, b Op) Op { r := v.reg(); VSUBPS(b, a, r); return r }
func (v simd) mul(a, b Op) Op { r := v.reg(); VMULPS(b, a, r); return r }
func (v simd) div(a, b Op) Op { r := v.reg(); VDIVPS(b, a, r); return r }
func (v simd) sqrt(a Op) Op   { r := v.reg(); VSQRTPS(a, r); return r }

// fma returns a·b + c: a and b are registers.
func (v simd) fma(a, b, c Op) Op {
	r := v.reg()
	VMOVAPS(a, r)
	VFMADD213PS(c, b, r)
	return r
}

// fmaInto is fma that leaves the result in a, which must be a register of the kernel's own.
func (v simd) fmaInto(a, b, c Op) { VFMADD213PS(c, b, a) }

// fnma returns −(a·b) + c, which equals fma(−a, b, c): a change of sign is exact.
func (v simd) fnma(a, b, c Op) Op {
	r := v.reg()
	VMOVAPS(a, r)
	VFNMADD213PS(c, b, r)
	return r
}

// horner returns fma(…fma(c₀, x, c₁)…, x, c_n).
func (v simd) horner(x Op, c ...float32) Op {
	p := v.load(float(c[0]))
	for _, ci := range c[1:] {
		v.fmaInto(p, x, float(ci))
	}
	return p
}

// atLeast returns x < lo ? lo : x, and atMost x > hi ? hi : x. MAXPS and MINPS return their second source when either is
// NaN, and only it can be.
func (v simd) atLeast(x Op, lo float32) Op { r := v.reg(); VMAXPS(x, v.load(float(lo)), r); return r }
func (v simd) atMost(x Op, hi float32) Op  { r := v.reg(); VMINPS(x, v.load(float(hi)), r); return r }

// positive returns x > 0 ? x : +0, again by the rule of MAXPS.
func (v simd) positive(x Op) Op { r := v.reg(); VMAXPS(float(0), x, r); return r }

// Bitwise and integer operations on 32-bit elements.

func (v simd) and(a, b Op) Op {
	r := v.reg()
	if v.wide() {
		VPANDD(b, a, r)
	} else {
		VPAND(b, a, r)
	}
	return r
}

func (v simd) or(a, b Op) Op {
	r := v.reg()
	if v.wide() {
		VPORD(b, a, r)
	} else {
		VPOR(b, a, r)
	}
	return r
}

func (v simd) xor(a, b Op) Op {
	r := v.reg()
	if v.wide() {
		VPXORD(b, a, r)
	} else {
		VPXOR(b, a, r)
	}
	return r
}

func (v simd) addInt(a, b Op) Op { r := v.reg(); VPADDD(b, a, r); return r }
func (v simd) subInt(a, b Op) Op { r := v.reg(); VPSUBD(b, a, r); return r }

func (v simd) shiftLeft(a Op, n int) Op  { r := v.reg(); VPSLLD(U8(n), a, r); return r }
func (v simd) shiftRight(a Op, n int) Op { r := v.reg(); VPSRAD(U8(n), a, r); return r } // arithmetic

func (v simd) abs(x Op) Op { return v.and(x, integer(0x7fffffff)) }

// Predicates of VCMPPS: all are false for NaN except unordered, which is true only there.
const (
	equal        = 0x00
	less         = 0x11
	greater      = 0x1e
	greaterEqual = 0x1d
	unordered    = 0x03
)

// compare returns a mask: a k register for AVX-512, a vector for AVX2.
func (v simd) compare(a, b Op, predicate uint8) Op {
	if v.wide() {
		k := K()
		VCMPPS(U8(predicate), b, a, k)
		return k
	}
	r := YMM()
	VCMPPS(U8(predicate), b, a, r)
	return r
}

// choose returns yes where the mask is set, else no. yes may be memory.
func (v simd) choose(mask, yes, no Op) Op {
	r := v.reg()
	if v.wide() {
		VBLENDMPS(yes, no, mask, r)
	} else {
		VBLENDVPS(mask, yes, no, r)
	}
	return r
}

// both returns the mask of lanes that two masks have.
func (v simd) both(a, b Op) Op {
	if v.wide() {
		k := K()
		KANDW(a, b, k)
		return k
	}
	r := YMM()
	VANDPS(a, b, r)
	return r
}

// greaterInt compares as signed integers.
func (v simd) greaterInt(a, b Op) Op {
	if v.wide() {
		k := K()
		VPCMPGTD(b, a, k)
		return k
	}
	r := YMM()
	VPCMPGTD(b, a, r)
	return r
}

// tailMask returns the mask of the first n lanes, 0 ≤ n ≤ width.
func (v simd) tailMask(n reg.GPVirtual) Op {
	if v.wide() {
		t, k := GP32(), K()
		MOVL(I32(-1), t)
		BZHIL(n.As32(), t, t)
		KMOVW(t, k)
		return k
	}
	p, r := GP64(), YMM()
	LEAQ(laneMasks(), p)
	SHLQ(U8(2), n)
	SUBQ(n, p)
	VMOVDQU(Mem{Base: p, Disp: 32}, r)
	return r
}

var masks *Mem

// laneMasks is eight words of ones, then eight of zeros.
func laneMasks() Mem {
	if masks == nil {
		m := GLOBL("laneMasks", attr.RODATA|attr.NOPTR)
		for i := range 16 {
			DATA(4*i, U32(uint32(0xffffffff*uint64(1-i/8))))
		}
		masks = &m
	}
	return *masks
}

// loadMasked reads the lanes of the mask, zeros elsewhere; nothing outside is touched. storeMasked is its inverse.
func (v simd) loadMasked(m Mem, mask, r Op) {
	if v.wide() {
		VMOVUPS_Z(m, mask, r)
	} else {
		VMASKMOVPS(m, mask, r)
	}
}

func (v simd) storeMasked(r, mask Op, m Mem) {
	if v.wide() {
		VMOVUPS(r, mask, m)
	} else {
		VMASKMOVPS(r, mask, m)
	}
}

// elementwise emits a function over n elements: the vectors named in ins are read, body is applied, and what it returns
// is written to the vectors named in outs. prepare runs once before the loop. The parameters of the function are
// pointers, those in the signature's order, and n.
func (v simd) elementwise(name, doc, signature string, ins, outs []string, prepare func(), body func(in []Op) []Op) {
	TEXT(v.name(name), attr.NOSPLIT, signature)
	Pragma("noescape")
	Doc(v.name(name) + " " + doc)
	base := map[string]reg.Register{}
	for _, s := range append(append([]string{}, ins...), outs...) {
		if base[s] == nil {
			base[s] = Load(Param(s), GP64())
		}
	}
	n := Load(Param("n"), GP64())
	if prepare != nil {
		prepare()
	}
	i := GP64()
	XORQ(i, i)
	at := func(s string) Mem { return Mem{Base: base[s], Index: i, Scale: 4} }
	SUBQ(I32(v.width), n)
	JL(LabelRef("rest"))
	Label("loop")
	var in []Op
	for _, s := range ins {
		in = append(in, v.load(at(s)))
	}
	for j, r := range body(in) {
		VMOVUPS(r, at(outs[j]))
	}
	ADDQ(I32(v.width), i)
	SUBQ(I32(v.width), n)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(I32(v.width), n)
	JE(LabelRef("done"))
	mask := v.tailMask(n.(reg.GPVirtual))
	in = in[:0]
	for _, s := range ins {
		r := v.reg()
		v.loadMasked(at(s), mask, r)
		in = append(in, r)
	}
	for j, r := range body(in) {
		v.storeMasked(r, mask, at(outs[j]))
	}
	Label("done")
	VZEROUPPER()
	RET()
	clear(hoisted)
}
