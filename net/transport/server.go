package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// Handler answers one request. ctx ends when the server begins to shut down;
// rc and every byte slice taken from it are valid only until the handler
// returns: copy what you keep.
type Handler func(ctx context.Context, rc *fasthttp.RequestCtx)

// TooLargeHandler answers a request whose body is above limit bytes. The body
// is not available; path and method are.
type TooLargeHandler func(rc *fasthttp.RequestCtx, limit int)

// Server serves one handler on one listener. It is used once.
type Server struct {
	cfg     ServerConfig
	handler Handler
	log     *slog.Logger

	mu       sync.Mutex
	inFlight int
	idle     chan struct{} // closed when draining and inFlight is 0
	draining bool
	panics   uint64
	limit    *limiter
}

// ServerStats are counters since Run started.
type ServerStats struct {
	// Open is the number of open connections now.
	Open int
	// InFlight is the number of handlers running now.
	InFlight int
	// Refused counts connections refused by the limits.
	Refused uint64
	// Panics counts handlers that panicked.
	Panics uint64
}

// NewServer returns a server for handler. It panics when cfg is not valid: call
// cfg.Validate first where the values come from outside.
func NewServer(cfg ServerConfig, handler Handler) *Server {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Server{cfg: cfg, handler: handler, log: log, idle: make(chan struct{})}
}

// Run serves ln until ctx ends or the listener fails, then stops accepting,
// lets running requests finish for ShutdownTimeout, closes what is left and
// returns after everything it started has ended. It closes ln. It returns nil
// after an orderly end, ErrStuck when a handler ignored the end of its context.
func (s *Server) Run(ctx context.Context, ln net.Listener) error {
	limit := newLimiter(ln, s.cfg.MaxConns, s.cfg.MaxConnsPerIP, s.cfg.Refuse)
	limit.maxHeld, limit.maxOwed, limit.stall = int64(s.cfg.HeldBytes), int64(s.cfg.OwedBytes), s.cfg.WriteTimeout
	s.mu.Lock()
	s.limit = limit
	s.mu.Unlock()

	base, cancel := context.WithCancel(ctx)
	defer cancel()
	fs := s.fasthttp(base)

	served := make(chan error, 1)
	go func() { served <- fs.Serve(limit) }()

	var err error
	select {
	case err = <-served:
		_ = ln.Close()
		if err != nil {
			err = fmt.Errorf("serve %s: %w", ln.Addr(), err)
		}
		served = nil
	case <-ctx.Done():
	}
	cancel()

	stop, release := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.ShutdownTimeout)
	defer release()
	if e := fs.ShutdownWithContext(stop); e != nil && !errors.Is(e, context.DeadlineExceeded) && !errors.Is(e, net.ErrClosed) {
		err = errors.Join(err, fmt.Errorf("shut down: %w", e))
	}
	_ = ln.Close() // Shutdown knows no listener if it came before Serve
	limit.closeAll()
	if served != nil {
		if e := <-served; e != nil && !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, fmt.Errorf("serve %s: %w", ln.Addr(), e))
		}
	}
	return errors.Join(err, s.drain())
}

// Stats returns the counters.
func (s *Server) Stats() ServerStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := ServerStats{InFlight: s.inFlight, Panics: s.panics}
	if s.limit != nil {
		st.Open, st.Refused = s.limit.counts()
	}
	return st
}

// drain waits, at most a second more, for handlers that are still running.
func (s *Server) drain() error {
	s.mu.Lock()
	s.draining = true
	n := s.inFlight
	if n == 0 {
		s.mu.Unlock()
		return nil
	}
	s.mu.Unlock()
	t := time.NewTimer(time.Second)
	defer t.Stop()
	select {
	case <-s.idle:
		return nil
	case <-t.C:
		return fmt.Errorf("transport: %w", ErrStuck)
	}
}

func (s *Server) fasthttp(base context.Context) *fasthttp.Server {
	return &fasthttp.Server{
		Name:                         s.cfg.Name,
		Handler:                      func(rc *fasthttp.RequestCtx) { s.serve(base, rc) },
		HeaderReceived:               s.header,
		ErrorHandler:                 s.refuse,
		ReadTimeout:                  s.cfg.ReadTimeout,
		WriteTimeout:                 s.cfg.WriteTimeout,
		IdleTimeout:                  s.cfg.IdleTimeout,
		MaxRequestBodySize:           s.cfg.MaxBodyBytes,
		ReadBufferSize:               s.cfg.MaxHeaderBytes,
		Concurrency:                  s.cfg.MaxConns + 16, // the listener's limit is the one that acts
		TCPKeepalive:                 false,               // net.ListenConfig enables it already
		DisablePreParseMultipartForm: true,
		SecureErrorLogMessage:        true,
		CloseOnShutdown:              true,
		NoDefaultContentType:         true,
		Logger:                       quiet{s.log},
	}
}

// header says how much of a request's body is read.
func (s *Server) header(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	uri := h.RequestURI()
	if i := bytes.IndexByte(uri, '?'); i >= 0 {
		uri = uri[:i]
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: s.bodyLimit(h.Method(), uri)}
}

func (s *Server) bodyLimit(method, path []byte) int {
	if s.cfg.BodyLimit != nil {
		if n := s.cfg.BodyLimit(method, path); n >= 1 && n <= s.cfg.MaxBodyBytes {
			return n
		}
	}
	return s.cfg.MaxBodyBytes
}

func (s *Server) serve(base context.Context, rc *fasthttp.RequestCtx) {
	s.mu.Lock()
	s.inFlight++
	s.mu.Unlock()
	defer s.done()
	if c, ok := rc.Conn().(*conn); ok {
		defer c.answered()
	}
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		s.mu.Lock()
		s.panics++
		s.mu.Unlock()
		s.log.Error("handler panicked", "method", string(rc.Method()), "path", string(rc.Path()),
			"panic", fmt.Sprint(v), "stack", string(debug.Stack()))
		rc.Response.Reset()
		text(rc, fasthttp.StatusInternalServerError, "500 Internal Server Error")
		rc.SetConnectionClose()
	}()
	defer s.owe(rc)
	if s.cfg.Refuse != nil && s.cfg.Refuse(hostOf(rc.RemoteAddr())) {
		text(rc, fasthttp.StatusForbidden, "403: this address is cut off for a while")
		rc.SetConnectionClose()
		return
	}
	s.handler(base, rc)
}

// owe books an answer that its client has to take, or refuses it where there is no room for it.
func (s *Server) owe(rc *fasthttp.RequestCtx) {
	c, ok := rc.Conn().(*conn)
	if !ok || rc.Response.IsBodyStream() {
		return
	}
	if c.owner.owe(c, int64(len(rc.Response.Body()))) {
		return
	}
	rc.Response.Reset()
	rc.Response.Header.Set("Retry-After", "1")
	text(rc, fasthttp.StatusServiceUnavailable, "503: too much of other answers to this address is under way")
	rc.SetConnectionClose()
}

func (s *Server) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inFlight--; s.inFlight == 0 && s.draining {
		close(s.idle)
		s.draining = false
	}
}

// refuse answers a request that could not be read.
func (s *Server) refuse(rc *fasthttp.RequestCtx, err error) {
	if c, ok := rc.Conn().(*conn); ok {
		c.linger.Store(true)
		c.answered()
	}
	if s.cfg.Offence != nil {
		s.cfg.Offence(hostOf(rc.RemoteAddr()))
	}
	var small *fasthttp.ErrSmallBuffer
	var ne net.Error
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		limit := s.bodyLimit(rc.Method(), rc.Path())
		if s.cfg.TooLarge != nil {
			s.cfg.TooLarge(rc, limit)
			return
		}
		text(rc, fasthttp.StatusRequestEntityTooLarge,
			fmt.Sprintf("413: request body larger than %d bytes", limit))
	case errors.As(err, &small):
		text(rc, fasthttp.StatusRequestHeaderFieldsTooLarge, "431: request header too large")
	case errors.As(err, &ne) && ne.Timeout():
		text(rc, fasthttp.StatusRequestTimeout, "408: request not received in time")
	default:
		text(rc, fasthttp.StatusBadRequest, "400: malformed request")
	}
}

func text(rc *fasthttp.RequestCtx, status int, body string) {
	rc.SetStatusCode(status)
	rc.SetContentType("text/plain; charset=utf-8")
	rc.SetBodyString(body)
}

// quiet turns fasthttp's printf logging (broken connections mostly) into debug
// records.
type quiet struct{ log *slog.Logger }

// Printf implements fasthttp.Logger.
func (q quiet) Printf(format string, args ...any) {
	q.log.Debug("http connection", "detail", fmt.Sprintf(format, args...))
}
