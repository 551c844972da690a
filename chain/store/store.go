package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"doin.network/node/chain/state"
)

// Sizes that bound what is stored.
const (
	// MaxValueBytes bounds a block, its receipts, its state and a record.
	MaxValueBytes = 12 << 20
	// MaxBranch is the number of blocks that one Replace can put or remove.
	MaxBranch = 4096
	// MaxBlocks is the number of blocks that one call of Blocks returns.
	MaxBlocks = 500

	// inlineBytes is the size above which Badger keeps a value apart from its
	// tree: then it does not count against a transaction's limit. Three values of
	// this size fit a transaction.
	inlineBytes = 192 << 10
	tableBytes  = 8 << 20
	cacheBytes  = 16 << 20
	logBytes    = 16 << 20
)

// Options are the settings of a store. The zero value is usable.
type Options struct {
	// ReserveBytes is the free space below which nothing is written. Badger
	// writes through a memory map, and a page that finds no space kills the
	// process: so there must be some. 0 means 64 MiB, negative means no check.
	ReserveBytes int64
	// MaxBlockBytes is the largest block. 0 means MaxValueBytes, and so does less.
	MaxBlockBytes int
	// Logger gets what Badger warns of and what Open recovered; nil for none.
	Logger *slog.Logger
}

// Store is an open store. Its methods are safe for concurrent use; writers wait
// for each other, readers see the chain before or after a write, never between.
type Store struct {
	dir      string
	db       *badger.DB
	log      *slog.Logger
	reserve  int64
	maxBlock int // bytes
	free     func(dir string) (int64, error)
	damage   error // set by Open

	mu         sync.Mutex   // held by writers
	closed     bool         // guarded by mu
	lastCommit uint64       // of hashed states; guarded by mu
	unswept    bool         // a higher commit's pages may be there; guarded by mu
	before     func() error // of tests: what a transaction begins with; guarded by mu

	treesMu sync.Mutex         // beside mu, for those who read
	trees   map[state.ID]*tree // written with both held
	tip     atomic.Pointer[mark]
}

// mark is a block by height and hash; height −1 is the empty chain.
type mark struct {
	height int64
	hash   string
}

// Open opens the store in dir and makes it if there is none. It checks every
// table file, the order of all blocks and the tip against the witness, and ends an
// interrupted reorganisation. Its error is ErrLocked or a *CorruptError wrapped
// for those cases; blocks that are missing at the end are not an error: see
// Damage. The caller must Close the store.
func Open(dir string, opts Options) (*Store, error) {
	s := &Store{dir: dir, log: opts.Logger, reserve: opts.ReserveBytes, maxBlock: max(opts.MaxBlockBytes, MaxValueBytes), free: freeBytes}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.reserve == 0 {
		s.reserve = 64 << 20
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := s.room(); err != nil {
		return nil, err
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	err := s.recover()
	if err == nil {
		err = s.recoverTrees()
	}
	if err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	return s, nil
}

// database is the directory of the database itself.
func (s *Store) database() string { return filepath.Join(s.dir, "badger") }

// open opens the database.
func (s *Store) open() error {
	return s.openWith(func(o badger.Options) badger.Options { return o })
}

// openWith opens the database with changed options. Badger may panic on bytes that it did not write.
func (s *Store) openWith(change func(badger.Options) badger.Options) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &CorruptError{Height: -1, What: fmt.Sprintf("open database: %v", r)}
		}
	}()
	path := s.database()
	o := change(badgerOptions(path, s.log))
	if s.maxBlock > MaxValueBytes { // a file of the log holds more than one value
		o = o.WithValueLogFileSize(max(o.ValueLogFileSize, 2*int64(s.maxBlock)))
	}
	if err := checkTables(path, o); err != nil {
		return err
	}
	if err := s.setEmptyAside(path); err != nil {
		return err
	}
	s.db, err = badger.Open(o)
	switch {
	case err == nil:
		return nil
	case strings.Contains(err.Error(), "Cannot acquire directory lock"):
		return fmt.Errorf("%w: %s", ErrLocked, s.dir)
	case strings.Contains(err.Error(), badger.ErrTruncateNeeded.Error()): // not wrapped
		return fmt.Errorf("%w: %s", ErrUnclean, s.dir)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("store: %w", err)
	case errors.Is(err, badger.ErrEncryptionKeyMismatch): // nothing is encrypted here
		return &CorruptError{Height: -1, What: "open database: KEYREGISTRY is not what was written"}
	}
	return &CorruptError{Height: -1, What: "open database: " + err.Error()}
}

func badgerOptions(path string, log *slog.Logger) badger.Options {
	return badger.DefaultOptions(path).
		WithSyncWrites(true).
		WithNumVersionsToKeep(1).
		WithDetectConflicts(false). // one writer
		WithMemTableSize(tableBytes).
		WithNumMemtables(2).
		WithNumLevelZeroTables(2).
		WithNumLevelZeroTablesStall(6).
		WithNumCompactors(2).
		WithNumGoroutines(2).
		WithBlockCacheSize(cacheBytes).
		WithValueThreshold(inlineBytes).
		WithValueLogFileSize(logBytes).
		WithVerifyValueChecksum(true).
		WithChecksumVerificationMode(options.OnBlockRead).
		WithCompression(options.Snappy).
		WithMetricsEnabled(false).
		WithLogger(badgerLog{log.With("component", "store")})
}

// Damage returns what Open found missing and cut off, nil if nothing: a
// *CorruptError with the height of the first block that was acknowledged once and
// is gone. The store is in order up to the block before it; peers have the rest.
func (s *Store) Damage() error { return s.damage }

// Close ends the store; its error means that the next Open may have more to do,
// not that something is lost. Closing twice is allowed.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.db.Close()
}

// Tip returns the height and the hash of the last block, −1 and "" without one.
func (s *Store) Tip() (height int64, hash string) {
	m := s.tip.Load()
	return m.height, m.hash
}

// Size returns the bytes that the store occupies on the disk.
func (s *Store) Size() (int64, error) {
	var n int64
	err := filepath.WalkDir(s.dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return ignoreMissing(err)
		}
		info, err := d.Info()
		if err == nil {
			n += usedBytes(info)
		}
		return ignoreMissing(err)
	})
	if err != nil {
		return 0, fmt.Errorf("store: %w", err)
	}
	return n, nil
}

// Ready reports why the store cannot be used now: the tip's hash cannot be read, or, as ErrDiskFull, nothing can be written.
func (s *Store) Ready() error {
	if height, _ := s.Tip(); height >= 0 {
		if _, err := s.Hash(height); err != nil {
			return err
		}
	}
	return s.room()
}

// ignoreMissing forgives a file that a compaction deleted meanwhile.
func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// room refuses a write for which the disk may have no space.
func (s *Store) room() error {
	if s.reserve < 0 {
		return nil
	}
	free, err := s.free(s.dir)
	if err != nil {
		return fmt.Errorf("store: free space: %w", err)
	}
	if free < s.reserve {
		return fmt.Errorf("%w: %d MiB free in %s, %d needed", ErrDiskFull, free>>20, s.dir, s.reserve>>20)
	}
	return nil
}

// badgerLog passes Badger's messages on: its own warnings and errors keep their
// level, the rest is for debugging.
type badgerLog struct{ log *slog.Logger }

func (l badgerLog) Errorf(format string, a ...any)   { l.log.Error("badger", "text", line(format, a)) }
func (l badgerLog) Warningf(format string, a ...any) { l.log.Warn("badger", "text", line(format, a)) }
func (l badgerLog) Infof(format string, a ...any)    { l.log.Debug("badger", "text", line(format, a)) }
func (l badgerLog) Debugf(format string, a ...any)   { l.log.Debug("badger", "text", line(format, a)) }

func line(format string, a []any) string { return strings.TrimSpace(fmt.Sprintf(format, a...)) }
