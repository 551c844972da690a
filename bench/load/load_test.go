package load

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"
)

const wrkText = `Running 3s test @ http://127.0.0.1:1/health
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   402.10us  180.00us   9.00ms   90.00%
    Req/Sec    80.10k     2.20k   84.00k    70.00%
  Latency Distribution
     50%  380.00us
     75%  450.00us
     90%  560.00us
     99%    1.25ms
  239000 requests in 3.00s, 40.00MB read
Requests/sec:  79666.67
Transfer/sec:     13.33MB
`

func TestParseWrk(t *testing.T) {
	s, err := parseWrk(wrkText)
	if err != nil || s.rate != 79666.67 || s.p99 != 1250*time.Microsecond {
		t.Errorf("parseWrk = %+v, %v", s, err)
	}
	for _, text := range []string{"", "Requests/sec: 5\n", strings.Replace(wrkText, "Requests/sec", "  Non-2xx or 3xx responses: 7\nRequests/sec", 1),
		strings.Replace(wrkText, "Requests/sec", "  Socket errors: connect 0, read 1, write 0, timeout 0\nRequests/sec", 1)} {
		if s, err := parseWrk(text); err == nil {
			t.Errorf("parseWrk(%.40q) = %+v", text, s)
		}
	}
}

func TestRow(t *testing.T) {
	ms := time.Millisecond
	r := row("/x", 7, []pair{{sample{50, 2 * ms}, sample{100, ms}}, {sample{80, 9 * ms}, sample{100, 3 * ms}}, {sample{60, ms}, sample{100, ms}}})
	if r.RateRatio != 0.6 || r.P99Ratio != 2 || !r.Met || r.Rate != 60 || r.P99 != 2 {
		t.Errorf("row = %+v", r)
	}
}

// TestBare serves what it was given until it is told to end.
func TestBare(t *testing.T) {
	in, err := json.Marshal(map[string]string{"/health": "fine"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan error)
	go func() { done <- Bare(ctx, strings.NewReader(string(in)), w) }()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	p := &process{endpoint: strings.TrimSpace(line)}
	if body, err := p.ask(t.Context(), "/health"); err != nil || string(body) != "fine" {
		t.Errorf("ask = %q, %v", body, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestConfig(t *testing.T) {
	if _, err := Run(t.Context(), Config{}); err == nil {
		t.Error("an empty configuration runs")
	}
}

func TestMarkdownSaysWhenTheBarIsMissed(t *testing.T) {
	r := Report{Rows: []Row{{Path: "/health", RateRatio: 0.4}}}
	var b strings.Builder
	if err := r.WriteMarkdown(&b, "x", time.Unix(0, 0)); err != nil || !strings.Contains(b.String(), "NOT met") {
		t.Errorf("%v:\n%s", err, b.String())
	}
}
