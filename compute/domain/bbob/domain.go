package bbob

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strings"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/rng"
	"doin.network/node/internal/canon"
)

// Plugin is the domain's name.
const Plugin = "bbob"

// ContractVersion names the arithmetic of this domain: binary64 as package f64 has it.
const ContractVersion = "bbob-f64/1"

// maxMagnitude bounds a recipe's coordinates, so that no value overflows.
const maxMagnitude = 1e6

// shift bounds by how much synthetic data move a point in each coordinate.
const shift = 0.01

var _ domain.Domain = (*Domain)(nil)

// Domain is a function as an optimization problem: maximise Best − f(x). It is safe for concurrent use.
type Domain struct {
	config   Config
	function *Function
	space    genome.Space
	dataHash string
}

// NewDomain makes the domain from a configuration object; see ParseConfig.
func NewDomain(config *canon.Object, others ...string) (*Domain, error) {
	c, err := ParseConfig(config, others...)
	if err != nil {
		return nil, err
	}
	f, err := New(c.Function, c.Dimension, c.Instance)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", domain.ErrConfig, err)
	}
	d := &Domain{config: c, function: f, space: c.space()}
	d.dataHash = hashBits(append(f.Optimum(), float64(c.Function), float64(c.Instance), f.Best())...)
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

// Describe implements domain.Domain. DataHash is the SHA-256 of optimum, function, instance and best value.
func (d *Domain) Describe() domain.Description {
	return domain.Description{
		Plugin:            Plugin,
		Space:             d.space,
		DataHash:          d.dataHash,
		PerformanceMetric: "negative_excess",
		HigherIsBetter:    true,
		Strategy:          domain.StrategyGA,
		Baselines:         canon.NewObject("naive_excess", d.function.Excess(make([]float64, d.config.Dimension))),
		ContractVersion:   ContractVersion,
		Defaults:          canon.NewObject("function", d.config.Function, "dimension", d.config.Dimension, "instance", d.config.Instance),
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
		m.performance = 0 - d.function.Excess(x)
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

// Generate implements domain.Domain: a small shift of every coordinate. A point scores by its value beside where it lies.
func (d *Domain) Generate(ctx context.Context, seed uint32) (*domain.Synthetic, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	q := rng.NewSeq(rng.KeyFromBytes(binary.LittleEndian.AppendUint64(nil, uint64(seed))), rng.Sample, 0)
	target := make([]float64, d.config.Dimension)
	for i := range target {
		target[i] = float64(2*shift*float64(q.Uniform())) - shift
	}
	return &domain.Synthetic{Hash: hashBits(target...), Target: target}, nil
}

// Naive implements domain.Domain: x = 0.
func (d *Domain) Naive() domain.Model {
	x := make([]float64, d.config.Dimension)
	return &model{domain: d, x: x, performance: 0 - d.function.Excess(x)}
}

// Check implements domain.Domain. A recipe is {"x": D numbers}; members whose names begin with "_" are other software's notes.
func (d *Domain) Check(parameters *canon.Object) error {
	_, err := d.parse(parameters)
	return err
}

func (d *Domain) parse(parameters *canon.Object) ([]float64, error) {
	v, ok := parameters.Get("x")
	if !ok {
		return nil, fmt.Errorf("%w: x is missing", domain.ErrRecipe)
	}
	x, err := domain.Reals(v, MaxDimension)
	if err != nil {
		return nil, fmt.Errorf("%w: x: %w", domain.ErrRecipe, err)
	}
	if len(x) != d.config.Dimension {
		return nil, fmt.Errorf("%w: x: %d values, want %d", domain.ErrRecipe, len(x), d.config.Dimension)
	}
	for i, e := range x {
		if !(math.Abs(e) <= maxMagnitude) {
			return nil, fmt.Errorf("%w: x: value %d, %v: magnitude must be at most %g", domain.ErrRecipe, i, e, maxMagnitude)
		}
	}
	for _, key := range parameters.Keys() {
		if key != "x" && !strings.HasPrefix(key, "_") {
			return nil, fmt.Errorf("%w: unknown member %.80q", domain.ErrRecipe, key)
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

// Genome implements domain.Domain: x rounded to binary32 and clamped to the box.
func (d *Domain) Genome(parameters *canon.Object) (genome.Genome, error) {
	x, err := d.parse(parameters)
	if err != nil {
		return nil, err
	}
	g := make(genome.Genome, len(x))
	for i, v := range x {
		g[i] = float64(float32(min(max(v, Low), High))) + 0 // + 0: no −0
	}
	return g, nil
}
