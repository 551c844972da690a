package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"doin.network/node/internal/canon"
)

func TestDefaultIsValid(t *testing.T) {
	c := DefaultConfig()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	parsed, warnings, err := Parse("empty.json", []byte("{}"))
	if err != nil || len(warnings) > 0 {
		t.Fatalf("Parse({}) = %v, %v", warnings, err)
	}
	parsed.Raw = nil
	if got, want := show(dump(parsed)), show(dump(&c)); got != want {
		t.Errorf("Parse({}) = %s, want %s", got, want)
	}
}

// dump lists what an empty file must leave at its default.
func dump(c *Config) any {
	return []any{c.DataDir, string(c.Security), c.Network.Port, c.Chain.InitialThreshold, c.Quorum.Fraction,
		c.Rounds.RevealDelay.Seconds(), c.Rounds.OpenClaims, c.Worker.VerificationShare, c.Chain.Solo, c.Fees.Enabled, c.Log.Level, c.Limits.MaxPeers, len(c.Domains)}
}

// TestPause: a search waits for nobody, but among Python nodes it keeps their pace; what the file says counts in both.
func TestPause(t *testing.T) {
	f := func(security Security, text string, want time.Duration) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "node.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, _, err := LoadFor(security, path)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Rounds.OptimizerInterval; got != want {
			t.Errorf("%s: optimizer_loop_interval of %s = %v, want %v", security, text, got, want)
		}
	}
	f(Strict, `{}`, 0)
	f(Strict, `{"security": "reference"}`, 30*time.Second)
	f(Reference, `{}`, 30*time.Second)
	f(Strict, `{"optimizer_loop_interval": 2}`, 2*time.Second)
	f(Reference, `{"optimizer_loop_interval": 0}`, 0)
}

func TestParseEveryKey(t *testing.T) {
	c, warnings, err := Load("testdata/every_key.json")
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	known = append(known, names(nodeKeys)...)
	known = append(known, nodeObjects...)
	for _, name := range known {
		if !c.Raw.Has(name) {
			t.Errorf("testdata/every_key.json lacks %q", name)
		}
	}
	if got, want := c.Chain.TargetBlockTime, 20*time.Second; got != want {
		t.Errorf("target_block_time = %v, want %v", got, want)
	}
	if v, _ := c.Raw.Get("target_block_time"); v != int64(20) {
		t.Errorf("Raw target_block_time = %T %v, want int64 20", v, v)
	}
	if c.Worker.Device != "cuda:1" {
		t.Errorf("device = %q, want cuda:1", c.Worker.Device)
	}
	if !c.Chain.Solo || c.Worker.VerificationShare != 0.25 || c.Worker.SearchWindow != 16 || c.Rounds.OpenClaims != 2 {
		t.Errorf("solo, verification_share, search_window, max_open_claims = %v, %v, %v, %v, want true, 0.25, 16, 2",
			c.Chain.Solo, c.Worker.VerificationShare, c.Worker.SearchWindow, c.Rounds.OpenClaims)
	}
	if c.Network.ShareData || len(c.NetworkID) != 64 {
		t.Errorf("share_data, network_id = %v, %q, want false, 64 digits", c.Network.ShareData, c.NetworkID)
	}
	if want := []Grant{{"0123456789abcdef0123456789abcdef01234567", "12.5"}}; !slices.Equal(c.Chain.Grants, want) || !c.Register || c.PassphraseFile != "testdata/d/passphrase" {
		t.Errorf("grants, register, key_passphrase_file = %v, %v, %q, want %v, true, testdata/d/passphrase", c.Chain.Grants, c.Register, c.PassphraseFile, want)
	}
	if c.Seed == nil || *c.Seed != 7 {
		t.Errorf("seed = %v, want 7", c.Seed)
	}
	d := &c.Domains[0]
	if d.Plugin() != PluginQuadratic {
		t.Errorf("Plugin() = %q, want %q", d.Plugin(), PluginQuadratic)
	}
	if d.Target == nil || *d.Target != (Target{Metric: "mae", Value: 0.22}) {
		t.Errorf("target_performance = %v, want mae 0.22", d.Target)
	}
	if want := []Bound{{"x", -20, 20}, {"a", 0.5, 1}}; !slices.Equal(d.Bounds, want) {
		t.Errorf("param_bounds = %v, want %v", d.Bounds, want)
	}
	want := `{"n_params": 10, "step_size": 0.5, "metric_type": "mae", "param_bounds": {"x": [-20, 20], "a": [0.5, 1]}}`
	if got := string(canon.Default(d.WorkerConfig())); got != want {
		t.Errorf("WorkerConfig() = %s, want %s", got, want)
	}
	if d.InferenceConfig != d.OptimizationConfig {
		t.Error("inference_config does not fall back to optimization_config")
	}
	if path, ok := c.Domains[1].Command(); !ok || path != "./my_domain.py" {
		t.Errorf("Command() = %q, %v", path, ok)
	}
	var keys []string
	for _, w := range warnings {
		keys = append(keys, w.Key)
	}
	for _, key := range []string{"storage_backend", "db_path", "snapshot_interval", "prune_keep_blocks",
		"gossip_heartbeat_interval", "dashboard_enabled", "shared_claim_timeout", "shared_min_peers",
		"network_protocol", "quorum_fraction", "fee_config.target_block_fullness",
		"domains[0].synthetic_data_validation", "domains[0].incentive_config",
		"acceptance_tolerance", "fee_config", "domains[1].inference_config", "domains[1].synthetic_data_config",
		"domains[1].inference_plugin", "domains[1].migration", "domains[2].optimization_plugin"} {
		if !slices.Contains(keys, key) {
			t.Errorf("no warning for %s in %v", key, keys)
		}
	}
}

func TestReferenceExamples(t *testing.T) {
	files, err := filepath.Glob("testdata/reference/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no example: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			c, _, err := Load(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Domains) != 1 {
				t.Errorf("%d domains, want 1", len(c.Domains))
			}
		})
	}
}

func TestBadFiles(t *testing.T) {
	long := strings.Repeat("x", 200)
	f := func(file, want string) {
		t.Helper()
		c, _, err := Parse("bad.json", []byte(file))
		if err == nil {
			t.Errorf("Parse(%s) accepted", file)
			return
		}
		if c != nil || !errors.Is(err, ErrInvalid) {
			t.Errorf("Parse(%s) = %v, %v", file, c, err)
		}
		if got := err.Error(); got != want {
			t.Errorf("Parse(%s)\n got %s\nwant %s", file, got, want)
		}
	}
	f(`[]`, `bad.json: must be a JSON object`)
	for _, device := range []string{"", "gpu", "cuda", "cuda:", "cuda:-1", "cuda:01", "cuda:256", "CPU"} {
		f(fmt.Sprintf(`{"device": %q}`, device), fmt.Sprintf(`bad.json: device %q: must be "cpu", "cuda:N" with N from 0 to 255, or "auto"`, device))
	}
	f(`{"device": 0}`, `bad.json: device 0: must be a string`)
	f(`{"prot": 8470}`, `bad.json: prot 8470: unknown key; the nearest known one is "port"`)
	f(`{"target_blocktime": 1}`, `bad.json: target_blocktime 1: unknown key; the nearest known one is "target_block_time"`)
	f(`{"bootstrap": []}`, `bad.json: bootstrap []: unknown key; the nearest known one is "bootstrap_peers"`)
	f(`{"port": "8470"}`, `bad.json: port "8470": must be an integer`)
	f(`{"port": 8470.0}`, `bad.json: port 8470.0: must be an integer`)
	f(`{"port": 99999999999999999999}`, `bad.json: port 99999999999999999999: must be an integer`)
	f(`{"port": 70000}`, `bad.json: port 70000: must be in [0, 65535]`)
	f(`{"port": null}`, `bad.json: port null: must be an integer`)
	f(`{"host": ""}`, `bad.json: host "": must not be empty`)
	f(`{"data_dir": 5}`, `bad.json: data_dir 5: must be a string`)
	f(`{"data_dir": ["`+long+`"]}`, `bad.json: data_dir ["`+long[:58]+`…: must be a string`)
	f(`{"discovery_enabled": 1}`, `bad.json: discovery_enabled 1: must be true or false`)
	f(`{"security": "lax"}`, `bad.json: security "lax": must be one of ["strict" "reference"]`)
	f(`{"seed": 1.5}`, `bad.json: seed 1.5: must be an integer or null`)
	f(`{"target_block_time": NaN}`, `bad.json: target_block_time NaN: must be a finite number`)
	f(`{"quorum_tolerance": -Infinity}`, `bad.json: quorum_tolerance -Infinity: must be a finite number`)
	f(`{"domains": [{"optimization_config": {"a": [1, NaN]}}]}`,
		`bad.json: domains[0].optimization_config.a[1] NaN: must be a finite number`)
	f(`{"target_block_time": -1}`, `bad.json: target_block_time -1.0: must be in [0.1, 1e+09]`)
	f(`{"target_block_time": 1e300}`, `bad.json: target_block_time 1e+300: must be at most 1e+09 seconds`)
	f(`{"initial_threshold": 0}`, `bad.json: initial_threshold 0.0: must be in (0, 1e+09]`)
	f(`{"quorum_fraction": 1.5}`, `bad.json: quorum_fraction 1.5: must be in (0, 1]`)
	f(`{"quorum_min_evaluators": 0}`, `bad.json: quorum_min_evaluators 0: must be in [1, 100]`)
	f(`{"commit_reveal_max_age": 2}`, `bad.json: commit_reveal_max_age 2.0: must be above reveal_delay`)
	f(`{"bootstrap_peers": "a:1"}`, `bad.json: bootstrap_peers "a:1": must be a list of strings`)
	f(`{"bootstrap_peers": ["a:1", "b"]}`, `bad.json: bootstrap_peers[1] "b": must be host:port`)
	f(`{"bootstrap_peers": ["a:0"]}`, `bad.json: bootstrap_peers[0] "a:0": must be host:port with a port in [1, 65535]`)
	f(`{"network_protocol": "carrier pigeon"}`,
		`bad.json: network_protocol "carrier pigeon": must be one of ["flooding" "gossipsub"]`)
	f(`{"log_level": "loud"}`, `bad.json: log_level "loud": must be one of ["debug" "info" "warning" "error"]`)
	f(`{"require_deterministic_seed": false}`,
		`bad.json: require_deterministic_seed false: must be true: training seeds are always derived from the commitment`)
	f(`{"shared_min_peers": "2"}`, `bad.json: shared_min_peers "2": must be an integer`)
	f(`{"solo": 1}`, `bad.json: solo 1: must be true or false`)
	f(`{"verification_share": 0.01}`, `bad.json: verification_share 0.01: must be in [0.05, 1]`)
	f(`{"search_window": -1}`, `bad.json: search_window -1: must be in [0, 65536]`)
	f(`{"search_window": 1.0}`, `bad.json: search_window 1.0: must be an integer`)
	f(`{"max_open_claims": 5}`, `bad.json: max_open_claims 5: must be in [1, 4]`)
	f(`{"max_open_claims": 0}`, `bad.json: max_open_claims 0: must be in [1, 4]`)
	f(`{"fee_config": {"burn": 1}}`,
		`bad.json: fee_config.burn 1: unknown key; the nearest known one is "optimae_burn_fraction"`)
	f(`{"fee_config": {"optimae_burn_fraction": 2}}`, `bad.json: fee_config.optimae_burn_fraction 2.0: must be in [0, 1]`)
	f(`{"domains": {}}`, `bad.json: domains {}: must be a list of objects`)
	f(`{"domains": [3]}`, `bad.json: domains[0] 3: must be an object`)
	f(`{"domains": [{}]}`, `bad.json: domains[0].domain_id "": is required`)
	f(`{"domains": [{"domain_id": "a,b"}]}`,
		`bad.json: domains[0].domain_id "a,b": must be printable UTF-8 without commas`)
	f(`{"domains": [{"domain_id": "a"}, {"domain_id": "a"}]}`,
		`bad.json: domains[1].domain_id "a": is the id of an earlier domain too`)
	f(`{"domains": [{"domain_id": "a", "optimise": true}]}`,
		`bad.json: domains[0].optimise true: unknown key; the nearest known one is "optimize"`)
	f(`{"domains": [{"domain_id": "a", "evaluate": true}]}`,
		`bad.json: domains[0].optimization_plugin "": must name a plugin: the domain has a role here`)
	f(`{"domains": [{"domain_id": "a", "optimize": true, "inference_plugin": "forecast"}]}`,
		`bad.json: domains[0].optimization_plugin "": must name a plugin: optimize is true`)
	f(`{"domains": [{"domain_id": "a", "optimize": true, "optimization_plugin": "exec:"}]}`,
		`bad.json: domains[0].optimization_plugin "exec:": must name an executable after the colon`)
	f(`{"domains": [{"domain_id": "a", "param_bounds": {"x": [1, 0]}}]}`,
		`bad.json: domains[0].param_bounds.x [1, 0]: low is above high`)
	f(`{"domains": [{"domain_id": "a", "param_bounds": {"x": [true, 2]}}]}`,
		`bad.json: domains[0].param_bounds.x [true, 2]: must be two numbers`)
	f(`{"domains": [{"domain_id": "a", "resource_limits": {"max_epochs": 0}}]}`,
		`bad.json: domains[0].resource_limits.max_epochs 0: must be in [1, 1000000000]`)
	f(`{"domains": [{"domain_id": "a", "resource_limits": {"max_epoch": 9}}]}`,
		`bad.json: domains[0].resource_limits.max_epoch 9: unknown key; the nearest known one is "max_epochs"`)
	f(`{"domains": [{"domain_id": "a", "incentive_config": []}]}`,
		`bad.json: domains[0].incentive_config []: must be an object`)
	// Another object's key, and one that is nearest to another object's.
	f(`{"elites": 3}`, `bad.json: elites 3: unknown key here; it belongs into domains[].optimization_config`)
	f(`{"domain_id": "a"}`, `bad.json: domain_id "a": unknown key here; it belongs into domains`)
	f(`{"populaton_size": 3}`, `bad.json: populaton_size 3: unknown key; the nearest known one is "population_size" of domains[].optimization_config`)
	f(`{"domains": [{"domain_id": "a", "populaton_size": 3}]}`,
		`bad.json: domains[0].populaton_size 3: unknown key; the nearest known one is "population_size" of domains[].optimization_config`)
	f(`{"`+long+`": 1}`, `bad.json: `+long+` 1: unknown key`)
	f(`{"domains": [{"domain_id": "a", "performance_scale": 0}]}`,
		`bad.json: domains[0].performance_scale 0.0: must be in [1e-06, 1e+09]`)
	// Every problem at once.
	f(`{"port": "x", "hots": "h", "domains": [{"domain_id": 1}]}`, "bad.json: port \"x\": must be an integer\n"+
		`bad.json: hots "h": unknown key; the nearest known one is "host"`+"\n"+
		`bad.json: domains[0].domain_id 1: must be a string`)
}

// TestSearchSettings: the search's keys count at the top of optimization_config and in "ga", once.
func TestSearchSettings(t *testing.T) {
	f := func(plugin, config, want, wantError string) {
		t.Helper()
		c, _, err := Parse("s.json", []byte(fmt.Sprintf(
			`{"domains": [{"domain_id": "a", "optimize": true, "optimization_plugin": %q, "optimization_config": %s}]}`, plugin, config)))
		if wantError != "" {
			if err == nil || err.Error() != wantError {
				t.Errorf("%s %s: %v, want %s", plugin, config, err, wantError)
			}
			return
		}
		if err != nil {
			t.Errorf("%s %s: %v", plugin, config, err)
			return
		}
		got, err := c.Domains[0].SearchSettings()
		if err != nil || string(canon.Canonical(got)) != want {
			t.Errorf("%s %s: SearchSettings() = %s, %v, want %s", plugin, config, canon.Canonical(got), err, want)
		}
	}
	const at = "s.json: domains[0].optimization_config: "
	f("forecast", `{"population": 6, "mutation_rate": 0.9, "data": "x"}`, `{"mutation_rate": 0.9, "population": 6}`, "")
	f("forecast", `{"population_size": 6, "ga": {"elites": 1}, "strategy": "ga"}`, `{"elites": 1, "population": 6, "strategy": "ga"}`, "")
	f("forecast", `{}`, `{}`, "")
	f("forecast", `{"population": 6, "elites": 5000}`, "", at+"elites 5000: must be at most 5 with a population of 6")
	f("forecast", `{"crossover": "no such", "mutation_rate": 2}`, "",
		at+`crossover "no such": must be one of ["uniform" "two_point" "blend" "differential"]`+"\n"+at+"mutation_rate 2: must be in [0, 1]")
	f("forecast", `{"elites": 1, "ga": {"elites": 1}}`, "", at+"elites: given as elites and as ga.elites")
	f("forecast", `{"ga": {"populaton_size": 3}}`, "", at+`unknown key "populaton_size": did you mean "population"?`)
	// A program's configuration is its own.
	f("exec:./p", `{"population": -6, "ga": {"depth": 3}, "strategy": "trees"}`, `{"depth": 3, "strategy": "trees"}`, "")
	f("exec:./p", `{"ga": 3}`, "", at+`canon: member "ga": want object, got int`)
}

// TestMigrationWarns: what has no effect says so.
func TestMigrationWarns(t *testing.T) {
	f := func(file string, want bool) {
		t.Helper()
		_, warnings, err := Parse("m.json", []byte(file))
		if err != nil {
			t.Fatal(err)
		}
		got := slices.ContainsFunc(warnings, func(w Warning) bool { return w.Key == "domains[0].migration" })
		if got != want {
			t.Errorf("Parse(%s) warns of migration: %v, want %v", file, got, want)
		}
	}
	const domain = `"domains": [{"domain_id": "q", "optimize": true, "optimization_plugin": "simple_quadratic", "migration": {"topology": "none"}}]`
	f(`{`+domain+`}`, false)
	f(`{"security": "reference", `+domain+`}`, false) // every search has a gate
	f(`{"domains": [{"domain_id": "q", "migration": {"topology": "none"}}]}`, true)
	f(`{"domains": [{"domain_id": "q", "migration": {"topology": "full"}}]}`, false)
}

func TestNotJSON(t *testing.T) {
	_, _, err := Parse("bad.json", []byte(`{"port": }`))
	if !errors.Is(err, ErrInvalid) || !strings.HasPrefix(err.Error(), "bad.json: ") {
		t.Errorf("Parse of broken JSON = %v", err)
	}
	if _, _, err = Parse("big.json", make([]byte, maxFileBytes+1)); err == nil {
		t.Error("an oversized file is accepted")
	}
	if _, _, err = Load(filepath.Join(t.TempDir(), "none.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Load of a missing file = %v, want %v", err, os.ErrNotExist)
	}
}

func TestComments(t *testing.T) {
	c, warnings, err := Parse("c.json", []byte(`{"$doc": NaN, "$": [], "fee_config": {"$why": 1}, "domains": [
		{"$doc": "x", "domain_id": "q", "param_bounds": {"$x": "free", "x": [0, 1]},
		 "optimization_config": {"$a": 1, "b": {"$c": 2, "d": [{"$e": 3, "f": 4}]}}}]}`))
	if err != nil || len(warnings) != 0 {
		t.Fatalf("Parse = %v, %v", warnings, err)
	}
	if got, want := string(canon.Default(c.Domains[0].OptimizationConfig)), `{"b": {"d": [{"f": 4}]}}`; got != want {
		t.Errorf("optimization_config = %s, want %s", got, want)
	}
}

func TestFlags(t *testing.T) {
	c := DefaultConfig()
	c.Network.Bootstrap = []string{"old:1"}
	f := Flags{Port: 9000, DataDir: "/d", Peers: "a:1, [::1]:2,", Identity: "k", StatsFile: "s", OLAPFile: "o",
		ResetChain: true, LogLevel: "DEBUG"}
	if err := f.Apply(&c); err != nil {
		t.Fatal(err)
	}
	if c.Network.Port != 9000 || c.IdentityPath() != "k" || c.StatsPath() != "s" || c.OLAPPath() != "o" ||
		c.StorePath() != filepath.Join("/d", "chain") || !c.ResetChain ||
		!slices.Equal(c.Network.Bootstrap, []string{"a:1", "[::1]:2"}) {
		t.Errorf("Apply left %+v", c)
	}
	if err := (Flags{}).Apply(&c); err != nil || c.Network.Port != 9000 || len(c.Network.Bootstrap) != 2 {
		t.Errorf("empty flags changed the configuration: %+v, %v", c, err)
	}
	err := Flags{Port: -1, LogLevel: "x"}.Apply(&c)
	if want := "port -1: must be in [0, 65535]\n" +
		`log_level "x": must be one of ["debug" "info" "warning" "error"]`; err == nil || err.Error() != want {
		t.Errorf("Apply of bad flags = %v, want %s", err, want)
	}
}

func TestSplitPeer(t *testing.T) {
	f := func(s, host string, port int) {
		t.Helper()
		h, p, err := SplitPeer(s)
		if h != host || p != port || (err != nil) != (host == "") {
			t.Errorf("SplitPeer(%q) = %q, %d, %v, want %q, %d", s, h, p, err, host, port)
		}
	}
	f("127.0.0.1:8470", "127.0.0.1", 8470)
	f("[::1]:8470", "::1", 8470)
	f("::1:8470", "::1", 8470) // split at the last colon
	f("node.example:1", "node.example", 1)
	f("node.example", "", 0)
	f(":8470", "", 0)
	f("http://a:1", "", 0)
	f("[::1:8470", "", 0)
	f("a b:1", "", 0)
	f("a:65536", "", 0)
	f("a:", "", 0)
}

func FuzzParse(f *testing.F) {
	for _, file := range []string{"testdata/every_key.json", "testdata/reference/quadratic.json"} {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"port": NaN, "domains": [{}, [], 1]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, _, err := Parse("fuzz.json", data)
		if err != nil {
			if c != nil {
				t.Error("a Config beside an error")
			}
			return
		}
		if err := c.Validate(); err != nil {
			t.Errorf("an accepted file is not valid: %v", err)
		}
		for i := range c.Domains {
			c.Domains[i].WorkerConfig()
			c.Domains[i].Unavailable()
		}
	})
}

// TestSyntax: a fault of the JSON is told with line and column.
func TestSyntax(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if _, _, err := Parse("f.json", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Parse(%q) = %v, want %q", text, err, want)
		}
	}
	f("", "f.json: line 1, column 1: ")
	f("{\n  \"port\": 8470,\n  \"host\" \"x\"\n}", "f.json: line 3, column 10: ")
	f("{\"node_label\": \"é\", }", "f.json: line 1, column 21: ")
	f("{}\n\n,", "f.json: line 3, column 1: ")
}

// TestNetwork: libp2p is for the strict profile, has multiaddresses among its bootstrap peers, and a port.
func TestNetwork(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		_, _, err := Parse("x.json", []byte(text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s = %v, want %q", text, err, want)
		}
	}
	f(`{"network": "p2p", "bootstrap_peers": ["/ip4/10.0.0.1/tcp/9470/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N", "10.0.0.1:8470"]}`, "")
	f(`{"network": "http", "bootstrap_peers": ["/ip4/10.0.0.1/tcp/9470/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"]}`, "bootstrap_peers[0]")
	f(`{"network": "carrier pigeon"}`, "network")
	f(`{"network": "p2p", "port": 65000}`, "p2p_port")
	f(`{"port": 65000}`, "p2p_port")
	f(`{"security": "reference", "port": 65000}`, "")
	f(`{"network": "p2p", "port": 65000, "p2p_port": 9470}`, "")
	f(`{"network": "p2p", "security": "reference"}`, "Python nodes")
}
