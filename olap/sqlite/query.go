package sqlite

import (
	"context"
	"fmt"
	"strings"

	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

// Bounds of the queries.
const (
	DefaultRounds  = 1000   // of Rounds and Claims where limit is not positive
	MaxRounds      = 10_000 // of Rounds and Claims
	MaxExperiments = 10_000 // of Experiments, Summaries and ChainMetrics: the newest
)

// Experiments returns the rows of dim_experiment, oldest first, at most the newest
// MaxExperiments. Rows are keyed by column name in column order; structured columns are text,
// booleans 0 or 1, missing values nil. The objects are the caller's.
func (db *DB) Experiments(ctx context.Context) ([]*canon.Object, error) {
	return db.objects(ctx, olap.ExperimentTable,
		"WHERE rowid IN (SELECT rowid FROM dim_experiment ORDER BY rowid DESC LIMIT ?) ORDER BY rowid", MaxExperiments)
}

// Summaries returns the rows of fact_experiment_summary, of one domain or (domain "") of all,
// otherwise as Experiments. An experiment has one from its graceful end on.
func (db *DB) Summaries(ctx context.Context, domain string) ([]*canon.Object, error) {
	return db.objects(ctx, olap.SummaryTable, `WHERE rowid IN (SELECT rowid FROM fact_experiment_summary
		WHERE ?1 = '' OR domain_id = ?1 ORDER BY rowid DESC LIMIT ?2) ORDER BY rowid`, domain, MaxExperiments)
}

// Rounds returns the first rounds of an experiment ordered by number, at most limit (DefaultRounds
// if not positive, never more than MaxRounds); none for an unknown experiment. The rows are those
// of fact_round, otherwise as Experiments.
func (db *DB) Rounds(ctx context.Context, experiment string, limit int) ([]*canon.Object, error) {
	return db.objects(ctx, olap.RoundTable, "WHERE experiment_id = ? ORDER BY round_number LIMIT ?", experiment, bound(limit))
}

// Claims returns the first steps of an experiment's claims in the order in which they were written, at most limit as in
// Rounds. The rows are those of fact_claim, otherwise as Experiments.
func (db *DB) Claims(ctx context.Context, experiment string, limit int) ([]*canon.Object, error) {
	return db.objects(ctx, olap.ClaimTable, "WHERE experiment_id = ? ORDER BY rowid LIMIT ?", experiment, bound(limit))
}

func bound(limit int) int {
	if limit <= 0 {
		return DefaultRounds
	}
	return min(limit, MaxRounds)
}

// ChainMetrics returns what the chain accepted, of one domain or (domain "") of all, in chain
// order, at most the newest MaxExperiments, in the form of GET /stats/chain-metrics: parameters
// are an object.
func (db *DB) ChainMetrics(ctx context.Context, domain string) ([]*canon.Object, error) {
	rows, err := db.objects(ctx, olap.ChainOptimaeTable, `WHERE rowid IN (SELECT rowid FROM fact_chain_optimae
		WHERE ?1 = '' OR domain_id = ?1 ORDER BY block_height DESC, rowid DESC LIMIT ?2)
		ORDER BY block_height, rowid`, domain, MaxExperiments)
	if err != nil {
		return nil, err
	}
	out := make([]*canon.Object, len(rows))
	for i, row := range rows {
		if out[i], err = chainMetrics(row); err != nil {
			return nil, db.wrap("query", err)
		}
	}
	return out, nil
}

// chainMetrics picks the API's members out of a row of fact_chain_optimae.
func chainMetrics(row *canon.Object) (*canon.Object, error) {
	out := canon.NewObject()
	for _, key := range olap.ChainMetricsKeys() {
		v, _ := row.Get(key)
		if text, ok := v.(string); ok && olap.ChainOptimaeTable.Column(key).JSON() {
			parsed, err := canon.Parse([]byte(text))
			if err != nil {
				id, _ := row.Get("optimae_id")
				return nil, fmt.Errorf("%s of optimae %v: %w", key, id, err)
			}
			v = parsed
		}
		out.Set(key, v)
	}
	return out, nil
}

// objects returns rows of t; tail is what follows FROM.
func (db *DB) objects(ctx context.Context, t *olap.Table, tail string, args ...any) ([]*canon.Object, error) {
	names := t.Names(olap.SchemaVersion)
	rows, err := db.reader.QueryContext(ctx, "SELECT "+strings.Join(names, ", ")+" FROM "+t.Name+" "+tail, args...)
	if err != nil {
		return nil, db.wrap("query", err)
	}
	defer rows.Close()
	objects := []*canon.Object{}
	values := make([]any, len(names))
	targets := make([]any, len(names))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, db.wrap("query", err)
		}
		o := canon.NewObject()
		for i, name := range names {
			o.Set(name, jsonValue(values[i]))
		}
		objects = append(objects, o)
	}
	return objects, db.wrap("query", rows.Err())
}

// jsonValue makes a driver's value one of canon's.
func jsonValue(v any) any {
	switch v := v.(type) {
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case []byte:
		return string(v)
	}
	return v
}
