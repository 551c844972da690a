package config

import (
	"strings"
	"testing"

	"doin.network/node/ga/island"
)

func TestMigration(t *testing.T) {
	c, _, err := Parse("f", []byte(`{"domains": [{"domain_id": "a"}, {"domain_id": "b",
		"migration": {"topology": "ring", "policy": "draw", "top": 2, "interval": 4}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Domains[0].Migration; got != island.DefaultConfig() {
		t.Errorf("migration by default = %+v", got)
	}
	want := island.Config{Topology: island.Ring, Degree: 1, Policy: island.Draw, Top: 2, Number: island.MaxNumber, Interval: 4}
	if got := c.Domains[1].Migration; got != want {
		t.Errorf("migration = %+v, want %+v", got, want)
	}
	_, _, err = Parse("f", []byte(`{"domains": [{"domain_id": "a", "migration": {"topology": "star", "interval": 0, "top": 65}}]}`))
	for _, word := range []string{"migration.topology", "migration.interval", "migration.top 65"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("error %v does not name %s", err, word)
		}
	}
}
