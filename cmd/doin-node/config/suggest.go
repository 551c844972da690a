package config

import (
	"fmt"
	"slices"

	"doin.network/node/ga/settings"
	"doin.network/node/internal/nearest"
)

// place is an object of the file with the names of its members.
type place struct {
	name string
	keys []string
}

// places are all objects whose members are known here.
func places() []place {
	return []place{
		{"the file itself", append(names(nodeKeys), nodeObjects...)},
		{"fee_config", names(feeKeys)},
		{"domains", append(names(domainKeys), domainObjects...)},
		{"domains[].resource_limits", names(resourceKeys)},
		{"domains[].incentive_config", names(incentiveKeys)},
		{"domains[].migration", names(migrationKeys)},
		{"domains[].optimization_config", append(settings.Names(), settings.Nest, settings.Strategy, settings.IslandSettings, settings.Python)},
	}
}

// unknown is the reason why a key is refused: with the nearest known one of its object or, if one of another object is
// nearer, with that and where it belongs.
func unknown(name string, here []string) string {
	all := slices.Clone(here)
	for _, p := range places() {
		if slices.Contains(p.keys, name) {
			return fmt.Sprintf("unknown key here; it belongs into %s", p.name)
		}
		all = append(all, p.keys...)
	}
	near := nearest.Of(name, all)
	switch {
	case near == "":
		return "unknown key"
	case slices.Contains(here, near):
		return fmt.Sprintf("unknown key; the nearest known one is %q", near)
	}
	for _, p := range places() {
		if slices.Contains(p.keys, near) {
			return fmt.Sprintf("unknown key; the nearest known one is %q of %s", near, p.name)
		}
	}
	return "unknown key"
}
