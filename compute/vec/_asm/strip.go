package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// strip reads a some rows, four columns at a time, and turns them: turn returns four registers, register t holding column
// t of as many rows as a vector has lanes.
type strip struct {
	v      simd
	base   []reg.Register  // rows 0, 8, 16, …
	stride [8]reg.Register // odd multiples of the distance of rows
}

func newStrip(v simd, a, ars reg.Register, rows int) *strip {
	s := &strip{v: v, base: []reg.Register{a}}
	SHLQ(U8(2), ars)
	s.stride[1] = ars
	for _, odd := range []int{3, 5, 7} {
		s.stride[odd] = GP64()
		if odd == 3 {
			LEAQ(Mem{Base: ars, Index: ars, Scale: 2}, s.stride[3])
		} else {
			LEAQ(Mem{Base: s.stride[odd-2], Index: ars, Scale: 2}, s.stride[odd])
		}
	}
	for r := 8; r < rows; r += 8 {
		next := GP64()
		LEAQ(Mem{Base: s.base[r/8-1], Index: ars, Scale: 8}, next)
		s.base = append(s.base, next)
	}
	return s
}

func (s *strip) row(r int) Mem {
	base := s.base[r/8]
	r %= 8
	if r == 0 {
		return Mem{Base: base}
	}
	scale := uint8(1)
	for r%2 == 0 {
		r, scale = r/2, scale*2
	}
	return Mem{Base: base, Index: s.stride[r], Scale: scale}
}

func (s *strip) turn(first int) [4]Op {
	v := s.v
	var x [4]Op
	for q := range x { // lane l of x[q] is the piece of row first+4·l+q
		r := v.reg()
		VMOVUPS(s.row(first+q), r.AsX())
		for l := 1; l < v.width/4; l++ {
			if v.wide() {
				VINSERTF32X4(U8(l), s.row(first+4*l+q), r, r)
			} else {
				VINSERTF128(U8(l), s.row(first+4*l+q), r, r)
			}
		}
		x[q] = r
	}
	pair := func(f func(...Op), a, b Op) Op { r := v.reg(); f(b, a, r); return r }
	l01, h01 := pair(VUNPCKLPS, x[0], x[1]), pair(VUNPCKHPS, x[0], x[1])
	l23, h23 := pair(VUNPCKLPS, x[2], x[3]), pair(VUNPCKHPS, x[2], x[3])
	return [4]Op{pair(VUNPCKLPD, l01, l23), pair(VUNPCKHPD, l01, l23), pair(VUNPCKLPD, h01, h23), pair(VUNPCKHPD, h01, h23)}
}

func (s *strip) next() {
	for _, b := range s.base {
		ADDQ(U8(16), b)
	}
}

// strips emits what works across the rows of a: products with few columns, and the transposition.
func strips(v simd) {
	for columns := 1; columns <= 4; columns++ {
		across(v, columns, 1)
		if v.wide() { // AVX2 has not the registers
			across(v, columns, 2)
		}
	}

	TEXT(v.name("transpose"), attr.NOSPLIT, "func(t *float32, ldt int, a *float32, ars, quads int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s writes %d rows and 4·quads columns of a to the columns and rows of t. quads ≥ 1.", v.name("transpose"), v.width))
	t, ldt := Load(Param("t"), GP64()), Load(Param("ldt"), GP64())
	a, ars := Load(Param("a"), GP64()), Load(Param("ars"), GP64())
	quads := Load(Param("quads"), GP64())
	SHLQ(U8(2), ldt)
	s := newStrip(v, a, ars, v.width)
	Label("loop")
	for _, x := range s.turn(0) {
		VMOVUPS(x, Mem{Base: t})
		ADDQ(ldt, t)
	}
	s.next()
	DECQ(quads)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// across emits the product of so many strips with few columns: two of them keep both units busy, one waits for its chain.
func across(v simd, columns, strips int) {
	name := v.name(fmt.Sprintf("gemmRows%dx%d", strips, columns))
	TEXT(name, attr.NOSPLIT, "func(c *float32, ldc int, a *float32, ars int, b *float32, ldb, quads int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s continues the chains of %d rows and %d columns by 4·quads terms; a's rows are contiguous. Column j of the result",
		name, strips*v.width, columns), "lies at c + j·ldc, one row after another. quads ≥ 1.")
	c, ldc := Load(Param("c"), GP64()), Load(Param("ldc"), GP64())
	a, ars := Load(Param("a"), GP64()), Load(Param("ars"), GP64())
	b, ldb := Load(Param("b"), GP64()), Load(Param("ldb"), GP64())
	quads := Load(Param("quads"), GP64())
	SHLQ(U8(2), ldc)
	SHLQ(U8(2), ldb)
	s := newStrip(v, a, ars, strips*v.width)
	p := GP64()
	MOVQ(c, p)
	acc := make([][]Op, columns)
	for j := range acc {
		for i := range strips {
			acc[j] = append(acc[j], v.load(Mem{Base: p, Disp: i * v.bytes()}))
		}
		if j < columns-1 {
			ADDQ(ldc, p)
		}
	}
	Label("loop")
	x := make([][4]Op, strips)
	for i := range x {
		x[i] = s.turn(i * v.width)
	}
	for t := range 4 {
		for j := range columns {
			w := v.broadcast(Mem{Base: b, Disp: 4 * j})
			for i := range strips {
				VFMADD231PS(x[i][t], w, acc[j][i])
			}
		}
		ADDQ(ldb, b)
	}
	s.next()
	DECQ(quads)
	JNE(LabelRef("loop"))
	for j := range columns {
		for i := range strips {
			VMOVUPS(acc[j][i], Mem{Base: c, Disp: i * v.bytes()})
		}
		if j < columns-1 {
			ADDQ(ldc, c)
		}
	}
	VZEROUPPER()
	RET()
}
