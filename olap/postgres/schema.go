package postgres

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/jackc/pgx/v5"

	"doin.network/node/olap"
)

// ErrNewer is wrapped by Write's error for a database of a later schema version than this program knows.
var ErrNewer = errors.New("olap/postgres: database was written by a newer version")

//go:embed views.sql
var views string

func typeName(c *olap.Column) string {
	switch c.Type.ID() {
	case arrow.INT64:
		return "BIGINT"
	case arrow.FLOAT64:
		return "DOUBLE PRECISION"
	case arrow.BOOL:
		return "BOOLEAN"
	case arrow.UINT64:
		return "NUMERIC(20, 0)"
	}
	switch {
	case c.JSON():
		return "JSONB"
	case c.Time():
		return "TIMESTAMPTZ"
	}
	return "TEXT"
}

func columnDefinition(c *olap.Column) string {
	def := c.Name + " " + typeName(c)
	if c.NotNull {
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

// lock is the number of the lock that migrations of several nodes take.
const lock = 0x646f696e

// migrate brings the database to olap.SchemaVersion.
func migrate(ctx context.Context, conn *pgx.Conn) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", lock); err != nil {
			return err
		}
		for _, s := range []string{
			"CREATE TABLE IF NOT EXISTS _schema_version (version BIGINT NOT NULL, applied_at TIMESTAMPTZ NOT NULL)",
			"CREATE TABLE IF NOT EXISTS _sink_state (spool TEXT PRIMARY KEY, seq BIGINT NOT NULL)",
		} {
			if _, err := tx.Exec(ctx, s); err != nil {
				return err
			}
		}
		var version int
		if err := tx.QueryRow(ctx, "SELECT COALESCE(MAX(version), 0) FROM _schema_version").Scan(&version); err != nil {
			return err
		}
		if version == olap.SchemaVersion {
			return nil
		}
		if version > olap.SchemaVersion {
			return fmt.Errorf("%w: schema version %d, this program knows up to %d", ErrNewer, version, olap.SchemaVersion)
		}
		var statements []string
		for _, t := range olap.Tables() {
			statements = append(statements, createTable(t)...)
		}
		for _, s := range append(statements, views) {
			if _, err := tx.Exec(ctx, s); err != nil {
				return fmt.Errorf("%w: %s", err, s)
			}
		}
		_, err := tx.Exec(ctx, "INSERT INTO _schema_version VALUES ($1, now())", olap.SchemaVersion)
		return err
	})
}

// createTable renders what makes a table, or adds the columns that it lacks.
func createTable(t *olap.Table) []string {
	var columns []string
	for i := range t.Columns {
		columns = append(columns, "\n    "+columnDefinition(&t.Columns[i]))
	}
	out := []string{fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s,\n    PRIMARY KEY (%s)\n)", t.Name, strings.Join(columns, ","), strings.Join(t.Keys(), ", "))}
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Since > olap.ReferenceVersion && !c.Key {
			out = append(out, fmt.Sprintf("ALTER TABLE %s ADD COLUMN IF NOT EXISTS %s", t.Name, columnDefinition(c)))
		}
	}
	for _, ix := range t.Indexes {
		out = append(out, fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON %s (%s)", ix.Name, t.Name, ix.Column))
	}
	return out
}
