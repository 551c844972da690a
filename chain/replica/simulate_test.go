package replica

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"doin.network/node/chain/protocol"
)

// simulations is how many networks are tried: REPLICA_SIMULATIONS says more.
func simulations(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("REPLICA_SIMULATIONS"))
	if err != nil {
		return 8
	}
	return n
}

// trouble makes the world's network bad: messages are lost and late, nodes lose their power and are cut off, all by one seed, until a
// moment.
func (w *world) trouble(rng *rand.Rand, until int64) {
	w.late = func() (delay int64, lost bool) {
		if w.now > until {
			return latency, false
		}
		return rng.Int64N(800_000), rng.IntN(20) == 0
	}
	for _, p := range w.peers {
		p.beats = func(protocol.Effect) bool {
			if w.now > until || rng.IntN(150) != 0 {
				return false
			}
			w.after(rng.Int64N(10*second), p.start)
			return true
		}
		var cut func()
		cut = func() {
			if p.cut = w.now < until && rng.IntN(4) == 0; w.now < until {
				w.after(4*second+rng.Int64N(20*second), cut)
			}
		}
		w.after(rng.Int64N(20*second), cut)
	}
}

// TestSimulations: whatever the network does to them, honest nodes say nothing twice, nobody finds another guilty, all have one chain and
// one champion, which is one that was claimed, and in peace a claim is accepted.
func TestSimulations(t *testing.T) {
	for seed := range simulations(t) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(uint64(seed), 7))
			w := newWorld(t, 2+rng.IntN(5), nil)
			w.every = int64(rng.IntN(3)) * 7
			w.trouble(rng, w.now+120*second)
			w.start()
			best := 0.0
			for range 12 {
				w.run(rng.Int64N(20 * second))
				p := w.peers[rng.IntN(len(w.peers))]
				if x := rng.Float64() * 10; p.up {
					best = max(best, x)
					p.propose(x)
				}
			}
			w.run(200 * second)
			for _, p := range w.peers {
				if !p.up || p.cut {
					t.Fatalf("%.6s is still away", p.id)
				}
			}
			w.accept(w.peers[rng.IntN(len(w.peers))], best+1)
			w.run(60 * second)
			w.agree()
			for _, p := range w.peers {
				v := p.m.View()
				if v.Domains[domain].Best != best+1 {
					t.Errorf("%.6s has the champion %v, want %v", p.id, v.Domains[domain].Best, best+1)
				}
				if !v.Standing.Eligible {
					t.Errorf("%.6s is no evaluator: %s", p.id, v.Standing.Reason)
				}
				if v.Height < w.peers[0].m.View().Height-2 {
					t.Errorf("%.6s has height %d, the first has %d", p.id, v.Height, w.peers[0].m.View().Height)
				}
			}
		})
	}
}
