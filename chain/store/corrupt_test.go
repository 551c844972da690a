package store

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// TestFlippedByte damages a copy of a store in one place and demands that the
// damage is reported or harmless: never a panic, never other data.
func TestFlippedByte(t *testing.T) {
	entries := extend(nil, 40, "a", 9000)
	live, closed := t.TempDir(), t.TempDir()
	// One store as kill -9 leaves it, its blocks in the log; one as Close does, its
	// blocks in tables.
	s := open(t, live)
	appendAll(t, s, entries)
	s2 := open(t, closed)
	appendAll(t, s2, entries[:20])
	s2.Close()
	s2 = open(t, closed)
	appendAll(t, s2, entries[20:])
	s2.Close()

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rounds := 64
	if testing.Short() {
		rounds = 16
	}
	var reported atomic.Int32
	t.Run("flips", func(t *testing.T) {
		for i := range rounds {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				rnd := rand.New(rand.NewPCG(seed, uint64(i)))
				from := live
				if rnd.IntN(2) == 0 {
					from = closed
				}
				dir := t.TempDir()
				if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
					t.Fatal(err)
				}
				where := flip(t, dir, rnd)
				if err := inspect(t, dir, entries); err != nil {
					reported.Add(1)
					if !errors.Is(err, ErrCorrupt) {
						t.Errorf("%s: %v, want ErrCorrupt", where, err)
					}
				}
			})
		}
	})
	t.Logf("%d of %d flips reported, the others harmless", reported.Load(), rounds)
	if reported.Load() == 0 {
		t.Error("no damage was reported")
	}
}

// inspect returns what the store in dir reports of itself. What it does not
// report must be what was stored.
func inspect(t *testing.T, dir string, want []Entry) error {
	t.Helper()
	s, err := Open(dir, Options{ReserveBytes: 1 << 20})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Damage(); err != nil {
		// Cut, but whole: what is left is right and can be extended.
		height, _ := s.Tip()
		for h := range height + 1 {
			if b, err := s.Block(h); err == nil && b.Hash != want[h].Block.Hash {
				t.Errorf("block %d is another one", h)
			}
		}
		if height+1 < int64(len(want)) {
			if err := s.Append(t.Context(), want[height+1]); err != nil {
				t.Errorf("a recovered store refuses block %d: %v", height+1, err)
			}
		}
		return err
	}
	if err := s.Verify(t.Context()); err != nil {
		return err
	}
	for h, e := range want {
		b, err := s.Block(int64(h))
		if err != nil {
			return err
		}
		state, err := s.State(int64(h))
		if err != nil {
			return err
		}
		if _, err := s.Receipts(int64(h)); err != nil {
			return err
		}
		if b.Hash != e.Block.Hash || string(state) != string(e.State) {
			t.Errorf("block %d is not what was stored, and nothing is reported", h)
		}
	}
	return nil
}

// flip inverts bits of one byte of a file with something in it and says where.
func flip(t *testing.T, dir string, rnd *rand.Rand) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "LOCK" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for {
		name := names[rnd.IntN(len(names))]
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		used := len(strings.TrimRight(string(data), "\x00")) // logs are sparse
		if used == 0 {
			continue
		}
		at := rnd.IntN(used)
		data[at] ^= byte(1 + rnd.IntN(255))
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return filepath.Base(name)
	}
}

// TestCutLog removes acknowledged blocks from the end of the log, as its replay
// does after a damaged byte: the witness tells.
func TestCutLog(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	a := extend(nil, 10, "a", 100)
	appendAll(t, s, a)
	if err := s.cut(mark{9, a[9].Block.Hash}, mark{6, a[6].Block.Hash}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, dir)
	var c *CorruptError
	if err := s.Damage(); !errors.As(err, &c) || c.Height != 7 {
		t.Fatalf("Damage() = %v, want height 7", err)
	}
	holds(t, s, a[:7])
	appendAll(t, s, a[7:])
	s.Close()
	s = open(t, dir)
	if err := s.Damage(); err != nil {
		t.Errorf("Damage() of a recovered store = %v", err)
	}
	holds(t, s, a)
}

// TestMissingBlock loses a block in the middle: the chain is cut before it.
func TestMissingBlock(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	a := extend(nil, 10, "a", 100)
	appendAll(t, s, a)
	key, _ := hashKey(kindBlock, a[4].Block.Hash)
	if err := s.db.DropPrefix(key); err != nil {
		t.Fatal(err)
	}
	var c *CorruptError
	if _, err := s.Block(4); !errors.As(err, &c) || c.Height != 4 {
		t.Errorf("Block of a missing block = %v, want a CorruptError at 4", err)
	}
	s.Close()
	s = open(t, dir)
	if err := s.Damage(); !errors.As(err, &c) || c.Height != 4 {
		t.Fatalf("Damage() = %v, want height 4", err)
	}
	holds(t, s, a[:4])
	appendAll(t, s, a[4:])
	holds(t, s, a)
}

// TestWrongBlock stores one block in another's place, checksums and all.
func TestWrongBlock(t *testing.T) {
	s := open(t, t.TempDir())
	a := extend(nil, 5, "a", 10)
	appendAll(t, s, a)
	key, _ := hashKey(kindBlock, a[2].Block.Hash)
	other, _ := hashKey(kindBlock, a[3].Block.Hash)
	err := s.db.Update(func(txn *badger.Txn) error {
		raw, err := get(txn, other)
		if err != nil {
			return err
		}
		return set(txn, key, raw)
	})
	if err != nil {
		t.Fatal(err)
	}
	var c *CorruptError
	for what, err := range map[string]error{
		"Block":  second(s.Block(2)),
		"Blocks": second(s.Blocks(0, 4)),
		"Verify": s.Verify(t.Context()),
	} {
		if !errors.As(err, &c) || c.Height != 2 {
			t.Errorf("%s = %v, want a CorruptError at 2", what, err)
		}
	}
	// As its doc says.
	if err := s.Replace(t.Context(), 1, a[2:]); err != nil {
		t.Fatal(err)
	}
	holds(t, s, a)
}

func second[T any](_ T, err error) error { return err }
