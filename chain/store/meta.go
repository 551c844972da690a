package store

import (
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"
)

// maxNameBytes bounds the name of a record.
const maxNameBytes = 256

// PutMeta stores a small record of the node under a name of 1 to 256 bytes, in
// place of an earlier one. It is on the disk when it returns nil. Errors are
// ErrInvalid, ErrDiskFull and Badger's.
func (s *Store) PutMeta(name string, value []byte) error {
	if name == "" || len(name) > maxNameBytes || len(value) > MaxValueBytes {
		return fmt.Errorf("%w: record %.40q of %d bytes", ErrInvalid, name, len(value))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.room(); err != nil {
		return err
	}
	if err := s.update(func(txn *badger.Txn) error { return set(txn, recordKey(name), value) }); err != nil {
		return fmt.Errorf("store: record %q: %w", name, err)
	}
	return nil
}

// Meta returns the record of a name: ErrNotFound if there is none, a *CorruptError
// if it is not what was stored. The slice is the caller's.
func (s *Store) Meta(name string) (value []byte, err error) {
	err = s.view(func(txn *badger.Txn) error {
		value, err = get(txn, recordKey(name))
		if err != nil && !errors.Is(err, ErrNotFound) {
			return corrupt(-1, fmt.Sprintf("record %.40q", name), err)
		}
		return err
	})
	return value, err
}
