package live

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// ErrInvalid is wrapped by errors of Answer about a question that is malformed or outside its bounds.
	ErrInvalid = errors.New("olap/live: invalid question")
	// ErrNoView is returned by Answer for a view that there is not.
	ErrNoView = errors.New("olap/live: no such view")
	// ErrBudget is wrapped by errors of Answer whose question takes longer than a question may.
	ErrBudget = errors.New("olap/live: it takes too long: ask for less")
)

// Bounds of the questions.
const (
	questionTime = 2 * time.Second        // of one question
	pause        = 500 * time.Millisecond // between two looks for new rows
	connections  = 3
	// pageCacheKiB is SQLite's, of one connection.
	pageCacheKiB = 8 << 10
)

// DB is the file as the dashboard sees it. It is safe for concurrent use.
type DB struct {
	sql *sql.DB
	log *slog.Logger

	columns map[string]map[string]bool // of each table that the file has
	rounds  rounds
	busy    busy
	samples samples
	answers answers
	version atomic.Int64 // rises with every change that Run has seen

	mu      sync.Mutex
	changed chan struct{} // closed at the next change
}

// Open opens the SQLite file at path, which exists and has the schema of this version, read only. The SQLite driver must be
// linked: olap/sqlite does that. log may be nil.
func Open(ctx context.Context, path string, log *slog.Logger) (*DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("olap/live: %w", err)
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	q := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(2000)", "query_only(1)", fmt.Sprintf("cache_size(-%d)", pageCacheKiB)}}
	dsn := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: q.Encode()}
	pool, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("olap/live: %w", err)
	}
	pool.SetMaxOpenConns(connections)
	db := &DB{sql: pool, log: log, changed: make(chan struct{})}
	db.rounds.of, db.busy.lanes, db.answers.of = map[string]*run{}, map[string]*lane{}, map[string]*Answer{}
	if db.columns, err = db.schema(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("olap/live: open %s: %w", path, err)
	}
	return db, nil
}

// Close closes the file; Run has returned before.
func (db *DB) Close() error { return db.sql.Close() }

// schema returns the columns of every table.
func (db *DB) schema(ctx context.Context) (map[string]map[string]bool, error) {
	rows, err := db.sql.QueryContext(ctx, "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table'")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]map[string]bool{}
	for rows.Next() {
		var table, name string
		if err := rows.Scan(&table, &name); err != nil {
			return nil, err
		}
		if all[table] == nil {
			all[table] = map[string]bool{}
		}
		all[table][name] = true
	}
	return all, rows.Err()
}

// has reports whether the file has a table.
func (db *DB) has(table string) bool { return db.columns[table] != nil }

// Version rises with every change that Run has seen. Changed is closed at the next one.
func (db *DB) Version() int64 { return db.version.Load() }

// Changed returns a channel that is closed when Version rises.
func (db *DB) Changed() <-chan struct{} {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.changed
}

// Run looks for new rows until ctx ends, and keeps what is kept in memory up to date. It returns nil.
func (db *DB) Run(ctx context.Context) error {
	var seen [2]int64
	failed := false
	for {
		now, err := db.look(ctx)
		if err == nil {
			err = db.load(ctx)
		}
		if err != nil && ctx.Err() == nil && !failed {
			db.log.Warn("statistics cannot be read for the dashboard", "err", err)
		}
		failed = err != nil
		if err == nil && now != seen {
			seen = now
			db.tell()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

func (db *DB) tell() {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.version.Add(1)
	close(db.changed)
	db.changed = make(chan struct{})
}

// look returns what differs when somebody has written.
func (db *DB) look(ctx context.Context) (state [2]int64, err error) {
	for i, table := range [...]string{"fact_round", "fact_claim"} {
		if db.has(table) {
			if err := db.sql.QueryRowContext(ctx, "SELECT coalesce(max(rowid), 0) FROM "+table).Scan(&state[i]); err != nil {
				return state, err
			}
		}
	}
	for _, table := range [...]string{"fact_trial", "fact_chain_optimae", "fact_block", "fact_decision", "fact_migration", "dim_experiment"} {
		var n int64
		if db.has(table) {
			if err := db.sql.QueryRowContext(ctx, "SELECT coalesce(max(rowid), 0) FROM "+table).Scan(&n); err != nil {
				return state, err
			}
		}
		state[1] = state[1]*31 + n
	}
	return state, nil
}

// load brings what is kept in memory up to date, for some hundred milliseconds at a time: a large file is read in pieces,
// and questions are answered from what is there.
func (db *DB) load(ctx context.Context) error {
	for {
		more, err := db.loadRounds(ctx)
		if err != nil {
			return err
		}
		busyMore, err := db.loadBusy(ctx)
		if err != nil || !more && !busyMore {
			return err
		}
		db.tell()
	}
}
