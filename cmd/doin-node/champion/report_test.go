package champion

import (
	"slices"
	"strings"
	"testing"

	"doin.network/node/cmd/doin-node/report"
)

func TestReadHistory(t *testing.T) {
	f := func(text string, want ...report.Round) {
		t.Helper()
		if got := readHistory(strings.NewReader(text), "co2"); !slices.Equal(got, want) {
			t.Errorf("readHistory(%q) = %v, want %v", text, got, want)
		}
	}
	const header = "domain_id,total_candidates_evaluated,best_performance\n"
	f("")
	f("a,b\n1,2\n")
	f(header+"co2,12,-0.5\nother,13,-1\nco2,24,\nco2,36,-0.25\nco2,4", report.Round{Trials: 12, Best: -0.5}, report.Round{Trials: 36, Best: -0.25})
}
