package transport

import (
	"context"
	"io"
	"net"
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
