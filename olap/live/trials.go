package live

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// sorts are the orders of a table of trials, by what they are called. Those of the first kind have an index; those of
// the second sort the newest of the experiment's trials.
var sorts = map[string]struct{ by, column string }{
	"newest": {"trial_number DESC", ""}, "oldest": {"trial_number", ""}, "best": {"score DESC", "score"}, "worst": {"score", "score"},
	"slowest": {"seconds DESC", "seconds"}, "quickest": {"seconds", "seconds"}, "validation": {"validation", "validation"}, "test": {"test", "test"},
}

// mostSorted is how many trials are sorted by what has no index, and looked through for a filter.
const mostSorted = 50_000

// shown are the columns of a table of trials, where the file has them.
var shown = []string{"trial_id", "domain_id", "experiment_id", "run_id", "trial_number", "generation", "timestamp_utc", "status", "origin", "operator",
	"island", "rung", "seeds", "score", "expected", "score_error", "validation", "test", "seconds", "device", "digest"}

// filter makes a condition of a question's arguments. run is the experiment, the newest of the domain where none is named.
func (db *DB) filter(q *question) (run, where string, args []any) {
	if run = q.text("run"); run == "" {
		if list := db.rounds.runs(q.text("domain"), 1); len(list) > 0 {
			run = list[0].id
		}
	}
	where, args = "experiment_id = ?", []any{run}
	for _, name := range [...]string{"status", "origin", "device", "island"} {
		if v := q.text(name); v != "" {
			where, args = where+" AND "+name+" = ?", append(args, v)
		}
	}
	if v := q.number("above", math.Inf(-1)); !math.IsInf(v, -1) {
		where, args = where+" AND score >= ?", append(args, v)
	}
	if v := q.number("below", math.Inf(1)); !math.IsInf(v, 1) {
		where, args = where+" AND score <= ?", append(args, v)
	}
	return run, where, args
}

// trials answers with a page of an experiment's trials.
func (db *DB) trials(ctx context.Context, q *question) (any, error) {
	if !db.has("fact_trial") {
		return notRecorded("fact_trial"), nil
	}
	limit, offset := q.integer("limit", 50, 1, pageRows), q.integer("offset", 0, 0, mostOffset)
	sort := q.choice("sort", "newest", "oldest", "best", "worst", "slowest", "quickest", "validation", "test")
	run, where, args := db.filter(q)
	if q.err != nil {
		return nil, q.err
	}
	order := sorts[sort]
	if order.column != "" {
		where += " AND " + order.column + " IS NOT NULL"
	}
	var last int64
	if err := db.sql.QueryRowContext(ctx, "SELECT coalesce(max(trial_number), 0) FROM fact_trial WHERE experiment_id = ?", run).Scan(&last); err != nil {
		return nil, err
	}
	from := int64(0)
	if sort != "newest" && sort != "oldest" && (len(args) > 1 || order.column != "score") && last > mostSorted {
		from = last - mostSorted
		where, args = where+" AND trial_number > ?", append(args, from)
	}
	names := make([]string, 0, len(shown))
	for _, name := range shown {
		if db.columns["fact_trial"][name] {
			names = append(names, name)
		}
	}
	where = " WHERE " + where
	t, err := db.query(ctx, fmt.Sprintf("SELECT %s FROM fact_trial%s ORDER BY %s LIMIT %d OFFSET %d", strings.Join(names, ", "), where, order.by, limit, offset), args...)
	if err != nil {
		return nil, err
	}
	if from > 0 {
		t.Note = fmt.Sprintf("of the newest %d trials", mostSorted)
	}
	return t, db.count(ctx, t, "fact_trial", where, args)
}

// trial answers with all that there is of one trial: its row, and its learning curve.
func (db *DB) trial(ctx context.Context, q *question) (any, error) {
	id := q.text("id")
	if q.err != nil {
		return nil, q.err
	}
	if !db.has("fact_trial") {
		return notRecorded("fact_trial"), nil
	}
	t, err := db.query(ctx, "SELECT * FROM fact_trial WHERE trial_id = ?", id)
	if err != nil {
		return nil, err
	}
	if len(t.Rows) == 0 {
		return &table{Names: []string{}, Rows: [][]any{}, Missing: "there is no trial of this id"}, nil
	}
	row := map[string]any{}
	for i, name := range t.Names {
		v := t.Rows[0][i]
		if text, ok := v.(string); ok && len(text) > 1 && (text[0] == '{' || text[0] == '[') && json.Valid([]byte(text)) {
			v = json.RawMessage(text)
		}
		row[name] = v
	}
	curve, err := db.curve(ctx, id)
	return map[string]any{"trial": row, "curve": curve}, err
}

const mostSteps = 512 // of one learning curve

// curve returns a learning curve, a list for each column; nil where there is none.
func (db *DB) curve(ctx context.Context, id string) (map[string][]any, error) {
	if !db.has("fact_curve") {
		return nil, nil
	}
	t, err := db.query(ctx, fmt.Sprintf("SELECT step, train_loss, validation_loss FROM fact_curve WHERE trial_id = ? ORDER BY step LIMIT %d", mostSteps), id)
	if err != nil || len(t.Rows) == 0 {
		return nil, err
	}
	out := map[string][]any{}
	for i, name := range t.Names {
		for _, row := range t.Rows {
			out[name] = append(out[name], row[i])
		}
	}
	return out, nil
}

// curves answers with the learning curves of the trials that are named, else of the best or newest that have one.
func (db *DB) curves(ctx context.Context, q *question) (any, error) {
	if !db.has("fact_curve") || !db.has("fact_trial") {
		return notRecorded("fact_curve"), nil
	}
	ids := q.texts("trial", 24)
	n := q.integer("limit", 12, 1, 24)
	order := q.choice("sort", "best", "newest")
	_, where, args := db.filter(q)
	if q.err != nil {
		return nil, q.err
	}
	if len(ids) == 0 {
		if order == "best" {
			where += " AND score IS NOT NULL"
		}
		t, err := db.query(ctx, fmt.Sprintf(`SELECT trial_id FROM (SELECT trial_id FROM fact_trial WHERE %s ORDER BY %s LIMIT 400) t
			WHERE EXISTS (SELECT 1 FROM fact_curve c WHERE c.trial_id = t.trial_id) LIMIT %d`, where, sorts[order].by, n), args...)
		if err != nil {
			return nil, err
		}
		for _, row := range t.Rows {
			ids = append(ids, row[0].(string))
		}
	}
	list := []any{}
	for _, id := range ids {
		t, err := db.query(ctx, "SELECT trial_id, trial_number, experiment_id, score, origin FROM fact_trial WHERE trial_id = ?", id)
		if err != nil {
			return nil, err
		}
		curve, err := db.curve(ctx, id)
		if err != nil {
			return nil, err
		}
		if len(t.Rows) == 0 || curve == nil {
			continue
		}
		one := map[string]any{"curve": curve}
		for i, name := range t.Names {
			one[name] = t.Rows[0][i]
		}
		list = append(list, one)
	}
	return map[string]any{"curves": list}, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

const (
	mostAncestors = 120
	mostDepth     = 12
)

// family answers with a trial and those it was bred from, parents of parents included, at most mostAncestors: of the best
// trial of the experiment where none is named.
func (db *DB) family(ctx context.Context, q *question) (any, error) {
	if !db.has("fact_trial") {
		return notRecorded("fact_trial"), nil
	}
	id := q.text("id")
	_, where, args := db.filter(q)
	if q.err != nil {
		return nil, q.err
	}
	if id == "" {
		t, err := db.query(ctx, "SELECT trial_id FROM fact_trial WHERE "+where+" AND score IS NOT NULL ORDER BY score DESC LIMIT 1", args...)
		if err != nil {
			return nil, err
		}
		if len(t.Rows) == 0 {
			return &table{Names: []string{}, Rows: [][]any{}, Missing: "no trial has a score yet"}, nil
		}
		id = t.Rows[0][0].(string)
	}
	nodes, level := []any{}, []string{id}
	seen := map[string]bool{id: true}
	for depth := 0; depth < mostDepth && len(level) > 0; depth++ {
		var next []string
		for _, id := range level {
			t, err := db.query(ctx, "SELECT trial_id, trial_number, generation, origin, operator, island, score, parents FROM fact_trial WHERE trial_id = ?", id)
			if err != nil {
				return nil, err
			}
			if len(t.Rows) == 0 {
				continue // it was not recorded
			}
			node := map[string]any{"depth": depth}
			for i, name := range t.Names {
				node[name] = t.Rows[0][i]
			}
			var parents []string
			if text, ok := node["parents"].(string); ok {
				_ = json.Unmarshal([]byte(text), &parents) // what is no list has no parents
			}
			node["parents"] = parents
			nodes = append(nodes, node)
			for _, p := range parents {
				if !seen[p] && len(seen) < mostAncestors {
					seen[p] = true
					next = append(next, p)
				}
			}
		}
		level = next
	}
	return map[string]any{"root": id, "nodes": nodes}, nil
}
