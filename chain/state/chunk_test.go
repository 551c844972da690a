package state

import (
	"bytes"
	"errors"
	"testing"
)

// export returns all chunks of a tree.
func export(tb testing.TB, tree *Tree, size int) (chunks [][]byte) {
	tb.Helper()
	for last, more := []byte(nil), true; more; {
		var chunk []byte
		var err error
		if chunk, last, more, err = tree.Chunk(last, size); err != nil {
			tb.Fatal(err)
		}
		chunks = append(chunks, chunk)
	}
	return chunks
}

func TestSnapshot(t *testing.T) {
	for _, n := range []int{0, 1, 2, 17, 500} {
		tree := sample(t, n)
		for _, size := range []int{1, 100, 3000, MaxChunk} {
			chunks := export(t, tree, size)
			copied := New()
			im := NewImport(tree.Root(), copied.Put)
			for i, c := range chunks {
				more, err := im.Add(c)
				if err != nil || more != (i < len(chunks)-1) {
					t.Fatalf("n %d, size %d: Add(chunk %d) = %v, %v", n, size, i, more, err)
				}
			}
			if copied.Root() != tree.Root() || !im.Done() {
				t.Fatalf("n %d, size %d: the imported root is another one", n, size)
			}
		}
	}
}

// TestSnapshotOfStrangers: a chunk that is changed, left out, repeated or of another tree is named, and the right one goes on.
func TestSnapshotOfStrangers(t *testing.T) {
	tree := sample(t, 300)
	chunks := export(t, tree, 900)
	other := tree.Copy()
	if err := other.Put([]byte("b5"), nil); err != nil {
		t.Fatal(err)
	}
	others := export(t, other, 900)
	copied := New()
	im := NewImport(tree.Root(), copied.Put)
	for i, c := range chunks {
		refused := func(what string, chunk []byte) {
			t.Helper()
			var e *ChunkError
			before := copied.Root()
			if _, err := im.Add(chunk); !errors.As(err, &e) || e.Chunk != i || !errors.Is(err, ErrChunk) || copied.Root() != before {
				t.Fatalf("chunk %d %s: %v", i, what, err)
			}
		}
		for at := i % 7; at < len(c); at += 7 {
			changed := bytes.Clone(c)
			changed[at] ^= 1 << (at % 8)
			refused("changed", changed)
		}
		refused("cut", c[:len(c)-1])
		refused("with more", append(bytes.Clone(c), 0))
		refused("of another tree", others[min(i, len(others)-1)])
		if i > 0 {
			refused("again", chunks[i-1])
		}
		if i+1 < len(chunks) {
			refused("left out", chunks[i+1])
		}
		if _, err := im.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	if copied.Root() != tree.Root() {
		t.Error("the imported root is another one")
	}
	if _, err := im.Add(chunks[0]); !errors.Is(err, ErrChunk) {
		t.Errorf("a chunk after the last: %v", err)
	}
	if _, _, _, err := tree.Chunk([]byte("nobody"), 10); !errors.Is(err, ErrEnd) {
		t.Errorf("Chunk after no key = %v, want ErrEnd", err)
	}
}

// FuzzImport: bytes of strangers do not panic, and only what is in the tree is put.
func FuzzImport(f *testing.F) {
	tree := sample(f, 30)
	for _, size := range []int{1, 200, MaxChunk} {
		for _, c := range export(f, tree, size) {
			f.Add(c)
		}
	}
	f.Fuzz(func(t *testing.T, chunk []byte) {
		im := NewImport(tree.Root(), func(key, value []byte) error {
			if want, ok, _ := tree.Get(key); !ok || !bytes.Equal(want, value) {
				t.Errorf("the import puts %q = %q", key, value)
			}
			return nil
		})
		for range 2 {
			im.Add(chunk)
		}
	})
}
