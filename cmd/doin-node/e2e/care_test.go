//go:build unix

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"doin.network/node/internal/canon"
	"doin.network/node/net/api/apitest"
)

// TestCare keeps a node: it is healthy and says so, its metrics are as Prometheus wants them, a hangup changes its log level, a
// backup of it while it runs is a node again, and the doctor finds nothing.
func TestCare(t *testing.T) {
	t.Parallel()
	h := newHost(t, "kept", settings(quadratic()), "solo", true, "discovery_enabled", false)
	h.run()
	eventually(t, "two blocks", higher(h, 1))
	eventually(t, "the node is ready", func() error {
		a, err := h.ask("GET", "/readyz?verbose", nil)
		if err == nil && (a.status != 200 || !strings.Contains(string(a.body), `"name": "recorder"`)) {
			err = fmt.Errorf("%v", a)
		}
		return err
	})
	checkFamilies(t, h)
	checkDescribed(t, h)

	configure(t, h, "log_level", "error")
	if err := h.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the log level is read again", func() error {
		if !strings.Contains(h.out.String(), "log level read again") {
			return fmt.Errorf("not said")
		}
		return nil
	})

	out := filepath.Join(t.TempDir(), "node.tar")
	succeeds(t, h.dir, "backup", "--config", "node.json", "--out", out)
	height, tip, err := h.tip()
	if err != nil {
		t.Fatal(err)
	}
	succeeds(t, h.dir, "doctor", "--config", "node.json")
	h.stop(syscall.SIGTERM)
	succeeds(t, h.dir, "doctor", "--config", "node.json") // of a node that does not run

	dir := filepath.Join(t.TempDir(), "again")
	mentions(t, succeeds(t, h.dir, "restore", out, "--data-dir", dir), "same key", "node.json")
	if !strings.Contains(failed(t, h.dir, "restore", out, "--data-dir", dir), "not empty") {
		t.Error("a restoration over a node is not refused for that reason")
	}
	again := &host{t: t, name: "again", dir: dir, port: h.port, key: h.key}
	again.run()
	if got, _, err := again.tip(); err != nil || got < 1 || got > height+100 {
		t.Errorf("the restored node is at height %d, %v, the other was at %d %s", got, err, height, tip)
	}
	again.stop(syscall.SIGTERM)

	succeeds(t, dir, "backup", "--config", "node.json", "--out", out) // without a running node
}

// checkFamilies holds /metrics of a node that searches against promtool's rules, and demands a family of every part.
func checkFamilies(t *testing.T, h *host) {
	t.Helper()
	a := h.must("GET", "/metrics", nil)
	problems, err := promlint.New(bytes.NewReader(a.body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "libp2p_") {
			continue // whose names are libp2p's
		}
		t.Errorf("/metrics: %s: %s", p.Metric, p.Text)
	}
	mentions(t, string(a.body), "doin_build_info{", `doin_check_ok{check="store"} 1`, `doin_search_rounds_total{domain="quadratic"}`,
		`doin_search_best_performance{domain="quadratic"}`, `doin_claims_total{domain="quadratic",stage="accepted"}`,
		`doin_claim_stage_seconds_bucket{domain="quadratic",stage="accepted",le="+Inf"}`, `doin_evaluation_duration_seconds_count{`,
		`doin_http_request_duration_seconds_count{route="/health"}`, "doin_workers_ready 1", "doin_worker_slots{", "doin_spool_bytes", `doin_sink_delivered_rows_total{sink="sqlite"}`,
		"doin_disk_free_bytes", `doin_data_bytes{part="chain"}`, "doin_balance_coins", "doin_supply_coins", "process_resident_memory_bytes", "go_goroutines")
}

// checkDescribed holds what a node answers against docs/openapi.yaml.
func checkDescribed(t *testing.T, h *host) {
	t.Helper()
	d, err := apitest.Read(filepath.Join(root, "docs", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{{"GET /health", ""}, {"GET /livez", ""}, {"GET /readyz", "?verbose"}, {"GET /status", ""}, {"GET /peers", ""}, {"GET /fees", ""},
		{"GET /chain/status", ""}, {"GET /chain/blocks", ""}, {"GET /tasks/pending", ""}, {"GET /stats", ""}, {"GET /stats/experiments", ""},
		{"GET /stats/chain-metrics", ""}, {"GET /stats/rounds", ""}, {"POST /inference", ""}, {"POST /message", ""}, {"GET /metrics", ""}} {
		method, path, _ := strings.Cut(c[0], " ")
		a := h.must(method, path+c[1], []byte("{}"))
		for _, fault := range d.Check(c[0], a.status, a.header.Get("Content-Type"), a.body) {
			t.Error(fault)
		}
	}
}

// configure changes a member of a node's file.
func configure(t *testing.T, h *host, key string, v any) {
	t.Helper()
	o, err := canon.ParseObject(read(t, h.file("node.json")))
	if err != nil {
		t.Fatal(err)
	}
	write(t, h.file("node.json"), canon.AppendIndent(nil, o.Set(key, v)))
}

// TestNoWorker: a node without the program that computes relays, and says what is missing.
func TestNoWorker(t *testing.T) {
	t.Parallel()
	h := newHost(t, "relay", settings(quadratic()), "worker_path", "/nowhere/worker", "discovery_enabled", false)
	h.run()
	eventually(t, "the node says that it has no worker", func() error {
		a, err := h.ask("GET", "/readyz?verbose", nil)
		if err == nil && (a.status != 503 || !strings.Contains(string(a.body), `"failed": ["worker"]`) || !strings.Contains(string(a.body), "/nowhere/worker")) {
			err = fmt.Errorf("%v", a)
		}
		return err
	})
	mentions(t, h.out.String(), "worker_missing", "this node only relays", "remedy")
	if _, err := os.Stat(h.file("chain")); err != nil {
		t.Error(err)
	}
	h.stop(syscall.SIGTERM)
}
