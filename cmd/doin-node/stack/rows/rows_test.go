package rows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/store"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
	"doin.network/node/olap"
)

// fork is a chain with one acceptance in each block; serial tells branches apart.
type fork struct {
	t      *testing.T
	blocks []*chain.Block
	serial int
}

func newFork(t *testing.T, n int) *fork {
	f := &fork{t: t, blocks: []*chain.Block{chain.GenesisBlock()}}
	f.extend(n)
	return f
}

func (f *fork) extend(n int) {
	for range n {
		f.serial++
		tip := f.blocks[len(f.blocks)-1]
		at := timestamp.FromMicro(tip.Header.Timestamp.Micro() + 1e6)
		tx := &chain.Tx{Type: chain.TxOptimaeAccepted, DomainID: "d", PeerID: "p", Timestamp: at,
			Payload: canon.NewObject("optimae_id", fmt.Sprint("o", f.serial))}
		b := &chain.Block{Header: chain.Header{Index: tip.Header.Index + 1, PreviousHash: tip.Hash, GeneratorID: "p", Timestamp: at, Threshold: 1},
			Transactions: []*chain.Tx{tx}}
		b.Seal()
		f.blocks = append(f.blocks, b)
	}
}

// fork returns a copy that ends at a height and goes on with numbers of its own.
func (f *fork) fork(height, serial int) *fork {
	return &fork{t: f.t, blocks: append([]*chain.Block(nil), f.blocks[:height+1]...), serial: serial}
}

func (f *fork) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// above is what a store takes of the blocks above a height.
func (f *fork) above(height int) (out []store.Entry) {
	for _, b := range f.blocks[height+1:] {
		out = append(out, store.Entry{Block: b})
	}
	return out
}

// openStore returns a store with the chain in it.
func (f *fork) openStore() *store.Store {
	f.t.Helper()
	st, err := store.Open(f.t.TempDir(), store.Options{ReserveBytes: -1})
	f.must(err)
	f.t.Cleanup(func() { st.Close() })
	for _, e := range f.above(-1) {
		f.must(st.Append(context.Background(), e))
	}
	return st
}

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
		case r.Block != nil:
			if r.Block.Height > 0 && (len(r.Block.Decisions) != 1 || len(r.Block.Nodes) != 1) {
				return fmt.Errorf("block %d has %d decisions, %d nodes", r.Block.Height, len(r.Block.Decisions), len(r.Block.Nodes))
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
	l := newFork(t, 4)
	st := l.openStore()
	s := &table{rows: map[int64]string{}}
	c := Writer{Store: st, Record: s.record, Now: time.Now}
	write := func(ancestor int64) {
		t.Helper()
		l.must(c.Write(t.Context(), ancestor))
		s.check(t, st)
	}
	write(None)

	branch := l.fork(2, 100)
	branch.extend(3)
	l.must(st.Replace(t.Context(), 2, branch.above(2)))
	write(2)

	shorter := l.fork(1, 200)
	shorter.extend(1)
	l.must(st.Replace(t.Context(), 1, shorter.above(1)))
	// A crash: nobody knows the branch point any more.
	write(None)

	s.err = errors.New("disk is full")
	if err := c.Write(t.Context(), 0); !errors.Is(err, s.err) {
		t.Errorf("write = %v, want %v", err, s.err)
	}
	s.err = nil
	write(0)

	// A reorganisation that is stored while rows are written is left for its own turn.
	longer, last := l.fork(0, 50), l.fork(1, 250)
	longer.extend(4)
	last.extend(4)
	l.must(st.Replace(t.Context(), 0, longer.above(0)))
	c.Record = func(rows ...olap.Row) error {
		if rows[0].Block != nil && rows[0].Block.Height == 2 {
			l.must(st.Replace(t.Context(), 0, last.above(0)))
		}
		return s.record(rows...)
	}
	l.must(c.Write(t.Context(), 0))
	if len(s.rows) != 2 {
		t.Errorf("rows of blocks %v, want the two that were read before the branch changed", s.rows)
	}
	c.Record = s.record
	write(0)
}

// What cannot be recorded when its block comes is recorded later, in full.
func TestChainRowsTriedAgain(t *testing.T) {
	l := newFork(t, 3)
	st := l.openStore()
	s := &table{rows: map[int64]string{}}
	refused, complete := 0, make(chan struct{})
	c := Writer{Store: st, Now: time.Now, Retry: time.Millisecond, Record: func(rows ...olap.Row) error {
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
	stored := NewBranchPoint()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	go func() { ended <- c.Run(ctx, stored, func() int64 { return -1 }, slog.New(slog.DiscardHandler)) }()
	stored.Add(3)
	<-complete
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("run = %v", err)
	}
	s.check(t, st)
}

func TestBranchPoint(t *testing.T) {
	b := NewBranchPoint()
	if got := b.Take(); got != None {
		t.Errorf("take = %d, want none", got)
	}
	for _, h := range []int64{7, 5, 6} {
		b.Add(h) // never waits
	}
	if got := []int64{b.Take(), b.Take()}; !slices.Equal(got, []int64{5, None}) {
		t.Errorf("take twice = %v, want 5 and none", got)
	}
}
