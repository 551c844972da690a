package store

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/dgraph-io/badger/v4"
)

// Kinds of keys: the first byte.
const (
	kindBlock     = 'b'
	kindReceipts  = 'r'
	kindState     = 's'
	kindHeight    = 'h'
	kindTip       = 't'
	kindPruned    = 'p'
	kindGarbage   = 'g'
	kindRecord    = 'm'
	kindPage      = 'n'
	kindCommit    = 'c'
	kindLast      = 'k'
	kindOldest    = 'o'
	kindCertified = 'f'
	kindNote      = 'w'
)

// contents are the kinds that are stored under a block's hash.
var contents = [...]byte{kindBlock, kindReceipts, kindState}

var (
	tipKey     = []byte{kindTip}
	prunedKey  = []byte{kindPruned}
	garbageKey = []byte{kindGarbage}

	lastCommitKey = []byte{kindLast}
	oldestKey     = []byte{kindOldest}

	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// errSum is a value whose CRC does not match.
var errSum = errors.New("checksum mismatch")

func hashKey(kind byte, hash string) ([]byte, error) {
	sum, err := decodeHash(hash)
	if err != nil {
		return nil, err
	}
	return append([]byte{kind}, sum[:]...), nil
}

func heightKey(height int64) []byte {
	return binary.BigEndian.AppendUint64([]byte{kindHeight}, uint64(height))
}

func recordKey(name string) []byte { return append([]byte{kindRecord}, name...) }

// decodeHash reads a hash, which must be 64 lower-case hex digits.
func decodeHash(hash string) (sum [32]byte, err error) {
	if len(hash) == 64 {
		if _, err = hex.Decode(sum[:], []byte(hash)); err == nil && hex.EncodeToString(sum[:]) == hash {
			return sum, nil
		}
	}
	return sum, fmt.Errorf("%w: hash %.70q is not 64 hex digits", ErrInvalid, hash)
}

// seal returns value followed by the CRC of key and value.
func seal(key, value []byte) []byte {
	out := make([]byte, 0, len(value)+crc32.Size)
	out = append(out, value...)
	return binary.BigEndian.AppendUint32(out, sum(key, value))
}

func sum(key, value []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
}

// unseal returns the value inside sealed, or errSum.
func unseal(key, sealed []byte) ([]byte, error) {
	n := len(sealed) - crc32.Size
	if n < 0 || binary.BigEndian.Uint32(sealed[n:]) != sum(key, sealed[:n]) {
		return nil, errSum
	}
	return sealed[:n], nil
}

// get returns a copy of the value at key: ErrNotFound if there is none, another
// error if it cannot be read or is not what was written. Badger may panic on a
// damaged page.
func get(txn *badger.Txn, key []byte) (value []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("read: %v", r)
		}
	}()
	item, err := txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	sealed, err := item.ValueCopy(nil)
	if err != nil {
		return nil, err
	}
	return unseal(key, sealed)
}

// has reports whether key is there, without reading its value.
func has(txn *badger.Txn, key []byte) (ok bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			ok, err = false, fmt.Errorf("read: %v", r)
		}
	}()
	_, err = txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return false, nil
	}
	return err == nil, err
}

func set(txn *badger.Txn, key, value []byte) error { return txn.Set(key, seal(key, value)) }

func encodeMark(m mark) ([]byte, error) {
	sum, err := decodeHash(m.hash)
	return append(binary.BigEndian.AppendUint64(nil, uint64(m.height)), sum[:]...), err
}

func decodeMark(b []byte) (mark, error) {
	if len(b) != 8+32 || b[0] > 0x7f {
		return mark{}, errSum
	}
	return mark{height: int64(binary.BigEndian.Uint64(b)), hash: hex.EncodeToString(b[8:])}, nil
}
