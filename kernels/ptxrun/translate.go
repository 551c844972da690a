package ptxrun

import (
	"fmt"
	"strconv"
	"strings"
)

// Translate returns the C++ of a module, for the runtime of kernels/host: an instruction is a statement, and nothing is
// assumed beyond the ISA. Beside the entries stand their counters; see Count. The error wraps ErrPTX and names the line.
func Translate(m *Module) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "// Made of %s.\n#include \"ptxrun.hpp\"\n", m.Name)
	for _, e := range m.Entries {
		w := writer{b: &b, e: e, labels: map[string]string{}}
		if err := w.entry(m.Name); err != nil {
			return "", fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	return b.String(), nil
}

// CounterKernel is the kernel of a translation that hands out and clears an entry's counters.
func CounterKernel(entry string) string { return "count_" + entry }

type writer struct {
	b      *strings.Builder
	e      *Entry
	i      *Instruction
	labels map[string]string // names in C++
}

func (w *writer) printf(format string, args ...any) { fmt.Fprintf(w.b, format, args...) }

func (w *writer) bad(format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s: %s", ErrPTX, w.i.Line, w.i.Op, fmt.Sprintf(format, args...))
}

func (w *writer) entry(file string) error {
	e := w.e
	blocks := max(1, len(e.Blocks()))
	w.printf("\nstatic u32 counts_%s[%d][%d];\n", e.Name, e.MaxThreads, blocks)
	w.printf("struct Args_%s { alignas(8) char bytes[%d]; };\n", e.Name, max(1, e.ParameterBytes))
	w.printf("extern \"C\" __global__ void __launch_bounds__(%d) %s(Args_%s args) {\n", e.MaxThreads, e.Name, e.Name)
	w.printf("  u32 *const counts = counts_%s[threadIdx.x];\n  doin::file = %q;\n", e.Name, file)
	for _, r := range e.registers {
		t := r.kind
		if t == "pred" {
			t = "bool"
		}
		w.printf("  %s %s;\n", t, r.name)
	}
	for _, a := range e.locals {
		w.printf("  alignas(%d) char %s[%d];\n", max(a.align, 1), a.name, max(a.bytes, 1))
	}
	block, fresh := 0, true
	for n := range e.Body {
		w.i = &e.Body[n]
		if w.i.Label != "" {
			w.printf("%s:;\n", w.label(w.i.Label))
			fresh = true
			continue
		}
		if fresh {
			w.printf("  counts[%d]++;\n", block)
			block++
		}
		fresh = w.i.ends()
		c, err := w.instruction()
		if err != nil {
			return err
		}
		if g := w.i.guard; g != nil {
			not := ""
			if w.i.negated {
				not = "!"
			}
			c = fmt.Sprintf("if (%s%s) { %s }", not, g.register.name, c)
		}
		w.printf("  %s\n", c)
	}
	w.printf("}\nextern \"C\" __global__ void __launch_bounds__(1) %s(CountArgs args) { handOut(args, (u32 *)counts_%s, sizeof counts_%s); }\n",
		CounterKernel(e.Name), e.Name, e.Name)
	return nil
}

func (w *writer) label(name string) string {
	c, ok := w.labels[name]
	if !ok {
		c = fmt.Sprintf("l_%d", len(w.labels))
		w.labels[name] = c
	}
	return c
}

// bits is the size of a type; pred has 1.
func bits(kind string) int {
	n, err := strconv.Atoi(kind[1:])
	if err != nil {
		return 1
	}
	return n
}

// fits reports whether a register of one type may stand where an instruction has another: sizes agree, and a float meets no
// integer unless one of the two is untyped.
func fits(register, instruction string) bool {
	return bits(register) == bits(instruction) &&
		(register[0] == 'f') == (instruction[0] == 'f') || bits(register) == bits(instruction) && (register[0] == 'b' || instruction[0] == 'b')
}

// get returns an operand's value as of a type. A wider register is cut where an instruction allows it.
func (w *writer) get(o operand, t string, wider bool) (string, error) {
	switch o.kind {
	case isInteger:
		if t == "f32" {
			return "", w.bad("an integer where a float must be")
		}
		if t == "pred" {
			if o.bits != 0 && o.bits != ^uint64(0) && o.bits != 1 {
				return "", w.bad("predicate %d", int64(o.bits))
			}
			return strconv.FormatBool(o.bits != 0), nil
		}
		if n := bits(t); n < 64 && o.bits>>n != 0 && int64(o.bits) < -1<<(n-1) {
			return "", w.bad("%d does not fit %s", int64(o.bits), t)
		} else if n < 64 && int64(o.bits) >= 1<<n {
			return "", w.bad("%d does not fit %s", o.bits, t)
		}
		return fmt.Sprintf("(%s)%#xull", t, o.bits), nil
	case isFloat:
		switch t {
		case "f32":
			return fmt.Sprintf("F(%#xu)", o.bits), nil
		case "b32":
			return fmt.Sprintf("(b32)%#xu", o.bits), nil
		}
		return "", w.bad("a float as %s", t)
	case isSpecial:
		if bits(t) != 32 || t == "f32" {
			return "", w.bad("%s as %s", o.name, t)
		}
		return fmt.Sprintf("(%s)%s", t, o.name), nil
	case isSymbol:
		if bits(t) != 32 && bits(t) != 64 || t == "f32" {
			return "", w.bad("%s as %s", o.name, t)
		}
		if o.name == sharedSymbol {
			return fmt.Sprintf("(%s)0", t), nil // shared memory begins at 0
		}
		for _, a := range w.e.locals {
			if a.name == o.name && bits(t) == 64 {
				return fmt.Sprintf("(%s)%s", t, a.name), nil
			}
		}
		return "", w.bad("symbol %s", o.name)
	case isRegister:
		r := o.register
		if wider && bits(r.kind) > bits(t) && r.kind[0] != 'f' && t[0] != 'f' {
			return fmt.Sprintf("(%s)%s", t, r.name), nil
		}
		if !fits(r.kind, t) {
			return "", w.bad("a register of type %s as %s", r.kind, t)
		}
		switch {
		case r.kind == t:
			return r.name, nil
		case r.kind == "f32":
			return fmt.Sprintf("(%s)B(%s)", t, r.name), nil
		case t == "f32":
			return fmt.Sprintf("F(%s)", r.name), nil
		}
		return fmt.Sprintf("(%s)%s", t, r.name), nil
	}
	return "", w.bad("an operand that can not be read")
}

// set returns the statement that gives an operand a value of a type. A wider register is extended where an instruction
// allows it.
func (w *writer) set(o operand, t, value string, wider bool) (string, error) {
	if o.kind != isRegister {
		return "", w.bad("a result that is no register")
	}
	r := o.register
	if wider && bits(r.kind) > bits(t) && r.kind[0] != 'f' && t[0] != 'f' {
		extended := "u64"
		if t[0] == 's' {
			extended = "s64"
		}
		return fmt.Sprintf("%s = (%s)(%s)(%s)(%s);", r.name, r.kind, extended, t, value), nil
	}
	if !fits(r.kind, t) {
		return "", w.bad("a result of type %s in a register of type %s", t, r.kind)
	}
	switch {
	case r.kind == t && t == "pred":
		return fmt.Sprintf("%s = %s;", r.name, value), nil
	case r.kind == "f32" && t != "f32":
		return fmt.Sprintf("%s = F((u32)(%s));", r.name, value), nil
	case t == "f32" && r.kind != "f32":
		return fmt.Sprintf("%s = B(%s);", r.name, value), nil
	case t == "f32":
		return fmt.Sprintf("%s = %s;", r.name, value), nil
	}
	return fmt.Sprintf("%s = (%s)(%s);", r.name, r.kind, value), nil
}

// instruction returns the statement of w.i, without its guard.
func (w *writer) instruction() (string, error) {
	op := w.i.Op
	if f, ok := forms()[op]; ok && !w.packs() {
		return w.form(f)
	}
	name, _, _ := strings.Cut(op, ".")
	switch name {
	case "ld":
		return w.load()
	case "st":
		return w.store()
	case "bra", "ret", "exit", "trap":
		return w.jump()
	case "bar", "barrier", "shfl", "vote", "atom", "membar", "fence", "prefetch":
		return w.together()
	case "mov":
		return w.pack()
	}
	return "", w.bad("unknown instruction")
}

func (w *writer) want(n int) error {
	if len(w.i.args) != n {
		return w.bad("%d operands, not %d", n, len(w.i.args))
	}
	return nil
}

// form translates an instruction of the table.
func (w *writer) form(f form) (string, error) {
	types := strings.Split(f.types, ",")
	if err := w.want(len(types)); err != nil {
		return "", err
	}
	cvt := strings.HasPrefix(w.i.Op, "cvt.")
	var replace []string
	for n := len(types) - 1; n > 0; n-- {
		v, err := w.get(w.i.args[n], types[n], cvt)
		if err != nil {
			return "", err
		}
		replace = append(replace, "$"+strconv.Itoa(n), "("+v+")")
	}
	value := strings.NewReplacer(replace...).Replace(f.value)
	if strings.HasPrefix(w.i.Op, "div.s") || strings.HasPrefix(w.i.Op, "div.u") || strings.HasPrefix(w.i.Op, "rem.") {
		value = fmt.Sprintf("(doin::line = %d, %s)", w.i.Line, value)
	}
	return w.set(w.i.args[0], types[0], value, cvt)
}

// packs reports whether a mov packs or unpacks a vector.
func (w *writer) packs() bool {
	if !strings.HasPrefix(w.i.Op, "mov.b") {
		return false
	}
	for _, a := range w.i.args {
		if a.kind == isVector {
			return true
		}
	}
	return false
}

// pack translates mov.b64 d, {a, b} and mov.b64 {a, b}, d, and those of mov.b32.
func (w *writer) pack() (string, error) {
	parts := map[string]string{"mov.b64": "b32", "mov.b32": "b16"}
	part, ok := parts[w.i.Op]
	if !ok || len(w.i.args) != 2 {
		return "", w.bad("unknown instruction")
	}
	whole := w.i.Op[len("mov."):]
	to, from := w.i.args[0], w.i.args[1]
	if from.kind == isVector && len(from.list) == 2 {
		low, err := w.get(from.list[0], part, false)
		if err != nil {
			return "", err
		}
		high, err := w.get(from.list[1], part, false)
		if err != nil {
			return "", err
		}
		return w.set(to, whole, fmt.Sprintf("(%s)(%s) << %d | (%s)", whole, high, bits(part), low), false)
	}
	if to.kind == isVector && len(to.list) == 2 {
		v, err := w.get(from, whole, false)
		if err != nil {
			return "", err
		}
		low, err := w.set(to.list[0], part, fmt.Sprintf("(%s)whole", part), false)
		if err != nil {
			return "", err
		}
		high, err := w.set(to.list[1], part, fmt.Sprintf("(%s)(whole >> %d)", part, bits(part)), false)
		return fmt.Sprintf("{ const %s whole = %s; %s %s }", whole, v, low, high), err
	}
	return "", w.bad("vectors of this kind")
}
