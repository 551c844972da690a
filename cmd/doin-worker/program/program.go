package program

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"sync"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/worker"
	"doin.network/node/ga"
	"doin.network/node/internal/canon"
)

// maxPrograms bounds how many run beside one another.
const maxPrograms = 64

// Programs are the running ones. It is safe for concurrent use.
type Programs struct {
	dir    string
	limits worker.Limits
	log    *slog.Logger

	ctx    context.Context // of what runs; ended by Close
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu      sync.Mutex // guards what follows
	running map[string]*worker.Supervisor
	domains int // configured so far
}

// New returns none running; relative paths are taken from dir, limits are those of each program. Close ends them.
func New(dir string, limits worker.Limits, log *slog.Logger) *Programs {
	ctx, cancel := context.WithCancel(context.Background())
	return &Programs{dir: dir, limits: limits, log: log, ctx: ctx, cancel: cancel, running: map[string]*worker.Supervisor{}}
}

// Close ends all programs and waits for them.
func (p *Programs) Close() {
	p.cancel()
	p.work.Wait()
}

// Open configures a domain in the program that plugin names; ok is false for a plugin of another form. The program must
// say that it only evaluates.
func (p *Programs) Open(plugin string, config *canon.Object) (d domain.Domain, ok bool, err error) {
	argv, ok, err := worker.ExecArgv(plugin, p.dir)
	if !ok || err != nil {
		return nil, ok, err
	}
	s, id, err := p.supervisor(plugin, argv)
	if err != nil {
		return nil, true, err
	}
	info, err := s.Configure(p.ctx, id, plugin, config)
	if err != nil {
		return nil, true, err
	}
	description, _ := s.Description()
	if !description.Can(worker.EvaluateOnly) {
		return nil, true, fmt.Errorf("program %s does not name the capability %s", argv[0], worker.EvaluateOnly)
	}
	return &Domain{s: s, id: id, info: info, log: p.log.With("program", argv[0])}, true, nil
}

// supervisor returns the running program of a plugin and a fresh id for a domain in it.
func (p *Programs) supervisor(plugin string, argv []string) (*worker.Supervisor, string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.domains++
	id := strconv.Itoa(p.domains)
	if s := p.running[plugin]; s != nil {
		return s, id, nil
	}
	if len(p.running) >= maxPrograms {
		return nil, "", fmt.Errorf("%w: %d programs are running", worker.ErrBusy, len(p.running))
	}
	s := worker.NewSupervisor(worker.Options{Path: argv[0], Args: argv[1:], Own: true, Limits: p.limits, Logger: p.log.With("program", argv[0])})
	p.running[plugin] = s
	p.work.Go(func() {
		if err := s.Run(p.ctx); err != nil {
			p.log.Error("program ended", "program", argv[0], "err", err)
		}
	})
	return s, id, nil
}

// Domain is one of a program.
type Domain struct {
	s    *worker.Supervisor
	id   string
	info worker.Info
	log  *slog.Logger
}

var _ domain.Domain = (*Domain)(nil)

// Describe implements domain.Domain.
func (d *Domain) Describe() domain.Description {
	return domain.Description{Plugin: d.info.Plugin, Space: d.info.Space, DataHash: d.info.DataHash,
		PerformanceMetric: d.info.PerformanceMetric, HigherIsBetter: true, Strategy: domain.StrategyGA,
		Baselines: d.info.Baselines, ContractVersion: d.info.Contract, Defaults: d.info.Defaults, Notes: d.info.Notes,
		Folds: 1, Deterministic: d.info.Deterministic}
}

// Suited returns settings of the genetic search that suit the space: differences of individuals for steps where all genes are
// reals, and few random ones beside them, which would keep the population apart. On Rosenbrock's function of two variables that
// takes a twentieth of the evaluations of ga's defaults to an error of 1e-6, see TestRosenbrock of package ga.
func (d *Domain) Suited() *canon.Object {
	for _, g := range d.info.Space {
		if g.Kind != genome.Real {
			return canon.NewObject()
		}
	}
	return canon.NewObject("crossover", string(ga.Differential), "crossover_rate", 0.95, "mutation_rate", 0.1)
}

// Claim implements domain.Domain by one job of the program. One that takes one seed only goes by the first.
func (d *Domain) Claim(ctx context.Context, parameters *canon.Object, seeds []uint64, each domain.Each) (domain.Model, error) {
	err := d.Check(parameters)
	if err == nil {
		err = domain.CheckSeeds(seeds)
	}
	if err != nil {
		return nil, err
	}
	m := &model{d: d, recipe: &worker.Recipe{Parameters: parameters, Seeds: seeds}}
	err = each.Once(ctx, func(ctx context.Context) (err error) {
		m.out, err = d.s.Evaluate(ctx, worker.Job{Domain: d.id, Parameters: parameters, Seeds: seeds, Own: true})
		return err
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// maxReason bounds what is kept of why a trial failed, in bytes.
const maxReason = 300

// failed is a trial over which the program said no, took too long, died or answered nonsense: one that the search goes on without.
// Where there is no program any more, or nobody waits, it is an error.
func (d *Domain) failed(ctx context.Context, t domain.Trial, err error) (domain.Tried, error) {
	if ctx.Err() != nil || errors.Is(err, worker.ErrClosed) || errors.Is(err, worker.ErrStart) || errors.Is(err, worker.ErrUnknownDomain) {
		return domain.Tried{}, err
	}
	reason := err.Error()
	d.log.Warn("trial failed", "parameters", string(canon.Default(t.Parameters)), "seed", t.Seed, "err", err)
	return domain.Tried{Performance: math.NaN(), Status: worker.StatusFailed,
		Metrics: canon.NewObject("error", strings.ToValidUTF8(reason[:min(len(reason), maxReason)], ""))}, nil
}

// Try implements domain.Domain by one job with one seed. A trial that fails is one with the status "failed", see failed.
func (d *Domain) Try(ctx context.Context, t domain.Trial, each domain.Each) (domain.Tried, error) {
	if err := t.Validate(1); err != nil {
		return domain.Tried{}, err
	}
	m, err := d.Claim(ctx, t.Parameters, []uint64{t.Seed}, each)
	if err != nil {
		return d.failed(ctx, t, err)
	}
	out := domain.Tried{Performance: m.Performance(), Status: "completed", Metrics: m.Metrics()}
	if status, err := out.Metrics.String("status"); err == nil {
		out.Status = status
	}
	if out.Performance != out.Performance {
		out.Status = "diverged"
	}
	return out, nil
}

// Generate implements domain.Domain: there is none.
func (d *Domain) Generate(context.Context, uint32) (*domain.Synthetic, error) {
	return nil, fmt.Errorf("%w: synthetic data of a program that only evaluates", worker.ErrUnsupported)
}

// Naive implements domain.Domain with a model that has no performance.
func (d *Domain) Naive() domain.Model {
	return &model{d: d, out: worker.Outcome{Performance: math.NaN(), Metrics: canon.NewObject()}}
}

// Check implements domain.Domain: a recipe is a genome of the space.
func (d *Domain) Check(parameters *canon.Object) error {
	if _, err := d.Genome(parameters); err != nil {
		return fmt.Errorf("%w: %w", domain.ErrRecipe, err)
	}
	return nil
}

// Parameters implements domain.Domain.
func (d *Domain) Parameters(g genome.Genome) *canon.Object { return d.info.Space.Object(g) }

// Genome implements domain.Domain.
func (d *Domain) Genome(parameters *canon.Object) (genome.Genome, error) {
	return d.info.Space.Parse(parameters)
}

// model is the outcome of a job.
type model struct {
	d      *Domain
	recipe *worker.Recipe // nil: the naive one
	out    worker.Outcome
}

func (m *model) Performance() float64   { return m.out.Performance }
func (m *model) Digest() string         { return m.out.Digest }
func (m *model) Metrics() *canon.Object { return m.out.Metrics.Clone() }

// Cases implements domain.Model: a program reports none.
func (m *model) Cases() []int64 { return nil }

func (m *model) Score(context.Context, *domain.Synthetic) (float64, error) {
	return 0, fmt.Errorf("%w: a program that only evaluates makes none", domain.ErrSynthetic)
}

func (m *model) Infer(ctx context.Context, input *canon.Object) (*canon.Object, error) {
	if m.recipe == nil {
		return nil, fmt.Errorf("%w: inference without a recipe", worker.ErrUnsupported)
	}
	answer, err := m.d.s.Infer(ctx, m.d.id, *m.recipe, input)
	if errors.Is(err, worker.ErrUnsupported) { // what it found is all it has to say
		return canon.NewObject("parameters", m.recipe.Parameters, "performance", m.out.Performance), nil
	}
	return answer, err
}
