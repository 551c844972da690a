//go:build unix

package e2e

import (
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
)

var update = flag.Bool("update", false, "make the data directory in the testdata of cmd/doin-node/node anew")

const (
	// storedBlocks is how many blocks the data directory has at least.
	storedBlocks = 3
	// discardFile is a megabyte of zeros that the store makes again when it is missing.
	discardFile = "chain/badger/DISCARD"
)

// storedSettings are the configuration of the data directory: a seeded node that is alone and may be its own quorum.
func storedSettings() *canon.Object {
	return settings(quadratic()).Set("seed", 1).Set("solo", true).Set("discovery_enabled", false)
}

// TestDataDirectory starts a node on a data directory that this revision has written, the one in the testdata of package
// node: chain, search, key and records are taken up. Made anew by -update, which is due whenever chain.Format or the file of a
// search is counted up.
func TestDataDirectory(t *testing.T) {
	t.Parallel()
	stored := filepath.Join(root, "cmd", "doin-node", "node", "testdata", "datadir")
	if *update {
		makeDataDirectory(t, stored)
	}
	h := &host{t: t, name: "stored", dir: filepath.Join(t.TempDir(), "stored"), port: freePort(t)}
	if err := os.CopyFS(h.dir, os.DirFS(stored)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(h.file("identity.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if h.key, err = identity.LoadOrCreate(h.file("identity.json")); err != nil {
		t.Fatal(err)
	}
	written, err := readSearchState(t, h, "quadratic")
	if err != nil {
		t.Fatal(err)
	}
	rows := len(seededRows(t, h))
	h.configure(storedSettings())
	h.run()
	if height, _, err := h.tip(); err != nil || height < storedBlocks {
		t.Errorf("height %d, %v, want the %d blocks that were stored", height, err, storedBlocks)
	}
	if id, err := h.mustGet("/status").String("peer_id"); err != nil || id == "" || !strings.HasPrefix(h.key.PeerID(), id) {
		t.Errorf("peer_id %q, %v, want the stored key's, %s", id, err, h.key.PeerID())
	}
	eventually(t, "rounds after the stored ones", func() error {
		if r, err := h.rounds("quadratic"); err != nil || r < written.Round+2 {
			return fmt.Errorf("%d rounds, %v", r, err)
		}
		return nil
	})
	mentions(t, h.out.String(), fmt.Sprintf("round=%d generation=%d", written.Round, written.Generation))
	if strings.Contains(h.out.String(), "level=WARN") {
		t.Errorf("the node complains:\n%s", tail(h.out.String(), 20))
	}
	h.stop(syscall.SIGTERM)
	if n := len(seededRows(t, h)); n < rows+2 {
		t.Errorf("%d rows after %d stored ones, want 2 more", n, rows)
	}
	checkRecords(t, h.file("experiment_stats.csv"), h.file("olap.db"))
	if _, err := os.Stat(h.file("chain.old-1")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the chain was moved aside")
	}
}

// makeDataDirectory runs a node until it has what is wanted and keeps its directory.
func makeDataDirectory(t *testing.T, dir string) {
	t.Helper()
	h := newHost(t, "stored", storedSettings())
	h.run()
	eventually(t, "blocks", higher(h, storedBlocks-1))
	h.stop(syscall.SIGTERM)
	for _, name := range []string{discardFile, "node.json"} { // the configuration names this machine's files
		if err := os.Remove(h.file(name)); err != nil {
			t.Fatal(err)
		}
	}
	// Smaller pages make a smaller file: most of a short run's are nearly empty.
	db, err := sql.Open("sqlite", h.file("olap.db"))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	for _, q := range []string{"PRAGMA journal_mode = DELETE", "PRAGMA page_size = 1024", "VACUUM"} {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(db.Close(), os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(h.dir))); err != nil {
		t.Fatal(err)
	}
}
