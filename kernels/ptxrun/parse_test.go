package ptxrun

import (
	"errors"
	"strings"
	"testing"
)

// TestRefuses: what is not known is refused, and the error names the line.
func TestRefuses(t *testing.T) {
	f := func(want, text string, line int) {
		t.Helper()
		m, err := Parse("test.ptx", text)
		if err == nil {
			_, err = Translate(m)
		}
		if !errors.Is(err, ErrPTX) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		} else if at := "line " + itoa(line) + ":"; !strings.Contains(err.Error(), at) {
			t.Errorf("error %v, want one with %q", err, at)
		}
	}
	headLines := strings.Count(preamble+head("k", 32), "\n") + 1
	in := func(body string) string { return preamble + head("k", 32) + "\t" + body + "\n" + tail }
	for body, want := range map[string]string{
		"add.f32 %f1, %f2, %f3;":                        "unknown instruction", // may be fused downstream
		"add.rn.ftz.f32 %f1, %f2, %f3;":                 "unknown instruction",
		"add.rn.f64 %d1, %d2, %d3;":                     "unknown instruction",
		"div.approx.f32 %f1, %f2, %f3;":                 "unknown instruction",
		"ex2.approx.f32 %f1, %f2;":                      "unknown instruction",
		"shfl.sync.down.b32 %r1, %r2, 1, 31, -1;":       "unknown instruction",
		"shfl.sync.bfly.b32 %r1, %r2, 1, 15, -1;":       "segments",
		"atom.global.add.f32 %f1, [%d1], %f2;":          "unknown instruction",
		"bar.sync 1;":                                   "only barrier 0",
		"bar.sync 0, 32;":                               "only barrier 0",
		"ld.global.v4.u64 {%d1, %d2, %d3, %d4}, [%d5];": "unknown instruction",
		"ld.global.v2.f32 {%f1, %f2, %f3}, [%d5];":      "2 registers, not 3",
		"ld.global.f32 %f1, [%r1];":                     "a register of type b32 as u64",
		"ld.global.u32 %f1, [%d1];":                     "in a register of type f32",
		"ld.const.f32 %f1, [%d1];":                      "unknown instruction",
		"ld.param.u32 %r1, [p+16];":                     "parameter",
		"ld.param.u32 %r1, [p+2];":                      "parameter",
		"st.param.u32 [p], %r1;":                        "unknown instruction",
		"fma.rn.f32 %f1, %f2, %f3;":                     "4 operands, not 3",
		"add.s32 %r1, %f1, %r2;":                        "a register of type f32 as u32",
		"add.s32 %d1, %r1, %r2;":                        "in a register of type b64",
		"add.rn.f32 %f1, %f2, 1;":                       "an integer where a float must be",
		"add.s32 %r1, %r2, 4294967296;":                 "does not fit",
		"add.s32 5, %r2, %r3;":                          "no register",
		"mov.u32 %r1, %clock;":                          `register "%clock"`,
		"mov.u32 %r1, other;":                           "symbol other",
		"mov.u32 %r99, 0;":                              `register "%r99"`,
		"@%r1 mov.u32 %r1, 0;":                          "guard",
		"call foo;":                                     "unknown instruction",
		".loc 1 2 3;":                                   "directive",
		".reg .f64 %fd<2>;":                             "registers of type",
		".pragma \"other\";":                            "other",
		"brx.idx %r1, table;":                           "unknown instruction",
		"mov.b32 %r1, {%h1, %h2, %h3};":                 "vectors",
		"setp.lt.b32 %p1, %r1, %r2;":                    "unknown instruction",
	} {
		f(want, in(body), headLines)
	}
	f("nowhere", in("bra $away;"), headLines+2)
	f("label", in("$a:\n$a:"), headLines+1)
	f("version 8.0", ".version 8.0\n", 1)
	f("target", ".version 7.8\n.target sm_90\n", 2)
	f(`".func"`, ".visible .func f()\n", 1)
	f("directive", ".global .align 4 .b8 table[16];\n", 1)
	f("character", "\n\n#\n", 3)
	f("ends within", preamble+head("k", 32), headLines-1)
	f("without an end", "/* \n", 1)
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}
