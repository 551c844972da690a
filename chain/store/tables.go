package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/ristretto/v2/z"
)

// checkTables reads every table file that the manifest in path names and verifies
// its checksums. Badger itself would leave out a table whose index is damaged and
// say so only in its log, and panic in a goroutine of its own on other damage.
func checkTables(path string, o badger.Options) error {
	f, err := os.Open(filepath.Join(path, badger.ManifestFilename))
	if errors.Is(err, os.ErrNotExist) {
		return nil // a new store
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer f.Close()
	manifest, _, err := badger.ReplayManifestFile(f, o.ExternalMagicVersion, o)
	if err != nil {
		return &CorruptError{Height: -1, What: "manifest: " + err.Error()}
	}
	for id, t := range manifest.Tables {
		if _, err := os.Stat(table.NewFilename(id, path)); errors.Is(err, os.ErrNotExist) {
			return &CorruptError{Height: -1, What: fmt.Sprintf("manifest: it names table %06d, which is not there", id)}
		}
		if err := checkTable(table.NewFilename(id, path), t.Compression, o); err != nil {
			return &CorruptError{Height: -1, What: fmt.Sprintf("table %06d: %v", id, err)}
		}
	}
	return nil
}

func checkTable(name string, compression options.CompressionType, o badger.Options) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("unreadable")
		}
	}()
	f, err := z.OpenMmapFile(name, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	// Close with −1 keeps the file's length.
	defer func() { err = errors.Join(err, f.Close(-1)) }()
	// The table shares f and holds nothing else to close.
	_, err = table.OpenTable(f, table.Options{
		ReadOnly:    true,
		BlockSize:   o.BlockSize,
		Compression: compression,
		ChkMode:     options.OnTableRead,
	})
	return err
}

// setEmptyAside renames log files of no bytes, which Badger refuses to open. What they held is gone: the witness tells whether
// anything acknowledged was among it.
func (s *Store) setEmptyAside(path string) error {
	for _, pattern := range []string{"*.mem", "*.vlog"} {
		names, err := filepath.Glob(filepath.Join(path, pattern))
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		for _, name := range names {
			info, err := os.Stat(name)
			if err != nil || info.Size() > 0 {
				continue
			}
			if err := os.Rename(name, name+".damaged"); err != nil {
				return fmt.Errorf("store: %w", err)
			}
			s.log.Error("log file is empty: it was set aside", "file", name, "moved_to", name+".damaged")
		}
	}
	return nil
}
