package streamlet

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"doin.network/node/net/memnet"
)

// plan is what a seed decides of a run.
type plan struct {
	nodes, evil, gone int
	cabal             bool // the dishonest act as one
	links             memnet.Config
	crash             float64
	skew              time.Duration
	partitions        int
	chaos             time.Duration
	changes           int  // joins and leaves
	blackouts         int  // all lose their power at once
	restores          int  // a node is restored from an older copy
	forget            bool // nodes are broken: what they promised they forget in a crash
}

// draw draws a run: up to f nodes are dishonest or gone for good, and until it is calm everything else fails as well.
func draw(seed uint64) plan {
	r := rand.New(rand.NewPCG(seed, 2))
	p := plan{nodes: 1 + r.IntN(10), chaos: time.Duration(20+r.IntN(120)) * slotTime}
	if r.IntN(5) == 0 {
		p.nodes = 11 + r.IntN(20)
	}
	f := (p.nodes - 1) / 3
	p.evil = r.IntN(f + 1)
	if p.evil == 0 {
		p.gone = r.IntN(max(f, p.nodes/3) + 1) // of three, one
	}
	p.links = memnet.Config{MinLatency: 10 * time.Millisecond, MaxLatency: time.Duration(50+r.IntN(6000)) * time.Millisecond}
	if r.IntN(2) == 0 {
		p.links.MaxLatency = 300 * time.Millisecond
	}
	p.links.Loss, p.links.Duplicate = 0.3*r.Float64()*float64(r.IntN(2)), 0.2*r.Float64()
	p.crash = []float64{0, 0.002, 0.02}[r.IntN(3)]
	p.skew = time.Duration(r.IntN(3)) * slotTime / 2
	p.partitions = r.IntN(4)
	if p.evil == 0 {
		p.changes = r.IntN(4)
	}
	p.cabal = r.IntN(2) == 0
	p.blackouts = r.IntN(3) * r.IntN(2)
	if f > p.gone+p.evil {
		p.restores = r.IntN(3)
	}
	return p
}

// build makes the network of a plan. Nodes beyond the first electorate are candidates for changes.
func build(seed uint64, p plan) *world {
	p.links.Seed = seed
	w := newWorld(seed, p.nodes+min(p.changes, 2), p.links)
	w.forget = p.forget
	for i, x := range w.nodes[:p.nodes] {
		switch {
		case i < p.evil:
			x.evil = evils(int(seed) + i)
			if p.cabal {
				if w.cabal == nil {
					w.cabal = &cabal{signatures: map[ID]map[string][]byte{}}
				}
				w.cabal.members = append(w.cabal.members, x.id)
				x.evil = &evil{cabal: w.cabal, signs: true}
			}
		case i < p.evil+p.gone:
			x.gone = true
		}
		x.crash = p.crash
		if p.skew > 0 {
			x.skew = time.Duration(w.rng.Int64N(int64(p.skew)))
		}
	}
	w.calm = p.chaos
	w.begin(p.nodes)
	return w
}

// trouble is the time in which the network fails in all ways of the plan.
func (w *world) trouble(p plan) {
	at := func(share float64, f func()) { w.net.After(time.Duration(share*float64(p.chaos)), f) }
	for range 5 {
		at(w.rng.Float64(), func() { w.submit(w.somebody(), record{}) })
	}
	for range p.partitions {
		begin := w.rng.Float64()
		at(begin, func() { w.split(p.links) })
		at(begin+w.rng.Float64()*(1-begin)*0.5, func() { w.unite(p.links) })
	}
	for range p.blackouts {
		at(w.rng.Float64(), func() {
			for _, x := range w.nodes {
				x.fail()
			}
		})
	}
	for range p.restores {
		at(w.rng.Float64(), func() {
			if x := w.somebody(); x.up && w.restored == nil {
				w.restored = x
				x.fail()
				x.disk.restore(w.rng.Float64())
			}
		})
	}
	for i := range p.changes {
		change := Change{w.nodes[(p.nodes+i)%len(w.nodes)].id, true}
		if i >= 2 {
			change = Change{w.nodes[p.nodes-1].id, false}
			w.node(change.Peer).leaves = true
		}
		at(w.rng.Float64(), func() { w.submit(w.somebody(), record{change: &change}) })
	}
	w.net.AdvanceTo(p.chaos)
}

// split cuts the honest nodes in two. The dishonest reach both.
func (w *world) split(links memnet.Config) {
	w.unite(links)
	side := map[*node]int{}
	for _, x := range w.honest() {
		side[x] = w.rng.IntN(2)
	}
	links.Loss = 1
	for x, i := range side {
		for y, k := range side {
			if i != k {
				w.net.SetLink(x.id, y.id, links)
			}
		}
	}
}

// unite gives all links what the plan says.
func (w *world) unite(links memnet.Config) {
	for _, x := range w.nodes {
		for _, y := range w.nodes {
			w.net.SetLink(x.id, y.id, links)
		}
	}
}

// somebody is an honest node that is here.
func (w *world) somebody() *node {
	var here []*node
	for _, x := range w.honest() {
		if !x.gone {
			here = append(here, x)
		}
	}
	return here[w.rng.IntN(len(here))]
}

// peace heals everything and waits until all that was submitted is final everywhere, which it must be in time.
func (w *world) peace(p plan) {
	w.unite(memnet.Config{MinLatency: 10 * time.Millisecond, MaxLatency: 300 * time.Millisecond})
	w.submit(w.somebody(), record{})
	done := func() bool {
		for _, x := range w.honest() {
			for id := range w.records {
				if !x.gone && (!x.up || !x.has(id)) {
					return false
				}
			}
		}
		return true
	}
	limit := p.chaos + 1500*slotTime
	for !done() {
		if w.net.Now() >= limit {
			for _, x := range w.honest() {
				if x.gone {
					continue
				}
				w.fault("not all is final: %s has %d of %d records, height %d, best %d", x.id, len(x.m.Tree().Final().State.(*simState).done), w.records,
					x.m.Tree().Final().Height, x.m.Tree().Best().Height)
			}
			return
		}
		w.net.Advance(slotTime)
	}
	w.waited = w.net.Now() - p.chaos
}

// simulate runs the plan of a seed.
func simulate(seed uint64, change func(*plan, *rand.Rand)) *world {
	p := draw(seed)
	if change != nil {
		change(&p, rand.New(rand.NewPCG(seed, 3)))
	}
	w := build(seed, p)
	w.trouble(p)
	w.peace(p)
	return w
}

func TestSimulations(t *testing.T) {
	n := simulations(t, 200)
	var total counts
	for seed := uint64(1); seed <= uint64(n) && !t.Failed(); seed++ {
		w := simulate(seed, nil)
		for _, fault := range w.faults {
			t.Errorf("seed %d, %+v: %s", seed, draw(seed), fault)
		}
		total.add(w)
	}
	total.report(t, "everything fails", n)
}

// TestCabal: as many dishonest nodes as there may be, who act as one, in a network that is theirs.
func TestCabal(t *testing.T) {
	n := simulations(t, 100)
	var total counts
	for seed := uint64(1); seed <= uint64(n) && !t.Failed(); seed++ {
		w := simulate(seed, hostile)
		for _, fault := range w.faults {
			t.Errorf("seed %d: %s", seed, fault)
		}
		total.add(w)
	}
	total.report(t, "a third is dishonest and acts as one", n)
}

// TestWithoutMemory shows what a Persist is for: evaluators that keep the slot of their last signature and forget the rest contradict
// themselves, and nobody is dishonest.
func TestWithoutMemory(t *testing.T) {
	two := func(forget bool) (runs, found int) {
		for seed := uint64(1); seed <= 300 && found == 0; seed++ {
			w := simulate(seed, func(p *plan, r *rand.Rand) {
				hostile(p, r)
				p.evil, p.cabal, p.forget, p.blackouts, p.crash = 0, false, forget, 12, 0.01
			})
			for _, fault := range w.faults {
				if strings.Contains(fault, "two final blocks") {
					found++
				}
			}
			runs++
		}
		return runs, found
	}
	runs, found := two(true)
	if found == 0 {
		t.Errorf("nodes that forget what they have signed but for the slot agree in %d runs", runs)
	}
	t.Logf("two final blocks of one height in run %d", runs)
}

// hostile makes the worst of a plan that the rules must stand.
func hostile(p *plan, r *rand.Rand) {
	p.nodes, p.gone, p.changes, p.cabal = 4+r.IntN(4), 0, 0, true
	p.evil = (p.nodes - 1) / 3
	p.links.Loss = 0.4 * r.Float64()
	p.links.MaxLatency = time.Duration(1+r.IntN(6000))*time.Millisecond + p.links.MinLatency
	p.partitions, p.crash, p.chaos, p.restores = 6, 0.005, 150*slotTime, 0
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

// counts are what runs came to, so that one can see that something happened in them.
type counts struct {
	nodes, dishonest, final, records, offences, crashes int
	waited                                              []time.Duration
}

func (c *counts) add(w *world) {
	c.nodes += len(w.nodes)
	c.dishonest += len(w.nodes) - len(w.honest())
	c.final += len(w.final)
	c.records += w.records
	c.offences += w.offences
	c.crashes += w.crashes
	c.waited = append(c.waited, w.waited)
}

// report logs what n runs came to, and appends it to a file that the environment names.
func (c *counts) report(t *testing.T, name string, n int) {
	slices.Sort(c.waited)
	at := func(share float64) int64 { return int64(c.waited[int(share*float64(len(c.waited)-1))] / slotTime) }
	line := fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d | %d, %d, %d |\n", name, n, c.nodes, c.dishonest, c.crashes, c.final, c.records, c.offences,
		at(0.5), at(0.95), at(1))
	t.Log(line)
	path := os.Getenv("DOIN_SIMULATIONS_OUT")
	if path == "" || t.Failed() {
		return
	}
	const head = `# The certified chain, simulated

Every run: one hash per final height, no honest node signs twice in a slot or refuses what another honest one sent, and once nothing
fails any more all that was submitted becomes final everywhere, within 1500 slots. A fault ends the run with its seed.

| what | runs | nodes | dishonest | crashes | final blocks | records | offences shown | slots until all is final after the last fault: median, 95 %, most |
|---|---|---|---|---|---|---|---|---|
`
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = []byte(head), nil
	}
	if err == nil {
		err = os.WriteFile(path, append(data, line...), 0o644)
	}
	if err != nil {
		t.Error(err)
	}
}
