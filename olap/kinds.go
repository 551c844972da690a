package olap

import "doin.network/node/internal/canon"

// maxMetricKinds bounds the names that an experiment's metric_schema remembers.
const maxMetricKinds = 256

// kindsOf returns the kind of each metric by its name.
func kindsOf(metrics *canon.Object) *canon.Object {
	kinds := canon.NewObject()
	for name, v := range metrics.All() {
		kinds.Set(name, kindOf(v))
	}
	return kinds
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "real"
	case string:
		return "text"
	case []any:
		return "list"
	case *canon.Object:
		return "object"
	}
	return "integer"
}

// mergeKinds returns the kinds that hold for both a and b; changed is whether a says less. It modifies neither.
func mergeKinds(a, b *canon.Object) (merged *canon.Object, changed bool) {
	merged = a
	for name, v := range b.All() {
		kind := v.(string)
		if have, ok := merged.Get(name); ok {
			kind = widen(have, kind)
			if kind == have {
				continue
			}
		} else if merged.Len() >= maxMetricKinds {
			continue
		}
		if !changed {
			merged, changed = merged.Clone(), true
		}
		merged.Set(name, kind)
	}
	return merged, changed
}

// widen returns the kind that covers a and b.
func widen(a any, b string) string {
	switch {
	case a == b || a == "null":
		return b
	case b == "null":
		return a.(string)
	case (a == "integer" || a == "real") && (b == "integer" || b == "real"):
		return "real"
	}
	return "any"
}

// parseKinds reads what an earlier process wrote; what it cannot have written counts as nothing.
func parseKinds(text string) *canon.Object {
	kinds, err := canon.ParseObject([]byte(text))
	if err != nil {
		return canon.NewObject()
	}
	for _, v := range kinds.All() {
		if _, ok := v.(string); !ok {
			return canon.NewObject()
		}
	}
	return kinds
}
