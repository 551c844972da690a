package layers

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// pictureMark stands before the picture of the layers in ARCHITECTURE.md.
const pictureMark = "<!-- layers -->"

// between is, beside layers, what the picture draws no way to.
var between = []layer{
	{"internal/...", []string{"kernels/..."}},
	{"chain/...", []string{"kernels/..."}},
	{"net/...", []string{"kernels/..."}},
	{"ga/...", []string{"kernels/..."}},
	{"olap/...", []string{"kernels/..."}},
	{"compute/vec", []string{"kernels/..."}},
	{"compute/rng", []string{"compute/worker/...", "compute/device/...", "kernels/..."}},
	{"compute/genome", []string{"kernels/..."}},
	{"compute/nn/...", []string{"kernels/..."}},
	{"compute/graph", []string{"kernels/..."}},
	{"compute/gpuinfo", []string{"compute/worker/...", "compute/domain/..."}},
	{"bench/...", []string{"cmd/doin-node/...", "cmd/doin-pynode/...", "cmd/doin-bench/...", "cmd/ptxgen"}},
	{"bench/engine", []string{"bench/gpu", "bench/islands", "bench/load"}},
	{"bench/gpu", []string{"bench/engine", "bench/islands", "bench/load"}},
	{"cmd/doin-node/...", []string{"cmd/doin-worker/...", "cmd/doin-bench/...", "cmd/ptxgen"}},
	// Keys as data: of the search it knows the names and bounds of its settings, and how champions migrate.
	{"cmd/doin-node/config", []string{"ga", "ga/op", "cmd/doin-node/search", "cmd/doin-node/stack"}},
	{"cmd/doin-pynode/...", []string{"cmd/doin-worker/...", "cmd/doin-bench/...", "cmd/ptxgen"}},
	{"cmd/doin-node/...", []string{"cmd/doin-pynode/..."}},
	{"cmd/doin-worker/...", []string{"cmd/doin-bench/...", "cmd/doin-pynode/...", "cmd/ptxgen"}},
	{"cmd/doin-bench/...", []string{"olap/...", "cmd/doin-node/...", "cmd/doin-pynode/...", "cmd/ptxgen"}},
	{"cmd/ptxgen", []string{"cmd/..."}},
	// Nothing needs what is for other languages.
	{"internal/...", []string{"sdk/..."}}, {"chain/...", []string{"sdk/..."}}, {"compute/...", []string{"sdk/..."}},
	{"ga/...", []string{"sdk/..."}}, {"net/...", []string{"sdk/..."}}, {"olap/...", []string{"sdk/..."}},
	{"bench/...", []string{"sdk/..."}}, {"kernels/...", []string{"sdk/..."}}, {"cmd/...", []string{"sdk/..."}},
}

// rules returns everything that is forbidden.
func rules() []layer { return slices.Concat(layers, between) }

// A picture is what ARCHITECTURE.md draws: groups of packages, a group being a package with all below it that are in no
// other group, and which group imports which.
type picture struct {
	groups []string
	edges  map[string][]string
}

// TestPicture: ARCHITECTURE.md draws every import between its groups and no other, and where it draws no way from one group
// to another a rule forbids it.
func TestPicture(t *testing.T) {
	text, err := os.ReadFile("../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	p, err := parsePicture(string(text))
	if err != nil {
		t.Fatal(err)
	}
	all := graph{}
	for _, f := range flavours {
		for pkg, imports := range list(t, "../..", f.tags, f.cgo) {
			all[pkg] = append(all[pkg], imports...)
		}
	}
	for _, fault := range p.faults(all) {
		t.Error(fault)
	}
}

// TestPictureFaults checks each kind of fault in memory.
func TestPictureFaults(t *testing.T) {
	f := func(text string, g graph, want ...string) {
		t.Helper()
		p, err := parsePicture(pictureMark + "\n```\n" + text + "```\n")
		if err != nil {
			t.Fatal(err)
		}
		full := graph{}
		for pkg, imports := range g {
			full[path(pkg)] = []string{}
			for _, i := range imports {
				full[path(pkg)] = append(full[path(pkg)], path(i))
			}
		}
		if got := p.faults(full); !slices.Equal(got, want) {
			t.Errorf("faults of\n%s= %q, want %q", text, got, want)
		}
	}
	f("net → chain\nchain → internal\ninternal\n", graph{"net/flood": {"chain"}, "chain": {"internal/canon"}, "internal/canon": nil})
	f("net\nchain → internal\ninternal\n", graph{"net/flood": {"chain"}, "chain": {"internal/canon"}, "internal/canon": nil},
		"net imports chain, which is not drawn", "net reaches chain by no drawn way, but no rule forbids it of net/flood and chain",
		"net reaches internal by no drawn way, but no rule forbids it of net/flood and internal/canon")
	f("chain → internal\ninternal\n", graph{"chain": nil, "internal/canon": nil}, "chain → internal is drawn, but nothing imports it")
	f("chain\n", graph{"chain": nil, "ga": nil}, "ga is in no group")
	f("chain\nga\n", graph{"chain": nil}, "ga is no package")
	f("compute → compute/vec\ncompute/vec\n", graph{"compute/nn": {"compute/vec"}, "compute/vec": nil}) // the longest group has it
}

// TestParsePicture: what is no picture is an error.
func TestParsePicture(t *testing.T) {
	for _, text := range []string{"", pictureMark, pictureMark + "\n```\na → b\n```\n", pictureMark + "\n```\na\na\n```\n", pictureMark + "\n```\na\n"} {
		if _, err := parsePicture(text); err == nil {
			t.Errorf("parsePicture(%q) is no error", text)
		}
	}
}

// parsePicture reads lines "group → group, group" of the block behind the mark.
func parsePicture(text string) (*picture, error) {
	_, rest, ok := strings.Cut(text, pictureMark+"\n```\n")
	block, _, closed := strings.Cut(rest, "```\n")
	if !ok || !closed {
		return nil, fmt.Errorf("no picture behind %s", pictureMark)
	}
	p := &picture{edges: map[string][]string{}}
	for line := range strings.Lines(block) {
		from, to, _ := strings.Cut(line, "→")
		from = strings.TrimSpace(from)
		if from == "" || slices.Contains(p.groups, from) {
			return nil, fmt.Errorf("line %q names no group, or one again", line)
		}
		p.groups = append(p.groups, from)
		imported := strings.FieldsFunc(to, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
		p.edges[from] = append(p.edges[from], imported...)
	}
	for from, to := range p.edges {
		for _, g := range to {
			if !slices.Contains(p.groups, g) {
				return nil, fmt.Errorf("%s → %s: no line is about %s", from, g, g)
			}
		}
	}
	return p, nil
}

// group returns the group of a package, the longest that fits, or "".
func (p *picture) group(pkg string) (group string) {
	for _, g := range p.groups {
		if match(g+"/...", pkg) && len(g) > len(group) {
			group = g
		}
	}
	return group
}

// faults compares the picture with packages and rules, in the order of the picture.
func (p *picture) faults(all graph) []string {
	members := map[string][]string{}
	imported := map[string]map[string]bool{}
	var out []string
	for pkg := range all {
		if !own(pkg) {
			continue
		}
		g := p.group(pkg)
		if g == "" {
			out = append(out, short(pkg)+" is in no group")
			continue
		}
		members[g] = append(members[g], pkg)
		for _, i := range all[pkg] {
			if to := p.group(i); own(i) && to != "" && to != g {
				if imported[g] == nil {
					imported[g] = map[string]bool{}
				}
				imported[g][to] = true
			}
		}
	}
	slices.Sort(out)
	for _, from := range p.groups {
		if len(members[from]) == 0 {
			out = append(out, from+" is no package")
		}
		slices.Sort(members[from])
		ways := p.reach(from)
		for _, to := range p.groups {
			switch drawn := slices.Contains(p.edges[from], to); {
			case imported[from][to] && !drawn:
				out = append(out, fmt.Sprintf("%s imports %s, which is not drawn", from, to))
			case drawn && !imported[from][to]:
				out = append(out, fmt.Sprintf("%s → %s is drawn, but nothing imports it", from, to))
			}
			if from != to && !ways[to] {
				if a, b := unruled(members[from], members[to]); a != "" {
					out = append(out, fmt.Sprintf("%s reaches %s by no drawn way, but no rule forbids it of %s and %s", from, to, short(a), short(b)))
				}
			}
		}
	}
	return out
}

// reach returns the groups to which the picture draws a way.
func (p *picture) reach(from string) map[string]bool {
	ways := map[string]bool{}
	queue := []string{from}
	for len(queue) > 0 {
		for _, to := range p.edges[queue[0]] {
			if !ways[to] {
				ways[to] = true
				queue = append(queue, to)
			}
		}
		queue = queue[1:]
	}
	return ways
}

// unruled returns the first pair of which the one may reach the other by the rules, or nothing.
func unruled(from, to []string) (a, b string) {
	for _, a := range from {
		for _, b := range to {
			if !slices.ContainsFunc(rules(), func(l layer) bool {
				return match(l.pkg, a) && !match(l.pkg, b) && slices.ContainsFunc(l.never, func(n string) bool { return match(n, b) })
			}) {
				return a, b
			}
		}
	}
	return "", ""
}
