// Package anchor publishes block hashes outside the chain, so that a later rewrite of history can be proved.
//
// An [Anchor] is anything that keeps records: a public ledger, a newspaper. [FileLog] is the one that is
// built in: an append-only file of signed lines, each of which names the hash of the line before it, so that a removed
// or altered line shows. It is as good an anchor as the place the file is copied to.
//
// The state hash of a record is the reference's: SHA-256 of all block hashes from 0 to the height joined by ":".
package anchor

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
)

// Record is one anchored block.
type Record struct {
	Height    int64
	Hash      string
	StateHash string
}

// Anchor keeps records. Implementations are safe for concurrent use.
type Anchor interface {
	// Publish keeps a record; a second one for a height must equal the first.
	Publish(ctx context.Context, r Record) error
	// Lookup returns the record of a height, ErrUnknown if there is none.
	Lookup(ctx context.Context, height int64) (Record, error)
}

var (
	// ErrUnknown is returned by Lookup for a height that was not anchored.
	ErrUnknown = errors.New("anchor: height is not anchored")
	// ErrConflict is returned by Publish and Verify when a height is anchored with another hash.
	ErrConflict = errors.New("anchor: height is anchored with another hash")
	// ErrLog is matched when a log's signatures or links are broken.
	ErrLog = errors.New("anchor: log is damaged")
)

// Verify checks a block against an anchor: nil if it matches, ErrUnknown or ErrConflict.
func Verify(ctx context.Context, a Anchor, r Record) error {
	got, err := a.Lookup(ctx, r.Height)
	if err != nil {
		return err
	}
	if got != r {
		return fmt.Errorf("%w: height %d has %.12s, not %.12s", ErrConflict, r.Height, got.Hash, r.Hash)
	}
	return nil
}

// maxLine bounds a line of the log.
const maxLine = 4096

// FileLog is an Anchor in a file: one canonical JSON object per line with the members height, hash, state_hash,
// previous (SHA-256 of the line before, "" in the first), public_key and signature (kind "anchor").
type FileLog struct {
	key     chain.Signer
	network string

	mu      sync.Mutex
	file    *os.File
	last    string // hash of the last line
	records map[int64]Record
}

var _ Anchor = (*FileLog)(nil)

// OpenFileLog opens or makes the log at path and verifies that every line is signed by key. A torn last line, left by
// a crash before it was acknowledged, is cut off.
func OpenFileLog(path string, key chain.Signer, network string) (*FileLog, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open anchor log: %w", err)
	}
	l := &FileLog{key: key, network: network, file: f, records: make(map[int64]Record)}
	if err := l.load(); err != nil {
		f.Close()
		return nil, fmt.Errorf("anchor log %s: %w", path, err)
	}
	return l, nil
}

func (l *FileLog) load() error {
	r := bufio.NewReaderSize(l.file, maxLine)
	var end int64
	for n := 1; ; n++ {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%w: line %d: %v", ErrLog, n, err)
		}
		end += int64(len(line))
		line = bytes.TrimSuffix(line, []byte("\n"))
		rec, err := l.parse(line)
		if err != nil {
			return fmt.Errorf("%w: line %d: %v", ErrLog, n, err)
		}
		l.records[rec.Height] = rec
		l.last = hashOf(line)
	}
	if err := l.file.Truncate(end); err != nil {
		return err
	}
	_, err := l.file.Seek(end, io.SeekStart)
	return err
}

func (l *FileLog) parse(line []byte) (Record, error) {
	o, err := canon.ParseObject(line)
	if err != nil {
		return Record{}, err
	}
	height, e1 := o.Int("height")
	hash, e2 := o.String("hash")
	state, e3 := o.String("state_hash")
	previous, e4 := o.String("previous")
	key, e5 := o.String("public_key")
	signature, e6 := o.String("signature")
	if err := errors.Join(e1, e2, e3, e4, e5, e6); err != nil {
		return Record{}, err
	}
	if previous != l.last {
		return Record{}, errors.New("does not follow the line before")
	}
	rec := Record{Height: height, Hash: hash, StateHash: state}
	if _, known := l.records[height]; known {
		return Record{}, fmt.Errorf("height %d twice", height)
	}
	if key != l.key.PublicKey() { // else anybody could write the whole file anew under a key of their own
		return Record{}, errors.New("signed by another key")
	}
	return rec, identity.Verify(key, signature, identity.KindAnchor, l.network, body(rec, previous))
}

func body(r Record, previous string) []byte {
	return canon.Canonical(canon.NewObject("height", r.Height, "hash", r.Hash, "state_hash", r.StateHash, "previous", previous))
}

func hashOf(line []byte) string {
	h := sha256.Sum256(line)
	return hex.EncodeToString(h[:])
}

// Publish appends a signed line and syncs the file before it returns.
func (l *FileLog) Publish(_ context.Context, r Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if old, ok := l.records[r.Height]; ok {
		if old != r {
			return fmt.Errorf("%w: height %d", ErrConflict, r.Height)
		}
		return nil
	}
	signature, err := l.key.Sign(identity.KindAnchor, l.network, body(r, l.last))
	if err != nil {
		return fmt.Errorf("sign anchor: %w", err)
	}
	line := canon.Canonical(canon.NewObject("height", r.Height, "hash", r.Hash, "state_hash", r.StateHash,
		"previous", l.last, "public_key", l.key.PublicKey(), "signature", signature))
	at, err := l.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return fmt.Errorf("write anchor: %w", err)
	}
	if _, err = l.file.Write(append(line, '\n')); err == nil {
		err = l.file.Sync()
	}
	if err != nil { // leave no half line behind
		return errors.Join(fmt.Errorf("write anchor: %w", err), l.rewind(at))
	}
	l.records[r.Height], l.last = r, hashOf(line)
	return nil
}

func (l *FileLog) rewind(at int64) error {
	if err := l.file.Truncate(at); err != nil {
		return err
	}
	_, err := l.file.Seek(at, io.SeekStart)
	return err
}

// Lookup returns the record of a height.
func (l *FileLog) Lookup(_ context.Context, height int64) (Record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, ok := l.records[height]
	if !ok {
		return Record{}, ErrUnknown
	}
	return r, nil
}

// Close closes the file.
func (l *FileLog) Close() error { return l.file.Close() }
