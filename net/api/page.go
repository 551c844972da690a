package api

import (
	"context"

	"github.com/valyala/fasthttp"
)

// Page is an endpoint that belongs to one profile.
type Page struct {
	// Method is "GET" or "POST"; a body is not looked at. Path is the whole path.
	Method, Path string
	// Answer returns the status and the body: a []byte is HTML, everything else is shown as JSON. limit is the query's, or what
	// stands in Limit.
	Answer func(ctx context.Context, limit int) (status int, body any, err error)
	// Limit is the limit of a query without one.
	Limit int
}

// page answers a request for p.
func (p Page) page(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	limit, err := queryLimit(rc, int64(p.Limit))
	if err != nil {
		return err
	}
	status, body, err := p.Answer(ctx, limit)
	if err != nil {
		return err
	}
	if html, ok := body.([]byte); ok {
		writeBody(rc, status, "text/html; charset=utf-8", html)
		return nil
	}
	writeJSON(rc, status, body)
	return nil
}
