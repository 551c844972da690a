package node

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/store"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// TestLargeBlock has a node fetch a block with a model of 17 MiB inside from another one.
func TestLargeBlock(t *testing.T) {
	cfg := testConfig(t)
	at := timestamp.FromTime(time.Now())
	payload := canon.NewObject("optimae_id", "opt-1", "parameters", canon.NewObject("_model_b64", strings.Repeat("A", 17<<20)), "verified_performance", -1.0,
		"effective_increment", 2.0)
	b := &chain.Block{Header: chain.Header{Index: 1, PreviousHash: chain.GenesisHash, Timestamp: at, GeneratorID: strings.Repeat("ab", 20),
		WeightedPerformanceSum: 2, Threshold: 1}, Transactions: []*chain.Tx{{Type: chain.TxOptimaeAccepted, DomainID: "q",
		PeerID: strings.Repeat("ab", 20), Payload: payload, Timestamp: at}}}
	b.Seal()
	st, err := openStore(cfg.StorePath(), chain.GenesisBlock(), discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Append(t.Context(), store.Entry{Block: b}); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	first, err := New(t.Context(), cfg, discard)
	if err != nil {
		t.Fatal(err)
	}
	other := testConfig(t)
	other.Network.Bootstrap = []string{fmt.Sprintf("127.0.0.1:%d", first.Port())}
	second, err := New(t.Context(), other, discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	for _, n := range []*Node{first, second} {
		go func() { ended <- n.Run(ctx) }()
	}
	deadline := time.Now().Add(60 * time.Second)
	for second.loop.View().Tip != b.Hash {
		if time.Now().After(deadline) {
			t.Fatalf("height %d, want the block", second.loop.View().Height)
		}
		<-time.After(20 * time.Millisecond)
	}
	cancel()
	for range 2 {
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}
