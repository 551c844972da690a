package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"doin.network/node/olap"
)

// onConflict says what a table does with a row whose key it has.
var onConflict = map[string]func(c *olap.Column) string{
	// The reference names a domain once; a later row may still tell its type.
	olap.DomainTable.Name: fill,
	// The life of an experiment is a sequence of rows of which the last holds.
	olap.ExperimentTable.Name: overwrite,
	olap.SummaryTable.Name:    overwrite,
	// What happened has happened: a round or a step of a claim that comes again is the same.
	olap.RoundTable.Name:      nil,
	olap.ClaimTable.Name:      nil,
	olap.GenerationTable.Name: nil,
	olap.TrialTable.Name:      nil,
	olap.ParamTable.Name:      nil,
	olap.CurveTable.Name:      nil,
	olap.MigrationTable.Name:  overwrite, // by one that was let in
	// What a block holds is taken back by a rollback before another takes its place.
	olap.BlockTable.Name:         nil,
	olap.DecisionTable.Name:      nil,
	olap.VoteTable.Name:          nil,
	olap.MoneyTable.Name:         nil,
	olap.ConfigurationTable.Name: nil,
	olap.RunTable.Name:           renew,
	olap.NodeTable.Name:          renew,
	olap.DeviceTable.Name:        renew,
	// The short record of an acceptance must not win over the full one, whichever comes first.
	olap.ChainOptimaeTable.Name: fill,
}

func overwrite(c *olap.Column) string { return c.Name + " = excluded." + c.Name }

// fill takes a value only where there is none.
func fill(c *olap.Column) string {
	return fmt.Sprintf("%s = COALESCE(%s, excluded.%s)", c.Name, c.Name, c.Name)
}

// renew takes the later row's values, but for when it all began, and what only the earlier one tells.
func renew(c *olap.Column) string {
	switch c.Name {
	case "first_seen", "started_at":
		return fill(c)
	case "finished_at": // a run that goes on has not ended
		return overwrite(c)
	case "own":
		return "own = MAX(own, excluded.own)"
	}
	return fmt.Sprintf("%s = COALESCE(excluded.%s, %s)", c.Name, c.Name, c.Name)
}

// insertStatement renders the insert of n rows of a table.
func insertStatement(t *olap.Table, n int) string {
	names, keys := t.Names(olap.SchemaVersion), t.Keys()
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", ") + ")"
	s := fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", t.Name, strings.Join(names, ", "),
		strings.TrimSuffix(strings.Repeat(row+", ", n), ", "))
	update := onConflict[t.Name]
	if update == nil {
		return s + fmt.Sprintf(" ON CONFLICT(%s) DO NOTHING", strings.Join(keys, ", "))
	}
	var sets []string
	for i := range t.Columns[len(keys):] {
		sets = append(sets, update(&t.Columns[len(keys)+i]))
	}
	s += fmt.Sprintf(" ON CONFLICT(%s) DO UPDATE SET %s", strings.Join(keys, ", "), strings.Join(sets, ", "))
	if t == olap.MigrationTable {
		s += " WHERE excluded.accepted"
	}
	return s
}

// Write stores rows in one transaction and is idempotent; see the package comment.
func (db *DB) Write(ctx context.Context, rows []olap.Row) error {
	if len(rows) == 0 {
		return nil
	}
	return db.wrap("write", db.write(ctx, rows))
}

func (db *DB) write(ctx context.Context, rows []olap.Row) error {
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var spool string
	var seq int64
	b := batch{ctx: ctx, tx: tx, db: db, prepared: map[prepared]*sql.Stmt{}}
	for i := range rows {
		row := &rows[i]
		if row.Spool != spool {
			if spool = row.Spool; spool != "" {
				if seq, err = b.position(spool); err != nil {
					return err
				}
			}
		}
		if spool != "" && int64(row.Seq) <= seq {
			continue
		}
		if err := b.row(row); err != nil {
			return fmt.Errorf("row %d (%s): %w", row.Seq, row.Kind(), err)
		}
	}
	if last := &rows[len(rows)-1]; last.Spool != "" {
		if err := b.setPosition(last.Spool, int64(last.Seq)); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	for _, id := range b.experiments {
		db.known[id] = true
	}
	return nil
}

// batch is one transaction of Write.
type batch struct {
	ctx         context.Context // of the call; a batch lives no longer
	tx          *sql.Tx
	db          *DB
	prepared    map[prepared]*sql.Stmt
	experiments []string // that the batch has put into the file
}

// prepared names a statement: the insert of so many rows of a table.
type prepared struct {
	table *olap.Table
	rows  int
}

func (b *batch) row(row *olap.Row) error {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	switch row.Kind() {
	case olap.KindExperiment:
		if err := b.domain(row.Experiment.DomainID); err != nil {
			return err
		}
		b.experiments = append(b.experiments, row.Experiment.ID)
	case olap.KindRollback:
		return b.rollback(row.Rollback.Height)
	}
	if row.Kind().OfExperiment() {
		if err := b.ensure(row.Experiment); err != nil {
			return err
		}
	}
	t, content := row.Content()
	if t == nil {
		return fmt.Errorf("%w: %w", olap.ErrReject, olap.ErrInvalidRow)
	}
	isNew, err := b.insert(t, content)
	if err != nil || !isNew { // what belongs to it is there too
		return err
	}
	return b.parts(row)
}

// chunkRows is how many rows one statement writes: a call of the driver costs as much as a few rows.
const chunkRows = 32

// parts writes what belongs to a row, table by table, each after those it refers to.
func (b *batch) parts(row *olap.Row) error {
	values := map[*olap.Table][][]any{}
	for t, part := range row.Parts {
		values[t] = append(values[t], sqlValues(t, part))
	}
	for _, t := range olap.Tables() {
		for list := range slices.Chunk(values[t], chunkRows) {
			if err := b.insertAll(t, list); err != nil {
				return err
			}
		}
	}
	return nil
}

// insertAll writes at most chunkRows rows: as many by one statement, fewer one by one, for a statement is compiled once a batch.
func (b *batch) insertAll(t *olap.Table, list [][]any) error {
	if len(list) < chunkRows {
		for _, values := range list {
			if _, err := b.exec(t, 1, values); err != nil {
				return err
			}
		}
		return nil
	}
	flat := make([]any, 0, len(list)*len(t.Columns))
	for _, values := range list {
		flat = append(flat, values...)
	}
	_, err := b.exec(t, len(list), flat)
	return err
}

// exec inserts n rows by a statement that is compiled once a batch. It looks at no context: the driver would start a goroutine
// for each, and a batch ends between two rows.
func (b *batch) exec(t *olap.Table, n int, values []any) (sql.Result, error) {
	key := prepared{t, n}
	stmt, ok := b.prepared[key]
	if !ok {
		var err error
		if stmt, err = b.tx.PrepareContext(b.ctx, insertStatement(t, n)); err != nil {
			return nil, err
		}
		b.prepared[key] = stmt // closed with the transaction
	}
	return stmt.ExecContext(context.WithoutCancel(b.ctx), values...)
}

// rollback takes back what blocks above a height told.
func (b *batch) rollback(height int64) error {
	for _, t := range olap.Tables() {
		if t.OfChain() {
			if _, err := b.tx.ExecContext(b.ctx, "DELETE FROM "+t.Name+" WHERE block_height > ?", height); err != nil {
				return err
			}
		}
	}
	return nil
}

// ensure puts the experiment that a round belongs to into the file where its own row was lost.
func (b *batch) ensure(e *olap.Experiment) error {
	if b.db.known[e.ID] {
		return nil
	}
	for _, id := range b.experiments {
		if id == e.ID {
			return nil
		}
	}
	var one int
	err := b.tx.QueryRowContext(b.ctx, "SELECT 1 FROM dim_experiment WHERE experiment_id = ?", e.ID).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		if err := b.domain(e.DomainID); err != nil {
			return err
		}
		_, err = b.insert(olap.ExperimentTable, e)
	}
	if err == nil {
		b.experiments = append(b.experiments, e.ID)
	}
	return err
}

func (b *batch) domain(id string) error {
	_, err := b.insert(olap.DomainTable, &olap.Domain{ID: id})
	return err
}

// insert writes a row; isNew is whether that changed anything.
func (b *batch) insert(t *olap.Table, row any) (isNew bool, err error) {
	result, err := b.exec(t, 1, sqlValues(t, row))
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// sqlValues returns a row's values as SQLite takes them.
func sqlValues(t *olap.Table, row any) []any {
	values := t.Values(row)
	for i, v := range values {
		if u, ok := v.(uint64); ok { // more than SQLite's integers hold
			values[i] = strconv.FormatUint(u, 10)
		}
	}
	return values
}

// position returns the last row of a spool that the file has, 0 for none.
func (b *batch) position(spool string) (seq int64, err error) {
	err = b.tx.QueryRowContext(b.ctx, "SELECT seq FROM _sink_state WHERE spool = ?", spool).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return seq, err
}

func (b *batch) setPosition(spool string, seq int64) error {
	_, err := b.tx.ExecContext(b.ctx, `INSERT INTO _sink_state (spool, seq) VALUES (?, ?)
		ON CONFLICT(spool) DO UPDATE SET seq = MAX(seq, excluded.seq)`, spool, seq)
	return err
}
