//go:build unix

package e2e

import (
	"net"
	"path/filepath"
	"testing"

	"doin.network/node/internal/canon"
)

// TestHelp demands that the texts name every flag of the documentation.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args  []string
		words []string
	}{
		{[]string{"--help"}, []string{"--config", "--stats-file", "--olap-db", "--data-dir", "--log-level", "--version", "local"}},
		{[]string{"local", "--help"}, []string{"--nodes", "--config", "--for", "--json", "--data-dir"}},
		{[]string{"--version"}, []string{"doin-node"}},
	} {
		p := start(t, "help", t.TempDir(), c.args...)
		if code := p.exit(); code != 0 {
			t.Errorf("doin-node %v: exit code %d", c.args, code)
		}
		mentions(t, p.out.String(), c.words...)
	}
}

// TestStartErrors starts nodes that cannot run. Each must say why, in words that lead to the cure, and exit with an
// error code.
func TestStartErrors(t *testing.T) {
	t.Parallel()
	s := settings(quadratic())
	file := func(t *testing.T, text string) string {
		path := filepath.Join(t.TempDir(), "node.json")
		write(t, path, []byte(text))
		return path
	}
	changed := func(t *testing.T, members ...any) string {
		return newHost(t, "node", s, members...).file("node.json")
	}
	for _, c := range []struct {
		name  string
		args  func(t *testing.T) []string
		words []string
	}{
		{"no configuration", func(*testing.T) []string { return nil }, []string{"--config"}},
		{"missing file", func(*testing.T) []string { return []string{"--config", "nowhere.json"} }, []string{"nowhere.json", "no such file"}},
		{"directory", func(t *testing.T) []string { return []string{"--config", t.TempDir()} }, []string{"is a directory"}},
		{"unknown flag", func(*testing.T) []string { return []string{"--confg", "x"} }, []string{"unknown flag: --confg"}},
		{"unknown command", func(*testing.T) []string { return []string{"lokal"} }, []string{"lokal"}},
		{"bad value of a flag", func(*testing.T) []string { return []string{"--port", "many"} }, []string{"--port", "many"}},
		{"bad log level", func(t *testing.T) []string { return []string{"--log-level", "loud", "--config", changed(t)} }, []string{"loud", "log_level"}},
		{"empty file", func(t *testing.T) []string { return []string{"--config", file(t, "")} }, []string{"node.json"}},
		{"not JSON", func(t *testing.T) []string { return []string{"--config", file(t, "port = 8470")} }, []string{"node.json"}},
		{"not an object", func(t *testing.T) []string { return []string{"--config", file(t, "[]")} }, []string{"node.json", "object"}},
		{"unknown key", func(t *testing.T) []string { return []string{"--config", changed(t, "prot", 5)} }, []string{"node.json", "prot", "5", `"port"`}},
		{"wrong type", func(t *testing.T) []string { return []string{"--config", changed(t, "port", "x")} }, []string{"node.json", "port", `"x"`}},
		{"out of range", func(t *testing.T) []string { return []string{"--config", changed(t, "port", 70000)} }, []string{"node.json", "port", "70000", "65535"}},
		{"not finite", func(t *testing.T) []string {
			return []string{"--config", file(t, `{"target_block_time": NaN}`)}
		}, []string{"node.json", "target_block_time", "NaN", "finite"}},
		{"two problems at once", func(t *testing.T) []string {
			return []string{"--config", changed(t, "port", -1, "reveal_delay", -1)}
		}, []string{"port", "reveal_delay"}},
		{"unknown key of a domain", func(t *testing.T) []string {
			return []string{"--config", changed(t, "domains", []any{quadratic().Set("optimise", true)})}
		}, []string{"node.json", "domains[0].optimise", `"optimize"`}},
		{"unknown key of a plugin", func(t *testing.T) []string {
			d := quadratic()
			return []string{"--config", changed(t, "domains", []any{d.Set("optimization_config", canon.NewObject("n_parms", 3))})}
		}, []string{"node.json", "domains[0].optimization_config", "n_parms", "n_params"}},
		{"misspelt plugin", func(t *testing.T) []string {
			return []string{"--config", changed(t, "domains", []any{quadratic().Set("optimization_plugin", "forcast")})}
		}, []string{"node.json", "forcast", `the nearest is "forecast"`}},
		{"missing dataset", func(t *testing.T) []string {
			d := forecast()
			c, err := d.Object("optimization_config")
			if err != nil {
				t.Fatal(err)
			}
			return []string{"--config", changed(t, "domains", []any{d.Set("optimization_config", c.Clone().Set("data", "nowhere.csv"))})}
		}, []string{"node.json", "domains[0].optimization_config", "data", "nowhere.csv"}},
		{"bad dataset", func(t *testing.T) []string {
			path := filepath.Join(t.TempDir(), "bad.csv")
			write(t, path, []byte("month,co2_ppm\n1960-01,316\n1960-02,none\n"))
			d := forecast()
			c, err := d.Object("optimization_config")
			if err != nil {
				t.Fatal(err)
			}
			return []string{"--config", changed(t, "domains", []any{d.Set("optimization_config", c.Clone().Set("data", path))})}
		}, []string{"node.json", "domains[0].optimization_config", "data", "bad.csv", "none"}},
		{"worker that is none", func(t *testing.T) []string { return []string{"--config", changed(t, "worker_path", "/etc/hostname")} }, []string{"/etc/hostname"}},
		{"missing genesis file", func(t *testing.T) []string { return []string{"--config", changed(t, "genesis_file", "none.json")} }, []string{"genesis", "none.json"}},
		{"bad genesis file", func(t *testing.T) []string {
			return []string{"--config", changed(t, "genesis_file", file(t, `{"parameters": {}}`))}
		}, []string{"genesis", "node.json"}},
		{"genesis file without the domain", func(t *testing.T) []string {
			h := newNetwork(t, 1, s)[0]
			cfg, err := canon.ParseObject(read(t, h.file("node.json")))
			if err != nil {
				t.Fatal(err)
			}
			genesis, err := cfg.String("genesis_file")
			if err != nil {
				t.Fatal(err)
			}
			return []string{"--config", changed(t, "genesis_file", genesis, "domains", []any{quadratic().Set("domain_id", "other")})}
		}, []string{"genesis", "other"}},
		{"bad key file", func(t *testing.T) []string {
			return []string{"--config", changed(t, "identity_file", file(t, "no key"))}
		}, []string{"identity", "node.json"}},
		{"unwritable data directory", func(t *testing.T) []string {
			return []string{"--config", changed(t), "--data-dir", filepath.Join(file(t, ""), "below")}
		}, []string{"data directory", "not a directory"}},
		{"local without configuration", func(*testing.T) []string { return []string{"local"} }, []string{"config"}},
		{"local with no nodes", func(t *testing.T) []string { return []string{"local", "--nodes", "0", "--config", changed(t)} }, []string{"--nodes 0"}},
		{"local with a bad duration", func(t *testing.T) []string { return []string{"local", "--for", "90", "--config", changed(t)} }, []string{"--for", "90"}},
		{"local with a missing dataset", func(t *testing.T) []string {
			d := forecast()
			c, err := d.Object("optimization_config")
			if err != nil {
				t.Fatal(err)
			}
			cfg := changed(t, "domains", []any{d.Set("optimization_config", c.Clone().Set("data", "nowhere.csv"))})
			return []string{"local", "--nodes", "2", "--config", cfg, "--data-dir", t.TempDir()}
		}, []string{"data", "nowhere.csv"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			mentions(t, failed(t, t.TempDir(), c.args(t)...), c.words...)
		})
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	h := newHost(t, "node", settings(quadratic()))
	l, err := net.Listen("tcp", h.endpoint())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	mentions(t, failed(t, h.dir, "--config", "node.json"), "node.json", h.endpoint(), "in use")
}
