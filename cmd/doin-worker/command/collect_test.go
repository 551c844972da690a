package command

import (
	"runtime/debug"
	"testing"

	"doin.network/node/compute/data"
)

// TestCollector: the setting is that of reading while anybody reads, and what it was before when the last one has ended.
func TestCollector(t *testing.T) {
	t.Setenv("GOGC", "")
	before := debug.SetGCPercent(77)
	defer debug.SetGCPercent(before)
	percent := func() int {
		p := debug.SetGCPercent(50)
		debug.SetGCPercent(p)
		return p
	}
	var c collector
	first := c.begin()
	second := c.begin()
	first()
	if got := percent(); got != data.GCPercent {
		t.Errorf("%d %% while a table is read, want %d", got, data.GCPercent)
	}
	second()
	if got := percent(); got != 77 {
		t.Errorf("%d %% after the last table, want 77", got)
	}
	t.Setenv("GOGC", "60")
	c.begin()()
	if got := percent(); got != 77 {
		t.Errorf("%d %% with GOGC in the environment, want what it was", got)
	}
}
