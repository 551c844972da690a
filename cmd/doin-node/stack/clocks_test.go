package stack

import (
	"fmt"
	"testing"
	"time"
)

// TestClocks: the median of the authors' clocks counts, an author once, and not for ever.
func TestClocks(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	f := func(ahead []time.Duration, want time.Duration) {
		t.Helper()
		var c clocks
		for i, d := range ahead {
			c.add(fmt.Sprint(i), now.Add(-time.Hour), now) // an older message, forgotten for the newer
			c.add(fmt.Sprint(i), now.Add(d), now)
		}
		if got, n := c.offset(now); got != want || n != len(ahead) {
			t.Errorf("offset of %v = %v of %d, want %v of %d", ahead, got, n, want, len(ahead))
		}
		if got, n := c.offset(now.Add(clockAge + 1)); got != 0 || n != 0 {
			t.Errorf("offset of %v, later = %v of %d, want 0 of 0", ahead, got, n)
		}
	}
	f(nil, 0)
	f([]time.Duration{time.Minute}, time.Minute)
	f([]time.Duration{-time.Minute, -time.Hour, -2 * time.Minute}, -2*time.Minute)
	var c clocks
	for i := range 2 * clockAuthors {
		c.add(fmt.Sprint(i), now, now)
	}
	if _, n := c.offset(now); n != clockAuthors {
		t.Errorf("%d authors are remembered, want %d", n, clockAuthors)
	}
}

func TestDeaths(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	var d deaths
	f := func(restarts, want int) {
		t.Helper()
		d.add(now, restarts)
		if got := d.count(now); got != want {
			t.Errorf("count with %d restarts = %d, want %d", restarts, got, want)
		}
	}
	f(0, 0)
	f(2, 2)
	f(2, 2)
	now = now.Add(deathSpan / 2)
	f(3, 3)
	now = now.Add(deathSpan/2 + time.Second)
	f(3, 1)
	f(3+10*maxNoted, maxNoted)
}
