package replica

import (
	"errors"
	"slices"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/application"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/protocol"
)

// recover has the network go on from where a node is, with evaluators, and all nodes named take part in it.
func (w *world) recover(by *peer, evaluators []*peer, all ...*peer) *application.Recoveries {
	w.t.Helper()
	var ids []string
	for _, p := range evaluators {
		ids = append(ids, p.id)
	}
	x, err := by.m.Propose(ids, [16]byte{1})
	if err != nil {
		w.t.Fatal(err)
	}
	file := &application.Recoveries{Network: w.file.NetworkID()}
	if w.recoveries != nil {
		file.List = slices.Clone(w.recoveries.List)
	}
	file.List = append(file.List, *x)
	if file, err = application.ParseRecoveries(file.Encode()); err != nil {
		w.t.Fatal(err)
	}
	for _, p := range w.peers {
		p.up = false
	}
	w.run(slotTime) // what was on its way is lost
	w.era(file)
	for _, p := range all {
		p.takesPart()
		p.start()
	}
	return file
}

// era makes the network one that was recovered by a file.
func (w *world) era(file *application.Recoveries) {
	w.t.Helper()
	g, err := application.Of(w.file)
	if err != nil {
		w.t.Fatal(err)
	}
	if w.net, err = application.NewNetwork(g, application.P256{}).Recover(file); err != nil {
		w.t.Fatal(err)
	}
	w.recoveries = file
}

// takesPart does what "doin-node recover" does on a node.
func (p *peer) takesPart() {
	p.w.t.Helper()
	if _, err := New(p.cfg, p.w.file, p.w.net, p.key, p.disk); !errors.Is(err, ErrRecovery) {
		p.w.t.Errorf("%.6s starts without taking part: %v", p.id, err)
	}
	notes, err := Recover(p.w.net, p.disk, false)
	if err != nil {
		p.w.t.Fatal(err)
	}
	p.disk.note(notes)
	if again, err := Recover(p.w.net, p.disk, false); again != nil || err != nil {
		p.w.t.Errorf("twice: %v, %v", again, err)
	}
}

// Half of a network is gone for good, and it stands still. Those who are left go on from their last final block; what they had built on it
// that never became final is given up, a claim that waits is decided; who comes back late is absent, returns and votes; a newcomer
// takes the whole history; and it can happen twice.
func TestRecovery(t *testing.T) {
	for name, every := range map[string]int64{"from block 0": 0, "from a stored state": 5} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 4, func(g *chain.Genesis) { g.Parameters.Solo = true })
			w.every = every
			w.start()
			w.run(3 * slotTime)
			for i := range 3 {
				w.accept(w.peers[i], 1+float64(i))
			}
			w.peers[2].up, w.peers[3].up = false, false
			waits := w.peers[0].propose(5)
			w.run(60 * slotTime)
			if w.peers[0].last(waits).Final() {
				t.Fatal("half of the network decides")
			}
			stood := w.peers[0].m.View().Height

			if _, err := w.peers[0].m.Propose([]string{w.peers[0].id, identityOf(t, "a stranger")}, [16]byte{}); !errors.Is(err, application.ErrRecovery) {
				t.Errorf("a stranger among the evaluators: %v", err)
			}
			w.recover(w.peers[0], w.peers[:2], w.peers[0], w.peers[1])
			if e := w.peers[0].m.View().Electorate; len(e) != 2 {
				t.Fatalf("%d sign", len(e))
			}
			w.until(100*slotTime, "the claim that waited is decided", func() bool { return w.peers[0].last(waits).Final() })
			if got := w.peers[0].last(waits); got != protocol.Accepted {
				t.Errorf("the claim that waited is %s", got)
			}
			for i := range 3 {
				w.accept(w.peers[i%2], 6+float64(i))
			}
			if h := w.peers[1].m.View().Height; h < stood+10 {
				t.Errorf("it stood at %d and is at %d", stood, h)
			}

			w.peers[2].takesPart()
			w.peers[2].start()
			w.until(200*slotTime, "who was away signs again", func() bool { return len(w.peers[0].m.View().Electorate) == 3 })
			w.accept(w.peers[2], 10)
			w.agree()

			late := w.joins(nil)
			late.start() // with the file, and nothing else
			w.until(20*slotTime, "the newcomer is level", func() bool { return late.m.View().Height >= w.peers[0].m.View().Height-1 })
			w.agree()
			late.up = false
			late.start()

			// All but one of three are lost: the second recovery. The first node's start reads its own blocks of both times.
			w.peers[1].up, w.peers[2].up = false, false
			w.recover(w.peers[0], w.peers[:1], w.peers[0], late)
			w.accept(w.peers[0], 20)
			w.peers[0].up = false
			w.peers[0].start()
			w.accept(w.peers[0], 21)
			w.until(20*slotTime, "who follows has followed", func() bool { return late.m.View().Domains[domain].Best == 21 })
			w.agree()
			if n := w.peers[0].m.View().Supply; n != late.m.View().Supply {
				t.Error("two supplies")
			}
		})
	}
}

// identityOf is the id of a key that nobody has registered.
func identityOf(t *testing.T, seed string) string {
	t.Helper()
	k, err := identity.FromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	return k.PeerID()
}

// What was signed before a recovery counts for nothing behind it, and who went on without it is not heard; a node whose final blocks the
// recovery gives up does not take part; nor does one start that has lost its file.
func TestRecoveryRefuses(t *testing.T) {
	w := newWorld(t, 4, nil)
	w.start()
	w.run(3 * slotTime)
	w.accept(w.peers[0], 1)
	x, err := w.peers[3].m.Propose([]string{w.peers[3].id}, [16]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		w.accept(w.peers[i], 2+float64(i))
	}
	old := w.net
	w.era(&application.Recoveries{Network: w.file.NetworkID(), List: []application.Recovery{*x}})
	if _, err := Recover(w.net, w.peers[0].disk, true); !errors.Is(err, ErrRecovery) {
		t.Errorf("a recovery below what is final: %v", err)
	}
	best := w.peers[0].m.chain.Tree().Best()
	rules, err := application.NewRules(w.net, best.State.(*application.State), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := best.Block
	if rules.Verify(b.Leader, b.Slot, b.ID, b.Signature) {
		t.Error("a signature of before is good behind the recovery")
	}
	if !rules.Abandoned(b.Leader, b.Slot, b.ID, b.Signature) {
		t.Error("a block of before is somebody's fault")
	}
	// Who does not know what it has signed knows it as little behind a recovery, but for who makes one.
	w.peers[3].disk.note([]protocol.Note{Forgotten()})
	w.era(&application.Recoveries{Network: w.file.NetworkID(), List: []application.Recovery{*x}})
	w.peers[3].disk.chain = w.peers[3].disk.chain[:x.Height+1]
	for made, want := range map[bool]int{false: 1, true: 2} {
		if notes, err := Recover(w.net, w.peers[3].disk, made); err != nil || len(notes) != want {
			t.Errorf("made %v: %d notes, want %d, %v", made, len(notes), want, err)
		}
	}
	tx, err := application.Sign(w.peers[0].m.point, old.ID(), optimae.KindReturn, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Author(application.P256{}, w.net.ID()); !errors.Is(err, application.ErrSignature) {
		t.Errorf("a transaction of before: %v", err)
	}

	wrong := *x
	wrong.Block = "00" + wrong.Block[2:]
	w.era(&application.Recoveries{Network: w.file.NetworkID(), List: []application.Recovery{wrong}})
	p := w.joins(nil)
	p.disk.blocks = w.peers[1].disk.blocks
	if _, err := New(p.cfg, w.file, w.net, p.key, p.disk); !errors.Is(err, application.ErrRecovery) {
		t.Errorf("another block than the one to go on from: %v", err)
	}

	w.era(&application.Recoveries{Network: w.file.NetworkID(), List: []application.Recovery{*x}})
	p = w.joins(nil)
	p.start()
	if _, err := New(p.cfg, w.file, old, p.key, p.disk); !errors.Is(err, ErrRecovery) {
		t.Errorf("a node without its recovery file: %v", err)
	}
}
