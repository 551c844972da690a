package chaindb

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/cmd/doin-pynode/chaindb/chaindbtest"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

// TestRead reads what the reference itself has made, from the tables that its nodes have.
func TestRead(t *testing.T) {
	want := []*chain.Block{chain.GenesisBlock()}
	for _, c := range golden.Cases(t, "chain_validation") {
		if c.Name != "valid" {
			continue
		}
		list, err := c.Inputs.List("blocks")
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range list {
			b, err := chain.BlockFromObject(v.(*canon.Object))
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, b)
		}
	}
	plain := filepath.Join(t.TempDir(), "chain.db")
	chaindbtest.Write(t, plain, want)
	path := filepath.Join(filepath.Dir(plain), "chain 100%?.db") // a name that a URL must escape
	if err := os.Rename(plain, path); err != nil {
		t.Fatal(err)
	}
	if is, err := Is(path); err != nil || !is {
		t.Errorf("Is() = %v, %v", is, err)
	}
	var got []*chain.Block
	if err := Read(t.Context(), path, func(b *chain.Block) error { got = append(got, b); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) || len(want) < 3 {
		t.Fatalf("%d blocks, want %d", len(got), len(want))
	}
	for i, b := range got {
		if !canon.Equal(b.Object(), want[i].Object()) || b.Header.ComputeHash() != b.Hash {
			t.Errorf("block %d is %s\nwant %s", i, canon.Default(b.Object()), canon.Default(want[i].Object()))
		}
	}
	// Its node was killed: the last block is in the write-ahead log alone.
	log, err := sql.Open("sqlite", plain)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	chaindbtest.Write(t, plain, want[:1])
	last := want[1]
	if _, err := log.Exec(`INSERT INTO blocks VALUES (1, ?, ?, ?, ?, ?, 1.0, 1.0, 0)`, last.Hash, last.Header.PreviousHash, last.Header.Timestamp.ISO(),
		last.Header.MerkleRoot, last.Header.GeneratorID); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(plain + "-wal"); err != nil || info.Size() == 0 {
		t.Fatalf("no write-ahead log: %v", err)
	}
	n := 0
	if err := Read(t.Context(), plain, func(*chain.Block) error { n++; return nil }); err != nil || n != 2 {
		t.Errorf("%d blocks with the last in the log, %v, want 2", n, err)
	}
	stop := errors.New("enough")
	if err := Read(t.Context(), path, func(*chain.Block) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("Read() = %v, want that of the caller", err)
	}
}

// TestReadRefuses holds what is no such file, or has lost something, against its error.
func TestReadRefuses(t *testing.T) {
	f := func(what string, spoil string, want error) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "chain.db")
		b := &chain.Block{Header: chain.Header{Index: 1, PreviousHash: chain.GenesisHash, GeneratorID: "a"}}
		b.Seal()
		chaindbtest.Write(t, path, []*chain.Block{chain.GenesisBlock(), b})
		chaindbtest.Exec(t, path, spoil)
		err := Read(t.Context(), path, func(*chain.Block) error { return nil })
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	f("another version", `UPDATE metadata SET value = '2'`, ErrSchema)
	f("no version", `DELETE FROM metadata`, ErrSchema)
	f("other tables", `DROP TABLE blocks`, ErrSchema)
	f("a gap", `DELETE FROM blocks WHERE block_index = 0`, nil)
	f("a bad payload", `INSERT INTO transactions VALUES ('`+chain.ZeroHash+`', 1, 0, 'optimae_accepted', 'q', 'a', '{', '2026-01-01T00:00:00+00:00')`, nil)

	text := filepath.Join(t.TempDir(), "chain.json")
	if err := os.WriteFile(text, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	if is, err := Is(text); err != nil || is {
		t.Errorf("Is(a text) = %v, %v", is, err)
	}
	if _, err := Is(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("Is(nothing) is no error")
	}
}
