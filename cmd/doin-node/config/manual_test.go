package config

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pythonOnly are keys that change nothing in the strict profile without a warning: README.md leaves them to the reference.
var pythonOnly = []string{"network_protocol", "fee_config", "acceptance_tolerance", "quorum_fraction", "require_deterministic_seed",
	"inference_plugin", "synthetic_data_plugin", "synthetic_data_validation", "higher_is_better", "inference_config", "synthetic_data_config", "incentive_config"}

// TestManual: the tables of README.md list every key that has an effect in the strict profile, and no other.
func TestManual(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n### Configuration\n")
	section, _, _ = strings.Cut(section, "\n### ")
	node, domain, ok := strings.Cut(section, "\nEach entry of `domains`:\n")
	if !ok {
		t.Fatal("README.md has no table of a domain's keys")
	}
	f := func(table string, known, objects []string, unused func(name string) bool) {
		t.Helper()
		var listed []string
		for row := range strings.Lines(table) {
			if cell, _, ok := strings.Cut(row, " | "); ok && strings.HasPrefix(row, "| `") {
				for _, m := range regexp.MustCompile("`([a-z0-9_]+)`").FindAllStringSubmatch(cell, -1) {
					listed = append(listed, m[1])
				}
			}
		}
		all := slices.Concat(known, objects)
		for _, name := range listed {
			if !slices.Contains(all, name) {
				t.Errorf("README.md lists %q, which is no key", name)
			}
		}
		for _, name := range all {
			if slices.Contains(listed, name) && slices.Contains(pythonOnly, name) {
				t.Errorf("README.md lists %q, which changes nothing", name)
			}
			if !slices.Contains(listed, name) && !unused(name) && !slices.Contains(pythonOnly, name) && name != "domains" {
				t.Errorf("README.md does not list %q", name)
			}
		}
	}
	f(node, names(nodeKeys), nodeObjects, without(nodeKeys))
	f(domain, names(domainKeys), domainObjects, without(domainKeys))
}

// without reports which keys have no effect.
func without[T any](keys []key[T]) func(string) bool {
	return func(name string) bool {
		i := slices.IndexFunc(keys, func(k key[T]) bool { return k.name == name })
		return i >= 0 && keys[i].unused != ""
	}
}
