package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"doin.network/node/internal/canon"
)

// TestReferenceProfile reads what only the profile "reference" uses.
func TestReferenceProfile(t *testing.T) {
	f := func(file, wantError string, wantWarnings ...string) *Config {
		t.Helper()
		c, warnings, err := Parse("f.json", []byte(file))
		if (err == nil) != (wantError == "") || err != nil && !strings.Contains(err.Error(), wantError) {
			t.Fatalf("Parse(%s): %v, want %q", file, err, wantError)
		}
		var keys []string
		for _, w := range warnings {
			keys = append(keys, w.Key)
		}
		if err == nil && strings.Join(keys, " ") != strings.Join(wantWarnings, " ") {
			t.Errorf("Parse(%s) warns of %q, want %q", file, keys, wantWarnings)
		}
		return c
	}
	c := f(`{"security": "reference", "component_versions": {"doin-core": "a90bca2", "gym-fx": "?"}, "network_protocol": "gossipsub"}`, "", "security")
	if got := string(canon.Default(c.Network.ComponentVersions)); got != `{"doin-core": "a90bca2", "gym-fx": "?"}` {
		t.Errorf("component_versions = %s", got)
	}
	if c := f(`{"security": "reference", "component_versions": null}`, "", "security"); c.Network.ComponentVersions != nil {
		t.Error("null is not the default")
	}
	f(`{"component_versions": {"doin-core": "v0.1.0"}}`, "", "component_versions")
	f(`{"security": "reference", "genesis_file": "g.json"}`, "", "security", "genesis_file")
	c = f(`{"security": "reference", "initial_threshold": -1e9, "bootstrap_peers": ["<DELTA_IP>:8470", "10.0.0.1:8470"]}`, "", "bootstrap_peers[0]", "security")
	if len(c.Network.Bootstrap) != 1 || c.Network.Bootstrap[0] != "10.0.0.1:8470" || c.Chain.InitialThreshold != -1e9 {
		t.Errorf("bootstrap_peers = %q, initial_threshold = %v", c.Network.Bootstrap, c.Chain.InitialThreshold)
	}
	f(`{"initial_threshold": -1e9}`, "initial_threshold -1000000000.0: must be in (0, 1e+09]")
	c = f(`{"security": "reference", "domains": [{"domain_id": "q", "optimize": true, "evaluate": true, "synthetic_data_validation": false}]}`, "",
		"domains[0].optimization_plugin", "domains[0].inference_plugin", "security")
	if c.Domains[0].Active() {
		t.Error("a domain without a plugin has a role")
	}
	c = f(`{"security": "reference", "domains": [{"domain_id": "q", "optimize": true, "evaluate": true, "inference_plugin": "simple_quadratic"}]}`, "",
		"domains[0].optimization_plugin", "security")
	if d := c.Domains[0]; d.Optimize || !d.Evaluate {
		t.Errorf("optimize %v, evaluate %v, want the role that has a plugin", d.Optimize, d.Evaluate)
	}
	c = f(`{"security": "reference"}`, "", "security")
	if l := c.Limits; l.MaxMessageBytes != 101<<20 || l.MaxBodyBytes != 101<<20 || l.RequestTimeout != 30*time.Second || c.Rounds.OptimizerInterval != 30*time.Second {
		t.Errorf("limits %+v, pause %v, want those of Python nodes", l, c.Rounds.OptimizerInterval)
	}
	if c = f(`{"security": "reference", "max_message_bytes": 1048576}`, "", "security"); c.Limits.MaxMessageBytes != 1<<20 || c.Limits.MaxBodyBytes != 101<<20 {
		t.Errorf("limits %+v, want the message size of the file", c.Limits)
	}
	f(`{"max_message_bytes": 20000000}`, "must be in")
	f(`{"component_versions": {"doin-core": 1}}`, `component_versions.doin-core 1: must be a string`)
	f(`{"component_versions": ["v0.1.0"]}`, "must be an object")
	f(`{"component_versions": {"a": "`+strings.Repeat("x", 65)+`"}}`, "at most 64 bytes")
	f(`{"security": "Reference"}`, "must be one of")

	// A program's own rule set holds where the file names none, before anything is warned of.
	file := filepath.Join(t.TempDir(), "r.json")
	if err := os.WriteFile(file, []byte(`{"component_versions": {"doin-core": "v0.1.0"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	own, warnings, err := LoadFor(Reference, file)
	if err != nil || own.Security != Reference || len(warnings) != 1 || warnings[0].Key != "security" {
		t.Errorf("LoadFor(Reference) = %v, warnings %v, %v", own, warnings, err)
	}

	if err := os.WriteFile(file, []byte(`{"future_key": 1, "domains": [{"domain_id": "q", "other": 2}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, warnings, err = LoadFor(Reference, file); err != nil || len(warnings) != 3 {
		t.Errorf("LoadFor(Reference) of unknown keys: warnings %v, %v; want one for each and the profile's", warnings, err)
	}

	if own, _, err = LoadFor(Reference, file); err != nil {
		t.Fatal(err)
	}
	if err := (Flags{Security: "strict"}).Apply(own); err != nil || own.Limits != DefaultConfig().Limits || own.Rounds != DefaultConfig().Rounds {
		t.Errorf("--security strict: %v, limits %+v, want those of strict networks", err, own.Limits)
	}
	d := DefaultConfig()
	if err := (Flags{Security: "reference"}).Apply(&d); err != nil || d.Security != Reference {
		t.Errorf("--security reference: %q, %v", d.Security, err)
	}
	if err := (Flags{Security: "none"}).Apply(&d); err == nil {
		t.Error("--security none was taken")
	}
}

func TestWarningsAreMadeAnewAfterFlags(t *testing.T) {
	c, warnings, err := Parse("n.json", []byte(`{"security": "strict", "domains": [{"domain_id": "q", "optimize": true, "evaluate": true,
		"optimization_plugin": "simple_quadratic", "inference_plugin": "simple_quadratic", "synthetic_data_validation": false}]}`))
	if err != nil {
		t.Fatal(err)
	}
	keys := func(list []Warning) (out []string) {
		for _, w := range list {
			out = append(out, w.Key)
		}
		return out
	}
	if got, want := keys(warnings), []string{"domains[0].synthetic_data_validation"}; !slices.Equal(got, want) {
		t.Errorf("Parse(strict) warns of %q, want %q", got, want)
	}
	odd := Warning{Key: "odd", Reason: "of the file, whatever the flags are"}
	warnings, err = Flags{Security: "reference"}.Override(c, append(warnings, odd))
	if got, want := keys(warnings), []string{"odd", "security"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("Override(reference) warns of %q, %v, want %q", got, err, want)
	}
	if warnings, err = (Flags{Port: -1}).Override(c, nil); err == nil {
		t.Errorf("Override(port -1) = %v, want an error", warnings)
	}
}
