package worker

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// Record is one evaluated generation of a search, with what is under way beside it, and all a search needs to go
// on from there. On the wire it is a table; see PROTOCOL.md.
type Record struct {
	// Strategy names the search that wrote it.
	Strategy string
	// Seed is the run's seed, Generation counts from 0.
	Seed       uint64
	Generation int
	// Evaluations counts the trainings of the run so far.
	Evaluations int64
	// NoImprove counts the generations since the leading performance last rose.
	NoImprove int
	// Leader is that performance, immigrants included; meaningless unless HasLeader.
	Leader    float64
	HasLeader bool
	// Average is the mean of the population's finite performances.
	Average float64
	// Plateau says that what the search may still gain is below the noise of its scores; it then trains one at a time.
	Plateau bool
	// Advice says what became of a prior in the search, as the strategy likes: at most maxAdviceBytes of JSON; nil: it knows of none.
	Advice *canon.Object
	// Extra holds what else the strategy needs to resume; keys as the strategy likes.
	Extra map[string]string
	// Rows is the population and, with StatusOpen, the trials under way; row i has Index i.
	Rows []Row
	// Best is the best individual that the run trained itself, nil if there is none.
	Best *Row
	// Gone are the trials told since the record before that are no individuals of the population: those that left it again,
	// and those that trained somebody again, whose Fitness is their own score. Index is -2. No search goes on from them.
	Gone []Row
}

// Row is one individual of a Record.
type Row struct {
	Index int
	// Genome is the strategy's own form, values of inactive genes included.
	Genome []float64
	// Parameters is the recipe.
	Parameters *canon.Object
	// Fitness is the performance, higher is better; NaN for a failed training.
	Fitness float64
	// Generation and Seed are those of the training behind Fitness.
	Generation int
	Seed       uint64
	// Status is "completed", "stopped", "diverged", "verified", "failed" or StatusOpen.
	Status string
	// Origin is how the individual came to be.
	Origin  string
	Metrics *canon.Object
	// Raced tells of several seeds. Fitness is then the mean of Trainings, Seed and Metrics are the first one's.
	Raced
	// Made tells how it came to be.
	Made
}

// StatusOpen is the Row.Status of a trial whose result is not there yet; its Fitness is NaN.
const StatusOpen = "open"

// bestIndex marks the row that holds Record.Best, goneIndex those of Record.Gone.
const (
	bestIndex = -1
	goneIndex = -2
)

// recordVersion is the schema's version in the metadata.
const recordVersion = "1"

// maxAdviceBytes bounds Record.Advice as JSON.
const maxAdviceBytes = 16 << 10

// extraPrefix marks the metadata keys of Record.Extra.
const extraPrefix = "x."

// Encode returns the record's table in a form.
func (r *Record) Encode(mem memory.Allocator, form table.Form) ([]byte, error) {
	rows := r.Rows
	if r.Best != nil {
		best := *r.Best
		best.Index = bestIndex
		rows = append(append([]Row(nil), rows...), best)
	}
	for _, gone := range r.Gone {
		gone.Index = goneIndex
		rows = append(rows[:len(rows):len(rows)], gone)
	}
	n := len(rows)
	index, generation := make([]int64, n), make([]int64, n)
	genomes, parameters, metrics := make([]string, n), make([]string, n), make([]string, n)
	status, origin := make([]string, n), make([]string, n)
	fitness, seed := make([]float64, n), make([]uint64, n)
	for i := range rows {
		row := &rows[i]
		index[i], generation[i] = int64(row.Index), int64(row.Generation)
		genomes[i] = string(canon.Default(row.Genome))
		parameters[i], metrics[i] = string(canon.Default(row.Parameters)), string(canon.Default(row.Metrics))
		status[i], origin[i] = row.Status, row.Origin
		fitness[i], seed[i] = row.Fitness, row.Seed
	}
	meta := map[string]string{
		"doin.record": recordVersion,
		"strategy":    r.Strategy,
		"seed":        strconv.FormatUint(r.Seed, 10),
		"generation":  strconv.Itoa(r.Generation),
		"evaluations": strconv.FormatInt(r.Evaluations, 10),
		"no_improve":  strconv.Itoa(r.NoImprove),
		"average":     canon.FormatFloat(r.Average),
	}
	if r.HasLeader {
		meta["leader"] = canon.FormatFloat(r.Leader)
	}
	if r.Plateau {
		meta["plateau"] = "true"
	}
	if r.Advice != nil {
		meta["advice"] = string(canon.Default(r.Advice))
	}
	for k, v := range r.Extra {
		meta[extraPrefix+k] = v
	}
	return form.Encode(mem, &table.Table{Rows: n, Metadata: meta, Columns: append([]table.Column{
		{Name: "index", Values: index},
		{Name: "genome", Values: genomes},
		{Name: "parameters", Values: parameters},
		{Name: "fitness", Values: fitness},
		{Name: "generation", Values: generation},
		{Name: "seed", Values: seed},
		{Name: "status", Values: status},
		{Name: "origin", Values: origin},
		{Name: "metrics", Values: metrics},
	}, append(racedColumns(rows), madeColumns(rows)...)...)})
}

// DecodeRecord reads what Encode writes, in either form, taking at most limit bytes of memory.
// It checks shapes only; whether the rows are of a domain's space is for the
// strategy to check.
func DecodeRecord(mem memory.Allocator, data []byte, limit int64) (*Record, error) {
	t, err := table.Read(mem, data, limit)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	r := &Record{}
	if err := r.readMetadata(t.Metadata); err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	if err := r.readRows(t); err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	return r, nil
}

func (r *Record) readMetadata(meta map[string]string) (err error) {
	number := func(key string, bits int) (n int64) {
		if err == nil {
			if n, err = strconv.ParseInt(meta[key], 10, bits); err == nil && n < 0 {
				err = fmt.Errorf("%d is negative", n)
			}
			if err != nil {
				err = fmt.Errorf("metadata %q: %w", key, err)
			}
		}
		return n
	}
	real := func(key string) (f float64) {
		if err == nil {
			if f, err = strconv.ParseFloat(meta[key], 64); err != nil {
				err = fmt.Errorf("metadata %q: %w", key, err)
			}
		}
		return f
	}
	if v := meta["doin.record"]; v != recordVersion {
		return fmt.Errorf("metadata %q: version %.16q, want %q", "doin.record", v, recordVersion)
	}
	r.Strategy = meta["strategy"]
	if r.Seed, err = strconv.ParseUint(meta["seed"], 10, 64); err != nil {
		return fmt.Errorf("metadata %q: %w", "seed", err)
	}
	r.Generation = int(number("generation", 32))
	r.Evaluations = number("evaluations", 64)
	r.NoImprove = int(number("no_improve", 32))
	r.Average = real("average")
	r.Plateau = meta["plateau"] == "true"
	if text, ok := meta["advice"]; ok && err == nil {
		if len(text) > maxAdviceBytes {
			return fmt.Errorf("metadata %q: %d bytes, at most %d", "advice", len(text), maxAdviceBytes)
		}
		if r.Advice, err = canon.ParseObject([]byte(text)); err != nil {
			return fmt.Errorf("metadata %q: %w", "advice", err)
		}
	}
	if _, r.HasLeader = meta["leader"]; r.HasLeader {
		r.Leader = real("leader")
	}
	for k, v := range meta {
		if len(k) > len(extraPrefix) && k[:len(extraPrefix)] == extraPrefix {
			if r.Extra == nil {
				r.Extra = map[string]string{}
			}
			r.Extra[k[len(extraPrefix):]] = v
		}
	}
	return err
}

func (r *Record) readRows(t *table.Table) error {
	c := columns{t: t}
	index, generation := column[int64](&c, "index"), column[int64](&c, "generation")
	genomes, parameters, metrics := column[string](&c, "genome"), column[string](&c, "parameters"), column[string](&c, "metrics")
	status, origin := column[string](&c, "status"), column[string](&c, "origin")
	fitness, seed := column[float64](&c, "fitness"), column[uint64](&c, "seed")
	if c.err != nil {
		return c.err
	}
	rows := make([]Row, t.Rows)
	err := spread(len(rows), func(i int) (err error) {
		row := &rows[i]
		*row = Row{Index: int(index[i]), Fitness: fitness[i], Generation: int(generation[i]), Seed: seed[i],
			Status: status[i], Origin: origin[i]}
		if row.Parameters, err = canon.ParseObject([]byte(parameters[i])); err != nil {
			return fmt.Errorf("row %d: parameters: %w", i, err)
		}
		if row.Metrics, err = canon.ParseObject([]byte(metrics[i])); err != nil {
			return fmt.Errorf("row %d: metrics: %w", i, err)
		}
		if row.Genome, err = parseGenome(genomes[i]); err != nil {
			return fmt.Errorf("row %d: genome: %w", i, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := errors.Join(readRaced(t, rows), readMade(t, rows)); err != nil {
		return err
	}
	for i := range rows {
		switch {
		case rows[i].Index == bestIndex && r.Best == nil:
			best := rows[i]
			r.Best = &best
		case rows[i].Index == goneIndex:
			r.Gone = append(r.Gone, rows[i])
		case rows[i].Index == len(r.Rows):
			r.Rows = append(r.Rows, rows[i])
		default:
			return fmt.Errorf("row %d: index %d out of order", i, rows[i].Index)
		}
	}
	return nil
}

// spreadRows is from how many rows on a table is read by several goroutines.
const spreadRows = 256

// spread calls do for 0 to n−1, on several goroutines if n is large, and returns the first error by index.
func spread(n int, do func(int) error) error {
	parts := 1
	if n >= spreadRows {
		parts = min(runtime.GOMAXPROCS(0), 8)
	}
	errs := make([]error, parts)
	var wg sync.WaitGroup
	for p := range parts {
		wg.Go(func() {
			for i := p * n / parts; i < (p+1)*n/parts && errs[p] == nil; i++ {
				errs[p] = do(i)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func parseGenome(text string) ([]float64, error) {
	v, err := canon.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	l, err := canon.AsList(v)
	if err != nil {
		return nil, err
	}
	g := make([]float64, len(l))
	for i := range l {
		if g[i], err = canon.AsFloat(l[i]); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// columns reads columns of a table, keeping the first error.
type columns struct {
	t   *table.Table
	err error
}

func column[T int64 | uint64 | float64 | string](c *columns, name string) []T {
	if c.err != nil {
		return nil
	}
	v, err := table.Values[T](c.t, name)
	c.err = err
	return v
}
