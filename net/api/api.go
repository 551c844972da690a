package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"doin.network/node/internal/canon"
)

// Config describes one node's API. The zero value is not usable; start from
// DefaultConfig.
type Config struct {
	// Port is the listening port, shown by /health.
	Port int
	// Network is the network id, shown by /chain/status; claims and votes are
	// verified against it.
	Network string
	// Strict is the strict profile: votes and claims must be signed. Default true.
	Strict bool
	// ComponentVersions is shown by /chain/status where it is not nil.
	ComponentVersions *canon.Object
	// Timeout bounds a request; /inference adds what it waits. Default 10 s.
	Timeout time.Duration
	// ExportTimeout bounds the making of the copy that /stats/export serves.
	// Default 60 s.
	ExportTimeout time.Duration
	// MaxBlocksBytes is about where an answer of /chain/blocks is cut to fewer
	// blocks, at least one. Default 4 MiB.
	MaxBlocksBytes int
	// CacheBytes bounds the encoded pages of blocks that are kept while the tip
	// stands. Default 16 MiB.
	CacheBytes int
	// MaxMessageBytes is the largest body of /message and /tasks/complete; all
	// others may have 64 KiB. Default 512 KiB.
	MaxMessageBytes int
	// BudgetBytes bounds what all bodies together, read and parsed, may take at
	// one time. Default 96 MiB, min 1 MiB.
	BudgetBytes int64
	// Token is what a client elsewhere shows in "Authorization: Bearer …" to
	// have its forecasts free; default "", nobody.
	Token string
	// Offence, when set, is told of an address whose body was refused: it was no
	// request that this API knows, or not signed as it must be. Messages are
	// their own part's business. It must not block.
	Offence func(host string)
	// Observe, when set, is told how long an answer took; route is the endpoint's
	// pattern, "" for paths that are none. It must not block.
	Observe func(route string, took time.Duration)
	// Pages are the profile's own endpoints.
	Pages []Page
	// Log receives what ends in a 500. Default, and where it is nil: discarded.
	Log *slog.Logger
}

// DefaultConfig returns the defaults named at each field, for the strict
// profile. Port and Network have none.
func DefaultConfig() Config {
	return Config{
		Strict: true, Timeout: 10 * time.Second, ExportTimeout: 60 * time.Second,
		MaxBlocksBytes: 4 << 20, CacheBytes: 16 << 20,
		MaxMessageBytes: 512 << 10, BudgetBytes: 96 << 20, Log: slog.New(slog.DiscardHandler),
	}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	if c.Port < 1 || c.Port > 65535 {
		errs = append(errs, fmt.Errorf("api: port %d: must be in [1, 65535]", c.Port))
	}
	for _, n := range []struct {
		name string
		v    int64
	}{
		{"timeout", int64(c.Timeout)}, {"export timeout", int64(c.ExportTimeout)},
		{"max blocks bytes", int64(c.MaxBlocksBytes)}, {"cache bytes", int64(c.CacheBytes)},
		{"max message bytes", int64(c.MaxMessageBytes)}, {"budget bytes", c.BudgetBytes >> 20},
	} {
		if n.v <= 0 {
			errs = append(errs, fmt.Errorf("api: %s %d: must be positive", n.name, n.v))
		}
	}
	return errors.Join(errs...)
}

// API serves the endpoints. It is safe for concurrent use.
type API struct {
	cfg    Config
	parts  Parts
	routes []*route
	// healthy are the answers of /health, by status; state and pages those that stay
	// right for as long as the tip does.
	healthy map[string][]byte
	state   tipCache
	pages   pageCache
	// making bounds the pages that are made at one time; who asks for one that is
	// kept does not wait.
	making chan struct{}
	// exports bounds the copies of the database that exist at one time.
	exports downloads
	// files bounds the files of the network that are sent at one time.
	files downloads
	// strangers bounds the forecasts that strangers wait for.
	strangers chan struct{}
	// bodies bounds what is parsed at one time.
	bodies *budget

	mu     sync.Mutex
	counts map[Count]uint64
}

// Count names one counter of requests.
type Count struct {
	// Route is the endpoint's pattern, "" for paths that are none.
	Route string
	// Status is the HTTP status answered.
	Status int
}

// New returns an API over parts. It reports every problem at once.
func New(cfg Config, parts Parts) (*API, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	errs := []error{cfg.Validate()}
	for _, p := range []struct {
		name    string
		missing bool
	}{
		{"node", parts.Node == nil}, {"chain", parts.Chain == nil}, {"tasks", parts.Tasks == nil},
		{"inference", parts.Inference == nil}, {"stats", parts.Stats == nil},
		{"peers", parts.Peers == nil}, {"flood", parts.Flood == nil},
	} {
		if p.missing {
			errs = append(errs, fmt.Errorf("api: no %s", p.name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	a := &API{cfg: cfg, parts: parts, counts: make(map[Count]uint64), making: make(chan struct{}, fewPages), strangers: make(chan struct{}, someStrangers), bodies: newBudget(cfg.BudgetBytes)}
	a.pages.max = cfg.CacheBytes
	a.healthy = healthAnswers(cfg.Port)
	a.routes = a.table()
	return a, nil
}

// Counts returns the number of requests answered, by route and status.
func (a *API) Counts() map[Count]uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make(map[Count]uint64, len(a.counts))
	for k, v := range a.counts {
		out[k] = v
	}
	return out
}

// Serve answers one request; it is a transport.Handler.
func (a *API) Serve(ctx context.Context, rc *fasthttp.RequestCtx) {
	began := time.Now()
	r, arg, allow := a.match(string(rc.Method()), string(rc.Path()))
	name := ""
	if r != nil {
		name = r.path
	}
	switch {
	case r != nil:
		a.run(ctx, rc, r, arg)
	case allow != "":
		rc.Response.Header.Set("Allow", allow)
		writeText(rc, fasthttp.StatusMethodNotAllowed, "405: Method Not Allowed")
	default:
		writeText(rc, fasthttp.StatusNotFound, "404: Not Found")
	}
	a.count(name, rc.Response.StatusCode())
	if a.cfg.Observe != nil {
		a.cfg.Observe(name, time.Since(began))
	}
}

// TooLarge answers a request whose body is above limit: 413, but the usual 400
// of /message. It is a transport.TooLargeHandler.
func (a *API) TooLarge(rc *fasthttp.RequestCtx, limit int) {
	why := fmt.Sprintf("too_large: body above %d bytes", limit)
	route := ""
	if path := string(rc.Path()); path == "/message" {
		route = path
		writeJSON(rc, fasthttp.StatusBadRequest, refusalBody("invalid message", why))
	} else {
		writeJSON(rc, fasthttp.StatusRequestEntityTooLarge, refusalBody("request body too large", why))
	}
	a.count(route, rc.Response.StatusCode())
}

func (a *API) count(route string, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.counts[Count{Route: route, Status: status}]++
}

// run performs a route within its bounds and answers its error.
func (a *API) run(ctx context.Context, rc *fasthttp.RequestCtx, r *route, arg string) {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	default:
		a.fail(rc, fmt.Errorf("%w: too many requests to %s", ErrBusy, r.path))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	err := a.within(ctx, rc, func() error { return r.do(ctx, rc, arg) })
	if err != nil {
		a.fail(rc, err)
	}
	switch rc.Response.StatusCode() {
	case fasthttp.StatusBadRequest, fasthttp.StatusForbidden, fasthttp.StatusRequestEntityTooLarge:
		if a.cfg.Offence != nil && r.method == fasthttp.MethodPost && !r.scored {
			a.cfg.Offence(remote(rc))
		}
	}
}

// within answers a request while it holds its part of the budget for bodies.
func (a *API) within(ctx context.Context, rc *fasthttp.RequestCtx, answer func() error) error {
	if body := rc.Request.Body(); len(body) > 0 {
		release, err := a.bodies.take(ctx, remote(rc), body)
		if err != nil {
			return err
		}
		defer release()
	}
	return answer()
}

// BodyLimit returns the largest body of a request; see transport.ServerConfig.
func (a *API) BodyLimit(method, path []byte) int {
	for _, r := range a.routes {
		if r.body > 0 && r.path == string(path) && r.method == string(method) {
			return r.body
		}
	}
	return smallBody
}

// match finds the route of a request. Without one, allow lists the methods that
// the path has, "" where there is no such path.
func (a *API) match(method, path string) (r *route, arg, allow string) {
	if method == fasthttp.MethodHead {
		method = fasthttp.MethodGet
	}
	var methods []string
	exact := false
	for _, c := range a.routes {
		rest, ok := c.matches(path)
		if !ok || (exact && c.prefix) {
			continue // an exact path is not also an id
		}
		exact = exact || !c.prefix
		if c.method == method {
			return c, rest, ""
		}
		if c.method == fasthttp.MethodGet {
			methods = append(methods, "GET", "HEAD")
		} else {
			methods = append(methods, c.method)
		}
	}
	return nil, "", strings.Join(methods, ",")
}

// remote returns the address of the caller without port.
func remote(rc *fasthttp.RequestCtx) string {
	if t, ok := rc.RemoteAddr().(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap().String()
	}
	return rc.RemoteIP().String()
}
