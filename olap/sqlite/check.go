package sqlite

import (
	"context"
	"fmt"

	"doin.network/node/olap"
)

// checks are questions whose answer is the number of rows for which something does not hold.
var checks = []struct{ says, query string }{
	{"rows refer to others that are missing", "SELECT COUNT(*) FROM pragma_foreign_key_check()"},
	{"trials are of a run that dim_run lacks", "SELECT COUNT(*) FROM fact_trial WHERE run_id IS NOT NULL AND run_id NOT IN (SELECT run_id FROM dim_run)"},
	{"runs have a configuration that dim_configuration lacks",
		"SELECT COUNT(*) FROM dim_run WHERE config_hash IS NOT NULL AND config_hash NOT IN (SELECT config_hash FROM dim_configuration)"},
	{"experiments are of a domain that dim_domain lacks", "SELECT COUNT(*) FROM dim_experiment WHERE domain_id NOT IN (SELECT domain_id FROM dim_domain)"},
	{"generations count other trials than fact_trial has", `SELECT COUNT(*) FROM (SELECT experiment_id, SUM(trials_recorded) AS n FROM fact_generation GROUP BY 1) g
		LEFT JOIN (SELECT experiment_id, COUNT(*) AS n FROM fact_trial GROUP BY 1) t USING (experiment_id) WHERE g.n <> COALESCE(t.n, 0)`},
	{"generations record more trials than were made", "SELECT COUNT(*) FROM fact_generation WHERE trials_recorded > trials_made"},
	{"blocks do not link to the block below",
		"SELECT COUNT(*) FROM fact_block a JOIN fact_block b ON b.block_height = a.block_height - 1 WHERE a.previous_hash <> b.block_hash"},
	{"blocks are missing below the highest", "SELECT COALESCE(MAX(block_height) - MIN(block_height) + 1 - COUNT(*), 0) FROM fact_block"},
	{"votes are on claims that no decision has", "SELECT COUNT(*) FROM fact_vote WHERE optimae_id NOT IN (SELECT optimae_id FROM fact_decision)"},
	{"nodes voted or claimed that dim_node lacks", `SELECT COUNT(*) FROM (SELECT evaluator_id AS id FROM fact_vote UNION SELECT generator_id FROM fact_block WHERE block_height > 0)
		WHERE id <> '' AND id NOT IN (SELECT node_id FROM dim_node)`},
}

// Check looks for damage of the file, broken relations and counts that do not fit, and returns a sentence for each. A file of an
// earlier schema version is checked for damage alone.
func (s *Snapshot) Check(ctx context.Context) (problems []string, err error) {
	wrap := (&DB{path: s.path}).wrap
	rows, err := s.tx.QueryContext(ctx, "PRAGMA integrity_check(20)")
	if err != nil {
		return nil, wrap("check", err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, wrap("check", err)
		}
		if line != "ok" {
			problems = append(problems, line)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, wrap("check", err)
	}
	if version, err := currentVersion(ctx, s.tx); err != nil || version < olap.SchemaVersion {
		return problems, wrap("check", err)
	}
	for _, c := range checks {
		var n int64
		if err := s.tx.QueryRowContext(ctx, c.query).Scan(&n); err != nil {
			return nil, wrap("check", err)
		}
		if n != 0 {
			problems = append(problems, fmt.Sprintf("%d: %s", n, c.says))
		}
	}
	return problems, nil
}

// Compare compares the chain's rows with those of a snapshot that holds the truth, up to the lower of both tips. Block 0, which is
// the same in every network, has no row in a node's own tables.
func (s *Snapshot) Compare(ctx context.Context, truth *Snapshot) (problems []string, err error) {
	height, _, err := s.Tip(ctx)
	if err != nil {
		return nil, err
	}
	other, _, err := truth.Tip(ctx)
	if err != nil {
		return nil, err
	}
	height = min(height, other)
	digest := func(s *Snapshot, query string) (text string, err error) {
		err = s.tx.QueryRowContext(ctx, query, height).Scan(&text)
		return text, (&DB{path: s.path}).wrap("compare", err)
	}
	queries := map[string]string{"fact_block": "SELECT COUNT(*) || ' rows, tip ' || COALESCE(MAX(CASE WHEN block_height = ?1 THEN block_hash END), '') FROM fact_block WHERE block_height BETWEEN 1 AND ?1"}
	for _, t := range olap.Tables() {
		if t.OfChain() && t != olap.BlockTable {
			queries[t.Name] = "SELECT COUNT(*) || ' rows' FROM " + t.Name + " WHERE block_height BETWEEN 1 AND ?1"
		}
	}
	for _, t := range olap.Tables() {
		query, ok := queries[t.Name]
		if !ok {
			continue
		}
		got, err := digest(s, query)
		if err != nil {
			return nil, err
		}
		want, err := digest(truth, query)
		if err != nil {
			return nil, err
		}
		if got != want {
			problems = append(problems, fmt.Sprintf("%s has %s up to block %d, the chain has %s", t.Name, got, height, want))
		}
	}
	return problems, nil
}
