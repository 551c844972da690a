package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"doin.network/node/kernels"
	"doin.network/node/kernels/module"
)

// archs have a cubin of their own. Every other device compiles the PTX.
var archs = []string{"sm_89", "sm_90"}

// portable is what the PTX is for; it is assembled once to see what it takes.
const portable = "sm_80"

// limit is the most bytes a cubin may have that is committed.
const limit = 600 << 10

const manifestName = "manifest.json"

// images are files by name: what belongs into kernels/ptx, manifest included.
type images map[string][]byte

// errOffence is returned by generate where a module breaks the contract.
var errOffence = errors.New("the compiler's output breaks the rules of the kernels")

// job is one run of the compiler.
type job struct {
	module string
	arch   string // of a cubin; "" is the PTX
	data   []byte
	log    string // what the assembler said of it; of sm_80 for the PTX
}

func (j *job) file() string {
	if j.arch == "" {
		return j.module + ".ptx"
	}
	return j.module + "." + j.arch + ".cubin"
}

// generate compiles every .cu in dir.
func generate(ctx context.Context, c *compiler, dir string) (images, error) {
	sources, err := readSources(dir)
	if err != nil {
		return nil, err
	}
	var jobs []*job
	for name := range sources {
		if m, ok := strings.CutSuffix(name, ".cu"); ok {
			jobs = append(jobs, &job{module: m})
			for _, arch := range archs {
				jobs = append(jobs, &job{module: m, arch: arch})
			}
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, j := range jobs {
		g.Go(func() error { return j.compile(ctx, c, dir) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	after, err := readSources(dir)
	if err != nil {
		return nil, err
	}
	if !maps.EqualFunc(sources, after, bytes.Equal) {
		return nil, fmt.Errorf("the sources in %s changed while they were compiled", dir)
	}
	return collect(c.version, sources, jobs)
}

// compile runs the compiler in the folder of the sources, so that no name it sees holds the folder's.
func (j *job) compile(ctx context.Context, c *compiler, dir string) error {
	work, err := os.MkdirTemp("", "ptxgen")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	out := filepath.Join(work, j.file())
	source := j.module + ".cu"
	if j.arch == "" {
		if _, err := c.run(ctx, dir, append(arguments(flags.PTX, ""), "-o", out, source)...); err != nil {
			return err
		}
		args := append(arguments(flags.Cubin, portable), "-Xptxas", "-v", "-o", filepath.Join(work, "assembled"), j.file())
		j.log, err = c.run(ctx, work, args...)
	} else {
		j.log, err = c.run(ctx, dir, append(arguments(flags.Cubin, j.arch), "-Xptxas", "-v", "-o", out, source)...)
	}
	if err != nil {
		return err
	}
	j.data, err = os.ReadFile(out)
	return err
}

// collect checks what was made and writes the manifest.
func collect(version string, sources map[string][]byte, jobs []*job) (images, error) {
	m := kernels.Manifest{
		Toolkit: version, Flags: flags,
		Sources: map[string]string{}, Outputs: map[string]kernels.Output{}, Entries: map[string]kernels.Entry{},
	}
	for name, text := range sources {
		m.Sources[name] = digest(text)
	}
	made := images{}
	var offences []error
	for _, j := range jobs {
		o := kernels.Output{SHA256: digest(j.data), Bytes: len(j.data)}
		if o.LeftOut = j.arch != "" && len(j.data) > limit; !o.LeftOut {
			made[j.file()] = j.data
		}
		m.Outputs[j.file()] = o
		found, err := j.enter(m.Entries)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", j.file(), err)
		}
		for _, f := range found {
			offences = append(offences, fmt.Errorf("%s: %s", j.file(), f))
		}
	}
	if len(offences) > 0 {
		return nil, fmt.Errorf("%w:\n%w", errOffence, errors.Join(offences...))
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	made[manifestName] = append(text, '\n')
	return made, nil
}

// enter adds a module's kernels to those of the manifest, and returns what the lint finds.
func (j *job) enter(entries map[string]kernels.Entry) ([]string, error) {
	arch, read, lint := portable, module.ReadPTX, module.LintPTX
	if j.arch != "" {
		arch = j.arch
		read = func(s string) ([]module.Entry, error) { return module.ReadCubin([]byte(s)) }
		lint = func(s string) []string { return module.LintCubin([]byte(s)) }
	}
	found, err := read(string(j.data))
	if err != nil {
		return nil, err
	}
	usage, err := parseUsage(j.log)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		r, ok := usage[f.Name]
		if !ok {
			return nil, fmt.Errorf("the assembler says nothing of %s", f.Name)
		}
		e, ok := entries[f.Name]
		if !ok {
			e = kernels.Entry{Module: j.module, ParameterBytes: f.ParameterBytes, MaxThreads: f.MaxThreads, Resources: map[string]kernels.Resources{}}
		}
		if e.Module != j.module || e.ParameterBytes != f.ParameterBytes || e.MaxThreads != f.MaxThreads {
			return nil, fmt.Errorf("%s is another kernel than in module %s", f.Name, e.Module)
		}
		e.Resources[arch] = r
		entries[f.Name] = e
	}
	return lint(string(j.data)), nil
}

// readSources reads every .cu and .cuh of a folder.
func readSources(dir string) (map[string][]byte, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	sources := map[string][]byte{}
	for _, f := range files {
		if ext := filepath.Ext(f.Name()); f.IsDir() || ext != ".cu" && ext != ".cuh" {
			continue
		}
		if sources[f.Name()], err = os.ReadFile(filepath.Join(dir, f.Name())); err != nil {
			return nil, err
		}
	}
	return sources, nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
