package olap

import (
	"fmt"
	"time"

	"doin.network/node/internal/canon"
)

// Statuses returns the running summaries of all experiments in the form of GET /stats, keyed by domain in starting order. The
// objects are the caller's.
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
