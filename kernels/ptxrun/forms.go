package ptxrun

import (
	"fmt"
	"strings"
	"sync"
)

// form is an instruction that computes a value from values: the types of its operands, the result first, and the value in
// C++, in which $1, $2, … are the operands. A type in which a $n of C++ arithmetic would overflow is never signed.
type form struct {
	types string
	value string
}

// forms has them by opcode. What is not in it, and not one of translate's, is refused. Definitions: NVIDIA, "Parallel Thread
// Execution ISA", version 7.8, section 9.7.
var forms = sync.OnceValue(func() map[string]form {
	m := map[string]form{}
	for line := range strings.Lines(formText) {
		f := strings.Fields(line)
		if len(f) < 3 {
			continue
		}
		add := func(op, types, value string) {
			if _, twice := m[op]; twice {
				panic("ptxrun: form twice: " + op)
			}
			m[op] = form{types, value}
		}
		value := strings.Join(f[2:], " ")
		op, choices, many := strings.Cut(f[0], "{")
		if !many {
			add(op, f[1], value)
			continue
		}
		choices, tail, _ := strings.Cut(choices, "}")
		for t := range strings.SplitSeq(choices, ",") {
			replace := strings.NewReplacer("T", t, "U", "u"+t[1:], "W", wide(t))
			add(op+t+tail, replace.Replace(f[1]), strings.NewReplacer("<T>", t, "<U>", "u"+t[1:], "<W>", wide(t)).Replace(value))
		}
	}
	comparisons(m)
	conversions(m)
	return m
})

// wide is the type of twice the size.
func wide(t string) string {
	switch t[1:] {
	case "16":
		return t[:1] + "32"
	case "32":
		return t[:1] + "64"
	}
	return t
}

// formText lists opcode, operand types and value. {a,b} stands for a line each, in which T is the type, U the unsigned one of
// its size and W that of twice its size.
const formText = `
add.rn.f32    f32,f32,f32      $1 + $2
sub.rn.f32    f32,f32,f32      $1 - $2
mul.rn.f32    f32,f32,f32      $1 * $2
div.rn.f32    f32,f32,f32      $1 / $2
fma.rn.f32    f32,f32,f32,f32  __builtin_fmaf($1, $2, $3)
sqrt.rn.f32   f32,f32          __builtin_sqrtf($1)
rcp.rn.f32    f32,f32          1.0f / $1
neg.f32       f32,f32          F(B($1) ^ 0x80000000u)
abs.f32       f32,f32          F(B($1) & 0x7fffffffu)
min.f32       f32,f32,f32      minOf($1, $2)
max.f32       f32,f32,f32      maxOf($1, $2)
copysign.f32  f32,f32,f32      F((B($1) & 0x80000000u) | (B($2) & 0x7fffffffu))

add.{s16,u16,s32,u32,s64,u64}    U,U,U    $1 + $2
sub.{s16,u16,s32,u32,s64,u64}    U,U,U    $1 - $2
mul.lo.{s16,u16,s32,u32,s64,u64} U,U,U    (<U>)(1u * $1 * $2)
mul.hi.{s32,u32}                 T,T,T    (<T>)(((<W>)$1 * (<W>)$2) >> 32)
mul.hi.s64                       s64,s64,s64 (s64)(((__int128)$1 * (__int128)$2) >> 64)
mul.hi.u64                       u64,u64,u64 (u64)(((unsigned __int128)$1 * (unsigned __int128)$2) >> 64)
mul.wide.{s16,u16,s32,u32}       W,T,T    (<W>)$1 * (<W>)$2
mad.lo.{s32,u32,s64,u64}         U,U,U,U  $1 * $2 + $3
mad.wide.{s32,u32}               W,T,T,W  (<W>)((u64)((<W>)$1 * (<W>)$2) + (u64)$3)
div.{s32,u32,s64,u64}            T,T,T    quotient<<T>>($1, $2)
rem.{s32,u32,s64,u64}            T,T,T    remainder<<T>>($1, $2)
neg.{s32,s64}                    U,U      (<U>)0 - $1
abs.{s32,s64}                    U,T      $1 < 0 ? (<U>)0 - (<U>)$1 : (<U>)$1
min.{s16,u16,s32,u32,s64,u64}    T,T,T    $1 < $2 ? $1 : $2
max.{s16,u16,s32,u32,s64,u64}    T,T,T    $1 > $2 ? $1 : $2

and.{pred,b16,b32,b64}           T,T,T    $1 & $2
or.{pred,b16,b32,b64}            T,T,T    $1 | $2
xor.{pred,b16,b32,b64}           T,T,T    $1 ^ $2
not.pred                         pred,pred  !$1
not.{b16,b32,b64}                T,T      (<U>)~$1
shl.{b16,b32,b64}                T,T,u32  shiftLeft<<U>>($1, $2)
shr.{b16,u16,s16,b32,u32,s32,b64,u64,s64} T,T,u32 shiftRight<<T>>($1, $2)
shf.l.wrap.b32                   b32,b32,b32,u32  funnelLeft($1, $2, $3 & 31)
shf.r.wrap.b32                   b32,b32,b32,u32  funnelRight($1, $2, $3 & 31)
shf.l.clamp.b32                  b32,b32,b32,u32  funnelLeft($1, $2, $3 < 32 ? $3 : 32)
shf.r.clamp.b32                  b32,b32,b32,u32  funnelRight($1, $2, $3 < 32 ? $3 : 32)
bfe.u32                          u32,u32,u32,u32  extractUnsigned($1, $2, $3)
bfe.s32                          s32,s32,u32,u32  extractSigned($1, $2, $3)
bfi.b32                          b32,b32,b32,u32,u32  insertBits($1, $2, $3, $4)
clz.b32                          u32,b32  $1 ? (u32)__builtin_clz($1) : 32u
popc.b32                         u32,b32  (u32)__builtin_popcount($1)
brev.b32                         b32,b32  reverse($1)
prmt.b32                         b32,b32,b32,b32  permute($1, $2, $3)
lop3.b32                         b32,b32,b32,b32,b32  lookUp($1, $2, $3, $4)
selp.{b16,u16,s16,b32,u32,s32,b64,u64,s64,f32} T,T,T,pred  $3 ? $1 : $2
mov.{b16,u16,s16,b32,u32,s32,b64,u64,s64,f32,pred} T,T  $1

cvta.to.global.u64               u64,u64  $1
cvta.shared.u64                  u64,u64  (u64)shared + $1
cvta.to.shared.u64               u64,u64  $1 - (u64)shared
cvta.local.u64                   u64,u64  $1
cvta.to.local.u64                u64,u64  $1

cvt.rzi.s32.f32                  s32,f32  toInteger<s32>(__builtin_truncf($1))
cvt.rzi.u32.f32                  u32,f32  toInteger<u32>(__builtin_truncf($1))
cvt.rni.s32.f32                  s32,f32  toInteger<s32>(__builtin_rintf($1))
cvt.rni.u32.f32                  u32,f32  toInteger<u32>(__builtin_rintf($1))
cvt.rni.f32.f32                  f32,f32  __builtin_rintf($1)
cvt.rzi.f32.f32                  f32,f32  __builtin_truncf($1)
cvt.rmi.f32.f32                  f32,f32  __builtin_floorf($1)
cvt.rpi.f32.f32                  f32,f32  __builtin_ceilf($1)
cvt.rn.f32.{s32,u32,s64,u64}     f32,T    (float)$1
`

// comparisons adds setp: those of floats are false with a NaN, or, with a u, true.
func comparisons(m map[string]form) {
	signs := map[string]string{"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
	for name, sign := range signs {
		value := "$1 " + sign + " $2"
		for _, t := range []string{"s16", "u16", "b16", "s32", "u32", "b32", "s64", "u64", "b64"} {
			if t[0] == 'b' && name != "eq" && name != "ne" {
				continue
			}
			m["setp."+name+"."+t] = form{"pred," + t + "," + t, value}
		}
		m["setp."+name+".f32"] = form{"pred,f32,f32", "!unordered($1, $2) && " + value}
		m["setp."+name+"u.f32"] = form{"pred,f32,f32", "unordered($1, $2) || " + value}
	}
	for name, sign := range map[string]string{"lo": "<", "ls": "<=", "hi": ">", "hs": ">="} {
		for _, t := range []string{"u16", "u32", "u64"} {
			m["setp."+name+"."+t] = form{"pred," + t + "," + t, "$1 " + sign + " $2"}
		}
	}
	m["setp.nan.f32"] = form{"pred,f32,f32", "unordered($1, $2)"}
	m["setp.num.f32"] = form{"pred,f32,f32", "!unordered($1, $2)"}
}

// conversions adds cvt between integers. Registers may be wider than the types.
func conversions(m map[string]form) {
	types := []string{"s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64"}
	for _, to := range types {
		for _, from := range types {
			m["cvt."+to+"."+from] = form{to + "," + from, fmt.Sprintf("(%s)$1", to)}
		}
	}
}
