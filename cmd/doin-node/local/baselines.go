package local

import (
	"fmt"
	"strings"

	"doin.network/node/cmd/doin-node/score"
	"doin.network/node/internal/canon"
)

// errorLine puts a champion's errors beside those of the naive models and others, in words: the error that they have in common, on the
// validation data and, in brackets, on the test data. It is empty where nothing of it is known.
func errorLine(d *domainSample) string {
	var metrics *canon.Object
	if d.champion != nil {
		metrics = d.champion.metrics
	}
	kind, own, others := score.Read(metrics, d.baselines)
	if kind == "" {
		return ""
	}
	var out []string
	if own != nil {
		who := "champion "
		if !d.champion.verified {
			who = "champion, not confirmed by others, "
		}
		out = append(out, who+own.String())
	}
	for _, o := range others {
		out = append(out, o.Name+" "+o.String())
	}
	return fmt.Sprintf("validation (test) %s: %s", kind, strings.Join(out, ", "))
}
