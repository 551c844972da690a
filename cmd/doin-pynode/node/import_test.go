package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/chain"
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
		done, err := ImportChain(t.Context(), dir, files, discard)
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
	if _, err := ImportChain(t.Context(), t.TempDir(), []string{filepath.Join(dir, "missing")}, discard); err == nil {
		t.Error("a missing file was imported")
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
	done, err := ImportChain(t.Context(), dir, []string{writeJSON(t, []any{first.Object(), next.Object()})}, discard)
	if err != nil || !done.OwnGenesis || done.Optimae != 2 || done.Height != 1 || done.Transactions != 4 {
		t.Fatalf("%+v, %v", done, err)
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
