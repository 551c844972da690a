//go:build unix

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// TestBadPeers gives a node bootstrap peers that are none: one that speaks nonsense, one that sends without end, one
// that never answers, one that promises a long chain and has none. The node goes on with its honest peer, at its pace.
func TestBadPeers(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	serve := func(f http.HandlerFunc) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			f(w, r)
		}))
		t.Cleanup(func() {
			s.CloseClientConnections()
			s.Close()
		})
		return s.Listener.Addr().String()
	}
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	nonsense := serve(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "\x00{]") })
	endless := serve(func(w http.ResponseWriter, r *http.Request) {
		for chunk := []byte(strings.Repeat("[", 1<<16)); r.Context().Err() == nil; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	silent := serve(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-end:
		case <-r.Context().Done():
		}
	})
	boaster := serve(func(w http.ResponseWriter, r *http.Request) {
		genesis := chain.GenesisBlock().Object()
		switch r.URL.Path {
		case "/chain/status":
			w.Write(canon.Default(canon.NewObject("chain_height", 1_000_000, "tip_hash", strings.Repeat("f", 64), "tip_index", 999_999,
				"finalized_height", 999_000)))
		case "/chain/blocks":
			w.Write(canon.Default(canon.NewObject("request_id", "", "blocks", slices.Repeat([]any{genesis}, 50), "has_more", true)))
		default:
			w.Write(canon.Default(canon.NewObject("self", canon.NewObject("peer_id", strings.Repeat("a", 40), "port", 1), "peers", []any{
				canon.NewObject("peer_id", strings.Repeat("b", 40), "address", "127.0.0.1", "port", 1)})))
		}
	})

	hosts := newNetwork(t, 2, settings(quadratic()))
	h := hosts[0]
	cfg, err := canon.ParseObject(read(t, h.file("node.json")))
	if err != nil {
		t.Fatal(err)
	}
	h.configure(cfg, "bootstrap_peers", []any{nonsense, endless, silent, boaster, hosts[1].endpoint()})
	for _, h := range hosts {
		h.run()
	}
	eventually(t, "two blocks, with four bad peers", higher(h, 1))
	eventually(t, "the bad peers were asked", func() error {
		if n := asked.Load(); n < 4 {
			return fmt.Errorf("%d requests", n)
		}
		return nil
	})
	if list := objects(t, h.mustGet("/peers"), "peers"); len(list) != 1 {
		t.Errorf("%d peers, only one has proved its key", len(list))
	}
	if n, err := h.mustGet("/status").Int("peers"); err != nil || n != 1 {
		t.Errorf("%d peers connected, %v", n, err)
	}
	eventually(t, "the tips agree", agree(hosts))
	h.stop(syscall.SIGTERM)
}
