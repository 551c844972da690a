package streamlet

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"doin.network/node/net/memnet"
)

func TestElectorate(t *testing.T) {
	f := func(n, faulty, quorum int) {
		t.Helper()
		var peers []string
		for i := range n {
			peers = append(peers, fmt.Sprint(n-i), fmt.Sprint(i+1))
		}
		e := NewElectorate(peers...)
		if e.Len() != n || e.Faulty() != faulty || e.Quorum() != quorum || !slices.IsSorted(e.Peers()) {
			t.Errorf("electorate of %d: %d peers, f = %d, quorum %d, want %d and %d", n, e.Len(), e.Faulty(), e.Quorum(), faulty, quorum)
		}
		// Two quorums share more than the faulty.
		if 2*quorum-n <= faulty {
			t.Errorf("n = %d: two quorums of %d share at least %d, of which %d may be faulty", n, quorum, 2*quorum-n, faulty)
		}
	}
	f(1, 0, 1)
	f(2, 0, 2)
	f(3, 0, 2)
	f(4, 1, 3)
	f(5, 1, 4)
	f(6, 1, 4)
	f(7, 2, 5)
	f(10, 3, 7)
	f(30, 9, 20)
}

// TestLeader: a second implementation must draw the same. The value was made by another program.
func TestLeader(t *testing.T) {
	e := NewElectorate("a", "b", "c", "d")
	var got string
	for slot := range int64(16) {
		got += e.Leader(ID{1, 2, 3}, slot)
	}
	if want := "acbdaabadabcacbc"; got != want {
		t.Errorf("leaders of 16 slots: %s, want %s", got, want)
	}
	counts := map[string]int{}
	for slot := range int64(4000) {
		counts[e.Leader(ID{9}, slot)]++
	}
	for peer, n := range counts {
		if n < 900 || n > 1100 { // 1000 ± 3.6 deviations
			t.Errorf("%s leads %d of 4000 slots, want about 1000", peer, n)
		}
	}
}

func TestElectorateAfter(t *testing.T) {
	e := NewElectorate("b", "c")
	f := func(c Change, want string) {
		t.Helper()
		if got := fmt.Sprint(e.after(c).Peers()); got != want {
			t.Errorf("%v after %+v = %s, want %s", e.Peers(), c, got, want)
		}
	}
	f(Change{"a", true}, "[a b c]")
	f(Change{"d", true}, "[b c d]")
	f(Change{"b", true}, "[b c]")
	f(Change{"b", false}, "[c]")
	f(Change{"x", false}, "[b c]")
	if one := NewElectorate("a"); one.after(Change{"a", false}) != one {
		t.Error("the last one can leave")
	}
	if fmt.Sprint(e.Peers()) != "[b c]" {
		t.Errorf("a change has changed the old electorate: %v", e.Peers())
	}
}

func TestLock(t *testing.T) {
	l := Lock{}.with(&Block{Height: 7, Slot: 20})
	f := func(height, slot int64, want bool) {
		t.Helper()
		if got := l.allows(&Block{Height: height, Slot: slot}); got != want {
			t.Errorf("after height 7 in slot 20: height %d in slot %d allowed %v, want %v", height, slot, got, want)
		}
	}
	f(7, 21, true) // a sibling of what never was certified
	f(8, 21, true)
	f(7, 20, false)
	f(8, 19, false)
	f(6, 21, false)
	if got := l.with(&Block{Height: 7, Slot: 25}); got != (Lock{Slot: 25, Height: 6}) {
		t.Errorf("lock %+v", got)
	}
}

// quiet is a network in which nothing fails.
func quiet(seed uint64, n int, gone ...int) *world {
	w := newWorld(seed, n, memnet.Config{MinLatency: 20 * time.Millisecond, MaxLatency: 80 * time.Millisecond})
	for _, i := range gone {
		w.nodes[i].gone = true
	}
	w.begin(n)
	return w
}

// settle waits until a record that the last node submits is final for it, and returns how many slots that took.
func (w *world) settle(t *testing.T) int64 {
	t.Helper()
	x := w.nodes[len(w.nodes)-1]
	from, id := x.slot(), w.records
	w.submit(x, record{})
	if !w.net.Until(w.net.Now()+1000*slotTime, func() bool { return x.has(id) }) {
		t.Fatalf("seed %d: a record is not final after 1000 slots: %v", w.seed, w.faults)
	}
	return x.slot() - from
}

// TestIdle: a record is followed by the blocks that make it final, and then there is nothing to build.
func TestIdle(t *testing.T) {
	for seed := range uint64(5) {
		w := quiet(seed, 4)
		slots := w.settle(t)
		w.net.Advance(10 * slotTime)
		height := w.nodes[0].m.Tree().Best().Height
		w.net.Advance(1000 * slotTime)
		if got := w.nodes[0].m.Tree().Best().Height; got != height || height > 6 {
			t.Errorf("seed %d: height %d, and after 1000 idle slots %d; want the same, and few", seed, height, got)
		}
		if slots > 6 {
			t.Errorf("seed %d: final after %d slots", seed, slots)
		}
		if again := w.settle(t); again > 6 || len(w.faults) > 0 {
			t.Errorf("seed %d: after 1000 idle slots it takes %d; faults: %v", seed, again, w.faults)
		}
	}
}

// TestAbsence: who is away leaves the electorate by a block, and comes back by one.
func TestAbsence(t *testing.T) {
	for seed := range uint64(5) {
		w := quiet(seed, 3)
		w.settle(t)
		away := w.nodes[0]
		away.up = false
		for w.nodes[2].m.Tree().Final().Electorate.Len() == 3 {
			w.settle(t)
			if height := w.nodes[2].m.Tree().Final().Height; height > 200 {
				t.Fatalf("seed %d: of three evaluators one is away, and still counts at height %d", seed, height)
			}
		}
		if e := w.nodes[2].m.Tree().Final().Electorate; e.Has(away.id) || e.Len() != 2 {
			t.Errorf("seed %d: electorate %v, want all but %s", seed, e.Peers(), away.id)
		}
		if slots := w.settle(t); slots > 6 {
			t.Errorf("seed %d: without it a record takes %d slots", seed, slots)
		}
		away.start()
		if !w.net.Until(w.net.Now()+200*slotTime, func() bool { return w.nodes[2].m.Tree().Final().Electorate.Len() == 3 }) {
			t.Errorf("seed %d: it is back, and out", seed)
		}
		if len(w.faults) > 0 {
			t.Errorf("seed %d: %v", seed, w.faults)
		}
	}
}

// TestUnsafeChange: of three evaluators one is away and one leaves: it does not until the one away is out.
func TestUnsafeChange(t *testing.T) {
	for seed := range uint64(5) {
		w := quiet(seed, 3, 0)
		w.nodes[1].leaves = true
		w.submit(w.nodes[2], record{change: &Change{w.nodes[1].id, false}})
		for range 60 {
			w.settle(t)
		}
		if e := w.nodes[2].m.Tree().Final().Electorate; e.Len() != 1 || !e.Has(w.nodes[2].id) {
			t.Errorf("seed %d: electorate %v, want %s alone", seed, e.Peers(), w.nodes[2].id)
		}
	}
}

// TestLostLock: who has lost its lock signs nothing until it knows a final block of a later slot than its start.
func TestLostLock(t *testing.T) {
	w := quiet(1, 4)
	w.settle(t)
	x := w.nodes[1]
	x.fail()
	x.disk.restore(0)
	w.net.Until(w.net.Now()+100*slotTime, func() bool { return x.up })
	if x.disk.lock != nil {
		t.Fatal("it has signed at its start")
	}
	began := x.slot()
	w.settle(t)
	w.net.Advance(5 * slotTime)
	w.settle(t)
	if !w.net.Until(w.net.Now()+100*slotTime, func() bool { return x.disk.lock != nil || w.settle(t) < 0 }) {
		t.Fatal("it never signs again")
	}
	if x.disk.lock.Slot <= began || len(w.faults) > 0 {
		t.Errorf("lock %+v, begun in slot %d; faults: %v", *x.disk.lock, began, w.faults)
	}
}

// TestRefusals: every rule of a block's place has its error.
func TestRefusals(t *testing.T) {
	w := quiet(3, 4)
	w.settle(t)
	w.net.Advance(20 * slotTime)
	tree := w.nodes[0].m.Tree()
	parent := tree.Best()
	leader := func(slot int64) string { return parent.Electorate.Leader(parent.ShownTo().Beacon, slot) }
	good := Block{Parent: parent.ID, Height: parent.Height + 1, Slot: parent.Slot + 3, Certificate: parent.certificate, Body: []*record{}}
	f := func(want error, change func(*Block)) {
		t.Helper()
		b := good
		b.Leader = leader(b.Slot)
		change(&b)
		b.ID[0]++
		if _, _, err := tree.Add(&b); !errors.Is(err, want) {
			t.Errorf("Add = %v, want %v", err, want)
		}
	}
	f(ErrInvalid, func(b *Block) { b.Height++ })
	f(ErrInvalid, func(b *Block) { b.Slot = parent.Slot; b.Leader = leader(b.Slot) })
	f(ErrInvalid, func(b *Block) { b.Leader = "n99" })
	f(ErrInvalid, func(b *Block) { b.Certificate = nil })
	f(ErrInvalid, func(b *Block) { b.Certificate = parent.Up.certificate })
	f(ErrUnknown, func(b *Block) { b.Parent[0]++ })
	f(ErrFinal, func(b *Block) { b.Parent[0]++; b.Height = 1 })
	certificate := func(change func(*Certificate)) func(*Block) {
		return func(b *Block) {
			c := *parent.certificate
			c.Signers, c.Signatures = slices.Clone(c.Signers), slices.Clone(c.Signatures)
			change(&c)
			b.Certificate = &c
		}
	}
	f(ErrInvalid, certificate(func(c *Certificate) { c.Slot++ }))
	f(ErrInvalid, certificate(func(c *Certificate) { c.Signers, c.Signatures = c.Signers[:2], c.Signatures[:2] }))
	f(ErrInvalid, certificate(func(c *Certificate) { c.Signers[1] = c.Signers[0] }))
	f(ErrInvalid, certificate(func(c *Certificate) { c.Signatures[0] = c.Signatures[1] }))
	f(ErrInvalid, certificate(func(c *Certificate) { c.Signers[len(c.Signers)-1] = "n99" }))
	f(ErrInvalid, certificate(func(c *Certificate) { c.Signatures = c.Signatures[1:] }))
	f(ErrInvalid, func(b *Block) { b.Body = []*record{{id: 0}} }) // it is in an earlier block
	f(nil, func(b *Block) {})
}

// TestTipOfOneHeight: a certified block as high as the best, and unknown, is asked for: it may show to be final what the best does not,
// and in an idle network nothing higher ever comes.
func TestTipOfOneHeight(t *testing.T) {
	w := newWorld(3, 4, memnet.Config{MinLatency: time.Millisecond, MaxLatency: 10 * time.Millisecond})
	w.begin(4)
	w.submit(w.nodes[0], record{})
	w.net.Advance(20 * slotTime)
	x := w.nodes[1]
	best := x.m.Tree().Best()
	f := func(height int64, want bool) {
		t.Helper()
		unknown := ID{9, byte(height)}
		asked := false
		for _, e := range x.m.Step(Received{w.nodes[2].id, Message{Tip: &Tip{height, &Certificate{Block: unknown, Slot: best.Slot}}}}) {
			s, ok := e.(Send)
			asked = asked || ok && s.Message.Request != nil && s.Message.Request.Want == unknown
		}
		if asked != want {
			t.Errorf("a tip of height %d, the best is %d: asked for it is %v, want %v", height, best.Height, asked, want)
		}
	}
	f(best.Height-1, false)
	f(best.Height, true)
	f(best.Height+1, true)
}
