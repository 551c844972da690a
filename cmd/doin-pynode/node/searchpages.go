package node

import (
	"context"
	"time"

	"doin.network/node/chain/python/engine"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/search"
	"doin.network/node/internal/canon"
)

// running is a search under way.
type running struct {
	domain *config.Domain
	search.Status
}

// searching returns the first domain whose search has not ended, false where there is none.
func (p *pages) searching() (running, bool) {
	for i := range p.n.cfg.Domains {
		d := &p.n.cfg.Domains[i]
		if s, ok := p.n.stack.Search(d.ID); ok && !s.Converged {
			return running{d, s}, true
		}
	}
	return running{}, false
}

// candidate is the last generation of the search under way as the reference shows what is trained now, empty without one. A search
// here has no single candidate: many are trained at a time.
func (p *pages) candidate(context.Context, int) (any, error) { return p.current(), nil }

func (p *pages) current() *canon.Object {
	r, ok := p.searching()
	if !ok || r.Rounds == 0 {
		return canon.NewObject()
	}
	return canon.NewObject("domain_id", r.domain.ID, "generation", r.Generation, "total_eval", r.Evaluations, "stage", int64(1), "total_stages", int64(1),
		"fitness", value(r.Best), "champion_fitness", performance(p.n.loop.View(), r.domain.ID), "metrics", objectOrNil(r.Metrics))
}

// training is the progress of the search under way. Epochs are the worker's own affair and not told.
func (p *pages) training(context.Context, int) (any, error) {
	o := canon.NewObject("active", false, "domain_id", "", "round", int64(0), "stage", int64(0), "total_stages", int64(0), "epoch", int64(0),
		"total_epochs", int64(0), "train_loss", nil, "val_loss", nil, "train_mae", nil, "val_mae", nil, "started_at", int64(0), "candidate_params", nil)
	if r, ok := p.searching(); ok {
		o.Set("active", true).Set("domain_id", r.domain.ID).Set("round", r.Rounds).Set("stage", int64(1)).Set("total_stages", int64(1)).
			Set("started_at", float64(p.started.UnixMicro())/1e6)
		for _, key := range []string{"train_mae", "val_mae"} {
			v, _ := r.Metrics.Get(key)
			o.Set(key, v)
		}
	}
	return o, nil
}

// history is how many candidates the searches have trained, in earlier lives too.
func (p *pages) history() *canon.Object {
	total, domains := int64(0), canon.NewObject()
	for i := range p.n.cfg.Domains {
		id := p.n.cfg.Domains[i].ID
		if s, ok := p.n.stack.Search(id); ok {
			total += s.Evaluations
			domains.Set(id, canon.NewObject("candidate_evaluations", s.Evaluations, "rounds", s.Rounds, "best_performance", value(s.Best)))
		}
	}
	return canon.NewObject("candidate_evaluations_total", total, "domains", domains)
}

// rate is how many candidates were trained in an hour since the first call, 0 at that.
func (p *pages) rate(total int64) float64 {
	p.rateMu.Lock()
	defer p.rateMu.Unlock()
	now := p.n.now()
	if p.counted.IsZero() {
		p.counted, p.count = now, total
	}
	took := now.Sub(p.counted)
	if took < time.Second {
		return 0
	}
	return float64(total-p.count) / took.Hours()
}

// progress is a domain's line of /api/optimization. The sizes are those of the file, else what the reference shows for a domain
// without them.
func (p *pages) progress(d *config.Domain, view *engine.View, champions map[string]champion) *canon.Object {
	params, target := any(nil), any(nil)
	v := view.Domains[d.ID]
	s, _ := p.n.stack.Search(d.ID)
	if v.Parameters != nil {
		params = canon.NewObject("_param_count", int64(v.Parameters.Len()))
	}
	converged := s.Converged
	if t := d.Target.Performance(); t != nil {
		target = *t
		converged = converged || v.Measured != nil && (d.HigherIsBetter && *v.Measured >= *t || !d.HigherIsBetter && *v.Measured <= *t)
	}
	size := func(name string, otherwise int64) int64 {
		if n, err := d.OptimizationConfig.IntOr(name, otherwise); err == nil {
			return n
		}
		return otherwise
	}
	generations := size("n_generations", 20)
	kind := d.MetricType
	if kind == "" {
		kind = "regression"
	}
	o := canon.NewObject("domain_id", d.ID, "round", s.Rounds, "best_performance", performance(view, d.ID), "best_params", params,
		"target_performance", target, "converged", converged)
	c, known := champions[d.ID]
	switch {
	case known && (v.Best == nil || !p.better(d.ID, *v.Best, c.value)):
		o.Set("champion", championLine(canon.NewObject("source", "blockchain", "block_index", c.block), c.payload))
	case v.Best != nil:
		o.Set("champion", championLine(canon.NewObject("source", "local", "round", s.Rounds), v.Metrics))
	}
	return o.Set("n_generations", generations).Set("optimization_patience", size("optimization_patience", 0)).
		Set("population_size", size("population_size", 20)).Set("total_stages", int64(1)).Set("n_generations_stage", generations).
		Set("stage_generations", []any{generations}).Set("metric_type", kind).Set("campaign_progress", canon.NewObject())
}

// championLine adds what was measured of a champion.
func championLine(o, measured *canon.Object) *canon.Object {
	for _, key := range append(errorKeys[:len(errorKeys):len(errorKeys)], "metric_evidence") {
		v, _ := measured.Get(key)
		o.Set(key, v)
	}
	return o
}

// value is a number of an answer, null where it is unknown.
func value(f *float64) any {
	if f == nil {
		return nil
	}
	return *f
}

func objectOrNil(o *canon.Object) any {
	if o == nil {
		return nil
	}
	return o
}
