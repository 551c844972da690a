package manual

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// documents are the Markdown files of the repository. Results are written by programs, and testdata is what others wrote.
func documents(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains([]string{"testdata", "results", "shared", "bin", "build", "node_modules"}, d.Name()) || len(d.Name()) > 2 && d.Name()[0] == '.'):
			return fs.SkipDir
		case strings.HasSuffix(path, ".md"):
			names = append(names, path)
		}
		return nil
	})
	if err != nil || !slices.Contains(names, filepath.Join(root, "SECURITY.md")) {
		t.Fatalf("documents: %v, %v", names, err)
	}
	return names
}

// TestNames: what the documents name exists.
func TestNames(t *testing.T) {
	targets := targets(t)
	tests := map[string][]string{} // name → folders
	for _, f := range testFiles(t) {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		folder, _ := filepath.Rel(root, filepath.Dir(f))
		for _, m := range declaration.FindAllStringSubmatch(string(text), -1) {
			tests[m[1]] = append(tests[m[1]], filepath.ToSlash(folder))
		}
	}
	for _, name := range documents(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range faults(string(text), tests, targets, func(path string) bool { return exists(filepath.Dir(name), path) }) {
			t.Errorf("%s: %s", strings.TrimPrefix(filepath.ToSlash(name), root+"/"), fault)
		}
	}
}

var (
	declaration = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	target      = regexp.MustCompile(`(?m)^([a-z0-9-]+):`)
	quoted      = regexp.MustCompile("`([^`\n]+)`|\\b(e2e)\\b|\\]\\(([^)#\n]+)")
	testName    = regexp.MustCompile(`^((?:Test|Fuzz|Benchmark)[A-Z]\w*)(?:/\S*)?$`)
	makeCall    = regexp.MustCompile(`^make ([a-z0-9-]+)`)
	plainPath   = regexp.MustCompile(`^(?:bench|chain|cmd|compute|examples|ga|internal|kernels|net|olap)(?:/[\w.-]+)+/?$`)
)

// faults are what a document names that is not there. A test is looked for in the folder that was named last in its line.
func faults(text string, tests map[string][]string, targets map[string]bool, there func(path string) bool) (out []string) {
	for line := range strings.Lines(text) {
		folder := ""
		for _, m := range quoted.FindAllStringSubmatch(line, -1) {
			word := m[1]
			switch {
			case m[2] != "":
				folder = "cmd/doin-node/e2e"
			case m[3] != "":
				if !strings.Contains(m[3], "://") && !there(m[3]) {
					out = append(out, "no file "+m[3])
				}
			case plainPath.MatchString(word) && !strings.Contains(word, "NAME"):
				folder = word
				if !there(word) {
					out = append(out, "no file "+word)
				}
			case testName.MatchString(word):
				name := testName.FindStringSubmatch(word)[1]
				if in := tests[name]; len(in) == 0 || folder != "" && !slices.Contains(in, folder) {
					out = append(out, "no "+name+" in "+folder)
				}
			case makeCall.MatchString(word):
				if name := makeCall.FindStringSubmatch(word)[1]; !targets[name] {
					out = append(out, "no target "+name)
				}
			}
		}
	}
	return out
}

// TestFaults checks each kind of fault in memory.
func TestFaults(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		got := faults(text, map[string][]string{"TestA": {"net/a"}, "TestE": {"cmd/doin-node/e2e"}}, map[string]bool{"run": true},
			func(path string) bool { return path == "net/a" || path == "A.md" })
		if !slices.Equal(got, want) {
			t.Errorf("faults(%q) = %q, want %q", text, got, want)
		}
	}
	f("`net/a` `TestA`, e2e `TestE/part`, `make run N=3`, [a](A.md), [b](https://b/B.md), `x.y/z`")
	f("`TestA`\n`TestB`", "no TestB in ")
	f("e2e `TestA`", "no TestA in cmd/doin-node/e2e")
	f("`net/b` `make walk` [b](B.md)", "no file net/b", "no target walk", "no file B.md")
}

func targets(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, m := range target.FindAllStringSubmatch(string(text), -1) {
		out[m[1]] = true
	}
	return out
}

func testFiles(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, "_test.go") {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%d test files, %v", len(files), err)
	}
	return files
}

// exists reports whether a path is there, seen from the root or from the document's folder.
func exists(folder, path string) bool {
	for _, from := range []string{root, folder} {
		if _, err := os.Stat(filepath.Join(from, path)); !errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	return false
}
