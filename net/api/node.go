package api

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"doin.network/node/internal/canon"
)

// status answers GET /status.
func (a *API) status(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	s, err := a.parts.Node.Status(ctx)
	if err != nil {
		return err
	}
	writeJSON(rc, fasthttp.StatusOK, s.Object())
	return nil
}

// peers answers GET /peers?challenge.
func (a *API) peers(_ context.Context, rc *fasthttp.RequestCtx, _ string) error {
	o, err := a.parts.Peers.PeersObject(queryText(rc, "challenge"))
	if err != nil {
		return bad("bad challenge", err)
	}
	writeJSON(rc, fasthttp.StatusOK, o)
	return nil
}

// fees answers GET /fees.
func (a *API) fees(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	f, err := a.parts.Node.Fees(ctx)
	if err != nil {
		return err
	}
	if f == nil {
		writeJSON(rc, fasthttp.StatusOK, canon.NewObject("enabled", false))
		return nil
	}
	writeJSON(rc, fasthttp.StatusOK, f.Object().Set("enabled", true))
	return nil
}

// message answers POST /message.
func (a *API) message(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	err := a.parts.Flood.Receive(ctx, remote(rc), rc.PostBody())
	if err == nil {
		writeJSON(rc, fasthttp.StatusOK, canon.NewObject("status", "ok"))
		return nil
	}
	var r interface {
		Status() int
		Reason() string
	}
	if !errors.As(err, &r) {
		return err
	}
	switch r.Status() {
	case fasthttp.StatusTooManyRequests:
		rc.Response.Header.Set("Retry-After", "1")
		writeJSON(rc, fasthttp.StatusTooManyRequests, refusalBody("too many messages", r.Reason()))
	case fasthttp.StatusForbidden:
		writeJSON(rc, fasthttp.StatusForbidden, refusalBody("cut off", r.Reason()))
		rc.SetConnectionClose()
	case fasthttp.StatusServiceUnavailable:
		unavailable(rc, "busy", r.Reason())
	default:
		writeJSON(rc, fasthttp.StatusBadRequest, refusalBody("invalid message", r.Reason()))
	}
	return nil
}

// metrics answers GET /metrics in the Prometheus text form.
func (a *API) metrics() func(context.Context, *fasthttp.RequestCtx, string) error {
	h := fasthttpadaptor.NewFastHTTPHandler(promhttp.HandlerFor(a.parts.Metrics, promhttp.HandlerOpts{
		DisableCompression: true,
	}))
	return func(_ context.Context, rc *fasthttp.RequestCtx, _ string) error {
		h(rc)
		return nil
	}
}
