package migration

import (
	"bytes"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"doin.network/node/ga/island"
)

func small(t *testing.T, kind string) Config {
	c := DefaultConfig()
	c.Functions, c.Dimension, c.Seeds, c.Islands, c.Budget, c.Kind = []int{15, 21}, 2, 2, []int{4}, 500, kind
	c.Topologies, c.Intervals = []island.Topology{island.Ring, island.Hypercube}, []int{2}
	c.Journal = filepath.Join(t.TempDir(), "j.jsonl")
	return c
}

// A measurement that goes on from its journal is the one that was not interrupted; islands that find a target are no slower than the
// first of them alone.
func TestMeasure(t *testing.T) {
	for _, kind := range []string{CMA, GA, Mixed} {
		c := small(t, kind)
		whole, err := Measure(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		parts := small(t, kind)
		parts.Seeds = 1
		if _, err := Measure(t.Context(), parts); err != nil {
			t.Fatal(err)
		}
		parts.Seeds = 2
		if got, err := Measure(t.Context(), parts); err != nil || !reflect.DeepEqual(got, whole) {
			t.Errorf("%s in two parts: %+v, %v, want %+v", kind, got, err, whole)
		}
		rows := 4
		if kind == Mixed {
			rows = 3
		}
		if len(whole.Rows) != rows || whole.Rows[0].Topology != island.Isolated || whole.Rows[0].Speedup < 1 || whole.Rows[0].Isolated != 1 {
			t.Errorf("%s: rows %+v", kind, whole.Rows)
		}
		if kind != Mixed && (whole.Rows[1].Topology != Population || whole.Rows[1].Runs != 4 || !(whole.Rows[1].Speedup > 0)) {
			t.Errorf("%s: one large population: %+v", kind, whole.Rows[1])
		}
		var b bytes.Buffer
		if err := whole.WriteText(&b); err != nil || !strings.Contains(b.String(), "| 4 | hypercube | 2 |") {
			t.Errorf("text %s, %v", b.String(), err)
		}
	}
}

func TestConfigRefuses(t *testing.T) {
	f := func(change func(*Config)) {
		t.Helper()
		c := DefaultConfig()
		change(&c)
		if c.Validate() == nil {
			t.Errorf("Validate(%+v) = nil", c)
		}
	}
	f(func(c *Config) { c.Functions = []int{0} })
	f(func(c *Config) { c.Topologies = []island.Topology{"star"} })
	f(func(c *Config) { c.Islands = []int{0} })
	f(func(c *Config) { c.Kind = "pso" })
	f(func(c *Config) { c.Target = 0 })
}
