package meta

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"doin.network/node/ga/meta"
)

// Config is a run. The zero value of a field is not its default: see DefaultConfig.
type Config struct {
	// Tables is the folder of the tables.
	Tables string
	// Seeds is how many searches each method makes on each task. Default 20.
	Seeds int
	// Rows is how many lines of a source task a prior learns from at most. Default 128.
	Rows int
	// Only are the names of the tables that are run; empty: all.
	Only []string
	// Progress takes a line now and then; nil: nobody does.
	Progress func(string)
}

// DefaultConfig returns the defaults named at the fields.
func DefaultConfig() Config { return Config{Seeds: 20, Rows: 128} }

// fold is a task left out: what the others teach.
type fold struct {
	prior    *meta.Prior // nil: the gate is shut
	decision meta.Decision
}

// leave trains on all tasks but one.
func (t *table) leave(ctx context.Context, out, rows int) (f fold, err error) {
	var list []meta.Row
	for i, k := range t.tasks {
		if i == out {
			continue
		}
		for j := range k.points {
			list = append(list, meta.Row{Task: k.name, Point: k.points[j], Fitness: -k.scores[j]})
		}
	}
	list = meta.Cap(list, rows, 1)
	if f.decision, err = meta.Offline(ctx, list, 1); err != nil || !f.decision.On {
		return f, err
	}
	f.prior, err = meta.Train(ctx, list, 1)
	return f, err
}

// curves are the regrets of a method: [task][seed][trial].
type curves [][][]float64

// measure runs every method on every task of a table, as many tasks at a time as there are processors. The outcome does not depend
// on their number.
func (t *table) measure(ctx context.Context, cfg *Config) (map[string]curves, []fold, error) {
	out := map[string]curves{}
	for _, m := range methods {
		out[m] = make(curves, len(t.tasks))
		for i := range out[m] {
			out[m][i] = make([][]float64, cfg.Seeds)
		}
	}
	folds, errs := make([]fold, len(t.tasks)), make([]error, len(t.tasks))
	next := make(chan int)
	var work sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() {
			for i := range next {
				errs[i] = t.one(ctx, cfg, i, &folds[i], out)
				if cfg.Progress != nil && errs[i] == nil {
					cfg.Progress(fmt.Sprintf("%s: %s, offline τ %.2f", t.name, t.tasks[i].name, folds[i].decision.Tau))
				}
			}
		})
	}
	for i := range t.tasks {
		next <- i
	}
	close(next)
	work.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, nil, fmt.Errorf("%s: task %q: %w", t.name, t.tasks[i].name, err)
		}
	}
	return out, folds, nil
}

// one runs every method on one task.
func (t *table) one(ctx context.Context, cfg *Config, i int, f *fold, out map[string]curves) (err error) {
	if *f, err = t.leave(ctx, i, cfg.Rows); err != nil {
		return err
	}
	for _, m := range methods {
		for seed := range cfg.Seeds {
			if err := ctx.Err(); err != nil {
				return err
			}
			if out[m][i][seed], err = run(m, t.tasks[i], f.prior, uint64(seed+1)); err != nil {
				return fmt.Errorf("%s: %w", m, err)
			}
		}
	}
	return nil
}

// Run measures every table of the folder.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	tables, err := readTables(cfg.Tables)
	if err != nil {
		return nil, err
	}
	r := &Report{Seeds: cfg.Seeds}
	for _, t := range tables {
		if len(cfg.Only) > 0 && !slices.Contains(cfg.Only, t.name) {
			continue
		}
		all, folds, err := t.measure(ctx, &cfg)
		if err != nil {
			return nil, err
		}
		report := summarize(t, all, folds)
		if report.Halving, err = halving(cfg.Tables, t, cfg.Seeds); err != nil {
			return nil, err
		}
		r.Tables = append(r.Tables, report)
	}
	return r, nil
}
