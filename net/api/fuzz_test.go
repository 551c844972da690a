package api

import (
	"encoding/json"
	"net"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// FuzzServe throws requests at every endpoint: no panic, no 500, and a body that
// is JSON where it says so.
func FuzzServe(f *testing.F) {
	part := newFake(f)
	cfg := DefaultConfig()
	cfg.Port, cfg.Network, cfg.Timeout = 8470, network, time.Second
	a, err := New(cfg, Parts{Node: part, Chain: chainPart{part}, Tasks: part, Inference: part, Stats: statsPart{part}, Peers: part, Flood: part})
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range a.routes {
		f.Add(r.method, r.path+"1?from=1&to=-5&limit=3&wait=0", []byte(`{"task_id": "t1", "evaluator_id": "e", "domain_id": "co2", "wait": 0}`))
	}
	f.Add("POST", "/tasks/complete", []byte(`{"task_id": "t1", "vote": {"optimae_id": 1}}`))
	f.Fuzz(func(t *testing.T, method, uri string, body []byte) {
		var rc fasthttp.RequestCtx
		var req fasthttp.Request
		req.Header.SetMethod(method)
		req.SetRequestURI(uri)
		req.SetBody(body)
		rc.Init(&req, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, nil)
		part.received, part.votes = nil, nil
		a.Serve(t.Context(), &rc)
		got := rc.Response.Body()
		if rc.Response.StatusCode() >= 500 {
			t.Fatalf("%q %q %q = %d %s", method, uri, body, rc.Response.StatusCode(), got)
		}
		if string(rc.Response.Header.ContentType()) == "application/json; charset=utf-8" && !json.Valid(got) {
			t.Fatalf("%q %q %q answers what is not JSON: %s", method, uri, body, got)
		}
	})
}
