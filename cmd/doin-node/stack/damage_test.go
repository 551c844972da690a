package stack

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// newBase is a node's base in a directory of its own, and what it logs.
func newBase(t *testing.T, edit func(*config.Config)) (*Base, *strings.Builder) {
	t.Helper()
	cfg := config.DefaultConfig()
	cfg.DataDir, cfg.Network.Host, cfg.Network.Port = t.TempDir(), "127.0.0.1", 0
	if edit != nil {
		edit(&cfg)
	}
	var said strings.Builder
	b, err := Open(&cfg, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b, &said
}

func fill(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedFilesAreSetAside: records and anchors that cannot be read keep no node from starting; they are kept under another
// name, which the log says.
func TestDamagedFilesAreSetAside(t *testing.T) {
	b, said := newBase(t, nil)
	db, anchors := b.Config.OLAPPath(), b.Path("anchors.log")
	fill(t, db, strings.Repeat("this is no database. ", 1000))
	fill(t, db+"-wal", "nor this")
	fill(t, anchors, "{}\n")
	log, err := b.openAnchors("network")
	if err != nil {
		t.Fatalf("open damaged anchors: %v", err)
	}
	defer log.Close()
	r, err := b.openRecords(t.Context(), "network")
	if err != nil {
		t.Fatalf("open damaged records: %v", err)
	}
	defer r.Recorder.Close()
	if rows, err := r.DB.Experiments(t.Context()); err != nil || len(rows) != 0 {
		t.Errorf("the new database has %d experiments, %v", len(rows), err)
	}
	for path, want := range map[string]string{db: "this is no database", anchors: "{}\n"} {
		old, err := filepath.Glob(path + ".damaged-*")
		if err != nil || len(old) == 0 {
			t.Fatalf("%s was not kept: %v, %v", path, old, err)
		}
		data, err := os.ReadFile(old[0])
		if err != nil || !strings.HasPrefix(string(data), want) || !strings.Contains(said.String(), old[0]) {
			t.Errorf("%s holds %.20q, %v; the log says %s", old[0], data, err, said)
		}
	}
}

// TestResetDeletesTheChainAlone: and says what; without a chain it says nothing.
func TestResetDeletesTheChainAlone(t *testing.T) {
	dir := t.TempDir()
	edit := func(c *config.Config) { c.DataDir, c.ResetChain = dir, true }
	gone := []string{"chain/badger/000001.sst", "anchors.log", "genesis.json"}
	kept := []string{"olap.db", "search/d.state", "spool/1", "champions/d.json"}
	for _, name := range append(gone, kept...) {
		fill(t, filepath.Join(dir, name), "x")
	}
	_, said := newBase(t, edit)
	for _, name := range gone {
		if _, err := os.Stat(filepath.Join(dir, name)); !os.IsNotExist(err) {
			t.Errorf("%s: %v, want it gone", name, err)
		}
	}
	for _, name := range kept {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := strings.Count(said.String(), "deleted"); n != len(gone) {
		t.Errorf("the log names %d deletions, want %d: %s", n, len(gone), said)
	}
	if _, said = newBase(t, edit); strings.Contains(said.String(), "deleted") {
		t.Errorf("without a chain the log says %s", said)
	}
}

// TestResetKeepsASharedNetwork: the genesis file of a network that others are in is no part of the chain that is deleted.
func TestResetKeepsASharedNetwork(t *testing.T) {
	key, err := identity.FromSeed("another")
	if err != nil {
		t.Fatal(err)
	}
	domain := chain.DefaultDomain("d")
	bound := domain
	bound.Config = canon.NewObject()
	f := func(d chain.Domain, evaluators []chain.Evaluator, kept bool) {
		t.Helper()
		g := &chain.Genesis{Protocol: chain.Protocol, Format: chain.Format, Parameters: chain.DefaultParameters(), Domains: []chain.Domain{d}, Evaluators: evaluators}
		g.Parameters.StartTime = timestamp.FromMicro(1e15)
		dir := t.TempDir()
		fill(t, filepath.Join(dir, "genesis.json"), string(canon.Default(g.Object())))
		newBase(t, func(c *config.Config) { c.DataDir, c.ResetChain = dir, true })
		if _, err := os.Stat(filepath.Join(dir, "genesis.json")); (err == nil) != kept {
			t.Errorf("a genesis file with %d other evaluators, settings bound %v: %v, want it kept: %v", len(evaluators), d.Config != nil, err, kept)
		}
	}
	f(domain, nil, false)
	f(domain, []chain.Evaluator{{PeerID: key.PeerID(), PublicKey: key.PublicKey()}}, true)
	f(bound, nil, true)
}
