package tabular

import (
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/graph/recurrent"
	"doin.network/node/compute/graph/tape"
	"doin.network/node/internal/canon"
)

// Kinds are models of tables of every task, beside perceptrons, and leave the space of those that do not name them as it was.
func TestModels(t *testing.T) {
	for name, tc := range map[string]struct{ config, want string }{
		"unknown": {`{"data": "f", "models": ["gruu"]}`, `unknown "gruu"`},
		"twice":   {`{"data": "f", "models": ["gru", "gru"]}`, "twice"},
		"none":    {`{"data": "f", "models": []}`, "models: none"},
	} {
		t.Run(name, func(t *testing.T) {
			domaintest.Refuses(t, func(o *canon.Object) error {
				_, err := parseWith(tape.Kinds(recurrent.Models()...))(o)
				return err
			}, tc.config, tc.want)
		})
	}
	for i, model := range []string{"gru", "attention", "lstm"} {
		table, task := houses(80), Regression
		if i > 0 {
			table, task = blobs(20, i+1), Classification
		}
		d := mustDomain(t, table, task, func(c *Config) {
			c.Kinds, c.Models = tape.Kinds(recurrent.Models()...), []string{MLP, model}
			c.Space = c.space()
			c.MaxSteps, c.EvalEvery, c.Folds = 20, 10, 2
			if err := c.Validate(); err != nil {
				t.Fatal(err)
			}
		})
		s := d.Describe().Space
		g := supervised.Lowest(s)
		g[len(DefaultSpace(task))] = 1
		recipe := d.Parameters(g)
		m, err := d.Claim(t.Context(), recipe, []uint64{1}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := m.Metrics().Int("networks"); err != nil || n != 1 {
			t.Errorf("%s: %d networks, %v: %s", model, n, err, canon.Default(m.Metrics()))
		}
		if file, err := m.(domain.Exporter).Export(t.Context(), domain.Safetensors, canon.NewObject()); err != nil || !strings.Contains(string(file), "network_0.learnable_0") {
			t.Errorf("%s: safetensors: %v", model, err)
		}
		plain := mustDomain(t, table, task, nil)
		if got := plain.Describe().Space; len(got) != len(DefaultSpace(task)) || slices.Contains(plain.Describe().Defaults.Keys(), "models") {
			t.Errorf("a table without kinds has %d genes", len(got))
		}
	}
}
