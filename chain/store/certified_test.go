package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"doin.network/node/chain/state"
)

// certified is a block of a height; salt tells rivals apart.
func certified(height int64, salt byte, size int) Certified {
	b := Certified{Height: height, Data: bytes.Repeat([]byte{salt}, size)}
	b.ID[0], b.ID[31] = salt, byte(height)
	return b
}

// keep is Keep that must succeed.
func keep(t *testing.T, s *Store, p Promise) {
	t.Helper()
	if err := s.Keep(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}

// names are the stored blocks from a height on.
func names(t *testing.T, s *Store, from int64) (out []string) {
	t.Helper()
	err := s.CertifiedFrom(from, func(b Certified) error {
		out = append(out, fmt.Sprintf("%d%c", b.Height, b.ID[0]))
		if len(b.Data) == 0 || b.Data[0] != b.ID[0] {
			t.Errorf("block %d has the data of another", b.Height)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCertified(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	keep(t, s, Promise{Blocks: []Certified{certified(2, 'b', 10), certified(1, 'a', 10), certified(2, 'a', 10), certified(300, 'a', 10)},
		Notes: []Note{{"lock", []byte{1}}, {"vote/1", []byte{2}}, {"vote/2", []byte{}}}})
	keep(t, s, Promise{Notes: []Note{{"lock", []byte{3}}, {"vote/1", nil}}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if got, want := names(t, s, 0), []string{"1a", "2a", "2b", "300a"}; !slices.Equal(got, want) {
		t.Errorf("blocks %q, want %q", got, want)
	}
	if got, want := names(t, s, 3), []string{"300a"}; !slices.Equal(got, want) {
		t.Errorf("from 3 on %q, want %q", got, want)
	}
	if lock, err := s.Note("lock"); err != nil || !bytes.Equal(lock, []byte{3}) {
		t.Errorf("lock %v, %v", lock, err)
	}
	if _, err := s.Note("vote/1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a deleted note: %v", err)
	}
	notes, err := s.Notes("vote/")
	if err != nil || !slices.Equal(slices.Collect(maps.Keys(notes)), []string{"vote/2"}) {
		t.Errorf("notes %v, %v", notes, err)
	}

	keep(t, s, Promise{Final: []Certified{certified(2, 'b', 0)}})
	if got, want := names(t, s, 0), []string{"1a", "2b", "300a"}; !slices.Equal(got, want) {
		t.Errorf("after a final block %q, want %q", got, want)
	}
	at, err := s.CertifiedAt(2)
	if err != nil || len(at) != 1 || at[0].ID[0] != 'b' {
		t.Errorf("at 2: %v, %v", at, err)
	}
	if at, err := s.CertifiedAt(3); err != nil || len(at) != 0 {
		t.Errorf("at 3: %v, %v", at, err)
	}
	// The chain of readers is another matter.
	if height, _ := s.Tip(); height != -1 {
		t.Errorf("the chain has %d blocks", height+1)
	}
}

// A promise that no transaction has room for is kept whole, its notes last.
func TestLargePromise(t *testing.T) {
	s := open(t, t.TempDir())
	var p Promise
	for h := range int64(40) {
		p.Blocks = append(p.Blocks, certified(h, 'x', 100<<10))
	}
	p.Blocks = append(p.Blocks, certified(40, 'y', 4<<20))
	p.Notes = []Note{{"lock", []byte("after all")}}
	keep(t, s, p)
	if got := names(t, s, 0); len(got) != 41 {
		t.Errorf("%d blocks, want 41", len(got))
	}

	s = open(t, t.TempDir())
	writes, fault := 0, errors.New("input/output error")
	s.before = func() error {
		if writes++; writes > 2 {
			return fault
		}
		return nil
	}
	if err := s.Keep(t.Context(), p); !errors.Is(err, fault) {
		t.Errorf("Keep on a broken disk = %v", err)
	}
	s.before = nil
	if _, err := s.Note("lock"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the note was written before the blocks it speaks of: %v", err)
	}
}

func TestPromiseRefused(t *testing.T) {
	s := open(t, t.TempDir())
	for name, p := range map[string]Promise{
		"no data":        {Blocks: []Certified{certified(1, 'a', 0)}},
		"below block 0":  {Blocks: []Certified{certified(-1, 'a', 1)}},
		"too large":      {Blocks: []Certified{certified(1, 'a', MaxValueBytes+1)}},
		"without name":   {Notes: []Note{{"", []byte{1}}}},
		"a note too big": {Notes: []Note{{"n", make([]byte, inlineBytes)}}},
	} {
		if err := s.Keep(t.Context(), p); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	s.reserve = 1 << 62
	if err := s.Keep(t.Context(), Promise{Notes: []Note{{"n", []byte{1}}}}); !errors.Is(err, ErrDiskFull) {
		t.Errorf("on a full disk: %v", err)
	}
}

func TestCertifiedDamage(t *testing.T) {
	s := open(t, t.TempDir())
	keep(t, s, Promise{Blocks: []Certified{certified(7, 'a', 10)}, Notes: []Note{{"lock", []byte{1}}}})
	for _, key := range [][]byte{certifiedKey(7, certified(7, 'a', 1).ID), noteKey("lock")} {
		err := s.db.Update(func(txn *badger.Txn) error { return txn.Set(key, []byte("something else")) })
		if err != nil {
			t.Fatal(err)
		}
	}
	var damage *CorruptError
	if err := s.CertifiedFrom(0, func(Certified) error { return nil }); !errors.As(err, &damage) || damage.Height != 7 {
		t.Errorf("a flipped block: %v", err)
	}
	if _, err := s.Note("lock"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a flipped note: %v", err)
	}
	if _, err := s.Notes(""); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a flipped note among all: %v", err)
	}
}

// A state and what speaks of it come together; called again it goes on, and earlier states are gone.
func TestKeepTree(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	grow := func(from *state.Tree, height int) *state.Tree {
		next := from.Copy()
		for i := range 40 {
			if err := next.Put(fmt.Appendf(nil, "key %d", i), fmt.Appendf(nil, "value %d of block %d", i, height)); err != nil {
				t.Fatal(err)
			}
		}
		return next
	}
	id := func(height int) (id state.ID) { id[0] = byte(height); return id }
	base, parent := state.New(), state.ID{}
	keep(t, s, Promise{Notes: []Note{{"recipe", []byte{1}}}})
	for h := 1; h <= 4; h++ {
		next := grow(base, h)
		fault := errors.New("input/output error")
		writes := 0
		s.before = func() error {
			if writes++; writes == h { // elsewhere each time
				return fault
			}
			return nil
		}
		notes := []Note{{"snapshot", []byte{byte(h)}}}
		if h == 3 {
			notes = append(notes, Note{Name: "recipe"})
		}
		err := s.KeepTree(t.Context(), id(h), parent, next, base, notes)
		s.before = nil
		if err != nil {
			if !errors.Is(err, fault) {
				t.Fatal(err)
			}
			_, missing := s.Tree(id(h))
			if note, _ := s.Note("snapshot"); (missing == nil) != (len(note) == 1 && note[0] == byte(h)) {
				t.Errorf("block %d: its state is there: %v, and the note says %v", h, missing == nil, note)
			}
			if err := s.KeepTree(t.Context(), id(h), parent, next, base, notes); err != nil {
				t.Fatal(err)
			}
		}
		base, parent = next, id(h)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	tree, err := s.Tree(id(4))
	if err != nil || tree.Root() != base.Root() {
		t.Errorf("the last state: %v", err)
	}
	if _, err := s.Tree(id(3)); !errors.Is(err, ErrNotFound) {
		t.Errorf("an earlier state: %v", err)
	}
	if _, err := s.Note("recipe"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a deleted note: %v", err)
	}
}
