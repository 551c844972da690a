package ptxrun

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"doin.network/node/kernels/sass"
)

// copies of an instruction are in a kernel that weighs it, so that a half shows.
const copies = 4

// Weigh compiles two kernels for every form of instruction, with and without it, and takes the difference of their fast
// paths. Returns sass.ErrNoToolkit, wrapped, where there is no toolkit.
func Weigh(ctx context.Context, arch string) (*Weights, error) {
	release, err := sass.Release(ctx)
	if err != nil {
		return nil, err
	}
	type probe struct {
		with, without string // kernels
		predicates    int    // instructions beside the one that is weighed
	}
	var b strings.Builder
	fmt.Fprintf(&b, ".version 7.8\n.target %s\n.address_size 64\n", arch)
	names := map[string]string{}
	emit := func(body string) string {
		name, ok := names[body]
		if !ok {
			name = fmt.Sprintf("k%d", len(names))
			names[body] = name
			fmt.Fprintf(&b, ".visible .entry %s(.param .align 8 .b8 p[16])\n{\n%s\tret;\n}\n", name, body)
		}
		return name
	}
	probes := map[string]probe{}
	for _, op := range slices.Sorted(maps.Keys(forms())) {
		types := strings.Split(forms()[op].types, ",")
		if !weighed(op) {
			continue
		}
		predicates := strings.Count(forms()[op].types, "pred")
		if op != "lop3.b32" { // its table is a constant
			probes[op] = probe{emit(weighing(op, types, false)), emit(weighing("", types, false)), predicates}
		}
		if takesConstant(op, types) {
			probes[op+" imm"] = probe{emit(weighing(op, types, true)), emit(weighing("", types, true)), predicates}
		}
	}
	kernels, err := sass.Disassemble(ctx, arch, b.String())
	if err != nil {
		return nil, err
	}
	w := &Weights{Toolkit: release, Architecture: arch, Of: map[string]float64{}}
	for key, p := range probes {
		n := sass.FastPath(kernels[p.with]) - sass.FastPath(kernels[p.without])
		w.Of[key] = max(0, math.Round(100*(float64(n)/copies-float64(p.predicates)))/100)
	}
	return w, nil
}

// weighed leaves out types of 8 bits, which no kernel has, and divisions of 64, which are calls.
func weighed(op string) bool {
	for _, t := range []string{".s8", ".u8", "div.s64", "div.u64", "rem.s64", "rem.u64"} {
		if strings.Contains(op, t) {
			return false
		}
	}
	return true
}

// takesConstant reports whether the last operand that is no predicate may be a constant and leaves something to do.
func takesConstant(op string, types []string) bool {
	return strings.HasPrefix(op, "mov.") || len(types) > 2 && !slices.Contains(types[1:], "pred") || strings.HasPrefix(op, "selp")
}

// constant returns an operand that lets nothing be simplified away, for each copy another one.
func constant(op, t string, n int) string {
	switch {
	case t == "pred":
		return "-1"
	case t == "f32":
		return fmt.Sprintf("0f40490FD%d", n)
	}
	return fmt.Sprint(11 + n) // no power of two
}

// weighing is the body of a kernel: operands are loaded, the instruction, if there is one, is done, and a value of its type
// stored, so many copies of it. All accesses are volatile, so that both kernels have the same ones.
func weighing(op string, types []string, immediate bool) string {
	var b strings.Builder
	b.WriteString("\t.reg .pred %p<64>;\n\t.reg .b16 %h<64>;\n\t.reg .b32 %r<64>;\n\t.reg .f32 %f<64>;\n\t.reg .b64 %d<64>;\n")
	b.WriteString("\tld.param.u64 %d0, [p];\n")
	used := 0
	name := func(t string) string {
		used++
		class := map[string]string{"f32": "%f", "pred": "%p"}[t]
		if class == "" {
			class = map[int]string{16: "%h", 32: "%r", 64: "%d"}[bits(t)]
		}
		return fmt.Sprintf("%s%d", class, used)
	}
	memory := func(t string) string {
		if t == "f32" {
			return t
		}
		if t == "pred" {
			return "u32"
		}
		return fmt.Sprintf("u%d", bits(t))
	}
	at := 0
	load := func(t string) string {
		r := name(memory(t))
		fmt.Fprintf(&b, "\tld.volatile.global.%s %s, [%%d0+%d];\n", memory(t), r, at)
		at += 8
		return r
	}
	spare := load(types[0])
	for n := range copies {
		var args []string
		last := len(types) - 1
		if strings.HasPrefix(op, "selp") || op == "" && types[last] == "pred" {
			last-- // the choice is a predicate
		}
		for k, t := range types[1:] {
			if immediate && k+1 == last {
				args = append(args, constant(op, t, n))
				continue
			}
			r := load(t)
			if t == "pred" && op != "" {
				p := name("pred")
				fmt.Fprintf(&b, "\tsetp.ne.u32 %s, %s, 0;\n", p, r)
				r = p
			}
			args = append(args, r)
		}
		result := spare
		if op != "" {
			result = name(types[0])
			fmt.Fprintf(&b, "\t%s %s, %s;\n", op, result, strings.Join(args, ", "))
			if types[0] == "pred" {
				r := name("u32")
				fmt.Fprintf(&b, "\tselp.u32 %s, 1, 0, %s;\n", r, result)
				result = r
			}
		}
		fmt.Fprintf(&b, "\tst.volatile.global.%s [%%d0+%d], %s;\n", memory(types[0]), at, result)
		at += 8
	}
	return b.String()
}
