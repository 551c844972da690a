package transport

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// TestSlowReadersAreCutOff: who takes a large answer at its own pace gets it, who takes nothing of it is closed.
func TestSlowReadersAreCutOff(t *testing.T) {
	const size = 16 << 20 // beyond what the sockets hold
	cfg := DefaultServerConfig()
	cfg.WriteTimeout = time.Second
	addr, s := start(t, cfg, func(_ context.Context, rc *fasthttp.RequestCtx) { rc.SetBody(make([]byte, size)) })
	open := func() net.Conn {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if err := c.(*net.TCPConn).SetReadBuffer(64 << 10); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		return c
	}
	still, steady := open(), open()
	got, begun := 0, time.Now()
	buf := make([]byte, 1<<20)
	pace := time.NewTicker(80 * time.Millisecond)
	defer pace.Stop()
	for { // its whole time is longer than WriteTimeout
		n, err := io.ReadFull(steady, buf)
		if got += n; err != nil {
			break
		}
		<-pace.C
	}
	if took := time.Since(begun); got < size || took < cfg.WriteTimeout {
		t.Errorf("a steady reader got %d bytes in %v, want %d in more than %v", got, took, size, cfg.WriteTimeout)
	}
	deadline := time.After(30 * time.Second)
	for s.Stats().Open > 0 { // the server gave it up while it read nothing: what it reads from here on was sent before
		select {
		case <-pace.C:
		case <-deadline:
			t.Fatalf("a reader that stood still for %v is still open", time.Since(begun))
		}
	}
	_ = still.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, _ := io.Copy(io.Discard, still); n >= size {
		t.Errorf("a reader that stood still for %v got %d bytes", time.Since(begun), n)
	}
}

// TestOwedBytesAreBounded: clients that ask for large answers and take nothing of them hold no more than there is room for. Those of
// the address with the most give way, another's answer is served throughout.
func TestOwedBytesAreBounded(t *testing.T) {
	const size, room = 8 << 20, 40 << 20
	cfg := DefaultServerConfig()
	cfg.OwedBytes, cfg.WriteTimeout = room, time.Minute
	addr, s := start(t, cfg, func(_ context.Context, rc *fasthttp.RequestCtx) { rc.Response.SetBodyRaw(make([]byte, size)) })
	owed := func() int64 {
		s.limit.mu.Lock()
		defer s.limit.mu.Unlock()
		return s.limit.owedAll
	}
	from := func(host string) *http.Client {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(host)}}
		return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DialContext: d.DialContext}}
	}
	greedy := from("127.0.0.2")
	refused := 0
	for range 12 {
		resp, err := greedy.Get("http://" + addr + "/")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close() // nothing is read of it
		if resp.StatusCode == http.StatusServiceUnavailable {
			refused++
		}
		if n := owed(); n > room {
			t.Fatalf("%d bytes are owed, want at most %d", n, room)
		}
	}
	if refused != 12-room/size {
		t.Errorf("%d of 12 answers of %d bytes were refused, want all but %d", refused, size, room/size)
	}
	modest := from("127.0.0.3")
	for range 3 {
		resp, err := modest.Get("http://" + addr + "/")
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, resp.Body); n != size || err != nil {
			t.Errorf("another address got %d bytes (%v), want %d", n, err, size)
		}
		resp.Body.Close()
		if n := owed(); n > room {
			t.Fatalf("%d bytes are owed, want at most %d", n, room)
		}
	}
	greedy.CloseIdleConnections()
	modest.CloseIdleConnections()
}
