package state

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// memory is a store of pages: what a commit drops is gone when the commit is final.
type memory struct {
	pages  map[Place][]byte
	commit uint64
}

func newMemory() *memory { return &memory{pages: map[Place][]byte{}} }

func (m *memory) Page(at Place) ([]byte, error) {
	if p, ok := m.pages[at]; ok {
		return p, nil
	}
	return nil, ErrCorrupt
}

// store commits t over base.
func (m *memory) store(tb testing.TB, t, base *Tree) *Batch {
	tb.Helper()
	b, err := t.Batch(base)
	if err != nil {
		tb.Fatal(err)
	}
	m.commit++
	for i, p := range b.Pages {
		m.pages[Place{m.commit, uint32(i)}] = p
	}
	t.Stored(b, m, m.commit)
	return b
}

func (m *memory) drop(tb testing.TB, b *Batch) {
	for _, at := range b.Dropped {
		if _, ok := m.pages[at]; !ok {
			tb.Fatalf("page %v is dropped and not there", at)
		}
		delete(m.pages, at)
	}
}

// reach counts the pages that a stored tree needs.
func (m *memory) reach(tb testing.TB, s Summary, top Place) (n int) {
	tb.Helper()
	t, err := Load(m, s, top)
	if err != nil {
		tb.Fatal(err)
	}
	if t.root == nil {
		return 0
	}
	var walk func(n *node) int
	walk = func(n *node) int {
		pages := 0
		if n.stub {
			pages = 1
		}
		r, err := t.at(n)
		if err != nil {
			tb.Fatal(err)
		}
		if r.bit != leafBit {
			pages += walk(r.kids[0]) + walk(r.kids[1])
		}
		return pages
	}
	return walk(t.root)
}

// content checks a tree against a map.
func content(tb testing.TB, t *Tree, want map[string]string) {
	tb.Helper()
	keys := slices.Sorted(maps.Keys(want))
	i, size := 0, 0
	err := t.Range(nil, func(key, value []byte) bool {
		if i >= len(keys) || string(key) != keys[i] || string(value) != want[keys[i]] {
			tb.Fatalf("Range: key %d is %q = %q, want %q", i, key, value, keys[min(i, len(keys)-1)])
		}
		size += len(key) + len(value)
		i++
		return true
	})
	if err != nil || i != len(keys) || t.Len() != uint64(len(keys)) || t.Bytes() != uint64(size) {
		tb.Fatalf("Range gives %d keys, %v; Len %d, Bytes %d, want %d, %d", i, err, t.Len(), t.Bytes(), len(keys), size)
	}
}

// build is the tree of a map, its keys put in random order.
func build(tb testing.TB, r *rand.Rand, m map[string]string) *Tree {
	tb.Helper()
	t, keys := New(), slices.Collect(maps.Keys(m))
	r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	for _, k := range keys {
		if err := t.Put([]byte(k), []byte(m[k])); err != nil {
			tb.Fatal(err)
		}
	}
	return t
}

// randomKey is one of a few hundred, many of them prefixes of others.
func randomKey(r *rand.Rand) string {
	switch r.IntN(4) {
	case 0:
		return strings.Repeat("\x00", 1+r.IntN(5)) + string([]byte{byte(r.IntN(3))})
	case 1:
		return strings.Repeat("ab", r.IntN(4)) + "a"
	case 2:
		return "x" + fmt.Sprintf("%02x", r.IntN(256))
	}
	return string([]byte{byte(r.IntN(256)), byte(r.IntN(2) * 255)})
}

func randomValue(r *rand.Rand) string {
	return strings.Repeat("v", []int{0, 1, 5, inlineValue, inlineValue + 1, 700}[r.IntN(6)]) + fmt.Sprint(r.IntN(3))
}

// version is a stored state with its model, and what its commit dropped.
type version struct {
	tree  *Tree
	model map[string]string
	batch *Batch
	place uint64 // commit
	made  int    // pages
}

// TestAgainstMap runs random operations on trees and on maps, with copies, forks, commits, pruning and loads from the store. In the end of
// each step the store holds the pages that the versions which are kept need, and no other.
func TestAgainstMap(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 7))
		m := newMemory()
		chain := []*version{{tree: New(), model: map[string]string{}, batch: &Batch{}}}
		edit := func(tree *Tree, model map[string]string) {
			for range 1 + r.IntN(25) {
				k := randomKey(r)
				if r.IntN(3) == 0 {
					ok, err := tree.Delete([]byte(k))
					if _, had := model[k]; had != ok || err != nil {
						t.Fatalf("seed %d: Delete(%q) = %v, %v, want %v", seed, k, ok, err, had)
					}
					delete(model, k)
				} else {
					v := randomValue(r)
					if err := tree.Put([]byte(k), []byte(v)); err != nil {
						t.Fatal(err)
					}
					model[k] = v
				}
				k = randomKey(r)
				v, ok, err := tree.Get([]byte(k))
				if want, had := model[k]; had != ok || string(v) != want || err != nil {
					t.Fatalf("seed %d: Get(%q) = %q, %v, %v, want %q, %v", seed, k, v, ok, err, want, had)
				}
			}
			if r.IntN(8) == 0 {
				for k := range model {
					if ok, err := tree.Delete([]byte(k)); !ok || err != nil {
						t.Fatalf("seed %d: Delete(%q) = %v, %v", seed, k, ok, err)
					}
				}
				clear(model)
			}
		}
		child := func(of *version) *version {
			v := &version{tree: of.tree.Copy(), model: maps.Clone(of.model)}
			edit(v.tree, v.model)
			return v
		}
		commit := func(v, of *version) {
			v.batch = m.store(t, v.tree, of.tree)
			v.place, v.made = m.commit, len(v.batch.Pages)
		}
		for range 60 {
			tip := chain[len(chain)-1]
			next := child(tip)
			fork := child(tip)
			after := child(next) // before its parent is stored
			commit(next, tip)
			commit(fork, tip)
			commit(after, next)
			for _, v := range []*version{tip, next, fork, after} {
				content(t, v.tree, v.model)
				if got, want := v.tree.Root(), build(t, r, v.model).Root(); got != want {
					t.Fatalf("seed %d: root %v, that of the same keys in another order is %v", seed, got, want)
				}
			}
			chain = append(chain, next, after)
			for i := range fork.made { // the fork has lost
				delete(m.pages, Place{fork.place, uint32(i)})
			}
			for len(chain) > 1+r.IntN(6) {
				m.drop(t, chain[1].batch)
				chain = chain[1:]
			}
			if len(chain) == 1 {
				if got, want := len(m.pages), m.reach(t, chain[0].batch.Summary, chain[0].batch.Top); got != want {
					t.Fatalf("seed %d: %d pages are stored, %d are needed", seed, got, want)
				}
			}
			tip = chain[len(chain)-1]
			if r.IntN(3) == 0 {
				loaded, err := Load(m, tip.batch.Summary, tip.batch.Top)
				if err != nil {
					t.Fatal(err)
				}
				if loaded.Root() != tip.tree.Root() {
					t.Fatalf("seed %d: the loaded root is another one", seed)
				}
				content(t, loaded, tip.model)
				tip.tree = loaded
			}
		}
	}
}

// TestCorruptPage: a page that is missing, torn or changed in any byte is noticed, and nothing has changed then.
func TestCorruptPage(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	m, model := newMemory(), map[string]string{}
	for range 300 {
		model[randomKey(r)] = randomValue(r)
	}
	tree := build(t, r, model)
	b := m.store(t, tree, New())
	read := func() error {
		loaded, err := Load(m, b.Summary, b.Top)
		if err == nil {
			err = loaded.Range(nil, func(_, _ []byte) bool { return true })
		}
		return err
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	for at, page := range m.pages {
		delete(m.pages, at)
		if err := read(); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("without page %v: %v", at, err)
		}
		m.pages[at] = page[:len(page)-1]
		if err := read(); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("page %v without its last byte: %v", at, err)
		}
		changed := bytes.Clone(page)
		i := r.IntN(len(page))
		changed[i] ^= 1 << r.IntN(8)
		m.pages[at] = changed
		if err := read(); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("page %v with another byte %d: %v", at, i, err)
		}
		m.pages[at] = page
	}
	loaded, err := Load(m, b.Summary, b.Top)
	if err != nil {
		t.Fatal(err)
	}
	kept := m.pages
	m.pages = map[Place][]byte{}
	root, failed := loaded.Root(), 0
	for key := range model {
		if err := loaded.Put([]byte(key), []byte("new")); err != nil {
			failed++
		}
		if err != nil && loaded.Root() != root {
			t.Fatalf("Put(%q) fails and changes the root", key)
		}
		root = loaded.Root()
	}
	if m.pages = kept; failed == 0 {
		t.Error("nothing fails without pages")
	}
}
