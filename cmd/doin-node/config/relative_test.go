package config

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRelative: paths are relative to the file; what lies only below the current directory is found there, with a warning.
func TestRelative(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"far/data.csv", "near.csv", "far/prog", "tool"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const text = `{"genesis_file": "genesis.json", "identity_file": "/etc/key", "domains": [
		{"domain_id": "a", "evaluate": true, "optimization_plugin": "forecast", "optimization_config": {"data": "data.csv", "test_data": "near.csv"}},
		{"domain_id": "b", "evaluate": true, "optimization_plugin": "exec:./prog x", "optimization_config": {"data": "no file"}},
		{"domain_id": "c", "evaluate": true, "optimization_plugin": "exec:./tool"}]}`
	if err := os.WriteFile("far/node.json", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c, warnings, err := Load("far/node.json")
	if err != nil {
		t.Fatal(err)
	}
	f := func(got any, want string) {
		t.Helper()
		if got != want {
			t.Errorf("path %v, want %s", got, want)
		}
	}
	f(c.DataDir, "far/doin-data")
	f(c.GenesisFile, "far/genesis.json")
	f(c.IdentityFile, "/etc/key")
	data, _ := c.Domains[0].OptimizationConfig.Get("data")
	f(data, "far/data.csv")
	data, _ = c.Domains[0].OptimizationConfig.Get("test_data")
	f(data, "near.csv")
	data, _ = c.Domains[1].OptimizationConfig.Get("data")
	f(data, "no file")
	f(c.ProgramDir(&c.Domains[1]), "far")
	f(c.ProgramDir(&c.Domains[2]), ".")
	if len(warnings) != 1 || warnings[0] != (Warning{Key: "domains[0].optimization_config.test_data", Reason: fromCurrent}) {
		t.Errorf("warnings %v, want one about test_data", warnings)
	}
	domains, err := c.Portable().List("domains")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"forecast", ExecPrefix + filepath.Join(dir, "far/prog") + " x", ExecPrefix + filepath.Join(dir, "tool")}
	for i, d := range domains {
		plugin, _ := d.(interface{ String(string) (string, error) }).String("optimization_plugin")
		f(plugin, want[i])
	}
	moved, _ := Relative(".", "x")
	f(moved, "x")
}
