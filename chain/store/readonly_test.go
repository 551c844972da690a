package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestOpenReadOnly(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenReadOnly(dir); !errors.Is(err, ErrNotFound) {
		t.Errorf("OpenReadOnly of an empty directory = %v, want ErrNotFound", err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) > 0 {
		t.Errorf("it left %v, %v", names, err)
	}
	s := open(t, dir)
	blocks := extend(nil, 5, "a", 10)
	appendAll(t, s, blocks)
	if _, err := OpenReadOnly(dir); !errors.Is(err, ErrLocked) {
		t.Errorf("OpenReadOnly beside a writer = %v, want ErrLocked", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	first, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatalf("OpenReadOnly beside another reader = %v", err)
	}
	defer second.Close()
	if height, hash := second.Tip(); height != 4 || hash != blocks[4].Block.Hash {
		t.Errorf("Tip = %d, %.12s, want 4, %.12s", height, hash, blocks[4].Block.Hash)
	}
	got, err := first.Blocks(0, 9)
	if err != nil || len(got) != 5 || got[3].Hash != blocks[3].Block.Hash {
		t.Errorf("Blocks = %d, %v, want 5", len(got), err)
	}
	if err := first.Append(t.Context(), extend(blocks[4].Block, 1, "a", 10)[0]); err == nil {
		t.Error("Append to a read-only store = nil, want an error")
	}
}

// TestOpenReadOnlyUnclean copies the files of a store that is open, as kill -9 leaves them.
func TestOpenReadOnlyUnclean(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	s := open(t, dir)
	appendAll(t, s, extend(nil, 5, "a", 10))
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(copied, "badger", "LOCK")); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	r, err := OpenReadOnly(copied)
	if errors.Is(err, ErrUnclean) {
		r, err = Open(copied, Options{ReserveBytes: 1 << 20})
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if height, _ := r.Tip(); height != 4 {
		t.Errorf("Tip of an unclean store = %d, want 4", height)
	}
}
