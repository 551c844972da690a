package transport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// start runs a server on loopback until the test ends and checks that it ends
// without error.
func start(t *testing.T, cfg ServerConfig, h Handler) (addr string, s *Server) {
	t.Helper()
	ln, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = NewServer(cfg, h)
	ctx, cancel := context.WithCancel(context.Background())
	end := make(chan error, 1)
	go func() { end <- s.Run(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-end; err != nil {
			t.Errorf("Run() = %v, want nil", err)
		}
	})
	return ln.Addr().String(), s
}

func ok(_ context.Context, rc *fasthttp.RequestCtx) { rc.SetBodyString("ok") }

func TestListenSaysThatThePortIsInUse(t *testing.T) {
	ln, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, err = Listen(ln.Addr().String())
	if !errors.Is(err, ErrPortInUse) {
		t.Fatalf("Listen(taken) = %v, want ErrPortInUse", err)
	}
	for _, want := range []string{ln.Addr().String(), "already in use", "another process"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Listen(taken) = %q, want it to contain %q", err, want)
		}
	}
}

func TestPanicIsAnswered500AndTheServerLives(t *testing.T) {
	addr, s := start(t, DefaultServerConfig(), func(ctx context.Context, rc *fasthttp.RequestCtx) {
		if string(rc.Path()) == "/panic" {
			rc.SetBodyString("half an answer")
			panic("test")
		}
		ok(ctx, rc)
	})
	resp, err := http.Get("http://" + addr + "/panic")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != 500 || !strings.HasPrefix(string(body), "500 Internal Server Error") || !resp.Close {
		t.Errorf("panic: status %d, body %q, close %v; want 500, the text, closed", resp.StatusCode, body, resp.Close)
	}
	if resp, err = http.Get("http://" + addr + "/"); err != nil || resp.StatusCode != 200 {
		t.Fatalf("after panic: %v, %v", resp, err)
	}
	resp.Body.Close()
	if got := s.Stats().Panics; got != 1 {
		t.Errorf("Stats().Panics = %d, want 1", got)
	}
}

func TestOversizedBodyIs413(t *testing.T) {
	cfg := DefaultServerConfig()
	cfg.MaxBodyBytes = 1000
	addr, _ := start(t, cfg, ok)
	f := func(size, want int) {
		t.Helper()
		resp, err := http.Post("http://"+addr+"/", "application/json", bytes.NewReader(make([]byte, size)))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("body of %d bytes: status %d, want %d", size, resp.StatusCode, want)
		}
	}
	f(0, 200)
	f(1000, 200)
	f(1001, 413)
	f(3<<20, 413) // larger than the socket buffers: the answer must still arrive
}

func TestTooLargeHandlerSeesThePath(t *testing.T) {
	cfg := DefaultServerConfig()
	cfg.MaxBodyBytes = 10
	cfg.TooLarge = func(rc *fasthttp.RequestCtx, limit int) {
		rc.SetStatusCode(400)
		fmt.Fprintf(rc, "%s %s %d", rc.Method(), rc.Path(), limit)
	}
	addr, _ := start(t, cfg, ok)
	resp, err := http.Post("http://"+addr+"/message", "", strings.NewReader("01234567890"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); resp.StatusCode != 400 || string(b) != "POST /message 10" {
		t.Errorf("got %d %q, want 400 %q", resp.StatusCode, b, "POST /message 10")
	}
}

func TestMalformedRequests(t *testing.T) {
	cfg := DefaultServerConfig()
	cfg.ReadTimeout = 200 * time.Millisecond
	addr, _ := start(t, cfg, ok)
	f := func(raw, want string) {
		t.Helper()
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, raw); err != nil {
			t.Fatal(err)
		}
		line, _ := bufio.NewReader(c).ReadString('\n')
		if !strings.HasPrefix(line, want) {
			t.Errorf("%.40q: answer %q, want %q", raw, line, want)
		}
	}
	f("GET / HTTP/1.1\r\nHost: x\r\nBig: "+strings.Repeat("a", 20000)+"\r\n\r\n", "HTTP/1.1 431")
	f("\x00\x01\x02\r\n\r\n", "HTTP/1.1 400")
	f("GET / HTTP/1.1\r\nHost: x\r\n", "HTTP/1.1 408") // never finished
	f("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", "HTTP/1.1 408")
}

func TestConnectionLimits(t *testing.T) {
	cfg := DefaultServerConfig()
	cfg.MaxConnsPerIP = 2
	addr, s := start(t, cfg, ok)
	ask := func(c net.Conn) string {
		t.Helper()
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		line, _ := bufio.NewReader(c).ReadString('\n')
		return strings.TrimSpace(line)
	}
	dial := func() net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	a, b := dial(), dial()
	defer b.Close()
	if got := ask(a); got != "HTTP/1.1 200 OK" {
		t.Fatalf("first connection: %q", got)
	}
	if got := ask(b); got != "HTTP/1.1 200 OK" {
		t.Fatalf("second connection: %q", got)
	}
	c := dial()
	line, _ := bufio.NewReader(c).ReadString('\n')
	c.Close()
	if !strings.HasPrefix(line, "HTTP/1.1 503") {
		t.Fatalf("third connection: %q, want 503", line)
	}
	if st := s.Stats(); st.Refused != 1 || st.Open != 2 {
		t.Errorf("Stats() = %+v, want 1 refused, 2 open", st)
	}
	a.Close()
	for deadline := time.Now().Add(5 * time.Second); s.Stats().Open != 1; {
		if time.Now().After(deadline) {
			t.Fatal("the slot of a closed connection did not come back")
		}
	}
	d := dial()
	defer d.Close()
	if got := ask(d); got != "HTTP/1.1 200 OK" {
		t.Errorf("after one closed: %q", got)
	}
}

func TestShutdownAnswersRunningRequests(t *testing.T) {
	ln, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	entered := make(chan struct{})
	s := NewServer(DefaultServerConfig(), func(ctx context.Context, rc *fasthttp.RequestCtx) {
		close(entered)
		<-ctx.Done()
		rc.SetBodyString("told to stop")
	})
	ctx, cancel := context.WithCancel(t.Context())
	end := make(chan error, 1)
	go func() { end <- s.Run(ctx, ln) }()
	answer := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + ln.Addr().String())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		answer <- string(b)
	}()
	<-entered
	cancel()
	if got := <-answer; got != "told to stop" {
		t.Errorf("running request got %q", got)
	}
	if err := <-end; err != nil {
		t.Errorf("Run() = %v, want nil", err)
	}
	if _, err := Listen(ln.Addr().String()); err != nil {
		t.Errorf("the port is not free after Run: %v", err)
	}
}

func TestShutdownDoesNotWaitForStuckConnections(t *testing.T) {
	cfg := DefaultServerConfig()
	cfg.ShutdownTimeout = 50 * time.Millisecond
	ln, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(cfg, ok)
	ctx, cancel := context.WithCancel(t.Context())
	end := make(chan error, 1)
	go func() { end <- s.Run(ctx, ln) }()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET / HTT") // a request that never ends
	for s.Stats().Open == 0 {
		if t.Context().Err() != nil {
			t.Fatal("connection was never accepted")
		}
	}
	cancel()
	select {
	case err := <-end:
		if err != nil {
			t.Errorf("Run() = %v, want nil", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Run() waits for a connection that never finishes its request")
	}
}

func TestConfigValidateReportsEverything(t *testing.T) {
	err := (&ServerConfig{}).Validate()
	for _, want := range []string{"read timeout", "write timeout", "idle timeout", "shutdown timeout", "body", "header", "connections 0", "per ip"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate() = %v, want it to name %q", err, want)
		}
	}
	cfg := DefaultServerConfig()
	if err := cfg.Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
}

// TestGreediestGivesWay: when all slots are taken, an address with few connections gets one of who has the most.
func TestGreediestGivesWay(t *testing.T) {
	cfg := DefaultServerConfig()
	cfg.MaxConns, cfg.MaxConnsPerIP = 6, 5
	addr, s := start(t, cfg, ok)
	dial := func(ip string) (net.Conn, string) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}, Timeout: 5 * time.Second}
		c, err := d.Dial("tcp", addr)
		if err != nil {
			t.Skipf("NOT TESTED: several addresses on loopback: %v", err)
		}
		t.Cleanup(func() { c.Close() })
		if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(c).ReadString('\n')
		if err != nil {
			return c, err.Error()
		}
		return c, strings.TrimSpace(line)
	}
	const fine = "HTTP/1.1 200 OK"
	var first net.Conn
	for i := range 5 {
		c, line := dial("127.0.3.1")
		if line != fine {
			t.Fatalf("connection %d: %s", i, line)
		}
		if i == 0 {
			first = c
		}
	}
	for _, ip := range []string{"127.0.3.2", "127.0.3.3", "127.0.3.3"} {
		if _, line := dial(ip); line != fine {
			t.Errorf("%s beside one that has them all: %s", ip, line)
		}
	}
	if _, err := first.Read(make([]byte, 1024)); err == nil {
		_, err = first.Read(make([]byte, 1024)) // after the rest of the first answer
		if err == nil {
			t.Error("the oldest connection of the greediest is open")
		}
	}
	if open := s.Stats().Open; open > 6 {
		t.Errorf("%d connections are open, most is 6", open)
	}
}

// TestRefusedAddress: who is cut off is not served, on old connections neither; who breaks HTTP is reported.
func TestRefusedAddress(t *testing.T) {
	var cut atomic.Bool
	var offences atomic.Int32
	cfg := DefaultServerConfig()
	cfg.Refuse = func(host string) bool { return cut.Load() && host == "127.0.0.1" }
	cfg.Offence = func(string) { offences.Add(1) }
	addr, _ := start(t, cfg, ok)
	get := func() (int, error) {
		res, err := http.Get("http://" + addr + "/")
		if err != nil {
			return 0, err
		}
		defer res.Body.Close()
		_, err = io.Copy(io.Discard, res.Body)
		return res.StatusCode, err
	}
	if code, err := get(); code != 200 {
		t.Fatal(code, err)
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "nonsense\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(c).ReadString('\n'); err != nil || offences.Load() != 1 {
		t.Errorf("%d offences, %v, want 1", offences.Load(), err)
	}
	cut.Store(true)
	if code, err := get(); code == 200 { // on the connection kept from before
		t.Errorf("cut off, on an old connection: %d, %v", code, err)
	}
	if code, err := get(); err == nil {
		t.Errorf("cut off, on a new connection: %d", code)
	}
	cut.Store(false)
	if code, err := get(); code != 200 {
		t.Errorf("let in again: %d, %v", code, err)
	}
}

// A server that is told to stop before it has begun stops.
func TestRunStoppedBefore(t *testing.T) {
	for range 20 {
		ln, err := Listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := NewServer(DefaultServerConfig(), nil).Run(ctx, ln); err != nil {
			t.Errorf("Run = %v", err)
		}
	}
}
