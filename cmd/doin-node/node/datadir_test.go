package node

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/chain/identity"
	"doin.network/node/chain/store"
)

// maxDataDir is how large the directory in testdata may be.
const maxDataDir = 200 << 10

// dataDir returns a copy of a data directory that this revision has written: what later revisions write must be told apart
// from it, or be read like it. A test of cmd/doin-node/e2e makes it anew and starts a whole node on it.
func dataDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "datadir"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "identity.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestDataDir opens the directory: its chain and its key are taken up, and nothing is moved.
func TestDataDir(t *testing.T) {
	dir := dataDir(t)
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
	key, err := identity.LoadOrCreate(filepath.Join(dir, "identity.json"))
	if err != nil {
		t.Fatal(err)
	}
	if h := openDataDir(t, dir, slog.New(slog.DiscardHandler), key.PeerID()); h < 3 {
		t.Errorf("height %d, want the 3 blocks that were stored, or more", h)
	}
	if _, err := os.Stat(filepath.Join(dir, "chain.old-1")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the chain was moved aside")
	}
}

// TestDataDirOfAnotherFormat: the chain makes room for a new one; the key, the records, and the search with its champion stay.
func TestDataDirOfAnotherFormat(t *testing.T) {
	dir := dataDir(t)
	st, err := store.Open(filepath.Join(dir, "chain"), store.Options{ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(st.PutMeta(metaFormat, []byte("1 77")), st.Close()); err != nil {
		t.Fatal(err)
	}
	kept := []string{"identity.json", "experiment_stats.csv", "search/quadratic.state"}
	before := contents(t, dir, kept)
	key, err := identity.LoadOrCreate(filepath.Join(dir, "identity.json"))
	if err != nil {
		t.Fatal(err)
	}
	_, log := base(dir)
	h := openDataDir(t, dir, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn})), key.PeerID())
	if h != 0 {
		t.Errorf("height %d, want 0: a new chain", h)
	}
	if _, err := os.Stat(filepath.Join(dir, "chain.old-1", "genesis.json")); err != nil {
		t.Errorf("the old chain is not where it should be: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, "olap.db")); err != nil || info.Size() == 0 {
		t.Errorf("the records are gone: %v", err)
	}
	for i, after := range contents(t, dir, kept) {
		if after != before[i] {
			t.Errorf("%s has changed", kept[i])
		}
	}
	if n := strings.Count(log.String(), "moved aside"); n != 1 {
		t.Errorf("%d warnings of the move, want 1:\n%s", n, log)
	}
}

// openDataDir makes the node of a directory, ends it, and returns the height that it had; peer is who it has to be.
func openDataDir(t *testing.T, dir string, log *slog.Logger, peer string) int64 {
	t.Helper()
	cfg := testConfig(t, `{"host": "127.0.0.1", "discovery_enabled": false, "solo": true,
		"domains": [{"domain_id": "quadratic", "optimization_plugin": "quadratic", "has_synthetic_data": true}]}`)
	cfg.DataDir, cfg.Network.Port = dir, 0
	n, err := New(t.Context(), cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	height := n.head().Height
	if n.PeerID() != peer {
		t.Errorf("the node is %s, want the stored key's %s", n.PeerID(), peer)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := n.Run(ctx); err != nil {
		t.Errorf("Run = %v", err)
	}
	return height
}

// contents reads files of a directory.
func contents(t *testing.T, dir string, names []string) (out []string) {
	t.Helper()
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(data))
	}
	return out
}
