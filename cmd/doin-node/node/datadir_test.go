package node

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/canon"
)

var update = flag.Bool("update", false, "make testdata/datadir anew")

// maxDataDir is how large the directory in testdata may be.
const maxDataDir = 200 << 10

// TestDataDir starts a node on a data directory that this revision has written: what later revisions write must be told
// apart from it, or be read like it. Made anew by -update, which is due whenever chain.Format is counted up.
func TestDataDir(t *testing.T) {
	kept := filepath.Join("testdata", "datadir")
	if *update {
		makeDataDir(t, kept)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(kept)); err != nil {
		t.Fatal(err)
	}
	var size int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			info, e := d.Info()
			size, err = size+info.Size(), e
		}
		return err
	})
	if err != nil || size > maxDataDir {
		t.Errorf("the directory has %d bytes, %v; at most %d", size, err, maxDataDir)
	}
	n, err := New(t.Context(), dataDirConfig(t, dir), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if h := n.head(); h.Height != 3 {
		t.Errorf("height %d, want the 3 blocks that were stored", h.Height)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := n.Run(ctx); err != nil {
		t.Errorf("Run = %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "chain.old-1")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the chain was moved aside")
	}
}

func dataDirConfig(t *testing.T, dir string) *config.Config {
	t.Helper()
	cfg := testConfig(t, `{"host": "127.0.0.1", "discovery_enabled": false}`)
	cfg.DataDir, cfg.GenesisFile, cfg.Network.Port = dir, filepath.Join(dir, "genesis.json"), 0
	return cfg
}

// makeDataDir writes the directory: a genesis file, and a chain of three blocks in small tables.
func makeDataDir(t *testing.T, dir string) {
	t.Helper()
	l := newNetwork(t, "data directory")
	l.extend(3)
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	l.must(os.WriteFile(filepath.Join(dir, "genesis.json"), canon.AppendIndent(nil, l.genesis.Object()), 0o644))
	st, err := store.Open(filepath.Join(dir, "chain"), store.Options{ReserveBytes: -1})
	l.must(err)
	_, err = loadTip(t.Context(), st, l.genesis, discard)
	l.must(err)
	for _, e := range entries(l.blocks) {
		l.must(st.Append(context.Background(), e))
	}
	l.must(st.Close())
	l.must(os.Remove(filepath.Join(dir, "chain", "badger", "DISCARD"))) // a megabyte of zeros, made again when it is missing
}
