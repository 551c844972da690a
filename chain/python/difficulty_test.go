package python

import (
	"testing"

	"doin.network/node/internal/golden"
)

func vectorDifficulty(t *testing.T, c golden.Case) {
	at := num(c.Inputs, "start_time")
	d := NewDifficulty(num(c.Inputs, "target_block_time"), num(c.Inputs, "initial_threshold"), whole(c.Inputs, "epoch_length"), at)
	var trajectory []any
	for _, interval := range floats(c.Inputs, "block_intervals") {
		at += interval
		if got := d.OnBlock(at, 0); got != d.Threshold {
			t.Errorf("OnBlock = %v, threshold is %v", got, d.Threshold)
		}
		trajectory = append(trajectory, []any{d.Threshold, d.EMA, d.InEpoch, d.Adjustments})
	}
	same(t, "trajectory", trajectory, val(c.Expected, "trajectory_threshold_ema_blocksInEpoch_adjustments"))
	same(t, "stats", d.Stats(), val(c.Expected, "stats"))
}

func TestDifficultyMissingTimestamp(t *testing.T) {
	a, b := NewDifficulty(60, 1, 10, 1000), NewDifficulty(60, 1, 10, 1000)
	a.OnBlock(1060, 5000)
	b.OnBlock(0, 1060)
	if *a != *b {
		t.Errorf("OnBlock(0, now) = %+v, want %+v", *b, *a)
	}
	if d := NewDifficulty(0, 1, 10, 1000).Deviation(); d != 0 {
		t.Errorf("deviation without a target = %v, want 0", d)
	}
}
