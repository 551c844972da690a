package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// maxRows is the largest number of rows of a register tile by its number of vectors; index 0 is unused. The tile, one
// row of b and at least one element of a fit the registers; eight accumulators are needed to fill both units.
func (v simd) maxRows() []int {
	if v.wide() {
		return []int{0, 16, 12, 8, 6}
	}
	return []int{0, 12, 6}
}

// gemm emits, for each number of vectors and with or without a mask on the last of them, a function that updates
// `tiles` register tiles below each other.
func gemm(v simd) {
	for vectors, most := range v.maxRows() {
		if vectors == 0 {
			continue
		}
		gemmPanel(v, vectors, most, false)
		gemmPanel(v, vectors, most, true)
	}
}

func gemmPanel(v simd, vectors, most int, masked bool) {
	name := fmt.Sprintf("gemm%d", vectors)
	signature := "func(c *float32, ldc int, start *float32, lds int, a *float32, ars, acs int, b *float32, ldb, k, rows, tiles int)"
	about := fmt.Sprintf("makes the chains of tiles·rows rows and %d columns, from start to c; 1 ≤ rows ≤ %d. All counts ≥ 1.", vectors*v.width, most)
	if masked {
		name += "Tail"
		signature = "func(c *float32, ldc int, start *float32, lds int, a *float32, ars, acs int, b *float32, ldb, k, rows, tiles, last int)"
		about = fmt.Sprintf("is the same for %d + last columns, 1 ≤ last ≤ %d.", (vectors-1)*v.width, v.width)
	}
	TEXT(v.name(name), attr.NOSPLIT, signature)
	Pragma("noescape")
	Doc(v.name(name) + " " + about)

	g := &tile{v: v, vectors: vectors, masked: masked}
	g.c, g.ldc = Load(Param("c"), GP64()), Load(Param("ldc"), GP64())
	g.a, g.acs = Load(Param("a"), GP64()), Load(Param("acs"), GP64())
	g.stride[1] = Load(Param("ars"), GP64())
	g.ldb = Load(Param("ldb"), GP64())
	g.tiles = Load(Param("tiles"), GP64())
	for _, r := range []Op{g.ldc, g.acs, g.stride[1], g.ldb} {
		SHLQ(U8(2), r)
	}
	for _, odd := range []int{3, 5, 7} {
		if most > odd {
			g.stride[odd] = GP64()
			if odd == 3 {
				LEAQ(Mem{Base: g.stride[1], Index: g.stride[1], Scale: 2}, g.stride[3])
			} else {
				LEAQ(Mem{Base: g.stride[odd-2], Index: g.stride[1], Scale: 2}, g.stride[odd])
			}
		}
	}
	g.b, g.a0, g.a8, g.k = GP64(), GP64(), GP64(), GP64()
	if masked {
		last := Load(Param("last"), GP64()).(reg.GPVirtual)
		if v.wide() {
			g.mask = v.tailMask(last)
		} else { // the one register that the tiles leave free
			p := GP64()
			LEAQ(laneMasks(), p)
			SHLQ(U8(2), last)
			SUBQ(last, p)
			g.mask = v.phys(15)
			VMOVDQU(Mem{Base: p, Disp: 32}, g.mask)
		}
	}
	rows := Load(Param("rows"), GP64())
	for r := most; r > 1; r-- {
		CMPQ(rows, U8(r))
		JE(LabelRef(fmt.Sprintf("tile%d", r)))
	}
	for r := 1; r <= most; r++ {
		g.emit(r)
	}
}

// tile emits register tiles. Accumulator of row r and vector j is register r·vectors+j; the row of b follows them.
type tile struct {
	v            simd
	vectors      int
	masked       bool
	mask         Op
	c, ldc       reg.Register
	a, acs       reg.Register
	ldb, tiles   reg.Register
	stride       [8]reg.Register // odd multiples of the distance of a's rows
	b, a0, a8, k reg.Register
}

// row returns the address of the current element of row r of a.
func (g *tile) row(r int) Mem {
	base := g.a0
	if r >= 8 {
		base, r = g.a8, r-8
	}
	if r == 0 {
		return Mem{Base: base}
	}
	scale := uint8(1)
	for r%2 == 0 {
		r, scale = r/2, scale*2
	}
	return Mem{Base: base, Index: g.stride[r], Scale: scale}
}

func (g *tile) load(m Mem, j int, to Op) {
	m.Disp += j * g.v.bytes()
	if g.masked && j == g.vectors-1 {
		g.v.loadMasked(m, g.mask, to)
	} else {
		VMOVUPS(m, to)
	}
}

func (g *tile) emit(rows int) {
	v, n := g.v, g.vectors
	acc := func(r, j int) Op { return v.phys(r*n + j) }
	tileLabel, loop := fmt.Sprintf("tile%d", rows), fmt.Sprintf("loop%d", rows)
	Label(tileLabel)
	start := Load(Param("start"), g.b)
	lds := Load(Param("lds"), g.k)
	SHLQ(U8(2), lds)
	for r := range rows {
		for j := range n {
			g.load(Mem{Base: start}, j, acc(r, j))
		}
		ADDQ(lds, start)
	}
	Store(start, Param("start")) // for the next tile
	MOVQ(g.a, g.a0)
	if rows > 8 {
		LEAQ(Mem{Base: g.a, Index: g.stride[1], Scale: 8}, g.a8)
	}
	Load(Param("b"), g.b)
	Load(Param("k"), g.k)

	g.terms(rows, loop)

	for r := range rows {
		for j := range n {
			m := Mem{Base: g.c, Disp: j * v.bytes()}
			if g.masked && j == n-1 {
				v.storeMasked(acc(r, j), g.mask, m)
			} else {
				VMOVUPS(acc(r, j), m)
			}
		}
		ADDQ(g.ldc, g.c)
	}
	IMUL3Q(U8(rows), g.stride[1], g.k)
	ADDQ(g.k, g.a)
	DECQ(g.tiles)
	JNE(LabelRef(tileLabel))
	VZEROUPPER()
	RET()
}

// terms emits the loop over the terms: from b, a0 and a8 on, k of them.
func (g *tile) terms(rows int, loop string) {
	v, n := g.v, g.vectors
	acc := func(r, j int) Op { return v.phys(r*n + j) }
	Label(loop)
	free := rows * n
	for j := range n {
		g.load(Mem{Base: g.b}, j, v.phys(free+j))
	}
	free += n
	// With one vector every element of a is used once, and AVX-512 spreads it on the way into the product.
	last := 32
	if !v.wide() {
		last = 16
		if g.masked {
			last = 15
		}
	}
	for r := range rows {
		if n == 1 && v.wide() {
			VFMADD231PS_BCST(g.row(r), v.phys(rows), acc(r, 0))
			continue
		}
		x := v.phys(free + r%min(last-free, 4))
		VBROADCASTSS(g.row(r), x)
		for j := range n {
			VFMADD231PS(v.phys(rows*n+j), x, acc(r, j))
		}
	}
	ADDQ(g.ldb, g.b)
	ADDQ(g.acs, g.a0)
	if rows > 8 {
		ADDQ(g.acs, g.a8)
	}
	DECQ(g.k)
	JNE(LabelRef(loop))
}
