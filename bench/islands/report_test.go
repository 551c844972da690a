package islands

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"doin.network/node/compute/domain"
)

func TestReport(t *testing.T) {
	c := DefaultConfig()
	c.Nodes, c.Seeds, c.Lags, c.Strategies = []int{2}, 5, []int{1, 3}, []string{domain.StrategyHillClimber}
	c.Compare = true
	r, err := Simulate(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	var md, svg, text strings.Builder
	if err := r.WriteMarkdown(&md, "doin-bench islands", time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"`doin-bench islands` on 1970-01-01", "| hill climber | one node | 5 | 5 |", "| hill climber | 2 isolated |",
		"one, ×2 evaluations", "2 islands, lag 3", "### Topologies and policies: hill climber, 2 islands, lag 1", "| ring | best | 4 |"} {
		if !strings.Contains(md.String(), want) {
			t.Errorf("the tables lack %q:\n%s", want, md.String())
		}
	}
	if err := r.WriteSVG(&svg); err != nil || !strings.Contains(svg.String(), "2 islands, lag 3") {
		t.Errorf("plot: %v", err)
	}
	if err := r.WriteText(&text); err != nil || strings.Count(text.String(), "\n") != len(r.Rows)+1 {
		t.Errorf("text: %v\n%s", err, text.String())
	}
	data, err := json.Marshal(r.Rows[len(r.Rows)-1])
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"strategy", "nodes", "seeds", "mean_rounds", "median_rounds", "speedup_over_one"} {
		if !strings.Contains(string(data), `"`+key+`":`) {
			t.Errorf("a row lacks %q: %s", key, data)
		}
	}
}
