package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// write makes dir hold the images and no others.
func (made images) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, data := range made {
		if name == manifestName {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	there, err := imagesIn(dir)
	if err != nil {
		return err
	}
	for _, name := range there {
		if _, ok := made[name]; !ok {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	// Last: a run that stops before leaves a manifest that does not match, and a test that says so.
	return os.WriteFile(filepath.Join(dir, manifestName), made[manifestName], 0o644)
}

// compare returns a line for every file in dir that is missing, different or too many, sorted by name.
func (made images) compare(dir string) ([]string, error) {
	there, err := imagesIn(dir)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(made)) {
		got, err := os.ReadFile(filepath.Join(dir, name))
		switch want := made[name]; {
		case os.IsNotExist(err):
			lines = append(lines, name+": missing")
		case err != nil:
			return nil, err
		case !bytes.Equal(got, want):
			lines = append(lines, fmt.Sprintf("%s: differs from byte %d on (%d bytes there, %d made)", name, firstDifference(got, want), len(got), len(want)))
		}
	}
	for _, name := range there {
		if _, ok := made[name]; !ok {
			lines = append(lines, name+": no source makes it")
		}
	}
	return lines, nil
}

// imagesIn returns the names of the files in dir that write could have written.
func imagesIn(dir string) ([]string, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		ext := filepath.Ext(f.Name())
		if f.Type()&fs.ModeType == 0 && (ext == ".ptx" || ext == ".cubin" || f.Name() == manifestName) {
			names = append(names, f.Name())
		}
	}
	return names, nil
}

func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
