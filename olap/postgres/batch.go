package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"doin.network/node/internal/timestamp"
	"doin.network/node/olap"
)

// batch is one transaction of Write.
type batch struct {
	ctx     context.Context // of the call; a batch lives no longer
	tx      pgx.Tx
	copies  map[*olap.Table][][]any // rows to be copied
	parents []*olap.Row             // generations and blocks, whose parts come only with a new one
	known   map[string]bool         // experiments that are there
}

// onConflict says what a table does with a row whose key it has, where that is more than nothing: see package olap/sqlite.
var onConflict = map[*olap.Table]func(t *olap.Table, c *olap.Column) string{
	olap.DomainTable: fill, olap.ChainOptimaeTable: fill,
	olap.ExperimentTable: overwrite, olap.SummaryTable: overwrite, olap.MigrationTable: overwrite,
	olap.RunTable: renew, olap.NodeTable: renew, olap.DeviceTable: renew,
}

func overwrite(_ *olap.Table, c *olap.Column) string { return c.Name + " = excluded." + c.Name }

func fill(t *olap.Table, c *olap.Column) string {
	return fmt.Sprintf("%s = COALESCE(%s.%s, excluded.%s)", c.Name, t.Name, c.Name, c.Name)
}

func renew(t *olap.Table, c *olap.Column) string {
	switch c.Name {
	case "first_seen", "started_at":
		return fill(t, c)
	case "finished_at":
		return overwrite(t, c)
	case "own":
		return fmt.Sprintf("own = %s.own OR excluded.own", t.Name)
	}
	return fmt.Sprintf("%s = COALESCE(excluded.%s, %s.%s)", c.Name, c.Name, t.Name, c.Name)
}

// conflict renders what follows an insert.
func conflict(t *olap.Table) string {
	keys := t.Keys()
	update := onConflict[t]
	if update == nil {
		return fmt.Sprintf(" ON CONFLICT (%s) DO NOTHING", strings.Join(keys, ", "))
	}
	var sets []string
	for i := range t.Columns[len(keys):] {
		sets = append(sets, update(t, &t.Columns[len(keys)+i]))
	}
	s := fmt.Sprintf(" ON CONFLICT (%s) DO UPDATE SET %s", strings.Join(keys, ", "), strings.Join(sets, ", "))
	if t == olap.MigrationTable {
		s += " WHERE excluded.accepted"
	}
	return s
}

// row takes in a row: at once where the order of rows counts, else with the next flush.
func (b *batch) row(r *olap.Row) error {
	if r.Kind() == olap.KindRollback {
		if err := b.flush(); err != nil {
			return err
		}
		for _, t := range olap.Tables() {
			if t.OfChain() {
				if _, err := b.tx.Exec(b.ctx, "DELETE FROM "+t.Name+" WHERE block_height > $1", r.Rollback.Height); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if e := r.Experiment; e != nil && !b.known[e.ID] {
		b.known[e.ID] = true
		if err := b.insert(olap.DomainTable, &olap.Domain{ID: e.DomainID}, ""); err != nil {
			return err
		}
		if err := b.insert(olap.ExperimentTable, e, " ON CONFLICT DO NOTHING"); err != nil {
			return err
		}
	}
	t, content := r.Content()
	switch {
	case t == nil:
		return fmt.Errorf("%w: %w", olap.ErrReject, olap.ErrInvalidRow)
	case r.Kind() == olap.KindGeneration || r.Kind() == olap.KindBlock:
		b.parents = append(b.parents, r)
		return nil
	case onConflict[t] == nil:
		b.copies[t] = append(b.copies[t], values(t, content))
		return nil
	}
	if err := b.insert(t, content, ""); err != nil {
		return err
	}
	for t, part := range r.Parts {
		b.copies[t] = append(b.copies[t], values(t, part))
	}
	return nil
}

// insert writes one row; how is what follows the insert, "" for what the table does.
func (b *batch) insert(t *olap.Table, row any, how string) error {
	if how == "" {
		how = conflict(t)
	}
	_, err := b.exec(t, values(t, row), how)
	return err
}

// flush writes what waits, each table after those it refers to.
func (b *batch) flush() error {
	if err := b.adopt(); err != nil {
		return err
	}
	for _, t := range olap.Tables() {
		list := b.copies[t]
		if len(list) == 0 {
			continue
		}
		delete(b.copies, t)
		if onConflict[t] != nil { // nodes that a block names: few
			for _, row := range list {
				if _, err := b.exec(t, row, conflict(t)); err != nil {
					return err
				}
			}
			continue
		}
		if err := b.copy(t, list); err != nil {
			return err
		}
	}
	return nil
}

// exec writes one row by its values; isNew is whether that changed anything.
func (b *batch) exec(t *olap.Table, row []any, how string) (isNew bool, err error) {
	places := make([]string, len(row))
	for i := range places {
		places[i] = "$" + strconv.Itoa(i+1)
	}
	tag, err := b.tx.Exec(b.ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)%s", t.Name, names(t), strings.Join(places, ", "), how), row...)
	return tag.RowsAffected() > 0, err
}

// copy copies rows into a temporary table and from there, without those that are there already.
func (b *batch) copy(t *olap.Table, list [][]any) error {
	tmp := "_new_" + t.Name
	if _, err := b.tx.Exec(b.ctx, fmt.Sprintf("CREATE TEMPORARY TABLE IF NOT EXISTS %s (LIKE %s INCLUDING DEFAULTS) ON COMMIT DELETE ROWS", tmp, t.Name)); err != nil {
		return err
	}
	if _, err := b.tx.Exec(b.ctx, "DELETE FROM "+tmp); err != nil {
		return err
	}
	if _, err := b.tx.CopyFrom(b.ctx, pgx.Identifier{tmp}, t.Names(olap.SchemaVersion), pgx.CopyFromRows(list)); err != nil {
		return err
	}
	_, err := b.tx.Exec(b.ctx, fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s%s", t.Name, names(t), names(t), tmp, conflict(t)))
	return err
}

// adopt adds generations and blocks that are not there yet, with their parts.
func (b *batch) adopt() error {
	for _, r := range b.parents {
		t, content := r.Content()
		isNew, err := b.exec(t, values(t, content), conflict(t))
		if err != nil {
			return err
		}
		if !isNew { // what belongs to it is there too
			continue
		}
		for t, part := range r.Parts {
			b.copies[t] = append(b.copies[t], values(t, part))
		}
	}
	b.parents = nil
	return nil
}

func names(t *olap.Table) string { return strings.Join(t.Names(olap.SchemaVersion), ", ") }

// values returns a row's values as the driver takes them. A time that is none is NULL.
func values(t *olap.Table, row any) []any {
	out := t.Values(row)
	for i, v := range out {
		switch v := v.(type) {
		case uint64:
			out[i] = strconv.FormatUint(v, 10)
		case string:
			if !t.Columns[i].Time() {
				continue
			}
			at, err := timestamp.Parse(v)
			if out[i] = at.Time(); err != nil {
				out[i] = nil
			}
		}
	}
	return out
}
