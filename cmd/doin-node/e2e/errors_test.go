//go:build unix

package e2e

import (
	"strings"
	"testing"
)

// checkErrors walks through the answers that are no success.
func checkErrors(t *testing.T, h *host) {
	for _, c := range []struct {
		method, path, body string
		status             int
		text               string // in the answer
	}{
		{"GET", "/nowhere", "", 404, "404: Not Found"},
		{"GET", "/nothing", "", 404, "404: Not Found"},
		{"POST", "/status", "{}", 405, "405"},
		{"GET", "/message", "", 405, "405"},
		{"DELETE", "/chain/blocks", "", 405, "405"},
		{"GET", "/chain/block/999999", "", 404, `{"status": "error", "detail": "block 999999 not found"}`},
		{"GET", "/chain/block/-1", "", 404, `{"status": "error", "detail": "block -1 not found"}`},
		{"GET", "/chain/block/one", "", 400, "integer"},
		{"GET", "/chain/block/99999999999999999999", "", 400, "integer"},
		{"GET", "/chain/blocks?from=x", "", 400, "from must be an integer"},
		{"GET", "/chain/blocks?to=1.5", "", 400, "to must be an integer"},
		{"GET", "/tasks/pending?limit=x", "", 400, "limit"},
		{"GET", "/tasks/pending?limit=-1", "", 400, "limit"},
		{"GET", "/tasks/unknown", "", 404, "not found"},
		{"POST", "/tasks/claim", "{}", 400, "task_id and evaluator_id required"},
		{"POST", "/tasks/claim", `{"task_id": "x", "evaluator_id": "y"}`, 403, "signed claim required"},
		{"POST", "/tasks/complete", "{}", 400, "task_id required"},
		{"POST", "/tasks/complete", `{"task_id": "x", "verified_performance": 1}`, 403, "signed vote required"},
		{"POST", "/tasks/complete", `{"task_id": "x", "vote": {}}`, 400, "invalid vote"},
		{"POST", "/inference", "{}", 400, "domain_id required"},
		{"POST", "/inference", `{"domain_id": "none"}`, 404, "unknown domain: none"},
		{"POST", "/inference", `{"domain_id": "co2", "input_data": 5}`, 400, "input_data"},
		{"POST", "/inference", `{"domain_id": "co2", "wait": "x"}`, 400, "wait"},
		{"POST", "/inference", `{"domain_id": "co2", "input_data": {"values": ["x"]}}`, 400, "reason"},
		{"GET", "/stats/rounds", "", 400, `{"error": "experiment_id required"}`},
		{"GET", "/stats/rounds?experiment_id=x&limit=x", "", 400, "limit"},
		{"POST", "/message", "", 400, `"detail": "invalid message"`},
	} {
		a := h.must(c.method, c.path, []byte(c.body))
		if a.status != c.status || !strings.Contains(string(a.body), c.text) {
			t.Errorf("%s %s %s: %v, want %d with %q", c.method, c.path, c.body, a, c.status, c.text)
		}
		if c.status == 405 && a.header.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow header", c.method, c.path)
		}
	}
}

func checkMetrics(t *testing.T, h *host) {
	a := h.must("GET", "/metrics", nil)
	for _, name := range []string{"doin_chain_height", "doin_peers_connected 2", "doin_messages_accepted_total", "doin_http_requests_total"} {
		if a.status != 200 || !strings.Contains(string(a.body), name) {
			t.Errorf("/metrics has no %s: %d", name, a.status)
		}
	}
}

// checkHead demands that HEAD is served where GET is.
func checkHead(t *testing.T, h *host) {
	for _, path := range []string{"/health", "/status", "/chain/status", "/chain/blocks", "/chain/block/0", "/tasks/pending", "/stats",
		"/stats/experiments", "/stats/chain-metrics", "/stats/export", "/fees", "/peers"} {
		if a := h.must("HEAD", path, nil); a.status != 200 || len(a.body) != 0 {
			t.Errorf("HEAD %s: %d with %d bytes", path, a.status, len(a.body))
		}
	}
}
