package host

import (
	"bytes"
	"context"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// ErrNoCompiler is returned by Build where there is no C++ compiler.
var ErrNoCompiler = errors.New("host: no C++ compiler")

// shim is the runtime that the kernels are compiled with.
//
//go:embed shim
var shim embed.FS

// Options say how kernels are compiled. The zero value compiles the project's kernels for speed.
type Options struct {
	// Sources are the .cu files. Default: all of the project's, where this package was compiled.
	Sources []string
	// Optimization of the kernels, "-O0" to "-O3". Default "-O3".
	Optimization string
	// Sanitize builds with the address and undefined-behaviour sanitizers, whose reports end the program.
	Sanitize bool
	// Races makes two accesses to the same 4 bytes of memory a fault when one of them writes and no rendezvous lies
	// between them. It can not be combined with Sanitize.
	Races bool
	// Defines are macros for the kernels, NAME or NAME=VALUE.
	Defines []string
	// Compiler is g++ or what takes its options. Default "g++".
	Compiler string
}

// compilation is what Options come to on this machine.
type compilation struct {
	compiler string
	common   []string // flags of everything
	kernels  []string // flags of the kernels alone
	sources  []string
}

// Build compiles the kernels and returns the path of the program, in a folder below dir; "" means the user's cache. What was
// built before from the same sources with the same compiler is not built again, and what was not used for a week is
// removed. Returns ErrNoCompiler, wrapped, when there is no compiler, and else what the compiler said.
func Build(ctx context.Context, dir string, o Options) (program string, err error) {
	c, err := resolve(o)
	if err != nil {
		return "", err
	}
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("host: %w", err)
		}
		dir = filepath.Join(cache, "doin", "kernels-host")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("host: %w", err)
	}
	work, err := os.MkdirTemp(dir, "building-*")
	if err != nil {
		return "", fmt.Errorf("host: %w", err)
	}
	defer os.RemoveAll(work)
	if err := os.CopyFS(work, shim); err != nil {
		return "", fmt.Errorf("host: unpack the runtime: %w", err)
	}
	units, key, err := c.scan(ctx, filepath.Join(work, "shim"))
	if err != nil {
		return "", err
	}
	program = filepath.Join(dir, hex.EncodeToString(key[:16]))
	if touch(program) {
		return program, nil
	}
	prune(dir)
	built, err := c.compile(ctx, work, units)
	if err != nil {
		return "", err
	}
	if err := os.Rename(built, program); err != nil {
		return "", fmt.Errorf("host: %w", err)
	}
	return program, nil
}

// Sources returns the project's kernels, where this package was compiled.
func Sources() ([]string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return nil, errors.New("host: the folder of the kernels is not known")
	}
	dir := filepath.Dir(filepath.Dir(file))
	sources, err := filepath.Glob(filepath.Join(dir, "*.cu"))
	if err == nil && len(sources) == 0 {
		err = fmt.Errorf("no kernels in %s: %w", dir, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	return sources, nil
}

func resolve(o Options) (*compilation, error) {
	if o.Sanitize && o.Races {
		return nil, errors.New("host: Sanitize and Races exclude each other")
	}
	name := o.Compiler
	if name == "" {
		name = "g++"
	}
	compiler, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCompiler, err)
	}
	c := &compilation{compiler: compiler}
	sources := o.Sources
	if len(sources) == 0 {
		if sources, err = Sources(); err != nil {
			return nil, err
		}
	}
	for _, s := range sources {
		if s, err = filepath.Abs(s); err != nil {
			return nil, fmt.Errorf("host: %w", err)
		}
		c.sources = append(c.sources, s)
	}
	c.common = []string{"-std=c++17", "-march=native", "-ffp-contract=off", "-fno-strict-aliasing", "-g1", "-w"}
	optimization := o.Optimization
	if optimization == "" {
		optimization = "-O3"
	}
	c.kernels = []string{optimization}
	if o.Sanitize {
		c.common = append(c.common, "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
	}
	if o.Races {
		c.common = append(c.common, "-DDOIN_RACES")
		c.kernels = append(c.kernels, "-fsanitize=thread", "--param", "tsan-instrument-func-entry-exit=0")
	}
	if optimization == "-O3" && !o.Sanitize {
		c.common = append(c.common, "-DDOIN_STACK=65536")
	} else {
		// What a kernel does not set holds a pattern, not by chance what it needs.
		c.kernels = append(c.kernels, "-ftrivial-auto-var-init=pattern")
	}
	for _, d := range o.Defines {
		c.common = append(c.common, "-D"+d)
	}
	return c, nil
}

// run calls the compiler and returns its standard output.
func (c *compilation) run(ctx context.Context, dir string, args ...string) ([]byte, error) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, c.compiler, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, fmt.Errorf("host: %s %s: %w\n%s", c.compiler, strings.Join(args, " "), err, errs.Bytes())
	}
	return out.Bytes(), nil
}

// compile builds the program in work and returns its path.
func (c *compilation) compile(ctx context.Context, work string, units []unit) (string, error) {
	runtimes, err := fs.Glob(shim, "shim/*.cpp")
	if err != nil {
		return "", fmt.Errorf("host: %w", err)
	}
	var jobs [][]string
	object := func(flags ...string) []string { return append(append(flags, c.common...), "-I", "shim", "-c") }
	link := append([]string{"-o", "program"}, c.common...)
	for _, u := range units {
		name := u.name + ".cpp"
		if err := os.WriteFile(filepath.Join(work, name), []byte(u.text()), 0o644); err != nil {
			return "", fmt.Errorf("host: %w", err)
		}
		jobs = append(jobs, append(object(c.kernels...), "-include", "shim/cuda.hpp", name, "-o", u.name+".o"))
		link = append(link, u.name+".o")
	}
	for _, r := range runtimes {
		name := strings.TrimSuffix(filepath.Base(r), ".cpp") + ".o"
		jobs = append(jobs, append(object("-O2"), r, "-o", name))
		link = append(link, name)
	}
	errs := make([]error, len(jobs))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i, job := range jobs {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			_, errs[i] = c.run(ctx, work, job...)
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return "", err
		}
	}
	if _, err := c.run(ctx, work, link...); err != nil {
		return "", err
	}
	return filepath.Join(work, "program"), nil
}
