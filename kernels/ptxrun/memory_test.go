package ptxrun

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"doin.network/node/kernels/host"
)

const preamble = ".version 7.8\n.target sm_80\n.address_size 64\n.extern .shared .align 16 .b8 memory[];\n"

// head begins a kernel of so many threads; arguments are two addresses, %d10 and %d11, and %r10 is the thread.
func head(name string, threads int) string {
	return fmt.Sprintf(`.visible .entry %s(
	.param .align 8 .b8 p[16]
)
.maxntid %d, 1, 1
{
	.local .align 8 .b8 depot[16];
	.reg .pred %%p<9>;
	.reg .b16 %%h<9>;
	.reg .b32 %%r<20>;
	.reg .f32 %%f<9>;
	.reg .b64 %%d<20>;
	ld.param.v2.u64 {%%d10, %%d11}, [p];
	mov.u32 %%r10, %%tid.x;
`, name, threads)
}

const tail = "\tret;\n}\n"

// suite is a module of small kernels that are compiled together, for a compiler takes seconds for each program.
type suite struct {
	text  string
	lines []int // on which a kernel's body begins
}

// add appends a kernel and returns its number.
func (s *suite) add(body string, threads int) int {
	if s.text == "" {
		s.text = preamble
	}
	n := len(s.lines)
	s.text += head(fmt.Sprintf("k%d", n), threads)
	s.lines = append(s.lines, strings.Count(s.text, "\n")+1)
	s.text += body + tail
	return n
}

// run launches a kernel on a device of its own and returns the words behind its second address, 512 that were 0.
func (s *suite) run(t *testing.T, program string, kernel, threads int, c host.Config) ([]uint32, error) {
	t.Helper()
	d, err := host.Start(context.WithoutCancel(t.Context()), program, c)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	in := make([]byte, 64)
	for i := range in {
		in[i] = byte(0x81 + 7*i)
	}
	out := make([]byte, 2048)
	from, to := give(t, d, in), give(t, d, out)
	launch(t, d, fmt.Sprintf("k%d", kernel), 1, threads, 64*4, addresses(from, to))
	if err := d.Download(out, to); err != nil {
		return nil, err
	}
	words := make([]uint32, len(out)/4)
	for i := range words {
		words[i] = binary.NativeEndian.Uint32(out[4*i:])
	}
	return words, nil
}

// compile builds a suite.
func (s *suite) compile(t *testing.T, o Options) string {
	t.Helper()
	m, err := Parse("test.ptx", s.text)
	if err != nil {
		t.Fatal(err)
	}
	return build(t, []*Module{m}, o)
}

// TestAccess moves every type, alone and in vectors, through every kind of memory.
func TestAccess(t *testing.T) {
	var body strings.Builder
	body.WriteString("\tmov.u32 %r11, memory;\n\tcvt.u64.u32 %d12, %r11;\n\tcvta.shared.u64 %d12, %d12;\n\tmov.u64 %d13, depot;\n")
	want := make([]byte, 2048)
	at := 0
	for _, kind := range stored {
		size := bits(kind) / 8
		register := map[int]string{1: "h", 2: "h", 4: "r", 8: "d"}[size]
		if kind == "f32" {
			register = "f"
		}
		for _, count := range []int{1, 2, 4} {
			if count*size > 16 {
				continue
			}
			modifiers, regs := kind, "%"+register+"1"
			if count > 1 {
				var list []string
				for i := range count {
					list = append(list, fmt.Sprintf("%%%s%d", register, i+1))
				}
				modifiers, regs = fmt.Sprintf("v%d.%s", count, kind), "{"+strings.Join(list, ", ")+"}"
			}
			f := func(format string, args ...any) { fmt.Fprintf(&body, "\t"+format+"\n", args...) }
			f("ld.global.nc.%s %s, [%%d10+16];", modifiers, regs)
			f("st.shared.%s [memory+32], %s;", modifiers, regs)
			f("ld.shared.%s %s, [%%r11+32];", modifiers, regs)
			f("st.local.%s [%%d13+0], %s;", modifiers, regs)
			f("ld.local.%s %s, [%%d13];", modifiers, regs)
			f("st.%s [%%d12+48], %s;", modifiers, regs)
			f("ld.volatile.%s %s, [%%d12+48];", modifiers, regs)
			f("st.global.%s [%%d11+%d], %s;", modifiers, at, regs)
			for i := range count * size {
				want[at+i] = byte(0x81 + 7*(16+i))
			}
			at += 16
		}
	}
	// A register wider than what is loaded is filled by the type's sign.
	for i, kind := range []string{"s8", "u8", "s16", "u16", "s32", "u32"} {
		fmt.Fprintf(&body, "\tld.global.%s %%d1, [%%d10];\n\tst.global.u64 [%%d11+%d], %%d1;\n", kind, at)
		v := uint64(0x81) | 0x88<<8 | 0x8f<<16 | 0x96<<24
		n := bits(kind)
		v = v << (64 - n) >> (64 - n)
		if i%2 == 0 {
			v = uint64(int64(v<<(64-n)) >> (64 - n))
		}
		binary.NativeEndian.PutUint64(want[at:], v)
		at += 8
	}
	var s suite
	k := s.add(body.String(), 1) // all threads would do the same
	got, err := s.run(t, s.compile(t, Options{Races: true}), k, 1, host.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < at; i += 4 {
		if w := binary.NativeEndian.Uint32(want[i:]); got[i/4] != w {
			t.Errorf("byte %d = %x, want %x", i, got[i/4], w)
		}
	}
}

// TestTogether does what needs a whole block: guards, jumps, shuffles, votes, atomics, barriers, packing.
func TestTogether(t *testing.T) {
	body := `
	mul.wide.u32 %d1, %r10, 4;
	add.s64 %d11, %d11, %d1;
	setp.lt.u32 %p1, %r10, 7;
	mov.u32 %r1, 5;
	@%p1 add.s32 %r1, %r1, 1;
	@!%p1 sub.s32 %r1, %r1, 1;
	shfl.sync.bfly.b32 %r2|%p2, %r10, 5, 31, -1;
	selp.u32 %r2, %r2, 0, %p2;
	shfl.sync.idx.b32 %r3, %r10, 9, 31, -1;
	vote.sync.ballot.b32 %r4, %p1, -1;
	vote.sync.any.pred %p3, %p1, -1;
	vote.sync.all.pred %p4, %p1, -1;
	selp.u32 %r5, 2, 0, %p3;
	@%p4 add.s32 %r5, %r5, 1;
	setp.ne.s32 %p5, %r10, 0;
	@%p5 bra $zero;
	mov.u32 %r6, 100;
	st.shared.u32 [memory], %r6;
$zero:
	bar.sync 0;
	atom.shared.add.u32 %r7, [memory], 3;
	bar.warp.sync -1;
	bar.sync 0;
	ld.shared.u32 %r7, [memory];
	{ .reg .b32 %r1; mov.b64 %d2, {%r2, %r3}; mov.b64 {%r1, %r8}, %d2; xor.b32 %r9, %r1, %r8; }
	mov.u32 %r0, %laneid;
	st.global.u32 [%d11], RESULT;
	bra.uni $end;
	trap;
$end:
`
	var s suite
	results := map[string]func(i uint32) uint32{
		"%r1": func(i uint32) uint32 { return map[bool]uint32{true: 6, false: 4}[i < 7] },
		"%r2": func(i uint32) uint32 { return i ^ 5 },
		"%r3": func(uint32) uint32 { return 9 },
		"%r4": func(uint32) uint32 { return 0x7f },
		"%r5": func(uint32) uint32 { return 2 },
		"%r7": func(uint32) uint32 { return 100 + 3*32 },
		"%r9": func(i uint32) uint32 { return i ^ 5 ^ 9 },
		"%r0": func(i uint32) uint32 { return i },
	}
	kernels := map[string]int{}
	for register := range results {
		kernels[register] = s.add(strings.Replace(body, "RESULT", register, 1), 32)
	}
	// Without a barrier, orders differ, as they do in kernels/host.
	racy := s.add("\tshl.b32 %r1, %r10, 2;\n\tst.shared.u32 [%r1], %r10;\n\txor.b32 %r2, %r1, 4;\n\tld.shared.u32 %r3, [%r2];\n"+
		"\tmul.wide.u32 %d1, %r10, 4;\n\tadd.s64 %d1, %d1, %d11;\n\tst.global.u32 [%d1], %r3;\n", 64)
	program := s.compile(t, Options{Optimization: "-O0"})
	for register, f := range results {
		got, err := s.run(t, program, kernels[register], 32, host.Config{Order: host.Shuffled, Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range got[:32] {
			if want := f(uint32(i)); v != want {
				t.Errorf("%s of thread %d = %d, want %d", register, i, v, want)
				break
			}
		}
	}
	forward, err := s.run(t, program, racy, 64, host.Config{})
	if err != nil {
		t.Fatal(err)
	}
	reversed, err := s.run(t, program, racy, 64, host.Config{Order: host.Reversed})
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(forward, reversed) {
		t.Error("a missing barrier makes no difference between orders")
	}
}

// TestFaults: what a kernel must not do ends the device, with the line.
func TestFaults(t *testing.T) {
	cases := []struct {
		line    int // of the body; 0: none is named
		want    string
		body    string
		threads int
	}{
		{1, "misaligned access to global", "\tld.global.u32 %r1, [%d10+2];\n", 32},
		{1, "misaligned access to global", "\tld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%d10+8];\n", 32},
		{2, "misaligned access to shared", "\tmov.u32 %r1, memory;\n\tst.shared.u16 [%r1+1], %h1;\n", 32},
		{1, "access outside of the shared", "\tld.shared.u32 %r1, [memory+256];\n", 32},
		{1, "access outside of the shared", "\tld.shared.v4.u32 {%r1, %r2, %r3, %r4}, [memory+-16];\n", 32},
		{2, "access outside of the local", "\tmov.u64 %d1, depot;\n\tld.local.u64 %d2, [%d1+16];\n", 32},
		{3, "a global access to shared", "\tmov.u64 %d1, 0;\n\tcvta.shared.u64 %d1, %d1;\n\tld.global.u32 %r1, [%d1];\n", 32},
		{2, "illegal address", "\tmov.u64 %d1, 64;\n\tld.global.u32 %r1, [%d1];\n\tst.global.u32 [%d11], %r1;\n", 32},
		{2, "division by zero", "\tmov.u32 %r1, 0;\n\trem.s32 %r2, %r10, %r1;\n\tst.global.u32 [%d11], %r2;\n", 32},
		{1, "trap", "\ttrap;\n", 32},
		{2, "a shuffle within segments", "\tmov.u32 %r1, 7199;\n\tshfl.sync.bfly.b32 %r2, %r10, 1, %r1, -1;\n", 32},
		// Half of the block waits at one barrier, half at none, or at another.
		{0, "divergence", half + "\t@%p1 bra $past;\n\tbar.sync 0;\n$past:\n", 64},
		{0, "divergence", half + "\t@%p1 bra $other;\n\tbar.sync 0;\n\tbra.uni $past;\n$other:\n\tbar.sync 0;\n$past:\n", 64},
		{0, "divergence", "\tsetp.lt.u32 %p1, %r10, 3;\n\t@%p1 bra $past;\n\tbar.warp.sync -1;\n$past:\n", 32},
	}
	var s suite
	for _, c := range cases {
		s.add(c.body, c.threads)
	}
	program := s.compile(t, Options{Optimization: "-O0"})
	for n, c := range cases {
		want := c.want
		if c.line > 0 {
			want = fmt.Sprintf("test.ptx:%d: %s", s.lines[n]+c.line-1, c.want)
		}
		if _, err := s.run(t, program, n, c.threads, host.Config{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("kernel %d: error %v, want one with %q", n, err, want)
		}
	}
}

const half = "\tsetp.lt.u32 %p1, %r10, 32;\n"

// TestRaces: a planted race is found in every order, and right synchronization is not reported.
func TestRaces(t *testing.T) {
	const use = "\tmul.wide.u32 %%d1, %%r10, 4;\n\tadd.s64 %%d1, %%d1, %%d11;\n\tst.global.u32 [%%d1], %%r3;\n" // or no load remains
	store := "\tshl.b32 %r1, %r10, 2;\n\tst.shared.u32 [%r1], %r10;\n"
	load := func(flip int) string {
		return fmt.Sprintf("\txor.b32 %%r2, %%r1, %d;\n\tld.shared.u32 %%r3, [%%r2];\n"+use, flip)
	}
	cases := []struct {
		want string // "": nothing is wrong
		body string
	}{
		{"race: ", store + load(4)},                             // a neighbour's word, at once
		{"", store + load(0)},                                   // one's own
		{"", store + "\tbar.sync 0;\n" + load(128)},             // the other warp's, behind a barrier
		{"race: ", store + "\tbar.warp.sync -1;\n" + load(128)}, // where only warps met
		{"", store + "\tbar.warp.sync -1;\n" + load(4)},
		{"race: ", store + "\tbar.sync 0;\n" + load(4) + "\tst.shared.u32 [%r1], %r3;\n"}, // a second barrier is missing
		{"", store + "\tbar.sync 0;\n" + load(4) + "\tbar.sync 0;\n\tst.shared.u32 [%r1], %r3;\n"},
		{"race: ", "\tst.global.u32 [%d11], %r10;\n"}, // all threads write one word
		{"race: ", "\tst.global.u8 [%d11+1], %h1;\n\tld.global.u32 %r1, [%d11];\n"},
		{"outside of what was allocated", "\tld.global.u32 %r1, [%d10+64];\n"},
	}
	var s suite
	for _, c := range cases {
		s.add(c.body, 64)
	}
	program := s.compile(t, Options{Races: true})
	for n, c := range cases {
		for _, o := range []host.Order{host.Forward, host.Reversed, host.Shuffled} {
			_, err := s.run(t, program, n, 64, host.Config{Order: o, Seed: 1})
			switch {
			case c.want == "" && err != nil:
				t.Errorf("kernel %d, %v: error %v, want none", n, o, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "test.ptx:")):
				t.Errorf("kernel %d, %v: error %v, want one with %q", n, o, err, c.want)
			}
		}
	}
}
