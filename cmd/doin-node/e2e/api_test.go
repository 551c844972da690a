//go:build unix

package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// keys demands that o has exactly these members first, in this order; more may follow.
func keys(t *testing.T, what string, o *canon.Object, want ...string) {
	t.Helper()
	if got := o.Keys(); len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("%s has the keys %v, want %v", what, got, want)
	}
}

// ordered demands that o has these members in this order, others in between or not.
func ordered(t *testing.T, what string, o *canon.Object, want ...string) {
	t.Helper()
	at := -1
	got := o.Keys()
	for _, k := range want {
		i := slices.Index(got, k)
		if i <= at {
			t.Errorf("%s: %q is missing or out of order in %v", what, k, got)
			return
		}
		at = i
	}
}

func member(t *testing.T, o *canon.Object, key string) *canon.Object {
	t.Helper()
	m, err := o.Object(key)
	if err != nil {
		t.Fatalf("%v in %v", err, o.Keys())
	}
	return m
}

func objects(t *testing.T, o *canon.Object, key string) (out []*canon.Object) {
	t.Helper()
	list, err := o.List(key)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range list {
		m, ok := v.(*canon.Object)
		if !ok {
			t.Fatalf("%s[%d] is %T", key, i, v)
		}
		out = append(out, m)
	}
	return out
}

// TestEndpoints asks a live network that forecasts for everything it serves.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	hosts := newNetwork(t, 3, settings(forecast()))
	for _, h := range hosts {
		h.run()
	}
	h := hosts[1]
	eventually(t, "a block", higher(h, 0))
	eventually(t, "a round", func() error {
		if n, err := h.rounds("co2"); err != nil || n < 1 {
			return fmt.Errorf("%d rounds, %v", n, err)
		}
		return nil
	})
	for name, check := range map[string]func(*testing.T, *host){
		"health": checkHealth, "status": checkStatus, "peers": checkPeers, "fees": checkFees, "chain": checkChain,
		"tasks": checkTasks, "inference": checkInference, "stats": checkStats, "export": checkExport, "errors": checkErrors,
		"metrics": checkMetrics, "head": checkHead, "dashboard": checkDashboard,
	} {
		t.Run(name, func(t *testing.T) {
			own := *h // reports to this test
			own.t = t
			check(t, &own)
		})
	}
	for _, h := range hosts {
		h.stop(syscall.SIGTERM)
	}
}

// checkDashboard: the page, what it asks first, and the stream that tells of changes.
func checkDashboard(t *testing.T, h *host) {
	a := h.must("GET", "/", nil)
	if got := a.header.Get("Content-Type"); a.status != 200 || got != "text/html; charset=utf-8" {
		t.Errorf("GET / = %d %s", a.status, got)
	}
	if policy := a.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'self'") {
		t.Errorf("the page's policy is %q", policy)
	}
	ordered(t, "/web/state", h.mustGet("/web/state"), "status", "progress", "busy", "connected", "standings")
	for _, view := range []string{"runs", "trials"} {
		eventually(t, view+" on the dashboard", func() error {
			rows, err := h.mustGet("/web/data/" + view).List("rows")
			if err == nil && len(rows) == 0 {
				err = errors.New("there are none")
			}
			return err
		})
	}
	if a := h.must("GET", "/web/data/history?width=5", nil); a.status != 400 {
		t.Errorf("too narrow a history = %d, want 400", a.status)
	}
	eventually(t, "the champion's evidence", func() error {
		o, err := h.get("/web/evidence?domain=co2") // busy while the champion is trained
		if err != nil {
			return err
		}
		if kind, err := o.String("kind"); err != nil || kind != "series" {
			t.Errorf("the evidence's kind is %q, %v", kind, err)
		}
		return nil
	})
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	r, err := http.NewRequestWithContext(ctx, "GET", fmt.Sprintf("http://127.0.0.1:%d/events", h.port), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if lines.Text() == "event: state" {
			return
		}
	}
	t.Error("the stream ends without an event")
}

func checkHealth(t *testing.T, h *host) {
	a := h.must("GET", "/health", nil)
	if want := fmt.Sprintf(`{"status": "healthy", "port": %d}`, h.port); a.status != 200 || string(a.body) != want {
		t.Errorf("%v, want 200 %s", a, want)
	}
	if got := a.header.Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
}

func checkStatus(t *testing.T, h *host) {
	o := h.mustGet("/status")
	ordered(t, "/status", o, "status", "peer_id", "port", "chain_height", "storage_backend", "network_protocol", "domains", "peers",
		"task_queue", "security", "optimizer_domains", "evaluator_domains", "coin", "difficulty", "discovery", "fee_market", "storage")
	keys(t, "domain", member(t, member(t, o, "domains"), "co2"),
		"optimize", "evaluate", "synthetic", "target_performance", "best_performance", "converged")
	keys(t, "task_queue", member(t, o, "task_queue"), "pending", "claimed", "completed")
	keys(t, "security", member(t, o, "security"), "finalized_height", "reputation_tracked_peers", "pending_commitments", "pending_quorums")
	keys(t, "coin", member(t, o, "coin"), "total_supply", "my_balance", "top_holders")
	keys(t, "difficulty", member(t, o, "difficulty"), "threshold", "target_block_time", "ema_block_time", "blocks_in_epoch",
		"epoch_length", "total_adjustments", "deviation")
	keys(t, "discovery", member(t, o, "discovery"), "known_peers", "connected", "bootstrap_nodes", "by_source")
	ordered(t, "storage", member(t, o, "storage"), "height", "tip_hash", "known_peers", "db_size_bytes")
	if id, _ := o.String("peer_id"); id != h.key.PeerID()[:12] {
		t.Errorf("peer_id = %q, want the first twelve of %s", id, h.key.PeerID())
	}
	if n, err := o.Int("chain_height"); err != nil || n < 2 {
		t.Errorf("chain_height = %d, %v: genesis counts", n, err)
	}
	if n, err := o.Int("peers"); err != nil || n != 2 {
		t.Errorf("peers = %d, %v, want 2", n, err)
	}
	if v, _ := member(t, o, "difficulty").Get("target_block_time"); v != int64(2) {
		t.Errorf("target_block_time = %v (%T): an integer was configured", v, v)
	}
	if supply, err := member(t, o, "coin").Float("total_supply"); err != nil || supply <= 0 {
		t.Errorf("total_supply = %v, %v after a block", supply, err)
	}
	if best, err := member(t, member(t, o, "domains"), "co2").Float("best_performance"); err != nil || best >= 0 {
		t.Errorf("best_performance = %v, %v", best, err)
	}
}

func checkPeers(t *testing.T, h *host) {
	o := h.mustGet("/peers")
	keys(t, "/peers", o, "self", "peers")
	self := member(t, o, "self")
	keys(t, "self", self, "peer_id", "port")
	if id, _ := self.String("peer_id"); id != h.key.PeerID() {
		t.Errorf("self.peer_id = %q, want %s", id, h.key.PeerID())
	}
	list := objects(t, o, "peers")
	if len(list) != 2 {
		t.Errorf("%d peers, want 2", len(list))
	}
	for _, p := range list {
		keys(t, "peer", p, "peer_id", "host_id", "link")
		if id, _ := p.String("peer_id"); id == h.key.PeerID() {
			t.Error("the node lists itself")
		}
	}
}

func checkFees(t *testing.T, h *host) {
	o := h.mustGet("/fees")
	keys(t, "/fees", o, "base_fee", "mempool_size", "mempool_limit", "total_burned", "staked_optimae", "total_staked", "suggested_fees", "enabled")
	keys(t, "suggested_fees", member(t, o, "suggested_fees"), "base_fee", "tip", "total", "optimae_stake")
	if fee, err := o.Float("base_fee"); err != nil || fee <= 0 {
		t.Errorf("base_fee = %v, %v", fee, err)
	}
}

func checkChain(t *testing.T, h *host) {
	status := h.mustGet("/chain/status")
	keys(t, "/chain/status", status, "chain_height", "tip_hash", "tip_index", "finalized_height")
	height, err1 := status.Int("chain_height")
	index, err2 := status.Int("tip_index")
	if err1 != nil || err2 != nil || height != index+1 {
		t.Errorf("chain_height %d (%v), tip_index %d (%v)", height, err1, index, err2)
	}
	page := h.mustGet("/chain/blocks?from=0&to=0&request_id=mine")
	keys(t, "/chain/blocks", page, "request_id", "blocks", "has_more")
	if id, _ := page.String("request_id"); id != "mine" {
		t.Errorf("request_id = %q", id)
	}
	if more, err := page.Bool("has_more"); err != nil || !more {
		t.Errorf("has_more = %v, %v with %d blocks", more, err, height)
	}
	first := objects(t, page, "blocks")
	if len(first) != 1 {
		t.Fatalf("%d blocks from 0 to 0", len(first))
	}
	if hash, _ := first[0].String("hash"); hash != chain.GenesisHash {
		t.Errorf("block 0 is %s, want %s", hash, chain.GenesisHash)
	}
	one := h.mustGet("/chain/block/1")
	keys(t, "block", one, "header", "transactions", "hash", "ext")
	keys(t, "header", member(t, one, "header"), "index", "previous_hash", "timestamp", "merkle_root", "generator_id",
		"weighted_performance_sum", "threshold")
	b, err := chain.BlockFromObject(one)
	if err == nil {
		err = b.ValidateBasic()
	}
	if err != nil {
		t.Errorf("block 1: %v", err)
	}
	for _, query := range []string{"?from=100000", "?from=5&to=2", "?from=-10&to=-5"} {
		if n := len(objects(t, h.mustGet("/chain/blocks"+query), "blocks")); n != 0 {
			t.Errorf("%d blocks for %s", n, query)
		}
	}
	if n := len(objects(t, h.mustGet("/chain/blocks?from=-1&to=100000"), "blocks")); int64(n) < min(height, 49) || n > 49 {
		t.Errorf("%d blocks from -1, of %d", n, height) // the cap counts from -1
	}
}
