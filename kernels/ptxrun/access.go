package ptxrun

import (
	"fmt"
	"slices"
	"strings"
)

// access is what the modifiers of a load or store say.
type access struct {
	space string // param, shared, global, local; generic where none is named
	kind  string
	count int // of a vector; 1 else
}

// Types that memory holds.
var stored = []string{"b8", "u8", "s8", "b16", "u16", "s16", "b32", "u32", "s32", "b64", "u64", "s64", "f32"}

// access reads the modifiers. Those that only advise the caches are dropped.
func (w *writer) access() (access, error) {
	a := access{space: "generic", count: 1}
	parts := strings.Split(w.i.Op, ".")[1:]
	take := func(options ...string) string {
		if len(parts) > 0 && slices.Contains(options, parts[0]) {
			t := parts[0]
			parts = parts[1:]
			return t
		}
		return ""
	}
	take("volatile", "weak")
	if s := take("param", "shared", "global", "local"); s != "" {
		a.space = s
	}
	if a.space == "global" && w.i.Op[:2] == "ld" {
		take("ca", "cg", "cs", "lu", "cv")
		take("nc")
	}
	if a.space == "global" && w.i.Op[:2] == "st" {
		take("wb", "cg", "cs", "wt")
	}
	switch take("v2", "v4") {
	case "v2":
		a.count = 2
	case "v4":
		a.count = 4
	}
	if a.kind = take(stored...); a.kind == "" || len(parts) > 0 || a.count*bits(a.kind) > 128 {
		return a, w.bad("unknown instruction")
	}
	return a, w.want(2)
}

// address returns the place of an access, checked, as a pointer.
func (w *writer) address(o operand, a access) (string, error) {
	if o.kind != isAddress {
		return "", w.bad("no address")
	}
	base, size := o.list[0], a.count*bits(a.kind)/8
	if a.space == "param" {
		if base.kind != isSymbol || base.name != w.e.parameter || o.bits+uint64(size) > uint64(w.e.ParameterBytes) || o.bits%uint64(size) != 0 {
			return "", w.bad("parameter")
		}
		return fmt.Sprintf("args.bytes + %d", o.bits), nil
	}
	t := "u64"
	if a.space == "shared" && base.kind == isRegister && bits(base.register.kind) == 32 {
		t = "u32"
	}
	v, err := w.get(base, t, false)
	if err != nil {
		return "", err
	}
	place := fmt.Sprintf("(%s)((%s) + (%s)%#xull)", t, v, t, o.bits)
	if a.space != "local" {
		return fmt.Sprintf("%sAt<%d>(%d, %s)", a.space, size, w.i.Line, place), nil
	}
	if len(w.e.locals) != 1 {
		return "", w.bad("local memory of %d arrays", len(w.e.locals))
	}
	return fmt.Sprintf("localAt<%d>(%d, %s, %s, %d)", size, w.i.Line, place, w.e.locals[0].name, w.e.locals[0].bytes), nil
}

// elements returns the registers of a vector.
func (w *writer) elements(o operand, a access) ([]operand, error) {
	list := []operand{o}
	if o.kind == isVector {
		list = o.list
	}
	if len(list) != a.count || a.count == 1 && o.kind == isVector {
		return nil, w.bad("%d registers, not %d", a.count, len(list))
	}
	return list, nil
}

func (w *writer) load() (string, error) {
	a, err := w.access()
	if err != nil {
		return "", err
	}
	list, err := w.elements(w.i.args[0], a)
	if err != nil {
		return "", err
	}
	at, err := w.address(w.i.args[1], a)
	if err != nil {
		return "", err
	}
	var values, sets strings.Builder
	for n, o := range list {
		fmt.Fprintf(&values, " const %s x%d = take<%s>(at + %d);", a.kind, n, a.kind, n*bits(a.kind)/8)
		s, err := w.set(o, a.kind, fmt.Sprintf("x%d", n), true)
		if err != nil {
			return "", err
		}
		sets.WriteString(" " + s)
	}
	return fmt.Sprintf("{ const char *at = %s;%s%s }", at, &values, &sets), nil
}

func (w *writer) store() (string, error) {
	a, err := w.access()
	if err != nil {
		return "", err
	}
	list, err := w.elements(w.i.args[1], a)
	if err != nil {
		return "", err
	}
	if a.space == "param" {
		return "", w.bad("unknown instruction")
	}
	at, err := w.address(w.i.args[0], a)
	if err != nil {
		return "", err
	}
	var puts strings.Builder
	for n, o := range list {
		v, err := w.get(o, a.kind, true)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&puts, " put<%s>(at + %d, %s);", a.kind, n*bits(a.kind)/8, v)
	}
	return fmt.Sprintf("{ char *at = %s;%s }", at, &puts), nil
}

// jump translates what goes elsewhere.
func (w *writer) jump() (string, error) {
	switch w.i.Op {
	case "bra", "bra.uni":
		return fmt.Sprintf("goto %s;", w.label(w.i.args[0].name)), nil
	case "ret", "exit":
		return "return;", w.want(0)
	case "trap":
		return fmt.Sprintf("doin::line = %d; doin::fail(\"trap\");", w.i.Line), w.want(0)
	}
	return "", w.bad("unknown instruction")
}

// together translates what threads do with each other.
func (w *writer) together() (string, error) {
	args := w.i.args
	all := func(types ...string) ([]string, error) {
		if err := w.want(len(types)); err != nil {
			return nil, err
		}
		out := make([]string, len(types))
		for n, t := range types {
			if t == "" {
				continue
			}
			v, err := w.get(args[n], t, false)
			if err != nil {
				return nil, err
			}
			out[n] = v
		}
		return out, nil
	}
	site := fmt.Sprintf("doin::file, %d", w.i.Line)
	switch op := w.i.Op; op {
	case "bar.sync", "barrier.sync", "barrier.sync.aligned":
		if len(args) != 1 || args[0].kind != isInteger || args[0].bits != 0 {
			return "", w.bad("only barrier 0, of all threads, is known")
		}
		return fmt.Sprintf("doin::syncBlock(%s);", site), nil
	case "bar.warp.sync":
		v, err := all("u32")
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("doin::syncWarp(%s, %s);", v[0], site), nil
	case "shfl.sync.bfly.b32", "shfl.sync.idx.b32":
		return w.shuffle(site)
	case "vote.sync.all.pred", "vote.sync.any.pred":
		v, err := all("", "pred", "u32")
		if err != nil {
			return "", err
		}
		test := map[string]string{"vote.sync.all.pred": "== 0xffffffffu", "vote.sync.any.pred": "!= 0"}[op]
		return w.set(args[0], "pred", fmt.Sprintf("doin::ballot(%q, %s, %s, %s) %s", op, v[2], v[1], site, test), false)
	case "vote.sync.ballot.b32":
		v, err := all("", "pred", "u32")
		if err != nil {
			return "", err
		}
		return w.set(args[0], "b32", fmt.Sprintf("doin::ballot(%q, %s, %s, %s)", op, v[2], v[1], site), false)
	case "atom.global.add.u32", "atom.shared.add.u32":
		v, err := all("", "", "u32")
		if err != nil {
			return "", err
		}
		at, err := w.address(args[1], access{space: strings.Split(op, ".")[1], kind: "u32", count: 1})
		if err != nil {
			return "", err
		}
		return w.set(args[0], "u32", fmt.Sprintf("doin::add((u32 *)%s, %s)", at, v[2]), false)
	case "membar.cta", "membar.gl", "fence.acq_rel.cta", "fence.acq_rel.gpu", "fence.sc.cta", "fence.sc.gpu":
		return ";", w.want(0) // one thread runs at a time
	case "prefetch.global.L1", "prefetch.global.L2":
		if err := w.want(1); err != nil {
			return "", err
		}
		if args[0].kind != isAddress {
			return "", w.bad("no address")
		}
		return ";", nil // advice, which never faults
	}
	return "", w.bad("unknown instruction")
}

// shuffle translates shfl.sync of whole warps.
func (w *writer) shuffle(site string) (string, error) {
	if err := w.want(5); err != nil {
		return "", err
	}
	args := w.i.args
	if c := args[3]; c.kind != isInteger || c.bits != 31 {
		// A register may hold it: a value only the run knows.
		if c.kind != isRegister {
			return "", w.bad("segments of a warp")
		}
	}
	to := args[0]
	valid := ""
	if to.kind == isPair {
		s, err := w.set(to.list[1], "pred", "true", false)
		if err != nil {
			return "", err
		}
		to, valid = to.list[0], " "+s
	}
	var v [5]string
	for n, t := range []string{"", "b32", "u32", "u32", "u32"} {
		if t == "" {
			continue
		}
		var err error
		if v[n], err = w.get(args[n], t, false); err != nil {
			return "", err
		}
	}
	source := fmt.Sprintf("(%s) & 31", v[2])
	if strings.Contains(w.i.Op, "bfly") {
		source = fmt.Sprintf("(threadIdx.x & 31) ^ (%s)", source)
	}
	s, err := w.set(to, "b32", fmt.Sprintf("doin::shuffle(%q, %s, %s, %s, %s)", w.i.Op, v[4], v[1], source, site), false)
	return fmt.Sprintf("whole(%d, %s); %s%s", w.i.Line, v[3], s, valid), err
}
