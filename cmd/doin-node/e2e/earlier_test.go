//go:build unix

package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"doin.network/node/chain/identity"
)

// maxEarlier is how large a data directory in testdata may be, in bytes.
const maxEarlier = 200 << 10

// TestEarlierDataDirectories starts a node on the data directory of every earlier format of the chain: format-0 was written on
// 2026-11-22 by the last program whose chain had no format, in a network of three, and format-1 on 2026-11-30 by a node alone.
// (That of the present format is in the testdata of package node.) The chain makes room for a new one; key and records stay, and
// go on.
func TestEarlierDataDirectories(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob("testdata/earlier/format-*")
	if err != nil || len(dirs) != 2 {
		t.Fatalf("directories %q, %v, want 2", dirs, err)
	}
	for _, stored := range dirs {
		t.Run(filepath.Base(stored), func(t *testing.T) {
			t.Parallel()
			startEarlier(t, stored)
		})
	}
}

func startEarlier(t *testing.T, stored string) {
	size := int64(0)
	err := filepath.WalkDir(stored, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var info fs.FileInfo
			info, err = d.Info()
			size += info.Size()
		}
		return err
	})
	if err != nil || size > maxEarlier {
		t.Errorf("%d bytes, %v, want at most %d", size, err, maxEarlier)
	}
	h := &host{t: t, name: filepath.Base(stored), dir: filepath.Join(t.TempDir(), "node"), port: freePort(t)}
	if err := os.CopyFS(h.dir, os.DirFS(stored)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(h.file("identity.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	if h.key, err = identity.LoadOrCreate(h.file("identity.json")); err != nil {
		t.Fatal(err)
	}
	before := sheetRows(t, h.file("experiment_stats.csv"))
	h.configure(storedSettings())
	h.run()
	if id, err := h.mustGet("/status").String("peer_id"); err != nil || id == "" || !strings.HasPrefix(h.key.PeerID(), id) {
		t.Errorf("peer_id %q, %v, want the stored key's, %s", id, err, h.key.PeerID())
	}
	eventually(t, "rounds and a block", func() error {
		r, err := h.rounds("quadratic")
		height, _, tipErr := h.tip()
		if err = errors.Join(err, tipErr); err != nil || r < 2 || height < 1 {
			return fmt.Errorf("%d rounds, height %d, %v", r, height, err)
		}
		return nil
	})
	h.stop(syscall.SIGTERM)
	if n := strings.Count(h.out.String(), "moved aside"); n != 1 {
		t.Errorf("%d warnings of the chain that makes room, want 1:\n%s", n, tail(h.out.String(), 20))
	}
	if _, err := os.Stat(h.file("chain.old-1/genesis.json")); err != nil {
		t.Errorf("the old chain is not where it should be: %v", err)
	}
	if n := checkRecords(t, h.file("experiment_stats.csv"), h.file("olap.db")); n < len(before)+2 {
		t.Errorf("%d rows after %d stored ones, want 2 more", n, len(before))
	}
	after := sheetRows(t, h.file("experiment_stats.csv"))
	for i, old := range before {
		same := func(row map[string]string) bool {
			return row["round_id"] == old["round_id"] && row["performance"] == old["performance"] && row["experiment_id"] == old["experiment_id"]
		}
		if !slices.ContainsFunc(after, same) {
			t.Errorf("row %d, round %s, is gone", i+1, old["round_number"])
		}
	}
}
