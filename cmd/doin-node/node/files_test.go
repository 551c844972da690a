package node

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/terms"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
)

// bound is a configuration with a data file, and a genesis file that binds it.
func bound(t *testing.T) (cfg *config.Config, genesisFile, data string, file chain.File) {
	t.Helper()
	dir := t.TempDir()
	data = filepath.Join(dir, "series.csv")
	write(t, data, "month,co2\n1958-03,315.71\n")
	cfg = testConfig(t, `{"host": "127.0.0.1", "port": 0, "data_dir": "`+dir+`", "domains": [{"domain_id": "d", "evaluate": true,
		"optimization_plugin": "forecast", "optimization_config": {"data": "`+data+`", "period": 12}}]}`)
	g := Genesis(cfg, nil, time.UnixMicro(1_700_000_000_000_000))
	var err error
	if g.Domains[0].Config, g.Domains[0].Files, err = terms.Bind(&cfg.Domains[0], nil); err != nil {
		t.Fatal(err)
	}
	genesisFile = filepath.Join(dir, "network.json")
	write(t, genesisFile, string(canon.Default(g.Object())))
	cfg.GenesisFile = genesisFile
	return cfg, genesisFile, data, g.Domains[0].Files[0]
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestOtherData: a machine whose data or settings are not the network's does not start, and says which.
func TestOtherData(t *testing.T) {
	f := func(change func(cfg *config.Config, data string), want ...string) {
		t.Helper()
		cfg, _, data, file := bound(t)
		change(cfg, data)
		_, err := New(t.Context(), cfg, discard)
		if !errors.Is(err, terms.ErrTerms) {
			t.Fatalf("New = %v, want ErrTerms", err)
		}
		for _, w := range append(want, `domain "d"`) {
			if w == "hash" {
				w = file.SHA256
			}
			if w == "path" {
				w = data
			}
			if !strings.Contains(err.Error(), w) {
				t.Errorf("New = %v, want %q in it", err, w)
			}
		}
	}
	f(func(_ *config.Config, data string) { write(t, data, "month,co2\n1958-03,315.72\n") }, "path", "hash")
	f(func(cfg *config.Config, _ string) { cfg.Domains[0].OptimizationConfig.Set("period", 6) }, "period is 6 here, 12 there")
	f(func(cfg *config.Config, _ string) { cfg.Domains[0].OptimizationPlugin = "tabular" }, "tabular", "forecast")
}

// TestShelf: files of the genesis file are given away by their hash, unless the configuration keeps them.
func TestShelf(t *testing.T) {
	cfg, path, data, file := bound(t)
	g, err := chain.ParseGenesis(mustRead(t, path))
	if err != nil {
		t.Fatal(err)
	}
	if at, size, err := newShelf(cfg, g).File(file.SHA256); err != nil || at != data || size != file.Size {
		t.Errorf("File = %s, %d, %v, want %s, %d", at, size, err, data, file.Size)
	}
	if _, _, err := newShelf(cfg, g).File(strings.Repeat("0", 64)); !errors.Is(err, api.ErrNotFound) {
		t.Errorf("File of an unknown hash = %v", err)
	}
	cfg.Network.ShareData = false
	if _, _, err := newShelf(cfg, g).File(file.SHA256); !errors.Is(err, api.ErrForbidden) || !strings.Contains(err.Error(), "share_data") {
		t.Errorf("File of a node that keeps its data = %v", err)
	}
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
