package export

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"doin.network/node/olap"
	"doin.network/node/olap/sqlite"
)

// ErrTable is wrapped by Shelf.Path's error for a name that no table has.
var ErrTable = errors.New("export: no such table")

// fresh is how long a file of a shelf is handed out. A reader that asks for pieces of it one after the other gets them of one state.
const fresh = time.Minute

// restShare is how many times as long as a file took to be made none is made after it: strangers who ask for every table without
// end cost a third of a core.
const restShare = 2

// Shelf keeps files of single tables for who asks over a network, one of a table and format, and makes them anew when they are
// older than a minute. One is made at a time, and after it there is a rest. It is safe for concurrent use.
type Shelf struct {
	db, dir string
	now     func() time.Time

	mu   sync.Mutex // held while a file is made
	made map[string]time.Time
	rest time.Time // until when none is made
}

// NewShelf returns a shelf of the tables in a SQLite file, which keeps its files in dir.
func NewShelf(db, dir string, now func() time.Time) *Shelf {
	return &Shelf{db: db, dir: dir, now: now, made: map[string]time.Time{}}
}

// Path returns the file of a table: all its rows, "parquet", "arrow" or "csv". It may be replaced by another; one that is open
// stays as it is. The errors wrap ErrTable or ErrFormat, or say what the file system says.
func (s *Shelf) Path(ctx context.Context, table, format string) (string, error) {
	var t *olap.Table
	for _, known := range olap.Tables() {
		if known.Name == table {
			t = known
		}
	}
	if t == nil {
		return "", fmt.Errorf("%w: %.40q", ErrTable, table)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	path := filepath.Join(s.dir, table+"."+format)
	if at, ok := s.made[path]; ok && s.now().Sub(at) < fresh {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	if err := s.wait(ctx); err != nil {
		return "", err
	}
	begun := s.now()
	defer func() { s.rest = s.now().Add(restShare * s.now().Sub(begun)) }()
	snapshot, err := sqlite.OpenSnapshot(ctx, s.db)
	if err != nil {
		return "", err
	}
	defer snapshot.Close()
	metadata, err := Metadata(ctx, snapshot)
	if err != nil {
		return "", err
	}
	p, err := create(ctx, openOnDisk, path, format, t, metadata)
	if err != nil {
		return "", err
	}
	if err := snapshot.Scan(ctx, t, sqlite.Filter{}, p.Add); err != nil {
		p.abandon()
		return "", err
	}
	if err := p.finish(); err != nil {
		return "", err
	}
	s.made[path] = s.now()
	return path, nil
}

// wait returns when the rest is over.
func (s *Shelf) wait(ctx context.Context) error {
	left := s.rest.Sub(s.now())
	if left <= 0 {
		return nil
	}
	over := time.NewTimer(left)
	defer over.Stop()
	select {
	case <-over.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
