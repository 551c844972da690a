package store

import (
	"errors"
	"fmt"
	"io"
)

// loadWrites bounds the writes that a restoration has under way.
const loadWrites = 16

// Backup writes the whole store to w as it is at this moment, in Badger's own stream format; writing goes on meanwhile.
func (s *Store) Backup(w io.Writer) error {
	if _, err := s.db.Backup(w, 0); err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	return nil
}

// Restore makes a store in dir, which must not hold one, of what Backup wrote, and opens it once: what it finds missing or
// damaged is an error, a *CorruptError.
func Restore(dir string, r io.Reader) (err error) {
	s, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	if height, _ := s.Tip(); height >= 0 {
		return errors.Join(fmt.Errorf("store: %s holds a chain", dir), s.Close())
	}
	if err := s.load(r); err != nil {
		return errors.Join(fmt.Errorf("store: restore: %w", err), s.Close())
	}
	if err := s.Close(); err != nil {
		return fmt.Errorf("store: restore: %w", err)
	}
	if s, err = Open(dir, Options{}); err != nil {
		return err
	}
	return errors.Join(s.Damage(), s.Close())
}

// load reads a backup into the database. Badger may panic on bytes that it did not write.
func (s *Store) load(r io.Reader) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &CorruptError{Height: -1, What: fmt.Sprintf("backup: %v", p)}
		}
	}()
	return s.db.Load(r, loadWrites)
}
