package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"doin.network/node/kernels"
)

// pinned is the toolkit whose output is committed, 11.8 in Debian 12 (make cuda-toolkit). 12.x compiles the sources too,
// to other bytes.
const pinned = "11.8"

// errToolkit is returned by findCompiler for a compiler of another version.
var errToolkit = errors.New("wrong toolkit")

// floats keeps every float operation as it is written.
var floats = []string{"-fmad=false", "-ftz=false", "-prec-div=true", "-prec-sqrt=true", "-std=c++17"}

// {arch} in flags stands for the architecture. No -lineinfo: it writes paths.
var flags = kernels.Flags{
	PTX:   slices.Concat([]string{"-ptx", "-arch=compute_80"}, floats),
	Cubin: slices.Concat([]string{"-cubin", "-arch={arch}"}, floats),
}

// compiler is an nvcc.
type compiler struct {
	path, version string
}

var release = regexp.MustCompile(`release (\d+\.\d+), V(\d+\.\d+\.\d+)`)

// defaultCompiler is the nvcc of CUDA_HOME, else of the folder that make cuda-toolkit unpacks, else that on PATH.
func defaultCompiler() string {
	var folders []string
	if home := os.Getenv("CUDA_HOME"); home != "" {
		folders = append(folders, home)
	}
	if cache, err := os.UserCacheDir(); err == nil {
		folders = append(folders, filepath.Join(cache, "doin", "cuda-"+pinned))
	}
	for _, folder := range folders {
		if path, err := exec.LookPath(filepath.Join(folder, "bin", "nvcc")); err == nil {
			return path
		}
	}
	return "nvcc"
}

// findCompiler looks for an nvcc and asks for its version. One that is not the pinned one wraps errToolkit, unless any
// is set.
func findCompiler(ctx context.Context, name string, any bool) (*compiler, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("no CUDA compiler (make cuda-toolkit unpacks it): %w", err)
	}
	c := &compiler{path: path}
	out, err := c.run(ctx, ".", "--version")
	if err != nil {
		return nil, err
	}
	m := release.FindStringSubmatch(out)
	if m == nil {
		return nil, fmt.Errorf("%s --version says %q: not a version that is known", path, strings.TrimSpace(out))
	}
	if m[1] != pinned && !any {
		return nil, fmt.Errorf("%w: %s is CUDA %s, and the committed images are made by %s (make cuda-toolkit; --any-toolkit --out DIR for experiments)",
			errToolkit, path, m[1], pinned)
	}
	c.version = m[2]
	return c, nil
}

// run calls the compiler in a folder and returns what it printed.
func (c *compiler) run(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.path, args...)
	cmd.Dir = dir
	cmd.Env = environment(os.Environ())
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", c.path, strings.Join(args, " "), err, out.String())
	}
	return out.String(), nil
}

// environment leaves out what changes the compilers' output: flags and folders of headers.
func environment(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return strings.HasPrefix(name, "NVCC_") || strings.HasPrefix(name, "LC_") || name == "LANG" || name == "LANGUAGE" ||
			slices.Contains([]string{"CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "INCLUDES", "SOURCE_DATE_EPOCH"}, name)
	})
}

// arguments are the flags with the architecture put in.
func arguments(flags []string, arch string) []string {
	out := slices.Clone(flags)
	for i := range out {
		out[i] = strings.ReplaceAll(out[i], "{arch}", arch)
	}
	return out
}
