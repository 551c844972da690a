package manual

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shipped returns the files of the repository that .ci/dist puts into archives.
func shipped(t *testing.T) (files []string) {
	t.Helper()
	script, err := os.ReadFile("../../.ci/dist")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`(?s)\nmanual=\((.*?)\n\)`).FindSubmatch(script)
	if list == nil {
		t.Fatal(".ci/dist has no list of the manual")
	}
	for _, pattern := range strings.Fields(string(list[1])) {
		found, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil || len(found) == 0 {
			t.Errorf(".ci/dist ships %s, %v: there is none", pattern, err)
		}
		for _, root := range found {
			err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
				files = append(files, path)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return files
}

// TestShipped: what a shipped page links to is shipped too.
func TestShipped(t *testing.T) {
	files := shipped(t)
	link := regexp.MustCompile(`\]\(([^)#\s]+)`)
	links := 0
	for _, page := range files {
		if filepath.Ext(page) != ".md" {
			continue
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllSubmatch(text, -1) {
			to := string(m[1])
			if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
				continue
			}
			links++
			if !slices.Contains(files, filepath.Join(filepath.Dir(page), to)) {
				t.Errorf("%s links to %s, which .ci/dist does not ship", page, to)
			}
		}
	}
	if links < 50 {
		t.Errorf("%d links, want more: are these the pages?", links)
	}
}
