package application

import (
	"fmt"
	"testing"
	"time"

	"doin.network/node/chain/ledger"
)

// BenchmarkApply is a block of 200 transfers: every signature, the state and its root, at 100 accounts and at 90,000.
func BenchmarkApply(b *testing.B) {
	for _, accounts := range []int{100, 90_000} {
		b.Run(fmt.Sprintf("accounts=%d", accounts), func(b *testing.B) {
			w := newLargeTown(b, 4, accounts)
			w.idle(2)
			var txs []*Tx
			for i := range ledger.MaxBlockSize {
				txs = append(txs, w.tx(i%4, KindTransfer, (&Transfer{id(b, w.peers[(i+1)%4]), 1, ledger.MinBaseFee, int64(i/4) + 1}).Encode()))
			}
			block := w.build(txs...)
			if len(block.Txs) != len(txs) {
				b.Fatalf("the block has %d of %d transfers", len(block.Txs), len(txs))
			}
			parent, final := w.state(), w.tree.Best().ShownTo().Height
			began := time.Now()
			for b.Loop() {
				if _, err := w.net.Apply(parent, block, final); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*len(txs))/time.Since(began).Seconds(), "tx/s")
		})
	}
}
