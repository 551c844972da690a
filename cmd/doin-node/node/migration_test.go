package node

import (
	"testing"

	"doin.network/node/chain/engine"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/ga/island"
	"doin.network/node/internal/canon"
)

// TestMigrate: who enters the search is the domain's configuration; a champion of somebody else is not proposed again.
func TestMigrate(t *testing.T) {
	l := newNetwork(t, "")
	n := &Node{log: discard, key: l.first, loop: newTestLoop(l, &disk{})}
	members := n.loop.view.Load().State.Registered()
	f := func(m island.Config, round int64, want ...float64) {
		t.Helper()
		s := &search{n: n, domain: config.Domain{Migration: m}, round: round, tries: map[string]int{},
			gate: island.NewGate[*canon.Object](m)}
		var arrived []engine.Immigrant
		for i, id := range members {
			if id != n.key.PeerID() {
				arrived = append(arrived, engine.Immigrant{OptimizerID: id, Parameters: canon.NewObject("x", i), Performance: float64(i)})
			}
		}
		got := s.migrate(arrived)
		if len(got) != len(want) {
			t.Fatalf("%+v, round %d: %d immigrants, want %v", m, round, len(got), want)
		}
		for i := range got {
			if got[i].Performance != want[i] {
				t.Errorf("%+v, round %d: immigrant %d has %v, want %v", m, round, i, got[i].Performance, want[i])
			}
		}
		for _, im := range arrived {
			if s.tries[canon.Hash(im.Parameters)] < maxTries {
				t.Error("another node's champion may be proposed")
			}
		}
	}
	own := 0
	for members[own] != n.key.PeerID() {
		own++
	}
	var others []float64 // the best first
	for i := len(members) - 1; i >= 0; i-- {
		if i != own {
			others = append(others, float64(i))
		}
	}
	m := island.DefaultConfig()
	f(m, 1, others...)
	m.Policy = island.Best
	f(m, 1, others[0])
	m.Interval = 2
	f(m, 1)
	f(m, 2, others[0])
	m.Topology = island.Ring
	f(m, 2, float64((own+len(members)-1)%len(members)))
	m.Topology = island.Isolated
	f(m, 2)
}
