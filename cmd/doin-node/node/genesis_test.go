package node

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/join"
	"doin.network/node/internal/canon"
)

func testConfig(t *testing.T, text string) *config.Config {
	t.Helper()
	cfg, _, err := config.Parse("test.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

const oneDomain = `{"solo": true, "target_block_time": 30, "quorum_min_evaluators": 2, "domains": [
	{"domain_id": "d", "optimize": true, "optimization_plugin": "simple_quadratic", "min_increment": 0.25}]}`

func TestGenesis(t *testing.T) {
	key, err := identity.FromSeed("genesis test")
	if err != nil {
		t.Fatal(err)
	}
	now := time.UnixMicro(1_700_000_000_000_000)
	dir := t.TempDir()
	own := filepath.Join(dir, "genesis.json")
	cfg := testConfig(t, oneDomain)

	g, err := genesis(cfg, key, own, now, alone)
	if err != nil {
		t.Fatal(err)
	}
	if p := g.Parameters; p.TargetBlockTime != 30 || p.QuorumMinEvaluators != 2 || !p.Solo || p.StartTime.Micro() != now.UnixMicro() {
		t.Errorf("parameters = %+v, want the configuration's", p)
	}
	if d, ok := g.Domain("d"); !ok || d.MinIncrement != 0.25 || d.Plugin != config.PluginQuadratic {
		t.Errorf("domain = %+v, %v, want the configuration's", d, ok)
	}
	// What no seed changes needs one; whatever else is said is bound, and both packages name the same bounds.
	if d, _ := g.Domain("d"); d.Seeds != 1 || d.NoiseZ2 != chain.DefaultDomain("").NoiseZ2 || d.NoiseZ2 != config.DefaultDomain().NoiseZ2 {
		t.Errorf("seeds %d, noise_z2 %v, want 1 and 4", d.Seeds, d.NoiseZ2)
	}
	if config.MaxSeeds != chain.MaxSeeds || config.DefaultSeeds != chain.DefaultSeeds || config.DefaultDomain().PerformanceScale != chain.DefaultDomain("").PerformanceScale {
		t.Error("configuration and genesis file differ in the bounds or defaults of a domain")
	}
	more := Genesis(testConfig(t, `{"domains": [{"domain_id": "e", "evaluate": true, "optimization_plugin": "forecast"},
		{"domain_id": "f", "evaluate": true, "optimization_plugin": "forecast", "seeds": 8, "noise_z2": "9/4"}]}`), nil, now)
	if e, f := more.Domains[0], more.Domains[1]; e.Seeds != 4 || f.Seeds != 8 || f.NoiseZ2.String() != "9/4" {
		t.Errorf("domains %+v, %+v, want 4 seeds by default, and what the file says", e, f)
	}
	if len(g.Evaluators) != 1 || g.Evaluators[0].PeerID != key.PeerID() {
		t.Errorf("evaluators = %v, want this node alone", g.Evaluators)
	}
	again, err := genesis(cfg, key, own, now.Add(time.Hour), alone)
	if err != nil || again.NetworkID() != g.NetworkID() {
		t.Errorf("a restart joins %v, %v, want the same network", again, err)
	}

	f := func(cfg *config.Config, want string) {
		t.Helper()
		if _, err := genesis(cfg, key, own, now, alone); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("genesis = %v, want an error with %q", err, want)
		}
	}
	file := func(name string, data []byte) *config.Config {
		t.Helper()
		c := *cfg
		c.GenesisFile = filepath.Join(dir, name)
		if data != nil {
			if err := os.WriteFile(c.GenesisFile, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return &c
	}
	f(file("missing.json", nil), "missing.json")
	f(file("broken.json", []byte(`{"parameters": `)), "broken.json")
	f(file("large.json", bytes.Repeat([]byte(" "), maxGenesisBytes+1)), "at most")
	other := Genesis(testConfig(t, strings.ReplaceAll(oneDomain, `"d"`, `"e"`)), g.Evaluators, now)
	lacks := func(cfg *config.Config, g *chain.Genesis, want string) {
		t.Helper()
		if err := fits(cfg, own, g); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("fits = %v, want an error with %q", err, want)
		}
	}
	lacks(cfg, other, `has no domain "d"`)
	rough := testConfig(t, oneDomain)
	rough.Domains[0].OptimizationConfig = canon.NewObject("models", []any{"mlp", "gru"})
	rough.Domains[0].OptimizationPlugin = "forecast"
	lacks(rough, Genesis(cfg, g.Evaluators, now), `names model "gru"`)
	if within := Genesis(rough, g.Evaluators, now); within.Domains[0].Agreement.String() != "within 1/1000" || fits(rough, own, within) != nil {
		t.Errorf("a domain with gru is %s: %v", within.Domains[0].Agreement, fits(rough, own, within))
	}
	if err := fits(cfg, own, other.With(g.Domains)); err != nil {
		t.Errorf("fits with the domain added = %v", err)
	}

	if g, err := genesis(file("same.json", canon.Canonical(g.Object())), key, own, now, alone); err != nil || g.NetworkID() != again.NetworkID() {
		t.Errorf("genesis of the file = %v", err)
	}
	own = filepath.Join(dir, "relay.json")
	f(testConfig(t, `{}`), "genesis_file")
	if _, err := os.Stat(own); err == nil {
		t.Error("a genesis file without domains was written")
	}
}

// alone is what a node without peers adopts.
func alone() (*chain.Genesis, error) { return nil, join.ErrAlone }

// TestGenesisOfPeers: a node without a genesis file takes its peers', if they have its domains and network_id does not pin another.
func TestGenesisOfPeers(t *testing.T) {
	key, err := identity.FromSeed("genesis test")
	if err != nil {
		t.Fatal(err)
	}
	now, own := time.UnixMicro(1_700_000_000_000_000), filepath.Join(t.TempDir(), "genesis.json")
	cfg := testConfig(t, oneDomain)
	theirs := Genesis(cfg, nil, now)
	adopt := func() (*chain.Genesis, error) { return theirs, nil }
	if g, err := genesis(cfg, key, own, now, adopt); err != nil || g != theirs {
		t.Errorf("genesis = %v, %v, want the peers'", g, err)
	}
	f := func(cfg *config.Config, adopt func() (*chain.Genesis, error), want string) {
		t.Helper()
		if _, err := genesis(cfg, key, own, now, adopt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("genesis = %v, want an error with %q", err, want)
		}
	}
	f(cfg, func() (*chain.Genesis, error) { return nil, errors.New("nobody answers") }, "nobody answers")
	pinned := *cfg
	pinned.NetworkID = strings.Repeat("0", 64)
	f(&pinned, adopt, theirs.NetworkID())
}
