package optimae

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"doin.network/node/chain/consensus"
	"doin.network/node/chain/ledger"
)

// farm is how many identities with a stake but no work a run has.
const farm = 12

// actor is what a peer of a dishonest run does.
type actor uint8

const (
	honest    actor = iota
	lazy            // votes without a run what the last to vote says, or a guess
	withholds       // commits and reveals nothing
	copies          // commits what others have published long ago
)

// dishonestRun runs one chain of ten evaluators, three of them not honest, and a farm of identities that register and guess. It returns what
// each peer got by pay, and what it would get by its share of increments and votes.
func dishonestRun(tb testing.TB, seed int) (paid, share map[string]float64, w *world) {
	tb.Helper()
	const n = 10
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	w = newWorld(tb, n, fmt.Sprintf("dishonest %d", seed))
	w.rules.InitialThreshold = 10_000 // about what comes in a target time, so that the price of an increment is steady
	save(w.state, domainKey("d"), &Domain{HasBest: true, Best: 0.1, HasSettled: true, Settled: 0.1})
	t := w.totals()
	t.Controller = consensus.NewDifficulty(w.rules.InitialThreshold, w.rules.TargetTime, 0)
	save(w.state, totalsKey(), &t)
	roles := map[string]actor{}
	for i, j := range r.Perm(n)[:3] {
		roles[name(j)] = lazy + actor(i)
	}
	var txs []Tx
	for i := range farm {
		id := called(fmt.Sprintf("farm%02d", i))
		roles[id] = lazy
		w.has(id, 10*ledger.InitialReward)
		txs = append(txs, NewTx(id, &Register{[]string{"d"}, 0}))
	}
	w.good(w.step(txs...))
	recipes, reveals, old := map[ID]string{}, map[ID]Tx{}, []string{}
	voters, increments := map[ID][]string{}, map[ID]int64{}
	best := 100
	for block := 0; block < 500; block++ {
		txs = nil
		for _, m := range w.claims() {
			f := truth(recipes[m.Commitment])
			if reveal, ok := reveals[m.Commitment]; ok && m.Begun > 0 && m.Phase == waiting {
				txs = append(txs, reveal)
			}
			if m.Phase == voting {
				for _, peer := range slices.Concat(m.Members, m.Beside) {
					guess := truth(fmt.Sprint(r.IntN(1000), " guessed"))
					if roles[peer] != lazy {
						txs = append(txs, w.voteTx(m, peer, f))
					} else if len(txs) > 0 && txs[len(txs)-1].Kind == KindVote { // another's hash under its own name
						txs = append(txs, Tx{peer, KindVote, txs[len(txs)-1].Body})
					} else {
						txs = append(txs, w.voteTx(m, peer, guess))
					}
				}
			}
			if m.Phase == opening {
				txs = append(txs, w.openTx(m, m.Members[0], f))
			}
			if m.Phase == decided {
				voters[m.Commitment] = m.Voters
				for _, peer := range m.Voters {
					if roles[peer] == lazy {
						tb.Fatalf("seed %s: %s guesses and counts", w.seed, peer)
					}
				}
			}
		}
		if block < 420 && block%6 == 0 {
			author := name(r.IntN(n))
			best += r.IntN(24) - 4
			recipe := fmt.Sprintf("%d %d", best, block)
			if roles[author] == copies && len(old) > 8 {
				recipe = old[r.IntN(len(old)-8)]
			}
			commit, reveal, c := promise(author, recipe)
			recipes[c] = recipe
			if roles[author] != withholds {
				reveals[c] = reveal
				old = append(old, recipe)
			}
			txs = append(txs, commit)
		}
		w.step(txs...)
	}
	var total, all float64
	for _, o := range w.out {
		if o.Result == Settled {
			increments[o.Commitment] = o.Increment
			all += float64(o.Increment)
		}
		if roles[o.Author] == honest && (o.Result == Unrevealed || o.Result == Void || o.Result == Refused || o.Result == Duplicate) {
			tb.Fatalf("seed %s: an honest claim was %v", w.seed, o.Result)
		}
	}
	paid, share = map[string]float64{}, map[string]float64{}
	for _, p := range w.paid {
		paid[p.Peer] += float64(p.Units)
		total += float64(p.Units)
	}
	for _, o := range w.out {
		if o.Result != Settled {
			continue
		}
		part := total * float64(increments[o.Commitment]) / all
		share[o.Author] += 0.7 * part
		for _, peer := range voters[o.Commitment] {
			share[peer] += 0.3 * part / float64(len(voters[o.Commitment]))
		}
	}
	for peer, role := range roles {
		if got := w.peer(peer); role == lazy && peer[0] == 'f' && (got.Elected || got.Reached) {
			tb.Fatalf("seed %s: %s is elected and never worked", w.seed, peer)
		}
	}
	return paid, share, w
}

// Beside lazy evaluators, authors that withhold and copy, and a farm of identities, honest work is paid within a tenth of its share over
// the runs, and no identity without work is elected. DOIN_SIMULATIONS says how many seeds.
func TestDishonest(t *testing.T) {
	seeds := 12
	if s := os.Getenv("DOIN_SIMULATIONS"); s != "" {
		seeds, _ = strconv.Atoi(s)
	}
	paid, share := map[string]float64{}, map[string]float64{}
	var burned int64
	for seed := range seeds {
		p, s, w := dishonestRun(t, seed)
		burned += w.burned()
		for peer, units := range p {
			paid[peer] += units
		}
		for peer, units := range s {
			share[peer] += units
		}
	}
	if burned == 0 {
		t.Error("nothing burned of who withheld and copied")
	}
	for peer, want := range share {
		got := paid[peer]
		t.Logf("%s: paid %.4f of its share", peer, got/want)
		if got < 0.9*want || got > 1.1*want {
			t.Errorf("%s is paid %.0f of %.0f", peer, got, want)
		}
	}
}
