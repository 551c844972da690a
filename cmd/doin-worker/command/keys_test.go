package command

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/domain/open"
	"doin.network/node/compute/domain/quadratic"
	"doin.network/node/ga/settings"
	"doin.network/node/internal/canon"
)

// TestKeys: every plugin has its keys, and every setting of the search is there.
func TestKeys(t *testing.T) {
	var out, said bytes.Buffer
	if err := run([]string{"keys", "--json"}, nil, &out, &said); err != nil {
		t.Fatal(err, said.String())
	}
	o, err := canon.ParseObject(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	plugins, err := o.Object("plugins")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range open.Plugins() {
		keys, err := plugins.ListOr(name, nil)
		if name != quadratic.Alias && (err != nil || len(keys) == 0) {
			t.Errorf("plugin %q has keys %v, %v", name, keys, err)
		}
	}
	if keys, _ := plugins.List("forecast"); !slices.Contains(keys, any("horizon")) {
		t.Errorf("forecast has keys %v, and not horizon", keys)
	}
	if ga, err := o.List("ga"); err != nil || len(ga) != len(settings.Keys()) {
		t.Errorf("%d settings of the search, %v, want %d", len(ga), err, len(settings.Keys()))
	}
	out.Reset()
	if err := run([]string{"keys"}, nil, &out, &said); err != nil || !strings.Contains(out.String(), "tabular\ttarget_column\n") {
		t.Errorf("keys = %v, %q", err, out.String())
	}
	if err := run([]string{"keys", "more"}, nil, &out, &said); err == nil {
		t.Error("keys with an argument is no error")
	}
}
