package local

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"doin.network/node/internal/canon"
)

func TestTable(t *testing.T) {
	members := []*member{{index: 0, peerID: strings.Repeat("a", 40), port: 8470}, {index: 1, peerID: strings.Repeat("b", 40), port: 8471}}
	last := []sample{{
		answered: true, height: 12, tipHash: strings.Repeat("c", 64), finalized: 6, peers: 1, busy: 0.9625, busyOthers: 0.03,
		domains: []domainSample{{id: "co2", rounds: 3, evaluations: 36, openClaims: 2, accepted: 2, rejected: 1, search: -0.25, verified: -0.5,
			champion:  &championSample{performance: -0.5, verified: true, metrics: canon.NewObject("val_mae", 0.5, "test_mae", 0.75, "val_naive_mae", 1.125)},
			baselines: canon.NewObject("train_naive_mae", 1.5, "val_naive_mae", 1.125, "test_naive_mae", 1.25)}},
	}, {}}
	got := strings.Join(table(61*time.Second, members, last), "\n")
	want := `doin network of 2 nodes · 00:01:01 · Ctrl-C stops

node peer          port peers height final rounds evaluations  busy others claims     own best  tip
0    aaaaaaaaaaaa  8470     1     12     6      3          36   96%     3%      2        -0.25  cccccccccccc
1    bbbbbbbbbbbb  8471 starting

co2: verified best -0.5 · 2 accepted, 1 rejected
  champion -0.5, verified
  validation (test) mae: champion 0.5 (0.75), naive 1.125 (1.25)`
	if got != want {
		t.Errorf("table:\n%s\nwant\n%s", got, want)
	}
}

// TestOutside: a node that is in no quorum stands below the table with what it lacks.
func TestOutside(t *testing.T) {
	f := func(status, want string) {
		t.Helper()
		o, err := canon.ParseObject([]byte(status))
		if err != nil {
			t.Fatal(err)
		}
		if got := outside(o); got != want {
			t.Errorf("outside(%s) = %q, want %q", status, got, want)
		}
	}
	f(`{}`, "")
	f(`{"evaluator": null}`, "")
	f(`{"evaluator": {"registered": true, "eligible": true}}`, "")
	f(`{"evaluator": {"registered": false, "eligible": false, "reason": "r", "remedy": "m"}}`, "r; m")
	members := []*member{{index: 0, peerID: "a", port: 1}, {index: 1, peerID: "b", port: 2}}
	got := table(0, members, []sample{{answered: true}, {answered: true, outside: "r; m"}})
	if want := "node 1 is no evaluator: r; m"; got[5] != want {
		t.Errorf("table: %q, want %q below the nodes", got, want)
	}
}

// TestChampionLine: who has verified what answers inferences.
func TestChampionLine(t *testing.T) {
	f := func(nodes int, c *championSample, want string) {
		t.Helper()
		if got := championLine(&domainSample{champion: c}, nodes); got != want {
			t.Errorf("championLine(%+v) of %d nodes = %q, want %q", c, nodes, got, want)
		}
	}
	f(1, nil, "")
	f(1, &championSample{performance: -0.25}, "champion -0.25, unverified: a node alone has no quorum")
	f(1, &championSample{performance: -0.25, verified: true}, "champion -0.25, verified") // by others, before
	f(1, &championSample{performance: -0.25, verified: true, solo: true}, "champion -0.25, solo: verified by its author alone")
	solo := &domainSample{solo: true, champion: &championSample{performance: -0.25}}
	if got, want := championLine(solo, 1), "champion -0.25, unverified: no quorum has agreed yet"; got != want {
		t.Errorf("championLine of a solo node's newest = %q, want %q", got, want)
	}
	f(3, &championSample{performance: -0.25}, "champion -0.25, unverified: no quorum has agreed yet")
	f(3, &championSample{performance: -0.25, verified: true}, "champion -0.25, verified")
	f(3, &championSample{performance: -0.25, verified: true, solo: true}, "champion -0.25, solo: verified by its author alone")
	f(3, &championSample{performance: -0.25, verified: true, z: 2.5}, "champion -0.25, verified, 2.5 standard errors above its base")
	f(1, &championSample{}, "champion –, unverified: a node alone has no quorum")
}

// TestErrorLine: the champion's errors stand beside those of models without a search, in the unit of the data.
func TestErrorLine(t *testing.T) {
	f := func(c *championSample, baselines *canon.Object, want string) {
		t.Helper()
		if got := errorLine(&domainSample{champion: c, baselines: baselines}); got != want {
			t.Errorf("errorLine(%+v, %s) = %q, want %q", c, canon.Default(baselines), got, want)
		}
	}
	two := canon.NewObject("val_naive_mae", 1.5, "test_naive_mae", 2.0, "val_ar.12_mae", 0.25)
	f(nil, nil, "")
	f(nil, canon.NewObject("x", 1), "")
	f(nil, two, "validation (test) mae: naive 1.5 (2), ar.12 0.25")
	f(&championSample{}, two, "validation (test) mae: naive 1.5 (2), ar.12 0.25")
	f(&championSample{metrics: canon.NewObject("val_mae", 0.5, "val_mase", 1.0)}, two,
		"validation (test) mae: champion, not confirmed by others, 0.5, naive 1.5 (2), ar.12 0.25")
	f(&championSample{verified: true, metrics: canon.NewObject("val_accuracy", 0.9, "val_log_loss", 0.5, "test_log_loss", 0.75)},
		canon.NewObject("val_majority_log_loss", 1.0, "val_majority_accuracy", 0.5), "validation (test) log_loss: champion 0.5 (0.75), majority 1")
}

// TestLine: the gist says how busy the nodes are, and that a champion is not verified.
func TestLine(t *testing.T) {
	last := []sample{{answered: true, busy: 0.9, busyOthers: 0.06, domains: []domainSample{{id: "a", champion: &championSample{performance: 2.0}}}}, {}}
	want := "00:00:01  1 of 2 nodes up, height 0, one tip, 0 rounds, busy 96%; a: verified best –, 0 accepted, 0 rejected, " +
		"champion 2, unverified: no quorum has agreed yet"
	if got := line(time.Second, last); got != want {
		t.Errorf("line = %q, want %q", got, want)
	}
}

func TestScreen(t *testing.T) {
	members, last := []*member{{}}, []sample{{}}
	var out bytes.Buffer
	columns, height := 20, 0
	s := screen{out: &out, terminal: true, size: func() (int, int) { return columns, height }}
	s.show(0, members, last)
	first := out.String()
	if strings.Contains(first, "\x1b[6A") || !strings.Contains(first, "doin node alone · 00\x1b[K\n") {
		t.Errorf("first drawing %q", first)
	}
	out.Reset()
	s.show(time.Second, members, last)
	if !strings.HasPrefix(out.String(), "\x1b[5A") {
		t.Errorf("second drawing %q does not start where the first did", out.String())
	}
	out.Reset()
	columns, height = 10, 4
	s.show(2*time.Second, members, last)
	if !strings.HasPrefix(out.String(), "\x1b[2J\x1b[Hdoin node \x1b[K\n") || strings.Count(out.String(), "\n") != 3 {
		t.Errorf("drawing %q after the terminal has become 10 × 4", out.String())
	}

	out.Reset()
	s = screen{out: &out, every: 10 * time.Second, last: -1}
	for i := range 21 {
		s.show(time.Duration(i)*time.Second, members, last)
	}
	if n := strings.Count(out.String(), "\n"); n != 3 {
		t.Errorf("%d lines in 21 seconds, want 3:\n%s", n, out.String())
	}
}

func TestParseSample(t *testing.T) {
	f := func(status, chain string, ok bool) {
		t.Helper()
		s, err1 := canon.ParseObject([]byte(status))
		c, err2 := canon.ParseObject([]byte(chain))
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if _, err := parseSample(s, c); (err == nil) != ok {
			t.Errorf("parseSample(%s, %s) = %v, want ok = %v", status, chain, err, ok)
		}
	}
	f(`{}`, `{"tip_index": 3, "tip_hash": "x"}`, true)
	f(`{"domains": {"a": {}}, "progress": {"a": {"verified_best": null, "rounds": "x", "baselines": []}}}`, `{"tip_index": 3, "tip_hash": "x"}`, true)
	f(`{"busy": null, "busy_others": "x", "domains": {"a": {}}, "progress": {"a": {"champion": null, "announce": null, "open_claims": -1}}}`,
		`{"tip_index": 3, "tip_hash": "x"}`, true)
	f(`{"domains": {"a": {}}, "progress": {"a": {"champion": 3, "announce": []}}}`, `{"tip_index": 3, "tip_hash": "x"}`, true)
	f(`{}`, `{}`, false)
	f(`{"domains": []}`, `{"tip_index": 3, "tip_hash": "x"}`, false)
	f(`{"domains": {"a": {}}, "progress": {"a": 1}}`, `{"tip_index": 3, "tip_hash": "x"}`, false)
}

// TestSummaryOfSilence: what a node has not said is null.
func TestSummaryOfSilence(t *testing.T) {
	got := string(canon.Default(summary([]*member{{peerID: "p", dir: "d"}}, []sample{{}})))
	want := `{"nodes": [{"peer_id": "p", "height": -1, "tip_hash": "", "finalized_height": -1, "rounds": 0, "busy": null, "busy_others": null, ` +
		`"announce_ratio": null, "open_claims": 0, "data_dir": "d"}], "domains": {}}`
	if got != want {
		t.Errorf("summary of no answer = %s, want %s", got, want)
	}
	last := []sample{{answered: true, domains: []domainSample{{id: "a", champion: &championSample{performance: 2.5}, announceRatio: 1.5}, {id: "b", announceRatio: int64(2)}}}}
	got = string(canon.Default(summary([]*member{{}}, last)))
	for _, part := range []string{`"announce_ratio": 2.0`, `"best_performance": null, "accepted": 0, "rejected": 0, "champion": {"performance": 2.5, "verified": false, "solo": false}`, `"champion": null`} {
		if !strings.Contains(got, part) {
			t.Errorf("summary %s lacks %s", got, part)
		}
	}
}

// TestTableConverged: a domain whose target is reached is said to listen, another is not.
func TestTableConverged(t *testing.T) {
	last := []sample{{answered: true, domains: []domainSample{{id: "a", converged: true}, {id: "b"}}}}
	text := strings.Join(table(0, []*member{{}}, last), "\n")
	if got := strings.Count(text, "converged, listening"); got != 1 || !strings.Contains(text, "0 rejected · converged, listening") {
		t.Errorf("table says it %d times, want once, of a:\n%s", got, text)
	}
}
