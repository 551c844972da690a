package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doin.network/node/kernels"
)

const tiny = "../../kernels/testdata/tiny"

// needToolkit skips a test where the pinned compiler is not installed.
func needToolkit(t *testing.T) *compiler {
	t.Helper()
	c, err := findCompiler(t.Context(), defaultCompiler(), false)
	if err != nil {
		t.Skip(err)
	}
	return c
}

// copyTiny copies the sources and images for tests into a new folder.
func copyTiny(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(tiny)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func call(ctx context.Context, args ...string) (string, error) {
	var out bytes.Buffer
	c := command(&out)
	c.SetArgs(args)
	c.SetErr(io.Discard)
	err := c.ExecuteContext(ctx)
	return out.String(), err
}

func put(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// TestDeterministic compiles the same sources twice, in two folders, with settings in the environment.
func TestDeterministic(t *testing.T) {
	needToolkit(t)
	t.Setenv("NVCC_APPEND_FLAGS", "-lineinfo -use_fast_math")
	t.Setenv("CPATH", t.TempDir())
	for _, dir := range []string{copyTiny(t), filepath.Join(copyTiny(t), ".")} {
		if err := os.RemoveAll(dir + "/ptx"); err != nil {
			t.Fatal(err)
		}
		if _, err := call(t.Context(), "--kernels", dir); err != nil {
			t.Fatal(err)
		}
		made, err := imagesIn(dir + "/ptx")
		if err != nil {
			t.Fatal(err)
		}
		committed, err := imagesIn(tiny + "/ptx")
		if err != nil || !slices.Equal(made, committed) {
			t.Fatalf("%v are made, %v are committed (%v)", made, committed, err)
		}
		for _, name := range made {
			a, errA := os.ReadFile(filepath.Join(dir, "ptx", name))
			b, errB := os.ReadFile(filepath.Join(tiny, "ptx", name))
			if errA != nil || errB != nil || !bytes.Equal(a, b) {
				t.Errorf("%s: other bytes than before: %v, %v", name, errA, errB)
			}
		}
	}
}

// TestVerify changes what is committed, one thing at a time.
func TestVerify(t *testing.T) {
	c := needToolkit(t)
	made, err := generate(t.Context(), c, tiny)
	if err != nil {
		t.Fatal(err)
	}
	f := func(change func(dir string), want ...string) {
		t.Helper()
		dir := copyTiny(t)
		change(dir)
		if got, err := made.compare(dir + "/ptx"); err != nil || !slices.Equal(got, want) {
			t.Errorf("compare = %q, %v; want %q", got, err, want)
		}
		if err := made.write(dir + "/ptx"); err != nil {
			t.Fatal(err)
		}
		if got, err := made.compare(dir + "/ptx"); err != nil || got != nil {
			t.Errorf("after write: %q, %v", got, err)
		}
	}
	f(func(string) {})
	f(func(dir string) { put(t, dir+"/ptx/old.ptx", "", 0o644) }, "old.ptx: no source makes it")
	f(func(dir string) { os.Remove(dir + "/ptx/tiny.ptx") }, "tiny.ptx: missing")
	f(func(dir string) { put(t, dir+"/ptx/tiny.sm_89.cubin", "\x7fELx", 0o644) },
		"tiny.sm_89.cubin: differs from byte 3 on (4 bytes there, 7968 made)")

	dir := copyTiny(t)
	if out, err := call(t.Context(), "--verify", "--kernels", dir); err != nil || !strings.Contains(out, "4 files") {
		t.Errorf("--verify = %q, %v", out, err)
	}
	put(t, dir+"/tiny.cuh", strings.Replace(string(must(os.ReadFile(dir+"/tiny.cuh"))), "0x1.8p+0f", "0x1.9p+0f", 1), 0o644)
	out, err := call(t.Context(), "--verify", "--kernels", dir)
	if !errors.Is(err, errDiffers) || strings.Count(out, "\n") != 4 {
		t.Errorf("--verify of a changed source = %q, %v; want all four files", out, err)
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// TestRefuses gives the compiler sources that it must not make images of.
func TestRefuses(t *testing.T) {
	c := needToolkit(t)
	f := func(source, want string) {
		t.Helper()
		dir := t.TempDir()
		put(t, dir+"/bad.cu", source, 0o644)
		_, err := generate(t.Context(), c, dir)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v, want %q", source, err, want)
		}
	}
	kernel := func(body string) string {
		return `extern "C" __global__ void bad_f32(float *x, float y) { ` + body + " }"
	}
	f(kernel("x[0] = __expf(y);"), "bad.ptx: .approx")
	f(kernel("x[0] = __powf(y, 3.0f);"), "operation that does not round once")
	f(kernel("x[0] = (double)y * 3.1;"), "float type but f32")
	f(kernel("atomicAdd(x, y);"), "float atomic")
	f(`#include <cstdio>`+"\n"+kernel(`printf("%f", y);`), "vprintf")
	f(`#include <cassert>`+"\n"+kernel(`assert(y > 0);`), "__assertfail")
	f("namespace { __device__ float z[4] = {1}; }\n"+kernel("z[threadIdx.x] = y; x[0] = z[1];"), "internal linkage")
	f(kernel("x[0] = clock();"), "clock or place")
	f(kernel("does not compile"), "bad.cu(1): error")
}

// TestToolkit runs compilers that only say a version.
func TestToolkit(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	f := func(says string, any bool, want error, version string) {
		t.Helper()
		name := filepath.Join(dir, "nvcc")
		put(t, name, "#!/bin/sh\necho '"+says+"'\n", 0o755)
		c, err := findCompiler(t.Context(), name, any)
		if !errors.Is(err, want) || err == nil && c.version != version {
			t.Errorf("%q: %v, %v; want %q, %v", says, c, err, version, want)
		}
	}
	f("Cuda compilation tools, release 11.8, V11.8.89", false, nil, "11.8.89")
	f("Cuda compilation tools, release 12.4, V12.4.131", false, errToolkit, "")
	f("Cuda compilation tools, release 12.4, V12.4.131", true, nil, "12.4.131")
	f("Cuda compilation tools, release 11.5, V11.5.119", false, errToolkit, "")
	put(t, filepath.Join(dir, "other"), "#!/bin/sh\necho hello\n", 0o755)
	if _, err := findCompiler(t.Context(), filepath.Join(dir, "other"), true); err == nil || !strings.Contains(err.Error(), "hello") {
		t.Errorf("no compiler: %v", err)
	}
	if _, err := findCompiler(t.Context(), filepath.Join(dir, "none"), false); err == nil || !strings.Contains(err.Error(), "make cuda-toolkit") {
		t.Errorf("missing compiler: %v", err)
	}
	// Whatever the toolkit, --any-toolkit writes no committed file.
	for _, args := range [][]string{
		{"--any-toolkit"}, {"--any-toolkit", "--verify"}, {"--any-toolkit", "--out", tiny + "/ptx"}, {"--any-toolkit", "--out", tiny + "/../tiny/ptx/."},
		{"--any-toolkit", "--out", dir, "--verify"},
	} {
		if _, err := call(t.Context(), append(args, "--kernels", tiny)...); err == nil || !strings.Contains(err.Error(), "--any-toolkit wants --out") {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// TestDefaultCompiler: CUDA_HOME comes before the unpacked folder, and that before PATH.
func TestDefaultCompiler(t *testing.T) {
	home, cache := t.TempDir(), t.TempDir()
	t.Setenv("CUDA_HOME", home)
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	f := func(want string) {
		t.Helper()
		if got := defaultCompiler(); got != want {
			t.Errorf("defaultCompiler() = %q, want %q", got, want)
		}
	}
	f("nvcc")
	folder, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{filepath.Join(folder, "doin", "cuda-11.8"), home} {
		if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
		nvcc := filepath.Join(dir, "bin", "nvcc")
		put(t, nvcc, "#!/bin/sh\n", 0o755)
		f(nvcc)
	}
}

func TestUsage(t *testing.T) {
	log := `ptxas info    : 16 bytes gmem, 16 bytes cmem[3]
ptxas info    : Compiling entry function 'a_f32' for 'sm_89'
ptxas info    : Function properties for a_f32
    24 bytes stack frame, 8 bytes spill stores, 4 bytes spill loads
ptxas info    : Used 16 registers, 4 bytes smem, 376 bytes cmem[0]
ptxas info    : Function properties for helper
    96 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Compiling entry function 'b_f32' for 'sm_89'
ptxas info    : Function properties for b_f32
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 255 registers, used 1 barriers, 376 bytes cmem[0]
ptxas info    : Compile time = 4.1 ms
`
	got, err := parseUsage(log)
	want := map[string]kernels.Resources{"a_f32": {Registers: 16, SpillStores: 8, SpillLoads: 4, Stack: 24, StaticShared: 4}, "b_f32": {Registers: 255}}
	if err != nil || len(got) != 2 || got["a_f32"] != want["a_f32"] || got["b_f32"] != want["b_f32"] {
		t.Errorf("parseUsage = %v, %v; want %v", got, err, want)
	}
	if _, err := parseUsage("ptxas info    : Compiling entry function 'a' for 'sm_89'\n"); err == nil {
		t.Error("no registers: no error")
	}
}

// TestLeftOut: a cubin above the limit is in the manifest and nowhere else.
func TestLeftOut(t *testing.T) {
	cubin := must(os.ReadFile(tiny + "/ptx/tiny.sm_89.cubin"))
	log := "Compiling entry function 'tiny_f32'\nUsed 8 registers\nCompiling entry function 'tiny_copy'\nUsed 8 registers\n"
	large := &job{module: "tiny", arch: "sm_89", data: append(bytes.Clone(cubin), make([]byte, limit)...), log: log}
	made, err := collect("11.8.89", nil, []*job{large})
	if err != nil {
		t.Fatal(err)
	}
	m, err := kernels.ParseManifest(made[manifestName])
	if err != nil {
		t.Fatal(err)
	}
	if o := m.Outputs["tiny.sm_89.cubin"]; len(made) != 1 || !o.LeftOut || o.Bytes != len(large.data) {
		t.Errorf("%d files, output %+v; want it left out", len(made), o)
	}
}
