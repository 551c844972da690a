package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// programs are built once for all tests.
var programs sync.Map

// program builds the test's own kernels. Without a compiler the test is skipped.
func program(t testing.TB, o Options) string {
	t.Helper()
	build, _ := programs.LoadOrStore(fmt.Sprint(o), sync.OnceValues(func() (string, error) {
		var err error
		if o.Sources, err = filepath.Glob("testdata/*.cu"); err != nil {
			return "", err
		}
		return Build(t.Context(), "", o)
	}))
	path, err := build.(func() (string, error))()
	if errors.Is(err, ErrNoCompiler) {
		t.Skipf("LEFT OUT: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// flavours are the builds in which right kernels agree.
func flavours() map[string]Options {
	return map[string]Options{
		"O3":    {},
		"O0":    {Optimization: "-O0", Defines: []string{"MARK=1", "DOIN_UCONTEXT"}}, // and with swapcontext
		"check": {Optimization: "-O1", Sanitize: true},
		"races": {Races: true},
	}
}

func TestBuildKeeps(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "one.cu")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	build := func() (string, error) {
		return Build(t.Context(), dir, Options{Sources: []string{source}, Optimization: "-O0"})
	}
	write("struct A { int x; };\nextern \"C\" __global__ void one(A) {}\n")
	first, err := build()
	if errors.Is(err, ErrNoCompiler) {
		t.Skipf("LEFT OUT: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(first)
	if err != nil {
		t.Fatal(err)
	}
	again, err := build()
	if err != nil || again != first {
		t.Fatalf("second build = %s, %v, want %s", again, err, first)
	}
	after, err := os.Stat(again)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the program was built again (%v)", err)
	}
	write("struct A { int x; };\nextern \"C\" __global__ void one(A) { float f = min(1.0f, 2.0f); }\n")
	if _, err := build(); err == nil || !strings.Contains(err.Error(), "one.cu:2") {
		t.Errorf("a minimum of floats: error %v, want one that names one.cu:2", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "building-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

func TestBuildRefuses(t *testing.T) {
	if _, err := Build(t.Context(), t.TempDir(), Options{Compiler: "no-such-compiler"}); !errors.Is(err, ErrNoCompiler) {
		t.Errorf("without a compiler: %v, want ErrNoCompiler", err)
	}
	if _, err := Build(t.Context(), t.TempDir(), Options{Sanitize: true, Races: true}); err == nil {
		t.Error("Sanitize and Races: no error")
	}
}

func TestFindEntries(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		entries, err := findEntries(text)
		if err != nil {
			t.Fatalf("findEntries(%q): %v", text, err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.name+"<"+e.bounds+">")
		}
		if strings.Join(got, " ") != want {
			t.Errorf("findEntries(%q) = %v, want %s", text, got, want)
		}
	}
	f(`extern "C" __global__ void a(Args x) { b(); }`, "a<>")
	f(`extern "C" __global__ void __launch_bounds__(128, 3) a(Args x) {}`, "a<128, 3>")
	f("extern \"C\"\n# 3 \"file\"\n__global__ __launch_bounds__(f(2) * 4)\nvoid a (Args x)\n{", "a<f(2) * 4>")
	f(`extern "C" __global__ void a(Args); extern "C" __global__ void b(Args) {}`, "b<>")
	f(`__global__ void a(Args x) {} extern "C" void b() {}`, "")
	f(`extern "C" __global__ void __attribute__((used)) a(Args) {}`, "a<>")
	for _, bad := range []string{`extern "C" __global__ `, `extern "C" __global__ void a(`, `extern "C" __global__ 3`} {
		if _, err := findEntries(bad); err == nil {
			t.Errorf("findEntries(%q): no error", bad)
		}
	}
}
