package node

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/cmd/doin-pynode/chaindb/chaindbtest"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
	"doin.network/node/internal/timestamp"
	"doin.network/node/olap/sqlite"
)

// pythonChain returns blocks that the reference itself has made.
func pythonChain(t *testing.T) []any {
	t.Helper()
	for _, c := range golden.Cases(t, "chain_validation") {
		if c.Name == "valid" {
			list, err := c.Inputs.List("blocks")
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
	}
	t.Fatal("no valid chain among the vectors")
	return nil
}

func writeJSON(t *testing.T, v any) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chain.json")
	if err := os.WriteFile(path, canon.AppendIndent(nil, v), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestImport imports the reference's own blocks in both forms, whole and in pages, once and again.
func TestImport(t *testing.T) {
	blocks := pythonChain(t)
	all := append([]any{chain.GenesisBlock().Object()}, blocks...)
	f := func(dir string, wantBlocks, wantKnown int, wantErr string, values ...any) {
		t.Helper()
		var files []string
		for _, v := range values {
			files = append(files, writeJSON(t, v))
		}
		done, err := ImportChain(t.Context(), dir, files, false, discard)
		switch {
		case wantErr == "" && err != nil, wantErr != "" && (err == nil || !strings.Contains(err.Error(), wantErr)):
			t.Errorf("error %v, want %q", err, wantErr)
		case done.Blocks != wantBlocks || done.Known != wantKnown:
			t.Errorf("%d blocks and %d known ones, want %d and %d", done.Blocks, done.Known, wantBlocks, wantKnown)
		}
	}
	dir := t.TempDir()
	f(dir, 5, 1, "", all)
	f(dir, 0, 6, "", all)
	f(dir, 0, 5, "", blocks)
	pages := t.TempDir()
	f(pages, 5, 1, "", canon.NewObject("request_id", "", "blocks", all[:3], "has_more", true), canon.NewObject("blocks", all[3:], "has_more", false))
	f(t.TempDir(), 5, 0, "", blocks) // without block 0

	f(t.TempDir(), 0, 0, "out of order", all[2:])
	f(t.TempDir(), 0, 0, "neither", canon.NewObject("blocks", 3))
	f(t.TempDir(), 0, 0, "neither", "text")
	f(t.TempDir(), 0, 0, "read block", []any{1})
	tampered := canon.CloneValue(all).([]any)
	txs, err := tampered[3].(*canon.Object).List("transactions")
	if err != nil {
		t.Fatal(err)
	}
	txs[0].(*canon.Object).Set("payload", canon.NewObject("i", 9))
	f(t.TempDir(), 2, 1, "transaction id", tampered)
	pruned := canon.CloneValue(all).([]any)
	pruned[2].(*canon.Object).Set("transactions", []any{})
	f(t.TempDir(), 1, 1, "prune", pruned)
	unmade := filepath.Join(t.TempDir(), "unmade")
	if _, err := ImportChain(t.Context(), unmade, []string{filepath.Join(dir, "missing")}, false, discard); err == nil {
		t.Error("a missing file was imported")
	}
	if _, err := os.Stat(unmade); err == nil {
		t.Error("a directory was made for nothing")
	}
}

// TestImportRows fills the star schema from an older revision's chain, which begins with a block 0 of its own.
func TestImportRows(t *testing.T) {
	at := timestamp.FromMicro(1_700_000_000_000_000)
	first := &chain.Block{Header: chain.Header{PreviousHash: chain.ZeroHash, Timestamp: at, GeneratorID: "maker"}}
	first.Seal()
	next := &chain.Block{Header: chain.Header{Index: 1, PreviousHash: first.Hash, Timestamp: at, GeneratorID: "maker", WeightedPerformanceSum: 2, Threshold: 1}}
	for _, p := range []*canon.Object{
		canon.NewObject("optimae_id", "opt-a-1", "performance", -1.5, "increment", 0.5),
		canon.NewObject("optimae_id", "opt-a-1", "parameters", canon.NewObject("x", []any{1.0}), "verified_performance", -1.5,
			"effective_increment", 0.5, "reward_fraction", 1.0, "quorum_agree_fraction", 1.0, "experiment_id", "e", "round_number", 3),
		canon.NewObject("_shared_population", []any{}, "performance", 0.0, "increment", 0.01),
		canon.NewObject("optimae_id", "opt-a-2", "performance", -1.0, "increment", 0.1), // short alone
	} {
		next.Transactions = append(next.Transactions, &chain.Tx{Type: chain.TxOptimaeAccepted, DomainID: "q", PeerID: "a", Payload: p, Timestamp: at})
	}
	next.Seal()
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "chain.db")
	chaindbtest.Write(t, file, []*chain.Block{first, next})
	if _, err := ImportChain(t.Context(), dir, []string{file}, false, discard); !errors.Is(err, ErrOwnGenesis) {
		t.Errorf("a chain that no node can follow: %v, want ErrOwnGenesis", err)
	}
	done, err := ImportChain(t.Context(), dir, []string{file}, true, discard)
	if err != nil || !done.OwnGenesis || !done.Explored || done.Optimae != 2 || done.Height != 1 || done.Transactions != 4 {
		t.Fatalf("%+v, %v", done, err)
	}
	again, err := ImportChain(t.Context(), dir, []string{writeJSON(t, []any{first.Object(), next.Object()})}, true, discard)
	if err != nil || again.Known != 2 || again.Blocks != 0 {
		t.Errorf("the same from chain.json: %+v, %v", again, err)
	}
	n, err := New(t.Context(), configIn(t, dir), discard) // a node here begins its network's chain
	if err != nil {
		t.Fatal(err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := n.Run(stopped); err != nil {
		t.Error(err)
	}
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "olap.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.ChainMetrics(t.Context(), "q")
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if v, err := rows[0].Float("verified_performance"); err != nil || v != -1.5 {
		t.Errorf("verified_performance %v, %v: the full record is the row", v, err)
	}
	if n, err := rows[0].Int("round_number"); err != nil || n != 3 {
		t.Errorf("round_number %v, %v", n, err)
	}
}

// TestChainsAreNamed starts on what Python nodes have left in the data directory: each chain that is not read is named with the
// command that reads it, until it was.
func TestChainsAreNamed(t *testing.T) {
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "their chain.db")
	blocks := []*chain.Block{chain.GenesisBlock()}
	for _, v := range pythonChain(t) {
		b, err := chain.BlockFromObject(v.(*canon.Object))
		if err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, b)
	}
	db, text := filepath.Join(dir, "chain.db"), filepath.Join(dir, "chain.json")
	chaindbtest.Write(t, db, blocks)
	chaindbtest.Write(t, elsewhere, blocks)
	if err := os.WriteFile(text, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func() string {
		t.Helper()
		var said bytes.Buffer
		cfg := configIn(t, dir)
		cfg.Raw.Set("db_path", elsewhere)
		n, err := New(t.Context(), cfg, slog.New(slog.NewTextHandler(&said, nil)))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := n.Run(ctx); err != nil {
			t.Error(err)
		}
		if height := n.loop.View().Height; height > 0 && height != int64(len(blocks)-1) {
			t.Errorf("the node begins at height %d", height)
		}
		return said.String()
	}
	said := start()
	for _, file := range []string{db, text, elsewhere} {
		if !strings.Contains(said, "file=\""+file+"\"") && !strings.Contains(said, "file="+file+" ") {
			t.Errorf("%s is not named in\n%s", file, said)
		}
	}
	if !strings.Contains(said, "doin-pynode chain import") || !strings.Contains(said, "level=WARN") {
		t.Errorf("no command in\n%s", said)
	}
	if done, err := ImportChain(t.Context(), dir, []string{db}, false, discard); err != nil || done.Blocks != len(blocks)-1 {
		t.Fatalf("%+v, %v", done, err)
	}
	if said = start(); strings.Contains(said, "chain import") {
		t.Errorf("named after the import:\n%s", said)
	}
}
