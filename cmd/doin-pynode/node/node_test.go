package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/python/engine"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

var discard = slog.New(slog.DiscardHandler)

func testConfig(t *testing.T) *config.Config {
	t.Helper()
	return parseConfig(t, `{"security": "reference"}`)
}

// configIn is testConfig in a data directory.
func configIn(t *testing.T, dir string) *config.Config {
	t.Helper()
	cfg := testConfig(t)
	cfg.DataDir = dir
	return cfg
}

// parseConfig reads a file's text, for a node of the test's own.
func parseConfig(t *testing.T, text string) *config.Config {
	t.Helper()
	cfg, _, err := config.Parse("node.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	cfg.DataDir, cfg.Network.Host, cfg.Network.Port = t.TempDir(), "127.0.0.1", 0
	return cfg
}

// TestNode asks a running node that only relays what a Python node asks, and sends it what one sends.
func TestNode(t *testing.T) {
	strict := config.DefaultConfig()
	if _, err := New(t.Context(), &strict, discard); !errors.Is(err, ErrStrictNetwork) {
		t.Errorf("New of a strict configuration: %v, want ErrStrictNetwork", err)
	}
	cfg := testConfig(t)
	r, err := New(t.Context(), cfg, discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	client := &http.Client{Timeout: 10 * time.Second}
	ask := func(method, path, body string) (int, *canon.Object) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, fmt.Sprintf("http://127.0.0.1:%d%s", r.Port(), path), strings.NewReader(body))
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
		o, err := canon.ParseObject(data)
		if err != nil {
			t.Fatalf("%s %s: %.200s", method, path, data)
		}
		return res.StatusCode, o
	}
	_, status := ask("GET", "/chain/status", "")
	if v, err := status.Object("component_versions"); err != nil || !canon.Equal(v, plainVersions()) {
		t.Errorf("component_versions %s, %v; want those of a plain installation", canon.Default(v), err)
	}
	if tip, err := status.String("tip_hash"); err != nil || tip != chain.GenesisHash {
		t.Errorf("tip %s, %v", tip, err)
	}
	_, st := ask("GET", "/status", "")
	for key, want := range map[string]string{"security_profile": "reference", "warning": warning, "network_protocol": "gossipsub"} {
		if v, err := st.String(key); err != nil || v != want {
			t.Errorf("/status: %s = %q, %v", key, v, err)
		}
	}
	for _, path := range []string{"gossip.blocks.mesh_size", "gossip.optimae.recent_messages", "storage.total_transactions", "storage.state_snapshots",
		"storage.db_size_mb", "discovery.by_source.lan"} {
		if _, ok := member(st, path); !ok {
			t.Errorf("/status has no %s", path)
		}
	}
	now := timestamp.FromTime(time.Now()).Wire()
	message := `{"msg_type": "optimae_commit", "sender_id": "` + strings.Repeat("ab", 20) + `", "timestamp": "` + now + `", "ttl": 7, "payload": ` +
		`{"commitment_hash": "` + strings.Repeat("c", 64) + `", "domain_id": "q", "_sender_port": 8470, "_component_versions": {"doin-core": "other"}, "_plugin_configs": {}}}`
	for body, want := range map[string]int{
		message: 200, // whatever versions it names
		`{"type": "message", "data": ` + message + `}`:                                200,
		`{"type": "control", "control": "GRAFT", "topic": "optimae", "from": "x"}`:    200,
		strings.Replace(message, "optimae_commit", "no_such_type", 1):                 400,
		strings.Replace(message, `"ttl": 7`, `"ttl": 7, "signature": "00"`, 1):        400,
		strings.Replace(message, `"domain_id": "q"`, `"domain_id": "q", "x": NaN`, 1): 400,
	} {
		if code, _ := ask("POST", "/message", body); code != want {
			t.Errorf("%.200s: %d, want %d", body, code, want)
		}
	}
	deadline := time.Now().Add(10 * time.Second)
	for r.loop.View().Commits == 0 {
		if time.Now().After(deadline) {
			t.Fatal("the commit did not arrive")
		}
		<-time.After(10 * time.Millisecond)
	}
	_, st = ask("GET", "/status", "")
	if list, err := st.List("other_versions"); err != nil || len(list) != 1 {
		t.Errorf("/status: other_versions %v, %v, want the map of the message", list, err)
	}
	if v, ok := st.Get("alone"); !ok || v != nil {
		t.Errorf("/status: alone %v, %v, want null", v, ok)
	}
	if code, _ := ask("POST", "/tasks/claim", `{"task_id": "t", "evaluator_id": "e"}`); code != 409 {
		t.Errorf("claim of an unknown task: %d", code)
	}
	if code, _ := ask("POST", "/inference", `{"domain_id": "q"}`); code != 404 {
		t.Errorf("inference in an unknown domain: %d", code)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	// The directory belongs to this profile now, and another's does not.
	if r, err = New(t.Context(), cfg, discard); err != nil {
		t.Fatalf("again: %v", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := r.Run(stopped); err != nil {
		t.Errorf("Run: %v", err)
	}
	dir := t.TempDir()
	s, err := store.Open(dir, store.Options{ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.PutMeta(stack.MetaNetwork, bytes.Repeat([]byte("f"), 64)), s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := openStore(dir, chain.GenesisBlock(), discard); !errors.Is(err, stack.ErrOtherNetwork) {
		t.Errorf("a strict store: %v, want stack.ErrOtherNetwork", err)
	}
	if engine.Network != chain.GenesisHash {
		t.Error("the network is not named by its block 0")
	}
}

// member returns what stands at a path of names in an object.
func member(o *canon.Object, path string) (v any, ok bool) {
	for name := range strings.SplitSeq(path, ".") {
		if o == nil {
			return nil, false
		}
		if v, ok = o.Get(name); !ok {
			return nil, false
		}
		o, _ = v.(*canon.Object)
	}
	return v, true
}
