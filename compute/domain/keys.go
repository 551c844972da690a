package domain

import (
	"fmt"
	"slices"
	"strings"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/nearest"
)

// othersKeys are the members of a domain's configuration that the node and the search read whatever the search is: the
// search's name and settings, and what the performance is called. The names of those settings at the top of the
// configuration are not here; whoever knows the search hands them to Reader.Err.
var othersKeys = []string{
	"ga", "strategy", "population_size", "optimization_metric", "performance_metric", "metric_type",
}

// CheckMembers returns an error that names a member of o which is not among known, and the known ones. Its text is the
// reason alone.
func CheckMembers(o *canon.Object, known ...string) error {
	for _, key := range o.Keys() {
		if !slices.Contains(known, key) {
			return fmt.Errorf("unknown member %.80q: known are %q", key, known)
		}
	}
	return nil
}

// unknown refuses a name of a kind, with the nearest known one.
func unknown(kind, name string, known []string) error {
	suggestion := ""
	if near := nearest.Of(name, known); near != "" {
		suggestion = fmt.Sprintf(": did you mean %q?", near)
	}
	return fmt.Errorf("%w: unknown %s %.80q%s", ErrConfig, kind, name, suggestion)
}

// comment reports whether a key of a configuration is a comment.
func comment(key string) bool { return strings.HasPrefix(key, "$") }
