package stack

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestManual: docs/operations.md lists every metric, alarm, check and finding of the doctor, and no other metric.
func TestManual(t *testing.T) {
	text, err := os.ReadFile("../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	find := func(pattern, glob string) (out []string) {
		t.Helper()
		files, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			source, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(source), -1) {
				out = append(out, m[1])
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	metrics := find(`"(doin_[a-z_]+)"`, "*.go")
	for what, names := range map[string][]string{"metric": metrics, "alarm": append(find(`alarms\.Set\("([a-z_]+)"`, "*.go"), "no_peers", "bootstrap_silent"),
		"check": find(`api\.Check\{Name: "([a-z_]+)"`, "*.go"), "finding": find(`e\.(?:ok|note|wrong)\("([a-z_]+)"`, "doctor/*.go")} {
		if len(names) < 7 {
			t.Errorf("only %d names of a %s are found: %q", len(names), what, names)
		}
		for _, name := range names {
			if !strings.Contains(string(text), "`"+name+"`") {
				t.Errorf("docs/operations.md does not list the %s %q", what, name)
			}
		}
	}
	for _, m := range regexp.MustCompile("`(doin_[a-z_]+)`").FindAllStringSubmatch(string(text), -1) {
		if !slices.Contains(metrics, m[1]) {
			t.Errorf("docs/operations.md lists %q, which is no metric", m[1])
		}
	}
}
