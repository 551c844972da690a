package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// client returns a client of the defaults but for what edit changes.
func client(edit func(*ClientConfig)) *Client {
	cfg := DefaultClientConfig()
	edit(&cfg)
	return NewClient(cfg)
}

func TestClientConfig(t *testing.T) {
	err := (&ClientConfig{}).Validate()
	for _, want := range []string{"dial timeout", "idle timeout", "max response bytes", "max in flight", "max connections per host"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate() = %v, want it to name %q", err, want)
		}
	}
}

func TestClientJSON(t *testing.T) {
	addr, _ := start(t, DefaultServerConfig(), func(_ context.Context, rc *fasthttp.RequestCtx) {
		switch string(rc.Path()) {
		case "/echo":
			rc.SetBody(rc.PostBody())
		case "/list":
			rc.SetBodyString("[1]")
		case "/nan":
			rc.SetBodyString(`{"a": NaN}`)
		case "/query":
			rc.SetBodyString(`{"from": ` + string(rc.QueryArgs().Peek("from")) + `}`)
		default:
			rc.SetStatusCode(404)
			rc.SetBodyString("404: Not Found")
		}
	})
	c := NewClient(DefaultClientConfig())
	defer c.Close()

	o, err := c.PostJSON(t.Context(), addr, "/echo", []byte(`{"a": 1}`))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := o.Int("a"); n != 1 || err != nil {
		t.Errorf("echo: a = %d, %v", n, err)
	}
	if o, err = c.GetJSON(t.Context(), addr, "/query?from=7"); err != nil {
		t.Fatal(err)
	}
	if n, _ := o.Int("from"); n != 7 {
		t.Errorf("query: from = %d, want 7", n)
	}
	var se *StatusError
	_, err = c.GetJSON(t.Context(), addr, "/missing")
	if !errors.As(err, &se) || se.Status != 404 || !errors.Is(err, ErrStatus) {
		t.Errorf("missing: %v, want a StatusError of 404", err)
	}
	for _, path := range []string{"/list", "/nan", "/echo"} {
		if _, err := c.GetJSON(t.Context(), addr, path); err == nil {
			t.Errorf("%s: no error for a body that is not a finite JSON object", path)
		}
	}
}

func TestClientRefusesALargeResponse(t *testing.T) {
	addr, _ := start(t, DefaultServerConfig(), func(_ context.Context, rc *fasthttp.RequestCtx) {
		rc.SetBody(make([]byte, 5000))
	})
	c := client(func(c *ClientConfig) { c.MaxResponseBytes = 4000 })
	defer c.Close()
	if _, _, err := c.Get(t.Context(), addr, "/"); !errors.Is(err, ErrResponseTooLarge) {
		t.Errorf("Get() = %v, want ErrResponseTooLarge", err)
	}
}

// TestClientRefusesManyValues: an answer that is small to send and large to read is not parsed.
func TestClientRefusesManyValues(t *testing.T) {
	addr, _ := start(t, DefaultServerConfig(), func(_ context.Context, rc *fasthttp.RequestCtx) {
		rc.SetBodyString(`{"x": [` + strings.Repeat("[],", 100) + `0]}`)
	})
	f := func(most int, want error) {
		t.Helper()
		c := client(func(c *ClientConfig) { c.MaxResponseValues = most })
		defer c.Close()
		if _, err := c.GetJSON(t.Context(), addr, "/"); !errors.Is(err, want) {
			t.Errorf("GetJSON() with at most %d values = %v, want %v", most, err, want)
		}
		if _, err := c.PostJSON(t.Context(), addr, "/", []byte("{}")); !errors.Is(err, want) {
			t.Errorf("PostJSON() with at most %d values = %v, want %v", most, err, want)
		}
	}
	f(0, nil)
	f(500, nil)
	f(100, ErrResponseTooLarge)
}

// silent accepts connections and never answers.
func silent(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, c) }()
		}
	}()
	return ln.Addr().String()
}

func TestClientTimesOut(t *testing.T) {
	addr := silent(t)
	c := client(func(c *ClientConfig) { c.Timeout = 100 * time.Millisecond })
	defer c.Close()
	if _, _, err := c.Get(t.Context(), addr, "/"); !errors.Is(err, ErrTimeout) {
		t.Errorf("Get(silent) = %v, want ErrTimeout", err)
	}
}

func TestClientObeysTheContext(t *testing.T) {
	addr := silent(t)
	c := client(func(c *ClientConfig) { c.Timeout = time.Minute })
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	end := make(chan error, 1)
	go func() { _, _, err := c.Get(ctx, addr, "/"); end <- err }()
	cancel()
	if err := <-end; !errors.Is(err, context.Canceled) {
		t.Errorf("Get() = %v, want context.Canceled", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := c.Get(ctx, addr, "/"); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, ErrTimeout) {
		t.Errorf("Get() = %v, want a timeout", err)
	}
}

func TestClientCloseEndsExchanges(t *testing.T) {
	addr := silent(t)
	c := client(func(c *ClientConfig) { c.Timeout = time.Minute })
	end := make(chan error, 1)
	go func() { _, _, err := c.Get(t.Context(), addr, "/"); end <- err }()
	for {
		c.mu.Lock()
		n := len(c.conns)
		c.mu.Unlock()
		if n == 1 {
			break
		}
	}
	c.Close()
	if err := <-end; !errors.Is(err, ErrClosed) {
		t.Errorf("Get() = %v, want ErrClosed", err)
	}
	if _, _, err := c.Get(t.Context(), addr, "/"); !errors.Is(err, ErrClosed) {
		t.Errorf("Get() after Close = %v, want ErrClosed", err)
	}
}

func TestClientBoundsExchangesInFlight(t *testing.T) {
	addr := silent(t)
	c := client(func(c *ClientConfig) { c.Timeout, c.MaxInFlight = 200*time.Millisecond, 1 })
	defer c.Close()
	first := make(chan error, 1)
	go func() { _, _, err := c.Get(t.Context(), addr, "/"); first <- err }()
	for len(c.slots) == 0 {
		if t.Context().Err() != nil {
			t.Fatal("the first exchange never began")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := c.Get(ctx, addr, "/"); err == nil || strings.Contains(err.Error(), "refused") {
		t.Errorf("second exchange: %v, want a timeout while the slot is taken", err)
	}
	<-first
}

func TestClientRepeatsOnAStaleConnection(t *testing.T) {
	// Answers one request per connection, then closes it without saying so.
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			buf := make([]byte, 4096)
			_, _ = c.Read(buf)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
			c.Close()
		}
	}()
	c := client(func(c *ClientConfig) { c.Timeout = 5 * time.Second })
	defer c.Close()
	for i := range 5 {
		if err := c.PostMessage(t.Context(), ln.Addr().String(), []byte("{}")); err != nil {
			t.Fatalf("exchange %d: %v", i, err)
		}
	}
}
