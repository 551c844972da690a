package olap

import (
	"fmt"
	"time"

	"doin.network/node/internal/canon"
)

// Status returns the running summary of domain's experiment in the form of GET /stats; ok is
// false for a domain without an experiment. The object is the caller's.
func (t *Tracker) Status(domain string, now time.Time) (status *canon.Object, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.runs[domain]
	if !ok {
		return nil, false
	}
	return Status(&r.exp, &r.sum, seconds(r.start, now)), true
}

// Statuses returns the running summaries of all experiments, keyed by domain in starting order.
func (t *Tracker) Statuses(now time.Time) *canon.Object {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := canon.NewObject()
	for _, domain := range t.order {
		r := t.runs[domain]
		all.Set(domain, Status(&r.exp, &r.sum, seconds(r.start, now)))
	}
	return all
}

// Summary returns the summary and the experiment of domain as they stand; ok is false for a
// domain without an experiment.
func (t *Tracker) Summary(domain string) (s Summary, e Experiment, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.runs[domain]
	if !ok {
		return Summary{}, Experiment{}, false
	}
	return r.sum, r.exp, true
}

// ChainMetrics returns the metrics to send with a result of domain's experiment that reports the
// given performance. Call it before Record counts the round the result belongs to: the previous
// best is then the best before it, and the round number is that of the round in progress.
func (t *Tracker) ChainMetrics(domain string, reported float64, now time.Time) (ChainMetrics, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.runs[domain]
	if !ok {
		return ChainMetrics{}, fmt.Errorf("%w: %s", ErrNoExperiment, domain)
	}
	return ChainMetrics{
		ExperimentID:            r.exp.ID,
		RoundNumber:             r.sum.TotalRounds + 1,
		TimeToThisResultSeconds: RoundDecimals(seconds(r.start, now), 3),
		OptimizationConfigHash:  r.configHash,
		DataHash:                r.exp.DataHash,
		ReportedPerformance:     reported,
		PreviousBestPerformance: clone(r.sum.BestPerformance),
	}, nil
}
