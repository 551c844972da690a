package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// extend returns n entries upon previous (nil for an empty chain). salt makes
// branches differ; size is the number of bytes of each state.
func extend(previous *chain.Block, n int, salt string, size int) []Entry {
	out := make([]Entry, 0, n)
	for range n {
		var b *chain.Block
		if previous == nil {
			b = chain.GenesisBlock()
		} else {
			b = &chain.Block{
				Header: chain.Header{
					Index:        previous.Header.Index + 1,
					PreviousHash: previous.Hash,
					Timestamp:    timestamp.FromMicro(1_700_000_000_000_000 + 20_000_000*previous.Header.Index),
					GeneratorID:  salt,
					Threshold:    0.05,
				},
				Transactions: []*chain.Tx{{
					Type: "task_completed", DomainID: "co2", PeerID: salt,
					Payload:   canon.NewObject("height", previous.Header.Index+1, "text", "é\u2028\"", "f", 1e-7),
					Timestamp: timestamp.FromMicro(1_700_000_000_000_001),
				}},
				Ext: &chain.Ext{StateRoot: strings.Repeat("ab", 32)},
			}
			b.Seal()
		}
		out = append(out, Entry{
			Block:    b,
			Receipts: fmt.Appendf(nil, `{"height": %d}`, b.Header.Index),
			State:    fmt.Appendf(make([]byte, 0, size), "%-*s", size, fmt.Sprintf("state %s %d", salt, b.Header.Index)),
		})
		previous = b
	}
	return out
}

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir, Options{ReserveBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func appendAll(t testing.TB, s *Store, entries []Entry) {
	t.Helper()
	for _, e := range entries {
		if err := s.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

// holds checks that the store's chain is exactly entries.
func holds(t testing.TB, s *Store, entries []Entry) {
	t.Helper()
	height, hash := s.Tip()
	if len(entries) == 0 {
		if height != -1 || hash != "" {
			t.Fatalf("Tip() = %d %s, want an empty chain", height, hash)
		}
		return
	}
	if want := entries[len(entries)-1].Block; height != want.Header.Index || hash != want.Hash {
		t.Fatalf("Tip() = %d %.12s, want %d %.12s", height, hash, want.Header.Index, want.Hash)
	}
	for h, e := range entries {
		b, err := s.Block(int64(h))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(canon.Default(b.Object())), string(canon.Default(e.Block.Object())); got != want {
			t.Fatalf("Block(%d) = %s, want %s", h, got, want)
		}
		state, err := s.State(int64(h))
		if err != nil || string(state) != string(e.State) {
			t.Fatalf("State(%d) = %.40q, %v, want %.40q", h, state, err, e.State)
		}
		receipts, err := s.Receipts(int64(h))
		if err != nil || string(canon.Default(receipts)) != string(e.Receipts) {
			t.Fatalf("Receipts(%d) = %v, %v", h, receipts, err)
		}
	}
	if _, err := s.Block(int64(len(entries))); !errors.Is(err, ErrNotFound) {
		t.Fatalf("Block above the tip: %v, want ErrNotFound", err)
	}
	if err := s.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// contentKeys counts the contents in the database.
func contentKeys(t testing.TB, s *Store) (n int) {
	t.Helper()
	err := s.db.View(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.DefaultIteratorOptions)
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			if slices.Contains(contents[:], it.Item().Key()[0]) {
				n++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAppendAndRead(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	holds(t, s, nil)
	chain := extend(nil, 20, "a", 100)
	appendAll(t, s, chain)
	holds(t, s, chain)

	b, err := s.BlockByHash(chain[7].Block.Hash)
	if err != nil || b.Header.Index != 7 {
		t.Errorf("BlockByHash = %v, %v, want block 7", b, err)
	}
	for _, hash := range []string{"", "zz", strings.Repeat("0", 64), strings.ToUpper(chain[7].Block.Hash)} {
		if _, err := s.BlockByHash(hash); !errors.Is(err, ErrNotFound) {
			t.Errorf("BlockByHash(%q) = %v, want ErrNotFound", hash, err)
		}
	}
	f := func(from, to int64, first, count int64) {
		t.Helper()
		blocks, err := s.Blocks(from, to)
		if err != nil || int64(len(blocks)) != count || count > 0 && blocks[0].Header.Index != first {
			t.Errorf("Blocks(%d, %d) = %d blocks, %v, want %d from %d", from, to, len(blocks), err, count, first)
		}
	}
	f(0, 19, 0, 20)
	f(-5, 3, 0, 4)
	f(18, 100, 18, 2)
	f(20, 30, 0, 0)
	f(5, 4, 0, 0)
	if _, err := s.Hash(-1); !errors.Is(err, ErrNotFound) {
		t.Errorf("Hash(-1) = %v, want ErrNotFound", err)
	}
	if n, err := s.Size(); err != nil || n <= 0 {
		t.Errorf("Size() = %d, %v", n, err)
	}

	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), extend(chain[19].Block, 1, "a", 1)[0]); err == nil {
		t.Error("Append to a closed store succeeds")
	}
	if _, err := s.Block(0); err == nil {
		t.Error("Block of a closed store succeeds")
	}
	s = open(t, dir)
	if err := s.Damage(); err != nil {
		t.Error(err)
	}
	holds(t, s, chain)
}

func TestAppendRefuses(t *testing.T) {
	s := open(t, t.TempDir())
	chain := extend(nil, 3, "a", 10)
	f := func(e Entry, want error) {
		t.Helper()
		before, _ := s.Tip()
		if err := s.Append(t.Context(), e); !errors.Is(err, want) {
			t.Errorf("Append = %v, want %v", err, want)
		}
		if after, _ := s.Tip(); after != before {
			t.Errorf("a refused block moved the tip from %d to %d", before, after)
		}
	}
	f(Entry{}, ErrInvalid)
	f(chain[1], ErrLink)
	appendAll(t, s, chain[:2])
	f(chain[1], ErrLink)
	f(extend(extend(chain[0].Block, 1, "b", 1)[0].Block, 1, "b", 1)[0], ErrLink)
	wrong := *chain[2].Block
	wrong.Hash = strings.Repeat("0", 64)
	f(Entry{Block: &wrong}, ErrInvalid)
	f(Entry{Block: chain[2].Block, State: make([]byte, MaxValueBytes+1)}, ErrInvalid)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Append(ctx, chain[2]); !errors.Is(err, context.Canceled) {
		t.Errorf("Append with a cancelled context = %v", err)
	}
	var link *LinkError
	if err := s.Append(t.Context(), chain[1]); !errors.As(err, &link) || link.WantHeight != 2 {
		t.Errorf("Append = %v, want a LinkError that wants height 2", err)
	}
	appendAll(t, s, chain[2:])
	holds(t, s, chain)
}

func TestLargeValues(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	a := extend(nil, 4, "a", 3<<20)
	appendAll(t, s, a)
	holds(t, s, a)
	s.Close()
	s = open(t, dir)
	holds(t, s, a)
	if err := s.PruneStates(3); err != nil {
		t.Fatal(err)
	}
}

func TestPruneStates(t *testing.T) {
	s := open(t, t.TempDir())
	a := extend(nil, 10, "a", 50)
	appendAll(t, s, a)
	f := func(height int64, want error) {
		t.Helper()
		if _, err := s.State(height); !errors.Is(err, want) {
			t.Errorf("State(%d) = %v, want %v", height, err, want)
		}
	}
	if err := s.PruneStates(6); err != nil {
		t.Fatal(err)
	}
	f(5, ErrPruned)
	f(6, nil)
	f(10, ErrNotFound)
	if _, err := s.Block(5); err != nil {
		t.Error(err)
	}
	if err := s.PruneStates(1000); err != nil {
		t.Fatal(err)
	}
	f(8, ErrPruned)
	f(9, nil) // the tip's stays
	// A branch from below brings its states with it.
	if err := s.Replace(t.Context(), 4, a[5:]); err != nil {
		t.Fatal(err)
	}
	f(4, ErrPruned)
	f(5, nil)
	if err := s.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestMeta(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if _, err := s.Meta("peers"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Meta of nothing = %v, want ErrNotFound", err)
	}
	for name, value := range map[string]string{"peers": "x", "anchor/2": "two", "anchor/1": "one"} {
		if err := s.PutMeta(name, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.PutMeta("peers", []byte("y")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, dir)
	if v, err := s.Meta("peers"); err != nil || string(v) != "y" {
		t.Errorf("Meta = %q, %v, want y", v, err)
	}
	for name, want := range map[string]string{"anchor/1": "one", "anchor/2": "two"} {
		if v, err := s.Meta(name); err != nil || string(v) != want {
			t.Errorf("Meta(%s) = %q, %v, want %q", name, v, err, want)
		}
	}
	for _, name := range []string{"", strings.Repeat("n", 257)} {
		if err := s.PutMeta(name, nil); !errors.Is(err, ErrInvalid) {
			t.Errorf("PutMeta(%.5q) = %v, want ErrInvalid", name, err)
		}
	}
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("second Open = %v, want ErrLocked", err)
	}
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	a := extend(nil, 4, "a", 10)
	appendAll(t, s, a[:3])
	s.free = func(string) (int64, error) { return 1 << 19, nil }
	for name, err := range map[string]error{
		"Append":  s.Append(t.Context(), a[3]),
		"Replace": s.Replace(t.Context(), 0, nil),
		"PutMeta": s.PutMeta("x", nil),
	} {
		if !errors.Is(err, ErrDiskFull) {
			t.Errorf("%s on a full disk = %v, want ErrDiskFull", name, err)
		}
	}
	holds(t, s, a[:3])
	s.free = freeBytes
	appendAll(t, s, a[3:])
	holds(t, s, a)
	if _, err := Open(t.TempDir(), Options{ReserveBytes: 1 << 62}); !errors.Is(err, ErrDiskFull) {
		t.Errorf("Open on a full disk = %v, want ErrDiskFull", err)
	}
}

func TestConcurrentReaders(t *testing.T) {
	s := open(t, t.TempDir())
	a := extend(nil, 40, "a", 200)
	b := extend(a[9].Block, 40, "b", 200)
	appendAll(t, s, a[:10])
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				// Every answer is of one moment: the blocks link.
				blocks, err := s.Blocks(0, 100)
				if err != nil {
					t.Error(err)
					return
				}
				for i := 1; i < len(blocks); i++ {
					if blocks[i].Header.PreviousHash != blocks[i-1].Hash {
						t.Errorf("blocks %d and %d do not link", i-1, i)
						return
					}
				}
				if height, _ := s.Tip(); height < 9 {
					t.Errorf("Tip() = %d, want at least 9", height)
				}
			}
		})
	}
	for range 3 {
		for _, e := range a[10:20] {
			if err := s.Append(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
		for _, step := range [][]Entry{b[:20], nil} {
			if err := s.Replace(t.Context(), 9, step); err != nil {
				t.Fatal(err)
			}
		}
	}
	close(done)
	wg.Wait()
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("state=%d", size), func(b *testing.B) {
			s, err := Open(b.TempDir(), Options{Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			var last *chain.Block
			for b.Loop() {
				e := extend(last, 1, "a", size)[0]
				if err := s.Append(b.Context(), e); err != nil {
					b.Fatal(err)
				}
				last = e.Block
			}
		})
	}
}
