//go:build unix

package e2e

import (
	"database/sql"
	"testing"

	_ "doin.network/node/olap/sqlite" // brings the driver
)

// storedRound is a row of fact_round.
type storedRound struct {
	id, experiment, parameters, digest string
	number                             int64
	performance                        float64
}

// databaseRounds reads the rounds of a database in their order.
func databaseRounds(t *testing.T, path string) (out []storedRound) {
	t.Helper()
	db := openDatabase(t, path)
	rows, err := db.QueryContext(t.Context(), `SELECT round_id, experiment_id, parameters, coalesce(digest, ''), round_number, performance
		FROM fact_round ORDER BY rowid`)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	defer rows.Close()
	for rows.Next() {
		var r storedRound
		if err := rows.Scan(&r.id, &r.experiment, &r.parameters, &r.digest, &r.number, &r.performance); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return out
}

// openDatabase opens a database file and checks that it is whole.
func openDatabase(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	var verdict string
	if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Fatalf("%s: integrity check says %q, %v", path, verdict, err)
	}
	return db
}
