package store

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"doin.network/node/chain/state"
)

// blockOf names a block of tests.
func blockOf(i int) (id state.ID) {
	copy(id[:], fmt.Sprintf("block %d", i))
	return id
}

// change puts and deletes n keys of a tree, and does the same to a map.
func change(tb testing.TB, r *rand.Rand, t *state.Tree, model map[string]string, n int) {
	tb.Helper()
	for range n {
		key := fmt.Sprintf("%c%04x", 'a'+r.IntN(2), r.IntN(2000))
		var err error
		if r.IntN(4) == 0 {
			_, err = t.Delete([]byte(key))
			delete(model, key)
		} else {
			model[key] = strings.Repeat("v", 1+r.IntN(20)*(1+r.IntN(30)/29*40)) + fmt.Sprint(r.IntN(9))
			err = t.Put([]byte(key), []byte(model[key]))
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// same checks that the stored state of a block is a map's.
func same(tb testing.TB, s *Store, block state.ID, model map[string]string) {
	tb.Helper()
	t, err := s.Tree(block)
	if err != nil {
		tb.Fatalf("Tree: %v", err)
	}
	keys, i := slices.Sorted(maps.Keys(model)), 0
	err = t.Range(nil, func(key, value []byte) bool {
		if i >= len(keys) || string(key) != keys[i] || string(value) != model[keys[i]] {
			tb.Fatalf("key %d is %q, want another", i, key)
		}
		i++
		return true
	})
	if err != nil || i != len(keys) {
		tb.Fatalf("Range sees %d keys, %v, want %d", i, err, len(keys))
	}
}

// keysOf counts the stored keys of a kind.
func keysOf(tb testing.TB, s *Store, kind byte) (n int) {
	tb.Helper()
	err := s.view(func(txn *badger.Txn) error {
		return eachKey(txn, []byte{kind}, func([]byte) error { n++; return nil })
	})
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// alone is how many pages a state needs, stored by itself: which pages there are depends on the keys alone.
func alone(tb testing.TB, model map[string]string) int {
	tb.Helper()
	t := state.New()
	for k, v := range model {
		if err := t.Put([]byte(k), []byte(v)); err != nil {
			tb.Fatal(err)
		}
	}
	b, err := t.Batch(state.New())
	if err != nil {
		tb.Fatal(err)
	}
	return len(b.Pages)
}

func put(tb testing.TB, s *Store, block, parent state.ID, t, base *state.Tree) error {
	tb.Helper()
	b, err := t.Batch(base)
	if err != nil {
		tb.Fatal(err)
	}
	return s.PutTree(tb.Context(), block, parent, t, b)
}

// TestTrees stores branches of states, prunes them, and opens the store again: what is kept can be read, what is not leaves nothing.
func TestTrees(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	r := rand.New(rand.NewPCG(1, 1))
	tree, model := state.New(), map[string]string{}
	change(t, r, tree, model, 500)
	if err := put(t, s, blockOf(0), state.ID{}, tree, state.New()); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < 12; i++ {
		rival, other := tree.Copy(), maps.Clone(model)
		next := tree.Copy()
		change(t, r, next, model, 40)
		if err := put(t, s, blockOf(i), blockOf(i-1), next, tree); err != nil {
			t.Fatal(err)
		}
		change(t, r, rival, other, 40)
		if err := put(t, s, blockOf(100+i), blockOf(i-1), rival, tree); err != nil {
			t.Fatal(err)
		}
		same(t, s, blockOf(i), model)
		same(t, s, blockOf(100+i), other)
		tree = next
		if i%4 == 0 {
			if err := s.FinalTree(blockOf(i - 1)); err != nil {
				t.Fatal(err)
			}
			for _, gone := range []int{0, i - 2, 100 + i - 1} {
				if _, err := s.Tree(blockOf(gone)); !errors.Is(err, ErrNotFound) {
					t.Fatalf("Tree of block %d, which is pruned: %v", gone, err)
				}
			}
			same(t, s, blockOf(100+i), other)
			s.Close()
			s = open(t, dir)
			same(t, s, blockOf(i), model)
			var err error
			if tree, err = s.Tree(blockOf(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := put(t, s, blockOf(11), blockOf(10), tree.Copy(), tree); !errors.Is(err, ErrInvalid) {
		t.Errorf("a second state of a block: %v, want ErrInvalid", err)
	}
	if err := put(t, s, blockOf(50), blockOf(1), tree.Copy(), tree); !errors.Is(err, ErrInvalid) {
		t.Errorf("a state on one that is pruned: %v, want ErrInvalid", err)
	}
	if err := s.FinalTree(blockOf(11)); err != nil {
		t.Fatal(err)
	}
	if got, want := keysOf(t, s, kindPage), alone(t, model); got != want {
		t.Errorf("%d pages are stored, want %d", got, want)
	}
	if got := keysOf(t, s, kindCommit); got != 1 {
		t.Errorf("%d commits are stored, want 1", got)
	}
}

// errPower is the end of the power in tests.
var errPower = errors.New("no power")

// TestTreesWithoutPower ends every write at every transaction, and opens the store anew: the state is the old one or the new one, whole,
// and the next write goes well, on the same store or on the one opened anew. Nothing is left over.
func TestTreesWithoutPower(t *testing.T) {
	for _, reopen := range []bool{true, false} {
		dir := t.TempDir()
		s := open(t, dir)
		r := rand.New(rand.NewPCG(5, 1))
		tree, model := state.New(), map[string]string{}
		change(t, r, tree, model, 300)
		if err := put(t, s, blockOf(0), state.ID{}, tree, state.New()); err != nil {
			t.Fatal(err)
		}
		done := 0
		for last := 0; done < 6; {
			for at := 0; ; at++ {
				next, wanted := tree.Copy(), maps.Clone(model)
				n := 30
				if done == 3 {
					n = 5000 // more than one transaction
				}
				change(t, r, next, wanted, n)
				b, err := next.Batch(tree)
				if err != nil {
					t.Fatal(err)
				}
				count := 0
				s.before = func() error {
					if count++; count > at {
						return errPower
					}
					return nil
				}
				err = s.PutTree(t.Context(), blockOf(done+1), blockOf(done), next, b)
				stored := err == nil
				if stored {
					last = done
					err = s.FinalTree(blockOf(done + 1))
				}
				if err != nil && !errors.Is(err, errPower) {
					t.Fatal(err)
				}
				s.before = nil
				if reopen {
					s.Close()
					s = open(t, dir)
				}
				if !stored {
					same(t, s, blockOf(done), model)
					if _, err := s.Tree(blockOf(done + 1)); !errors.Is(err, ErrNotFound) {
						t.Fatalf("a state that was not stored: %v", err)
					}
					if tree, err = s.Tree(blockOf(done)); err != nil {
						t.Fatal(err)
					}
					continue
				}
				model = wanted
				done = last + 1
				same(t, s, blockOf(done), model)
				if err == nil || at%2 == 0 {
					if err := s.FinalTree(blockOf(done)); err != nil {
						t.Fatal(err)
					}
					if got, want := keysOf(t, s, kindPage), alone(t, model); got != want {
						t.Fatalf("%d pages are stored after block %d, want %d", got, done, want)
					}
				}
				if tree, err = s.Tree(blockOf(done)); err != nil {
					t.Fatal(err)
				}
				break
			}
		}
		s.Close()
	}
}

// TestAppendTree: block and state are on the disk, or neither is.
func TestAppendTree(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	r := rand.New(rand.NewPCG(9, 1))
	entries := extend(nil, 5, "a", 100)
	tree, model := state.New(), map[string]string{}
	base := state.New()
	for i, e := range entries {
		change(t, r, tree, model, 100)
		b, err := tree.Batch(base)
		if err != nil {
			t.Fatal(err)
		}
		s.before = func() error { return errPower }
		if err := s.AppendTree(t.Context(), e, tree, b); !errors.Is(err, errPower) {
			t.Fatal(err)
		}
		s.before = nil
		if height, _ := s.Tip(); height != int64(i)-1 {
			t.Fatalf("the tip is %d after a write that failed, want %d", height, i-1)
		}
		if err := s.AppendTree(t.Context(), e, tree, b); err != nil {
			t.Fatal(err)
		}
		base = tree
		tree = tree.Copy()
	}
	s.Close()
	s = open(t, dir)
	height, hash := s.Tip()
	id, err := decodeHash(hash)
	if err != nil || height != 4 {
		t.Fatalf("tip %d, %v", height, err)
	}
	same(t, s, id, model)
	same(t, s, id, model)
	if err := s.AppendTree(t.Context(), entries[4], tree, &state.Batch{}); !errors.Is(err, ErrLink) {
		t.Errorf("AppendTree of the tip = %v, want ErrLink", err)
	}
	s.Close()
	ro, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer ro.Close()
	same(t, ro, id, model)
}

// TestTornPage: a page that is not what was written is reported, and nothing else is.
func TestTornPage(t *testing.T) {
	s := open(t, t.TempDir())
	r := rand.New(rand.NewPCG(2, 1))
	tree, model := state.New(), map[string]string{}
	change(t, r, tree, model, 300)
	if err := put(t, s, blockOf(0), state.ID{}, tree, state.New()); err != nil {
		t.Fatal(err)
	}
	var page []byte
	key := pageKey(state.Place{Commit: 1, Page: 3})
	f := func(what string, change func(txn *badger.Txn) error, want error) {
		t.Helper()
		if err := s.update(change); err != nil {
			t.Fatal(err)
		}
		tree, err := s.Tree(blockOf(0))
		if err == nil {
			err = tree.Range(nil, func(_, _ []byte) bool { return true })
		}
		if !errors.Is(err, want) {
			t.Errorf("with a page %s: %v, want %v", what, err, want)
		}
	}
	f("whole", func(txn *badger.Txn) (err error) { page, err = get(txn, key); return err }, nil)
	f("torn", func(txn *badger.Txn) error { return txn.Set(key, page[:len(page)/2]) }, ErrCorrupt)
	f("of other bytes with their checksum", func(txn *badger.Txn) error {
		return set(txn, key, append(page[:len(page)-1:len(page)-1], page[len(page)-1]^1))
	}, state.ErrCorrupt)
	f("missing", func(txn *badger.Txn) error { return txn.Delete(key) }, ErrCorrupt)
}

// TestImport: a snapshot comes into a store by chunks, one commit each, and leaves what a state of its own leaves.
func TestImport(t *testing.T) {
	s := open(t, t.TempDir())
	r := rand.New(rand.NewPCG(4, 1))
	tree, model := state.New(), map[string]string{}
	change(t, r, tree, model, 1000)
	copied, base := state.New(), state.New()
	im := state.NewImport(tree.Root(), func(key, value []byte) error { return copied.Put(key, value) })
	var parent state.ID
	for i, last := 1, []byte(nil); !im.Done(); i++ {
		chunk, next, _, err := tree.Chunk(last, 4000)
		if err == nil {
			_, err = im.Add(chunk)
		}
		if err == nil {
			err = put(t, s, blockOf(i), parent, copied, base)
		}
		if err == nil {
			err = s.FinalTree(blockOf(i))
		}
		if err == nil {
			base, err = s.Tree(blockOf(i)) // what has come is forgotten
		}
		if err != nil {
			t.Fatal(err)
		}
		copied, parent, last = base.Copy(), blockOf(i), next
	}
	if copied.Root() != tree.Root() {
		t.Error("the imported root is another one")
	}
	same(t, s, parent, model)
	if got, want := keysOf(t, s, kindPage), alone(t, model); got != want {
		t.Errorf("%d pages are stored, want %d", got, want)
	}
}

func FuzzDecodeTree(f *testing.F) {
	f.Add(uint64(3), (&tree{parent: 2, dropped: make([]byte, 24)}).encode())
	f.Fuzz(func(t *testing.T, commit uint64, b []byte) {
		if r, err := decodeTree(commit, b); err == nil && string(r.encode()) != string(b) {
			t.Errorf("decodeTree(%x) is written as %x", b, r.encode())
		}
	})
}
