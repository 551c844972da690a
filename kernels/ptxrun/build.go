package ptxrun

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"doin.network/node/kernels"
	"doin.network/node/kernels/host"
)

// header is what translations include.
//
//go:embed ptxrun.hpp
var header []byte

// Options say how a translation is compiled.
type Options struct {
	// Races makes unordered accesses to one word a fault, and checks every global access against what was allocated; see
	// kernels/host. It is some ten times slower. Of the calls of a warp only bar.warp.sync orders its memory, as the ISA has
	// it; a shuffle or a vote orders nothing.
	Races bool
	// Optimization of the translation. Default "-Og": compiling takes longer than all runs together.
	Optimization string
}

// Committed reads the images of modules in kernels/ptx; all of them where none is named.
func Committed(modules ...string) ([]*Module, error) {
	if len(modules) == 0 {
		modules = kernels.Modules()
	}
	var out []*Module
	for _, name := range modules {
		text, err := kernels.PTX(name)
		if err != nil {
			return nil, err
		}
		m, err := Parse(name+".ptx", string(text))
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// Build translates and compiles modules, and returns the path of the program, which host.Start runs. Programs are kept below
// dir by what they are made of; "" means the user's cache. Returns host.ErrNoCompiler, wrapped, where there is no compiler.
func Build(ctx context.Context, dir string, modules []*Module, o Options) (program string, err error) {
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("ptxrun: %w", err)
		}
		dir = filepath.Join(cache, "doin", "kernels-ptxrun")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("ptxrun: %w", err)
	}
	prune(dir)
	h := host.Options{Races: o.Races, Optimization: o.Optimization}
	if h.Optimization == "" {
		h.Optimization = "-Og"
	}
	if o.Races {
		h.Defines = []string{"DOIN_SHUFFLES_ORDER_NOTHING"}
	}
	for _, m := range modules {
		text, err := Translate(m)
		if err != nil {
			return "", err
		}
		source, err := keep(dir, m.Name, text)
		if err != nil {
			return "", fmt.Errorf("ptxrun: %w", err)
		}
		h.Sources = append(h.Sources, source)
	}
	unlock, err := lock(filepath.Join(dir, "lock"))
	if err != nil {
		return "", fmt.Errorf("ptxrun: %w", err)
	}
	defer unlock()
	return host.Build(ctx, dir, h)
}

// keep writes a translation and its header into a folder named after both: the compiler's cache knows a source by its path.
func keep(dir, name, text string) (path string, err error) {
	sum := sha256.New()
	sum.Write(header)
	sum.Write([]byte(text))
	folder := filepath.Join(dir, "source-"+hex.EncodeToString(sum.Sum(nil)[:16]))
	path = filepath.Join(folder, name+".cu")
	now := time.Now()
	if os.Chtimes(folder, now, now) == nil {
		return path, nil
	}
	work, err := os.MkdirTemp(dir, "writing-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	for file, b := range map[string][]byte{"ptxrun.hpp": header, name + ".cu": []byte(text)} {
		if err := os.WriteFile(filepath.Join(work, file), b, 0o644); err != nil {
			return "", err
		}
	}
	if err := os.Chmod(work, 0o755); err != nil {
		return "", err
	}
	if err := os.Rename(work, folder); err != nil {
		if _, there := os.Stat(path); there != nil {
			return "", err
		}
	}
	return path, nil
}

// ours are the names that keep gives.
var ours = regexp.MustCompile(`^(source-[0-9a-f]{32}|writing-[0-9]+)$`)

// prune removes translations that nobody asked for in a week.
func prune(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && ours.MatchString(e.Name()) && time.Since(info.ModTime()) > 7*24*time.Hour {
			_ = os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
}
