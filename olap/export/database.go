package export

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"doin.network/node/olap"
	"doin.network/node/olap/sqlite"
)

// DatabaseName is what the SQLite file of an export is called.
const DatabaseName = "olap.db"

// database writes the rows into a new SQLite file.
func database(ctx context.Context, s *sqlite.Snapshot, j Job, sum *Summary) (err error) {
	path := filepath.Join(j.Dir, DatabaseName)
	tmp := path + ".tmp"
	db, err := sqlite.Open(ctx, tmp)
	if err != nil {
		return err
	}
	err = func() error {
		for _, t := range olap.Tables() {
			if len(j.Tables) > 0 && !slices.Contains(j.Tables, t.Name) {
				continue
			}
			n, err := db.Load(ctx, t, func(add func([]any) error) error { return s.Scan(ctx, t, j.Filter, add) })
			if err != nil {
				return err
			}
			sum.Rows[t.Name] = n
		}
		return nil
	}()
	if err = errors.Join(err, db.Close()); err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		for _, end := range []string{"", "-wal", "-shm"} {
			os.Remove(tmp + end)
		}
		return fmt.Errorf("export: %w", err)
	}
	sum.Files = 1
	return nil
}
