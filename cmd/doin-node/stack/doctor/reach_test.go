package doctor

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"doin.network/node/cmd/doin-node/config"
)

// TestReachability: what the running node says of itself, in words.
func TestReachability(t *testing.T) {
	status := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/status" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, status)
	}))
	defer server.Close()
	port := server.Listener.Addr().(*net.TCPAddr).Port
	f := func(answer string, change func(*examination), level Level, words ...string) {
		t.Helper()
		status = answer
		cfg := config.DefaultConfig()
		cfg.Network.Transport, cfg.Network.Port = config.P2P, port
		e := &examination{cfg: &cfg, running: true}
		if change != nil {
			change(e)
		}
		e.reachability(t.Context())
		if level == "" {
			if len(e.found) > 0 {
				t.Errorf("found %+v, want nothing", e.found)
			}
			return
		}
		if len(e.found) != 1 || e.found[0].Level != level || slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(fmt.Sprint(e.found[0]), w) }) {
			t.Errorf("of %s found %+v, want one finding, %s, with %q", answer, e.found, level, words)
		}
	}
	f(`{"p2p": {"reachability": "public", "confirmed": ["/ip4/44.7.0.1/tcp/9470"]}}`, nil, OK, "44.7.0.1")
	f(`{"p2p": {"reachability": "relayed", "relays": ["/ip4/44.7.0.2/tcp/9470/p2p-circuit"]}}`, nil, Note, "44.7.0.2", fmt.Sprint(port+1000))
	f(`{"p2p": {"reachability": "private"}}`, func(e *examination) { e.cfg.Network.P2PPort = 4321 }, Note, "nobody reaches", "4321")
	f(`{"p2p": {"reachability": "unknown"}}`, nil, OK, "nobody has tried")
	f(`{}`, nil, Note, "without p2p")
	f(`{}`, func(e *examination) { e.running = false }, "")
	f(`{}`, func(e *examination) { e.cfg.Network.Transport = config.HTTP }, "")
}
