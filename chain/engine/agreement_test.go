package engine_test

import (
	"fmt"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/agreement"
	"doin.network/node/internal/canon"
)

// TestAgreement: machines whose libraries give other bits, a millionth apart, have champions where the domain's agreement is within a
// thousandth, and say so in the record; where it is exact they have none.
func TestAgreement(t *testing.T) {
	t.Parallel()
	for _, by := range []agreement.Agreement{agreement.Default, {}} {
		t.Run(by.String(), func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, 4, 97, func(g *chain.Genesis) { g.Domains[0].Agreement = by })
			for i, n := range c.nodes {
				n.worker = func(ev protocol.Evaluate) (protocol.Outcome, error) {
					o, err := honest(ev)
					o.Performance *= 1 + float64(i)*1e-6
					o.Digest = fmt.Sprintf("%063x%d", 7, i)
					return o, err
				}
			}
			n := c.nodes[0]
			for range 120 {
				if c.net.Advance(time.Second); n.accepted() > 0 {
					break
				}
			}
			if by.Exact() {
				if n.accepted() != 0 {
					t.Errorf("%d claims were accepted whose bits nobody reproduced", n.accepted())
				}
				return
			}
			tx := accepted(n)
			if tx == nil {
				t.Fatal("no claim was accepted")
			}
			if rough, err := tx.Payload.Bool("approximate"); err != nil || !rough {
				t.Errorf("the record says approximate %v, %v", rough, err)
			}
			if v, _ := tx.Payload.Get("agreement"); !canon.Equal(canon.NewObject("a", v), canon.NewObject("a", by.Value())) {
				t.Errorf("the record says agreement %v, want %v", v, by.Value())
			}
		})
	}
}

// accepted returns the first acceptance of a node's chain.
func accepted(n *node) *chain.Tx {
	for _, b := range n.chain.blocks {
		for _, tx := range b.Transactions {
			if tx.Type == chain.TxOptimaeAccepted {
				return tx
			}
		}
	}
	return nil
}
