package host

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
)

// unit is a .cu file and its entries.
type unit struct {
	name    string
	source  string
	entries []entry
}

// entry is an `extern "C" __global__` function.
type entry struct {
	name   string
	bounds string // what stands in its __launch_bounds__, an expression of the file
}

// text is the unit's C++ file: the kernels in a namespace of their own, and their entries.
func (u unit) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "namespace %s {\n#include %q\n", u.name, u.source)
	for i, e := range u.entries {
		fmt.Fprintf(&b, "static ::doin::Entry entry%d(%q, %s, ::doin::bounds(%s));\n", i, e.name, e.name, e.bounds)
	}
	b.WriteString("}\n")
	return b.String()
}

// scan preprocesses the sources, finds their entries, and hashes everything that the program depends on.
func (c *compilation) scan(ctx context.Context, shimDir string) ([]unit, [sha256.Size]byte, error) {
	var key [sha256.Size]byte
	h := sha256.New()
	fmt.Fprintf(h, "%q %q\n", c.common, c.kernels)
	// The macros tell the compiler's version and what -march=native means here.
	macros, err := c.run(ctx, shimDir, "-march=native", "-dM", "-E", "-x", "c++", "/dev/null")
	if err != nil {
		return nil, key, err
	}
	h.Write(macros)
	err = fs.WalkDir(shim, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(shim, path)
		fmt.Fprintf(h, "%s %d\n", path, len(text))
		h.Write(text)
		return err
	})
	if err != nil {
		return nil, key, fmt.Errorf("host: %w", err)
	}
	var units []unit
	for i, source := range c.sources {
		args := append([]string{"-DDOIN_SCAN", "-E", "-fno-working-directory", "-x", "c++", "-include", "cuda.hpp", "-I", "."}, c.common...)
		text, err := c.run(ctx, shimDir, append(args, source)...)
		if err != nil {
			return nil, key, err
		}
		fmt.Fprintf(h, "%s %d\n", source, len(text))
		h.Write(text)
		entries, err := findEntries(string(text))
		if err != nil {
			return nil, key, fmt.Errorf("host: %s: %w", filepath.Base(source), err)
		}
		units = append(units, unit{fmt.Sprintf("unit%d", i), source, entries})
	}
	h.Sum(key[:0])
	return units, key, nil
}

var (
	directive = regexp.MustCompile(`(?m)^#.*$`)
	opening   = regexp.MustCompile(`extern\s*"C"\s*__global__`)
	token     = regexp.MustCompile(`^\s*([A-Za-z_]\w*)\s*`)
)

// findEntries finds the kernels in a preprocessed file in which __global__ and __launch_bounds__ still stand.
func findEntries(text string) ([]entry, error) {
	text = directive.ReplaceAllString(text, "")
	var entries []entry
	for _, at := range opening.FindAllStringIndex(text, -1) {
		e, err := parseEntry(text[at[1]:])
		if err != nil {
			return nil, err
		}
		if e.name != "" {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// parseEntry reads a declaration behind __global__. A declaration without a body has no name.
func parseEntry(text string) (entry, error) {
	var e entry
	for {
		m := token.FindStringSubmatch(text)
		if m == nil {
			return e, fmt.Errorf("no name behind __global__: %.40q", text)
		}
		text = text[len(m[0]):]
		if !strings.HasPrefix(text, "(") {
			continue // void, inline
		}
		inside, rest, err := balanced(text)
		if err != nil {
			return e, err
		}
		text = rest
		switch m[1] {
		case "__launch_bounds__":
			e.bounds = inside
		case "__attribute__":
		default:
			if strings.HasPrefix(strings.TrimSpace(text), "{") {
				e.name = m[1]
			}
			return e, nil
		}
	}
}

// balanced splits a text that begins with a parenthesis behind the one that closes it.
func balanced(text string) (inside, rest string, err error) {
	depth := 0
	for i, r := range text {
		switch r {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return text[1:i], text[i+1:], nil
			}
		}
	}
	return "", "", fmt.Errorf("parenthesis not closed: %.40q", text)
}
