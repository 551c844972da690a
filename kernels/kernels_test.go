package kernels

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"doin.network/node/kernels/module"
)

// compareHashes returns every difference between a folder of sources, with its ptx, and the manifest in there.
func compareHashes(dir fs.FS) []string {
	text, err := fs.ReadFile(dir, "ptx/manifest.json")
	if err != nil {
		return []string{err.Error()}
	}
	m, err := ParseManifest(text)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	digest := func(name string) string {
		b, err := fs.ReadFile(dir, name)
		if err != nil {
			return "missing"
		}
		sum := sha256.Sum256(b)
		return hex.EncodeToString(sum[:])
	}
	list := func(pattern string) []string {
		names, err := fs.Glob(dir, pattern)
		if err != nil {
			say("%v", err)
		}
		return names
	}
	for name, want := range m.Sources {
		if got := digest(name); got != want {
			say("%s is not the source that ptx/ was made from: run make ptx", name)
		}
	}
	for _, name := range list("*.cu*") {
		if ext := path.Ext(name); m.Sources[name] == "" && (ext == ".cu" || ext == ".cuh") {
			say("%s is newer than ptx/: run make ptx", name)
		}
		if stem, ok := cutExt(name, ".cu"); ok {
			for _, suffix := range []string{".ptx", ".sm_89.cubin", ".sm_90.cubin"} {
				if _, ok := m.Outputs[stem+suffix]; !ok {
					say("ptx/%s is not there: run make ptx", stem+suffix)
				}
			}
		}
	}
	for name, o := range m.Outputs {
		b, err := fs.ReadFile(dir, "ptx/"+name)
		switch {
		case o.LeftOut && err == nil:
			say("ptx/%s is there, and left out in the manifest", name)
		case !o.LeftOut && (len(b) != o.Bytes || digest("ptx/"+name) != o.SHA256):
			say("ptx/%s is not what the manifest says: run make ptx", name)
		}
	}
	for _, name := range list("ptx/*") {
		if _, ok := m.Outputs[path.Base(name)]; !ok && path.Base(name) != "manifest.json" {
			say("%s is not in the manifest", name)
		}
	}
	return found
}

// TestHashes: the images are those of the sources.
func TestHashes(t *testing.T) {
	for _, dir := range []string{".", "testdata/tiny"} {
		for _, d := range compareHashes(os.DirFS(dir)) {
			t.Error(d)
		}
	}
}

// TestHashesPlanted changes one thing at a time in a copy of testdata/tiny.
func TestHashesPlanted(t *testing.T) {
	f := func(want string, change func(dir string) error) {
		t.Helper()
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS("testdata/tiny")); err != nil {
			t.Fatal(err)
		}
		if err := change(dir); err != nil {
			t.Fatal(err)
		}
		if found := strings.Join(compareHashes(os.DirFS(dir)), "\n"); !strings.Contains(found, want) {
			t.Errorf("found %q, want %q in it", found, want)
		}
	}
	add := func(name string) func(string) error {
		return func(dir string) error {
			file, err := os.OpenFile(dir+"/"+name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
			if err != nil {
				return err
			}
			_, err = file.WriteString("\n")
			return errors.Join(err, file.Close())
		}
	}
	f("tiny.cu is not the source that ptx/ was made from: run make ptx", add("tiny.cu"))
	f("tiny.cuh is not the source", add("tiny.cuh"))
	f("other.cu is newer than ptx/: run make ptx", add("other.cu"))
	f("other.sm_90.cubin is not there", add("other.cu"))
	f("ptx/tiny.sm_89.cubin is not what the manifest says", add("ptx/tiny.sm_89.cubin"))
	f("ptx/other.ptx is not in the manifest", add("ptx/other.ptx"))
	f("ptx/tiny.ptx is not what the manifest says", func(dir string) error { return os.Remove(dir + "/ptx/tiny.ptx") })
	f("tiny.cuh is not the source", func(dir string) error { return os.Remove(dir + "/tiny.cuh") })
	f("read manifest", func(dir string) error { return os.WriteFile(dir+"/ptx/manifest.json", []byte(`{"tool": 1}`), 0o644) })
}

// compareEntries returns how an image's kernels differ from those that the manifest gives its module.
func compareEntries(m *Manifest, image Image) []string {
	read := module.ReadCubin
	lint := module.LintCubin
	if image.PTX {
		read = func(b []byte) ([]module.Entry, error) { return module.ReadPTX(string(b)) }
		lint = func(b []byte) []string { return module.LintPTX(string(b)) }
	}
	entries, err := read(image.Data)
	if err != nil {
		return []string{err.Error()}
	}
	found := lint(image.Data)
	there := map[string]bool{}
	for _, e := range entries {
		there[e.Name] = true
		want, ok := m.Entries[e.Name]
		if !ok || want.Module != image.Module || want.ParameterBytes != e.ParameterBytes || want.MaxThreads != e.MaxThreads {
			found = append(found, fmt.Sprintf("%s: %+v, the manifest has %+v", image.File, e, want))
		}
	}
	for name, e := range m.Entries {
		if e.Module == image.Module && !there[name] {
			found = append(found, fmt.Sprintf("%s has no %s", image.File, name))
		}
	}
	return found
}

// TestImages reads every image that some device would load.
func TestImages(t *testing.T) {
	seen := map[string]bool{}
	f := func(major, minor int, ptxOnly bool, suffix string) {
		t.Helper()
		images, err := Images(major, minor, ptxOnly)
		if err != nil {
			t.Fatal(err)
		}
		var modules []string
		for _, i := range images {
			modules = append(modules, i.Module)
			leftOut := Built().Outputs[i.Module+suffix].LeftOut
			if want := i.Module + suffix; i.File != want && !leftOut || i.PTX != strings.HasSuffix(i.File, ".ptx") {
				t.Errorf("Images(%d, %d, %v) has %s, want %s", major, minor, ptxOnly, i.File, want)
			}
			if seen[i.File] {
				continue
			}
			seen[i.File] = true
			for _, d := range compareEntries(Built(), i) {
				t.Errorf("%s: %s", i.File, d)
			}
		}
		if !slices.Equal(modules, Modules()) {
			t.Errorf("Images(%d, %d, %v) are of %v, want %v", major, minor, ptxOnly, modules, Modules())
		}
	}
	f(8, 0, false, ".ptx")
	f(8, 6, false, ".ptx")
	f(8, 9, false, ".sm_89.cubin")
	f(8, 9, true, ".ptx")
	f(9, 0, false, ".sm_90.cubin")
	f(12, 0, false, ".ptx")
	for _, major := range []int{-1, 0, 7} {
		if _, err := Images(major, 5, false); !errors.Is(err, ErrCapability) {
			t.Errorf("Images(%d, 5) = %v, want ErrCapability", major, err)
		}
	}
}

// TestEntriesPlanted gives compareEntries manifests that do not match testdata/tiny.
func TestEntriesPlanted(t *testing.T) {
	m, err := ParseManifest([]byte(readFile(t, "testdata/tiny/ptx/manifest.json")))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"tiny.ptx", "tiny.sm_89.cubin", "tiny.sm_90.cubin"} {
		image := Image{Module: "tiny", File: file, PTX: path.Ext(file) == ".ptx", Data: []byte(readFile(t, "testdata/tiny/ptx/"+file))}
		f := func(n int, change func(entries map[string]Entry)) {
			t.Helper()
			changed := *m
			changed.Entries = maps.Clone(m.Entries)
			change(changed.Entries)
			if found := compareEntries(&changed, image); len(found) != n {
				t.Errorf("%s: %d differences, want %d: %q", file, len(found), n, found)
			}
		}
		f(0, func(map[string]Entry) {})
		f(1, func(e map[string]Entry) { delete(e, "tiny_f32") })
		f(1, func(e map[string]Entry) { e["other_f32"] = Entry{Module: "tiny"} })
		f(0, func(e map[string]Entry) { e["other_f32"] = Entry{Module: "other"} })
		f(1, func(e map[string]Entry) { c := e["tiny_f32"]; c.ParameterBytes += 8; e["tiny_f32"] = c })
		f(1, func(e map[string]Entry) { c := e["tiny_f32"]; c.MaxThreads = 256; e["tiny_f32"] = c })
		image.Data = image.Data[:len(image.Data)/2]
		if image.PTX {
			image.Data = bytes.ReplaceAll(image.Data, []byte(".rn"), nil)
		}
		if found := compareEntries(m, image); len(found) == 0 {
			t.Errorf("%s: half of it passes", file)
		}
	}
}

// TestParameters: each kernel takes the one struct that the Go side hands it.
func TestParameters(t *testing.T) {
	structs, err := parseStructs(readFile(t, "abi.cuh"))
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range Entries() {
		b, ok := budgets[name]
		if !ok {
			t.Errorf("%s has no budget in budget_test.go", name)
			continue
		}
		members := structs[b.args]
		if len(members) == 0 {
			t.Errorf("%s takes %s, which abi.cuh does not have", name, b.args)
			continue
		}
		last := members[len(members)-1]
		if want := last.offset + last.size; e.ParameterBytes != want {
			t.Errorf("%s takes %d bytes, %s has %d", name, e.ParameterBytes, b.args, want)
		}
	}
}

// TestSources: what is embedded is what is in the folder.
func TestSources(t *testing.T) {
	for _, name := range Sources() {
		text, err := Source(name)
		if err != nil || string(text) != readFile(t, name) {
			t.Errorf("Source(%q) = %d bytes, %v: not the file", name, len(text), err)
		}
	}
	for _, name := range []string{"", "none.cu", "../go.mod", "ptx/manifest.json"} {
		if _, err := Source(name); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("Source(%q) = %v, want an error", name, err)
		}
		if _, err := PTX(name); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("PTX(%q) = %v, want an error", name, err)
		}
	}
	for _, name := range EntryNames() {
		if !slices.Contains(Modules(), Built().Entries[name].Module) {
			t.Errorf("%s is in no module", name)
		}
	}
}
