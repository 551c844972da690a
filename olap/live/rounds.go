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
	roundsAtOnce = 20_000
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
	read, err := db.readRounds(ctx, last)
	if err != nil {
		return false, err
	}
	r.mu.Lock() // only now: nobody waits for the disk
	defer r.mu.Unlock()
	for i := range read {
		r.add(&read[i])
	}
	return len(read) == roundsAtOnce, nil
}

// round is what is kept of a row.
type round struct {
	rowid                                      int64
	id, domain                                 string
	number, elapsed, performance, best, trials float64
}

// readRounds reads the rows after a rowid, at most roundsAtOnce.
func (db *DB) readRounds(ctx context.Context, last int64) ([]round, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT rowid, experiment_id, domain_id, round_number, elapsed_seconds, performance,
		best_performance, `+db.column("fact_round", "evaluations", "0")+` FROM fact_round WHERE rowid > ? ORDER BY rowid LIMIT ?`, last, roundsAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []round
	for rows.Next() {
		var o round
		var best *float64
		if err := rows.Scan(&o.rowid, &o.id, &o.domain, &o.number, &o.elapsed, &o.performance, &best, &o.trials); err != nil {
			return nil, err
		}
		if o.best = o.performance; best != nil {
			o.best = *best
		}
		out = append(out, o)
	}
	return out, rows.Err()
}

// column is a column's name, or a literal where the file has none of that name.
func (db *DB) column(table, name, otherwise string) string {
	if db.columns[table][name] {
		return name
	}
	return otherwise + " AS " + name
}

func (r *rounds) add(o *round) {
	r.last = o.rowid
	e := r.of[o.id]
	if e == nil {
		e = &run{id: o.id, domain: o.domain}
		r.of[o.id] = e
		r.order = append(r.order, o.id)
	}
	trials, elapsed := o.trials, o.elapsed
	if n := len(e.trials); n > 0 {
		trials += e.trials[n-1]
		elapsed = math.Max(elapsed, e.elapsed[n-1]) // x has to ascend
		if o.number <= e.number[n-1] {
			return
		}
	}
	e.number, e.elapsed = append(e.number, o.number), append(e.elapsed, elapsed)
	e.performance, e.best = append(e.performance, o.performance), append(e.best, o.best)
	e.trials = append(e.trials, trials)
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
