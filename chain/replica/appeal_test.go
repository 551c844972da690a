package replica

import (
	"fmt"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/protocol"
)

// appealed makes a network of n evaluators with money, of whose members the first ten that re-run a claim worth 1 say that it is worth 6,
// and has one claim it.
func appealed(t *testing.T, n int) (*world, int64) {
	w := newWorld(t, n, func(g *chain.Genesis) {
		for i := range n {
			k, err := identity.FromSeed(fmt.Sprintf("replica %d", i))
			if err != nil {
				t.Fatal(err)
			}
			g.Grants = append(g.Grants, chain.Grant{PeerID: k.PeerID(), Amount: "100"})
		}
	})
	liars := map[*peer]bool{}
	w.lie = func(p *peer) float64 {
		if len(liars) < 10 {
			liars[p] = true
		}
		if liars[p] {
			return 5
		}
		return 0
	}
	w.start()
	w.run(3 * slotTime)
	proposal := w.peers[0].propose(1)
	w.until(100*slotTime, "an outcome", func() bool { return w.peers[0].m.View().Domains[domain].HasBest })
	if best := w.peers[0].m.View().Domains[domain].Best; best != 6 {
		t.Fatalf("two thirds of the members said 6, the outcome is %v", best)
	}
	return w, proposal
}

// Two thirds of the fifteen members of a claim among thirty agree on a lie. Honest evaluators whose own run says otherwise appeal, all thirty
// re-run it, the lie is annulled, and who told it pays a tenth of its stake to those who did not.
func TestAppeal(t *testing.T) {
	w, _ := appealed(t, 31)
	w.until(400*slotTime, "the truth", func() bool { return w.peers[0].m.View().Domains[domain].Best == 1 })
	w.run(5 * slotTime)
	d := w.peers[0].m.best().Draft()
	liars, paid := 0, 0
	for _, p := range w.peers[1:] {
		x, _ := optimae.Registered(d, p.id)
		switch balance := optimae.Balance(d, p.id); {
		case x.Stake == x.Full-x.Full/10:
			liars++
		case x.Stake == x.Full && balance > 100*ledger.Unit:
			paid++
		default:
			t.Errorf("%.6s has a stake of %d of %d, and %d", p.id, x.Stake, x.Full, balance)
		}
	}
	if liars != 10 || paid != 20 {
		t.Errorf("%d have paid and %d were paid, want 10 and 20", liars, paid)
	}
	appeals := 0
	for _, p := range w.peers {
		for _, f := range p.effects {
			if n, ok := f.(protocol.Notice); ok && strings.HasPrefix(n.Text, "appealing") {
				appeals++
			}
		}
	}
	if appeals == 0 {
		t.Error("nobody appealed")
	}
	// The chain goes on, and what settles is the truth.
	n := w.peers[1].propose(2)
	w.until(200*slotTime, "the next claim", func() bool { return w.peers[1].last(n).Final() })
	if got := w.peers[1].last(n); got != protocol.Accepted {
		t.Errorf("the next claim is %s", got)
	}
	w.agree()
}

// Who was not asked finds a lie by itself, where those who were asked and are honest stay silent: one in four checks an outcome.
func TestChecks(t *testing.T) {
	w := newWorld(t, 31, nil)
	w.start()
	w.run(3 * slotTime)
	w.accept(w.peers[0], 1)
	checked, asked := 0, 0
	for _, p := range w.peers[1:] {
		for _, r := range p.m.agent.runs {
			switch {
			case r.check:
				checked++
			case r.finding != nil:
				asked++
			}
		}
	}
	w.run(3 * slotTime)
	if asked != 15 || checked < 1 || checked > 9 {
		t.Errorf("of thirty %d were asked and %d checked without, want 15 and about 4", asked, checked)
	}
	for _, p := range w.peers {
		for _, f := range p.effects {
			if n, ok := f.(protocol.Notice); ok && strings.HasPrefix(n.Text, "appealing") {
				t.Errorf("%.6s appeals against the truth", p.id)
			}
		}
	}
}
