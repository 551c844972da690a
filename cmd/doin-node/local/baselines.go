package local

import (
	"fmt"
	"strings"

	"doin.network/node/internal/canon"
)

// validation and test are what the names of metrics begin with.
const (
	validation = "val_"
	test       = "test_"
)

// errorLine puts the champion's validation and test error beside those of the models without a search, in the unit of the data;
// "" for a domain that tells of none.
func errorLine(d *domainSample) string {
	var metrics *canon.Object
	if d.champion != nil {
		metrics = d.champion.metrics
	}
	kind := errorKind(metrics, d.baselines)
	if kind == "" {
		return ""
	}
	var out []string
	if v := number(metrics, validation+kind); v != nil {
		who := "champion "
		if !d.champion.verified {
			who = "champion, not confirmed by others, "
		}
		out = append(out, who+pair(v, number(metrics, test+kind)))
	}
	for _, key := range d.baselines.Keys() {
		if name, ok := baselineName(key, kind); ok {
			out = append(out, name+" "+pair(number(d.baselines, key), number(d.baselines, test+name+"_"+kind)))
		}
	}
	return fmt.Sprintf("validation (test) %s: %s", kind, strings.Join(out, ", "))
}

// errorKind is the name of the error that baselines are measured by, and the champion if it tells: "mae". "" if there is none.
func errorKind(metrics, baselines *canon.Object) (kind string) {
	for _, key := range baselines.Keys() {
		rest, ok := strings.CutPrefix(key, validation)
		if !ok {
			continue
		}
		if metrics == nil {
			return rest[strings.LastIndexByte(rest, '_')+1:]
		}
		for _, own := range metrics.Keys() {
			k, ok := strings.CutPrefix(own, validation)
			if _, measured := baselineName(key, k); ok && measured && k != "accuracy" && (kind == "" || len(k) < len(kind)) {
				kind = k
			}
		}
	}
	return kind
}

// baselineName returns the model that a metric "val_NAME_KIND" is of.
func baselineName(key, kind string) (name string, ok bool) {
	rest, ok1 := strings.CutPrefix(key, validation)
	name, ok2 := strings.CutSuffix(rest, "_"+kind)
	return name, ok1 && ok2 && name != "" && kind != ""
}

// pair renders a validation error with the test's behind it.
func pair(v, t any) string {
	if t == nil {
		return figure(v)
	}
	return fmt.Sprintf("%s (%s)", figure(v), figure(t))
}
