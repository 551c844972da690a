package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"doin.network/node/internal/timestamp"
	"doin.network/node/olap"
)

var _ olap.Trimmer = (*DB)(nil)

const (
	// trimRows is how many rows one transaction deletes: writers wait no longer than for that.
	trimRows = 500
	// keptColumn marks rows that go last, timeColumn is by what rows are old.
	keptColumn = "is_improvement"
	timeColumn = "timestamp_utc"
	// lowPart of the bound is what is left when it is exceeded, so that not every call has something to do.
	lowPart = 0.9
	// vacuumBytes is the largest content that is copied to give free pages back to the disk.
	vacuumBytes = 1 << 30
)

// Trim deletes rounds, trials and what else a table tells of a moment, before r.Before, and the oldest of them until the content
// of the file is within r.MaxBytes: first trials, with their parameters and curves, then rounds that improved nothing, then the
// rest. Free pages are used again; they are given back to the disk when they are more than half of the file. Experiments,
// summaries, claims and acceptances stay.
func (db *DB) Trim(ctx context.Context, r olap.Retention) (out olap.Trimmed, err error) {
	if !r.Before.IsZero() {
		before := timestamp.FromTime(r.Before).ISO()
		for _, t := range momentTables() {
			where := fmt.Sprintf("%s < ?", timeColumn)
			if err := db.deleteAll(ctx, t, where, &out, func() (bool, error) { return true, nil }, before); err != nil {
				return out, db.wrap("trim", err)
			}
		}
	}
	if r.MaxBytes > 0 {
		if err := db.shrink(ctx, r.MaxBytes, &out); err != nil {
			return out, db.wrap("trim", err)
		}
	}
	return out, db.wrap("vacuum", db.vacuum(ctx))
}

// shrink deletes the oldest rows until the content is within the bound.
func (db *DB) shrink(ctx context.Context, bound int64, out *olap.Trimmed) error {
	used, _, err := db.pages(ctx)
	if err != nil || used <= bound {
		return err
	}
	low := int64(lowPart * float64(bound))
	above := func() (bool, error) {
		used, _, err := db.pages(ctx)
		return used > low, err
	}
	steps := []struct {
		table *olap.Table
		where string
	}{{olap.TrialTable, "TRUE"}, {olap.RoundTable, "NOT " + keptColumn}}
	for _, t := range momentTables() {
		steps = append(steps, struct {
			table *olap.Table
			where string
		}{t, "TRUE"})
	}
	for _, step := range steps {
		if err := db.deleteAll(ctx, step.table, step.where, out, above); err != nil {
			return err
		}
	}
	return nil
}

// deleteAll deletes rows, the oldest first and some at a time, with those that refer to them, while more says so and there are any.
func (db *DB) deleteAll(ctx context.Context, t *olap.Table, where string, out *olap.Trimmed, more func() (bool, error), args ...any) error {
	for {
		if on, err := more(); err != nil || !on {
			return err
		}
		n, all, err := db.deleteSome(ctx, t, where, args...)
		if err != nil {
			return err
		}
		out.Rows += all
		if n < trimRows {
			return nil
		}
	}
}

// deleteSome deletes the oldest trimRows rows, n at most, and what refers to them: all rows together.
func (db *DB) deleteSome(ctx context.Context, t *olap.Table, where string, args ...any) (n, all int64, err error) {
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	some := fmt.Sprintf("SELECT rowid FROM %s WHERE %s ORDER BY rowid LIMIT %d", t.Name, where, trimRows)
	run := func(statement string) (n int64) {
		if err != nil {
			return 0
		}
		var res sql.Result
		if res, err = tx.ExecContext(ctx, statement, args...); err == nil {
			n, err = res.RowsAffected()
		}
		all += n
		return n
	}
	for _, child := range olap.Tables() {
		for i := range child.Columns {
			if c := &child.Columns[i]; c.Ref == t.Name {
				run(fmt.Sprintf("DELETE FROM %s WHERE %s IN (SELECT %s FROM %s WHERE rowid IN (%s))", child.Name, c.Name, t.Columns[0].Name, t.Name, some))
			}
		}
	}
	n = run(fmt.Sprintf("DELETE FROM %s WHERE rowid IN (%s)", t.Name, some))
	if err == nil {
		err = tx.Commit()
	}
	return n, all, err
}

// pages returns the bytes of the pages in use and of those that are free.
func (db *DB) pages(ctx context.Context) (used, free int64, err error) {
	var count, unused, size int64
	err = db.writer.QueryRowContext(ctx, "SELECT page_count, freelist_count, page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size").
		Scan(&count, &unused, &size)
	return (count - unused) * size, unused * size, err
}

// vacuum gives free pages back where they are more than half of the file.
func (db *DB) vacuum(ctx context.Context) error {
	used, free, err := db.pages(ctx)
	if err != nil || free <= used || used > vacuumBytes {
		return err
	}
	_, err = db.writer.ExecContext(ctx, "VACUUM")
	return err
}

// momentTables are the tables whose rows tell of a moment of a search: all that have a time, but the claims.
func momentTables() (out []*olap.Table) {
	for _, t := range olap.Tables() {
		if t != olap.ClaimTable && hasColumn(t, timeColumn) {
			out = append(out, t)
		}
	}
	return out
}

func hasColumn(t *olap.Table, name string) bool {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return true
		}
	}
	return false
}
