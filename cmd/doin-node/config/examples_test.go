package config

import (
	"path/filepath"
	"testing"

	"doin.network/node/compute/domain/forecast"
	"doin.network/node/compute/domain/quadratic"
	"doin.network/node/compute/domain/tabular"
	"doin.network/node/ga"
)

// TestExamples loads every example and what its domains' programs get of it.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../../examples/*/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no example: %v", err)
	}
	for _, file := range files {
		c, warnings, err := Load(file)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		for _, w := range warnings {
			t.Errorf("%s: %s", file, w)
		}
		for i := range c.Domains {
			d := &c.Domains[i]
			switch d.Plugin() {
			case "forecast":
				_, err = forecast.ParseConfig(d.WorkerConfig())
			case PluginQuadratic:
				_, err = quadratic.ParseConfig(d.WorkerConfig())
			case "tabular":
				_, err = tabular.ParseConfig(d.WorkerConfig())
			}
			if err != nil {
				t.Errorf("%s: domain %s: %v", file, d.ID, err)
			}
			if d.Plugin() == PluginQuadratic { // a hill climber's, which has settings of its own
				continue
			}
			search, err := d.SearchSettings()
			if err == nil {
				search.Delete("strategy")
				_, err = ga.ParseConfig(search)
			}
			if err != nil {
				t.Errorf("%s: domain %s: search: %v", file, d.ID, err)
			}
		}
	}
}
