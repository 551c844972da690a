package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in laneTiles of package vec.
const (
	laneC, laneA, laneB, laneBias, laneF                                   = 0, 8, 16, 24, 32
	laneStride, laneARS, laneACS, laneTerms, laneRows, laneCount, laneThen = 40, 48, 56, 64, 72, 80, 88
)

// LaneThen of package vec, after its zero.
const (
	thenReLU      = 1
	thenReLUScale = 2
	thenScale     = 3
)

// laneProducts emits, for each number of vectors, a function that makes register tiles below each other whose columns are
// samples: whole vectors, so that nothing is masked. A tile is as that of gemm; a row starts from its own bias, and what
// follows the product is done before the row is stored.
func laneProducts(v simd) {
	for vectors, most := range v.maxRows() {
		if vectors > 0 {
			laneProduct(v, vectors, most)
		}
	}
}

type laneTile struct {
	tile
	at, row reg.Register // bytes from c, and from bias, to the tile's first row
}

func laneProduct(v simd, vectors, most int) {
	name := v.name(fmt.Sprintf("lanes%d", vectors))
	TEXT(name, attr.NOSPLIT, "func(p *[12]uint64)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s makes the products of p of %d samples; 1 ≤ rows ≤ %d. All counts ≥ 1.", name, vectors*v.width, most))
	g := &laneTile{tile: tile{v: v, vectors: vectors}}
	p := Load(Param("p"), GP64())
	field := func(offset int) reg.Register {
		r := GP64()
		MOVQ(Mem{Base: p, Disp: offset}, r)
		return r
	}
	g.a, g.ldb, g.acs, g.stride[1] = field(laneA), field(laneStride), field(laneACS), field(laneARS)
	g.tiles = field(laneCount)
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
	g.at, g.row = GP64(), GP64()
	XORQ(g.at, g.at)
	XORQ(g.row, g.row)
	g.b, g.a0, g.a8, g.k = GP64(), GP64(), GP64(), GP64()
	rows := GP64()
	MOVQ(Mem{Base: p, Disp: laneRows}, rows)
	for r := most; r > 1; r-- {
		CMPQ(rows, U8(r))
		JE(LabelRef(fmt.Sprintf("tile%d", r)))
	}
	for r := 1; r <= most; r++ {
		g.emit(r)
	}
}

func (g *laneTile) emit(rows int) {
	v, n := g.v, g.vectors
	acc := func(r, j int) Op { return v.phys(r*n + j) }
	label := func(s string) string { return fmt.Sprintf("%s%d", s, rows) }
	Label(label("tile"))
	p := Load(Param("p"), g.k)
	MOVQ(Mem{Base: p, Disp: laneBias}, g.b)
	TESTQ(g.b, g.b)
	JEQ(LabelRef(label("zero")))
	ADDQ(g.row, g.b)
	for r := range rows {
		VBROADCASTSS(Mem{Base: g.b, Disp: 4 * r}, acc(r, 0))
		for j := 1; j < n; j++ {
			VMOVAPS(acc(r, 0), acc(r, j))
		}
	}
	JMP(LabelRef(label("begin")))
	Label(label("zero"))
	for r := range rows {
		for j := range n {
			v.zero(acc(r, j))
		}
	}
	Label(label("begin"))
	MOVQ(g.a, g.a0)
	if rows > 8 {
		LEAQ(Mem{Base: g.a, Index: g.stride[1], Scale: 8}, g.a8)
	}
	MOVQ(Mem{Base: p, Disp: laneB}, g.b)
	MOVQ(Mem{Base: p, Disp: laneTerms}, g.k)
	g.terms(rows, label("loop"))

	then, c, f := g.a0, g.b, g.a8
	p = Load(Param("p"), g.k)
	MOVQ(Mem{Base: p, Disp: laneC}, c)
	ADDQ(g.at, c)
	MOVQ(Mem{Base: p, Disp: laneF}, f)
	ADDQ(g.at, f)
	MOVQ(Mem{Base: p, Disp: laneThen}, then)
	// The registers behind the tile are free.
	storeLanes(v, fmt.Sprint(rows), then, func(which string, of func(x Op, f Mem) Op) {
		for r := range rows {
			for j := range n {
				VMOVUPS(of(acc(r, j), Mem{Base: f, Disp: j * v.bytes()}), Mem{Base: c, Disp: j * v.bytes()})
			}
			ADDQ(g.ldb, c)
			if r < rows-1 && (which == "reluScale" || which == "scale") {
				ADDQ(g.ldb, f)
			}
		}
	}, v.phys(rows*n), v.phys(rows*n+1))
	IMUL3Q(U8(rows), g.stride[1], g.k)
	ADDQ(g.k, g.a)
	IMUL3Q(U8(rows), g.ldb, g.k)
	ADDQ(g.k, g.at)
	ADDQ(I8(4*rows), g.row)
	DECQ(g.tiles)
	JNE(LabelRef(label("tile")))
	VZEROUPPER()
	RET()
}

// storeLanes emits what follows a product, for each value of then: store is to write the sums as of makes them. Labels get a
// suffix.
func storeLanes(v simd, suffix string, then reg.Register, store func(which string, of func(x Op, f Mem) Op), zero, spare reg.VecPhysical) {
	v.zero(zero)
	kinds := []struct {
		code int
		name string
		of   func(x Op, f Mem) Op
	}{
		{0, "plain", func(x Op, _ Mem) Op { return x }},
		{thenReLU, "relu", func(x Op, _ Mem) Op { VMAXPS(zero, x, x); return x }},
		{thenReLUScale, "reluScale", func(x Op, f Mem) Op {
			VMOVUPS(f, spare)
			if v.wide() {
				VCMPPS(U8(greater), zero, spare, reg.K1)
				VMOVAPS_Z(x, reg.K1, x)
			} else {
				VCMPPS(U8(greater), zero, spare, spare)
				VANDPS(x, spare, x)
			}
			return x
		}},
		{thenScale, "scale", func(x Op, f Mem) Op { VMULPS(f, x, x); return x }},
	}
	for _, k := range kinds[1:] {
		CMPQ(then, U8(k.code))
		JEQ(LabelRef(k.name + suffix))
	}
	for i, k := range kinds {
		if i > 0 {
			Label(k.name + suffix)
		}
		store(k.name, k.of)
		if i < len(kinds)-1 {
			JMP(LabelRef("stored" + suffix))
		}
	}
	Label("stored" + suffix)
}
