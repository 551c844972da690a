package worker

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/big"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// Recipe is a recipe with the seeds of its claim, at least one.
type Recipe struct {
	Parameters *canon.Object
	Seeds      []uint64
}

// Job is the evaluation of a claim: train Parameters with each of Seeds on each of the domain's folds, and report.
type Job struct {
	// Domain is the id given to Configure.
	Domain     string
	Parameters *canon.Object
	// Seeds are those of the claim, 1 to domain.MaxSeeds. A program of version 2 or one that takes one seed only goes by
	// the first.
	Seeds []uint64
	// Base is what the claim is compared with, case by case; nil means the domain's baseline.
	Base *Recipe
	// Synthetic asks for scores on synthetic data as well; nil means none.
	Synthetic *SyntheticJob
	// Own says that the node's own search wants it, a confirming run say: its time counts as the search's, not against
	// the share of verifications.
	Own bool
}

// SyntheticJob asks to score the job's model and an incumbent on the same
// synthetic data.
type SyntheticJob struct {
	// Seed makes the data.
	Seed uint32
	// Incumbent is the claim to compare with; nil means the domain's baseline.
	Incumbent *Recipe
}

// Outcome is the result of a Job.
type Outcome struct {
	// Performance is finite, higher is better; NaN where Diverged.
	Performance float64
	// Diverged says that the run has no performance, and nothing of what follows but a digest and metrics.
	Diverged bool
	// Digest identifies the trained model bit for bit, in hex.
	Digest  string
	Metrics *canon.Object
	// Paired are the sums over the validation cases of the base's errors minus the job's; N is 0 where the domain has no
	// cases. S2 is nil then or holds 0.
	Paired domain.Paired
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
	c := recipeColumns{make([]string, n), make([]string, n), make([]bool, n)}
	base, incumbent := recipeColumns{make([]string, n), make([]string, n), make([]bool, n)}, recipeColumns{make([]string, n), make([]string, n), make([]bool, n)}
	seed, syntheticSeed := make([]uint64, n), make([]uint64, n)
	hasSynthetic := make([]bool, n)
	for i := range jobs {
		j := &jobs[i]
		c.set(i, &Recipe{j.Parameters, j.Seeds})
		if len(j.Seeds) > 0 {
			seed[i] = j.Seeds[0]
		}
		base.set(i, j.Base)
		if s := j.Synthetic; s != nil {
			hasSynthetic[i], syntheticSeed[i] = true, uint64(s.Seed)
			incumbent.set(i, s.Incumbent)
		}
	}
	return form.Encode(mem, &table.Table{Rows: n, Columns: []table.Column{
		{Name: "parameters", Values: c.parameters},
		{Name: "seed", Values: seed},
		{Name: "seeds", Values: c.seeds},
		{Name: "base", Values: base.parameters, Valid: base.given},
		{Name: "base_seeds", Values: base.seeds, Valid: base.given},
		{Name: "synthetic_seed", Values: syntheticSeed, Valid: hasSynthetic},
		{Name: "incumbent", Values: incumbent.parameters, Valid: incumbent.given},
		{Name: "incumbent_seeds", Values: incumbent.seeds, Valid: incumbent.given},
	}})
}

// recipeColumns are recipes with their seeds as two columns of JSON.
type recipeColumns struct {
	parameters, seeds []string
	given             []bool
}

func (c *recipeColumns) set(i int, r *Recipe) {
	if r != nil {
		c.parameters[i], c.seeds[i], c.given[i] = string(canon.Default(r.Parameters)), string(canon.Default(seedList(r.Seeds))), true
	}
}

// recipe reads a recipe with its seeds.
func recipe(parameters, seeds string) (r Recipe, err error) {
	if r.Parameters, err = canon.ParseObject([]byte(parameters)); err != nil {
		return r, err
	}
	list, err := canon.Parse([]byte(seeds))
	if err != nil {
		return r, fmt.Errorf("seeds: %w", err)
	}
	r.Seeds, err = parseSeeds(list)
	return r, err
}

// seedList is seeds as JSON has them.
func seedList(seeds []uint64) []any {
	out := make([]any, len(seeds))
	for i, s := range seeds {
		if out[i] = int64(s); s > math.MaxInt64 {
			out[i] = new(big.Int).SetUint64(s)
		}
	}
	return out
}

// parseSeeds reads a list of 1 to domain.MaxSeeds unsigned 64-bit integers.
func parseSeeds(v any) ([]uint64, error) {
	list, err := canon.AsList(v)
	if err != nil {
		return nil, fmt.Errorf("seeds: %w", err)
	}
	if len(list) < 1 || len(list) > domain.MaxSeeds {
		return nil, fmt.Errorf("%d seeds: must be 1 to %d", len(list), domain.MaxSeeds)
	}
	out := make([]uint64, len(list))
	for i, e := range list {
		var ok bool
		if out[i], ok = unsigned(e); !ok {
			return nil, fmt.Errorf("seeds: want unsigned 64-bit integers")
		}
	}
	return out, nil
}

// DecodeJobs reads what EncodeJobs writes, in either form; the jobs get the domain given. Without the column seeds a job's
// only one is seed.
func DecodeJobs(mem memory.Allocator, id string, data []byte, limit int64) ([]Job, error) {
	t, err := table.Read(mem, data, limit)
	if err != nil {
		return nil, err
	}
	c := columns{t: t}
	parameters, seed := column[string](&c, "parameters"), column[uint64](&c, "seed")
	seeds, hasSeeds := optional[string](&c, "seeds")
	base, hasBase := optional[string](&c, "base")
	baseSeeds, _ := optional[string](&c, "base_seeds")
	syntheticSeed, hasSynthetic := nullable[uint64](&c, "synthetic_seed")
	incumbent, hasIncumbent := nullable[string](&c, "incumbent")
	incumbentSeeds, _ := optional[string](&c, "incumbent_seeds")
	if c.err != nil {
		return nil, c.err
	}
	if t.Rows == 0 || t.Rows > maxJobs {
		return nil, fmt.Errorf("%d jobs: must be 1 to %d", t.Rows, maxJobs)
	}
	at := func(column []string, i int) string {
		if column == nil {
			return ""
		}
		return column[i]
	}
	jobs := make([]Job, t.Rows)
	for i := range jobs {
		j := &jobs[i]
		j.Domain = id
		list := fmt.Sprintf("[%d]", seed[i])
		if hasSeeds(i) {
			list = seeds[i]
		}
		r, err := recipe(parameters[i], list)
		if err != nil {
			return nil, fmt.Errorf("job %d: parameters: %w", i, err)
		}
		j.Parameters, j.Seeds = r.Parameters, r.Seeds
		if hasBase(i) {
			b, err := recipe(base[i], at(baseSeeds, i))
			if err != nil {
				return nil, fmt.Errorf("job %d: base: %w", i, err)
			}
			j.Base = &b
		}
		if !hasSynthetic(i) {
			continue
		}
		if syntheticSeed[i] > math.MaxUint32 {
			return nil, fmt.Errorf("job %d: synthetic_seed %d: must fit 32 bits", i, syntheticSeed[i])
		}
		j.Synthetic = &SyntheticJob{Seed: uint32(syntheticSeed[i])}
		if hasIncumbent(i) {
			r, err := recipe(incumbent[i], at(incumbentSeeds, i))
			if err != nil {
				return nil, fmt.Errorf("job %d: incumbent: %w", i, err)
			}
			j.Synthetic.Incumbent = &r
		}
	}
	return jobs, nil
}

// optional is nullable for a column that may be absent: nil and never valid then.
func optional[T int64 | uint64 | float64 | string](c *columns, name string) (values []T, valid func(int) bool) {
	if c.err != nil {
		return nil, nil
	}
	if _, ok := c.t.Column(name); !ok {
		return nil, func(int) bool { return false }
	}
	return nullable[T](c, name)
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
	ok, hasPerformance, hasSynthetic := make([]bool, n), make([]bool, n), make([]bool, n)
	performance, synthetic, incumbent := make([]float64, n), make([]float64, n), make([]float64, n)
	digest, metrics, hash := make([]string, n), make([]string, n), make([]string, n)
	cases, s1, s2, hasCases := make([]int64, n), make([]int64, n), make([]string, n), make([]bool, n)
	code, message := make([]string, n), make([]string, n)
	failed := make([]bool, n)
	for i := range results {
		r := &results[i]
		if r.Err != nil {
			failed[i], code[i], message[i] = true, codeOf(r.Err), clip(r.Err.Error())
			continue
		}
		ok[i], hasPerformance[i], hasSynthetic[i] = true, !r.Diverged, r.Synthetic
		performance[i], digest[i], metrics[i] = r.Performance, r.Digest, string(canon.Default(r.Metrics))
		if r.Diverged {
			performance[i] = 0
		}
		if p := r.Paired; p.N > 0 {
			cases[i], s1[i], s2[i], hasCases[i] = int64(p.N), p.S1, p.S2.String(), true
		}
		synthetic[i], incumbent[i], hash[i] = r.SyntheticScore, r.IncumbentScore, r.SyntheticDataHash
	}
	return form.Encode(mem, &table.Table{Rows: n, Columns: []table.Column{
		{Name: "performance", Values: performance, Valid: hasPerformance},
		{Name: "digest", Values: digest, Valid: ok},
		{Name: "metrics", Values: metrics, Valid: ok},
		{Name: "cases", Values: cases, Valid: hasCases},
		{Name: "s1", Values: s1, Valid: hasCases},
		{Name: "s2", Values: s2, Valid: hasCases},
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
	digest, hasDigest := nullable[string](&c, "digest")
	cases, hasCases := optional[int64](&c, "cases")
	s1, _ := optional[int64](&c, "s1")
	s2, _ := optional[string](&c, "s2")
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
		if ok(i) && !finite(performance[i]) || !hasDigest(i) || digest[i] == "" {
			return nil, fmt.Errorf("%w: job %d: performance is not finite, or no digest", errNonsense, i)
		}
		r.Performance, r.Digest = performance[i], digestOf(digest[i])
		if r.Metrics, err = canon.ParseObject([]byte(metrics[i])); err != nil {
			return nil, fmt.Errorf("%w: job %d: metrics: %w", errNonsense, i, err)
		}
		if !ok(i) {
			r.Performance, r.Diverged = math.NaN(), true
			continue
		}
		if hasCases(i) {
			if s1 == nil || s2 == nil {
				return nil, fmt.Errorf("%w: job %d: cases without sums", errNonsense, i)
			}
			if r.Paired, err = parsePaired(cases[i], s1[i], s2[i]); err != nil {
				return nil, fmt.Errorf("%w: job %d: %w", errNonsense, i, err)
			}
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

// noDigest is what chains have for a run that was refused.
const noDigest = "0000000000000000000000000000000000000000000000000000000000000000"

// digestOf returns a digest as chains take it, 64 lower-case hex digits: what a worker calls its run, or the SHA-256 of that.
func digestOf(text string) string {
	hex := len(text) == 64 && text != noDigest
	for i := 0; hex && i < len(text); i++ {
		hex = text[i] >= '0' && text[i] <= '9' || text[i] >= 'a' && text[i] <= 'f'
	}
	if hex {
		return text
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
}

// maxCases bounds the cases of a claim.
const maxCases = 1 << 20

// parsePaired reads the sums over cases, which are those of some differences.
func parsePaired(n, s1 int64, s2 string) (p domain.Paired, err error) {
	p = domain.Paired{S1: s1, S2: new(big.Int), N: int(n)}
	if n < 0 || n > maxCases {
		return p, fmt.Errorf("%d cases: must be in [0, %d]", n, maxCases)
	}
	if _, ok := p.S2.SetString(s2, 10); !ok || len(s2) > 64 || p.S2.String() != s2 {
		return p, fmt.Errorf("s2 %.80q: want a decimal integer", s2)
	}
	square := new(big.Int).SetInt64(s1)
	square.Mul(square, square)
	if square.Cmp(new(big.Int).Mul(big.NewInt(n), p.S2)) > 0 {
		return p, fmt.Errorf("s1 %d, s2 %s: no sums of %d differences", s1, s2, n)
	}
	return p, nil
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
