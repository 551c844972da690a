package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const exportPattern = "olap-export-"

// Export writes a consistent copy of the database, everything committed up to now, to a file of
// its own below dir, which is created; writing goes on meanwhile. The copy is one file without a
// log, so it can be served as it is. The caller calls cleanup when done with it; copies that a
// crash left behind are removed after an hour by the next Export.
func (db *DB) Export(ctx context.Context, dir string) (path string, cleanup func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, fmt.Errorf("olap/sqlite: export: %w", err)
	}
	removeOld(dir)
	folder, err := os.MkdirTemp(dir, exportPattern)
	if err != nil {
		return "", nil, fmt.Errorf("olap/sqlite: export: %w", err)
	}
	cleanup = func() { os.RemoveAll(folder) }
	path = filepath.Join(folder, "olap.db")
	if _, err := db.reader.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		cleanup()
		return "", nil, db.wrap("export", err)
	}
	return path, cleanup, nil
}

// removeOld removes copies that nobody can be reading any more.
func removeOld(dir string) {
	paths, _ := filepath.Glob(filepath.Join(dir, exportPattern+"*")) // the pattern is good
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil && time.Since(info.ModTime()) > time.Hour {
			os.RemoveAll(p)
		}
	}
}
