package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Constants of the update, as in the folder above.
const (
	momentFloor = 0x1p-100
	rootSeed    = 0x5f3759df
)

// adamW emits the update. Its chain of dependent operations is long: some vectors are taken together, operation by operation,
// so that the units are busy within the few operations that a processor looks ahead.
func adamW(v simd) {
	TEXT(v.name("adamW"), attr.NOSPLIT, "func(w, m, v, grad *float32, s *[9]float32, n int)")
	Pragma("noescape")
	Doc(v.name("adamW") + " is AdamW.Step with s = β₁, 1−β₁, β₂, 1−β₂, c₁, c₂, ε², lr, lr·wd.")
	u := &update{v: v, base: map[string]reg.Register{}, i: GP64()}
	for _, name := range []string{"w", "m", "v", "grad"} {
		u.base[name] = Load(Param(name), GP64())
	}
	u.spread(Load(Param("s"), GP64()))
	n := Load(Param("n"), GP64())
	XORQ(u.i, u.i)
	together := 2
	if v.wide() {
		together = 4
	}
	for _, count := range []int{together, 1} {
		loop, rest := "loop", "rest"
		if count == 1 {
			loop, rest = "single", "tail"
		}
		SUBQ(I32(count*v.width), n)
		JL(LabelRef(rest))
		Label(loop)
		u.vectors(count, nil)
		ADDQ(I32(count*v.width), u.i)
		SUBQ(I32(count*v.width), n)
		JGE(LabelRef(loop))
		Label(rest)
		ADDQ(I32(count*v.width), n)
	}
	JE(LabelRef("done"))
	u.vectors(1, v.tailMask(n.(reg.GPVirtual)))
	Label("done")
	VZEROUPPER()
	RET()
}

type update struct {
	v    simd
	base map[string]reg.Register
	i    reg.Register
	s    []Op // the scalars, a vector each: registers of AVX-512, on the stack for AVX2

	half, floor Op
}

func (u *update) spread(s reg.Register) {
	var local Mem
	if !u.v.wide() {
		local = AllocLocal(9 * u.v.bytes())
	}
	for i := range 9 {
		r := u.v.broadcast(Mem{Base: s, Disp: 4 * i})
		if u.v.wide() {
			u.s = append(u.s, r)
			continue
		}
		m := local.Offset(i * u.v.bytes())
		VMOVUPS(r, m)
		u.s = append(u.s, m)
	}
	if !u.v.wide() { // a multiply-add takes one operand from memory, and a few registers are left
		for _, i := range [...]int{2, 4, 5} {
			u.s[i] = u.v.load(u.s[i].(Mem))
		}
	}
	u.half, u.floor = u.v.load(float(0.5)), u.v.load(float(momentFloor))
}

// vectors emits the update of count vectors, of one with a mask where that is not nil.
func (u *update) vectors(count int, mask Op) {
	v, s := u.v, u.s
	at := func(name string, k int) Mem {
		return Mem{Base: u.base[name], Index: u.i, Scale: 4, Disp: k * v.bytes()}
	}
	each := func(f func(k int)) {
		for k := range count {
			f(k)
		}
	}
	load := func(name string) []Op {
		x := make([]Op, count)
		each(func(k int) {
			r := v.reg()
			if mask != nil {
				v.loadMasked(at(name, k), mask, r)
			} else {
				VMOVUPS(at(name, k), r)
			}
			x[k] = r
		})
		return x
	}
	store := func(x []Op, name string) {
		each(func(k int) {
			if mask != nil {
				v.storeMasked(x[k], mask, at(name, k))
			} else {
				VMOVUPS(x[k], at(name, k))
			}
		})
	}
	t := make([]Op, count)

	g, m := load("grad"), load("m")
	each(func(k int) { t[k] = v.mul(g[k], s[1]) })
	each(func(k int) { VFMADD132PS(s[0], t[k], m[k]) })
	each(func(k int) { m[k] = u.flush(v.abs(m[k]), m[k]) })
	store(m, "m")

	vv := load("v")
	each(func(k int) { t[k] = v.mul(g[k], s[3]) })
	each(func(k int) { t[k] = v.mul(t[k], g[k]) })
	each(func(k int) { VFMADD132PS(s[2], t[k], vv[k]) })
	each(func(k int) { vv[k] = u.flush(vv[k], vv[k]) })
	store(vv, "v")

	x, y := vv, make([]Op, count)
	each(func(k int) { VFMADD213PS(s[6], s[5], x[k]) })
	each(func(k int) {
		half := v.reg()
		VPSRLD(U8(1), x[k], half)
		y[k] = v.subInt(v.load(word(rootSeed)), half)
	})
	each(func(k int) { VMULPS(float(-0.5), x[k], x[k]) })
	for range 3 {
		each(func(k int) { t[k] = v.mul(x[k], y[k]) })
		each(func(k int) { VFMADD213PS(u.half, y[k], t[k]) })
		each(func(k int) { VFMADD213PS(y[k], t[k], y[k]) })
	}
	each(func(k int) { VMULPS(s[4], m[k], m[k]) })
	each(func(k int) { VMULPS(y[k], m[k], m[k]) })

	w := load("w")
	decayed := make([]Op, count)
	each(func(k int) {
		r := v.reg()
		VMOVAPS(w[k], r)
		VFNMADD132PS(s[8], w[k], r)
		decayed[k] = r
	})
	each(func(k int) { VFNMADD231PS(s[7], m[k], decayed[k]) })
	store(decayed, "w")
}

// flush returns x, and +0 in the lanes where size is below the least moment.
func (u *update) flush(size, x Op) Op {
	v := u.v
	r := v.reg()
	if v.wide() {
		VMOVAPS_Z(x, v.compare(size, u.floor, notLess), r)
	} else {
		VANDNPS(x, v.compare(size, u.floor, less), r)
	}
	return r
}
