package store

import (
	"os"
	"path/filepath"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// FuzzWitness: no witness panics, and what is read is written back as it was.
func FuzzWitness(f *testing.F) {
	dir := f.TempDir()
	s := &Store{dir: dir}
	hash := chain.GenesisBlock().Hash
	for _, tips := range [][]mark{nil, {{3, hash}}, {{3, hash}, {4, hash}}} {
		if err := s.writeWitness(tips...); err != nil {
			f.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, witnessName))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &Store{dir: t.TempDir()}
		name := filepath.Join(s.dir, witnessName)
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		tips, err := s.readWitness()
		if err != nil {
			return
		}
		if err := s.writeWitness(tips...); err != nil {
			t.Fatal(err)
		}
		if again, err := os.ReadFile(name); err != nil || string(again) != string(data) {
			t.Fatalf("%x became %x (%v)", data, again, err)
		}
	})
}

// FuzzBlock: no stored bytes are taken for a block with another hash.
func FuzzBlock(f *testing.F) {
	g := chain.GenesisBlock()
	f.Add(canon.Canonical(g.Object()))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := parseBlock(raw, 0, g.Hash)
		if err == nil && b.ComputeHash() != g.Hash {
			t.Fatalf("%s is read as block 0", raw)
		}
	})
}
