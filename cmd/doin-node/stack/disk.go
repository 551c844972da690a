package stack

import (
	"fmt"

	"doin.network/node/cmd/doin-node/config"
)

// unfit are the file systems that neither store nor database may lie on. Others of other machines promise what a local one does.
var unfit = map[string]bool{"NFS": true, "SMB": true, "CIFS": true, "AFS": true}

// checkDisk refuses places where databases break. kind names the file system of a path, "" for a disk of this machine.
func checkDisk(cfg *config.Config, kind func(path string) (string, error)) error {
	for _, p := range []struct{ key, path, what string }{
		{"data_dir", cfg.StorePath(), "the chain's store (Badger) maps its files into memory and locks its folder"},
		{"olap_db_path", cfg.OLAPPath(), "SQLite shares memory between its users and locks parts of its file"},
	} {
		found, err := kind(p.path)
		if err != nil {
			return fmt.Errorf("%s: %w", p.key, err)
		}
		if unfit[found] {
			return fmt.Errorf("%s: %s lies on %s: %s, which a disk of another machine does not keep: databases there are damaged without a word. Name a folder of this machine's own disk",
				p.key, p.path, found, p.what)
		}
	}
	return nil
}
