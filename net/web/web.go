package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// Web serves the dashboard. It is safe for concurrent use.
type Web struct {
	cfg    Config
	parts  Parts
	assets map[string]asset
	hub    hub
	// born makes entity tags of one start differ from those of another.
	born      string
	questions chan struct{}
}

// New returns a dashboard over parts. It reports every problem at once.
func New(cfg Config, parts Parts) (*Web, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	err := cfg.Validate()
	if parts.State == nil {
		err = errors.Join(err, errors.New("web: no state"))
	}
	if err != nil {
		return nil, err
	}
	w := &Web{cfg: cfg, parts: parts, questions: make(chan struct{}, cfg.MaxQuestions), born: strconv.FormatInt(time.Now().UnixNano(), 36)}
	w.hub.init()
	if w.assets, err = load(); err != nil {
		return nil, err
	}
	return w, nil
}

// Is reports whether a path is the dashboard's.
func Is(path string) bool {
	return path == "/" || path == "/events" || strings.HasPrefix(path, "/web/")
}

// Serve answers one request for a path that is the dashboard's; it is a transport.Handler.
func (w *Web) Serve(ctx context.Context, rc *fasthttp.RequestCtx) {
	h := &rc.Response.Header
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-cache")
	if status, why := w.refused(rc); why != "" {
		text(rc, status, why)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Timeout)
	stream := false
	defer func() {
		if !stream {
			cancel()
		}
	}()
	path := string(rc.Path())
	var err error
	switch name, data := strings.CutPrefix(path, "/web/data/"); {
	case path == "/events":
		stream = true
		cancel()
		err = w.events(rc)
	case data:
		err = w.view(ctx, rc, name)
	case path == "/web/state":
		err = w.state(ctx, rc)
	case path == "/web/evidence":
		err = w.evidence(ctx, rc)
	case path == "/web/log":
		err = w.log(rc)
	default:
		w.asset(rc, path)
	}
	if err != nil {
		w.fail(rc, err)
	}
}

// fail answers an error: as JSON, with the reason for people to read.
func (w *Web) fail(rc *fasthttp.RequestCtx, err error) {
	status := fasthttp.StatusInternalServerError
	switch {
	case errors.Is(err, ErrInvalid):
		status = fasthttp.StatusBadRequest
	case errors.Is(err, ErrNotFound):
		status = fasthttp.StatusNotFound
	case errors.Is(err, ErrBusy), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		status = fasthttp.StatusServiceUnavailable
		rc.Response.Header.Set("Retry-After", "1")
	default:
		w.cfg.Log.Error("dashboard request failed", "path", string(rc.Path()), "err", err)
		err = errors.New("something is wrong on the node: its log says what")
	}
	body, merr := json.Marshal(map[string]string{"error": strings.ToValidUTF8(err.Error(), "?")})
	if merr != nil {
		body = []byte("{}")
	}
	send(rc, status, contentJSON, body)
}

const (
	contentJSON    = "application/json; charset=utf-8"
	contentColumns = "application/octet-stream"
)

func send(rc *fasthttp.RequestCtx, status int, content string, body []byte) {
	rc.SetStatusCode(status)
	rc.SetContentType(content)
	rc.Response.SetBodyRaw(body)
}

func text(rc *fasthttp.RequestCtx, status int, why string) {
	send(rc, status, "text/plain; charset=utf-8", []byte(why+"\n"))
}

// same answers 304 where the client has what a tag names, and sets the tag.
func same(rc *fasthttp.RequestCtx, tag string) bool {
	rc.Response.Header.Set("ETag", tag)
	if string(rc.Request.Header.Peek("If-None-Match")) != tag {
		return false
	}
	rc.SetStatusCode(fasthttp.StatusNotModified)
	return true
}

// view answers GET /web/data/NAME?….
func (w *Web) view(ctx context.Context, rc *fasthttp.RequestCtx, name string) error {
	if w.parts.Data == nil {
		return fmt.Errorf("%w: nothing is recorded here", ErrNotFound)
	}
	if same(rc, fmt.Sprintf(`"%s-%d"`, w.born, w.parts.Data.Version())) {
		return nil
	}
	args, err := url.ParseQuery(string(rc.URI().QueryString()))
	if err != nil {
		return fmt.Errorf("%w: the query cannot be read", ErrInvalid)
	}
	select {
	case w.questions <- struct{}{}:
		defer func() { <-w.questions }()
	case <-ctx.Done():
		return fmt.Errorf("%w: too many questions at one time", ErrBusy)
	}
	a, err := w.parts.Data.Answer(ctx, name, args)
	if err != nil {
		rc.Response.Header.Del("ETag")
		return err
	}
	content := contentJSON
	if a.Binary {
		content = contentColumns
	}
	send(rc, fasthttp.StatusOK, content, a.Body)
	return nil
}

// state answers GET /web/state.
func (w *Web) state(ctx context.Context, rc *fasthttp.RequestCtx) error {
	body, err := w.parts.State.State(ctx)
	if err == nil {
		send(rc, fasthttp.StatusOK, contentJSON, body)
	}
	return err
}

// evidence answers GET /web/evidence?domain.
func (w *Web) evidence(ctx context.Context, rc *fasthttp.RequestCtx) error {
	if w.parts.Evidence == nil {
		return fmt.Errorf("%w: no champion can be asked here", ErrNotFound)
	}
	body, err := w.parts.Evidence.Evidence(ctx, strings.ToValidUTF8(string(rc.QueryArgs().Peek("domain")), "?"))
	if err == nil {
		send(rc, fasthttp.StatusOK, contentJSON, body)
	}
	return err
}

// log answers GET /web/log?after: the newest lines, or those after a number.
func (w *Web) log(rc *fasthttp.RequestCtx) error {
	if w.parts.Journal == nil {
		return fmt.Errorf("%w: no log is kept here", ErrNotFound)
	}
	after := int64(0)
	if v := rc.QueryArgs().Peek("after"); len(v) > 0 {
		n, err := strconv.ParseInt(string(v), 10, 64)
		if err != nil {
			return fmt.Errorf("%w: after must be an integer", ErrInvalid)
		}
		after = n
	}
	body, err := json.Marshal(map[string]any{"lines": w.parts.Journal.After(after)})
	if err == nil {
		send(rc, fasthttp.StatusOK, contentJSON, body)
	}
	return err
}
