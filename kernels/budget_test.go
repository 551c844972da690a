package kernels

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
)

// budget is the most that a kernel may take on any architecture. What is not written is 0: no spills, no stack.
type budget struct {
	args         string // the struct that it takes
	threads      int    // of its largest block, exactly
	registers    int    // of a thread; × threads × blocks ≤ 65536 for the blocks that a multiprocessor should hold
	staticShared int    // bytes; what a launch asks for comes on top
	spills       int    // bytes, stores and loads each
	stack        int    // bytes
}

// budgets has every kernel. A number is raised only with a reason that is written beside it.
var budgets = map[string]budget{
	// Three blocks of 128 on a multiprocessor: 65536 ÷ 384 is 170, in steps of 8. What spills are places and counters of the
	// loop over steps that the compiler computes before it, each read once a step or an instruction; no main loop of a tile
	// has an LDL or STL in its SASS.
	"train_f32":   {args: "Args", threads: 128, registers: 168, spills: 1000, stack: 456},
	"predict_f32": {args: "Args", threads: 128, registers: 168},
	// One block of 256: 65536 ÷ 256 is more than the 255 that a thread can have. The same spills.
	"train_wide_f32":       {args: "Args", threads: 256, registers: 255, spills: 400, stack: 112},
	"train_streamed_f32":   {args: "Args", threads: 256, registers: 255, spills: 1000, stack: 456},
	"predict_streamed_f32": {args: "Args", threads: 256, registers: 208},
	"collect_f32":          {args: "Args", threads: 256, registers: 48},
	"probe_f32":            {args: "ProbeArgs", threads: 256, registers: 32},
}

// compareBudgets returns every kernel and architecture that takes more than it may.
func compareBudgets(entries map[string]Entry, budgets map[string]budget) []string {
	var found []string
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		e := entries[name]
		b, ok := budgets[name]
		if !ok {
			say("%s has no budget in budget_test.go", name)
			continue
		}
		if e.MaxThreads != b.threads {
			say("%s is compiled for blocks of %d, its budget is for %d", name, e.MaxThreads, b.threads)
		}
		for _, arch := range []string{"sm_80", "sm_89", "sm_90"} {
			r, ok := e.Resources[arch]
			if !ok {
				say("%s on %s: no figures", name, arch)
			}
			for _, c := range []struct {
				what      string
				got, most int
			}{
				{"registers", r.Registers, b.registers},
				{"bytes of spill stores", r.SpillStores, b.spills},
				{"bytes of spill loads", r.SpillLoads, b.spills},
				{"bytes of stack", r.Stack, b.stack},
				{"bytes of static shared memory", r.StaticShared, b.staticShared},
			} {
				if c.got > c.most {
					say("%s on %s: %d %s, its budget is %d", name, arch, c.got, c.what, c.most)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(budgets)) {
		if _, ok := entries[name]; !ok {
			say("there is no %s", name)
		}
	}
	return found
}

func TestBudgets(t *testing.T) {
	for _, d := range compareBudgets(Entries(), budgets) {
		t.Error(d)
	}
}

func TestBudgetsPlanted(t *testing.T) {
	text, err := os.ReadFile("testdata/tiny/ptx/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	f := func(n int, change func(b map[string]budget)) {
		t.Helper()
		b := map[string]budget{
			"tiny_f32":  {threads: 128, registers: 32, staticShared: 4},
			"tiny_copy": {threads: 0, registers: 16},
		}
		change(b)
		if found := compareBudgets(m.Entries, b); len(found) != n {
			t.Errorf("%d too much, want %d: %q", len(found), n, found)
		}
	}
	f(0, func(map[string]budget) {})
	f(3, func(b map[string]budget) { b["tiny_f32"] = budget{threads: 128, registers: 8, staticShared: 4} })
	f(3, func(b map[string]budget) { b["tiny_f32"] = budget{threads: 128, registers: 32} })
	f(1, func(b map[string]budget) { b["tiny_f32"] = budget{threads: 256, registers: 32, staticShared: 4} })
	f(1, func(b map[string]budget) { delete(b, "tiny_copy") })
	f(1, func(b map[string]budget) { b["other"] = budget{} })
	for _, c := range []Resources{{SpillStores: 4}, {SpillLoads: 4}, {Stack: 8}} {
		e := maps.Clone(m.Entries)
		e["tiny_copy"] = Entry{Resources: map[string]Resources{"sm_80": c, "sm_89": {}, "sm_90": {}}}
		if found := compareBudgets(e, map[string]budget{"tiny_f32": {threads: 128, registers: 32, staticShared: 4}, "tiny_copy": {}}); len(found) != 1 {
			t.Errorf("%+v: %q, want one line", c, found)
		}
	}
}
