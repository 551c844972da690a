package store

import (
	"bytes"
	"errors"
	"fmt"
	"sort"

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
	return s.writeMeta(name, func(txn *badger.Txn) error { return set(txn, recordKey(name), value) })
}

// DeleteMeta removes a record; one that does not exist is no error.
func (s *Store) DeleteMeta(name string) error {
	if name == "" || len(name) > maxNameBytes {
		return fmt.Errorf("%w: record %.40q", ErrInvalid, name)
	}
	return s.writeMeta(name, func(txn *badger.Txn) error { return txn.Delete(recordKey(name)) })
}

func (s *Store) writeMeta(name string, f func(*badger.Txn) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.room(); err != nil {
		return err
	}
	if err := s.update(f); err != nil {
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

// MetaNames returns the names of the records that begin with prefix, sorted.
func (s *Store) MetaNames(prefix string) (names []string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = corrupt(-1, "records", fmt.Errorf("%v", r))
		}
	}()
	err = s.view(func(txn *badger.Txn) error {
		opt := badger.DefaultIteratorOptions
		opt.PrefetchValues = false
		opt.Prefix = recordKey(prefix)
		it := txn.NewIterator(opt)
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			names = append(names, string(bytes.TrimPrefix(it.Item().Key(), []byte{kindRecord})))
		}
		return nil
	})
	sort.Strings(names)
	return names, err
}
