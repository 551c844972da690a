//go:build unix

package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestJoinRefuses: what is not joined is said in a sentence, the status is 2, and nothing has been written.
func TestJoinRefuses(t *testing.T) {
	t.Parallel()
	s := settings(quadratic()).Set("solo", true)
	one, two := newHost(t, "one", s), newHost(t, "two", s)
	one.run()
	two.run()
	dir := t.TempDir()
	refuses(t, dir, "must be host:port", "join", "somewhere", "--yes")
	refuses(t, dir, "nobody is there to be asked", "join", one.endpoint())
	nonsense := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") }))
	defer nonsense.Close()
	refuses(t, dir, "genesis file of", "join", strings.TrimPrefix(nonsense.URL, "http://"), "--yes")
	out, errs, code := command(t, dir, "join", "127.0.0.1:"+unused(t), "--yes", "--patience", "100ms")
	if code != 1 || !strings.Contains(errs, "has not answered within 100ms") {
		t.Errorf("join of nobody = %d: %s%s, want 1", code, out, errs)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left after all that (%v)", left, err)
	}
	// A network whose genesis file binds nothing is joined without a role; then its directory is of no other.
	mentions(t, succeeds(t, dir, "join", one.endpoint(), "--yes", "--no-start"), "no role here", "What leaves this machine", id(t, one))
	refuses(t, dir, id(t, two), "join", two.endpoint(), "--yes")
	refuses(t, dir, id(t, one), "join", two.endpoint(), "--yes")
	succeeds(t, dir, "join", one.endpoint(), "--no-start")
	mentions(t, succeeds(t, dir, "init"), "there already", "next, to join a network")
	for _, name := range []string{"identity.json", "node.json", "genesis.json"} {
		if _, err := os.Stat(filepath.Join(dir, "doin-data", name)); err != nil {
			t.Error(err)
		}
	}
	one.stop(syscall.SIGTERM)
	two.stop(syscall.SIGTERM)
}

// id is the network of a node.
func id(t *testing.T, h *host) string {
	t.Helper()
	s, err := h.mustGet("/chain/status").String("network_id")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// unused is a port that nobody listens on.
func unused(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(nil)
	defer s.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	return port
}
