package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"doin.network/node/olap"
)

// connectTimeout bounds an attempt to reach the server.
const connectTimeout = 10 * time.Second

// Sink is a database. A recorder calls it from one goroutine.
type Sink struct {
	config *pgx.ConnConfig
	conn   *pgx.Conn // nil: to be opened (again)

	temporary map[*olap.Table]bool // whose temporary tables the connection has
}

var _ olap.Sink = (*Sink)(nil)

// Open returns a sink for a database by its connection string, "postgres://user@host/database" or "host=… dbname=…". The server
// is asked for at the first Write, and again after it was away; an error is one of the string itself.
func Open(dsn string) (*Sink, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil { // it does not show the password
		return nil, fmt.Errorf("olap/postgres: olap_postgres_dsn: %w", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	return &Sink{config: config}, nil
}

// Name returns "postgres".
func (s *Sink) Name() string { return "postgres" }

// Close gives the connection back.
func (s *Sink) Close() error {
	if s.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	err := s.conn.Close(ctx)
	s.conn = nil
	return err
}

// Write stores rows in one transaction; see the package comment.
func (s *Sink) Write(ctx context.Context, rows []olap.Row) error {
	if len(rows) == 0 {
		return nil
	}
	err := s.write(ctx, rows)
	if err == nil {
		return nil
	}
	s.temporary = nil // those that the transaction made went with it
	var refused *pgconn.PgError
	if errors.As(err, &refused) && (refused.Code[:2] == "22" || refused.Code[:2] == "23") { // bad data, a broken constraint
		return fmt.Errorf("olap/postgres: %w: %w", olap.ErrReject, err)
	}
	if s.conn != nil && (s.conn.IsClosed() || refused == nil) {
		_ = s.conn.Close(ctx) // the next Write opens another
		s.conn = nil
	}
	return fmt.Errorf("olap/postgres: %s: %w", s.config.Host, err)
}

func (s *Sink) write(ctx context.Context, rows []olap.Row) error {
	if s.conn == nil {
		conn, err := pgx.ConnectConfig(ctx, s.config)
		if err != nil {
			return err
		}
		if err := migrate(ctx, conn); err != nil {
			return errors.Join(err, conn.Close(ctx))
		}
		s.conn = conn
	}
	if s.temporary == nil {
		s.temporary = map[*olap.Table]bool{}
	}
	return pgx.BeginFunc(ctx, s.conn, func(tx pgx.Tx) error {
		b := newBatch(ctx, tx, s.temporary)
		positions := map[string]int64{}
		for i := range rows {
			r := &rows[i]
			if r.Spool != "" {
				seq, ok := positions[r.Spool]
				if !ok {
					err := tx.QueryRow(ctx, "SELECT seq FROM _sink_state WHERE spool = $1 FOR UPDATE", r.Spool).Scan(&seq)
					if err != nil && !errors.Is(err, pgx.ErrNoRows) {
						return err
					}
				}
				if int64(r.Seq) <= seq {
					positions[r.Spool] = seq
					continue
				}
				positions[r.Spool] = int64(r.Seq)
			}
			if err := b.row(r); err != nil {
				return fmt.Errorf("row %d (%s): %w", r.Seq, r.Kind(), err)
			}
		}
		if err := b.flush(); err != nil {
			return err
		}
		for spool, seq := range positions {
			if _, err := tx.Exec(ctx, `INSERT INTO _sink_state VALUES ($1, $2)
				ON CONFLICT (spool) DO UPDATE SET seq = GREATEST(_sink_state.seq, excluded.seq)`, spool, seq); err != nil {
				return err
			}
		}
		return nil
	})
}
