package domain

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"doin.network/node/internal/canon"
)

// searchKeys are the members of a domain's configuration that belong to the search or to the node; a domain leaves
// them to their owners. The objects "ga", "search" and "strategy" hold settings of the search as a whole; the names
// after them are settings of package ga (all but "patience", which is a domain's own) and of the reference.
var searchKeys = []string{
	"ga", "search", "strategy",
	"population", "population_size", "generations", "elites", "tournament_size", "crossover", "crossover_rate",
	"mutation_rate", "mutation_sigma", "immigrants", "retries", "ga_seed",
	"optimization_metric", "performance_metric", "metric_type", "metric_schema", "optimization_stages",
	"stage_advance_threshold", "shared_population", "shared_population_seed",
}

// SearchKeys returns the configuration keys that every domain leaves to the search or the node, fresh and sorted.
func SearchKeys() []string {
	keys := slices.Clone(searchKeys)
	slices.Sort(keys)
	return keys
}

// CheckKeys returns an error wrapping ErrConfig for each key of config that is neither in known nor in SearchKeys nor
// a comment (a key beginning with "$"), naming the nearest known one.
func CheckKeys(config *canon.Object, known ...string) error {
	all := append(slices.Clone(known), searchKeys...)
	var errs []error
	for _, key := range config.Keys() {
		if strings.HasPrefix(key, "$") || slices.Contains(all, key) {
			continue
		}
		errs = append(errs, fmt.Errorf("%w: unknown key %.80q%s", ErrConfig, key, suggestion(key, known)))
	}
	return errors.Join(errs...)
}

// suggestion names the known key nearest to key, unless none is near.
func suggestion(key string, known []string) string {
	best, bestDistance := "", math.MaxInt
	for _, k := range known {
		if d := distance(key, k); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	if best == "" || len(key) > 80 {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", best)
}

// distance is the Levenshtein distance of a and b in bytes; of a, at most 80 count.
func distance(a, b string) int {
	a = a[:min(len(a), 80)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// Number reads a member as a finite number: an integer or a float, not a text or a boolean. An absent or null member
// is the default.
func Number(config *canon.Object, key string, def float64) (float64, error) {
	v, ok := config.Get(key)
	if !ok || v == nil {
		return def, nil
	}
	f, err := Real(v)
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", ErrConfig, key, err)
	}
	return f, nil
}

// Integer reads a member as an integer in [low, high]. An absent or null member is the default.
func Integer(config *canon.Object, key string, def, low, high int) (int, error) {
	v, ok := config.Get(key)
	if !ok || v == nil {
		return def, nil
	}
	n, ok := v.(int64)
	if !ok {
		return 0, fmt.Errorf("%w: %s: %s where an integer is needed", ErrConfig, key, canon.KindOf(v))
	}
	if n < int64(low) || n > int64(high) {
		return 0, fmt.Errorf("%w: %s %d: must be in [%d, %d]", ErrConfig, key, n, low, high)
	}
	return int(n), nil
}

// Text reads a member as a string. An absent or null member is the default.
func Text(config *canon.Object, key, def string) (string, error) {
	s, err := config.StringOr(key, def)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return s, nil
}

// Real returns a JSON number as a finite double; a text or a boolean is an error.
func Real(v any) (float64, error) {
	switch v.(type) {
	case bool, string:
		return 0, fmt.Errorf("%s where a number is needed", canon.KindOf(v))
	}
	f, err := canon.AsFloat(v)
	if err != nil {
		return 0, err
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, fmt.Errorf("%v is not finite", f)
	}
	return f, nil
}

// Reals returns a JSON list as finite doubles, at most limit of them.
func Reals(v any, limit int) ([]float64, error) {
	l, err := canon.AsList(v)
	if err != nil {
		return nil, err
	}
	if len(l) > limit {
		return nil, fmt.Errorf("%d values: at most %d are allowed", len(l), limit)
	}
	out := make([]float64, len(l))
	for i, e := range l {
		if out[i], err = Real(e); err != nil {
			return nil, fmt.Errorf("value %d: %w", i, err)
		}
	}
	return out, nil
}
