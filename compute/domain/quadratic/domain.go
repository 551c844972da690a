package quadratic

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"sync"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/internal/canon"
)

// Plugin is the domain's name in the reference; Alias is accepted for it.
const (
	Plugin = "simple_quadratic"
	Alias  = "quadratic"
)

// ContractVersion names the arithmetic of this domain: binary64, sums as numpy's.
const ContractVersion = "quadratic-f64/1"

var (
	_ domain.Domain  = (*Domain)(nil)
	_ domain.Stepper = (*Domain)(nil)
)

// Domain is the quadratic domain with its target. It is safe for concurrent use.
type Domain struct {
	config   Config
	target   []float64
	space    genome.Space
	dataHash string

	mu      sync.Mutex // guards climber
	climber *climber
}

// New makes the domain from a configuration object; see ParseConfig.
func New(config *canon.Object, others ...string) (*Domain, error) {
	c, err := ParseConfig(config, others...)
	if err != nil {
		return nil, err
	}
	d := &Domain{config: c, space: c.space()}
	d.target, _ = c.target()
	d.dataHash = hashBits(d.target...)
	d.Seed(0)
	return d, nil
}

// hashBits returns the SHA-256, in hex, of the values' little-endian bits.
func hashBits(values ...float64) string {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Describe implements domain.Domain. DataHash is the SHA-256 of the target's little-endian bits.
func (d *Domain) Describe() domain.Description {
	defaults := canon.NewObject("n_params", d.config.Params, "step_size", d.config.StepSize,
		"noise_std", d.config.NoiseStd, "target", d.target)
	if d.config.Seed != nil {
		defaults.Set("seed", *d.config.Seed)
	}
	return domain.Description{
		Plugin:            Plugin,
		Space:             d.space,
		DataHash:          d.dataHash,
		PerformanceMetric: "negative_squared_error",
		HigherIsBetter:    true,
		Strategy:          domain.StrategyHillClimber,
		Baselines:         canon.NewObject("naive_loss", Loss(make([]float64, len(d.target)), d.target)),
		ContractVersion:   ContractVersion,
		Defaults:          defaults,
		Folds:             1,
		Deterministic:     true,
	}
}

// Claim implements domain.Domain: the performance of x. Seeds have no influence.
func (d *Domain) Claim(ctx context.Context, parameters *canon.Object, seeds []uint64, each domain.Each) (domain.Model, error) {
	x, err := d.parse(parameters)
	if err == nil {
		err = domain.CheckSeeds(seeds)
	}
	if err != nil {
		return nil, err
	}
	m := &model{domain: d, x: x}
	err = each.Once(ctx, func(ctx context.Context) error {
		m.performance = -Loss(x, d.target)
		m.digest = hashBits(m.performance)
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Try implements domain.Domain: what Claim finds.
func (d *Domain) Try(ctx context.Context, t domain.Trial, each domain.Each) (domain.Tried, error) {
	if err := t.Validate(1); err != nil {
		return domain.Tried{}, err
	}
	m, err := d.Claim(ctx, t.Parameters, []uint64{t.Seed}, each)
	if err != nil {
		return domain.Tried{}, err
	}
	return domain.Tried{Performance: m.Performance(), Status: "completed", Metrics: m.Metrics()}, nil
}

// Generate implements domain.Domain: the reference's synthetic data around the target in force.
func (d *Domain) Generate(ctx context.Context, seed uint32) (*domain.Synthetic, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return Synthesize(d.target, len(d.target), d.config.NoiseStd, seed), nil
}

// Naive implements domain.Domain: x = 0.
func (d *Domain) Naive() domain.Model {
	x := make([]float64, len(d.target))
	return &model{domain: d, x: x, performance: -Loss(x, d.target)}
}

// Check implements domain.Domain. A recipe is {"x": n numbers of magnitude at most MaxMagnitude}; members whose names
// begin with "_" are other software's notes.
func (d *Domain) Check(parameters *canon.Object) error {
	_, err := d.parse(parameters)
	return err
}

func (d *Domain) parse(parameters *canon.Object) ([]float64, error) {
	v, ok := parameters.Get("x")
	if !ok {
		return nil, fmt.Errorf("%w: x is missing", domain.ErrRecipe)
	}
	x, err := vector(v, len(d.target))
	if err != nil {
		return nil, fmt.Errorf("%w: x: %w", domain.ErrRecipe, err)
	}
	for _, key := range parameters.Keys() {
		if key != "x" && !strings.HasPrefix(key, "_") {
			return nil, fmt.Errorf("%w: unknown member %.80q", domain.ErrRecipe, key)
		}
	}
	return x, nil
}

// vector reads n numbers of magnitude at most MaxMagnitude.
func vector(v any, n int) ([]float64, error) {
	x, err := domain.Reals(v, MaxParams)
	if err != nil {
		return nil, err
	}
	if len(x) != n {
		return nil, fmt.Errorf("%d values, want %d", len(x), n)
	}
	for i, e := range x {
		if math.Abs(e) > MaxMagnitude {
			return nil, fmt.Errorf("value %d, %v: magnitude must be at most %g", i, e, MaxMagnitude)
		}
	}
	return x, nil
}

// Parameters implements domain.Domain: {"x": g}.
func (d *Domain) Parameters(g genome.Genome) *canon.Object {
	if err := d.space.Check(g); err != nil {
		panic(err)
	}
	return canon.NewObject("x", []float64(g))
}

// Genome implements domain.Domain: x rounded to binary32 and clamped to the bounds of the search.
func (d *Domain) Genome(parameters *canon.Object) (genome.Genome, error) {
	x, err := d.parse(parameters)
	if err != nil {
		return nil, err
	}
	g := make(genome.Genome, len(x))
	for i, v := range x {
		v = min(max(v, d.config.Low), d.config.High) + 0 // + 0: no −0
		g[i] = float64(float32(v))
	}
	return g, nil
}
