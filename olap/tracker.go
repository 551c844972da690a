package olap

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// Errors of Tracker.
var (
	// ErrNoExperiment is returned for a domain that Start was not called for.
	ErrNoExperiment = errors.New("olap: no experiment runs for this domain")
	// ErrStarted is returned by Start for a domain whose experiment runs already.
	ErrStarted = errors.New("olap: an experiment runs for this domain")
)

// Tracker keeps the running experiments of one node, one per domain, and turns what happens to
// them into rows for a Recorder. It holds no history: its size does not grow with rounds.
//
// Time is an argument of every method; pass what time.Now returned, so that durations come from
// the monotonic clock. A duration that would be negative is 0. Safe for concurrent use.
type Tracker struct {
	node  Node
	newID func() string

	mu    sync.Mutex
	runs  map[string]*run
	order []string // domains, in the order they were started
	run   *Run     // see Begin; nil before
}

// run is one experiment and what its next row needs.
type run struct {
	exp        Experiment
	configHash string
	steps      map[int64]claimSteps // of open claims
	start      time.Time
	sum        Summary
	best       JSON // parameters of the best
	bestAt     time.Time
	kinds      *canon.Object // of all metrics so far; nil where the configuration names their schema
}

// NewTracker returns a tracker with no experiments. newID makes experiment ids; nil
// means NewID.
func NewTracker(node Node, newID func() string) *Tracker {
	if newID == nil {
		newID = NewID
	}
	if node.Version == "" {
		node.Version = DoinVersion
	}
	return &Tracker{node: node, newID: newID, runs: map[string]*run{}}
}

// Start begins the experiment of a domain, or goes on with the one of s.Resume, and returns its rows (domain, experiment).
// The errors wrap ErrStarted, ErrProgress (then the caller may start without it) or ErrInvalidRow.
func (t *Tracker) Start(s Setup, now time.Time) ([]Row, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.runs[s.DomainID]; ok {
		return nil, fmt.Errorf("%w: %s", ErrStarted, s.DomainID)
	}
	r := &run{
		exp: Experiment{
			ID: t.newID(), DomainID: s.DomainID, NodeID: t.node.ID, Hostname: t.node.Hostname,
			OptimizerPlugin: s.OptimizerPlugin, PerformanceMetric: s.PerformanceMetric,
			MetricSchema: s.MetricSchema, HigherIsBetter: !s.LowerIsBetter,
			OptimizationConfig: DefaultJSON(s.OptimizationConfig), ParamBounds: DefaultJSON(s.ParamBounds),
			TargetPerformance: clone(s.Target), StartedAt: iso(now), DoinVersion: t.node.Version,
			Seed: clone(s.Seed), DataHash: s.DataHash, NetworkID: t.node.NetworkID,
		},
		configHash: ConfigHash(s.OptimizationConfig), start: now, best: "{}", steps: map[int64]claimSteps{},
	}
	if t.run != nil {
		r.exp.RunID = t.run.ID
	}
	if r.exp.MetricSchema == "" {
		r.exp.MetricSchema, _ = s.OptimizationConfig.StringOr("metric_schema", "")
	}
	if r.exp.MetricSchema == "" {
		r.kinds = canon.NewObject()
	}
	r.sum = Summary{ExperimentID: r.exp.ID, DomainID: s.DomainID, NodeID: t.node.ID, Hostname: t.node.Hostname}
	if s.Resume != nil {
		if err := r.resume(s.Resume, now); err != nil {
			return nil, err
		}
	}
	rows := []Row{
		{Domain: &Domain{ID: s.DomainID, Type: s.DomainType, Description: s.Description}},
		{Experiment: r.experiment()},
	}
	for i := range rows {
		if err := rows[i].Validate(); err != nil {
			return nil, err
		}
	}
	t.runs[s.DomainID] = r
	t.order = append(t.order, s.DomainID)
	return rows, nil
}

// Record counts a round of domain and returns its rows: the round and, where it reached the
// target or brought a metric of a new name or kind, the experiment. The round keeps nothing of o's objects. An error leaves the experiment
// as it was; it wraps ErrNoExperiment or ErrInvalidRow (a number that is not finite).
//
// The first round's delta is 0, as at the reference's head (its release of record wrote the
// performance itself).
func (t *Tracker) Record(domain string, o Observation, now time.Time) ([]Row, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.runs[domain]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNoExperiment, domain)
	}
	row := &Round{
		ID: RoundID(r.exp.ID, r.sum.TotalRounds+1), ExperimentID: r.exp.ID, DomainID: domain, Number: r.sum.TotalRounds + 1,
		Timestamp: iso(now), Performance: o.Performance, Parameters: DefaultJSON(o.Parameters),
		WallClockSeconds: o.WallClock.Seconds(), ElapsedSeconds: seconds(r.start, now),
		ChainHeight: o.ChainHeight, PeersCount: o.Peers, BlockRewardEarned: o.BlockReward,
		MetricSchema: r.exp.MetricSchema, Details: DetailsOf(o.Metrics),
		Evaluations: o.Evaluations, Seed: clone(o.Seed), Digest: o.Digest,
		VerifiedBestPerformance: clone(o.VerifiedBest), ChampionVerified: clone(o.ChampionVerified),
		AcceptedCount: o.Accepted, RejectedCount: o.Rejected, ImmigrantsCount: o.Immigrants,
		GPU: o.GPU,
	}
	if o.Metrics.Len() > 0 {
		row.Metrics = CanonicalJSON(o.Metrics)
	}
	if row.Digest != "" && o.DigestOf != nil {
		row.DigestParameters = DefaultJSON(o.DigestOf)
	}
	next := r.after(row, now)
	next.sum.ConfirmedPerformance = clone(o.ConfirmedBest)
	widened := next.describe(row, o.Metrics)
	rows := []Row{{Round: row, Experiment: next.experiment()}}
	if widened || next.exp.Converged && !r.exp.Converged {
		rows = append(rows, Row{Experiment: next.experiment()})
	}
	if err := rows[0].Validate(); err != nil {
		return nil, err
	}
	*r = next
	return rows, nil
}

// after returns the state of the experiment after row and completes row from it.
func (r *run) after(row *Round, now time.Time) run {
	next := *r
	next.sum.TotalRounds = row.Number
	next.sum.FinalPerformance = Float(row.Performance)
	next.sum.Evaluations += row.Evaluations
	next.sum.VerifiedPerformance = clone(row.VerifiedBestPerformance)
	if best := r.sum.BestPerformance; best == nil || r.better(row.Performance, *best) {
		row.Improvement = true
		if best != nil {
			row.PerformanceDelta = row.Performance - *best
		}
		next.sum.BestPerformance, next.best, next.bestAt = Float(row.Performance), row.Parameters, now
	}
	if target := r.exp.TargetPerformance; target != nil && !r.better(*target, row.Performance) {
		next.converge(now)
	}
	if next.exp.Converged && next.sum.RoundsToConvergence == nil {
		next.sum.RoundsToConvergence = Int(row.Number)
	}
	elapsed := row.ElapsedSeconds
	if e := r.sum.TotalElapsedSeconds; e != nil {
		elapsed = max(elapsed, *e)
	}
	next.sum.TotalElapsedSeconds = &elapsed

	row.BestPerformance, row.BestParameters = clone(next.sum.BestPerformance), next.best
	row.TimeToCurrentBestSeconds = seconds(r.start, next.bestAt)
	row.TimeToTargetSeconds = clone(next.sum.TimeToTargetSeconds)
	row.Converged = next.exp.Converged
	return next
}

// describe writes the metric schema of row, and reports whether the experiment's has changed by it.
func (r *run) describe(row *Round, metrics *canon.Object) (widened bool) {
	if r.kinds == nil || metrics.Len() == 0 {
		return false
	}
	kinds := kindsOf(metrics)
	row.MetricSchema = string(canon.Canonical(kinds))
	if r.kinds, widened = mergeKinds(r.kinds, kinds); widened {
		r.exp.MetricSchema = string(canon.Canonical(r.kinds))
	}
	return widened
}

// better reports whether performance a beats b.
func (r *run) better(a, b float64) bool {
	if r.exp.HigherIsBetter {
		return a > b
	}
	return a < b
}

// converge sets the convergence of the experiment, once.
func (r *run) converge(now time.Time) {
	if r.exp.Converged {
		return
	}
	r.exp.Converged, r.exp.FinishedAt, r.sum.Converged = true, iso(now), true
	r.sum.TimeToTargetSeconds = Float(seconds(r.start, now))
}

// experiment returns a copy of the experiment's row.
func (r *run) experiment() *Experiment {
	e := r.exp
	return &e
}

// Converge marks the experiment of domain as converged for a reason outside its rounds (the
// verified best reached the target) and returns its row; no rows if it is already.
func (t *Tracker) Converge(domain string, now time.Time) ([]Row, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.runs[domain]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNoExperiment, domain)
	}
	if r.exp.Converged {
		return nil, nil
	}
	r.converge(now)
	return []Row{{Experiment: r.experiment()}}, nil
}

// Finish returns the closing rows of every experiment, the experiment and its summary, for a
// graceful stop. The experiments go on existing; a second Finish writes the same rows anew.
func (t *Tracker) Finish(now time.Time) []Row {
	t.mu.Lock()
	defer t.mu.Unlock()
	var rows []Row
	for _, domain := range t.order {
		r := t.runs[domain]
		if r.exp.FinishedAt == "" {
			r.exp.FinishedAt = iso(now)
		}
		sum := r.sum
		rows = append(rows, Row{Experiment: r.experiment()}, Row{Summary: &sum, Experiment: r.experiment()})
	}
	if t.run != nil {
		run, at := *t.run, iso(now)
		run.FinishedAt, run.Configuration = &at, ""
		rows = append(rows, Row{Run: &run})
	}
	return rows
}

func iso(t time.Time) string { return timestamp.FromMicro(t.UnixMicro()).ISO() }

// seconds is the time from start to now, 0 if the clock went back.
func seconds(start, now time.Time) float64 { return max(0, now.Sub(start).Seconds()) }

func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
