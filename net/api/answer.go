package api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"doin.network/node/internal/canon"
)

// problem is an error with the answer it gets.
type problem struct {
	status int
	body   *canon.Object
}

func (p *problem) Error() string { return fmt.Sprintf("api: %d %s", p.status, canon.Default(p.body)) }

// bad is a 400 with the detail that the specification lists and, where there is
// more to say, a reason.
func bad(detail string, err error) error {
	if err == nil {
		return &problem{fasthttp.StatusBadRequest, refusalBody(detail, "")}
	}
	return &problem{fasthttp.StatusBadRequest, refusalBody(detail, err.Error())}
}

func status(code int, detail string, err error) error {
	p := bad(detail, err).(*problem)
	p.status = code
	return p
}

// plainError is the form of the statistics' errors.
func plainError(code int, text string) error {
	return &problem{code, canon.NewObject("error", text)}
}

func refusalBody(detail, reason string) *canon.Object {
	o := canon.NewObject("status", "error", "detail", detail)
	if reason != "" {
		o.Set("reason", clip(reason))
	}
	return o
}

// clip bounds what of a request is repeated in an answer.
func clip(s string) string {
	const most = 300
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "?")
}

// fail answers an error.
func (a *API) fail(rc *fasthttp.RequestCtx, err error) {
	var p *problem
	switch {
	case errors.As(err, &p):
		writeJSON(rc, p.status, p.body)
	case errors.Is(err, ErrInvalid):
		writeJSON(rc, fasthttp.StatusBadRequest, refusalBody("invalid request", err.Error()))
	case errors.Is(err, ErrForbidden):
		writeJSON(rc, fasthttp.StatusForbidden, refusalBody("forbidden", err.Error()))
	case errors.Is(err, ErrBusy):
		unavailable(rc, "busy", err.Error())
	case errors.Is(err, context.DeadlineExceeded):
		unavailable(rc, "timeout", "the node did not answer in time")
	case errors.Is(err, context.Canceled):
		unavailable(rc, "shutting down", "")
	default:
		a.cfg.Log.Error("request failed", "method", string(rc.Method()), "path", string(rc.Path()), "err", err)
		rc.Response.Reset()
		writeText(rc, fasthttp.StatusInternalServerError, "500 Internal Server Error")
		rc.SetConnectionClose()
	}
}

func unavailable(rc *fasthttp.RequestCtx, detail, reason string) {
	rc.Response.Header.Set("Retry-After", "1")
	writeJSON(rc, fasthttp.StatusServiceUnavailable, refusalBody(detail, reason))
}

const contentJSON = "application/json; charset=utf-8"

func writeJSON(rc *fasthttp.RequestCtx, status int, v any) {
	writeBody(rc, status, contentJSON, canon.Default(v))
}

func writeText(rc *fasthttp.RequestCtx, status int, s string) {
	writeBody(rc, status, "text/plain; charset=utf-8", []byte(s))
}

// writeBody answers with body, which is not copied and must not change until the
// request has been answered.
func writeBody(rc *fasthttp.RequestCtx, status int, contentType string, body []byte) {
	rc.SetStatusCode(status)
	rc.SetContentType(contentType)
	rc.Response.SetBodyRaw(body)
}

// queryInt reads an integer parameter; absent is def.
func queryInt(rc *fasthttp.RequestCtx, name string, def int64) (int64, error) {
	if !rc.QueryArgs().Has(name) {
		return def, nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(rc.QueryArgs().Peek(name))), 10, 64)
	if err != nil {
		return 0, bad(name+" must be an integer", nil)
	}
	return n, nil
}

const maxLimit = 10_000

// queryLimit reads a limit: not negative, clamped to maxLimit.
func queryLimit(rc *fasthttp.RequestCtx, def int64) (int, error) {
	n, err := queryInt(rc, "limit", def)
	if err != nil {
		return 0, err
	}
	if n < 0 {
		return 0, bad("limit must not be negative", nil)
	}
	return int(min(n, maxLimit)), nil
}

func queryText(rc *fasthttp.RequestCtx, name string) string {
	return strings.ToValidUTF8(string(rc.QueryArgs().Peek(name)), "�")
}

// bodyObject parses the body; detail is the answer's where it is no object.
func bodyObject(rc *fasthttp.RequestCtx, detail string) (*canon.Object, error) {
	o, err := canon.ParseObject(rc.PostBody())
	if err != nil {
		return nil, bad(detail, err)
	}
	return o, nil
}

// required reads a non-empty text member.
func required(o *canon.Object, key, detail string) (string, error) {
	s, err := o.String(key)
	if err == nil && s == "" {
		err = fmt.Errorf("%s is empty", key)
	}
	if err == nil && len(s) > maxName {
		err = fmt.Errorf("%s is longer than %d bytes", key, maxName)
	}
	if err != nil {
		return "", bad(detail, err)
	}
	return s, nil
}

const maxName = 256

// queryOrBodyNumber reads a number from the body or, failing that, the query.
func queryOrBodyNumber(rc *fasthttp.RequestCtx, o *canon.Object, key string, def float64) (float64, error) {
	v, ok := o.Get(key)
	if !ok {
		if !rc.QueryArgs().Has(key) {
			return def, nil
		}
		v = string(rc.QueryArgs().Peek(key))
	}
	f, err := canon.AsFloat(v)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, bad(key+" must be a number", nil)
	}
	return f, nil
}

func list(rows []*canon.Object) []any {
	out := make([]any, len(rows))
	for i, r := range rows {
		out[i] = r
	}
	return out
}
