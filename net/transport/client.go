package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"doin.network/node/internal/canon"
)

// Client makes bounded HTTP exchanges with peers. It is safe for concurrent
// use. Close it to end every exchange and connection at once.
type Client struct {
	cfg   ClientConfig
	http  *fasthttp.Client
	slots chan struct{}
	wg    sync.WaitGroup

	mu     sync.Mutex
	closed bool
	conns  map[*clientConn]struct{}
	done   chan struct{}
}

// NewClient returns a client. It panics when cfg is not valid: call
// cfg.Validate first where the values come from outside.
func NewClient(cfg ClientConfig) *Client {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	c := &Client{
		cfg:   cfg,
		slots: make(chan struct{}, cfg.MaxInFlight),
		conns: make(map[*clientConn]struct{}),
		done:  make(chan struct{}),
	}
	c.http = &fasthttp.Client{
		Name:                cfg.Name,
		DialTimeout:         c.dial,
		MaxConnsPerHost:     cfg.MaxConnsPerHost,
		MaxConnWaitTimeout:  cfg.Timeout,
		MaxIdleConnDuration: cfg.IdleTimeout,
		MaxResponseBodySize: cfg.MaxResponseBytes,
		ReadTimeout:         cfg.Timeout,
		WriteTimeout:        cfg.Timeout,
		ReadBufferSize:      8 << 10,
		// One more attempt where a kept connection had been closed by the
		// other side. Our POSTs are flooded messages, which are deduplicated,
		// so repeating one does no harm.
		MaxIdemponentCallAttempts: 2,
		RetryIfErr: func(_ *fasthttp.Request, attempts int, _ error) (bool, bool) {
			return false, attempts < 2
		},
	}
	return c
}

// Get asks endpoint ("host:port") for path, query included, and returns the
// status and a body the caller owns.
func (c *Client) Get(ctx context.Context, endpoint, path string) (status int, body []byte, err error) {
	return c.do(ctx, fasthttp.MethodGet, endpoint, path, nil)
}

// Post sends body as application/json. It retains body until the exchange has
// ended, which may be after Post returned early because ctx ended; do not
// change it.
func (c *Client) Post(ctx context.Context, endpoint, path string, body []byte) (status int, answer []byte, err error) {
	return c.do(ctx, fasthttp.MethodPost, endpoint, path, body)
}

// GetJSON is Get for a JSON object. A status other than 200 is a *StatusError.
func (c *Client) GetJSON(ctx context.Context, endpoint, path string) (*canon.Object, error) {
	status, body, err := c.Get(ctx, endpoint, path)
	return c.object(endpoint, path, status, body, err)
}

// PostJSON is Post of a JSON text for a JSON object. A status other than 200 is
// a *StatusError.
func (c *Client) PostJSON(ctx context.Context, endpoint, path string, body []byte) (*canon.Object, error) {
	status, answer, err := c.Post(ctx, endpoint, path, body)
	return c.object(endpoint, path, status, answer, err)
}

// PostMessage posts body to the endpoint's /message. Success is status 200.
func (c *Client) PostMessage(ctx context.Context, endpoint string, body []byte) error {
	status, answer, err := c.Post(ctx, endpoint, "/message", body)
	if err != nil {
		return err
	}
	if status != fasthttp.StatusOK {
		return statusError(endpoint, "/message", status, answer)
	}
	return nil
}

func (c *Client) object(endpoint, path string, status int, body []byte, err error) (*canon.Object, error) {
	if err != nil {
		return nil, err
	}
	if status != fasthttp.StatusOK {
		return nil, statusError(endpoint, path, status, body)
	}
	if n := canon.Values(body); c.cfg.MaxResponseValues > 0 && n > c.cfg.MaxResponseValues {
		return nil, fmt.Errorf("answer of %s%s: %w: %d values, at most %d", endpoint, path, ErrResponseTooLarge, n, c.cfg.MaxResponseValues)
	}
	o, err := canon.ParseObject(body)
	if err != nil {
		return nil, fmt.Errorf("answer of %s%s: %w", endpoint, path, err)
	}
	return o, nil
}

func statusError(endpoint, path string, status int, body []byte) error {
	return &StatusError{URL: endpoint + path, Status: status, Body: string(body[:min(len(body), 200)])}
}

// Close ends every running exchange with an error, closes every connection and
// returns when nothing of the client runs any more. Exchanges begun later fail
// with ErrClosed.
func (c *Client) Close() {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.done)
	}
	conns := make([]*clientConn, 0, len(c.conns))
	for k := range c.conns {
		conns = append(conns, k)
	}
	c.mu.Unlock()
	for _, k := range conns {
		_ = k.Close()
	}
	c.wg.Wait()
	c.http.CloseIdleConnections()
}

type exchange struct {
	status int
	body   []byte
	err    error
}

func (c *Client) do(ctx context.Context, method, endpoint, path string, body []byte) (int, []byte, error) {
	deadline := time.Now().Add(c.cfg.Timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	if err := c.acquire(ctx, deadline); err != nil {
		return 0, nil, fmt.Errorf("%s %s%s: %w", method, endpoint, path, err)
	}
	result := make(chan exchange, 1)
	go func() {
		defer c.wg.Done()
		defer func() { <-c.slots }()
		result <- c.exchange(method, endpoint, path, body, deadline)
	}()
	select {
	case x := <-result:
		if x.err != nil {
			return 0, nil, fmt.Errorf("%s %s%s: %w", method, endpoint, path, c.classify(ctx, x.err))
		}
		return x.status, x.body, nil
	case <-ctx.Done():
		// The exchange ends by its own deadline or by Close.
		return 0, nil, fmt.Errorf("%s %s%s: %w", method, endpoint, path, ctx.Err())
	}
}

// acquire takes a slot and registers the exchange with the wait group.
func (c *Client) acquire(ctx context.Context, deadline time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t := time.NewTimer(time.Until(deadline))
	defer t.Stop()
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done:
		return ErrClosed
	case <-t.C:
		return ErrBusy
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		<-c.slots
		return ErrClosed
	}
	c.wg.Add(1)
	return nil
}

func (c *Client) exchange(method, endpoint, path string, body []byte, deadline time.Time) exchange {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.SetRequestURI("http://" + endpoint + path)
	req.Header.SetMethod(method)
	if body != nil {
		req.Header.SetContentType("application/json")
		req.SetBodyRaw(body)
	}
	if err := c.http.DoDeadline(req, resp, deadline); err != nil {
		return exchange{err: err}
	}
	return exchange{status: resp.StatusCode(), body: resp.SwapBody(nil)} // and no pool keeps what was large once
}

func (c *Client) classify(ctx context.Context, err error) error {
	select {
	case <-c.done:
		return ErrClosed
	default:
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var ne net.Error
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return fmt.Errorf("%w: limit is %d bytes", ErrResponseTooLarge, c.cfg.MaxResponseBytes)
	case errors.Is(err, fasthttp.ErrTimeout), errors.As(err, &ne) && ne.Timeout():
		return ErrTimeout
	case errors.Is(err, fasthttp.ErrNoFreeConns):
		return ErrBusy
	}
	return err
}

// clientConn forgets itself on Close, so that Client.Close can end them all.
type clientConn struct {
	net.Conn
	owner *Client
}

// Close closes the connection.
func (k *clientConn) Close() error {
	k.owner.mu.Lock()
	delete(k.owner.conns, k)
	k.owner.mu.Unlock()
	return k.Conn.Close()
}

func (c *Client) connect(ctx context.Context, addr string) (net.Conn, error) {
	if c.cfg.Dial != nil {
		return c.cfg.Dial(ctx, addr)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", addr)
}

func (c *Client) dial(addr string, timeout time.Duration) (net.Conn, error) {
	if timeout <= 0 || timeout > c.cfg.DialTimeout {
		timeout = c.cfg.DialTimeout
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	go func() {
		select {
		case <-c.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	nc, err := c.connect(ctx, addr)
	if err != nil {
		return nil, err
	}
	k := &clientConn{Conn: nc, owner: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = nc.Close()
		return nil, ErrClosed
	}
	c.conns[k] = struct{}{}
	return k, nil
}
