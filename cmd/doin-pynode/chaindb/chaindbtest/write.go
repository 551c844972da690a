// Package chaindbtest makes chain.db files as nodes of the Python reference have them, for tests.
package chaindbtest

import (
	"database/sql"
	"testing"

	_ "modernc.org/sqlite" // registers the driver

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// schema is that of the reference's two revisions (config.md §5 of its specification).
const schema = `PRAGMA journal_mode = WAL;
CREATE TABLE metadata (key TEXT PRIMARY KEY, value TEXT);
INSERT INTO metadata VALUES ('schema_version', '1');
CREATE TABLE blocks (block_index INTEGER PRIMARY KEY, hash TEXT UNIQUE, previous_hash TEXT, timestamp TEXT, merkle_root TEXT,
	generator_id TEXT, weighted_performance_sum REAL, threshold REAL, tx_count INTEGER DEFAULT 0);
CREATE INDEX idx_blocks_hash ON blocks (hash);
CREATE TABLE transactions (tx_id TEXT PRIMARY KEY, block_index INTEGER REFERENCES blocks (block_index), tx_index INTEGER, tx_type TEXT,
	domain_id TEXT, peer_id TEXT, payload TEXT, timestamp TEXT);
CREATE INDEX idx_tx_block ON transactions (block_index);
CREATE TABLE state_snapshots (block_index INTEGER PRIMARY KEY, block_hash TEXT, balances TEXT, reputation TEXT, domain_stats TEXT,
	created_at TEXT DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE peers (peer_id TEXT PRIMARY KEY, address TEXT, port INTEGER, last_seen REAL, reputation REAL DEFAULT 0.0, domains TEXT, roles TEXT);`

// Write makes a file with the blocks.
func Write(t testing.TB, path string, blocks []*chain.Block) {
	t.Helper()
	db := open(t, path)
	defer db.Close()
	run := func(query string, args ...any) {
		t.Helper()
		if _, err := db.Exec(query, args...); err != nil {
			t.Fatal(err)
		}
	}
	run(schema)
	for _, b := range blocks {
		h := &b.Header
		run(`INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, h.Index, b.Hash, h.PreviousHash, h.Timestamp.ISO(), h.MerkleRoot, h.GeneratorID,
			h.WeightedPerformanceSum, h.Threshold, len(b.Transactions))
		for i, tx := range b.Transactions {
			run(`INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, tx.ID, h.Index, i, tx.Type, tx.DomainID, tx.PeerID,
				string(canon.Default(tx.Payload)), tx.Timestamp.ISO())
		}
	}
}

// Exec changes a file.
func Exec(t testing.TB, path, query string) {
	t.Helper()
	db := open(t, path)
	defer db.Close()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}
