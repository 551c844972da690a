package ptxrun

import (
	"math"
	"math/big"
	mbits "math/bits"
	"strings"
	"testing"
)

func isNaN(v uint64) bool {
	return v<<41>>41 > 0x7f800000&0x7fffff && v>>23&255 == 255 && v&0x7fffff != 0
}

// extend returns a value of a type as 64 bits.
func extend(v uint64, t string) uint64 {
	n := bits(t)
	if t[0] == 's' {
		return uint64(int64(v<<(64-n)) >> (64 - n))
	}
	return v << (64 - n) >> (64 - n)
}

func f32(v uint64) float32  { return math.Float32frombits(uint32(v)) }
func of(f float32) uint64   { return uint64(math.Float32bits(f)) }
func truth(b bool) uint64   { return map[bool]uint64{true: 1}[b] }
func whole(t string) uint64 { return 1<<(bits(t)-1)*2 - 1 }

// define is an instruction's definition, written from the ISA a second time.
func define(t *testing.T, op string, types []string, x [4]uint64) uint64 {
	parts := strings.Split(op, ".")
	if types[0] == "f32" && types[len(types)-1] == "f32" && parts[0] != "mov" && parts[0] != "cvt" {
		return defineFloat(t, op, f32(x[0]), f32(x[1]), f32(x[2]))
	}
	mask := whole(types[0])
	kind := parts[len(parts)-1]
	a, b := extend(x[0], types[1]), uint64(0)
	if len(types) > 2 {
		b = extend(x[1], types[2])
	}
	signed, n := kind[0] == 's', uint64(bits(kind))
	less := func(a, b uint64) bool {
		if signed {
			return int64(a) < int64(b)
		}
		return a < b
	}
	choose := func(first bool) uint64 {
		if first {
			return a & mask
		}
		return b & mask
	}
	switch parts[0] {
	case "add":
		return (a + b) & mask
	case "sub":
		return (a - b) & mask
	case "mul", "mad":
		c := uint64(0)
		if parts[0] == "mad" {
			c = x[2]
		}
		if parts[1] == "hi" {
			hi, lo := mbits.Mul64(a, b)
			if signed && n == 64 {
				if int64(a) < 0 {
					hi -= b
				}
				if int64(b) < 0 {
					hi -= a
				}
			}
			if n == 64 {
				return hi
			}
			return lo >> 32 & mask
		}
		return (a*b + c) & mask
	case "div", "rem":
		quotient, remainder := a/b, a%b
		if signed {
			quotient, remainder = uint64(int64(a)/int64(b)), uint64(int64(a)%int64(b))
		}
		if parts[0] == "div" {
			return quotient & mask
		}
		return remainder & mask
	case "neg":
		return -a & mask
	case "abs":
		if int64(extend(a, kind)) < 0 {
			return -extend(a, kind) & mask
		}
		return a
	case "min":
		return choose(less(a, b))
	case "max":
		return choose(less(b, a))
	case "and":
		return a & b
	case "or":
		return a | b
	case "xor":
		return a ^ b
	case "not":
		return ^a & mask
	case "shl":
		if b >= n {
			return 0
		}
		return a << b & mask
	case "shr":
		if signed {
			return uint64(int64(a)>>min(b, 63)) & mask
		}
		if b >= n {
			return 0
		}
		return a >> b
	case "selp":
		return choose(x[2] != 0)
	case "mov", "cvta":
		return a & mask
	case "cvt":
		return defineConversion(op, kind, a, x[0], mask)
	case "setp":
		return truth(compare(parts[1], kind, a, b, less))
	}
	return defineBits(t, op, x)
}

func compare(name, kind string, a, b uint64, less func(a, b uint64) bool) bool {
	if kind == "f32" {
		x, y := f32(a), f32(b)
		unordered := x != x || y != y
		switch name {
		case "nan":
			return unordered
		case "num":
			return !unordered
		}
		if unordered {
			return strings.HasSuffix(name, "u")
		}
		return map[string]bool{"eq": x == y, "ne": x != y, "lt": x < y, "le": x <= y, "gt": x > y, "ge": x >= y}[name[:2]]
	}
	return map[string]bool{"eq": a == b, "ne": a != b, "lt": less(a, b), "lo": less(a, b), "le": !less(b, a), "ls": !less(b, a),
		"gt": less(b, a), "hi": less(b, a), "ge": !less(a, b), "hs": !less(a, b)}[name]
}

func defineConversion(op, kind string, a, raw, mask uint64) uint64 {
	if !strings.Contains(op, "f32") {
		return a & mask
	}
	if strings.HasPrefix(op, "cvt.rn.") {
		if kind[0] == 's' {
			return of(float32(int64(a)))
		}
		return of(float32(a))
	}
	v := float64(f32(raw))
	switch {
	case strings.Contains(op, "rzi"):
		v = math.Trunc(v)
	case strings.Contains(op, "rni"):
		v = math.RoundToEven(v)
	case strings.Contains(op, "rmi"):
		v = math.Floor(v)
	case strings.Contains(op, "rpi"):
		v = math.Ceil(v)
	}
	switch {
	case strings.HasSuffix(op, "f32.f32"):
		return of(float32(v))
	case v != v:
		return 0
	case strings.Contains(op, "s32"):
		return uint64(int64(min(max(v, -1<<31), 1<<31-1))) & mask
	}
	return uint64(min(max(v, 0), 1<<32-1))
}

func defineFloat(t *testing.T, op string, a, b, c float32) uint64 {
	smaller := func(a, b float32) float32 {
		switch {
		case a != a:
			return b
		case b != b:
			return a
		}
		return float32(math.Min(float64(a), float64(b)))
	}
	switch op {
	case "add.rn.f32":
		return of(a + b)
	case "sub.rn.f32":
		return of(a - b)
	case "mul.rn.f32":
		return of(a * b)
	case "div.rn.f32":
		return of(a / b)
	case "rcp.rn.f32":
		return of(1 / a)
	case "sqrt.rn.f32":
		return of(float32(math.Sqrt(float64(a))))
	case "fma.rn.f32":
		return of(fused(a, b, c))
	case "neg.f32":
		return of(a) ^ 1<<31
	case "abs.f32":
		return of(a) &^ (1 << 31)
	case "copysign.f32":
		return of(a)&(1<<31) | of(b)&^(1<<31)
	case "min.f32":
		return of(smaller(a, b))
	case "max.f32":
		return of(-smaller(-a, -b))
	}
	t.Errorf("%s has no definition here", op)
	return 0
}

// fused rounds a·b + c once.
func fused(a, b, c float32) float32 {
	x, y, z := float64(a), float64(b), float64(c)
	if s := x*y + z; s != s || math.IsInf(s, 0) || s == 0 && x*y == 0 {
		return float32(s)
	}
	exact := func(v float64) *big.Float { return new(big.Float).SetPrec(2000).SetFloat64(v) }
	r := exact(0).Mul(exact(x), exact(y))
	f, _ := r.Add(r, exact(z)).Float32()
	return f
}

func defineBits(t *testing.T, op string, x [4]uint64) uint64 {
	a, b, c, d := uint32(x[0]), uint32(x[1]), uint32(x[2]), uint32(x[3])
	pair := x[1]<<32 | x[0]
	bit := func(v uint32, i uint32) uint32 { return v >> i & 1 }
	var r uint32
	switch op {
	case "shf.l.wrap.b32":
		return pair << (c & 31) >> 32
	case "shf.r.wrap.b32":
		return pair >> (c & 31) & 0xffffffff
	case "shf.l.clamp.b32":
		return pair << min(c, 32) >> 32
	case "shf.r.clamp.b32":
		return pair >> min(c, 32) & 0xffffffff
	case "clz.b32":
		return uint64(mbits.LeadingZeros32(a))
	case "popc.b32":
		return uint64(mbits.OnesCount32(a))
	case "brev.b32":
		return uint64(mbits.Reverse32(a))
	case "bfe.u32", "bfe.s32":
		at, n := b&255, c&255
		for i := range uint32(32) {
			switch {
			case i < n && at+i <= 31:
				r |= bit(a, at+i) << i
			case op == "bfe.s32" && n > 0: // the sign, of what there is
				r |= bit(a, min(at+n-1, 31)) << i
			}
		}
	case "bfi.b32":
		at, n := c&255, d&255
		for i := range uint32(32) {
			if i >= at && i < at+n {
				r |= bit(a, i-at) << i
			} else {
				r |= bit(b, i) << i
			}
		}
	case "prmt.b32":
		for i := range uint32(4) {
			s := c >> (4 * i) & 15
			v := byte(pair >> (8 * (s & 7)))
			if s >= 8 {
				v = byte(int8(v) >> 7)
			}
			r |= uint32(v) << (8 * i)
		}
	case "lop3.b32":
		return uint64(a ^ b ^ c) // of the table 0x96
	default:
		t.Errorf("%s has no definition here", op)
	}
	return uint64(r)
}
