package module

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

var tinyEntries = []Entry{{"tiny_copy", 20, 0}, {"tiny_f32", 32, 128}}

func TestReadPTX(t *testing.T) {
	got, err := ReadPTX(tiny(t, "tiny.ptx"))
	if err != nil || !slices.Equal(got, tinyEntries) {
		t.Errorf("tiny.ptx has %v, %v; want %v", got, err, tinyEntries)
	}
	head := ".version 7.8\n.target sm_80\n.address_size 64\n"
	f := func(text string, want ...Entry) {
		t.Helper()
		got, err := ReadPTX(head + text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q has %v, %v; want %v", text, got, err, want)
		}
	}
	f("")
	f(".entry a { ret; }", Entry{"a", 0, 0})
	f(".visible .entry a() { ret; }", Entry{"a", 0, 0})
	f(".visible .entry a(\n\t.param .u64 a_0,\n\t.param .u32 a_1\n) { ret; }", Entry{"a", 12, 0})
	f(".entry a(.param .u32 x, .param .u64 y) .maxntid 32, 4, 2\n.minnctapersm 3 { ret; }", Entry{"a", 16, 256})
	f(".entry a(.param .u64 .ptr .global .align 4 x) .reqntid 96 { ret; }", Entry{"a", 8, 96}) // as 12.x writes it
	f(".entry a(.param .align 16 .b8 x[20], .param .u8 y) { ret; }", Entry{"a", 21, 0})
	f("// .entry a(.param .u32 x) { }\n.entry b { }", Entry{"b", 0, 0})
	for _, bad := range []string{"", "hello", ".version 7.8"} {
		if _, err := ReadPTX(bad); !errors.Is(err, ErrFormat) {
			t.Errorf("ReadPTX(%q) = %v, want ErrFormat", bad, err)
		}
	}
	for _, bad := range []string{".param .texref x", ".param .b8 x[99999999999]", ".param .b8 x[0]", ".param .align 0 .b8 x[4]", "x"} {
		if _, err := ReadPTX(head + ".entry a(" + bad + ") { }"); !errors.Is(err, ErrFormat) {
			t.Errorf("parameter %q: %v, want ErrFormat", bad, err)
		}
	}
}

func TestReadCubin(t *testing.T) {
	for _, name := range []string{"tiny.sm_89.cubin", "tiny.sm_90.cubin"} {
		text := tiny(t, name)
		got, err := ReadCubin([]byte(text))
		if err != nil || !slices.Equal(got, tinyEntries) {
			t.Errorf("%s has %v, %v; want %v", name, got, err, tinyEntries)
		}
		f := func(what, changed string) {
			t.Helper()
			if _, err := ReadCubin([]byte(changed)); !errors.Is(err, ErrFormat) {
				t.Errorf("%s: %v, want ErrFormat", what, err)
			}
		}
		f("nothing", "")
		f("PTX", ".version 7.8")
		f("half of it", text[:len(text)/2])
		f("another machine", text[:18]+"\x3e\x00"+text[20:])
		f("no attributes", strings.ReplaceAll(text, ".nv.info.tiny_f32", ".nv.info.tiny_f33"))
	}
}

func FuzzReadCubin(f *testing.F) {
	for _, s := range []string{"", "\x7fELF", "\x7fELF\x02\x01\x01\x33\x07"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = ReadCubin(b) // no panic
		LintCubin(b)
	})
}

func FuzzPTX(f *testing.F) {
	f.Add(".version 7.8\n.target sm_80\n.entry a(.param .u32 x, .param .align 8 .b8 y[24]) .maxntid 32, 1, 1 { add.rn.f32 %f1, %f2, %f3; }")
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := ReadPTX(text)
		if err != nil && !errors.Is(err, ErrFormat) {
			t.Errorf("ReadPTX(%q) = %v", text, err)
		}
		for _, e := range entries {
			if e.ParameterBytes < 0 || e.MaxThreads < 0 {
				t.Errorf("ReadPTX(%q) has %v", text, e)
			}
		}
		LintPTX(text)
	})
}
