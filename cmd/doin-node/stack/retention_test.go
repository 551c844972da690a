package stack

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/olap"
)

// fakeTrimmer answers every call alike and remembers the last.
type fakeTrimmer struct {
	out  olap.Trimmed
	err  error
	last olap.Retention
}

func (f *fakeTrimmer) Trim(_ context.Context, r olap.Retention) (olap.Trimmed, error) {
	f.last = r
	return f.out, f.err
}

// TestRetention: every sink is held to what the configuration says, whatever became of the one before.
func TestRetention(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	var said strings.Builder
	broken, quiet, busy := &fakeTrimmer{err: errors.New("no room")}, &fakeTrimmer{}, &fakeTrimmer{out: olap.Trimmed{Rows: 7}}
	r := bounds(config.Record{MaxMB: 3, KeepDays: 0.5}, now)
	if want := (olap.Retention{MaxBytes: 3 << 20, Before: now.Add(-12 * time.Hour)}); r != want {
		t.Errorf("bounds = %+v, want %+v", r, want)
	}
	trim(t.Context(), []olap.Trimmer{broken, quiet, busy}, r, slog.New(slog.NewTextHandler(&said, nil)))
	if busy.last != r {
		t.Errorf("the last sink was held to %+v, want %+v", busy.last, r)
	}
	if text := said.String(); !strings.Contains(text, "no room") || !strings.Contains(text, "rows=7") || strings.Count(text, "\n") != 2 {
		t.Errorf("the log says %q", text)
	}
	if r := bounds(config.Record{}, now); r != (olap.Retention{}) {
		t.Errorf("bounds without any = %+v", r)
	}
}
