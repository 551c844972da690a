package api

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestManual: README.md lists every endpoint and no other.
func TestManual(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n### HTTP\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var listed []string
	for row := range strings.Lines(section) {
		cell, _, ok := strings.Cut(strings.TrimPrefix(row, "| "), " | ")
		if !ok || !strings.HasPrefix(row, "| `") {
			continue
		}
		for _, m := range regexp.MustCompile(`(?:GET |POST |\x60)(/[a-z/-]*)`).FindAllStringSubmatch(cell, -1) {
			listed = append(listed, m[1])
		}
	}
	f := newFake(t)
	cfg := DefaultConfig()
	cfg.Port = 1
	a, err := New(cfg, Parts{Node: f, Chain: chainPart{f}, Tasks: f, Inference: f, Stats: statsPart{f}, Peers: f, Flood: f, Genesis: []byte("{}"), Data: shelf{}, Accounts: f, Metrics: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	var served []string
	for _, r := range a.routes {
		served = append(served, r.path)
	}
	slices.Sort(listed)
	slices.Sort(served)
	if !slices.Equal(listed, served) {
		t.Errorf("README.md lists %q, the table has %q", listed, served)
	}
}
