package host

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestRun(t *testing.T) {
	c := DefaultConfig()
	c.Population, c.Steps, c.Segments, c.Rounds, c.Step = 32, 200, []int{0, 50}, 2, 20*time.Microsecond
	r, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Rows) != 8 {
		t.Fatalf("%d rows, want 8", len(r.Rows))
	}
	for _, x := range r.Rows {
		// 200 steps one after the other are the least that a device takes.
		if x.Wall < 200*c.Step.Seconds() || x.Wait < 0 || x.BestWait > x.Wait || x.Busy <= 0 || x.Busy > x.BestBusy || x.Full <= 0 || x.Full > x.Busy+1e-9 || x.Launches < 2 {
			t.Errorf("row %+v", x)
		}
	}
	var b strings.Builder
	if err := r.WriteMarkdown(&b, time.Unix(0, 0)); err != nil || !strings.Contains(b.String(), "| never | 2 | abreast |") {
		t.Errorf("%v\n%s", err, &b)
	}
	c.Rounds = 0
	if _, err := Run(t.Context(), c); !errors.Is(err, ErrConfig) {
		t.Errorf("Run() without rounds = %v, want ErrConfig", err)
	}
}
