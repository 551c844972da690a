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

// batch is one transaction of Write. Rows wait in it until the next flush, which writes each table at once, whatever their number.
type batch struct {
	ctx       context.Context // of the call; a batch lives no longer
	tx        pgx.Tx
	waiting   map[*olap.Table][]waiting
	parents   map[*olap.Table][]*olap.Row // generations and blocks, whose parts come only with a new one
	known     map[string]bool             // experiments that are there
	temporary map[*olap.Table]bool        // tables whose temporary one the connection has
	used      map[*olap.Table]bool        // of those, what this transaction has filled
}

// waiting is a row that waits to be written.
type waiting struct {
	values []any
	how    string // what follows the insert
}

func newBatch(ctx context.Context, tx pgx.Tx, temporary map[*olap.Table]bool) *batch {
	return &batch{ctx: ctx, tx: tx, temporary: temporary, waiting: map[*olap.Table][]waiting{}, parents: map[*olap.Table][]*olap.Row{},
		known: map[string]bool{}, used: map[*olap.Table]bool{}}
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

// row takes in a row. A rollback takes effect on what came before it, and on nothing else.
func (b *batch) row(r *olap.Row) error {
	if r.Kind() == olap.KindRollback {
		if err := b.flush(); err != nil {
			return err
		}
		return b.rollback(r.Rollback.Height)
	}
	if e := r.Experiment; e != nil && !b.known[e.ID] {
		b.known[e.ID] = true
		b.add(olap.DomainTable, &olap.Domain{ID: e.DomainID}, conflict(olap.DomainTable))
		b.add(olap.ExperimentTable, e, " ON CONFLICT DO NOTHING")
	}
	t, content := r.Content()
	switch {
	case t == nil:
		return fmt.Errorf("%w: %w", olap.ErrReject, olap.ErrInvalidRow)
	case r.Kind() == olap.KindGeneration || r.Kind() == olap.KindBlock:
		b.parents[t] = append(b.parents[t], r)
		return nil
	}
	b.add(t, content, conflict(t))
	b.parts(r)
	return nil
}

func (b *batch) add(t *olap.Table, row any, how string) {
	b.waiting[t] = append(b.waiting[t], waiting{values(t, row), how})
}

// parts adds what belongs to a row.
func (b *batch) parts(r *olap.Row) {
	hows := map[*olap.Table]string{}
	for t, part := range r.Parts {
		if hows[t] == "" {
			hows[t] = conflict(t)
		}
		b.add(t, part, hows[t])
	}
}

func (b *batch) rollback(height int64) error {
	for _, t := range olap.Tables() {
		if t.OfChain() {
			if _, err := b.tx.Exec(b.ctx, "DELETE FROM "+t.Name+" WHERE block_height > $1", height); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes what waits, each table after those it refers to.
func (b *batch) flush() error {
	for _, t := range []*olap.Table{olap.DomainTable, olap.ExperimentTable} { // which generations refer to
		if err := b.write(t); err != nil {
			return err
		}
	}
	for _, t := range []*olap.Table{olap.GenerationTable, olap.BlockTable} {
		if err := b.adopt(t); err != nil {
			return err
		}
	}
	for _, t := range olap.Tables() {
		if err := b.write(t); err != nil {
			return err
		}
	}
	return nil
}

// write writes a table's rows. One statement may change a row once: what names the same row again goes with a later one.
func (b *batch) write(t *olap.Table) error {
	list := b.waiting[t]
	if len(list) == 0 {
		return nil
	}
	delete(b.waiting, t)
	if onConflict[t] == nil { // the first stays
		all := make([][]any, len(list))
		for i := range list {
			all[i] = list[i].values
		}
		return b.copy(t, all, list[0].how)
	}
	var turns []map[string][][]any // by what follows the insert; a turn has no key twice
	seen := map[string]int{}
	for _, w := range list {
		key := keyOf(t, w.values)
		turn := seen[key]
		if seen[key]++; turn == len(turns) {
			turns = append(turns, map[string][][]any{})
		}
		turns[turn][w.how] = append(turns[turn][w.how], w.values)
	}
	for _, turn := range turns {
		for how, rows := range turn {
			if err := b.copy(t, rows, how); err != nil {
				return err
			}
		}
	}
	return nil
}

// keyOf renders the primary key that values begin with.
func keyOf(t *olap.Table, values []any) string { return fmt.Sprintln(values[:len(t.Keys())]...) }

// copy writes rows: into a temporary table, and from there by one statement.
func (b *batch) copy(t *olap.Table, list [][]any, how string) error {
	if err := b.fill(t, list); err != nil {
		return err
	}
	_, err := b.tx.Exec(b.ctx, move(t, how))
	return err
}

// fill copies rows into the table's temporary one, which has nothing else then.
func (b *batch) fill(t *olap.Table, list [][]any) error {
	tmp, statement := temporary(t), ""
	switch {
	case !b.temporary[t]:
		statement = fmt.Sprintf("CREATE TEMPORARY TABLE IF NOT EXISTS %s (LIKE %s INCLUDING DEFAULTS) ON COMMIT DELETE ROWS", tmp, t.Name)
	case b.used[t]:
		statement = "TRUNCATE " + tmp
	}
	if statement != "" {
		if _, err := b.tx.Exec(b.ctx, statement); err != nil {
			return err
		}
	}
	b.temporary[t], b.used[t] = true, true
	_, err := b.tx.CopyFrom(b.ctx, pgx.Identifier{tmp}, t.Names(olap.SchemaVersion), pgx.CopyFromRows(list))
	return err
}

// adopt adds the generations or blocks that are not there yet, with their parts. Of two with one key the first counts.
func (b *batch) adopt(t *olap.Table) error {
	byKey := map[string]*olap.Row{}
	var list [][]any
	var parents []*olap.Row
	for _, r := range b.parents[t] {
		_, content := r.Content()
		row := values(t, content)
		if key := keyOf(t, row); byKey[key] == nil {
			byKey[key], list, parents = r, append(list, row), append(parents, r)
		}
	}
	delete(b.parents, t)
	if len(list) == 0 {
		return nil
	}
	if err := b.fill(t, list); err != nil {
		return err
	}
	rows, err := b.tx.Query(b.ctx, move(t, conflict(t))+" RETURNING "+strings.Join(t.Keys(), ", "))
	if err != nil {
		return err
	}
	isNew := map[*olap.Row]bool{}
	for rows.Next() {
		key, err := rows.Values()
		if err != nil {
			return err
		}
		isNew[byKey[fmt.Sprintln(key...)]] = true
	}
	for _, r := range parents { // of the others, what belongs to them is there too
		if isNew[r] {
			b.parts(r)
		}
	}
	return rows.Err()
}

func temporary(t *olap.Table) string { return "_new_" + t.Name }

// move renders the statement that takes the rows of a table's temporary one.
func move(t *olap.Table, how string) string {
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s%s", t.Name, names(t), names(t), temporary(t), how)
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
