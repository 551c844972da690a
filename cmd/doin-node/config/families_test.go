package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/domain/quadratic"
	"doin.network/node/internal/canon"
)

// fragment is a member or several of a configuration as Python nodes have it, with the keys that are to be warned of among them.
type fragment struct {
	name, members string
	warned        []string
}

// The parts of the reference's example configurations, of either revision: every key that its nodes read, and what else stands in
// the files. One of each list makes a file.
var (
	nodeParts = []fragment{
		{"none", ``, nil},
		{"first revision", `"host": "0.0.0.0", "port": 8470, "data_dir": "./doin-data-a", "target_block_time": 60, "quorum_min_evaluators": 1,
			"quorum_fraction": 0.67, "quorum_tolerance": 0.5, "commit_reveal_max_age": 600.0, "finality_confirmation_depth": 3,
			"external_anchor_interval": 50, "require_deterministic_seed": true, "eval_poll_interval": 5, "eval_max_concurrent": 1,
			"optimizer_loop_interval": 15`, nil},
		{"storage", `"storage_backend": "sqlite", "db_path": "", "snapshot_interval": 100, "prune_keep_blocks": 10000`,
			[]string{"storage_backend", "db_path", "snapshot_interval", "prune_keep_blocks"}},
		{"json, flooding", `"storage_backend": "json", "network_protocol": "flooding", "discovery_enabled": false, "fee_market_enabled": false`,
			[]string{"storage_backend"}},
		{"gossip", `"network_protocol": "gossipsub", "gossip_heartbeat_interval": 1.0, "discovery_enabled": true, "discovery_interval": 60.0`,
			[]string{"gossip_heartbeat_interval"}},
		{"dashboard", `"node_label": "omega", "dashboard_enabled": true, "reset_chain": false, "identity_file": ""`, nil},
		{"no dashboard", `"dashboard_enabled": false`, nil},
		{"fees", `"fee_config": {"min_base_fee": 0.001, "max_base_fee": 100.0, "target_block_fullness": 0.5, "base_fee_change_denom": 8,
			"target_block_size": 100, "max_block_size": 200, "optimae_stake_multiplier": 5, "optimae_burn_fraction": 0.2}`,
			[]string{"fee_config.target_block_fullness"}},
		{"shared population", `"shared_claim_timeout": 600, "shared_claim_result_patience": 4, "shared_min_peers": 1, "shared_initialize_before_peers": false,
			"shared_peer_wait_timeout": 120.0, "shared_claim_settle_seconds": 1.0, "shared_claim_confirmation_rounds": 2`,
			[]string{"shared_claim_timeout", "shared_claim_result_patience", "shared_min_peers", "shared_initialize_before_peers",
				"shared_peer_wait_timeout", "shared_claim_settle_seconds", "shared_claim_confirmation_rounds"}},
		{"records", `"experiment_stats_file": "./stats.csv", "olap_db_path": "./olap.db"`, nil},
		{"unknown keys", `"$doc": "text", "_comment": "text", "notes": ["a", 1], "gpu": {"memory_mb": 14000}`, []string{"_comment", "notes", "gpu"}},
		{"nulls", `"node_label": null, "db_path": null, "experiment_stats_file": null, "seed": null`, []string{"node_label", "db_path", "experiment_stats_file"}},
		{"seed policy off", `"require_deterministic_seed": false`, []string{"require_deterministic_seed"}},
		{"wide tolerance", `"quorum_tolerance": 100.0, "acceptance_tolerance": 0.0`, nil},
	}
	thresholds = []fragment{
		{"default", ``, nil}, {"every acceptance", `"initial_threshold": -1e9`, nil}, {"as an integer", `"initial_threshold": -1000000000`, nil},
		{"small", `"initial_threshold": 1e-06`, nil}, {"nothing", `"initial_threshold": 0.0`, nil}, {"large", `"initial_threshold": 1000`, nil},
	}
	peerParts = []fragment{
		{"alone", `"bootstrap_peers": []`, nil}, {"an address", `"bootstrap_peers": ["192.168.0.100:8470"]`, nil},
		{"templates", `"bootstrap_peers": ["<DELTA_IP>:8470", "10.0.0.2:8471", "<DRAGON_IP>:8470"]`, []string{"bootstrap_peers[0]", "bootstrap_peers[2]"}},
		{"no port", `"bootstrap_peers": ["<HOST>", "delta"]`, []string{"bootstrap_peers[0]", "bootstrap_peers[1]"}},
	}
	domainParts = []fragment{
		{"none", ``, nil},
		{"no domain", `"domains": []`, nil},
		{"relay", `"domains": [{"domain_id": "quadratic", "optimize": false, "evaluate": false}]`, nil},
		{"roles without a plugin", `"domains": [{"domain_id": "a", "optimize": true, "evaluate": true}]`,
			[]string{"domains[0].optimization_plugin", "domains[0].inference_plugin"}},
		{"quadratic", `"domains": [{"domain_id": "quadratic", "optimize": true, "evaluate": true, "optimization_plugin": "simple_quadratic",
			"inference_plugin": "simple_quadratic", "synthetic_data_plugin": "simple_quadratic", "has_synthetic_data": true,
			"target_performance": -100.0, "optimization_config": {"n_params": 10, "step_size": 0.5}}]`, nil},
		{"quadratic by its old name", `"domains": [{"domain_id": "q", "evaluate": true, "optimization_plugin": "quadratic", "inference_plugin": "quadratic",
			"target_performance": null, "synthetic_data_plugin": null, "resource_limits": {"max_training_seconds": 60, "max_memory_mb": 512,
			"max_epochs": 1, "max_batch_size": 1}, "optimization_config": {"n_params": 2, "target": [1, 2.5], "seed": 7, "noise_std": 0.1}}]`,
			[]string{"domains[0].synthetic_data_plugin"}},
		{"quadratic with more", `"domains": [{"domain_id": "q", "optimize": true, "optimization_plugin": "simple_quadratic", "weight": 2.0,
			"optimization_config": {"n_params": 2, "verbose": true, "metric_schema": {"a": 1}}}]`,
			[]string{"domains[0].weight", "domains[0].optimization_config.verbose", "domains[0].optimization_config.metric_schema"}},
		{"quadratic with a search that there is not", `"domains": [{"domain_id": "q", "optimize": true, "evaluate": true, "optimization_plugin": "simple_quadratic",
			"inference_plugin": "simple_quadratic", "optimization_config": {"n_params": 2, "strategy": "genetic", "population_size": -1}}]`,
			[]string{"domains[0].optimization_config"}},
		{"auto-accept", `"domains": [{"domain_id": "q", "optimize": true, "evaluate": true, "optimization_plugin": "simple_quadratic",
			"inference_plugin": "simple_quadratic", "synthetic_data_validation": false, "higher_is_better": true, "metric_type": "fitness",
			"param_bounds": {"x": [-20, 20]}, "incentive_config": {"higher_is_better": true, "tolerance_margin": 0.5, "bonus_threshold": 0.05,
			"min_reward_fraction": 0.3, "max_bonus_multiplier": 1.2}}]`, nil},
		{"predictor", `"domains": [{"domain_id": "predictor-timeseries-4h", "optimize": true, "evaluate": true, "optimization_plugin": "predictor",
			"inference_plugin": "predictor", "synthetic_data_plugin": "predictor", "has_synthetic_data": false, "target_performance": 999.0,
			"optimization_config": {"predictor_plugin": "mimo", "optimizer_plugin": "default_optimizer", "epochs": 200, "batch_size": 32,
			"population_size": 20, "n_generations": 10, "cxpb": 0.5, "mutpb": 0.2, "optimization_patience": 5, "shared_population": true,
			"optimization_stages": [{"name": "a", "n_generations": 5}], "stage_advance_threshold": 1e-05, "x_train_file": "data/x.csv",
			"hyperparameter_bounds": {"window_size": [6, 48]}, "target_column": null}, "synthetic_data_validation": false, "higher_is_better": false}]`,
			[]string{"domains[0].optimization_plugin", "domains[0].inference_config", "domains[0].synthetic_data_config"}},
		{"a plugin of somebody's", `"domains": [{"domain_id": "trading", "optimize": true, "evaluate": true, "optimization_plugin": "agent_multi",
			"inference_plugin": "agent_multi", "optimization_config": {"population_size": 20, "cxpb": 0.5, "steps": [1, 2]}}]`, nil},
	}
)

// TestFamilies makes every file that the parts can make, and each is taken by a node among Python nodes, with the warnings that
// are true of it and no others.
func TestFamilies(t *testing.T) {
	files, seen := 0, map[string]bool{}
	for _, n := range nodeParts {
		for _, h := range thresholds {
			for _, p := range peerParts {
				for _, d := range domainParts {
					parts := []fragment{n, h, p, d}
					var members, want, names []string
					for _, x := range parts {
						names = append(names, x.name)
						if x.members != "" {
							members = append(members, x.members)
						}
						want = append(want, x.warned...)
					}
					c, warnings, err := parse(Reference, "n.json", ".", []byte("{"+strings.Join(members, ",\n")+"}"))
					if err != nil {
						t.Fatalf("%s: %v", strings.Join(names, ", "), err)
					}
					files++
					want = append(want, "security")
					var got []string
					for _, w := range warnings {
						if got = append(got, w.Key); w.Reason == "" {
							t.Errorf("%s: no reason for %s", strings.Join(names, ", "), w.Key)
						}
						seen[w.Key+": "+w.Reason] = true
					}
					slices.Sort(got)
					slices.Sort(want)
					if d.name != "predictor" && !slices.Equal(got, want) || d.name == "predictor" && len(got) == 0 {
						t.Errorf("%s: warnings of %q, want %q", strings.Join(names, ", "), got, want)
					}
					if off := n.name == "no dashboard"; (c.Network.Dashboard == "off") != off {
						t.Errorf("%s: dashboard %q", strings.Join(names, ", "), c.Network.Dashboard)
					}
				}
			}
		}
	}
	for text := range seen {
		if strings.Contains(text, "synthetic_data_validation") {
			t.Errorf("%s: it has its effect among Python nodes", text)
		}
	}
	t.Logf("%d files", files)
}

// TestQuadraticKeys: the settings that a Python node's plugin does not look at are those that ours does not know.
func TestQuadraticKeys(t *testing.T) {
	for _, key := range quadratic.Keys() {
		if !slices.Contains(quadraticKeys, key) {
			t.Errorf("%s is a setting of the domain", key)
		}
	}
	c, _, err := parse(Reference, "n.json", ".", []byte(`{"domains": [{"domain_id": "q", "optimize": true, "optimization_plugin": "simple_quadratic",
		"optimization_config": {"n_params": 2, "optimizer_plugin": "x", "population_size": 8, "optimization_metric": "mae"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	d := &c.Domains[0]
	o := d.WorkerConfig()
	if _, err := quadratic.ParseConfig(o); err != nil {
		t.Errorf("the domain refuses %s: %v", canon.Default(o), err)
	}
	if search, err := d.SearchSettings(); err != nil || search.Len() != 0 {
		t.Errorf("a hill climber has the settings %s, %v", canon.Default(search), err)
	}
	if o.Has("optimizer_plugin") || !d.OptimizationConfig.Has("optimizer_plugin") {
		t.Errorf("the worker gets %s of %s", canon.Default(o), canon.Default(d.OptimizationConfig))
	}
}

// TestFamiliesOnDisk reads a file as the program does.
func TestFamiliesOnDisk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "n.json")
	text := fmt.Sprintf("{%s, %s, %s}", thresholds[1].members, peerParts[2].members, domainParts[3].members)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, warnings, err := LoadFor(Reference, file); err != nil || len(warnings) != 5 || c.Chain.InitialThreshold != -1e9 {
		t.Errorf("LoadFor(Reference) = %v, warnings %v", err, warnings)
	}
}
