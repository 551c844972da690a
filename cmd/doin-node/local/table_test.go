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
		answered: true, height: 12, tipHash: strings.Repeat("c", 64), finalized: 6, peers: 1,
		domains: []domainSample{{id: "co2", rounds: 3, evaluations: 36, accepted: 2, rejected: 1, search: -0.25, verified: -0.5,
			baselines: canon.NewObject("val_naive_mae", 1.125)}},
	}, {}}
	got := strings.Join(table(61*time.Second, members, last), "\n")
	want := `doin network of 2 nodes · 00:01:01 · Ctrl-C stops

node peer          port peers height final rounds evaluations     own best  tip
0    aaaaaaaaaaaa  8470     1     12     6      3          36        -0.25  cccccccccccc
1    bbbbbbbbbbbb  8471 starting

co2: verified best -0.5 · 2 accepted, 1 rejected
  validation MAE 0.5; naive MAE 1.125`
	if got != want {
		t.Errorf("table:\n%s\nwant\n%s", got, want)
	}
}

func TestScreen(t *testing.T) {
	members, last := []*member{{}}, []sample{{}}
	var out bytes.Buffer
	columns, height := 20, 0
	s := screen{out: &out, terminal: true, size: func() (int, int) { return columns, height }}
	s.show(0, members, last)
	first := out.String()
	if strings.Contains(first, "\x1b[6A") || !strings.Contains(first, "doin network of 1 no\x1b[K\n") {
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
	if !strings.HasPrefix(out.String(), "\x1b[2J\x1b[Hdoin netwo\x1b[K\n") || strings.Count(out.String(), "\n") != 3 {
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
	f(`{}`, `{}`, false)
	f(`{"domains": []}`, `{"tip_index": 3, "tip_hash": "x"}`, false)
	f(`{"domains": {"a": {}}, "progress": {"a": 1}}`, `{"tip_index": 3, "tip_hash": "x"}`, false)
}
