package olap

import (
	"errors"
	"fmt"
	"time"
)

// ErrProgress is wrapped by Start for a Progress that belongs to another setup or cannot be.
var ErrProgress = errors.New("olap: experiment cannot go on")

// Progress is where an experiment stands: what a later process needs to go on with it under the same id and with the round
// that follows. It is plain data, to be kept as JSON beside the state of the search that it counts.
type Progress struct {
	ExperimentID  string   `json:"experiment_id"`
	DomainID      string   `json:"domain_id"`
	NodeID        string   `json:"node_id"`
	ConfigHash    string   `json:"optimization_config_hash"`
	DataHash      string   `json:"data_hash,omitempty"`
	LowerIsBetter bool     `json:"lower_is_better"`
	Target        *float64 `json:"target_performance,omitempty"`
	MetricSchema  string   `json:"metric_schema,omitempty"`
	StartedAt     string   `json:"started_at"` // iso
	// ElapsedSeconds is how long the experiment has run, all its processes together. Times between them do not count.
	ElapsedSeconds      float64  `json:"elapsed_seconds"`
	Rounds              int64    `json:"rounds"`
	Evaluations         int64    `json:"evaluations"`
	FinalPerformance    *float64 `json:"final_performance,omitempty"`
	FinalSeconds        float64  `json:"final_seconds"` // elapsed at the last round
	BestPerformance     *float64 `json:"best_performance,omitempty"`
	BestParameters      JSON     `json:"best_parameters,omitempty"`
	BestSeconds         float64  `json:"best_seconds"` // elapsed when the best was found
	FinishedAt          string   `json:"finished_at,omitempty"`
	TimeToTargetSeconds *float64 `json:"time_to_target_seconds,omitempty"`
	RoundsToConvergence *int64   `json:"rounds_to_convergence,omitempty"`
	Converged           bool     `json:"converged"`
}

// maxElapsed bounds the seconds of a Progress: more is not a time that anything has run.
const maxElapsed = 1e9

// Progress returns where the experiment of domain stands; ok is false for a domain without one.
func (t *Tracker) Progress(domain string, now time.Time) (p Progress, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.runs[domain]
	if !ok {
		return Progress{}, false
	}
	p = Progress{
		ExperimentID: r.exp.ID, DomainID: domain, NodeID: r.exp.NodeID, ConfigHash: r.configHash, DataHash: r.exp.DataHash,
		LowerIsBetter: !r.exp.HigherIsBetter, Target: clone(r.exp.TargetPerformance),
		MetricSchema: r.exp.MetricSchema, StartedAt: r.exp.StartedAt, ElapsedSeconds: seconds(r.start, now),
		Rounds: r.sum.TotalRounds, Evaluations: r.sum.Evaluations, FinalPerformance: clone(r.sum.FinalPerformance),
		BestPerformance: clone(r.sum.BestPerformance), BestParameters: r.best,
		TimeToTargetSeconds: clone(r.sum.TimeToTargetSeconds), RoundsToConvergence: clone(r.sum.RoundsToConvergence),
		Converged: r.exp.Converged,
	}
	if e := r.sum.TotalElapsedSeconds; e != nil {
		p.FinalSeconds = *e
	}
	if !r.bestAt.IsZero() {
		p.BestSeconds = seconds(r.start, r.bestAt)
	}
	if r.exp.Converged {
		p.FinishedAt = r.exp.FinishedAt
	}
	return p, true
}

// check returns an error that wraps ErrProgress unless a new run can go on at p.
func (p *Progress) check(r *run) error {
	bad := func(what string) error { return fmt.Errorf("%w: %s", ErrProgress, what) }
	switch {
	case p.DomainID != r.exp.DomainID || p.NodeID != r.exp.NodeID:
		return bad("it is that of another domain or node")
	case p.ConfigHash != r.configHash || p.DataHash != r.exp.DataHash:
		return bad("it is that of another configuration or of other data")
	case p.LowerIsBetter == r.exp.HigherIsBetter || !equal(p.Target, r.exp.TargetPerformance):
		return bad("it is that of another target")
	case p.ExperimentID == "" || p.StartedAt == "" || p.Rounds < 0 || p.Evaluations < 0:
		return bad("it is incomplete")
	case !isFinite(p.FinalPerformance, p.BestPerformance, p.TimeToTargetSeconds):
		return bad("a number is not finite")
	case (p.Rounds > 0) != (p.BestPerformance != nil) || (p.Rounds > 0) != (p.FinalPerformance != nil):
		return bad("its rounds and its performance do not fit")
	}
	for _, s := range []float64{p.ElapsedSeconds, p.FinalSeconds, p.BestSeconds} {
		if !(s >= 0 && s <= maxElapsed) {
			return bad("a time is out of range")
		}
	}
	return nil
}

// resume makes r, a new run, go on at p.
func (r *run) resume(p *Progress, now time.Time) error {
	if err := p.check(r); err != nil {
		return err
	}
	r.exp.ID, r.exp.StartedAt = p.ExperimentID, p.StartedAt
	r.exp.Converged, r.exp.FinishedAt = p.Converged, p.FinishedAt
	if r.kinds != nil {
		r.exp.MetricSchema, r.kinds = p.MetricSchema, parseKinds(p.MetricSchema)
	}
	r.start = now.Add(-duration(p.ElapsedSeconds))
	r.sum = Summary{
		ExperimentID: p.ExperimentID, DomainID: r.sum.DomainID, NodeID: r.sum.NodeID, Hostname: r.sum.Hostname,
		TotalRounds: p.Rounds, Evaluations: p.Evaluations, FinalPerformance: clone(p.FinalPerformance),
		BestPerformance: clone(p.BestPerformance), TimeToTargetSeconds: clone(p.TimeToTargetSeconds),
		RoundsToConvergence: clone(p.RoundsToConvergence), Converged: p.Converged,
	}
	if p.Rounds > 0 {
		r.sum.TotalElapsedSeconds = Float(p.FinalSeconds)
		r.best, r.bestAt = p.BestParameters, r.start.Add(duration(p.BestSeconds))
	}
	return nil
}

func equal(a, b *float64) bool { return a == b || a != nil && b != nil && *a == *b }

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
