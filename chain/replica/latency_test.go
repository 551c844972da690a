package replica

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/application"
	"doin.network/node/chain/protocol"
)

// slots are the slots of the blocks that a claim's commit and its outcome are in, both final.
func (p *peer) slots(commitment string) (commit, outcome int64) {
	for h, meta := range p.disk.meta {
		if meta == "" {
			continue
		}
		for _, tx := range p.disk.chain[h].Transactions {
			id, _ := tx.Payload.String("optimae_id")
			switch {
			case id != commitment:
			case tx.Type == chain.TxOptimaeAnnounced:
				commit = p.slotOf(h)
			case tx.Type == chain.TxOptimaeAccepted, tx.Type == chain.TxOptimaeRejected:
				outcome = p.slotOf(h)
			}
		}
	}
	return commit, outcome
}

func (p *peer) slotOf(height int) int64 {
	data, err := p.disk.Final(int64(height))
	if err != nil {
		p.w.t.Fatal(err)
	}
	w, err := application.ParseBlock(data)
	if err != nil {
		p.w.t.Fatal(err)
	}
	return w.Slot
}

// TestCommitToOutcome: links of 50 ms, slots of 2 s, a commit interval of one slot, a verification of 1 s, everybody present: from the
// block with the commit to the block with the outcome it takes min(f + 1, 8) + 5 slots at the median. DOIN_LATENCY=1 tries 30 nodes too.
func TestCommitToOutcome(t *testing.T) {
	sizes := []int{7}
	if os.Getenv("DOIN_LATENCY") != "" {
		sizes = append(sizes, 30)
	}
	for _, n := range sizes {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			w := newWorld(t, n, nil)
			w.start()
			w.run(3 * slotTime)
			var took []int64
			for i := range 15 {
				p := w.peers[i%n]
				number := p.propose(1 + float64(i))
				w.until(100*slotTime, "decided", func() bool { return p.last(number).Final() })
				w.run(int64(i) * 300_000) // at other moments of a slot
				for _, f := range p.effects {
					if c, ok := f.(protocol.Claim); ok && c.Proposal == number && c.Stage == protocol.Accepted {
						commit, outcome := p.slots(c.OptimaeID)
						took = append(took, outcome-commit)
					}
				}
			}
			slices.Sort(took)
			f := (n - 1) / 3
			want := int64(min(f+1, 8) + 5)
			if len(took) < 15 {
				t.Fatalf("%d of 15 claims were accepted", len(took))
			}
			median := took[len(took)/2]
			t.Logf("%d nodes: median %d slots from commit to outcome, at most %d, at least %d; wanted %d", n, median, took[len(took)-1], took[0], want)
			if median > want {
				t.Errorf("median %d slots, want at most %d", median, want)
			}
		})
	}
}
