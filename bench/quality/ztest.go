package quality

import (
	"context"
	"io"
	"math"
	"math/rand/v2"

	"doin.network/node/bench/journal"
	"doin.network/node/bench/report"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
)

// Z is whether a champion's recorded performance is what its recipe gives with other seeds.
type Z struct {
	Set     string `json:"set"`
	Horizon int    `json:"horizon"`
	Seed    uint64 `json:"seed"`
	// Recorded is the champion's performance, Retrained the mean of those of its recipe's claims with fresh seeds, as many as
	// the fresh seeds are enough for.
	Recorded  float64 `json:"recorded"`
	Retrained float64 `json:"retrained"`
	// Error is the standard error of a claim: the deviation of claims of one fresh seed each, divided by the root of the
	// number of seeds of a claim; ErrorClaims where those do not differ because no network of theirs has a weight.
	Error float64 `json:"error"`
	// Z is (Retrained − Recorded) ÷ Error; 0 where both are equal to the last bit.
	Z float64 `json:"z"`
	// ErrorClaims is the deviation of the fresh claims, ZClaims the same with it: weights are chosen anew by each claim, so that
	// it need not be Error.
	ErrorClaims float64 `json:"standard_deviation_of_claims"`
	ZClaims     float64 `json:"z_by_claims"`
}

// ZReport is the test over all champions.
type ZReport struct {
	Champions []*Z `json:"champions"`
	// Mean is that of Z, wanted in [−1, 1]; Within counts those in [−3, 3], wanted 18 of 20.
	Mean   float64 `json:"mean"`
	Within int     `json:"within_3"`
	// MeanClaims and WithinClaims are the same of ZClaims.
	MeanClaims   float64 `json:"mean_by_claims"`
	WithinClaims int     `json:"within_3_by_claims"`
}

// CheckZ measures as Measure does and trains the recipe of every champion again with fresh seeds, at least ClaimSeeds; what is
// in the journal at path is not made again.
func CheckZ(ctx context.Context, c Config, fresh int, path string) (*ZReport, error) {
	r, err := Measure(ctx, c)
	if err != nil {
		return nil, err
	}
	j, err := journal.Open[Z](path, []any{c.header(), fresh})
	if err != nil {
		return nil, err
	}
	defer j.Close()
	sets, err := loadSets(c.Data, c.Sets)
	if err != nil {
		return nil, err
	}
	for _, s := range sets {
		for _, horizon := range s.horizons() {
			if err := checkSet(ctx, &c, j, s, horizon, r.runs(s.name, horizon), fresh); err != nil {
				return nil, err
			}
		}
	}
	return zReport(j.Lines()), nil
}

// runs are the confirmed ones of a set and horizon.
func (r *Report) runs(set string, horizon int) (out []*Run) {
	for i := range r.Sets {
		if s := &r.Sets[i]; s.Name == set && s.Horizon == horizon {
			for _, run := range s.runs {
				if run.Confirmed {
					out = append(out, run)
				}
			}
		}
	}
	return out
}

func checkSet(ctx context.Context, c *Config, j *journal.Journal[Z], s *set, horizon int, runs []*Run, fresh int) error {
	var missing []*Run
	for _, run := range runs {
		if j.Find(func(z *Z) bool { return z.Set == s.name && z.Horizon == horizon && z.Seed == run.Seed }) == nil {
			missing = append(missing, run)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return withWorker(ctx, c, func(ctx context.Context, w *worker.Supervisor) error {
		id := name(s.name, horizon)
		info, err := w.Configure(ctx, id, s.kind(), s.config(c.Data, horizon))
		if err != nil {
			return err
		}
		for _, run := range missing {
			z, err := retrain(ctx, w, id, info, run, fresh)
			if err != nil {
				return err
			}
			if err := j.Add(z); err != nil {
				return err
			}
			c.say("%s seed %d: recorded %.6g, retrained %.6g ± %.2g, z = %.2f", id, run.Seed, z.Recorded, z.Retrained, z.Error, z.Z)
		}
		return nil
	})
}

// retrain makes the claims of a champion's recipe with fresh seeds: of each alone, and of as many together as it has.
func retrain(ctx context.Context, w evaluator, id string, info worker.Info, run *Run, fresh int) (*Z, error) {
	recipe, err := canon.ParseObject([]byte(run.Recipe))
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(run.Seed, 1<<32|uint64(run.Horizon)))
	k := len(run.Seeds)
	var alone, together []float64
	claim := func(seeds []uint64) (float64, error) {
		out, err := w.Evaluate(ctx, worker.Job{Domain: id, Parameters: recipe, Seeds: seeds, Own: true})
		return out.Performance, err
	}
	var seeds []uint64
	for range max(fresh, k) {
		seed := random.Uint64()
		p, err := claim([]uint64{seed})
		if err != nil {
			return nil, err
		}
		if alone = append(alone, p); math.IsNaN(p) { // diverged: no number stands for it
			alone = alone[:len(alone)-1]
		}
		if seeds = append(seeds, seed); len(seeds) < k {
			continue
		}
		if p, err = claim(seeds); err != nil {
			return nil, err
		}
		together, seeds = append(together, p), nil
	}
	z := &Z{Set: run.Set, Horizon: run.Horizon, Seed: run.Seed, Recorded: run.Performance, Retrained: mean(together), Error: deviation(alone) / math.Sqrt(float64(k)), ErrorClaims: deviation(together)}
	if z.Error == 0 {
		z.Error = z.ErrorClaims
	}
	if d := z.Retrained - z.Recorded; d != 0 {
		z.Z, z.ZClaims = d/max(z.Error, leastError), d/max(z.ErrorClaims, leastError)
	}
	return z, nil
}

// leastError keeps z finite where claims do not differ.
const leastError = 1e-12

func zReport(list []*Z) *ZReport {
	r := &ZReport{Champions: list}
	var all, claims []float64
	for _, z := range list {
		if all = append(all, z.Z); math.Abs(z.Z) <= 3 {
			r.Within++
		}
		if claims = append(claims, z.ZClaims); math.Abs(z.ZClaims) <= 3 {
			r.WithinClaims++
		}
	}
	if len(all) > 0 {
		r.Mean, r.MeanClaims = mean(all), mean(claims)
	}
	return r
}

// WriteMarkdown writes a table for people.
func (r *ZReport) WriteMarkdown(w io.Writer) error {
	p := report.Printer{W: w}
	p.Printf("| set | h | seed | recorded | retrained | standard error | z | of claims | z |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, z := range r.Champions {
		p.Printf("| %s | %d | %d | %.6g | %.6g | %.2g | %.2f | %.2g | %.2f |\n", z.Set, z.Horizon, z.Seed, z.Recorded, z.Retrained, z.Error, z.Z, z.ErrorClaims, z.ZClaims)
	}
	p.Printf("\nMean of z %.3f; %d of %d in [−3, 3]. By the deviation of claims: %.3f; %d.\n", r.Mean, r.Within, len(r.Champions), r.MeanClaims, r.WithinClaims)
	return p.Err
}
