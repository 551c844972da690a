package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"doin.network/node/olap"
)

// Snapshot is one state of a file, read table by table while others write. It is for one goroutine.
type Snapshot struct {
	path string
	db   *sql.DB
	tx   *sql.Tx
	have map[string]map[string]bool // table → its columns
}

// OpenSnapshot opens a file that is there, of any schema version that this program knows, and changes nothing in it. The
// errors name the file; they wrap os.ErrNotExist, ErrCorrupt or ErrNewer where that is the reason.
func OpenSnapshot(ctx context.Context, path string) (_ *Snapshot, err error) {
	s := &Snapshot{path: path, have: map[string]map[string]bool{}}
	wrap := (&DB{path: path}).wrap
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("olap/sqlite: %w", err)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("olap/sqlite: %w", err)
	}
	if s.db, err = open(abs, "ro"); err != nil {
		return nil, wrap("open", err)
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.tx, err = s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}); err != nil {
		return nil, wrap("open", err)
	}
	version, err := currentVersion(ctx, s.tx)
	if err != nil {
		return nil, wrap("open", err)
	}
	if version > olap.SchemaVersion {
		return nil, wrap("open", fmt.Errorf("%w: schema version %d, this program knows up to %d", ErrNewer, version, olap.SchemaVersion))
	}
	for _, t := range olap.Tables() {
		if s.have[t.Name], err = columnsOf(ctx, s.tx, t.Name); err != nil {
			return nil, wrap("open", err)
		}
	}
	return s, nil
}

// Close gives the file back.
func (s *Snapshot) Close() error {
	if s.tx != nil {
		s.tx.Rollback()
	}
	return s.db.Close()
}

// Filter chooses rows; what is empty chooses all. Domain and Run leave out only rows that belong to another domain or run:
// tables that know none, those of the chain's blocks and of nodes, are whole.
type Filter struct {
	Domain string
	Run    string // id or name
	Since  string // a time of day as the tables have it
}

// where returns the conditions on a table, and their arguments.
func (s *Snapshot) where(t *olap.Table, f Filter) (clause string, args []any) {
	has := s.have[t.Name]
	var list []string
	and := func(condition string, arg any) { list, args = append(list, condition), append(args, arg) }
	trials := func(condition string, arg any) {
		and("trial_id IN (SELECT trial_id FROM fact_trial WHERE "+condition+")", arg)
	}
	const runs = "(SELECT run_id FROM dim_run WHERE run_id = ? OR name = ?)"
	ofTrial := t == olap.ParamTable || t == olap.CurveTable
	if f.Domain != "" {
		if has["domain_id"] {
			and("domain_id = ?", f.Domain)
		} else if ofTrial {
			trials("domain_id = ?", f.Domain)
		}
	}
	if f.Run != "" {
		switch {
		case has["run_id"]:
			and("run_id IN "+runs, f.Run)
			args = append(args, f.Run)
		case ofTrial:
			trials("run_id IN "+runs, f.Run)
			args = append(args, f.Run)
		case has["experiment_id"] && !t.OfChain():
			and("experiment_id IN (SELECT experiment_id FROM dim_experiment WHERE run_id IN "+runs+")", f.Run)
			args = append(args, f.Run)
		}
	}
	if f.Since != "" {
		if ofTrial {
			trials("timestamp_utc >= ?", f.Since)
		} else if c := TimeColumn(t); c != "" {
			and(c+" >= ?", f.Since)
		}
	}
	if len(list) > 0 {
		clause = " WHERE " + strings.Join(list, " AND ")
	}
	return clause, args
}

// TimeColumn is the column that says when a fact was, "" for a table that has none.
func TimeColumn(t *olap.Table) string {
	for _, name := range []string{"timestamp_utc", "block_timestamp"} {
		if t.Column(name) != nil {
			return name
		}
	}
	return ""
}

// Scan calls each with the values of every row of a table that f chooses, in the order in which they were written; they are
// valid during the call. Columns that the file lacks are nil.
func (s *Snapshot) Scan(ctx context.Context, t *olap.Table, f Filter, each func(values []any) error) error {
	has := s.have[t.Name]
	if len(has) == 0 {
		return nil
	}
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		if names[i] = t.Columns[i].Name; !has[names[i]] {
			names[i] = "NULL"
		}
	}
	where, args := s.where(t, f)
	order := " ORDER BY rowid"
	if len(t.Keys()) > 1 {
		order = " ORDER BY " + strings.Join(t.Keys(), ", ")
	}
	wrap := (&DB{path: s.path}).wrap
	rows, err := s.tx.QueryContext(ctx, "SELECT "+strings.Join(names, ", ")+" FROM "+t.Name+where+order, args...)
	if err != nil {
		return wrap("read", err)
	}
	defer rows.Close()
	values, targets := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return wrap("read", err)
		}
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				values[i] = string(b)
			}
		}
		if err := each(values); err != nil {
			return err
		}
	}
	return wrap("read", rows.Err())
}

// Count returns how many rows of a table f chooses.
func (s *Snapshot) Count(ctx context.Context, t *olap.Table, f Filter) (n int64, err error) {
	if len(s.have[t.Name]) == 0 {
		return 0, nil
	}
	where, args := s.where(t, f)
	err = s.tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+t.Name+where, args...).Scan(&n)
	return n, (&DB{path: s.path}).wrap("count", err)
}

// Tip returns height and hash of the highest block whose row there is; -1 and "" without one.
func (s *Snapshot) Tip(ctx context.Context) (height int64, hash string, err error) {
	if len(s.have[olap.BlockTable.Name]) == 0 {
		return -1, "", nil
	}
	err = s.tx.QueryRowContext(ctx, "SELECT block_height, block_hash FROM fact_block ORDER BY block_height DESC LIMIT 1").Scan(&height, &hash)
	if err == sql.ErrNoRows {
		return -1, "", nil
	}
	return height, hash, (&DB{path: s.path}).wrap("read", err)
}
