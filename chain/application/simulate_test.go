package application

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"doin.network/node/chain/account"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/optimae"
	"doin.network/node/net/memnet"
)

func idFor(peer string) account.ID {
	id, err := account.ParseID(peer)
	if err != nil {
		panic(err)
	}
	return id
}

// plan is what a seed decides of a run.
type plan struct {
	nodes, evil, gone int
	links             memnet.Config
	crash             float64
	skew              time.Duration
	partitions        int
	chaos             time.Duration
	claims, transfers int
	idle              bool // a month passes at the end, and then there is a claim
}

// draw draws a run: up to f nodes are dishonest or gone for good, one of three; until it is calm everything else fails as well.
func draw(seed uint64) plan {
	r := rand.New(rand.NewPCG(seed, 2))
	p := plan{nodes: 2 + r.IntN(6), chaos: time.Duration(30+r.IntN(60)) * slotTime, claims: 1 + r.IntN(4), transfers: r.IntN(5)}
	if r.IntN(10) == 0 {
		p.nodes = 8 + r.IntN(23)
	}
	f := (p.nodes - 1) / 3
	p.evil = r.IntN(f + 1)
	if p.evil == 0 {
		p.gone = r.IntN(max(f, p.nodes/3) + 1)
	}
	p.links = memnet.Config{MinLatency: 10 * time.Millisecond, MaxLatency: time.Duration(50+r.IntN(3000)) * time.Millisecond}
	if r.IntN(2) == 0 {
		p.links.MaxLatency = 300 * time.Millisecond
	}
	p.links.Loss, p.links.Duplicate = 0.2*r.Float64()*float64(r.IntN(2)), 0.2*r.Float64()
	p.crash = []float64{0, 0.001, 0.005}[r.IntN(3)]
	p.skew = time.Duration(r.IntN(3)) * slotTime / 2
	p.partitions = r.IntN(3)
	p.idle = r.IntN(4) == 0
	return p
}

func build(seed uint64, p plan) *world {
	p.links.Seed = seed
	w := newWorld(seed, p.nodes, p.links)
	for i, x := range w.nodes {
		switch {
		case i < p.evil:
			x.evil = evils(int(seed) + i)
			x.agent.lies, x.agent.mute = x.evil.lies, x.evil.mute
		case i < p.evil+p.gone:
			x.gone = true
		}
		x.crash = p.crash
		if p.skew > 0 {
			x.skew = time.Duration(w.rng.Int64N(int64(p.skew)))
		}
	}
	w.calm = p.chaos
	w.begin()
	return w
}

// somebody is an honest node that is up.
func (w *world) somebody() *node {
	var here []*node
	for _, x := range w.nodes {
		if x.evil == nil && x.up {
			here = append(here, x)
		}
	}
	if len(here) == 0 {
		return nil
	}
	return here[w.rng.IntN(len(here))]
}

// claim is a commit of an honest node, better than those before or not.
func (w *world) claim() {
	if x := w.somebody(); x != nil {
		w.best += w.rng.IntN(30) - 8
		tx, _ := x.agent.commit(x.slot()-1, w.best)
		x.submit(tx)
	}
}

// transfer is a payment of an honest node.
func (w *world) transfer() {
	if x := w.somebody(); x != nil {
		to := w.nodes[w.rng.IntN(len(w.nodes))]
		a := x.best().Account(idFor(x.id))
		if to != x && a.Balance > 100*ledger.Unit {
			x.submit(x.agent.sign(KindTransfer, (&Transfer{idFor(to.id), ledger.Unit, 10 * ledger.MinBaseFee, a.Nonce + 1}).Encode()))
		}
	}
}

// trouble is the time in which the network fails in all ways of the plan.
func (w *world) trouble(p plan) {
	at := func(share float64, f func()) { w.net.After(time.Duration(share*float64(p.chaos)), f) }
	for range p.claims {
		at(0.8*w.rng.Float64(), w.claim)
	}
	for range p.transfers {
		at(w.rng.Float64(), w.transfer)
	}
	for range p.partitions {
		begin := w.rng.Float64()
		length := min(0.5*w.rng.Float64()*(1-begin), 20*float64(slotTime)/float64(p.chaos))
		at(begin, func() { w.split(p.links) })
		at(begin+length, func() { w.unite(p.links) })
	}
	w.net.AdvanceTo(p.chaos)
}

// split cuts the honest nodes in two. The dishonest reach both.
func (w *world) split(links memnet.Config) {
	w.unite(links)
	side := make([]int, len(w.nodes))
	for i := range side {
		side[i] = w.rng.IntN(2)
	}
	links.Loss = 1
	for i, x := range w.nodes {
		for k, y := range w.nodes {
			if side[i] != side[k] && x.evil == nil && y.evil == nil {
				w.net.SetLink(x.id, y.id, links)
			}
		}
	}
}

func (w *world) unite(links memnet.Config) {
	for _, x := range w.nodes {
		for _, y := range w.nodes {
			w.net.SetLink(x.id, y.id, links)
		}
	}
}

// settled reports whether all honest nodes that are here have one final chain with an outcome for every claim that was committed.
func (w *world) settled() bool {
	for c := range w.committed {
		if _, ok := w.results[c]; !ok {
			return false
		}
	}
	for _, x := range w.nodes {
		if x.evil != nil || x.gone {
			continue
		}
		if !x.up {
			return false
		}
		for _, m := range optimae.OpenClaims(x.best().Draft()) {
			if w.node(m.Author).evil == nil && !w.committed[m.Commitment] {
				return false // not final
			}
		}
		for id := range x.mine {
			if p := x.pool[id]; p != nil && p.tx.Kind == optimae.KindCommit {
				return false
			}
		}
		if final := x.m.Tree().Final().Height; int64(len(w.final)) > final {
			return false
		}
	}
	return true
}

// patience is how many slots it may take, after the last fault, until every claim has its outcome: two draws and their windows, and
// those who are away out of the electorate.
const patience = 1500

// peace heals everything and waits for all that was begun to end.
func (w *world) peace(what string) {
	w.unite(memnet.Config{MinLatency: 10 * time.Millisecond, MaxLatency: 300 * time.Millisecond})
	limit := w.net.Now() + patience*slotTime
	for range 10 {
		w.net.Advance(slotTime)
	}
	for !w.settled() {
		if w.net.Now() >= limit {
			w.fault("%s: not every claim has an outcome after %d slots", what, patience)
			for _, x := range w.nodes {
				if x.up && x.evil == nil {
					t := x.m.Tree()
					w.fault("%.8s: best %d of slot %d, final %d of %d, electorate %d, pool %d, open %d", x.id, t.Best().Height, t.Best().Slot, t.Final().Height,
						len(w.final), t.Best().Electorate.Len(), len(x.pool), len(optimae.OpenClaims(x.best().Draft())))
				}
			}
			return
		}
		w.net.Advance(slotTime)
	}
}

// simulate runs the plan of a seed.
func simulate(seed uint64, change func(*plan)) *world {
	p := draw(seed)
	if change != nil {
		change(&p)
	}
	w := build(seed, p)
	w.trouble(p)
	w.peace("after the last fault")
	w.honest()
	if p.idle && len(w.faults) == 0 {
		w.idle += 30 * 43_200
		before := len(w.results)
		w.net.Advance(2 * slotTime)
		w.claim()
		w.peace("after a month without anything")
		if len(w.results) == before && len(w.faults) == 0 {
			w.fault("the claim after a month has no outcome")
		}
	}
	return w
}

// honest checks that nobody honest has lost anything of its stake.
func (w *world) honest() {
	for _, x := range w.nodes {
		if x.evil != nil || x.gone || !x.up {
			continue
		}
		d := x.m.Tree().Final().State.(*State).Draft()
		for _, y := range w.nodes {
			if p, ok := optimae.Registered(d, y.id); y.evil == nil && (!ok || p.Out || p.Stake != p.Full) {
				w.fault("%.8s, which is honest, has %d of its stake of %d, out %v", y.id, p.Stake, p.Full, p.Out)
			}
		}
		return
	}
}

// simulations is how many are run: n, fewer if it is to be short, others if the environment says so.
func simulations(t *testing.T, n int) int {
	t.Helper()
	if s := os.Getenv("DOIN_SIMULATIONS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("DOIN_SIMULATIONS: %v", err)
		}
		return n
	}
	if testing.Short() {
		n /= 5
	}
	return n
}

// Claims, transfers, faults and dishonest nodes in a network that fails in every way: one hash per final height, supply = issued − burned
// at every one, nobody honest charged, every claim with the outcome that its recipe deserves.
func TestSimulations(t *testing.T) {
	n := simulations(t, 200)
	var total counts
	first := uint64(1)
	if s := os.Getenv("DOIN_SIMULATIONS_FIRST"); s != "" {
		v, err := strconv.ParseUint(s, 10, 63)
		if err != nil {
			t.Fatalf("DOIN_SIMULATIONS_FIRST: %v", err)
		}
		first = v
	}
	for seed := first; seed < first+uint64(n) && !t.Failed(); seed++ {
		w := simulate(seed, nil)
		for _, fault := range w.faults {
			t.Errorf("seed %d, %+v: %s", seed, draw(seed), fault)
		}
		total.add(w)
	}
	total.report(t, n)
}

// Of three evaluators one is gone: all claims that are committed after 32 blocks are accepted.
func TestOneOfThree(t *testing.T) {
	for seed := range uint64(3) {
		w := simulate(1000+seed, func(p *plan) {
			*p = plan{nodes: 3, gone: 1, links: memnet.Config{MinLatency: 10 * time.Millisecond, MaxLatency: 100 * time.Millisecond}, chaos: 10 * slotTime, claims: 1}
		})
		for i := 0; w.nodes[1].m.Tree().Best().Height < 40 && i < 100; i++ {
			w.claim()
			w.peace("before it is out")
		}
		first := len(w.results)
		for range 3 {
			w.best += 100
			x := w.somebody()
			tx, c := x.agent.commit(x.slot()-1, w.best)
			x.submit(tx)
			w.peace("with one of three gone")
			if got, ok := w.results[c]; !ok || got != optimae.Accepted {
				t.Errorf("seed %d: a claim of an honest one is %v, %v", seed, got, ok)
			}
		}
		if first == len(w.results) {
			t.Errorf("seed %d: nothing was decided", seed)
		}
		for _, fault := range w.faults {
			t.Errorf("seed %d: %s", seed, fault)
		}
	}
}

// When every claim has its outcome, is settled and paid, an idle network builds nothing.
func TestIdle(t *testing.T) {
	w := simulate(77, func(p *plan) {
		*p = plan{nodes: 5, links: memnet.Config{MinLatency: 10 * time.Millisecond, MaxLatency: 100 * time.Millisecond}, chaos: 10 * slotTime, claims: 2, transfers: 2}
	})
	w.net.Advance(400 * slotTime)
	best := w.nodes[0].best()
	if w.paid == 0 || len(optimae.OpenClaims(best.Draft())) > 0 {
		t.Errorf("%d payments, open claims %d", w.paid, len(optimae.OpenClaims(best.Draft())))
	}
	w.net.Advance(1000 * slotTime)
	if got := w.nodes[0].best().Height; got != best.Height || len(w.faults) > 0 {
		t.Errorf("height %d, and after 1000 idle slots %d; faults %v", best.Height, got, w.faults)
	}
}

// counts are what runs came to, so that one can see that something happened in them.
type counts struct {
	nodes, dishonest, final, offences, crashes, paid, moved int
	results                                                 [16]int
}

func (c *counts) add(w *world) {
	c.nodes += len(w.nodes)
	for _, x := range w.nodes {
		if x.evil != nil {
			c.dishonest++
		}
	}
	c.final += len(w.final)
	c.offences += w.offence
	c.crashes += w.crashes
	c.paid += w.paid
	c.moved += w.moved
	for _, r := range w.results {
		c.results[r]++
	}
}

// report logs what n runs came to, and writes it to a file that the environment names.
func (c *counts) report(t *testing.T, n int) {
	line := fmt.Sprintf("| %d | %d | %d | %d | %d | %d | %d | %d |", n, c.nodes, c.dishonest, c.crashes, c.final, c.moved, c.paid, c.offences)
	for _, r := range []optimae.Result{optimae.Accepted, optimae.NotBetter, optimae.Overtaken, optimae.Void, optimae.Unrevealed} {
		line += fmt.Sprintf(" %d |", c.results[r])
	}
	t.Log(line)
	path := os.Getenv("DOIN_SIMULATIONS_OUT")
	if path == "" || t.Failed() {
		return
	}
	const head = `# Protocol 2, simulated

The certified chain with claims, transfers and dishonest nodes. Every run: one hash per final height; what accounts, stakes and deposits
hold is what was issued less what was burned, at every one; nobody honest loses anything of a stake or a deposit; every claim has its
outcome within 1500 slots of the last fault, and performance is what its recipe gives. A fault ends the run with its seed.

| runs | nodes | dishonest | crashes | final blocks | transfers | payments | offences shown | accepted | not better | overtaken | void | unrevealed |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
`
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s: it is there already, %v", path, err)
	}
	if err := os.WriteFile(path, []byte(head+line+"\n"), 0o644); err != nil {
		t.Error(err)
	}
}
