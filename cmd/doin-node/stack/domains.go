package stack

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/protocol"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/search"
	"doin.network/node/cmd/doin-node/stack/workers"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
	"doin.network/node/olap"
)

// searches are the optimizing domains' searches, and what is known of the loaded domains.
type searches struct {
	mu        sync.Mutex
	of        map[string]*search.Search
	info      map[string]worker.Info
	champions map[string]protocol.Champion
}

func newSearches() *searches {
	return &searches{of: map[string]*search.Search{}, info: map[string]worker.Info{}, champions: map[string]protocol.Champion{}}
}

// get returns the search of a domain, nil if it has none yet.
func (l *searches) get(domain string) *search.Search {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of[domain]
}

// Search returns what the search of a domain tells of itself, false where there is none.
func (s *Stack) Search(domain string) (search.Status, bool) {
	one := s.searches.get(domain)
	if one == nil {
		return search.Status{}, false
	}
	return one.Status(), true
}

// tell hands an effect to the search that it is for. It does not block.
func (l *searches) tell(f protocol.Effect) {
	switch f := f.(type) {
	case protocol.Claim:
		if s := l.get(f.Domain); s != nil {
			s.Claim(f)
		}
	case protocol.Migrant:
		if s := l.get(f.Domain); s != nil {
			s.Migrant(f)
		}
	case protocol.Decided:
		if s := l.get(f.Domain); s != nil {
			s.Decided(f)
		}
	case protocol.Champion:
		l.mu.Lock()
		l.champions[f.Domain] = f
		s := l.of[f.Domain]
		l.mu.Unlock()
		if s != nil {
			s.Champion(f)
		}
	}
}

// add makes a search known; what answers the domain's inferences already is its first mail.
func (l *searches) add(domain string, s *search.Search) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of[domain] = s
	if c, known := l.champions[domain]; known {
		s.Champion(c) // under the lock: a newer one must not come before it
	}
}

// progress is what a dashboard wants to know of a domain's search and champion. What the search alone knows goes to line.
func (l *searches) progress(id string, line *api.DomainStatus) *canon.Object {
	o := canon.NewObject("rounds", int64(0), "evaluations", int64(0), "search_best", nil, "verified_best", nil,
		"accepted", int64(0), "rejected", int64(0), "baselines", nil, "metrics", nil, "champion", nil)
	l.mu.Lock()
	s, info, champion := l.of[id], l.info[id], l.champions[id]
	l.mu.Unlock()
	if info.Baselines != nil {
		o.Set("baselines", info.Baselines)
	}
	if champion.Parameters != nil {
		c := canon.NewObject("optimae_id", champion.OptimaeID, "optimizer_id", champion.OptimizerID,
			"performance", champion.Performance, "digest", champion.Digest, "verified", champion.Verified)
		comparison(c, champion.Sums)
		if champion.Metrics != nil {
			c.Set("metrics", champion.Metrics)
		}
		if champion.Solo {
			c.Set("solo", true)
		}
		o.Set("champion", c)
	}
	if s == nil {
		return o
	}
	st := s.Status()
	line.Converged = st.Converged
	o.Set("rounds", st.Rounds).Set("evaluations", st.Evaluations).Set("metrics", st.Metrics).
		Set("search_best", number(st.Best)).Set("confirmed_best", number(st.Confirmed)).Set("open_claims", int64(st.Open)).
		Set("claims", canon.NewObject("accepted", st.Accepted, "rejected", st.Rejected, "superseded", st.Superseded)).
		Set("announce", canon.NewObject("generations_with", int64(st.Announce.With), "generations_without", int64(st.Announce.Without),
			"seconds_with", st.Announce.SecondsWith, "seconds_without", st.Announce.SecondsWithout, "ratio", number(st.Announce.Ratio)))
	if st.Advice != nil {
		o.Set("prior", st.Advice)
	}
	return o
}

// comparison adds to a champion what its comparison with its base added up to, nothing for a domain without cases.
func comparison(o *canon.Object, s chain.Sums) {
	if s.N == 0 {
		return
	}
	s.AppendTo(o)
	if z, ok := s.Z(); ok {
		o.Set("z", z)
	}
}

// number is a value of an answer: null where it is unknown.
func number(f *float64) any {
	if f == nil {
		return nil
	}
	return *f
}

// runDomains has the domains loaded and runs their searches.
func (s *Stack) runDomains(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for i, d := range s.Config.Domains {
		if !d.Active() || !s.Workers.Has(d.ID) {
			continue
		}
		g.Go(func() error {
			err := s.runDomain(ctx, i, d)
			switch {
			case err == nil, ctx.Err() != nil:
				return err
			case d.Added: // nobody here has chosen what it says
				s.Log.Error("a domain that was added to the network cannot be computed here", "domain", d.ID, "err", err)
			case s.profile.SkipBroken:
				s.Log.Warn("a domain cannot be computed here and is skipped", "domain", d.ID, "err", err)
			default:
				return err
			}
			s.Workers.Abandon(d.ID)
			return nil
		})
	}
	return g.Wait()
}

// runDomain has the domain of a place in the file loaded, and runs its search if there is one.
func (s *Stack) runDomain(ctx context.Context, place int, d config.Domain) error {
	info, err := s.Workers.Configure(ctx, d)
	if ctx.Err() != nil {
		return nil
	}
	if err == nil && s.profile.Ready != nil {
		err = s.profile.Ready(d.ID, info)
	}
	if err != nil {
		return fmt.Errorf("domains[%d].optimization_config of %q: %w", place, d.ID, err)
	}
	s.Log.Info("domain ready", "domain", d.ID, "plugin", info.Plugin, "data_hash", info.DataHash,
		"baselines", string(canon.Default(info.Baselines)))
	for _, note := range info.Notes {
		s.Log.Info("note on the data", "domain", d.ID, "note", note)
	}
	s.searches.mu.Lock()
	s.searches.info[d.ID] = info
	s.searches.mu.Unlock()
	if !d.Optimize {
		return nil
	}
	return s.search(ctx, d, info)
}

// search runs the search of a domain. Settings that the worker refuses are the node's end.
func (s *Stack) search(ctx context.Context, d config.Domain, info worker.Info) error {
	strategy, err := d.SearchSettings()
	if err != nil {
		return fmt.Errorf("domain %s: %w", d.ID, err)
	}
	cfg := search.Config{Domain: d.ID, Peer: s.Key.PeerID(), Seed: s.Config.Seed, Settings: strategy,
		Window: s.Config.Worker.SearchWindow, Interval: s.Config.Rounds.OptimizerInterval, MaxOpen: s.Config.Rounds.OpenClaims,
		Migration: d.Migration, Dir: s.Path("search"),
		Setup: olap.Setup{DomainID: d.ID, DomainType: d.MetricType, OptimizerPlugin: d.Plugin(), PerformanceMetric: d.MetricLabel(),
			LowerIsBetter: s.profile.LowerIsBetter != nil && s.profile.LowerIsBetter(d.ID), OptimizationConfig: d.OptimizationConfig, ParamBounds: Bounds(d.Bounds),
			Target: d.Target.Performance(), DataHash: info.DataHash}}
	s.price(&cfg, info)
	cfg.TrialsPerSecond = s.Config.Record.TrialsPerSecond
	if about, ok := s.Workers.About(d.ID); ok {
		kind := "cpu"
		if about.HasGPU {
			kind = "gpu"
		}
		cfg.Device, cfg.Places = about.Device, about.Workers
		s.Record(s.Tracker.Device(kind, about.Device, int64(about.Workers), 0, s.Now()))
	}
	if s.profile.Agreement != nil {
		cfg.Agreement = s.profile.Agreement(d.ID)
	}
	if t := d.Target; t != nil && t.Metric != "" {
		cfg.Target = &search.MetricTarget{Metric: t.Metric, Value: t.Value}
	}
	parts := search.Parts{Worker: trainer{s.Workers}, Chain: known{s}, Host: host{s: s, gpu: map[string]workers.Reading{}}, Tracker: s.Tracker,
		Log: s.Log.With("component", "search"), Now: s.Now}
	if name, err := strategy.StringOr("strategy", ""); err == nil && name == meta {
		parts.Prior = func(ctx context.Context) []byte { return s.taught(ctx, info.Plugin) }
	}
	one := search.New(cfg, parts)
	s.searches.add(d.ID, one)
	return one.Run(ctx)
}

// price says what a claim costs the search, and what the first one has to beat. A claim of a domain with cases is K·(O+1) trainings
// of which a trial makes O; others are one training.
func (s *Stack) price(cfg *search.Config, info worker.Info) {
	if info.Cases == 0 || s.profile.Seeds == nil {
		return
	}
	folds := int64(info.Folds)
	cfg.Seeds = s.profile.Seeds(cfg.Domain)
	cfg.Cost = (int64(cfg.Seeds)*(folds+1) + folds - 1) / folds
	if b := info.Baseline; b == b {
		cfg.Baseline = &b
	}
}

// Bounds is a domain's param_bounds as an object.
func Bounds(bounds []config.Bound) *canon.Object {
	o := canon.NewObject()
	for _, b := range bounds {
		o.Set(b.Name, []any{b.Low, b.High})
	}
	return o
}

// trainer is the workers as a search sees them.
type trainer struct{ w *workers.Workers }

func (t trainer) Optimize(ctx context.Context, job worker.OptimizeJob) (search.Run, error) {
	run, err := t.w.Optimize(ctx, job)
	if err != nil {
		return nil, err
	}
	return run, nil
}

func (t trainer) Evaluate(ctx context.Context, job worker.Job) (worker.Outcome, error) {
	return t.w.Evaluate(ctx, job)
}

// known is the machine as a search sees it.
type known struct{ s *Stack }

func (k known) Deliver(ctx context.Context, ev protocol.Event) error {
	k.s.profile.Loop.Deliver(ctx, ev)
	return ctx.Err()
}

func (k known) Known(domain string) search.Known { return k.s.profile.Known(k.s, domain) }

// host is the node as a search's rows tell of it.
type host struct {
	s   *Stack
	gpu map[string]workers.Reading // the last one; one search uses a host
}

func (h host) Peers() int64            { return int64(h.s.PeerCount()) }
func (h host) Earned() float64         { return float64(h.s.earnings.take()) / ledger.Unit }
func (h host) Record(rows ...olap.Row) { h.s.Record(rows...) }

func (h host) GPU(ctx context.Context, domain string) olap.GPU {
	now, ok := h.s.Workers.GPU(ctx, domain)
	if !ok {
		return olap.GPU{}
	}
	before, known := h.gpu[domain]
	h.gpu[domain] = now
	if !known {
		before = now
	}
	return now.Since(before)
}
