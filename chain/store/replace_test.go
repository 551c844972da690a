package store

import (
	"errors"
	"slices"
	"testing"

	"github.com/dgraph-io/badger/v4"
)

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	a := extend(nil, 12, "a", 50)
	appendAll(t, s, a)
	f := func(ancestor int64, branch []Entry, want []Entry) {
		t.Helper()
		if err := s.Replace(t.Context(), ancestor, branch); err != nil {
			t.Fatal(err)
		}
		holds(t, s, want)
		if got := contentKeys(t, s); got != 3*len(want) {
			t.Errorf("%d contents are stored, want %d", got, 3*len(want))
		}
	}
	b := extend(a[5].Block, 9, "b", 50)
	ab := append(slices.Clone(a[:6]), b...)
	f(5, b, ab)
	if _, err := s.BlockByHash(a[8].Block.Hash); !errors.Is(err, ErrNotFound) {
		t.Errorf("BlockByHash of a dropped block = %v", err)
	}
	f(5, a[6:], a)    // and back
	f(9, nil, a[:10]) // only drop
	f(9, nil, a[:10]) // nothing to do
	f(4, a[5:], a)    // blocks that are there already
	f(-1, extend(nil, 3, "c", 5), extend(nil, 3, "c", 5))
	f(-1, nil, nil)
	appendAll(t, s, a)

	g := func(ancestor int64, branch []Entry, want error) {
		t.Helper()
		if err := s.Replace(t.Context(), ancestor, branch); !errors.Is(err, want) {
			t.Errorf("Replace = %v, want %v", err, want)
		}
		holds(t, s, a)
	}
	g(12, nil, ErrInvalid)
	g(-2, nil, ErrInvalid)
	g(4, b, ErrLink)
	g(5, []Entry{b[0], b[2]}, ErrLink)
	g(5, make([]Entry, MaxBranch+1), ErrInvalid)
	g(5, append(b[:len(b)-1:len(b)-1], Entry{Block: b[len(b)-1].Block, State: make([]byte, MaxValueBytes+1)}), ErrInvalid)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	holds(t, open(t, dir), a)
}

// TestReplaceBeyondOneTransaction moves more bytes than a Badger transaction holds.
func TestReplaceBeyondOneTransaction(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	a := extend(nil, 30, "a", 150<<10)
	b := extend(a[2].Block, 40, "b", 150<<10)
	appendAll(t, s, a)
	if err := s.Replace(t.Context(), 2, b); err != nil {
		t.Fatal(err)
	}
	want := append(slices.Clone(a[:3]), b...)
	holds(t, s, want)
	s.Close()
	s = open(t, dir)
	holds(t, s, want)
	if got := contentKeys(t, s); got != 3*len(want) {
		t.Errorf("%d contents are stored, want %d", got, 3*len(want))
	}
}

// TestInterruptedReplace stops a reorganisation after its first step.
func TestInterruptedReplace(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	a := extend(nil, 8, "a", 50)
	appendAll(t, s, a)
	b := extend(a[3].Block, 5, "b", 50)
	err := s.update(func(txn *badger.Txn) error {
		var list []byte
		for _, e := range b {
			sum, _ := decodeHash(e.Block.Hash)
			list = append(list, sum[:]...)
		}
		return set(txn, garbageKey, list)
	})
	for _, e := range b[:3] {
		if err == nil {
			err = s.update(func(txn *badger.Txn) error {
				c, err := s.encode(e, mark{e.Block.Header.Index, e.Block.Hash})
				if err != nil {
					return err
				}
				return c.put(txn)
			})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.BlockByHash(b[0].Block.Hash); !errors.Is(err, ErrNotFound) {
		t.Errorf("BlockByHash of a branch that is not the chain = %v", err)
	}
	s.Close()
	s = open(t, dir)
	if err := s.Damage(); err != nil {
		t.Error(err)
	}
	holds(t, s, a)
	if got := contentKeys(t, s); got != 3*len(a) {
		t.Errorf("%d contents are stored, want %d", got, 3*len(a))
	}
}
