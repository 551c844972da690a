package module

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// tiny returns an image of the module for tests.
func tiny(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("../testdata/tiny/ptx/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestLintPTX plants one instruction at a time into a module that the compiler made.
func TestLintPTX(t *testing.T) {
	text := tiny(t, "tiny.ptx")
	if found := LintPTX(text); found != nil {
		t.Fatalf("tiny.ptx: %q", found)
	}
	f := func(planted, want string) {
		t.Helper()
		found := LintPTX(strings.Replace(text, "\tret;", "\t"+planted+"\n\tret;", 1))
		if want == "" {
			if len(found) != 0 {
				t.Errorf("%s: %q, want nothing", planted, found)
			}
			return
		}
		if !slices.ContainsFunc(found, func(s string) bool { return strings.HasPrefix(s, want+": ") }) {
			t.Errorf("%s: %q, want %q", planted, found, want)
		}
	}
	for _, op := range []string{"add", "sub", "mul", "div", "sqrt", "rcp", "mad", "fma"} {
		f(op+".rn.f32 %f1, %f2, %f3;", "")
		f(op+".f32 %f1, %f2, %f3;", "no .rn")
		f(op+".rz.f32 %f1, %f2, %f3;", "no .rn")
		f(op+".rn.ftz.f32 %f1, %f2, %f3;", ".ftz")
		f(op+".rn.sat.f32 %f1, %f2, %f3;", ".sat")
		f(op+".rn.f64 %fd1, %fd2, %fd3;", "float type but f32")
		f(op+".rn.f16 %h1, %h2, %h3;", "float type but f32")
		f(op+".rn.f32x2 %rd1, %rd2, %rd3;", "float type but f32")
	}
	f("@%p1 add.f32 %f1, %f2, %f3;", "no .rn")
	f("@!%p1 add.f32 %f1, %f2, %f3;", "no .rn")
	f("$L__BB9_9: add.f32 %f1, %f2, %f3;", "no .rn")
	f("{ .reg .b32 %t; add.f32 %f1, %f2, %f3; }", "no .rn")
	f("ret; add.f32 %f1, %f2, %f3;", "no .rn")
	f("div.approx.f32 %f1, %f2, %f3;", ".approx")
	f("div.full.f32 %f1, %f2, %f3;", ".full")
	f("sqrt.approx.ftz.f32 %f1, %f2;", ".approx")
	f("ex2.approx.f32 %f1, %f2;", "operation that does not round once")
	f("rsqrt.approx.f32 %f1, %f2;", "operation that does not round once")
	f("tanh.approx.f32 %f1, %f2;", "operation that does not round once")
	f("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%f1}, {%r1}, {%r2}, {%f1};", "operation that does not round once")
	f(".reg .f64 \t%fd<3>;", "float type but f32")
	f("ld.global.f64 %fd1, [%rd1];", "float type but f32")
	f("cvt.f64.f32 %fd1, %f1;", "float type but f32")
	f("cvt.rz.f32.s32 %f1, %r1;", "conversion without .rn")
	f("cvt.rn.f32.s32 %f1, %r1;", "")
	f("cvt.rzi.s32.f32 %r1, %f1;", "")
	f("atom.global.add.f32 %f1, [%rd1], %f2;", "float atomic")
	f("atom.shared.add.f32 %f1, [%rd1], %f2;", "float atomic")
	f("red.global.add.f32 [%rd1], %f2;", "float atomic")
	f("red.global.add.u32 [%rd1], %r2;", "")
	f("atom.global.add.u32 %r1, [%rd1], %r2;", "")
	f("add.sat.s32 %r1, %r2, %r3;", "")
	f("add.s32 %r1, %r2, %r3;", "")
	f("neg.f32 %f1, %f2;", "")
	f("selp.f32 %f1, %f2, %f3, %p1;", "")
	f("setp.lt.f32 %p1, %f2, %f3;", "")
	f("call.uni (retval0), vprintf, (param0, param1);", "call of a function outside of the module")
	f("call.uni (retval0), malloc, (param0);", "call of a function outside of the module")
	f("call.uni __assertfail, (param0);", "call of a function outside of the module")
	f("call (%r1), %rd1, (%r2), prototype_0;", "call of a function outside of the module")
	f("mov.u64 %rd1, %clock64;", "clock or place")
	f("mov.u32 %r1, %smid;", "clock or place")
	f("mov.u32 %r1, %tid.x;", "")
	f(".loc 1 2 3", "line information")
	f(`.file 1 "/home/somebody/kernels/train.cu"`, "path")
	f("// compiled in /home/somebody/kernels", "path")
	f("// a / b, and c//d", "")
	f(".global .align 1 .b8 $str[9] = {47, 104, 111, 109, 101, 47, 120, 47, 0};", "path in a constant")
	f(".global .align 1 .b8 $str[4] = {47, 104, 111, 0};", "")
	f(".global .u32 _ZN31_INTERNAL_e58525a4_4_k_cu_table4anonE;", "internal linkage, named after the folder of the source")

	found := LintPTX(strings.Replace(text, ".visible .entry", ".extern .func (.param .b32 r) vprintf\n(\n\t.param .b64 a\n)\n;\n.visible .entry", 1))
	if !slices.ContainsFunc(found, func(s string) bool { return strings.HasPrefix(s, "function outside of the module: vprintf") }) {
		t.Errorf(".extern .func: %q", found)
	}
	own := ".func (.param .b32 r) helper(\n\t.param .b32 a\n)\n{\n\tret;\n}\n.visible .entry"
	text = strings.Replace(strings.Replace(text, "\tret;", "\tcall.uni (retval0), helper, (param0);\n\tret;", 1), ".visible .entry", own, 1)
	if found := LintPTX(text); found != nil {
		t.Errorf("call of a function of the module: %q", found)
	}
}

// TestLintCubin changes names in a cubin.
func TestLintCubin(t *testing.T) {
	text := tiny(t, "tiny.sm_90.cubin")
	if found := LintCubin([]byte(text)); found != nil {
		t.Fatalf("tiny.sm_90.cubin: %q", found)
	}
	f := func(old, new, want string) {
		t.Helper()
		if len(old) != len(new) || !strings.Contains(text, old) {
			t.Fatalf("cannot write %q for %q", new, old)
		}
		found := LintCubin([]byte(strings.ReplaceAll(text, old, new)))
		if !slices.ContainsFunc(found, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("%q for %q: %q, want %q", new, old, found, want)
		}
	}
	f("\x00tiny_f32\x00", "\x00vprintf\x00\x00", "function of the device's runtime: vprintf")
	f("\x00tiny_f32\x00", "\x00/a/b/cc\x00\x00", "path: /a/b/cc")
	f("\x00tiny_copy\x00", "\x00_INTERNAL\x5f", "internal linkage")
	f(".debug_frame\x00", ".debug_info1\x00", "line information: .debug_info1")
	for _, bad := range []string{"", "\x7fELF", text[:100], "PTX"} {
		if found := LintCubin([]byte(bad)); len(found) != 1 {
			t.Errorf("%d bytes that are no cubin: %q", len(bad), found)
		}
	}
}
