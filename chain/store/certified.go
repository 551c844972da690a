package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"doin.network/node/chain/state"
)

// A certified chain (chain/streamlet) lies beside the chain of blocks that readers know, which is made of its final blocks. Its blocks
// are bytes to this package. Above the last final one there may be several of one height.

// Certified is a block of a certified chain.
type Certified struct {
	Height int64
	ID     [32]byte
	Data   []byte
}

// Note is a small record of a machine. A nil value deletes it.
type Note struct {
	Name  string
	Value []byte
}

// Promise is what must be on the disk before a machine may speak of it.
type Promise struct {
	Blocks []Certified
	// Final are blocks that are final: others of their heights are deleted. Their data are not looked at.
	Final []Certified
	Notes []Note
}

func certifiedKey(height int64, id [32]byte) []byte {
	return append(binary.BigEndian.AppendUint64([]byte{kindCertified}, uint64(height)), id[:]...)
}

func noteKey(name string) []byte { return append([]byte{kindNote}, name...) }

// Keep puts a promise on the disk: when it returns nil, all of it is there. Blocks come first and notes last, so that a crash in the
// middle leaves blocks that no note speaks of. Errors are ErrInvalid, ErrDiskFull and Badger's.
func (s *Store) Keep(ctx context.Context, p Promise) error {
	for _, b := range p.Blocks {
		if len(b.Data) == 0 || len(b.Data) > MaxValueBytes || b.Height < 0 {
			return fmt.Errorf("%w: certified block %d of %d bytes", ErrInvalid, b.Height, len(b.Data))
		}
	}
	for _, n := range p.Notes {
		if n.Name == "" || len(n.Name) > maxNameBytes || len(n.Value) >= inlineBytes {
			return fmt.Errorf("%w: note %.40q of %d bytes", ErrInvalid, n.Name, len(n.Value))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := errors.Join(ctx.Err(), s.room()); err != nil {
		return err
	}
	w := &writer{s: s}
	for _, b := range p.Blocks {
		w.set(certifiedKey(b.Height, b.ID), b.Data)
	}
	for _, b := range p.Final {
		w.drop(b)
	}
	w.flush() // blocks are there before a note is
	for _, n := range p.Notes {
		if n.Value == nil {
			w.delete(noteKey(n.Name))
		} else {
			w.set(noteKey(n.Name), n.Value)
		}
	}
	w.flush()
	if w.err != nil {
		return fmt.Errorf("store: certified chain: %w", w.err)
	}
	return nil
}

// writer collects changes into as few synced transactions as their limit allows. It keeps the first error and does nothing after it.
type writer struct {
	s     *Store
	todo  []func(*badger.Txn) error
	bytes int
	err   error
}

func (w *writer) add(bytes int, f func(*badger.Txn) error) {
	if bytes += 100; w.bytes+bytes > maxAppendBytes {
		w.flush()
	}
	w.todo, w.bytes = append(w.todo, f), w.bytes+bytes
}

func (w *writer) set(key, value []byte) {
	bytes := len(value)
	if bytes >= inlineBytes {
		bytes = 0
	}
	w.add(bytes, func(txn *badger.Txn) error { return set(txn, key, value) })
}

func (w *writer) delete(key []byte) { w.add(0, func(txn *badger.Txn) error { return txn.Delete(key) }) }

// drop deletes the rivals of a final block.
func (w *writer) drop(final Certified) {
	keep := certifiedKey(final.Height, final.ID)
	var rivals [][]byte
	err := w.s.view(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: keep[:9]})
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			if key := it.Item().KeyCopy(nil); string(key) != string(keep) {
				rivals = append(rivals, key)
			}
		}
		return nil
	})
	if w.err == nil {
		w.err = err
	}
	for _, key := range rivals {
		w.delete(key)
	}
}

func (w *writer) flush() {
	if len(w.todo) > 0 && w.err == nil {
		todo := w.todo
		w.err = w.s.update(func(txn *badger.Txn) error {
			for _, f := range todo {
				if err := f(txn); err != nil {
					return err
				}
			}
			return nil
		})
	}
	w.todo, w.bytes = nil, 0
}

// CertifiedFrom calls f for the stored blocks of the certified chain from a height on, ascending, and of one height in the order of
// their ids, until f fails. A block that is not what was stored is a *CorruptError. Data are f's own.
func (s *Store) CertifiedFrom(height int64, f func(Certified) error) error {
	from := binary.BigEndian.AppendUint64([]byte{kindCertified}, uint64(max(height, 0)))
	return s.view(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: from[:1], PrefetchValues: true, PrefetchSize: 16})
		defer it.Close()
		for it.Seek(from); it.Valid(); it.Next() {
			key := it.Item().KeyCopy(nil)
			if len(key) != 1+8+32 {
				return corrupt(-1, "key of a certified block", errSum)
			}
			b := Certified{Height: int64(binary.BigEndian.Uint64(key[1:])), ID: [32]byte(key[9:])}
			sealed, err := it.Item().ValueCopy(nil)
			if err == nil {
				b.Data, err = unseal(key, sealed)
			}
			if err != nil {
				return corrupt(b.Height, "certified block", err)
			}
			if err := f(b); err != nil {
				return err
			}
		}
		return nil
	})
}

// errEnough ends an iteration.
var errEnough = errors.New("enough")

// CertifiedAt returns the stored blocks of the certified chain of a height: one where it is final, none above the tip.
func (s *Store) CertifiedAt(height int64) (out []Certified, err error) {
	err = s.CertifiedFrom(height, func(b Certified) error {
		if b.Height > height {
			return errEnough
		}
		out = append(out, b)
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return out, err
}

// Note returns a note: ErrNotFound if there is none, a *CorruptError if it is not what was stored.
func (s *Store) Note(name string) (value []byte, err error) {
	err = s.view(func(txn *badger.Txn) error {
		value, err = get(txn, noteKey(name))
		if err != nil && !errors.Is(err, ErrNotFound) {
			return corrupt(-1, fmt.Sprintf("note %.40q", name), err)
		}
		return err
	})
	return value, err
}

// Notes returns the notes whose names begin with a prefix, by name.
func (s *Store) Notes(prefix string) (out map[string][]byte, err error) {
	out = map[string][]byte{}
	err = s.view(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: noteKey(prefix), PrefetchValues: true, PrefetchSize: 16})
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			key := it.Item().KeyCopy(nil)
			sealed, err := it.Item().ValueCopy(nil)
			var value []byte
			if err == nil {
				value, err = unseal(key, sealed)
			}
			if err != nil {
				return corrupt(-1, fmt.Sprintf("note %.40q", key[1:]), err)
			}
			out[string(key[1:])] = value
		}
		return nil
	})
	return out, err
}

// KeepTree stores the hashed state after a final block with notes that speak of it: all of it is on the disk, or nothing. t is a changed
// copy of base, which is the state after parent; where parent is zero, base is the empty tree. States of earlier blocks are pruned:
// trees of them that are in memory can fail to read from then on. Called again after an error it goes on. Errors are those of Keep and
// PutTree.
func (s *Store) KeepTree(ctx context.Context, block, parent state.ID, t, base *state.Tree, notes []Note) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.keepTree(block, parent, t, base, notes); err != nil {
		return err
	}
	return s.FinalTree(block)
}

func (s *Store) keepTree(block, parent state.ID, t, base *state.Tree, notes []Note) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.room(); err != nil || s.kept(block) != nil {
		return err
	}
	b, err := t.Batch(base)
	if err != nil {
		return fmt.Errorf("store: state of block %x: %w", block[:6], err)
	}
	size := 0
	for _, n := range notes {
		size += len(n.Value) + 200
	}
	return s.putTree(block, parent, t, b, size, func(txn *badger.Txn) error {
		for _, n := range notes {
			err := txn.Delete(noteKey(n.Name))
			if n.Value != nil {
				err = set(txn, noteKey(n.Name), n.Value)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
