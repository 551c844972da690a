// Package chaindb reads the chain that nodes of the Python reference keep in an SQLite file, chain.db; either revision has the same
// tables. Nothing is written to the file, also where its node was killed and left a write-ahead log beside it.
package chaindb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"

	_ "modernc.org/sqlite" // registers the driver

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// ErrSchema is returned by Read for a file that is not such a chain, or of tables that this package does not know.
var ErrSchema = errors.New("chaindb: no chain of the reference's schema version 1")

// magic is how every SQLite file begins.
var magic = []byte("SQLite format 3\x00")

// Is reports whether the file is an SQLite file.
func Is(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(f, head); err != nil {
		return false, nil // shorter
	}
	return bytes.Equal(head, magic), nil
}

// Read calls f for each block of the file in ascending order, one in memory at a time, until f returns an error. Transactions of a
// block that its node has pruned are not there. What is malformed is an error of package chain.
func Read(ctx context.Context, path string, f func(*chain.Block) error) error {
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: "mode=ro&_pragma=query_only(1)"}).String())
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	top, err := tip(ctx, db)
	if err != nil {
		return err
	}
	for h := int64(0); h <= top; h++ {
		b, err := block(ctx, db, h)
		if err != nil {
			return fmt.Errorf("block %d: %w", h, err)
		}
		if err := f(b); err != nil {
			return err
		}
	}
	return nil
}

// tip returns the highest index, −1 without a block.
func tip(ctx context.Context, db *sql.DB) (int64, error) {
	var version string
	if err := db.QueryRowContext(ctx, `SELECT value FROM metadata WHERE key = 'schema_version'`).Scan(&version); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrSchema, err)
	}
	if version != "1" {
		return 0, fmt.Errorf("%w: it says %.20q", ErrSchema, version)
	}
	top := int64(-1)
	if err := db.QueryRowContext(ctx, `SELECT coalesce(max(block_index), -1) FROM blocks`).Scan(&top); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrSchema, err)
	}
	return top, nil
}

func block(ctx context.Context, db *sql.DB, height int64) (*chain.Block, error) {
	var hash, previous, at, root, generator string
	var sum, threshold float64
	row := db.QueryRowContext(ctx, `SELECT hash, previous_hash, timestamp, merkle_root, generator_id, weighted_performance_sum, threshold
		FROM blocks WHERE block_index = ?`, height)
	if err := row.Scan(&hash, &previous, &at, &root, &generator, &sum, &threshold); errors.Is(err, sql.ErrNoRows) {
		return nil, errors.New("it is missing, and there are higher ones")
	} else if err != nil {
		return nil, err
	}
	txs, err := transactions(ctx, db, height)
	if err != nil {
		return nil, err
	}
	return chain.BlockFromObject(canon.NewObject("header", canon.NewObject("index", height, "previous_hash", previous, "timestamp", at,
		"merkle_root", root, "generator_id", generator, "weighted_performance_sum", sum, "threshold", threshold), "transactions", txs, "hash", hash))
}

// transactions are those of a block, in its order.
func transactions(ctx context.Context, db *sql.DB, height int64) ([]any, error) {
	rows, err := db.QueryContext(ctx, `SELECT tx_id, tx_type, domain_id, peer_id, payload, timestamp FROM transactions
		WHERE block_index = ? ORDER BY tx_index`, height)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []any{}
	for rows.Next() {
		var id, kind, peer, payload, at string
		var domain sql.NullString
		if err := rows.Scan(&id, &kind, &domain, &peer, &payload, &at); err != nil {
			return nil, err
		}
		o, err := canon.ParseObject([]byte(payload))
		if err != nil {
			return nil, fmt.Errorf("payload of transaction %.12s: %w", id, err)
		}
		out = append(out, canon.NewObject("id", id, "tx_type", kind, "domain_id", domain.String, "peer_id", peer, "payload", o, "timestamp", at))
	}
	return out, rows.Err()
}
