package worker

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// Job is one evaluation: train Parameters with Seed and report.
type Job struct {
	// Domain is the id given to Configure.
	Domain     string
	Parameters *canon.Object
	Seed       uint64
	// Synthetic asks for scores on synthetic data as well; nil means none.
	Synthetic *SyntheticJob
	// Own says that the node's own search wants it, a confirming run say: its time counts as the search's, not against
	// the share of verifications.
	Own bool
	// Member, Origin and Rung place the training within its claim: which member of the ensemble, which origin or fold,
	// which rung of a race. 0 while a claim is one training. They do not change a result.
	Member, Origin, Rung int
}

// SyntheticJob asks to score the job's model and an incumbent on the same
// synthetic data.
type SyntheticJob struct {
	// Seed makes the data.
	Seed uint32
	// Incumbent is the recipe to compare with, trained with IncumbentSeed; nil means
	// the domain's naive model.
	Incumbent     *canon.Object
	IncumbentSeed uint64
}

// Outcome is the result of a Job.
type Outcome struct {
	// Performance is finite, higher is better.
	Performance float64
	// Digest identifies the trained model bit for bit, in hex.
	Digest  string
	Metrics *canon.Object
	// SyntheticScore and IncumbentScore are errors ≥ 0, lower is better, and
	// SyntheticDataHash names the data they were measured on. Zero and empty
	// without Job.Synthetic.
	SyntheticScore, IncumbentScore float64
	SyntheticDataHash              string
}

// maxJobs bounds the rows of one evaluate request.
const maxJobs = 65536

// EncodeJobs returns the body of an evaluate request in a form. Their domain, one for all,
// stands in the header.
func EncodeJobs(mem memory.Allocator, form table.Form, jobs []Job) ([]byte, error) {
	n := len(jobs)
	parameters, incumbent := make([]string, n), make([]string, n)
	seed, syntheticSeed, incumbentSeed := make([]uint64, n), make([]uint64, n), make([]uint64, n)
	hasSynthetic, hasIncumbent := make([]bool, n), make([]bool, n)
	member, origin, rung := make([]int64, n), make([]int64, n), make([]int64, n)
	for i := range jobs {
		member[i], origin[i], rung[i] = int64(jobs[i].Member), int64(jobs[i].Origin), int64(jobs[i].Rung)
		parameters[i] = string(canon.Default(jobs[i].Parameters))
		seed[i] = jobs[i].Seed
		if s := jobs[i].Synthetic; s != nil {
			hasSynthetic[i], syntheticSeed[i] = true, uint64(s.Seed)
			if s.Incumbent != nil {
				hasIncumbent[i] = true
				incumbent[i], incumbentSeed[i] = string(canon.Default(s.Incumbent)), s.IncumbentSeed
			}
		}
	}
	return form.Encode(mem, &table.Table{Rows: n, Columns: []table.Column{
		{Name: "parameters", Values: parameters},
		{Name: "seed", Values: seed},
		{Name: "synthetic_seed", Values: syntheticSeed, Valid: hasSynthetic},
		{Name: "incumbent", Values: incumbent, Valid: hasIncumbent},
		{Name: "incumbent_seed", Values: incumbentSeed, Valid: hasIncumbent},
		{Name: "member", Values: member},
		{Name: "origin", Values: origin},
		{Name: "rung", Values: rung},
	}})
}

// DecodeJobs reads what EncodeJobs writes, in either form; the jobs get the domain given.
func DecodeJobs(mem memory.Allocator, domain string, data []byte, limit int64) ([]Job, error) {
	t, err := table.Read(mem, data, limit)
	if err != nil {
		return nil, err
	}
	c := columns{t: t}
	parameters, seed := column[string](&c, "parameters"), column[uint64](&c, "seed")
	syntheticSeed, hasSynthetic := nullable[uint64](&c, "synthetic_seed")
	incumbent, hasIncumbent := nullable[string](&c, "incumbent")
	incumbentSeed, _ := nullable[uint64](&c, "incumbent_seed")
	member, origin, rung := optional(&c, "member"), optional(&c, "origin"), optional(&c, "rung")
	if c.err != nil {
		return nil, c.err
	}
	if t.Rows == 0 || t.Rows > maxJobs {
		return nil, fmt.Errorf("%d jobs: must be 1 to %d", t.Rows, maxJobs)
	}
	jobs := make([]Job, t.Rows)
	for i := range jobs {
		j := &jobs[i]
		j.Domain, j.Seed = domain, seed[i]
		for to, column := range map[*int][]int64{&j.Member: member, &j.Origin: origin, &j.Rung: rung} {
			if column == nil {
				continue
			}
			if column[i] < 0 || column[i] > maxPlace {
				return nil, fmt.Errorf("job %d: place %d: must be in [0, %d]", i, column[i], maxPlace)
			}
			*to = int(column[i])
		}
		if j.Parameters, err = canon.ParseObject([]byte(parameters[i])); err != nil {
			return nil, fmt.Errorf("job %d: parameters: %w", i, err)
		}
		if !hasSynthetic(i) {
			continue
		}
		if syntheticSeed[i] > math.MaxUint32 {
			return nil, fmt.Errorf("job %d: synthetic_seed %d: must fit 32 bits", i, syntheticSeed[i])
		}
		j.Synthetic = &SyntheticJob{Seed: uint32(syntheticSeed[i])}
		if !hasIncumbent(i) {
			continue
		}
		j.Synthetic.IncumbentSeed = incumbentSeed[i]
		if j.Synthetic.Incumbent, err = canon.ParseObject([]byte(incumbent[i])); err != nil {
			return nil, fmt.Errorf("job %d: incumbent: %w", i, err)
		}
	}
	return jobs, nil
}

// maxPlace bounds a job's member, origin and rung.
const maxPlace = 1 << 20

// optional is a column that may be absent; nil then.
func optional(c *columns, name string) []int64 {
	if c.err != nil {
		return nil
	}
	if _, ok := c.t.Column(name); !ok {
		return nil
	}
	return column[int64](c, name)
}

// Result is one row of an evaluate reply: an Outcome or an error.
type Result struct {
	Outcome
	// Synthetic says that the synthetic scores were asked for and are there.
	Synthetic bool
	// Err is nil, or wraps what the job failed with; Outcome is empty then.
	Err error
}

// EncodeResults returns the body of an evaluate reply in a form.
func EncodeResults(mem memory.Allocator, form table.Form, results []Result) ([]byte, error) {
	n := len(results)
	ok, hasSynthetic := make([]bool, n), make([]bool, n)
	performance, synthetic, incumbent := make([]float64, n), make([]float64, n), make([]float64, n)
	digest, metrics, hash := make([]string, n), make([]string, n), make([]string, n)
	code, message := make([]string, n), make([]string, n)
	failed := make([]bool, n)
	for i := range results {
		r := &results[i]
		if r.Err != nil {
			failed[i], code[i], message[i] = true, codeOf(r.Err), clip(r.Err.Error())
			continue
		}
		ok[i], hasSynthetic[i] = true, r.Synthetic
		performance[i], digest[i], metrics[i] = r.Performance, r.Digest, string(canon.Default(r.Metrics))
		synthetic[i], incumbent[i], hash[i] = r.SyntheticScore, r.IncumbentScore, r.SyntheticDataHash
	}
	return form.Encode(mem, &table.Table{Rows: n, Columns: []table.Column{
		{Name: "performance", Values: performance, Valid: ok},
		{Name: "digest", Values: digest, Valid: ok},
		{Name: "metrics", Values: metrics, Valid: ok},
		{Name: "synthetic_score", Values: synthetic, Valid: hasSynthetic},
		{Name: "incumbent_score", Values: incumbent, Valid: hasSynthetic},
		{Name: "synthetic_data_hash", Values: hash, Valid: hasSynthetic},
		{Name: "error_code", Values: code, Valid: failed},
		{Name: "error_message", Values: message, Valid: failed},
	}})
}

// DecodeResults reads the reply to jobs, in their order. It is strict: an error
// means that the worker does not follow the protocol.
func DecodeResults(mem memory.Allocator, jobs []Job, data []byte, limit int64) ([]Result, error) {
	t, err := table.Read(mem, data, limit)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNonsense, err)
	}
	c := columns{t: t}
	performance, ok := nullable[float64](&c, "performance")
	digest, _ := nullable[string](&c, "digest")
	metrics, _ := nullable[string](&c, "metrics")
	synthetic, hasSynthetic := nullable[float64](&c, "synthetic_score")
	incumbent, _ := nullable[float64](&c, "incumbent_score")
	hash, _ := nullable[string](&c, "synthetic_data_hash")
	code, failed := nullable[string](&c, "error_code")
	message, _ := nullable[string](&c, "error_message")
	if c.err == nil && t.Rows != len(jobs) {
		c.err = fmt.Errorf("%d results for %d jobs", t.Rows, len(jobs))
	}
	if c.err != nil {
		return nil, fmt.Errorf("%w: %w", errNonsense, c.err)
	}
	results := make([]Result, t.Rows)
	for i := range results {
		r := &results[i]
		if failed(i) {
			r.Err = errorOf(code[i], clip(message[i]))
			continue
		}
		if !ok(i) || !finite(performance[i]) {
			return nil, fmt.Errorf("%w: job %d: performance is not finite", errNonsense, i)
		}
		r.Performance, r.Digest = performance[i], digest[i]
		if r.Metrics, err = canon.ParseObject([]byte(metrics[i])); err != nil {
			return nil, fmt.Errorf("%w: job %d: metrics: %w", errNonsense, i, err)
		}
		if jobs[i].Synthetic == nil {
			continue
		}
		if !hasSynthetic(i) || !(synthetic[i] >= 0 && finite(synthetic[i])) || !(incumbent[i] >= 0 && finite(incumbent[i])) {
			return nil, fmt.Errorf("%w: job %d: a synthetic score is missing, negative or not finite", errNonsense, i)
		}
		r.Synthetic = true
		r.SyntheticScore, r.IncumbentScore, r.SyntheticDataHash = synthetic[i], incumbent[i], hash[i]
	}
	return results, nil
}

func finite(f float64) bool { return f-f == 0 }

// nullable is column for one that may hold nulls; valid says which rows do not.
func nullable[T int64 | uint64 | float64 | string](c *columns, name string) (values []T, valid func(int) bool) {
	if c.err != nil {
		return nil, nil
	}
	v, ok, err := table.Nullable[T](c.t, name)
	c.err = err
	return v, func(i int) bool { return ok == nil || ok[i] }
}
