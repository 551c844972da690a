package stack

import (
	"strings"
	"testing"

	"doin.network/node/cmd/doin-node/config"
)

// TestCheckDisk: databases on a disk of another machine are refused by key, path and reason.
func TestCheckDisk(t *testing.T) {
	cfg := config.DefaultConfig()
	cfg.DataDir, cfg.Record.OLAPFile = "/home/me/doin-data", "/scratch/olap.db"
	f := func(kinds map[string]string, want ...string) {
		t.Helper()
		err := checkDisk(&cfg, func(path string) (string, error) {
			for prefix, kind := range kinds {
				if strings.HasPrefix(path, prefix) {
					return kind, nil
				}
			}
			return "", nil
		})
		if (err == nil) != (len(want) == 0) {
			t.Errorf("checkDisk(%v) = %v, want %q", kinds, err, want)
			return
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("checkDisk(%v) = %v, want %q in it", kinds, err, w)
			}
		}
	}
	f(nil)
	f(map[string]string{"/home": "NFS"}, "data_dir", "/home/me/doin-data/chain", "NFS", "Badger")
	f(map[string]string{"/scratch": "SMB"}, "olap_db_path", "/scratch/olap.db", "SQLite")
	f(map[string]string{"/home": "Ceph", "/scratch": "GPFS"})
}
