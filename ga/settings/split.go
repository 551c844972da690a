package settings

import (
	"errors"
	"fmt"
	"strings"

	"doin.network/node/internal/canon"
)

// The members of a domain's configuration that are a search's, beside the keys of the table.
const (
	Nest     = "ga"       // an object of keys of the table
	Strategy = "strategy" // the search's name; absent: the domain's own
	// IslandSettings is a list of objects: what islands have that is not as the search's other settings say; see Each.
	IslandSettings = "island_settings"
	Python         = "population_size" // the Python reference's name of "population"
)

// Split cuts a domain's configuration (optimization_config) in two: what is the search's, as the verb optimize takes it, with
// "strategy" among it, and the rest, which is the domain's; both are fresh. Keys of the table stand in the object "ga" or,
// but for the nested ones, at the top. An error names each that stands in both places, each unknown one in "ga" and each
// value that [Check] refuses.
func Split(config *canon.Object) (search, rest *canon.Object, err error) {
	search, rest = canon.NewObject(), canon.NewObject()
	var errs []error
	from := map[string]string{}
	put := func(name, place string, v any) {
		if other := from[name]; other != "" {
			errs = append(errs, fmt.Errorf("%s: given as %s and as %s", name, other, place))
			return
		}
		from[name] = place
		search.Set(name, v)
	}
	var nested *canon.Object
	for name, v := range config.All() {
		k, ours := ByName(name)
		switch {
		case name == Strategy:
		case name == Nest:
			if nested, err = canon.AsObject(v); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", Nest, err))
			}
		case name == IslandSettings:
			put(name, name, v)
		case name == Python:
			put("population", name, v)
		case ours && !k.Nested:
			put(name, name, v)
		default:
			rest.Set(name, v)
		}
	}
	for name, v := range nested.All() {
		if !strings.HasPrefix(name, "$") {
			put(name, Nest+"."+name, v)
		}
	}
	errs = append(errs, Check(search))
	if v, ok := config.Get(Strategy); ok {
		search.Set(Strategy, v)
	}
	return search, rest.Clone(), errors.Join(errs...)
}
