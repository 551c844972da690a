package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestAppendAll: blocks of any number and size get on the disk in few transactions, and what is at fault among them stops what
// comes after it, and nothing before.
func TestAppendAll(t *testing.T) {
	f := func(what string, blocks, size int) {
		t.Helper()
		dir := t.TempDir()
		s := open(t, dir)
		all := extend(nil, blocks, "a", size)
		n, err := s.AppendAll(t.Context(), all)
		if n != blocks || err != nil {
			t.Fatalf("%s: AppendAll = %d, %v, want %d", what, n, err, blocks)
		}
		s.Close()
		again := open(t, dir)
		if height, hash := again.Tip(); height != int64(blocks)-1 || hash != all[blocks-1].Block.Hash || again.Damage() != nil {
			t.Errorf("%s: opened again at %d %.8s, %v", what, height, hash, again.Damage())
		}
		for h, e := range all {
			b, err := again.Block(int64(h))
			state, err2 := again.State(int64(h))
			if err != nil || err2 != nil || b.Hash != e.Block.Hash || len(state) != len(e.State) {
				t.Fatalf("%s: block %d: %v, %v", what, h, err, err2)
			}
		}
	}
	if n, err := open(t, t.TempDir()).appendSome(extend(nil, 300, "a", 10)); n != 256 || err != nil {
		t.Errorf("one transaction stored %d of 300 small blocks, %v, want 256", n, err)
	}
	f("one", 1, 10)
	f("more than a transaction's blocks", 3*maxAppendBlocks+1, 10)
	f("more than a transaction's bytes", 100, 100_000)
	f("values beside the tree", 12, inlineBytes+1)
	f("values just within it", 12, inlineBytes-1)

	s := open(t, t.TempDir())
	all := extend(nil, 10, "a", 10)
	all[7] = extend(nil, 9, "b", 10)[8]
	var link *LinkError
	if n, err := s.AppendAll(t.Context(), all); n != 7 || !errors.As(err, &link) {
		t.Errorf("AppendAll with a gap at 7 = %d, %v", n, err)
	}
	all = extend(all[6].Block, 3, "a", 10)
	all[1].State = make([]byte, MaxValueBytes+1)
	if n, err := s.AppendAll(t.Context(), all); n != 1 || !errors.Is(err, ErrInvalid) {
		t.Errorf("AppendAll with a state too large = %d, %v, want 1", n, err)
	}
	if height, _ := s.Tip(); height != 7 {
		t.Errorf("tip at %d, want 7", height)
	}
}

// TestEmptyLogsAreSetAside: a log file of no bytes, as a file system may leave it, keeps no store closed; what was lost with it is
// noticed.
func TestEmptyLogsAreSetAside(t *testing.T) {
	live, dir := t.TempDir(), t.TempDir()
	s := open(t, live)
	appendAll(t, s, extend(nil, 20, "a", 100))
	if err := os.CopyFS(dir, os.DirFS(live)); err != nil { // as kill -9 leaves it
		t.Fatal(err)
	}
	logs, err := filepath.Glob(filepath.Join(dir, "badger", "*.mem"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("no logs: %v, %v", logs, err)
	}
	for _, name := range logs {
		if err := os.Truncate(name, 0); err != nil {
			t.Fatal(err)
		}
	}
	again, err := Open(dir, Options{ReserveBytes: 1 << 20})
	if err != nil {
		t.Fatalf("Open with empty logs = %v", err)
	}
	defer again.Close()
	if height, _ := again.Tip(); height >= 19 || !errors.Is(again.Damage(), ErrCorrupt) {
		t.Errorf("opened at %d, damage %v, want the loss noticed", height, again.Damage())
	}
	for _, name := range logs {
		if _, err := os.Stat(name + ".damaged"); err != nil {
			t.Error(err)
		}
	}
}
