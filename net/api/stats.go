package api

import (
	"context"
	"errors"

	"github.com/valyala/fasthttp"

	"doin.network/node/internal/canon"
)

// stats answers GET /stats?domain.
func (a *API) stats(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	all, err := a.parts.Stats.Summaries(ctx)
	if err != nil {
		return err
	}
	rows, err := a.parts.Stats.ExperimentSummaries(ctx)
	if errors.Is(err, ErrDisabled) {
		rows, err = nil, nil
	}
	if err != nil {
		return err
	}
	source := all
	if domain := queryText(rc, "domain"); domain != "" {
		if source, err = all.ObjectOr(domain, canon.NewObject()); err != nil {
			return err
		}
	}
	o := canon.NewObject()
	for k, v := range source.All() {
		o.Set(k, v)
	}
	writeJSON(rc, fasthttp.StatusOK, o.Set("olap_summaries", list(rows)))
	return nil
}

// statsExperiments answers GET /stats/experiments.
func (a *API) statsExperiments(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	experiments, err := a.parts.Stats.Experiments(ctx)
	if err != nil {
		return recording(err)
	}
	summaries, err := a.parts.Stats.ExperimentSummaries(ctx)
	if err != nil {
		return recording(err)
	}
	writeJSON(rc, fasthttp.StatusOK,
		canon.NewObject("experiments", list(experiments), "summaries", list(summaries)))
	return nil
}

// statsRounds answers GET /stats/rounds?experiment_id&limit.
func (a *API) statsRounds(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	return ofExperiment(ctx, rc, "rounds", a.parts.Stats.Rounds)
}

// statsClaims answers GET /stats/claims?experiment_id&limit.
func (a *API) statsClaims(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	return ofExperiment(ctx, rc, "claims", a.parts.Stats.Claims)
}

// ofExperiment answers with the rows of an experiment, as a list called name.
func ofExperiment(ctx context.Context, rc *fasthttp.RequestCtx, name string,
	rows func(ctx context.Context, experimentID string, limit int) ([]*canon.Object, error)) error {
	id := queryText(rc, "experiment_id")
	if id == "" {
		return plainError(fasthttp.StatusBadRequest, "experiment_id required")
	}
	limit, err := queryLimit(rc, 1000)
	if err != nil {
		return err
	}
	found, err := rows(ctx, id, limit)
	if err != nil {
		return recording(err)
	}
	writeJSON(rc, fasthttp.StatusOK, canon.NewObject(name, list(found)))
	return nil
}

// statsChainMetrics answers GET /stats/chain-metrics?domain_id.
func (a *API) statsChainMetrics(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	rows, err := a.parts.Stats.ChainMetrics(ctx, queryText(rc, "domain_id"))
	if err != nil {
		return recording(err)
	}
	writeJSON(rc, fasthttp.StatusOK,
		canon.NewObject("metrics", list(rows), "count", int64(len(rows))))
	return nil
}

// recording turns ErrDisabled into its answer.
func recording(err error) error {
	if errors.Is(err, ErrDisabled) {
		return plainError(fasthttp.StatusNotFound, "OLAP not enabled")
	}
	return err
}
