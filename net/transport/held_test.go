package transport

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestHeldBytesAreBounded: bodies that are sent to half and then held fill the room of all connections; who holds much is
// closed, and small requests are answered throughout.
func TestHeldBytesAreBounded(t *testing.T) {
	cfg := DefaultServerConfig()
	cfg.HeldBytes = 400_000
	addr, s := start(t, cfg, ok)
	var conns []net.Conn
	for range 8 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n\r\n")
		_, _ = io.WriteString(c, strings.Repeat("x", 200_000)) // closed meanwhile: an error
		conns = append(conns, c)
	}
	closed := 0
	for _, c := range conns {
		_ = c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		if n, err := io.Copy(io.Discard, c); n > 0 || err == nil || !strings.Contains(err.Error(), "timeout") {
			closed++
		}
	}
	if closed < 4 || closed == len(conns) {
		t.Errorf("%d of %d connections that hold 200,000 bytes were closed, want all but two to four", closed, len(conns))
	}
	if resp, err := http.Get("http://" + addr + "/"); err != nil || resp.StatusCode != 200 {
		t.Errorf("a small request = %v, %v", resp, err)
	}
	if held := s.limit.held.Load(); held > 400_000+8*freeHeld {
		t.Errorf("%d bytes are held", held)
	}
	for _, c := range conns {
		c.Close()
	}
	for range 100 {
		if s.limit.held.Load() == 0 {
			return
		}
		_, _ = http.Get("http://" + addr + "/")
	}
	if held := s.limit.held.Load(); held > 10_000 {
		t.Errorf("%d bytes are held after all have gone", held)
	}
}

// TestBodyLimitOfARoute: the limit is asked with method and path before the body is read, and is what the refusal names.
func TestBodyLimitOfARoute(t *testing.T) {
	cfg := DefaultServerConfig()
	cfg.BodyLimit = func(method, path []byte) int {
		if string(method) == "POST" && string(path) == "/large" {
			return 1000
		}
		return 10
	}
	addr, _ := start(t, cfg, ok)
	f := func(path string, size, want int) {
		t.Helper()
		resp, err := http.Post("http://"+addr+path, "", strings.NewReader(strings.Repeat("x", size)))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%d bytes to %s = %d, want %d", size, path, resp.StatusCode, want)
		}
	}
	f("/large?a=b", 1000, 200)
	f("/large", 1001, 413)
	f("/small", 10, 200)
	f("/small", 11, 413)
	f("/large/", 11, 413)
}
