package api

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"doin.network/node/net/api/apitest"
)

// described are the routes as docs/openapi.yaml writes them: a prefix has the name of what follows it.
func described(routes []*route) (out []string) {
	for _, r := range routes {
		path := r.path
		switch {
		case path == "/chain/block/":
			path += "{index}"
		case r.prefix:
			path += "{id}"
		}
		out = append(out, r.method+" "+path)
	}
	slices.Sort(out)
	return out
}

// TestOpenAPI: docs/openapi.yaml describes every route and no other, and their answers, good and bad, are as it says.
func TestOpenAPI(t *testing.T) {
	d, err := apitest.Read("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f := newFake(t)
	cfg := DefaultConfig()
	cfg.Port, cfg.Network, cfg.Strict = 8470, network, false
	health := fixedHealth{Alive: true, Checks: []Check{{Name: "store", OK: true}, {Name: "peers"}}, Alarms: []Alarm{{Name: "no_peers"}}}
	a, err := New(cfg, Parts{Node: f, Chain: chainPart{f}, Tasks: f, Inference: f, Stats: statsPart{f}, Peers: f, Flood: f, Health: health, Accounts: f,
		Genesis: []byte(`{"parameters": {}, "domains": [], "evaluators": []}`), Data: shelf{}, Metrics: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	want := described(a.routes)
	if got := d.Operations(); !slices.Equal(got, want) {
		t.Errorf("docs/openapi.yaml describes %q, the table has %q", got, want)
	}
	base := listen(t, a)
	seen := map[string]bool{}
	g := func(operation, path, body string, code int) {
		t.Helper()
		method, _, _ := strings.Cut(operation, " ")
		got, h, text := request(t, method, base+path, body, nil)
		if got != code {
			t.Errorf("%s %s = %d %s, want %d", method, path, got, text, code)
		}
		for _, fault := range d.Check(operation, got, h.Get("Content-Type"), []byte(text)) {
			t.Errorf("%s %s: %s", method, path, fault)
		}
		seen[operation] = true
	}
	g("GET /health", "/health", "", 200)
	g("GET /livez", "/livez", "", 200)
	g("GET /readyz", "/readyz", "", 503)
	g("GET /readyz", "/readyz?verbose", "", 503)
	g("GET /status", "/status", "", 200)
	g("GET /peers", "/peers", "", 200)
	g("GET /peers", "/peers?challenge=x", "", 400)
	g("GET /fees", "/fees", "", 200)
	g("POST /message", "/message", "{}", 200)
	g("GET /chain/status", "/chain/status", "", 200)
	g("GET /chain/blocks", "/chain/blocks?from=3", "", 200)
	g("GET /chain/blocks", "/chain/blocks?from=x", "", 400)
	g("GET /chain/block/{index}", "/chain/block/5", "", 200)
	g("GET /chain/block/{index}", "/chain/block/999", "", 404)
	g("GET /tasks/pending", "/tasks/pending", "", 200)
	g("GET /tasks/pending", "/tasks/pending?limit=x", "", 400)
	g("GET /tasks/{id}", "/tasks/t1", "", 200)
	g("GET /tasks/{id}", "/tasks/none", "", 404)
	g("POST /tasks/claim", "/tasks/claim", `{"task_id": "t1", "evaluator_id": "e"}`, 200)
	g("POST /tasks/claim", "/tasks/claim", `{}`, 400)
	g("POST /tasks/complete", "/tasks/complete", `{"task_id": "t1"}`, 200)
	g("POST /tasks/complete", "/tasks/complete", `{}`, 400)
	g("POST /inference", "/inference", `{"domain_id": "co2", "wait": 0}`, 200)
	g("POST /inference", "/inference", `{}`, 400)
	g("GET /stats", "/stats", "", 200)
	g("GET /stats/experiments", "/stats/experiments", "", 200)
	g("GET /stats/rounds", "/stats/rounds?experiment_id=e", "", 200)
	g("GET /stats/rounds", "/stats/rounds", "", 400)
	g("GET /stats/claims", "/stats/claims?experiment_id=e", "", 200)
	g("GET /stats/chain-metrics", "/stats/chain-metrics", "", 200)
	g("GET /stats/export", "/stats/export", "", 200)
	g("GET /export/{id}", "/export/fact_trial.parquet", "", 200)
	g("GET /export/{id}", "/export/fact_trial.xlsx", "", 404)
	g("GET /genesis", "/genesis", "", 200)
	hash := strings.Repeat("ab", 32)
	g("GET /data/{id}", "/data/"+hash, "", 404)
	g("GET /data/{id}", "/data/x", "", 400)
	g("POST /transactions", "/transactions", "{}", 400)
	g("GET /transactions/{id}", "/transactions/"+hash, "", 404)
	g("GET /balance/{id}", "/balance/"+hash[:40], "", 200)
	g("GET /balance/{id}", "/balance/x", "", 400)
	g("GET /domains", "/domains", "", 200)
	g("GET /metrics", "/metrics", "", 200)
	for _, operation := range want {
		if !seen[operation] {
			t.Errorf("no answer of %s is looked at", operation)
		}
	}
}
