package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"doin.network/node/internal/timestamp"
	"doin.network/node/olap"
)

// ErrCorrupt is wrapped by errors of Open, Write and the queries when the file is not a SQLite
// database or is damaged.
var ErrCorrupt = errors.New("olap/sqlite: file is damaged")

// maxCheckBytes is the largest file that Open reads through to look for damage.
const maxCheckBytes = 128 << 20

// DB is the open file: a sink for one recorder and, for any number of goroutines, the queries.
type DB struct {
	path   string
	writer *sql.DB // one connection
	reader *sql.DB
	known  map[string]bool // experiments that are in the file
}

var _ olap.Sink = (*DB)(nil)

// Open opens or creates the file at path and its folder, checks it and migrates it. The errors
// name the file; they wrap ErrCorrupt or ErrNewer where that is the reason.
func Open(ctx context.Context, path string) (_ *DB, err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("olap/sqlite: %w", err)
	}
	db := &DB{path: path, known: map[string]bool{}}
	defer func() {
		if err != nil {
			db.closeAll()
		}
	}()
	if err := os.MkdirAll(filepath.Dir(abs), 0o755); err != nil {
		return nil, fmt.Errorf("olap/sqlite: %w", err)
	}
	if db.writer, err = open(abs, "rwc"); err != nil {
		return nil, db.wrap("open", err)
	}
	db.writer.SetMaxOpenConns(1)
	if err := check(ctx, db.writer, abs); err != nil {
		return nil, db.wrap("open", err)
	}
	if err := migrate(ctx, db.writer, timestamp.FromMicro(time.Now().UnixMicro()).ISO()); err != nil {
		return nil, db.wrap("open", err)
	}
	if db.reader, err = open(abs, "ro"); err != nil {
		return nil, db.wrap("open", err)
	}
	db.reader.SetMaxOpenConns(max(2, runtime.GOMAXPROCS(0)))
	return db, nil
}

// open returns a pool of connections in the given mode; nothing is opened yet.
func open(abs, mode string) (*sql.DB, error) {
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}, "_pragma": {"busy_timeout(5000)", "foreign_keys(1)"}}
	if mode == "ro" {
		q["_txlock"] = []string{"deferred"}
	} else {
		q["_pragma"] = append(q["_pragma"], "journal_mode(WAL)", "synchronous(FULL)")
	}
	dsn := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: q.Encode()}
	return sql.Open("sqlite", dsn.String())
}

// check reads the file through, unless it is large, and returns the first problem.
func check(ctx context.Context, db *sql.DB, abs string) error {
	if err := db.PingContext(ctx); err != nil {
		return err
	}
	info, err := os.Stat(abs)
	if err != nil || info.Size() > maxCheckBytes {
		return err
	}
	var result string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&result); err != nil {
		return err
	}
	if result != "ok" {
		return fmt.Errorf("%w: %s", ErrCorrupt, result)
	}
	return nil
}

// Name returns "sqlite".
func (db *DB) Name() string { return "sqlite" }

// Close folds the write-ahead log into the file and closes it.
func (db *DB) Close() error {
	return db.wrap("close", db.closeAll())
}

func (db *DB) closeAll() error {
	var errs []error
	if db.reader != nil { // first: the writer's close then folds the log
		errs = append(errs, db.reader.Close())
	}
	if db.writer != nil {
		errs = append(errs, db.writer.Close())
	}
	return errors.Join(errs...)
}

// wrap names the operation and the file, and classifies what the driver says.
func (db *DB) wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	var e *driver.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			err = fmt.Errorf("%w: %w", ErrCorrupt, err)
		case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG:
			err = fmt.Errorf("%w: %w", olap.ErrReject, err)
		}
	}
	return fmt.Errorf("olap/sqlite: %s %s: %w", op, db.path, err)
}
