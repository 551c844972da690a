package live

import (
	"context"
	"fmt"
	"strings"
)

// Bounds of lists.
const (
	pageRows   = 200
	mostOffset = 100_000
	countedTo  = 10_000 // a filter's matches are counted no further
)

// list answers with a page of a table, the newest first. only, where it is not empty, is a condition.
func (db *DB) list(ctx context.Context, q *question, name string, only string, args ...any) (any, error) {
	if !db.has(name) {
		return notRecorded(name), nil
	}
	limit, offset := q.integer("limit", 50, 1, pageRows), q.integer("offset", 0, 0, mostOffset)
	domain := q.text("domain")
	if q.err != nil {
		return nil, q.err
	}
	var conditions []string
	if only != "" {
		conditions = append(conditions, only)
	}
	if domain != "" && db.columns[name]["domain_id"] {
		conditions, args = append(conditions, "domain_id = ?"), append(args, domain)
	}
	where := ""
	if len(conditions) > 0 {
		where = " WHERE " + strings.Join(conditions, " AND ")
	}
	order := "rowid"
	if name == "fact_vote" { // its rows have no number of their own
		order = "block_height"
	}
	t, err := db.query(ctx, fmt.Sprintf("SELECT * FROM %s%s ORDER BY %s DESC LIMIT %d OFFSET %d", name, where, order, limit, offset), args...)
	if err != nil {
		return nil, err
	}
	return t, db.count(ctx, t, name, where, args)
}

// count fills the totals of a page.
func (db *DB) count(ctx context.Context, t *table, name, where string, args []any) error {
	err := db.sql.QueryRowContext(ctx, fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM %s%s LIMIT %d)", name, where, countedTo+1), args...).Scan(&t.Total)
	if t.Total > countedTo {
		t.Total, t.More = countedTo, true
	}
	return err
}

// claims answers with steps of this node's claims, the newest first; of one claim with optimae.
func (db *DB) claims(ctx context.Context, q *question) (any, error) {
	if id := q.text("optimae"); id != "" {
		return db.list(ctx, q, "fact_claim", "optimae_id = ?", id)
	}
	return db.list(ctx, q, "fact_claim", "")
}

// votes answers with votes, the newest first; of one claim with optimae.
func (db *DB) votes(ctx context.Context, q *question) (any, error) {
	if id := q.text("optimae"); id != "" {
		return db.list(ctx, q, "fact_vote", "optimae_id = ?", id)
	}
	return db.list(ctx, q, "fact_vote", "")
}

// decisions answers with what the chain has decided on everybody's claims, the newest first.
func (db *DB) decisions(ctx context.Context, q *question) (any, error) {
	return db.list(ctx, q, "fact_decision", "")
}

// nodes answers with the nodes that the chain names, and this one.
func (db *DB) nodes(ctx context.Context, q *question) (any, error) {
	return db.list(ctx, q, "dim_node", "")
}

// champions answers with the claims that the chain has accepted.
func (db *DB) champions(ctx context.Context, q *question) (any, error) {
	return db.list(ctx, q, "fact_chain_optimae", "")
}

// blocks answers with blocks, the newest first.
func (db *DB) blocks(ctx context.Context, q *question) (any, error) {
	return db.list(ctx, q, "fact_block", "")
}

// migrations answers with the newest migrations; with sum=1 with how many there were between which islands.
func (db *DB) migrations(ctx context.Context, q *question) (any, error) {
	if q.text("sum") == "" {
		return db.list(ctx, q, "fact_migration", "")
	}
	if !db.has("fact_migration") {
		return notRecorded("fact_migration"), nil
	}
	return db.query(ctx, `SELECT from_node, to_node, count(*) AS migrants, sum(accepted) AS accepted FROM
		(SELECT * FROM fact_migration ORDER BY rowid DESC LIMIT 100000) GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 400`)
}

// runList answers with experiments, the newest first: all that the file says of them, and how far they are.
func (db *DB) runList(ctx context.Context, q *question) (any, error) {
	v, err := db.list(ctx, q, "dim_experiment", "")
	t, ok := v.(*table)
	if err != nil || !ok || t.Missing != "" {
		return v, err
	}
	id := indexOf(t.Names, "experiment_id")
	names, err := db.runNames(ctx)
	if err != nil {
		return nil, err
	}
	t.Names = append(t.Names, "rounds", "trials", "elapsed", "best", "run_name", "run_tags")
	for i, row := range t.Rows {
		name, _ := row[id].(string)
		more := []any{0, 0, nil, nil}
		if e, ok := db.rounds.run(name); ok {
			if n := len(e.number); n > 0 {
				more = []any{e.number[n-1], e.trials[n-1], e.elapsed[n-1], orNull(e.best[n-1])}
			}
		}
		n := names[name]
		t.Rows[i] = append(append(row, more...), n.name, n.tags)
	}
	return t, nil
}

// runName is what a person called the run that an experiment is of; nil where they did not.
type runName struct{ name, tags any }

// runNames returns them by experiment; none for a file of an earlier version.
func (db *DB) runNames(ctx context.Context) (map[string]runName, error) {
	names := map[string]runName{}
	if !db.has("dim_run") || !db.columns["dim_experiment"]["run_id"] {
		return names, nil
	}
	t, err := db.query(ctx, "SELECT e.experiment_id, r.name, r.tags FROM dim_experiment e JOIN dim_run r USING (run_id) WHERE r.name IS NOT NULL OR r.tags IS NOT NULL")
	if err != nil {
		return nil, err
	}
	for _, row := range t.Rows {
		if id, ok := row[0].(string); ok {
			names[id] = runName{row[1], row[2]}
		}
	}
	return names, nil
}

func indexOf(names []string, name string) int {
	for i, n := range names {
		if n == name {
			return i
		}
	}
	return -1
}

// generations answers with the generations of an experiment, the newest of the domain where none is named, at most
// 2,000, evenly spaced, as columns named as in the table.
func (db *DB) generations(ctx context.Context, q *question) (any, error) {
	if !db.has("fact_generation") {
		return notRecorded("fact_generation"), nil
	}
	id, domain := q.text("run"), q.text("domain")
	if q.err != nil {
		return nil, q.err
	}
	if id == "" {
		if list := db.rounds.runs(domain, 1); len(list) > 0 {
			id = list[0].id
		}
	}
	t, err := db.query(ctx, "SELECT count(*) AS n FROM fact_generation WHERE experiment_id = ?", id)
	if err != nil {
		return nil, err
	}
	const most = 2000
	n, _ := t.Rows[0][0].(int64)
	stride := max(1, (n+most-1)/most)
	if t, err = db.query(ctx, "SELECT * FROM fact_generation WHERE experiment_id = ? AND (round_number % ? = 0 OR ? = 1) ORDER BY round_number LIMIT ?",
		id, stride, stride, most+1); err != nil {
		return nil, err
	}
	out := &Columns{Head: map[string]any{"run": id, "generations": n, "every": stride}}
	for j, name := range t.Names {
		values := make([]float64, len(t.Rows))
		numbers := len(t.Rows) > 0
		for i, row := range t.Rows {
			v, ok := float(row[j])
			values[i], numbers = v, numbers && ok
		}
		if numbers {
			out.F64(name, values)
		}
	}
	return out, nil
}
