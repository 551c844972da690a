package node

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain/python/engine"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/canon"
)

// TestPages asks a running node all that the reference's dashboard asks.
func TestPages(t *testing.T) {
	n, err := New(t.Context(), testConfig(t), discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(method, path string) (int, []byte) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, fmt.Sprintf("http://127.0.0.1:%d%s", n.Port(), path), nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, data
	}
	f := func(path, want string) *canon.Object {
		t.Helper()
		code, data := ask("GET", path)
		o, err := canon.ParseObject(data)
		if code != 200 || err != nil {
			t.Fatalf("GET %s = %d %.200s", path, code, data)
		}
		if got := strings.Join(o.Keys(), " "); got != want {
			t.Errorf("GET %s has %s, want %s", path, got, want)
		}
		return o
	}
	n.others.heard(strings.Repeat("ab", 20), canon.NewObject("doin-core", "a90bca2"))
	f("/api/node", "node_label hostname peer_id port uptime_s domains chain_height discovery_enabled dashboard_enabled versions")
	m := f("/api/monitor", "node_label hostname peer_id port known_endpoints status uptime_s chain_height domains versions candidate "+
		"optimization_history best_performance alerts alerts_count alerts_unseen checked_at")
	if s, err := m.String("status"); err != nil || s != "online" {
		t.Errorf("/api/monitor: status %q, %v", s, err)
	}
	w := f("/api/network", "summary members alerts generated_at")
	if v, _ := member(w, "summary.online_nodes"); v != int64(1) {
		t.Errorf("/api/network: %v nodes online, want this one", v)
	}
	f("/api/peers", "connected_count known_count peers")
	f("/api/optimization", "domains tolerance_margin higher_is_better")
	f("/api/training", "active domain_id round stage total_stages epoch total_epochs train_loss val_loss train_mae val_mae started_at candidate_params")
	f("/api/evaluations", "pending_count completed_count pending completed")
	f("/api/metrics", "metrics count candidate_evaluations champion_improvements")
	f("/api/plugins", "plugins")
	c := f("/api/chain?limit=5", "height blocks")
	if list, err := c.List("blocks"); err != nil || len(list) != 1 {
		t.Errorf("/api/chain: %v, %v, want block 0", list, err)
	}
	f("/api/events", "events count")
	f("/api/candidate", "")
	f("/api/alerts", "alerts count unseen")
	if code, data := ask("POST", "/api/alerts/ack"); code != 200 || string(data) != `{"status": "ok"}` {
		t.Errorf("POST /api/alerts/ack = %d %s", code, data)
	}
	a := f("/api/alerts", "alerts count unseen")
	if unseen, _ := a.Int("unseen"); unseen != 0 || !slices.Contains(a.Keys(), "count") {
		t.Errorf("%d alerts unseen after ack", unseen)
	}
	if count, _ := a.Int("count"); count != 1 {
		t.Errorf("%d alerts, want that of the versions", count)
	}
	if code, data := ask("GET", "/dashboard"); code != 200 || !strings.Contains(string(data), "<html") {
		t.Errorf("GET /dashboard = %d %s", code, data)
	}
	if code, _ := ask("GET", "/api/chain?limit=x"); code != 400 {
		t.Errorf("GET /api/chain?limit=x = %d, want 400", code)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

// TestChampionLine: a domain's champion is the chain's with its block, or this node's own where that is better or not in a block.
func TestChampionLine(t *testing.T) {
	n, err := New(t.Context(), testConfig(t), discard)
	if err != nil {
		t.Fatal(err)
	}
	defer n.store.Close()
	n.cfg.Domains = []config.Domain{{ID: "quadratic", HigherIsBetter: true}}
	d := &n.cfg.Domains[0]
	f := func(own *float64, chain map[string]champion, want string) {
		t.Helper()
		view := &engine.View{Domains: map[string]engine.DomainView{d.ID: {Best: own, Metrics: canon.NewObject("val_mae", 0.25)}}}
		o := n.pages.progress(d, view, chain)
		got := "none"
		if c, err := o.Object("champion"); err == nil {
			c.Delete("metric_evidence")
			got = string(canon.Default(c))
		}
		if got != want {
			t.Errorf("champion %s, want %s", got, want)
		}
	}
	const errors = `"train_mae": null, "val_naive_mae": null, "train_naive_mae": null, "test_mae": null, "test_naive_mae": null}`
	mine, on := 1.5, map[string]champion{d.ID: {7, 1.5, canon.NewObject("val_mae", 0.5)}}
	f(nil, nil, "none")
	f(&mine, nil, `{"source": "local", "round": 0, "val_mae": 0.25, `+errors)
	f(nil, on, `{"source": "blockchain", "block_index": 7, "val_mae": 0.5, `+errors)
	f(&mine, on, `{"source": "blockchain", "block_index": 7, "val_mae": 0.5, `+errors)
	mine = 1.75
	f(&mine, on, `{"source": "local", "round": 0, "val_mae": 0.25, `+errors)
	d.HigherIsBetter = false
	f(&mine, on, `{"source": "blockchain", "block_index": 7, "val_mae": 0.5, `+errors)
}
