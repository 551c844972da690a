package replica

import (
	"slices"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
)

// A claim goes its whole way among four nodes, and every one of them ends with the same chain and the same champion.
func TestClaim(t *testing.T) {
	w := newWorld(t, 4, nil)
	w.start()
	w.run(3 * slotTime)
	author := w.peers[1]
	n := author.propose(0.5)
	w.until(60*slotTime, "accepted", func() bool { return author.last(n) == protocol.Accepted })
	want := []protocol.Stage{protocol.Confirmed, protocol.Committed, protocol.Revealed, protocol.Accepted}
	if got := author.stages(n); !slices.Equal(got, want) {
		t.Errorf("stages %v, want %v", got, want)
	}
	w.run(10 * slotTime)
	w.agree()
	for _, p := range w.peers {
		v := p.m.View()
		if d := v.Domains[domain]; !d.HasBest || d.Best != 0.5 || d.Accepted != 1 {
			t.Errorf("%.6s sees %+v", p.id, d)
		}
		c := v.Champions[domain]
		if c == nil || !c.Verified || c.Performance != 0.5 || c.OptimizerID != author.id || len(c.Seeds) != 2 {
			t.Errorf("%.6s answers by %+v", p.id, c)
		}
		if list := p.find(chain.TxOptimaeAccepted); len(list) != 1 {
			t.Errorf("%.6s has %d acceptances", p.id, len(list))
		} else if votes, err := list[0].Payload.List("votes"); err != nil || len(votes) < 2 {
			t.Errorf("%d votes, %v", len(votes), err)
		}
		migrants := 0
		for _, f := range p.effects {
			if m, ok := f.(protocol.Migrant); ok && m.OptimizerID == author.id {
				migrants++
			}
		}
		if want := 1; p != author && migrants != want {
			t.Errorf("%.6s: %d migrants, want %d", p.id, migrants, want)
		}
	}
}
