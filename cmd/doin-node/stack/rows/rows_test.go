package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"doin.network/node/chain/store"
	"doin.network/node/olap"
)

// table is what rows make of an analytics store: an optimae's digest by height.
type table struct {
	rows map[int64]string
	err  error
}

func (s *table) record(rows ...olap.Row) error {
	if s.err != nil {
		return s.err
	}
	for _, r := range rows {
		switch {
		case r.Rollback != nil:
			for h := range s.rows {
				if h > r.Rollback.Height {
					delete(s.rows, h)
				}
			}
		case r.Optimae != nil:
			s.rows[r.Optimae.BlockHeight] = r.Optimae.BlockHash
		}
	}
	return nil
}

// check compares the table with the chain.
func (s *table) check(t *testing.T, st *store.Store) {
	t.Helper()
	want := map[int64]string{}
	tip, _ := st.Tip()
	for h := int64(1); h <= tip; h++ {
		hash, err := st.Hash(h)
		if err != nil {
			t.Fatal(err)
		}
		want[h] = hash
	}
	if fmt.Sprint(s.rows) != fmt.Sprint(want) {
		t.Errorf("rows of blocks %v, want %v", s.rows, want)
	}
}

func TestChainRows(t *testing.T) {
	l := newNetwork(t, "")
	l.extend(4)
	st := l.openStore(t.TempDir())
	s := &table{rows: map[int64]string{}}
	c := chainRows{store: st, record: s.record, now: time.Now}
	write := func(ancestor int64) {
		t.Helper()
		l.must(c.write(t.Context(), ancestor))
		s.check(t, st)
	}
	write(none)

	branch := l.fork(2, 100)
	branch.extend(3)
	l.must(st.Replace(t.Context(), 2, entries(branch.blocks[2:])))
	write(2)

	shorter := l.fork(1, 200)
	shorter.extend(1)
	l.must(st.Replace(t.Context(), 1, entries(shorter.blocks[1:])))
	// A crash: nobody knows the branch point any more.
	write(none)

	s.err = errors.New("disk is full")
	if err := c.write(t.Context(), 0); !errors.Is(err, s.err) {
		t.Errorf("write = %v, want %v", err, s.err)
	}
	s.err = nil
	write(0)

	// A reorganisation that is stored while rows are written is left for its own turn.
	longer, last := l.fork(0, 50), l.fork(1, 250)
	longer.extend(4)
	last.extend(4)
	l.must(st.Replace(t.Context(), 0, entries(longer.blocks)))
	c.record = func(rows ...olap.Row) error {
		if rows[0].Optimae != nil && rows[0].Optimae.BlockHeight == 2 {
			l.must(st.Replace(t.Context(), 0, entries(last.blocks)))
		}
		return s.record(rows...)
	}
	l.must(c.write(t.Context(), 0))
	if len(s.rows) != 2 {
		t.Errorf("rows of blocks %v, want the two that were read before the branch changed", s.rows)
	}
	c.record = s.record
	write(0)
}

// What cannot be recorded when its block comes is recorded later, in full.
func TestChainRowsTriedAgain(t *testing.T) {
	l := newNetwork(t, "")
	l.extend(3)
	st := l.openStore(t.TempDir())
	s := &table{rows: map[int64]string{}}
	refused, complete := 0, make(chan struct{})
	c := chainRows{store: st, now: time.Now, retry: time.Millisecond, record: func(rows ...olap.Row) error {
		if refused++; refused <= 3 {
			return olap.ErrSpoolFull
		}
		if err := s.record(rows...); err != nil {
			return err
		}
		if len(s.rows) == 3 {
			close(complete)
		}
		return nil
	}}
	stored := newBranchPoint()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	go func() { ended <- c.run(ctx, stored, func() int64 { return -1 }, discard) }()
	stored.add(3)
	<-complete
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("run = %v", err)
	}
	s.check(t, st)
}

func TestBranchPoint(t *testing.T) {
	b := newBranchPoint()
	if got := b.take(); got != none {
		t.Errorf("take = %d, want none", got)
	}
	for _, h := range []int64{7, 5, 6} {
		b.add(h) // never waits
	}
	if got := []int64{b.take(), b.take()}; !slices.Equal(got, []int64{5, none}) {
		t.Errorf("take twice = %v, want 5 and none", got)
	}
}
