// Package settings is the one table of the genetic search's keys: their names, kinds, bounds and defaults. Package ga reads
// its configuration by it; a node takes a search's settings out of a domain's configuration by [Split] and refuses bad ones
// by [Check] before any worker has started. It knows nothing of how a search goes on.
package settings

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/nearest"
)

// Kind is what the value of a key is.
type Kind string

// The kinds.
const (
	Integer Kind = "integer"
	Real    Kind = "real"
	Choice  Kind = "choice" // one of Key.Choices
)

// Key is one setting.
type Key struct {
	Name string
	Kind Kind
	// Low and High bound a number, both included but for LowOpen. What other settings demand comes on top of them.
	Low, High float64
	// LowOpen says that Low itself is out of bounds.
	LowOpen bool
	// Choices are the values of a Choice.
	Choices []string
	// Default is an int64, a float64 or a string, as Kind says.
	Default any
	// Nested says that the key stands in the object "ga" alone, since at the top it would be a domain's own.
	Nested bool
	// Doc says in one sentence what it does.
	Doc string
}

// MaxPopulation bounds "population".
const MaxPopulation = 1 << 16

// MaxIslands bounds "islands".
const MaxIslands = 16

// The keys of islands that share a worker, which are not package ga's.
const (
	Islands        = "islands"
	IslandTopology = "island_topology"
	IslandInterval = "island_interval"
)

// keys is the table.
var keys = []Key{
	{Name: "population", Kind: Integer, Low: 2, High: MaxPopulation, Default: int64(32),
		Doc: "How many individuals are bred from, and how many trials make a generation."},
	{Name: "elites", Kind: Integer, Low: 0, High: MaxPopulation - 1, Default: int64(2),
		Doc: "How many of the best never age; fewer than population."},
	{Name: "tournament_size", Kind: Integer, Low: 1, High: MaxPopulation, Default: int64(3),
		Doc: "How many contestants a selection has; at most population."},
	{Name: "crossover", Kind: Choice, Choices: []string{"uniform", "two_point", "blend", "differential"}, Default: "blend",
		Doc: "How the genes of two parents are joined; differential moves reals by the difference of two others, in half of the children."},
	{Name: "crossover_rate", Kind: Real, Low: 0, High: 1, Default: 0.8,
		Doc: "The chance that a child has two parents."},
	{Name: "mutation_rate", Kind: Real, Low: 0, High: 1, Default: 0.2,
		Doc: "The chance of each active gene to change in a child."},
	{Name: "mutation_sigma", Kind: Real, Low: 0, High: 1, LowOpen: true, Default: 0.15,
		Doc: "The standard deviation of a numeric change, as a share of the gene's scale."},
	{Name: "patience", Kind: Integer, Low: 0, High: 1 << 30, Default: int64(20), Nested: true,
		Doc: "After how many generations without a better individual all but the elites are drawn anew; 0: never."},
	{Name: "immigrants", Kind: Integer, Low: 0, High: MaxPopulation, Default: int64(4),
		Doc: "How many immigrants a generation takes at most; at most population - elites."},
	{Name: "immigrant_placement", Kind: Choice, Choices: []string{"worst", "random"}, Default: "worst",
		Doc: "Whose place an immigrant takes: that of the worst, or that of any but the elites."},
	{Name: "retries", Kind: Integer, Low: 0, High: 1000, Default: int64(8),
		Doc: "How often a child that exists already is made again."},
	{Name: "racing_seeds", Kind: Integer, Low: 1, High: 64, Default: int64(8),
		Doc: "With how many seeds an individual that could matter is trained at most, where seeds have an influence; 1: no racing."},
	{Name: Islands, Kind: Integer, Low: 1, High: MaxIslands, Default: int64(1),
		Doc: "How many searches share the worker, each with a population of its own; their best visit one another."},
	{Name: IslandTopology, Kind: Choice, Choices: []string{"full", "ring", "random", "torus", "hypercube", "small_world", "none"}, Default: "ring",
		Doc: "Which of those searches visit which."},
	{Name: IslandInterval, Kind: Integer, Low: 1, High: 1_000_000, Default: int64(4),
		Doc: "How many generations lie between visits."},
}

// Keys returns the table, fresh, in the order in which it is documented.
func Keys() []Key {
	out := slices.Clone(keys)
	for i := range out {
		out[i].Choices = slices.Clone(out[i].Choices)
	}
	return out
}

// Names returns the names of the table.
func Names() []string {
	out := make([]string, len(keys))
	for i := range keys {
		out[i] = keys[i].Name
	}
	return out
}

// ByName returns the key of a name.
func ByName(name string) (Key, bool) {
	for i := range keys {
		if keys[i].Name == name {
			return keys[i], true
		}
	}
	return Key{}, false
}

// Value checks a JSON value and returns it as an int64, a float64 or a string.
func (k *Key) Value(v any) (any, error) {
	switch k.Kind {
	case Choice:
		s, err := canon.AsString(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.Name, err)
		}
		if !slices.Contains(k.Choices, s) {
			return nil, fmt.Errorf("%s %.80q: must be one of %q", k.Name, s, k.Choices)
		}
		return s, nil
	case Integer:
		n, err := canon.AsInt(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.Name, err)
		}
		return n, k.within(float64(n))
	}
	f, err := canon.AsFloat(v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.Name, err)
	}
	return f, k.within(f)
}

func (k *Key) within(f float64) error {
	if f >= k.Low && f <= k.High && !(k.LowOpen && f == k.Low) { // written so that NaN fails
		return nil
	}
	open := "["
	if k.LowOpen {
		open = "("
	}
	return fmt.Errorf("%s %v: must be in %s%s, %s]", k.Name, f, open, number(k.Low), number(k.High))
}

// number writes a bound without an exponent where it is whole.
func number(f float64) string {
	if f == math.Trunc(f) {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprint(f)
}

// Check reports every unknown key and every value out of bounds of an object of settings, joined; keys beginning with "$"
// are comments. nil: package ga takes it.
func Check(o *canon.Object) error {
	_, err := Read(o)
	return err
}

// Read returns the values of all keys, those given checked, the others their defaults, and what Check reports. Elites,
// tournament size and immigrants that are not given are lowered to what a small population allows.
func Read(o *canon.Object) (map[string]any, error) {
	out := make(map[string]any, len(keys))
	for i := range keys {
		out[keys[i].Name] = keys[i].Default
	}
	var errs []error
	for name, v := range o.All() {
		k, ok := ByName(name)
		switch {
		case strings.HasPrefix(name, "$"):
		case name == IslandSettings:
			errs = append(errs, checkEach(o))
		case !ok:
			errs = append(errs, unknown(name))
		default:
			value, err := k.Value(v)
			if errs = append(errs, err); err == nil {
				out[name] = value
			}
		}
	}
	population := out["population"].(int64)
	for name, most := range map[string]int64{"elites": population / 4, "tournament_size": population, "immigrants": population / 4} {
		if !o.Has(name) {
			out[name] = min(out[name].(int64), most)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return out, err
	}
	return out, Relations(population, out["elites"].(int64), out["tournament_size"].(int64), out["immigrants"].(int64))
}

// Relations reports what the sizes demand of one another.
func Relations(population, elites, tournament, immigrants int64) error {
	var errs []error
	most := func(name string, n, high int64) {
		if n > high {
			errs = append(errs, fmt.Errorf("%s %d: must be at most %d with a population of %d", name, n, high, population))
		}
	}
	most("elites", elites, population-1)
	most("tournament_size", tournament, population)
	if elites < population { // else there is one fault, not two
		most("immigrants", immigrants, population-elites)
	}
	return errors.Join(errs...)
}

// unknown is the error of a key that is none.
func unknown(name string) error {
	return fmt.Errorf("unknown key %.80q%s", name, Suggestion(name))
}

// Suggestion ends a message about an unknown key: with the nearest of the table, if there is one.
func Suggestion(name string) string {
	near := nearest.Of(name, append(Names(), Strategy, IslandSettings))
	if near == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", near)
}
