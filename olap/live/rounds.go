package live

import (
	"context"
	"math"
	"slices"
	"sync"
)

// rounds are the columns of fact_round that pictures are made of, by experiment.
type rounds struct {
	mu    sync.RWMutex
	of    map[string]*run
	order []string // experiments as they first came
	last  int64    // rowid of the last row read
	left  int64    // rows that are still to be read
	kept  int      // of all experiments together
}

// run is one experiment's rounds. Its columns only grow, so that a reader may use what it saw after the lock is released.
type run struct {
	id, domain                         string
	number, elapsed, performance, best []float64
	trials                             []float64 // evaluations so far
}

const (
	// mostRounds bounds what is kept of all experiments: 40 bytes each. The oldest experiments give way.
	mostRounds = 1_500_000
	// roundsAtOnce is how many rows are read before others have their turn.
	roundsAtOnce = 50_000
)

// loadRounds reads the next rows; more says that there are others.
func (db *DB) loadRounds(ctx context.Context) (more bool, err error) {
	if !db.has("fact_round") {
		return false, nil
	}
	r := &db.rounds
	r.mu.RLock()
	last := r.last
	r.mu.RUnlock()
	rows, err := db.sql.QueryContext(ctx, `SELECT rowid, experiment_id, domain_id, round_number, elapsed_seconds, performance,
		best_performance, `+db.column("fact_round", "evaluations", "0")+` FROM fact_round WHERE rowid > ? ORDER BY rowid LIMIT ?`, last, roundsAtOnce)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for rows.Next() {
		var id, domain string
		var number, elapsed, performance, evaluations float64
		var best *float64
		if err := rows.Scan(&r.last, &id, &domain, &number, &elapsed, &performance, &best, &evaluations); err != nil {
			return false, err
		}
		if best == nil {
			best = &performance
		}
		r.add(id, domain, number, elapsed, performance, *best, evaluations)
		n++
	}
	return n == roundsAtOnce, rows.Err()
}

// column is a column's name, or a literal where the file has none of that name.
func (db *DB) column(table, name, otherwise string) string {
	if db.columns[table][name] {
		return name
	}
	return otherwise + " AS " + name
}

func (r *rounds) add(id, domain string, number, elapsed, performance, best, evaluations float64) {
	e := r.of[id]
	if e == nil {
		e = &run{id: id, domain: domain}
		r.of[id] = e
		r.order = append(r.order, id)
	}
	if n := len(e.trials); n > 0 {
		evaluations += e.trials[n-1]
		elapsed = math.Max(elapsed, e.elapsed[n-1]) // x has to ascend
		if number <= e.number[n-1] {
			return
		}
	}
	e.number, e.elapsed = append(e.number, number), append(e.elapsed, elapsed)
	e.performance, e.best = append(e.performance, performance), append(e.best, best)
	e.trials = append(e.trials, evaluations)
	for r.kept++; r.kept > mostRounds && len(r.order) > 1; {
		old := r.of[r.order[0]]
		r.kept -= len(old.number)
		delete(r.of, old.id)
		r.order = r.order[1:]
	}
}

// runs returns the experiments of a domain (of all for ""), the newest first, at most n. The columns of the copies do
// not change.
func (r *rounds) runs(domain string, n int) (out []run) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, id := range slices.Backward(r.order) {
		if e := r.of[id]; (domain == "" || e.domain == domain) && len(out) < n {
			out = append(out, *e)
		}
	}
	return out
}

// run returns one experiment; false for one that is not kept.
func (r *rounds) run(id string) (run, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	e, ok := r.of[id]
	if !ok {
		return run{}, false
	}
	return *e, true
}

// axis returns the column that is drawn from left to right.
func (e *run) axis(name string) []float64 {
	switch name {
	case "time":
		return e.elapsed
	case "trials":
		return e.trials
	}
	return e.number
}
