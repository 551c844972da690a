package settings

import (
	"strings"
	"testing"

	"doin.network/node/internal/canon"
)

func parse(t *testing.T, text string) *canon.Object {
	t.Helper()
	o, err := canon.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestTable(t *testing.T) {
	for _, k := range Keys() {
		if v, err := k.Value(k.Default); err != nil || v != k.Default {
			t.Errorf("%s: Value(%v) = %v, %v, want the default", k.Name, k.Default, v, err)
		}
		if k.Doc == "" {
			t.Errorf("%s: no Doc", k.Name)
		}
	}
	if err := Check(canon.NewObject()); err != nil {
		t.Errorf("Check({}) = %v", err)
	}
	if err := Check(nil); err != nil {
		t.Errorf("Check(nil) = %v", err)
	}
}

func TestSplit(t *testing.T) {
	f := func(config, search, rest string) {
		t.Helper()
		s, r, err := Split(parse(t, config))
		if err != nil || string(canon.Canonical(s)) != search || string(canon.Canonical(r)) != rest {
			t.Errorf("Split(%s) = %s, %s, %v, want %s, %s", config, canon.Canonical(s), canon.Canonical(r), err, search, rest)
		}
	}
	f(`{}`, `{}`, `{}`)
	f(`{"data": "x", "patience": 3}`, `{}`, `{"data": "x", "patience": 3}`)
	f(`{"population": 8, "crossover": "blend", "ga": {"elites": 1, "patience": 2, "$why": 1}, "strategy": "ga"}`,
		`{"crossover": "blend", "elites": 1, "patience": 2, "population": 8, "strategy": "ga"}`, `{}`)
	f(`{"population_size": 12, "max_steps": 3}`, `{"population": 12}`, `{"max_steps": 3}`)
}

func TestSplitRefuses(t *testing.T) {
	f := func(config string, want ...string) {
		t.Helper()
		_, _, err := Split(parse(t, config))
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("Split(%s) = %v, want an error with %q", config, err, w)
			}
		}
	}
	f(`{"population": 8, "ga": {"population": 8}}`, "population: given as population and as ga.population")
	f(`{"population": 8, "population_size": 8}`, "given as population and as population_size")
	f(`{"ga": 3}`, "ga: ")
	f(`{"ga": {"populaton_size": 3, "elites": -1}}`, `did you mean "population"?`, "elites -1: must be in [0, 65535]")
	f(`{"population": 4, "elites": 4}`, "elites 4: must be at most 3 with a population of 4")
	f(`{"mutation_sigma": 0}`, "mutation_sigma 0: must be in (0, 1]")
	f(`{"crossover": "none"}`, `crossover "none"`)
	f(`{"immigrant_placement": 1}`, "immigrant_placement: ")
	f(`{"ga": {"patience": -1}}`, "patience -1")
}

// TestIslandSettings: islands may differ in what is each one's own, and in nothing else.
func TestIslandSettings(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		search, rest, err := Split(parse(t, text))
		if want == "" && (err != nil || rest.Len() > 0 || !search.Has(IslandSettings)) {
			t.Errorf("Split(%s) = %v, %v, %v", text, search, rest, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("Split(%s): %v, want %q", text, err, want)
		}
	}
	f(`{"islands": 4, "island_settings": [{"strategy": "cma"}, {"mutation_sigma": 0.5, "patience": 3}]}`, "")
	f(`{"ga": {"islands": 2, "island_settings": [{"strategy": "cma"}]}}`, "")
	f(`{"islands": 17}`, "islands 17")
	f(`{"islands": 2, "island_topology": "star"}`, "star")
	f(`{"island_settings": 3}`, "island_settings")
	f(`{"island_settings": [3]}`, "island_settings 0")
	f(`{"island_settings": [{}, {"population": 3}]}`, "island_settings 1: population is one for all")
	f(`{"island_settings": [{"strategy": 3}]}`, "strategy")
	f(`{"population": 8, "island_settings": [{"elites": 8}]}`, "island_settings 0: elites 8")
	f(`{"island_settings": [{"mutation": 3}]}`, "unknown key")
	f(`{"ga": {"island_settings": [{}]}, "island_settings": [{}]}`, "given as")
}
