package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// narrowRegisters lists, for a number of columns, how many registers of rows the kernels take together; a register holds
// the four chains of width/4 rows. The widest fills the registers or, before that, both units.
func (v simd) narrowRegisters(columns int) []int {
	switch {
	case v.width == 4:
		return []int{1}
	case v.wide() && columns == 7:
		return []int{3, 1}
	case v.wide() || columns <= 2:
		return []int{4, 1}
	case columns == 7:
		return []int{1}
	}
	return []int{2, 1}
}

// narrow emits the narrow products: a register holds the chains of some rows, four each, and a quad of terms is one
// multiply-add.
func narrow(v simd) {
	for columns := 1; columns <= 7; columns++ {
		for _, registers := range v.narrowRegisters(columns) {
			n := &narrowTile{v: v, columns: columns, registers: registers, rows: registers * v.width / 4}
			n.emit()
		}
	}
}

type narrowTile struct {
	v                        simd
	columns, registers, rows int
	a                        *strip
	b                        reg.Register
	x                        []reg.VecVirtual
	acc                      [][]reg.VecVirtual // [column][register]
}

func (n *narrowTile) emit() {
	v := n.v
	name := v.name(fmt.Sprintf("narrow%dx%d", n.columns, n.rows))
	TEXT(name, attr.NOSPLIT, "func(c *float32, ldc int, chains, start, a *float32, back, ars int, b *float32, head, quads, tail, tiles int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s makes the four chains of tiles·%d rows and %d columns for the terms from a − back on: a quad with the lanes of", name, n.rows, n.columns),
		"head, if any, quads whole ones, and one with the lanes of tail, if any. b holds their factors, [quad][column][4], −0 in lanes that",
		"are not there. The chains begin as start, [column][4] for every row or, where that is nil, as chains. They end in chains or,",
		"where c is not nil, in their sums there. tiles ≥ 1.")
	c, ldc := Load(Param("c"), GP64()), Load(Param("ldc"), GP64())
	chains := Load(Param("chains"), GP64())
	a, back := Load(Param("a"), GP64()), Load(Param("back"), GP64())
	ars := Load(Param("ars"), GP64())
	tiles := Load(Param("tiles"), GP64())
	SHLQ(U8(2), ldc)
	SHLQ(U8(2), back)
	SUBQ(back, a)
	Store(a, Param("a"))
	n.a = newStrip(v, a, ars, n.rows)
	n.b = GP64()
	for range n.registers {
		n.x = append(n.x, v.reg())
	}
	for range n.columns {
		var acc []reg.VecVirtual
		for range n.registers {
			acc = append(acc, v.reg())
		}
		n.acc = append(n.acc, acc)
	}

	Label("tile")
	p := GP64()
	Load(Param("start"), p)
	TESTQ(p, p)
	JE(LabelRef("continued"))
	for j, acc := range n.acc {
		for _, r := range acc {
			v.loadQuad(Mem{Base: p, Disp: 16 * j}, r)
		}
	}
	JMP(LabelRef("begin"))
	Label("continued")
	n.each(func(r reg.VecVirtual, i int) { VMOVUPS(Mem{Base: chains, Disp: i * v.bytes()}, r) })
	Label("begin")
	Load(Param("b"), n.b)
	n.edge("head")
	quads := Load(Param("quads"), GP64())
	TESTQ(quads, quads)
	JE(LabelRef("rest"))
	Label("loop")
	for i, x := range n.x {
		VMOVUPS(n.row(i, 0), x.AsX())
		for l := 1; l < v.width/4; l++ {
			v.insert(l, n.row(i, l), x)
		}
	}
	n.multiply()
	DECQ(quads)
	JNE(LabelRef("loop"))
	Label("rest")
	n.edge("tail")

	TESTQ(c, c)
	JE(LabelRef("keep"))
	n.sums(c, ldc)
	JMP(LabelRef("next"))
	Label("keep")
	n.each(func(r reg.VecVirtual, i int) { VMOVUPS(r, Mem{Base: chains, Disp: i * v.bytes()}) })
	Label("next")
	ADDQ(I32(n.columns*n.registers*v.bytes()), chains)
	step := GP64()
	IMUL3Q(U8(n.rows), n.a.stride[1], step)
	Load(Param("a"), n.a.base[0])
	ADDQ(step, n.a.base[0])
	Store(n.a.base[0], Param("a"))
	for i := 1; i < len(n.a.base); i++ {
		LEAQ(Mem{Base: n.a.base[i-1], Index: n.a.stride[1], Scale: 8}, n.a.base[i])
	}
	DECQ(tiles)
	JNE(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// each calls f for the accumulators, in the order in which chains holds them.
func (n *narrowTile) each(f func(r reg.VecVirtual, i int)) {
	for j, acc := range n.acc {
		for i, r := range acc {
			f(r, j*n.registers+i)
		}
	}
}

// row returns the address of the current quad of a row: the one in quarter l of register i.
func (n *narrowTile) row(i, l int) Mem { return n.a.row(i*n.v.width/4 + l) }

// multiply adds the products of the quads in x and goes on to the next.
func (n *narrowTile) multiply() {
	for j, acc := range n.acc {
		m := Mem{Base: n.b, Disp: 16 * j}
		if n.v.width == 4 {
			VFMADD231PS(m, n.x[0], acc[0])
			continue
		}
		w := n.v.reg()
		n.v.loadQuad(m, w)
		for i, r := range acc {
			VFMADD231PS(w, n.x[i], r)
		}
	}
	ADDQ(U8(16*n.columns), n.b)
	n.a.next()
}

// edge makes a quad of which only the lanes in the mask of that name are there, unless it is 0: +0 · −0 added changes
// nothing.
func (n *narrowTile) edge(name string) {
	v := n.v
	lanes := Load(Param(name), GP64())
	TESTQ(lanes, lanes)
	JE(LabelRef("after" + name))
	mask := v.quadMask(lanes.(reg.GPVirtual))
	for i, x := range n.x {
		v.loadMasked(n.row(i, 0), mask, x.AsX())
		for l := 1; l < v.width/4; l++ {
			t := XMM()
			v.loadMasked(n.row(i, l), mask, t)
			v.insert(l, t, x)
		}
	}
	n.multiply()
	Label("after" + name)
}

// sums adds the four chains of each element and writes the rows to c, which moves on.
func (n *narrowTile) sums(c, ldc reg.Register) {
	v := n.v
	n.each(func(r reg.VecVirtual, _ int) {
		for _, swap := range []uint8{0xb1, 0x4e} { // neighbours, then pairs
			t := v.reg()
			VPERMILPS(U8(swap), r, t)
			VADDPS(t, r, r)
		}
	})
	for i := range n.registers {
		for l := range v.width / 4 {
			for j := range n.columns {
				r := n.acc[j][i]
				t := r.AsX()
				if l > 0 {
					x := XMM()
					if v.wide() {
						VEXTRACTF32X4(U8(l), r, x)
					} else {
						VEXTRACTF128(U8(l), r, x)
					}
					t = x
				}
				VMOVSS(t, Mem{Base: c, Disp: 4 * j})
			}
			ADDQ(ldc, c)
		}
	}
}

// loadQuad reads four elements into each quarter of r.
func (v simd) loadQuad(m Mem, r reg.VecVirtual) {
	switch v.width {
	case 4:
		VMOVUPS(m, r)
	case 8:
		VBROADCASTF128(m, r)
	default:
		VBROADCASTF32X4(m, r)
	}
}

// insert puts four elements into quarter l of r.
func (v simd) insert(l int, x Op, r reg.VecVirtual) {
	if v.wide() {
		VINSERTF32X4(U8(l), x, r, r)
	} else {
		VINSERTF128(U8(l), x, r, r)
	}
}

// quadMask returns the mask of the lanes of a quad that are the set bits of lanes, 0 … 15.
func (v simd) quadMask(lanes reg.GPVirtual) Op {
	if v.wide() {
		k := K()
		KMOVW(lanes.As32(), k)
		return k
	}
	p, r := GP64(), XMM()
	LEAQ(quadMasks(), p)
	SHLQ(U8(4), lanes)
	VMOVDQU(Mem{Base: p, Index: lanes, Scale: 1}, r)
	return r
}

var quads *Mem

// quadMasks is a vector mask for each set of lanes.
func quadMasks() Mem {
	if quads == nil {
		m := GLOBL("quadMasks", attr.RODATA|attr.NOPTR)
		for i := range 64 {
			DATA(4*i, U32(uint32(0xffffffff*uint64(i/4>>(i%4)&1))))
		}
		quads = &m
	}
	return *quads
}
