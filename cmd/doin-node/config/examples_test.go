package config

import (
	"path/filepath"
	"testing"

	"doin.network/node/compute/domain/forecast"
	"doin.network/node/compute/domain/quadratic"
	"doin.network/node/compute/domain/tabular"
	"doin.network/node/ga"
	"doin.network/node/internal/canon"
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
			case PluginForecast:
				_, err = forecast.ParseConfig(d.WorkerConfig())
			case PluginQuadratic:
				_, err = quadratic.ParseConfig(d.WorkerConfig())
			case PluginTabular:
				_, err = tabular.ParseConfig(d.WorkerConfig())
			}
			if err != nil {
				t.Errorf("%s: domain %s: %v", file, d.ID, err)
			}
			settings, err := d.OptimizationConfig.ObjectOr("ga", canon.NewObject())
			if err == nil {
				_, err = ga.ParseConfig(settings)
			}
			if err != nil {
				t.Errorf("%s: domain %s: ga: %v", file, d.ID, err)
			}
		}
	}
}
