package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"
)

// fake is a node and its records.
type fake struct {
	version atomic.Int64
	asked   atomic.Int64
	state   atomic.Value // string
}

func (f *fake) State(context.Context) ([]byte, error) { return []byte(f.state.Load().(string)), nil }
func (f *fake) Version() int64                        { return f.version.Load() }
func (f *fake) Changed() <-chan struct{}              { return nil }

func (f *fake) Answer(_ context.Context, view string, args url.Values) (Answer, error) {
	f.asked.Add(1)
	switch view {
	case "json":
		return Answer{Body: []byte(fmt.Sprintf("{%q: %q}", "args", args.Encode()))}, nil
	case "columns":
		return Answer{Binary: true, Body: []byte{1, 2, 3}}, nil
	case "busy":
		return Answer{}, fmt.Errorf("%w: too much", ErrBusy)
	case "wrong":
		return Answer{}, fmt.Errorf("%w: width", ErrInvalid)
	case "broken":
		return Answer{}, errors.New("disk on fire")
	}
	return Answer{}, fmt.Errorf("%w: no such view", ErrNotFound)
}

func (f *fake) Evidence(_ context.Context, domain string) ([]byte, error) {
	if domain != "co2" {
		return nil, fmt.Errorf("%w: no champion", ErrNotFound)
	}
	return []byte(`{"kind": "series"}`), nil
}

func newFake() *fake {
	f := &fake{}
	f.version.Store(7)
	f.state.Store(`{"peers": 2}`)
	return f
}

func newWeb(t *testing.T, mode Mode, f *fake, change func(*Config)) *Web {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Mode = mode
	if change != nil {
		change(&cfg)
	}
	w, err := New(cfg, Parts{State: f, Data: f, Evidence: f, Journal: NewJournal(10)})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// request is one request, and who asks.
func request(w *Web, remote, method, path string, headers ...string) *fasthttp.RequestCtx {
	rc := &fasthttp.RequestCtx{}
	var req fasthttp.Request
	req.Header.SetMethod(method)
	req.SetRequestURI(path)
	req.Header.SetHost("localhost:8470")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	rc.Init(&req, &net.TCPAddr{IP: net.ParseIP(remote), Port: 5}, nil)
	w.Serve(context.Background(), rc)
	return rc
}

// TestRoutes: every path, what it answers, and in which form.
func TestRoutes(t *testing.T) {
	w := newWeb(t, Local, newFake(), nil)
	f := func(path string, status int, content, body string) {
		t.Helper()
		rc := request(w, "127.0.0.1", "GET", path)
		got := string(rc.Response.Body())
		if rc.Response.StatusCode() != status || string(rc.Response.Header.ContentType()) != content || !strings.Contains(got, body) {
			t.Errorf("GET %s = %d %s %.100q, want %d %s with %q", path, rc.Response.StatusCode(), rc.Response.Header.ContentType(), got, status, content, body)
		}
		if csp := string(rc.Response.Header.Peek("Content-Security-Policy")); !strings.HasPrefix(csp, "default-src 'self';") {
			t.Errorf("GET %s has the policy %q", path, csp)
		}
	}
	f("/", 200, "text/html; charset=utf-8", "/web/app.js")
	f("/web/app.js", 200, "text/javascript; charset=utf-8", "EventSource")
	f("/web/app.css", 200, "text/css; charset=utf-8", ".card")
	f("/web/icon.svg", 200, "image/svg+xml", "<svg")
	f("/web/index.html", 404, "text/plain; charset=utf-8", "404")
	f("/web/../web.go", 404, "text/plain; charset=utf-8", "404")
	f("/web/state", 200, contentJSON, `{"peers": 2}`)
	f("/web/evidence?domain=co2", 200, contentJSON, "series")
	f("/web/evidence?domain=other", 404, contentJSON, "no champion")
	f("/web/log", 200, contentJSON, `{"lines":[]}`)
	f("/web/log?after=x", 400, contentJSON, "after must be an integer")
	f("/web/data/json?a=1&b=%26", 200, contentJSON, `"a=1&b=%26"`)
	f("/web/data/columns", 200, contentColumns, "\x01\x02\x03")
	f("/web/data/busy", 503, contentJSON, "too much")
	f("/web/data/wrong", 400, contentJSON, "width")
	f("/web/data/nothing", 404, contentJSON, "no such view")
	f("/web/data/broken", 500, contentJSON, "its log says what")
	f("/web/data/json?a=%zz", 400, contentJSON, "cannot be read")
}

// TestGuard: who is answered, by address, by the name that was asked for, and by the page that asks.
func TestGuard(t *testing.T) {
	f := func(mode Mode, remote, method string, want int, headers ...string) {
		t.Helper()
		w := newWeb(t, mode, newFake(), nil)
		if got := request(w, remote, method, "/web/state", headers...).Response.StatusCode(); got != want {
			t.Errorf("%s %s %s %v = %d, want %d", mode, remote, method, headers, got, want)
		}
	}
	f(Local, "127.0.0.1", "GET", 200)
	f(Local, "127.0.0.1", "HEAD", 200)
	f(Local, "::1", "GET", 200, "Host", "[::1]:8470")
	f(Local, "127.0.0.1", "GET", 200, "Host", "127.0.0.1:8470")
	f(Local, "::ffff:127.0.0.1", "GET", 200, "Host", "node.localhost")
	f(Local, "192.0.2.7", "GET", 403)
	f(Local, "127.0.0.1", "GET", 403, "Host", "evil.example:8470") // a name that somebody has pointed at this machine
	f(Local, "127.0.0.1", "GET", 403, "Host", "127.0.0.1.evil.example")
	f(Local, "127.0.0.1", "GET", 403, "Origin", "https://evil.example")
	f(Local, "127.0.0.1", "GET", 403, "Origin", "null")
	f(Local, "127.0.0.1", "GET", 200, "Origin", "http://localhost:8470")
	f(Local, "127.0.0.1", "GET", 403, "Sec-Fetch-Site", "cross-site")
	f(Local, "127.0.0.1", "POST", 405)
	f(Local, "127.0.0.1", "DELETE", 405)
	f(Public, "192.0.2.7", "GET", 200, "Host", "node.example")
	f(Public, "192.0.2.7", "GET", 403, "Host", "node.example", "Origin", "https://evil.example")
	f(Public, "192.0.2.7", "POST", 405, "Host", "node.example")
	f(Off, "127.0.0.1", "GET", 404)
}

// TestTags: what the client has is not sent again, until there is another version.
func TestTags(t *testing.T) {
	fk := newFake()
	w := newWeb(t, Local, fk, nil)
	for _, path := range []string{"/", "/web/app.js", "/web/data/json"} {
		tag := string(request(w, "127.0.0.1", "GET", path).Response.Header.Peek("ETag"))
		before := fk.asked.Load()
		rc := request(w, "127.0.0.1", "GET", path, "If-None-Match", tag)
		if rc.Response.StatusCode() != 304 || len(rc.Response.Body()) > 0 || fk.asked.Load() != before {
			t.Errorf("GET %s with %s = %d, %d bytes", path, tag, rc.Response.StatusCode(), len(rc.Response.Body()))
		}
	}
	tag := string(request(w, "127.0.0.1", "GET", "/web/data/json").Response.Header.Peek("ETag"))
	fk.version.Add(1)
	if got := request(w, "127.0.0.1", "GET", "/web/data/json", "If-None-Match", tag).Response.StatusCode(); got != 200 {
		t.Errorf("after a change = %d, want 200", got)
	}
	// Another start counts versions anew: its tags differ.
	if w.born == newWeb(t, Local, fk, nil).born {
		t.Error("two starts have the same tags")
	}
}

// TestPageSize: what a first visit loads, compressed.
func TestPageSize(t *testing.T) {
	w := newWeb(t, Local, newFake(), nil)
	sum := 0
	for path := range w.assets {
		rc := request(w, "127.0.0.1", "GET", path, "Accept-Encoding", "gzip")
		if got := string(rc.Response.Header.Peek("Content-Encoding")); got != "gzip" {
			t.Errorf("GET %s comes as %q, want gzip", path, got)
		}
		sum += len(rc.Response.Body())
	}
	if sum > 60<<10 {
		t.Errorf("the page has %d bytes, want at most 60 KiB", sum)
	}
}

// served runs a dashboard on a listener in memory.
func served(t *testing.T, w *Web) (dial func() net.Conn) {
	t.Helper()
	ln := fasthttputil.NewInmemoryListener()
	s := &fasthttp.Server{Handler: func(rc *fasthttp.RequestCtx) { w.Serve(context.Background(), rc) }, Logger: silent{}}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = w.Run(ctx) })
	wg.Go(func() { _ = s.Serve(ln) })
	t.Cleanup(func() {
		stop()
		_ = ln.Close()
		wg.Wait()
	})
	return func() net.Conn {
		c, err := ln.Dial()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

type silent struct{}

func (silent) Printf(string, ...any) {}

const ask = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"

// next reads the data of the next event of a stream.
func next(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			return strings.TrimSpace(data)
		}
	}
}

// TestEvents: a client is told the state at once, and again when it is another.
func TestEvents(t *testing.T) {
	fk := newFake()
	w := newWeb(t, Local, fk, func(c *Config) { c.Interval = 5 * time.Millisecond })
	c := served(t, w)()
	defer c.Close()
	if _, err := c.Write([]byte(ask)); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	f := func(want string) {
		t.Helper()
		var got struct {
			Version string
			State   struct{ Peers int }
		}
		data := next(t, r)
		if err := json.Unmarshal([]byte(data), &got); err != nil {
			t.Fatalf("event %q: %v", data, err)
		}
		if s := fmt.Sprintf("%s %d", got.Version[len(got.Version)-2:], got.State.Peers); s != want {
			t.Errorf("event = %s, want %s", s, want)
		}
	}
	f("-7 2")
	fk.state.Store("{\"peers\":\n 3}")
	f("-7 3")
	fk.version.Add(1)
	f("-8 3")
}

// TestSlowClients: two thousand who read nothing: few have a place, nobody waits for them, and memory stays.
func TestSlowClients(t *testing.T) {
	fk := newFake()
	fk.state.Store(`{"peers": 0, "text": "` + strings.Repeat("x", 100_000) + `"}`)
	w := newWeb(t, Local, fk, func(c *Config) { c.Interval, c.MaxStreamsPerAddress = time.Millisecond, 64 })
	dial := served(t, w)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	refused := 0
	for range 2000 {
		c := dial()
		defer c.Close()
		if _, err := c.Write([]byte(ask)); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReaderSize(c, 16).ReadString('\n') // no more than this is read
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, "503") {
			refused++
		}
	}
	if want := 2000 - 64; refused != want {
		t.Errorf("%d are refused, want %d", refused, want)
	}
	for i := range 200 { // states come, and nobody takes them
		fk.state.Store(fmt.Sprintf(`{"peers": %d, "text": %q}`, i, strings.Repeat("x", 100_000)))
		w.hub.put(w.frame(t.Context()))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 100<<20 {
		t.Errorf("2,000 slow clients hold %d MiB", grown>>20)
	}
	done := make(chan int, 1)
	go func() { done <- request(w, "127.0.0.1", "GET", "/web/state").Response.StatusCode() }()
	select {
	case status := <-done:
		if status != 200 {
			t.Errorf("an honest client gets %d", status)
		}
	case <-time.After(30 * time.Second):
		t.Error("an honest client waits for slow ones")
	}
}

// TestJournal: the newest lines, with the attributes of their loggers.
func TestJournal(t *testing.T) {
	var out strings.Builder
	j := NewJournal(3)
	log := slog.New(j.Handler(slog.NewTextHandler(&out, nil)))
	log.Debug("not written")
	for i := range 4 {
		log.With("component", "net").WithGroup("g").Info("said", "i", i, "err", errors.New("two words"))
	}
	lines := j.After(0)
	if len(lines) != 3 || lines[0].Number != 2 || lines[2].Text != `component=net g.i=3 g.err="two words"` || lines[2].Message != "said" || lines[2].Level != "INFO" {
		t.Errorf("lines = %+v", lines)
	}
	if got := j.After(3); len(got) != 1 || got[0].Number != 4 {
		t.Errorf("After(3) = %+v", got)
	}
	if !strings.Contains(out.String(), "component=net g.i=3") {
		t.Errorf("the handler below has %q", out.String())
	}
	log.Info("long", "text", strings.Repeat("é", maxEntry))
	if got := j.After(4); len(got) != 1 || len(got[0].Text) > maxEntry+8 {
		t.Errorf("a long line has %d bytes", len(got[0].Text))
	}
}

func TestConfig(t *testing.T) {
	c := DefaultConfig()
	if err := c.Validate(); err != nil {
		t.Errorf("DefaultConfig is not valid: %v", err)
	}
	c.Mode, c.MaxStreams = "everybody", 0
	err := c.Validate()
	if err == nil || !strings.Contains(err.Error(), "everybody") || !strings.Contains(err.Error(), "streams 0") {
		t.Errorf("Validate = %v, want both problems", err)
	}
	if _, err := New(DefaultConfig(), Parts{}); err == nil {
		t.Error("New without a state is no error")
	}
}
