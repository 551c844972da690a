package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"doin.network/node/olap"
)

// ErrNewer is returned by Open for a file of a later schema version than this program knows.
var ErrNewer = errors.New("olap/sqlite: file was written by a newer version")

const versionTable = `CREATE TABLE IF NOT EXISTS _schema_version (
    version INTEGER NOT NULL,
    applied_at TEXT NOT NULL
)`

const stateTable = `CREATE TABLE IF NOT EXISTS _sink_state (
    spool TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
)`

// typeName is the column's declared type. Unsigned numbers are text: SQLite's integers are signed.
func typeName(c *olap.Column) string {
	switch c.Type.ID() {
	case arrow.INT64:
		return "INTEGER"
	case arrow.FLOAT64:
		return "REAL"
	case arrow.BOOL:
		return "BOOLEAN"
	}
	if c.JSON() {
		return "JSON"
	}
	return "TEXT"
}

// createTable renders t as it was at version.
func createTable(t *olap.Table, version int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE IF NOT EXISTS %s (", t.Name)
	sep := "\n"
	keys := t.Keys()
	for _, c := range t.Columns {
		if c.Since <= version {
			b.WriteString(sep + "    " + columnDefinition(&c, len(keys) == 1))
			sep = ",\n"
		}
	}
	if len(keys) > 1 { // the rows of one first key lie together
		fmt.Fprintf(&b, "%s    PRIMARY KEY (%s)\n) WITHOUT ROWID", sep, strings.Join(keys, ", "))
		return b.String()
	}
	b.WriteString("\n)")
	return b.String()
}

// columnDefinition renders a column; alone is whether it is the whole key if it is of the key.
func columnDefinition(c *olap.Column, alone bool) string {
	def := c.Name + " " + typeName(c)
	if c.Key && alone {
		def += " PRIMARY KEY"
	}
	if c.NotNull || c.Key && !alone {
		def += " NOT NULL"
	}
	if c.Default != "" {
		def += " DEFAULT " + c.Default
	}
	if c.Ref != "" {
		def += " REFERENCES " + c.Ref + "(" + c.Name + ")"
	}
	return def
}

// migrate brings the file to olap.SchemaVersion, from nothing or from any earlier version, or
// leaves it as it was. A fresh file is created at the reference's version and then extended, so
// that _schema_version tells which columns are whose.
func migrate(ctx context.Context, db *sql.DB, now string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	version, err := currentVersion(ctx, tx)
	if err != nil {
		return err
	}
	if version > olap.SchemaVersion {
		return fmt.Errorf("%w: schema version %d, this program knows up to %d", ErrNewer, version, olap.SchemaVersion)
	}
	if version == olap.SchemaVersion {
		return nil
	}
	record := func(v int) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO _schema_version (version, applied_at) VALUES (?, ?)", v, now)
		return err
	}
	statements := []string{versionTable, stateTable}
	fresh := version == 0
	if fresh {
		version = olap.ReferenceVersion
	}
	for _, t := range olap.Tables() {
		if t.Since() <= version {
			statements = append(statements, createTable(t, version))
		}
	}
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	if fresh {
		if err := record(version); err != nil {
			return err
		}
	}
	for v := version + 1; v <= olap.SchemaVersion; v++ {
		if err := addColumns(ctx, tx, v); err != nil {
			return fmt.Errorf("migrate to version %d: %w", v, err)
		}
		if err := record(v); err != nil {
			return err
		}
	}
	for _, t := range olap.Tables() {
		for _, ix := range t.Indexes {
			s := fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON %s(%s)", ix.Name, t.Name, ix.Column)
			if _, err := tx.ExecContext(ctx, s); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}

// currentVersion returns the file's schema version: 0 for a file without our tables. Where the
// version's table is empty or missing the columns tell.
func currentVersion(ctx context.Context, tx *sql.Tx) (int, error) {
	names, err := columnsOf(ctx, tx, "_schema_version")
	if err != nil {
		return 0, err
	}
	if len(names) > 0 {
		var v sql.NullInt64
		if err := tx.QueryRowContext(ctx, "SELECT MAX(version) FROM _schema_version").Scan(&v); err != nil {
			return 0, err
		}
		if v.Valid && v.Int64 > 0 {
			return int(v.Int64), nil
		}
	}
	names, err = columnsOf(ctx, tx, olap.RoundTable.Name)
	switch {
	case err != nil || len(names) == 0:
		return 0, err
	case names["metrics"]:
		return 3, nil
	case names["train_mae"]:
		return 2, nil
	}
	return 1, nil
}

// addColumns adds the tables and the columns that came with version, where they are missing.
func addColumns(ctx context.Context, tx *sql.Tx, version int) error {
	for _, t := range olap.Tables() {
		if t.Since() == version {
			if _, err := tx.ExecContext(ctx, createTable(t, version)); err != nil {
				return err
			}
			continue
		}
		have, err := columnsOf(ctx, tx, t.Name)
		if err != nil {
			return err
		}
		for _, c := range t.Columns {
			if c.Since != version || have[c.Name] {
				continue
			}
			if _, err := tx.ExecContext(ctx, "ALTER TABLE "+t.Name+" ADD COLUMN "+columnDefinition(&c, true)); err != nil {
				return err
			}
		}
	}
	return nil
}

// columnsOf returns the names of a table's columns; none if there is no such table.
func columnsOf(ctx context.Context, tx *sql.Tx, table string) (map[string]bool, error) {
	rows, err := tx.QueryContext(ctx, "SELECT name FROM pragma_table_info(?)", table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names[name] = true
	}
	return names, rows.Err()
}
