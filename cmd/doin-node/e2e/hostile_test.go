//go:build unix

package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
)

// TestHostileInput sends everything bad that a stranger could to a live node. It evaluates only and knows nobody, so
// that its state stands still unless one of the messages changes it.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	friend, err := identity.FromSeed("a registered evaluator")
	if err != nil {
		t.Fatal(err)
	}
	// Every bad body has its price: with the usual points the enemy would be cut off before it has tried everything.
	hosts := newNetwork(t, 1, settings(quadratic().Set("optimize", false)).Set("penalty_points", 100_000), friend)
	h := hosts[0]
	h.run()
	network, err := h.mustGet("/chain/status").String("network_id")
	if err != nil {
		t.Fatal(err)
	}
	before := stateOf(t, h)

	t.Run("bodies", func(t *testing.T) { own := *h; own.t = t; hostileBodies(t, &own) })
	t.Run("messages", func(t *testing.T) { own := *h; own.t = t; hostileMessages(t, &own, friend, network) })
	t.Run("votes", func(t *testing.T) { own := *h; own.t = t; hostileVotes(t, &own, friend, network) })
	t.Run("connections", func(t *testing.T) { own := *h; own.t = t; hostileConnections(t, &own) })

	if after := stateOf(t, h); after != before {
		t.Errorf("the state was\n%s\nand is\n%s", before, after)
	}
	// The control: the same message, honest, is taken and does change the state. Before, the quota that all the bad
	// ones have used up must have recovered.
	eventually(t, "an honest message is taken", func() error {
		a, err := h.ask("POST", "/message", sign(t, commitment(h), friend, network))
		if err == nil && a.status != 200 {
			err = fmt.Errorf("%v", a)
		}
		return err
	})
	eventually(t, "the commitment is counted", func() error {
		if after := stateOf(t, h); after == before {
			return fmt.Errorf("state is %s", after)
		}
		return nil
	})
	if strings.Contains(h.out.String(), "panic") {
		t.Error("something panicked")
	}
	h.stop(syscall.SIGTERM)
}

// stateOf renders what no bad input may change.
func stateOf(t *testing.T, h *host) string {
	t.Helper()
	status := h.mustGet("/status")
	var b strings.Builder
	for _, key := range []string{"chain_height", "peers", "task_queue", "security", "coin", "difficulty", "reputation"} {
		v, _ := status.Get(key)
		fmt.Fprintf(&b, "%s=%s ", key, canon.Default(v))
	}
	fmt.Fprintf(&b, "chain=%s tasks=%s", canon.Default(h.mustGet("/chain/status")), canon.Default(h.mustGet("/tasks/pending")))
	return b.String()
}

// posts are the endpoints that take a body.
var posts = []string{"/message", "/tasks/claim", "/tasks/complete", "/inference"}

// hostileBodies sends bodies that are no requests.
func hostileBodies(t *testing.T, h *host) {
	random := make([]byte, 4096)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	deep := func(n int) []byte {
		return []byte(`{"domain_id": ` + strings.Repeat(`[`, n) + strings.Repeat(`]`, n) + `}`)
	}
	for name, body := range map[string][]byte{
		"empty": nil, "random": random, "text": []byte("hello"), "list": []byte("[1, 2]"), "null": []byte("null"), "number": []byte("1"),
		"cut": []byte(`{"task_id": "x`), "two values": []byte(`{} {}`), "NaN": []byte(`{"domain_id": NaN}`),
		"infinity": []byte(`{"domain_id": "quadratic", "input_data": {"x": [Infinity]}}`), "overflow": []byte(`{"domain_id": 1e999}`),
		"deep": deep(100_000), "wrong types": []byte(`{"task_id": 5, "evaluator_id": [], "domain_id": {}, "msg_type": 1}`),
		"empty names": []byte(`{"task_id": "", "evaluator_id": "", "domain_id": ""}`), "bad UTF-8": []byte("{\"task_id\": \"\xff\xfe\"}"),
		"long names": []byte(`{"task_id": "` + strings.Repeat("x", 5000) + `", "domain_id": "` + strings.Repeat("y", 5000) + `"}`),
		"zero bytes": make([]byte, 1000),
	} {
		for _, path := range posts {
			was := counted(t, h)
			a := h.must("POST", path, body)
			if a.status < 400 || a.status > 499 {
				t.Errorf("%s to %s: %v, want 4xx", name, path, a)
			}
			if o, err := a.object(); err != nil {
				t.Errorf("%s to %s: the answer is no object: %v", name, path, err)
			} else if d, _ := o.String("detail"); d == "" {
				t.Errorf("%s to %s: no reason in %v", name, path, a)
			}
			if is := counted(t, h); is <= was {
				t.Errorf("%s to %s: no counter moved (%d)", name, path, is)
			}
		}
	}
	for _, path := range []string{
		"/chain/blocks?from=" + strings.Repeat("9", 400), "/chain/blocks?from=-9223372036854775809", "/chain/blocks?to=NaN",
		"/chain/block/" + strings.Repeat("1", 3000), "/chain/block/%00", "/tasks/" + strings.Repeat("x", 3000), "/tasks/%ff%fe",
		"/tasks/pending?limit=1e9", "/stats/rounds?experiment_id=%00&limit=-5", "/stats/rounds?experiment_id=", "/peers?challenge=short",
		"/peers?challenge=" + strings.Repeat("z", 2000), "/status/", "/%2e%2e/etc/passwd",
	} {
		was := counted(t, h)
		if a := h.must("GET", path, nil); a.status < 400 || a.status > 499 {
			t.Errorf("GET %.60s: %v, want 4xx", path, a)
		}
		if is := counted(t, h); is <= was {
			t.Errorf("GET %.60s: no counter moved (%d)", path, is)
		}
	}
	for _, path := range []string{"/chain/blocks?from=9223372036854775807", "/chain/blocks?from=-9223372036854775808&to=9223372036854775807",
		"/tasks/pending?limit=9223372036854775807&domains=" + strings.Repeat(",", 2000), "/stats?domain='%20OR%201=1;--",
		"/stats/rounds?experiment_id='%20OR%201=1;--", "/stats/chain-metrics?domain_id=%ff%00"} {
		if a := h.must("GET", path, nil); a.status != 200 {
			t.Errorf("GET %.60s: %v, want 200", path, a)
		}
	}
	if n := len(objects(t, h.mustGet("/stats/rounds?experiment_id='%20OR%201=1;--"), "rounds")); n != 0 {
		t.Errorf("an injected condition finds %d rounds", n)
	}
	// Too large is refused before it is read, whatever it is.
	huge := bytes.Repeat([]byte("x"), 129<<20)
	for path, want := range map[string]int{"/message": 400, "/inference": 413, "/tasks/claim": 413, "/tasks/complete": 413} {
		a, err := h.ask("POST", path, huge)
		if err != nil {
			t.Logf("%s: the connection was cut while 129 MiB were sent: %v", path, err) // also a refusal
		} else if a.status != want {
			t.Errorf("129 MiB to %s: %v, want %d", path, a, want)
		}
		if _, err := h.get("/health"); err != nil {
			t.Fatalf("after 129 MiB to %s: %v", path, err)
		}
	}
}

var refusedCount = regexp.MustCompile(`(?m)^(?:doin_messages_refused_total\{.*\}|doin_http_requests_total\{route=".*",status="4.."\}|doin_protocol_violations_total) (\S+)$`)

// counted sums the counters of refusals.
func counted(t *testing.T, h *host) (n int64) {
	t.Helper()
	for _, m := range refusedCount.FindAllSubmatch(h.must("GET", "/metrics", nil).body, -1) {
		f, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		n += int64(f)
	}
	return n
}

// hostileConnections breaks the protocol below the requests.
func hostileConnections(t *testing.T, h *host) {
	for name, bytes := range map[string]string{
		"noise":            "\x00\x01\x02\x03\r\n\r\n",
		"TLS":              "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"bad length":       "POST /message HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
		"endless header":   "GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("y", 1<<20) + "\r\n\r\n",
		"no version":       "GET /status\r\n\r\n",
		"two lengths":      "POST /message HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
		"bad chunk":        "POST /message HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"dots in the path": "GET /chain/block/../../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	} {
		c, err := net.DialTimeout("tcp", h.endpoint(), 5*time.Second)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, bytes) // the node may have closed it already
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
		line, _ := bufio.NewReader(c).ReadString('\n')
		if strings.Contains(line, " 200 ") {
			t.Errorf("%s: %q", name, line)
		}
		c.Close()
		if _, err := h.get("/health"); err != nil {
			t.Fatalf("after %s: %v", name, err)
		}
	}
	// Clients that say nothing do not keep others out.
	for range 20 {
		c, err := net.DialTimeout("tcp", h.endpoint(), 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	if _, err := h.get("/status"); err != nil {
		t.Errorf("beside silent clients: %v", err)
	}
}
