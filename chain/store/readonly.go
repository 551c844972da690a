package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/dgraph-io/badger/v4"
)

// OpenReadOnly opens the store in dir for reading alone, beside other readers: nothing is recovered, cut or written, and
// every writer of the result fails. It is ErrLocked while a node has the store open, ErrNotFound where there is none, and
// ErrUnclean for one that was not closed and cannot be read without being repaired, which Open does. The caller must Close
// it.
func OpenReadOnly(dir string) (_ *Store, err error) {
	s := &Store{dir: dir, log: slog.New(slog.DiscardHandler), reserve: -1, free: freeBytes}
	if _, err := os.Stat(s.database()); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%w: no chain in %s", ErrNotFound, dir)
		}
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := s.openWith(func(o badger.Options) badger.Options { return o.WithReadOnly(true) }); err != nil {
		return nil, err
	}
	s.tip.Store(&mark{height: -1})
	_, whole, err := s.wholeTip()
	if err == nil {
		err = s.loadTrees()
	}
	if err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	s.tip.Store(&whole)
	return s, nil
}
