package search

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/domain/open"
	"doin.network/node/compute/worker"
	"doin.network/node/ga/island"
	"doin.network/node/ga/portfolio"
	"doin.network/node/ga/settings"
)

// trialsTo is how many trials a search of a benchmark function takes until its best is not further than target from the optimum;
// twice as many as it may have if it never is. shares are the generations of a portfolio's arms.
func trialsTo(t *testing.T, function, seed int, strategy string, target float64, most int64) (trials int64, shares []int64) {
	t.Helper()
	d, err := open.New("bbob", parse(t, fmt.Sprintf(`{"function": %d, "dimension": 5, "instance": %d}`, function, seed)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(worker.SearchSpec{Domain: d, Seed: uint64(seed), Settings: parse(t, `{"population": 12, "strategy": "`+strategy+`"}`), Pool: &pool{d, 1}, Window: 1})
	if err != nil {
		t.Fatal(err)
	}
	for {
		r, err := s.Generation(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if trials = 2 * most; r.Best.Fitness >= -target {
			trials = r.Evaluations
		} else if r.Evaluations < most {
			continue
		}
		if p, ok := s.(*genetic).ga.(*portfolio.Portfolio); ok {
			shares = p.Share()
		}
		return trials, shares
	}
}

// TestPortfolio: on functions where either arm is the better one, a portfolio takes at most three times the trials of that one in
// the middle of seven seeds, and less than the other one.
func TestPortfolio(t *testing.T) {
	median := func(list []int64) int64 {
		slices.Sort(list)
		return list[len(list)/2]
	}
	f := func(function int, target float64, better string) {
		t.Helper()
		took := map[string][]int64{}
		sum := make([]int64, 3)
		for seed := 1; seed <= 7; seed++ {
			for _, strategy := range []string{"ga", "cma", "portfolio"} {
				n, shares := trialsTo(t, function, seed, strategy, target, 4000)
				took[strategy] = append(took[strategy], n)
				for k := range shares {
					sum[k] += shares[k]
				}
			}
		}
		ga, cma, both := median(took["ga"]), median(took["cma"]), median(took["portfolio"])
		t.Logf("f%d to %g: ga %d, cma %d, portfolio %d trials; generations of ga, cma, random %v", function, target, ga, cma, both, sum)
		best, worst := cma, ga
		if better == "ga" {
			best, worst = ga, cma
		}
		if best >= worst || both > 3*best || both >= worst {
			t.Errorf("f%d: ga %d, cma %d, portfolio %d trials: want it below the worse arm and three times the better one, %s", function, ga, cma, both, better)
		}
	}
	f(8, 0.1, "cma")
	f(10, 1, "cma")
	f(13, 1, "cma")
	f(20, 1, "ga")
}

// TestNamesArm: a trial's operator begins with the arm that made it, and its island is that of its number.
func TestNamesArm(t *testing.T) {
	seen, islands := map[string]bool{}, map[int]bool{}
	for _, r := range records(t, "quadratic", quadratic, `{"population": 4, "strategy": "portfolio", "islands": 3}`, 6) {
		for _, row := range append(slices.Clone(r.Rows), r.Gone...) {
			if row.Status == worker.StatusOpen || row.Trial < 0 {
				continue
			}
			arm, _, _ := strings.Cut(row.Operator, ":")
			seen[arm], islands[row.Island] = true, true
			if int64(row.Island) != row.Trial%3 {
				t.Errorf("trial %d is of island %d", row.Trial, row.Island)
			}
		}
	}
	if len(seen) != 3 || !seen["ga"] || !seen["cma"] || !seen["random"] || len(islands) != 3 {
		t.Errorf("arms %v, islands %v", seen, islands)
	}
}

// TestIslandTopologies: the settings know the topologies that there are.
func TestIslandTopologies(t *testing.T) {
	k, ok := settings.ByName(settings.IslandTopology)
	if !ok || !slices.Equal(k.Choices, island.Topologies()) {
		t.Errorf("%s is one of %q, want %q", settings.IslandTopology, k.Choices, island.Topologies())
	}
}

// TestPlateauIsRecorded: a record says that its search is on a plateau, and what goes on from it knows.
func TestPlateauIsRecorded(t *testing.T) {
	for _, r := range records(t, "forecast", forecast, `{"population": 6, "patience": 1}`, 12) {
		if !r.Plateau {
			continue
		}
		if s, err := stateOf(r); err != nil || !s.Plateau {
			t.Errorf("stateOf: plateau %v, %v", s.Plateau, err)
		}
		return
	}
	t.Error("no record of twelve generations without patience is of a plateau")
}
