package sqlite

import (
	"context"
	"database/sql"

	"doin.network/node/olap"
)

// Load writes the rows that each hands to add into a table, all or none, and returns how many. add keeps no values.
func (db *DB) Load(ctx context.Context, t *olap.Table, each func(add func(values []any) error) error) (n int64, err error) {
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return 0, db.wrap("load", err)
	}
	defer tx.Rollback()
	b := batch{ctx: ctx, tx: tx, db: db, prepared: map[prepared]*sql.Stmt{}}
	var list [][]any
	flush := func() error {
		if len(list) == 0 {
			return nil
		}
		err := b.insertAll(t, list)
		list = list[:0]
		return err
	}
	err = each(func(values []any) error {
		n++
		if list = append(list, append([]any(nil), values...)); len(list) < chunkRows {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err == nil {
		err = tx.Commit()
	}
	return n, db.wrap("load", err)
}
