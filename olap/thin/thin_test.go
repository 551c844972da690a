package thin

import (
	"testing"
	"time"

	"doin.network/node/olap"
)

// TestThinner walks through the rounds of an experiment of which each of the first three is recorded.
func TestThinner(t *testing.T) {
	now := time.Unix(1000, 0)
	thinner := New(3, func() time.Time { return now })
	number := int64(0)
	left := uint64(0)
	f := func(after time.Duration, change func(*olap.Round), want bool) {
		t.Helper()
		now = now.Add(after)
		number++
		r := &olap.Round{ExperimentID: "e", Number: number, AcceptedCount: 1}
		if change != nil {
			change(r)
		}
		rows := []olap.Row{{Domain: &olap.Domain{ID: "d"}}, {Round: r, Experiment: &olap.Experiment{ID: "e"}}}
		got := thinner.Keep(rows)
		if kept := len(got) == 2; kept != want || len(rows) != 2 {
			t.Errorf("round %d is kept: %v, want %v", number, kept, want)
		}
		if !want {
			left++
		}
		if thinner.Left() != left {
			t.Errorf("after round %d %d were left out, want %d", number, thinner.Left(), left)
		}
	}
	ms := time.Millisecond
	for range 3 {
		f(ms, nil, true)
	}
	f(ms, nil, false)
	f(ms, func(r *olap.Round) { r.Improvement = true }, true)
	f(ms, nil, false)
	f(ms, func(r *olap.Round) { r.Digest = "d" }, true)
	f(ms, func(r *olap.Round) { r.ImmigrantsCount = 1 }, true)
	f(ms, func(r *olap.Round) { r.BlockRewardEarned = 0.5 }, true)
	f(ms, func(r *olap.Round) { r.AcceptedCount = 2 }, true)
	f(ms, func(r *olap.Round) { r.AcceptedCount = 2 }, false)
	f(ms, func(r *olap.Round) { r.AcceptedCount, r.RejectedCount = 2, 1 }, true)
	yes, no := true, false
	f(ms, func(r *olap.Round) { r.AcceptedCount, r.RejectedCount, r.ChampionVerified = 2, 1, &no }, true)
	f(ms, func(r *olap.Round) { r.AcceptedCount, r.RejectedCount, r.ChampionVerified = 2, 1, &yes }, true)
	f(999*ms, func(r *olap.Round) { r.AcceptedCount, r.RejectedCount, r.ChampionVerified = 2, 1, &yes }, false)
	f(ms, func(r *olap.Round) { r.AcceptedCount, r.RejectedCount, r.ChampionVerified = 2, 1, &yes }, true)
	f(999*ms, func(r *olap.Round) { r.AcceptedCount, r.RejectedCount, r.ChampionVerified = 2, 1, &yes }, false)
}
