package ptxrun

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"doin.network/node/kernels/host"
)

// cases of an instruction; each is a thread, and an operand has 8 bytes.
const cases = 256

// values are those of a type that tell definitions apart.
func values(t string) []uint64 {
	if t == "pred" {
		return []uint64{0, 1}
	}
	if t == "f32" {
		return []uint64{
			0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x3f800000, 0xbf800000, 0x3f7fffff, 0x3fc00000, 0x40200000,
			0xc0200000, 0x3f000000, 0x4b000001, 0xcb000001, 0x4f000000, 0xcf000000, 0x4f800000, 0x7f7fffff, 0xff7fffff,
			0x7f800000, 0xff800000, 0x7fc00000, 0x7fa5a5a5, 0x33800000, 0x34000001, 0x4effffff, 0x40490fdb,
		}
	}
	n := bits(t)
	top := uint64(1) << (n - 1)
	v := []uint64{0, 1, 2, 3, 5, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 100, 255, top - 1, top, top + 1, 2*top - 1, 2*top - 2, 0x0123456789abcdef, 0xfedcba9876543210}
	for i := range v {
		v[i] &= 2*top - 1
	}
	return v
}

// operands draws the cases of an instruction: all pairs that there is room for, then what chance brings.
func operands(op string, types []string) [cases][4]uint64 {
	var out [cases][4]uint64
	r := rand.New(rand.NewPCG(1, uint64(len(op))))
	for i := range out {
		for k, t := range types[1:] {
			v := values(t)
			out[i][k] = v[r.IntN(len(v))]
			if t != "f32" && t != "pred" && r.IntN(4) == 0 {
				out[i][k] = r.Uint64() & (2<<(bits(t)-1) - 1)
			}
			switch {
			case k == 0 && i < len(v):
				out[i][k] = v[i]
			case k == 1 && i < len(v):
				out[i][k] = v[len(v)-1-i]
			}
			if k == 1 && out[i][k] == 0 && (strings.HasPrefix(op, "div.") || strings.HasPrefix(op, "rem.")) && t != "f32" {
				out[i][k] = 3
			}
			if op == "lop3.b32" && k == 3 {
				out[i][k] = 0x96
			}
		}
	}
	return out
}

// class is the register of a type, and memory the type that it is loaded as.
func class(t string) (register, memory string) {
	switch {
	case t == "pred":
		return "%p", "u32"
	case t == "f32":
		return "%f", "f32"
	case bits(t) == 64:
		return "%d", "u64"
	case bits(t) == 16:
		return "%h", "u16"
	}
	return "%r", "u32"
}

// formsModule is a kernel that does every instruction of the table on operands in memory, case i by thread i.
func formsModule(ops []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".version 7.8\n.target sm_80\n.address_size 64\n.visible .entry forms(.param .align 8 .b8 p[16])\n.maxntid %d, 1, 1\n{\n", cases)
	b.WriteString(".reg .pred %p<9>;\n.reg .b16 %h<9>;\n.reg .b32 %r<20>;\n.reg .f32 %f<9>;\n.reg .b64 %d<20>;\n")
	b.WriteString("ld.param.u64 %d10, [p];\nld.param.u64 %d11, [p+8];\nmov.u32 %r10, %tid.x;\n")
	b.WriteString("mul.wide.u32 %d12, %r10, 32;\nadd.s64 %d10, %d10, %d12;\nmul.wide.u32 %d12, %r10, 8;\nadd.s64 %d11, %d11, %d12;\n")
	for n, op := range ops {
		types := strings.Split(forms()[op].types, ",")
		var args []string
		for k, t := range types[1:] {
			register, memory := class(t)
			at := n*cases*32 + 8*k
			if t == "pred" {
				fmt.Fprintf(&b, "ld.global.u32 %%r0, [%%d10+%d];\nsetp.ne.u32 %%p%d, %%r0, 0;\n", at, k+1)
			} else {
				fmt.Fprintf(&b, "ld.global.%s %s%d, [%%d10+%d];\n", memory, register, k+1, at)
			}
			args = append(args, fmt.Sprintf("%s%d", register, k+1))
		}
		if op == "lop3.b32" {
			args[3] = "150" // 0x96, a constant
		}
		register, memory := class(types[0])
		fmt.Fprintf(&b, "%s %s0, %s;\n", op, register, strings.Join(args, ", "))
		if types[0] == "pred" {
			b.WriteString("selp.u32 %r0, 1, 0, %p0;\n")
			register = "%r"
		}
		fmt.Fprintf(&b, "st.global.%s [%%d11+%d], %s0;\n", memory, n*cases*8, register)
	}
	b.WriteString("ret;\n}\n")
	return b.String()
}

// TestForms does every instruction that computes on numbers that tell definitions apart.
func TestForms(t *testing.T) {
	var ops []string
	for _, op := range slices.Sorted(maps.Keys(forms())) {
		if !strings.HasPrefix(op, "cvta.") || op == "cvta.to.global.u64" { // whose values are addresses of the run
			ops = append(ops, op)
		}
	}
	d := device(t, formsModule(ops), Options{Optimization: "-O0"}, host.Config{})
	in := make([]byte, 0, len(ops)*cases*32)
	drawn := map[string][cases][4]uint64{}
	for _, op := range ops {
		drawn[op] = operands(op, strings.Split(forms()[op].types, ","))
		for _, c := range drawn[op] {
			for _, v := range c {
				in = binary.LittleEndian.AppendUint64(in, v)
			}
		}
	}
	out := make([]byte, len(ops)*cases*8)
	from, to := give(t, d, in), give(t, d, out)
	launch(t, d, "forms", 1, cases, 0, addresses(from, to))
	if err := d.Download(out, to); err != nil {
		t.Fatal(err)
	}
	for n, op := range ops {
		types := strings.Split(forms()[op].types, ",")
		wrong := 0
		for i, x := range drawn[op] {
			got, want := binary.LittleEndian.Uint64(out[(n*cases+i)*8:]), define(t, op, types, x)
			if types[0] == "f32" && isNaN(got) && isNaN(want) {
				continue
			}
			if bits(types[0]) == 8 { // in a register of 32 bits
				want = extend(want, types[0]) & 0xffffffff
			}
			if got != want && wrong < 3 {
				wrong++
				t.Errorf("%s%x = %x, want %x", op, x[:len(types)-1], got, want)
			}
		}
	}
}
