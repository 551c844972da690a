package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
)

const (
	jsonType = "application/json; charset=utf-8"
	textType = "text/plain; charset=utf-8"
)

func TestGoldenBodies(t *testing.T) {
	f := newFake(t)
	a, ask := serve(t, f, func(c *Config) { c.ComponentVersions = canon.NewObject("doin-core", "v0.1.0") })
	g := func(path, want string) {
		t.Helper()
		code, h, body := ask("GET", path, "")
		if code != 200 || body != want || h.Get("Content-Type") != jsonType {
			t.Errorf("GET %s = %d %s\n%s\nwant\n%s", path, code, h.Get("Content-Type"), body, want)
		}
		code, h, empty := ask("HEAD", path, "")
		if code != 200 || empty != "" || h.Get("Content-Length") != fmt.Sprint(len(want)) {
			t.Errorf("HEAD %s = %d, length %s, body %q; want 200, %d, none", path, code, h.Get("Content-Length"), empty, len(want))
		}
	}
	feeMembers := `"base_fee": 0.001, "mempool_size": 0, "mempool_limit": 10000, "total_burned": 0.0, "staked_optimae": 0, "total_staked": 0, ` +
		`"suggested_fees": {"base_fee": 0.001, "tip": 0.0005, "total": 0.0015, "optimae_stake": 0.005}`
	g("/health", `{"status": "healthy", "port": 8470}`)
	g("/fees", `{`+feeMembers+`, "enabled": true}`)
	g("/status", `{"status": "healthy", "peer_id": "012345678901", "port": 8470, "chain_height": 6, "storage_backend": "badger", `+
		`"network_protocol": "flooding", "domains": {"co2": {"optimize": true, "evaluate": true, "synthetic": true, `+
		`"target_performance": null, "best_performance": -0.25, "converged": false}}, "peers": 2, `+
		`"task_queue": {"pending": 1, "claimed": 2, "completed": 3}, "security": {"finalized_height": -1, "reputation_tracked_peers": 3, `+
		`"pending_commitments": 0, "pending_quorums": 0}, "optimizer_domains": ["co2"], "evaluator_domains": ["co2"], `+
		`"coin": {"total_supply": 100.0, "my_balance": 1.5, "top_holders": [["a", 65.0], ["b", 30.0], ["c", 1.0], ["d", 1.0], ["e", 1.0]]}, `+
		`"difficulty": {"threshold": 0.05, "target_block_time": 60, "ema_block_time": 60.0, "blocks_in_epoch": 0, "epoch_length": 100, `+
		`"total_adjustments": 0, "deviation": 0.0}, "discovery": {"known_peers": 2, "connected": 2, "bootstrap_nodes": 1, `+
		`"by_source": {"bootstrap": 1, "pex": 0, "walk": 0, "config": 0, "unknown": 0, "inbound": 1}}, `+
		`"fee_market": {`+feeMembers+`}, "security_profile": "strict"}`)
	g("/peers", `{"self": {"peer_id": "p", "proof": ""}, "peers": []}`)
	g("/chain/status", `{"chain_height": 120, "tip_hash": "`+f.blocks[119].Hash+`", "tip_index": 119, "finalized_height": 3, `+
		`"network_id": "test-network", "component_versions": {"doin-core": "v0.1.0"}}`)
	g("/chain/block/0", string(canon.Default(chain.GenesisBlock().Object())))
	g("/chain/blocks?from=118&request_id=r%22", `{"request_id": "r\"", "blocks": [`+string(canon.Default(f.blocks[118].Object()))+", "+
		string(canon.Default(f.blocks[119].Object()))+`], "has_more": false}`)
	g("/tasks/pending", `{"tasks": [{"id": "t1", "status": "pending", "domain_id": "d"}], "total_pending": 7}`)
	g("/tasks/pending?domains=a,%20b,,&limit=0", `{"tasks": [], "total_pending": 9}`)
	g("/tasks/t1", `{"id": "t1", "status": "pending", "domain_id": "d"}`)
	g("/stats", `{"co2": {"experiment_id": "e", "rounds": 3}, "olap_summaries": [{"experiment_id": "e", "converged": 0}]}`)
	g("/stats?domain=co2", `{"experiment_id": "e", "rounds": 3, "olap_summaries": [{"experiment_id": "e", "converged": 0}]}`)
	g("/stats?domain=other", `{"olap_summaries": [{"experiment_id": "e", "converged": 0}]}`)
	g("/stats/experiments", `{"experiments": [{"experiment_id": "e"}], "summaries": [{"experiment_id": "e", "converged": 0}]}`)
	g("/stats/rounds?experiment_id=e", `{"rounds": [{"experiment_id": "e", "limit": 1000}]}`)
	g("/stats/rounds?experiment_id=e&limit=5", `{"rounds": [{"experiment_id": "e", "limit": 5}]}`)
	g("/stats/claims?experiment_id=e", `{"claims": [{"experiment_id": "e", "stage": "revealed", "limit": 1000}]}`)
	g("/stats/claims?experiment_id=e&limit=20000", `{"claims": [{"experiment_id": "e", "stage": "revealed", "limit": 10000}]}`)
	g("/stats/chain-metrics?domain_id=co2", `{"metrics": [{"domain_id": "co2"}], "count": 1}`)
	if n := a.Counts()[Count{"/stats", 200}]; n != 6 {
		t.Errorf("counted %d requests to /stats, want 6", n)
	}
}

func TestChainBlocksRange(t *testing.T) {
	_, ask := serve(t, newFake(t), nil)
	f := func(query string, first, n int64, more bool) {
		t.Helper()
		code, _, body := ask("GET", "/chain/blocks"+query, "")
		o, err := canon.ParseObject([]byte(body))
		if code != 200 || err != nil {
			t.Fatalf("%s: %d %v", query, code, err)
		}
		blocks, _ := o.List("blocks")
		if got, _ := o.Bool("has_more"); got != more || int64(len(blocks)) != n {
			t.Errorf("%s: %d blocks, has_more %v; want %d, %v", query, len(blocks), got, n, more)
		}
		if len(blocks) > 0 {
			h, _ := blocks[0].(*canon.Object).Object("header")
			if i, _ := h.Int("index"); i != first {
				t.Errorf("%s: first block %d, want %d", query, i, first)
			}
		}
	}
	f("", 0, 50, true)
	f("?from=0&to=119", 0, 50, true)
	f("?from=70", 70, 50, false)
	f("?from=69", 69, 50, true)
	f("?from=5&to=5", 5, 1, true)
	f("?from=119&to=500", 119, 1, false)
	f("?from=120", 0, 0, false)
	f("?from=5&to=4", 0, 0, true)
	f("?from=-10", 0, 40, true) // the cap is counted from the negative value
	f("?from=-100", 0, 0, true)
	f("?from=9223372036854775807", 0, 0, false)
	f("?from=-9223372036854775808", 0, 0, true)
	f("?to=-1", 0, 0, true)
	f("?from=%2010%20&to=11", 10, 2, true)
}

func TestChainBlocksAreCutByBytes(t *testing.T) {
	_, ask := serve(t, newFake(t), func(c *Config) { c.MaxBlocksBytes = 1500 })
	_, _, body := ask("GET", "/chain/blocks?from=100", "")
	o, _ := canon.ParseObject([]byte(body))
	blocks, _ := o.List("blocks")
	more, _ := o.Bool("has_more")
	if len(blocks) == 0 || len(blocks) > 5 || !more {
		t.Errorf("%d blocks, has_more %v; want a few, true", len(blocks), more)
	}
}

func TestErrorsOfEveryEndpoint(t *testing.T) {
	k, _ := identity.FromSeed("evaluator")
	claim, _ := k.Sign(KindClaim, network, []byte("t1"))
	f := newFake(t)
	a, ask := serve(t, f, nil)
	g := func(method, path, body string, code int, want string) {
		t.Helper()
		got, h, text := ask(method, path, body)
		if got != code || !strings.Contains(text, want) {
			t.Errorf("%s %s %.60s = %d %s, want %d with %s", method, path, body, got, text, code, want)
		}
		if strings.HasPrefix(text, "{") != (h.Get("Content-Type") == jsonType) {
			t.Errorf("%s %s: content type %q of %s", method, path, h.Get("Content-Type"), text)
		}
	}
	for _, path := range []string{"/", "/nope", "/health/", "/chain", "/chain/block/", "/chain/block/1/2", "/tasks/", "/tasks/a/b", "/message/x", "/metrics", "/%2e%2e/etc"} {
		g("GET", path, "", 404, "404: Not Found")
	}
	g("POST", "/health", "", 405, "405: Method Not Allowed")
	g("DELETE", "/chain/block/1", "", 405, "405: Method Not Allowed")
	g("GET", "/tasks/claim", "", 405, "405: Method Not Allowed")
	if _, h, _ := ask("PUT", "/health", ""); h.Get("Allow") != "GET,HEAD" {
		t.Errorf("Allow = %q, want GET,HEAD", h.Get("Allow"))
	}
	if _, h, _ := ask("GET", "/message", ""); h.Get("Allow") != "POST" {
		t.Errorf("Allow = %q, want POST", h.Get("Allow"))
	}

	for _, bad := range []string{"x", "", "1.5", "1e3", "99999999999999999999", "%00", "0x10", "1_000"} {
		g("GET", "/chain/blocks?from="+bad, "", 400, `"detail": "from must be an integer"`)
		g("GET", "/chain/blocks?to="+bad, "", 400, `"detail": "to must be an integer"`)
		g("GET", "/tasks/pending?limit="+bad, "", 400, `"detail": "limit must be an integer"`)
		g("GET", "/stats/rounds?experiment_id=e&limit="+bad, "", 400, `"detail": "limit must be an integer"`)
		g("GET", "/stats/claims?experiment_id=e&limit="+bad, "", 400, `"detail": "limit must be an integer"`)
		if bad != "" {
			g("GET", "/chain/block/"+bad, "", 400, `"detail": "block index must be an integer"`)
		}
	}
	g("GET", "/tasks/pending?limit=-1", "", 400, "must not be negative")
	g("GET", "/chain/block/120", "", 404, `{"status": "error", "detail": "block 120 not found"}`)
	g("GET", "/chain/block/-1", "", 404, `"detail": "block -1 not found"`)
	g("GET", "/tasks/t2", "", 404, `"detail": "task t2 not found"`)
	g("GET", "/peers?challenge=short", "", 400, `"detail": "bad challenge"`)
	g("GET", "/stats/rounds", "", 400, `{"error": "experiment_id required"}`)
	g("GET", "/stats/claims", "", 400, `{"error": "experiment_id required"}`)
	g("GET", "/stats/claims?experiment_id=e&limit=-1", "", 400, "must not be negative")

	garbage := []string{"", "{", "null", "[]", "1", `"x"`, "\xff", "{}", strings.Repeat("[", 5000), `{"task_id": NaN}`,
		`{"task_id": 1, "evaluator_id": "e", "domain_id": 1}`, `{"task_id": "", "evaluator_id": "", "domain_id": ""}`,
		`{"task_id": null, "domain_id": null}`, `{"task_id": "` + strings.Repeat("x", 300) + `", "domain_id": "` + strings.Repeat("x", 300) + `"}`}
	for _, body := range garbage {
		g("POST", "/tasks/claim", body, 400, `"detail": "task_id and evaluator_id required"`)
		g("POST", "/tasks/complete", body, 400, `"detail": "task_id required"`)
		g("POST", "/inference", body, 400, `"detail": "domain_id required"`)
	}
	g("POST", "/tasks/claim", `{"task_id": "t1"}`, 400, "required")
	big := strings.Repeat("x", 100_001)
	g("POST", "/tasks/claim", big, 413, `"detail": "request body too large"`)
	g("POST", "/message", big, 400, `{"status": "error", "detail": "invalid message", "reason": "too_large`)

	// Claims: signed, by the evaluator, for this task, for this network.
	id, key := k.PeerID(), k.PublicKey()
	body := func(task, evaluator, key, sig string) string {
		return string(canon.Default(canon.NewObject("task_id", task, "evaluator_id", evaluator, "public_key", key, "signature", sig)))
	}
	other, _ := k.Sign(KindClaim, "other-network", []byte("t1"))
	g("POST", "/tasks/claim", `{"task_id": "t1", "evaluator_id": "e"}`, 403, "unsigned")
	g("POST", "/tasks/claim", body("t1", strings.Repeat("a", 40), key, claim), 403, "signed claim required")
	g("POST", "/tasks/claim", body("t2", id, key, claim), 403, "signed claim required")
	g("POST", "/tasks/claim", body("t1", id, key, other), 403, "signed claim required")
	g("POST", "/tasks/claim", `{"task_id": "t1", "evaluator_id": "e", "signature": 1}`, 403, "signed claim required")
	g("POST", "/tasks/claim", body("t1", id, key, claim), 200, `{"status": "claimed", "task": {"id": "t1"`)
	elsewhere, _ := k.Sign(KindClaim, network, []byte("t9"))
	g("POST", "/tasks/claim", body("t9", id, key, elsewhere), 409, "task not found or already claimed")

	// Completion: a signed vote.
	v := &chain.Vote{
		OptimaeID: strings.Repeat("a", 64), DomainID: "co2", Anchor: strings.Repeat("b", 64), Digest: strings.Repeat("c", 64),
		VerifiedPerformance: -0.5, SyntheticScore: 1, IncumbentScore: 2, SyntheticDataHash: strings.Repeat("d", 64),
	}
	if err := chain.SignVote(v, k, network); err != nil {
		t.Fatal(err)
	}
	vote := func(task string, o *canon.Object) string {
		return string(canon.Default(canon.NewObject("task_id", task, "vote", o)))
	}
	g("POST", "/tasks/complete", `{"task_id": "t1", "verified_performance": 1.0, "evaluator_id": "`+id+`"}`, 403, "signed vote required")
	g("POST", "/tasks/complete", `{"task_id": "t1", "vote": 1}`, 400, "invalid vote")
	g("POST", "/tasks/complete", `{"task_id": "t1", "vote": {}}`, 400, "invalid vote")
	g("POST", "/tasks/complete", vote("t1", v.Object().Set("synthetic_score", -1.0)), 400, "invalid vote")
	g("POST", "/tasks/complete", vote("t1", v.Object().Set("verified_performance", 1.0)), 403, "signed vote required")
	unsigned := v.Object()
	unsigned.Delete("signature")
	unsigned.Delete("public_key")
	g("POST", "/tasks/complete", vote("t1", unsigned), 403, "signed vote required")
	g("POST", "/tasks/complete", vote("not-mine", v.Object()), 403, "not a member of the quorum")
	g("POST", "/tasks/complete", vote("t9", v.Object()), 409, "task not found or not claimed")
	if len(f.votes) != 0 {
		t.Fatal("a refused vote reached the tasks")
	}
	g("POST", "/tasks/complete", vote("t1", v.Object()), 200, `{"status": "completed", "task_id": "t1", "block_generated": true}`)
	if len(f.votes) != 1 || f.votes[0].ComputeID() != v.ComputeID() {
		t.Error("the vote did not arrive as it was sent")
	}

	if n := a.Counts()[Count{"/tasks/claim", 403}]; n != 5 {
		t.Errorf("counted %d refused claims, want 5", n)
	}
}

func TestMessage(t *testing.T) {
	f := newFake(t)
	_, ask := serve(t, f, nil)
	g := func(err error, code int, want string) {
		t.Helper()
		f.refusal = err
		got, _, body := ask("POST", "/message", "body")
		if got != code || body != want {
			t.Errorf("Receive = %v: %d %s, want %d %s", err, got, body, code, want)
		}
	}
	g(nil, 200, `{"status": "ok"}`)
	g(refused{400, "bad_ttl: 99"}, 400, `{"status": "error", "detail": "invalid message", "reason": "bad_ttl: 99"}`)
	g(fmt.Errorf("x: %w", refused{429, "slow down"}), 429, `{"status": "error", "detail": "too many messages", "reason": "slow down"}`)
	g(refused{503, "full"}, 503, `{"status": "error", "detail": "busy", "reason": "full"}`)
	g(errors.New("bug"), 500, "500 Internal Server Error")
	if len(f.received) != 5 || f.received[0] != "127.0.0.1 body" {
		t.Errorf("received %q", f.received)
	}
}

func TestReferenceProfile(t *testing.T) {
	f := newFake(t)
	_, ask := serve(t, f, func(c *Config) { c.Strict = false })
	g := func(path, body string, code int, want string) {
		t.Helper()
		got, _, text := ask("POST", path, body)
		if got != code || !strings.Contains(text, want) {
			t.Errorf("%s %s = %d %s, want %d %s", path, body, got, text, code, want)
		}
	}
	g("/tasks/claim", `{"task_id": "t1", "evaluator_id": "e"}`, 200, `"status": "claimed"`)
	g("/tasks/complete", `{"task_id": "t1", "verified_performance": 2, "result": {"a": 1}, "evaluator_id": "e"}`, 200,
		`{"status": "completed", "task_id": "t1", "block_generated": false}`)
	g("/tasks/complete", `{"task_id": "t1", "verified_performance": null}`, 200, "completed")
	g("/tasks/complete", `{"task_id": "t1", "verified_performance": "much"}`, 400, "finite number")
	g("/tasks/complete", `{"task_id": "t1", "verified_performance": "NaN"}`, 400, "finite number")
	g("/tasks/complete", `{"task_id": "t1", "result": []}`, 400, "result must be an object")
	g("/tasks/complete", `{"task_id": "t1", "evaluator_id": 5}`, 400, "evaluator_id")
	g("/tasks/complete", `{"task_id": "t9"}`, 409, "not claimed")
	if len(f.done) != 2 || *f.done[0].VerifiedPerformance != 2 || f.done[0].EvaluatorID != "e" || f.done[1].VerifiedPerformance != nil {
		t.Errorf("completions %+v", f.done)
	}
}

func TestInference(t *testing.T) {
	f := newFake(t)
	_, ask := serve(t, f, nil)
	g := func(path, body string, code int, want string) {
		t.Helper()
		got, _, text := ask("POST", path, body)
		if got != code || text != want {
			t.Errorf("%s %s = %d %s, want %d %s", path, body, got, text, code, want)
		}
	}
	const queued = `{"status": "queued", "task_id": "task-1"}`
	g("/inference", `{"domain_id": "co2"}`, 200,
		`{"status": "completed", "task_id": "task-1", "result": {"forecast": [1.5], "client": "anonymous", "input": {}}, "optimae_id": "o1", "verified": true}`)
	g("/inference", `{"domain_id": "co2", "input_data": {"steps": 3}, "client_id": "me", "wait": 1}`, 200,
		`{"status": "completed", "task_id": "task-1", "result": {"forecast": [1.5], "client": "me", "input": {"steps": 3}}, "optimae_id": "o1", "verified": true}`)
	g("/inference", `{"domain_id": "other"}`, 404, `{"status": "error", "detail": "unknown domain: other"}`)
	g("/inference", `{"domain_id": "co2", "wait": 0}`, 200, queued)
	g("/inference", `{"domain_id": "co2", "input_data": [1]}`, 400,
		`{"status": "error", "detail": "input_data must be an object", "reason": "canon: member \"input_data\": want object, got list"}`)
	g("/inference", `{"domain_id": "co2", "wait": -1}`, 400, `{"status": "error", "detail": "wait must not be negative"}`)
	g("/inference", `{"domain_id": "co2", "wait": "soon"}`, 400, `{"status": "error", "detail": "wait must be a number"}`)
	g("/inference?wait=nan", `{"domain_id": "co2"}`, 400, `{"status": "error", "detail": "wait must be a number"}`)

	f.infer = func(context.Context) (*Forecast, error) {
		return &Forecast{Result: canon.NewObject(), OptimaeID: "o2", Verified: true, Solo: true}, nil
	}
	g("/inference", `{"domain_id": "co2"}`, 200,
		`{"status": "completed", "task_id": "task-1", "result": {}, "optimae_id": "o2", "verified": true, "solo": true}`)

	f.infer = func(ctx context.Context) (*Forecast, error) { <-ctx.Done(); return nil, ctx.Err() }
	begin := time.Now()
	g("/inference", `{"domain_id": "co2", "wait": 0.1}`, 200, queued)
	g("/inference?wait=0.1", `{"domain_id": "co2"}`, 200, queued)
	if d := time.Since(begin); d < 200*time.Millisecond || d > 5*time.Second {
		t.Errorf("two waits of 0.1 s took %v", d)
	}
	f.infer = func(context.Context) (*Forecast, error) { return nil, errors.New("worker died") }
	g("/inference", `{"domain_id": "co2"}`, 500,
		`{"status": "error", "detail": "inference failed", "reason": "worker died", "task_id": "task-1"}`)
	f.fail = fmt.Errorf("%w: input has no series", ErrInvalid)
	g("/inference", `{"domain_id": "co2"}`, 400, `{"status": "error", "detail": "invalid request", "reason": "invalid: input has no series"}`)
}

func TestFailuresOfTheParts(t *testing.T) {
	f := newFake(t)
	_, ask := serve(t, f, nil)
	for _, c := range []struct {
		err  error
		code int
		want string
	}{
		{errors.New("disk"), 500, "500 Internal Server Error"},
		{context.DeadlineExceeded, 503, `"detail": "timeout"`},
		{context.Canceled, 503, `"detail": "shutting down"`},
		{fmt.Errorf("queue: %w", ErrBusy), 503, `"detail": "busy"`},
	} {
		f.fail = c.err
		for _, path := range []string{"/status", "/fees", "/chain/status", "/chain/blocks", "/chain/block/1", "/tasks/pending", "/tasks/t1",
			"/stats", "/stats/experiments", "/stats/rounds?experiment_id=e", "/stats/claims?experiment_id=e", "/stats/chain-metrics", "/stats/export"} {
			code, h, body := ask("GET", path, "")
			if code != c.code || !strings.Contains(body, c.want) {
				t.Errorf("%s with %v = %d %s, want %d %s", path, c.err, code, body, c.code, c.want)
			}
			if code == 503 && h.Get("Retry-After") == "" {
				t.Errorf("%s: 503 without Retry-After", path)
			}
		}
	}
}

func TestRecordingSwitchedOff(t *testing.T) {
	f := newFake(t)
	f.disabled = true
	_, ask := serve(t, f, nil)
	for _, path := range []string{"/stats/experiments", "/stats/rounds?experiment_id=e", "/stats/claims?experiment_id=e", "/stats/chain-metrics", "/stats/export"} {
		if code, _, body := ask("GET", path, ""); code != 404 || body != `{"error": "OLAP not enabled"}` {
			t.Errorf("%s = %d %s", path, code, body)
		}
	}
	if _, _, body := ask("GET", "/stats?domain=co2", ""); body != `{"experiment_id": "e", "rounds": 3, "olap_summaries": []}` {
		t.Errorf("/stats without recording: %s", body)
	}
	if _, _, body := ask("GET", "/fees", ""); body != `{"enabled": false}` {
		t.Errorf("/fees switched off: %s", body)
	}
}

func TestDeadlineAndConcurrencyBound(t *testing.T) {
	f := newFake(t)
	f.block = make(chan struct{})
	_, ask := serve(t, f, func(c *Config) { c.Timeout = 500 * time.Millisecond })
	type reply struct {
		code int
		body string
	}
	replies := make(chan reply, fewRequests)
	for range fewRequests {
		go func() {
			code, _, body := ask("GET", "/status", "")
			replies <- reply{code, body}
		}()
	}
	for f.waiting.Load() < fewRequests {
		time.Sleep(time.Millisecond)
	}
	if code, _, body := ask("GET", "/status", ""); code != 503 || !strings.Contains(body, "too many requests") {
		t.Errorf("request above the bound: %d %s", code, body)
	}
	if code, _, _ := ask("GET", "/health", ""); code != 200 {
		t.Errorf("another endpoint meanwhile: %d", code)
	}
	for range fewRequests {
		if r := <-replies; r.code != 503 || !strings.Contains(r.body, "timeout") {
			t.Errorf("stuck request: %+v, want 503 timeout", r)
		}
	}
}

func TestExport(t *testing.T) {
	const content = "SQLite format 3\x00 and so on"
	f := newFake(t)
	a, ask := serve(t, f, nil)
	base := listen(t, a)
	code, h, body := ask("GET", "/stats/export", "")
	if code != 200 || body != content || h.Get("Content-Type") != "application/octet-stream" ||
		h.Get("Content-Disposition") != "attachment; filename=olap.db" || h.Get("ETag") == "" || h.Get("Last-Modified") == "" {
		t.Errorf("export: %d %v %q", code, h, body)
	}
	if code, h, body = ask("HEAD", "/stats/export", ""); code != 200 || body != "" || h.Get("Content-Length") != fmt.Sprint(len(content)) {
		t.Errorf("HEAD: %d %v %q", code, h, body)
	}
	g := func(headers map[string]string, code int, want, contentRange string) {
		t.Helper()
		got, h, body := request(t, "GET", base+"/stats/export", "", headers)
		if got != code || body != want || h.Get("Content-Range") != contentRange {
			t.Errorf("%v: %d %q %q, want %d %q %q", headers, got, body, h.Get("Content-Range"), code, want, contentRange)
		}
	}
	size := len(content)
	g(map[string]string{"Range": "bytes=0-5"}, 206, "SQLite", fmt.Sprintf("bytes 0-5/%d", size))
	g(map[string]string{"Range": "bytes=-2"}, 206, "on", fmt.Sprintf("bytes %d-%d/%d", size-2, size-1, size))
	g(map[string]string{"Range": "bytes=99-"}, 416, "416: Range Not Satisfiable", fmt.Sprintf("bytes */%d", size))
	g(map[string]string{"Range": "bytes=0-1,3-4"}, 200, content, "")
	g(map[string]string{"Range": "bytes=0-5", "If-Range": `"old"`}, 200, content, "")
	deadline := time.Now().Add(5 * time.Second)
	for f.cleaned.Load() != 7 || a.exports.count() != 0 {
		if time.Now().After(deadline) {
			t.Fatalf("%d of 7 copies were removed, %d slots taken", f.cleaned.Load(), a.exports.count())
		}
		time.Sleep(time.Millisecond)
	}
}

func TestMetrics(t *testing.T) {
	f := newFake(t)
	reg := prometheus.NewRegistry()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "doin_test_total", Help: "A test."})
	reg.MustRegister(c)
	c.Add(3)
	cfg := DefaultConfig()
	cfg.Port = 8470
	a, err := New(cfg, Parts{Node: f, Chain: chainPart{f}, Tasks: f, Inference: f, Stats: statsPart{f}, Peers: f, Flood: f, Metrics: reg})
	if err != nil {
		t.Fatal(err)
	}
	code, h, body := request(t, http.MethodGet, listen(t, a)+"/metrics", "", nil)
	if code != 200 || !strings.Contains(body, "doin_test_total 3") || !strings.HasPrefix(h.Get("Content-Type"), "text/plain") {
		t.Errorf("metrics: %d %v\n%s", code, h, body)
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	_, err := New(Config{Timeout: -1}, Parts{})
	for _, want := range []string{"port", "timeout", "cache bytes", "no node", "no chain", "no tasks", "no inference", "no stats", "no peers", "no flood"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New() = %v, want it to name %q", err, want)
		}
	}
}

// TestDownloadsTakeTurns: an address has three, all together four, and the oldest gives way when it has had its time.
func TestDownloadsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l downloads
		var all []*download
		f := func(host string, want bool) {
			t.Helper()
			d, err := l.enter(host)
			if (err == nil) != want || err != nil && !errors.Is(err, ErrBusy) {
				t.Errorf("enter(%s) = %v, want room: %v", host, err, want)
			}
			if d != nil {
				d.Reader = strings.NewReader("content")
				all = append(all, d)
			}
		}
		f("a", true)
		f("a", true)
		f("a", true)
		f("a", false)
		f("b", true)
		f("d", false)
		if _, err := all[0].Read(make([]byte, 1)); err != nil {
			t.Errorf("a young download: %v", err)
		}
		time.Sleep(exportTime + 1)
		f("d", false)
		if _, err := all[0].Read(make([]byte, 1)); !errors.Is(err, errGivesWay) {
			t.Errorf("an old download while others wait: %v", err)
		}
		if _, err := all[1].Read(make([]byte, 1)); err != nil {
			t.Errorf("the next one: %v", err)
		}
		if err := all[0].Close(); err != nil {
			t.Error(err)
		}
		f("d", true)
	})
}
