package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"doin.network/node/internal/canon"
)

// smallDisk returns a directory on a small file system of its own, or skips the test.
func smallDisk(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("DOIN_E2E_TMPFS"); dir != "" {
		return dir
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=192m"); err != nil {
		t.Skipf("NOT TESTED: a full disk. A tmpfs cannot be mounted here (%v); mount one of about 192 MiB and name it in DOIN_E2E_TMPFS", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return dir
}

// fill writes a file until the disk has no room left.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 64<<10); len(block) > 0; {
		_, err := f.Write(block)
		switch {
		case errors.Is(err, syscall.ENOSPC):
			block = block[:len(block)/2] // down to the last byte
		case err != nil:
			t.Fatal(err)
		}
	}
}

// TestFullDisk takes a running node's disk away: it says so, keeps what it has, and goes on when there is room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	hosts := newNetwork(t, 2, settings(quadratic()))
	h := hosts[0]
	cfg, err := canon.ParseObject(read(t, h.file("node.json")))
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(disk, "data")
	h.configure(cfg, "data_dir", data, "identity_file", h.file("identity.json"))
	for _, h := range hosts {
		h.run()
	}
	eventually(t, "a block", higher(h, 0))
	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	eventually(t, "the node says that its disk is full", func() error {
		if h.exited() {
			t.Fatalf("it ended: %v", h.err)
		}
		if !strings.Contains(h.out.String(), "disk is full") {
			return errors.New("not yet")
		}
		return nil
	})
	height, tip, err := h.tip()
	if err != nil {
		t.Fatalf("a node whose disk is full does not answer: %v", err)
	}
	if b, err := h.get(fmt.Sprintf("/chain/block/%d", height)); err != nil {
		t.Errorf("its tip is not on the disk: %v", err)
	} else if hash, _ := b.String("hash"); hash != tip {
		t.Errorf("block %d is %s, the tip %s", height, hash, tip)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it goes on when there is room", higher(h, height))
	eventually(t, "the tips agree", agree(hosts))
	rows := len(sheetRows(t, filepath.Join(data, "experiment_stats.csv")))
	eventually(t, "it records rounds again", func() error {
		if n := len(sheetRows(t, filepath.Join(data, "experiment_stats.csv"))); n <= rows {
			return fmt.Errorf("%d rows", n)
		}
		return nil
	})
	// What was acknowledged is there after a crash as well.
	seen, err := h.blocks()
	if err != nil {
		t.Fatal(err)
	}
	h.kill()
	h.run()
	if now, err := h.blocks(); err != nil || len(now) < len(seen) {
		t.Errorf("%d blocks, %v; there were %d", len(now), err, len(seen))
	}
	h.stop(syscall.SIGTERM)
	if rounds := databaseRounds(t, filepath.Join(data, "olap.db")); len(rounds) == 0 {
		t.Error("no rounds in the database")
	}
}
