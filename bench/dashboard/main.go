// Command dashboard writes a database as a node would have after a long search, for the measurements of the dashboard:
//
//	go run ./bench/dashboard --rounds 1000000 --trials 1000000 --curves 200000 --out /tmp/large
//	node net/web/ui/test/measure.mjs --data /tmp/large
//
// The numbers are a function of the flags: parameters are uniform, the score falls with the distance from a point and says
// nothing of half of them; a spike every so often is what a picture must not lose. Rounds and trials are written by SQL, not
// through the recorder, whose speed is measured elsewhere.
package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"doin.network/node/olap/open"
)

func main() {
	rounds := flag.Int("rounds", 100_000, "rows of fact_round")
	trials := flag.Int("trials", 100_000, "rows of fact_trial")
	parameters := flag.Int("parameters", 50, "parameters of a trial")
	curves := flag.Int("curves", 0, "trials with a learning curve of 32 points, at equal distances")
	out := flag.String("out", "", "folder of the database, olap.db (required)")
	flag.Parse()
	if *out == "" {
		flag.Usage()
		os.Exit(2)
	}
	if err := write(context.Background(), *out, *rounds, *trials, *parameters, *curves); err != nil {
		fmt.Fprintln(os.Stderr, "dashboard:", err)
		os.Exit(1)
	}
}

const (
	experiment = "00000000000000000000000000000001"
	domain     = "large"
)

// begin is when the search began.
var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func write(ctx context.Context, dir string, rounds, trials, parameters, curves int) (err error) {
	path := filepath.Join(dir, "olap.db")
	sinks, err := open.Sinks(ctx, slog.New(slog.DiscardHandler), open.Target{Sink: "sqlite", Path: path}) // makes the tables
	if err != nil {
		return err
	}
	for _, s := range sinks {
		if err := s.Close(); err != nil {
			return err
		}
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(OFF)&_pragma=journal_mode(WAL)")
	if err != nil {
		return err
	}
	defer func() {
		if cerr := db.Close(); err == nil {
			err = cerr
		}
	}()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, `INSERT INTO dim_experiment (experiment_id, domain_id, node_id, hostname, started_at) VALUES (?, ?, 'n', 'h', ?)`,
		experiment, domain, iso(0)); err != nil {
		return err
	}
	r := &source{state: 1}
	if err := writeRounds(ctx, db, r, rounds); err != nil {
		return err
	}
	if err := writeTrials(ctx, db, r, trials, parameters); err != nil {
		return err
	}
	if err := writeCurves(ctx, db, r, trials, min(curves, trials)); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

// batched has rows written by statements of a hundred rows, a few thousand in a transaction.
func batched(ctx context.Context, db *sql.DB, table, names string, n int, row func(i int) []any) error {
	const rows, perTransaction = 100, 200
	columns := strings.Count(names, ",") + 1
	marks := "(" + strings.TrimSuffix(strings.Repeat("?,", columns), ",") + ")"
	for i := 0; i < n; {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		for range perTransaction {
			count := min(rows, n-i)
			if count <= 0 {
				break
			}
			var args []any
			for range count {
				args = append(args, row(i)...)
				i++
			}
			text := fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", table, names, strings.TrimSuffix(strings.Repeat(marks+",", count), ","))
			if _, err := tx.ExecContext(ctx, text, args...); err != nil {
				_ = tx.Rollback()
				return err
			}
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}

func writeRounds(ctx context.Context, db *sql.DB, r *source, n int) error {
	best := math.Inf(-1)
	return batched(ctx, db, "fact_round", "round_id, experiment_id, domain_id, round_number, timestamp_utc, performance, best_performance, elapsed_seconds, evaluations", n,
		func(i int) []any {
			p := -1/math.Sqrt(float64(i+2)) - 0.1*r.uniform()
			if i%9973 == 5000 {
				p -= 2 // a spike
			}
			best = max(best, p)
			return []any{fmt.Sprintf("r%d", i), experiment, domain, i + 1, iso(float64(i)), p, best, float64(i), 12}
		})
}

func writeTrials(ctx context.Context, db *sql.DB, r *source, n, parameters int) error {
	origins := []string{"crossover", "mutation", "random", "retrain"}
	var b strings.Builder
	return batched(ctx, db, "fact_trial", "trial_id, experiment_id, domain_id, trial_number, generation, timestamp_utc, status, origin, score, seconds, device, parameters", n,
		func(i int) []any {
			b.Reset()
			b.WriteString(`{"genome": {`)
			score := 0.0
			for j := range parameters {
				v := r.uniform()
				if j > 0 {
					b.WriteString(", ")
				}
				fmt.Fprintf(&b, `"p%02d": %.6f`, j, v)
				if j%2 == 0 {
					score -= (v - 0.5) * (v - 0.5) / float64(1+j)
				}
			}
			b.WriteString("}}")
			status := "completed"
			if i%500 == 499 {
				status = "failed"
			}
			return []any{trialID(i), experiment, domain, i, i / 12, iso(float64(i) * 0.05), status, origins[i%4], score,
				0.02 + 0.06*r.uniform(), fmt.Sprintf("device %d", i%2), b.String()}
		})
}

// writeCurves gives n trials at equal distances a learning curve.
func writeCurves(ctx context.Context, db *sql.DB, r *source, trials, n int) error {
	const points = 32
	return batched(ctx, db, "fact_curve", "trial_id, step, train_loss, validation_loss", n*points, func(i int) []any {
		step := i%points + 1
		loss := 1/math.Sqrt(float64(step)) + 0.05*r.uniform()
		return []any{trialID(i / points * (trials / n)), 50 * step, loss, loss + 0.1}
	})
}

func trialID(i int) string { return fmt.Sprintf("%s-%010d", experiment[:16], i) }

// iso is a time of the database, in seconds since the beginning.
func iso(seconds float64) string {
	return begin.Add(time.Duration(seconds * float64(time.Second))).Format("2006-01-02T15:04:05.000000+00:00")
}

// source is SplitMix64.
type source struct{ state uint64 }

func (s *source) uniform() float64 {
	s.state += 0x9e3779b97f4a7c15
	z := s.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) / (1 << 53)
}
