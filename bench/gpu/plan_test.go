package gpu

import (
	"slices"
	"testing"
	"time"

	"doin.network/node/bench/report"
	"doin.network/node/bench/workload"
)

func TestGroups(t *testing.T) {
	w := workload.All(1000)
	tasks := w[1].Tasks(6) // S2 early
	groups := groupsOf(tasks, []int{100, 300, 20, 40, 60, 200})
	if len(groups) != 1 || groups[0].Count != 6 || groups[0].Steps != 300 || groups[0].EvalEvery != workload.EvalEvery ||
		!slices.Equal(groups[0].Widths, []int{32, 64, 64, 1}) {
		t.Errorf("groups = %+v", groups)
	}
	if one := oneByOne(groups); one[0].Steps != 120 || groups[0].Steps != 300 {
		t.Errorf("one by one: %d steps, want the mean of 120", one[0].Steps)
	}
	mixed := groupsOf(w[3].Tasks(48), slices.Repeat([]int{50}, 48))
	if len(mixed) < 20 {
		t.Errorf("%d groups of 24 shapes", len(mixed))
	}
	all := padded(mixed)
	if len(all) != 1 || all[0].Count != 48 || all[0].Steps != 50 || len(all[0].Widths) != 4 || all[0].Widths[0] != 35 || all[0].Batch != 64 || all[0].Widths[3] != 1 {
		t.Errorf("padded = %+v", all)
	}
	for _, g := range mixed {
		if g.Batch > all[0].Batch || g.Widths[1] > all[0].Widths[1] {
			t.Errorf("%+v does not fit into %+v", g, all[0])
		}
	}
	if groupsOf(w[8].Tasks(2), []int{1, 1}) != nil {
		t.Error("peers have no tcn")
	}
	for _, f := range []struct {
		mode string
		want int
	}{{"scan", 1}, {"compiled", 1}, {"vmap", 1}, {"graph", 2}, {"single", 1}, {"stacked", 1}, {"scan-all", 1}, {"loop-ieee", 1}} {
		if got := arrangements(f.mode, mixed); len(got) != f.want {
			t.Errorf("%s: %d arrangements, want %d", f.mode, len(got), f.want)
		}
	}
}

func TestPlan(t *testing.T) {
	cells := planCells(measured(1000), Populations())
	if len(cells) != 51 {
		t.Fatalf("%d cells, want 51", len(cells))
	}
	if c := cells[0]; c.what() != "S2 fixed at 4096" || c.peers != allPeers {
		t.Errorf("first %s, peers %d", c.what(), c.peers)
	}
	place := map[string]int{}
	for i, c := range cells {
		place[c.what()] = i
	}
	for _, pair := range [][2]string{{"mixed ga at 4096", "S2 early at 4096"}, {"S2 fixed at 256", "S2 fixed at 16384"}, {"S2 early at 256", "tcn fixed at 4096"}, {"S2 digests at 4096", "S2 fixed at 1024"}} {
		if place[pair[0]] >= place[pair[1]] {
			t.Errorf("%s must come before %s", pair[0], pair[1])
		}
	}
	if c := cells[place["S2 digests at 4096"]]; c.peers != noPeers || c.Models[0].Segment != digestSegment || cells[0].Models[0].Segment != 0 {
		t.Errorf("with digests: peers %d, segment %d; without: %d", c.peers, c.Models[0].Segment, cells[0].Models[0].Segment)
	}
	// The time is used up exactly, and never gone beyond.
	left := 300 * time.Second
	for i := range cells {
		s := share(cells[i:], left)
		if s <= 0 || s > left {
			t.Fatalf("cell %d gets %v of %v", i, s, left)
		}
		left -= s
	}
	if left > time.Millisecond {
		t.Errorf("%v left", left)
	}
	if share(cells, -time.Second) != 0 || share(nil, time.Second) != 0 {
		t.Error("a share of nothing")
	}
}

func TestMedian(t *testing.T) {
	f := func(want float64, s ...float64) {
		t.Helper()
		if got := report.Median(s); got != want {
			t.Errorf("report.Median(%v) = %v, want %v", s, got, want)
		}
	}
	f(0)
	f(2, 3, 1, 2)
	f(2.5, 4, 1, 2, 3)
}
