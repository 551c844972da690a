package streamlet

import (
	"maps"
	"slices"
	"time"
)

// evil is a dishonest node: it knows what an honest one knows, and does what it likes.
type evil struct {
	// mute: it says nothing at all.
	mute bool
	// signs: it signs every block that it hears of, in any order, and tells everybody or one.
	signs, whispers bool
	// doubles: it builds two blocks in its slot, for one half of the network each.
	doubles bool
	// stale: it builds on any block that it has a certificate of, and not on the highest.
	stale bool
	// late: it keeps its blocks back for so many slots.
	late int
	// noise: it sends altered blocks, certificates and signatures.
	noise bool
	built int64
	// cabal is whose member it is, nil for one that acts alone.
	cabal *cabal
}

// evils returns a dishonest node of every kind in turn.
func evils(i int) *evil {
	all := []*evil{{mute: true}, {signs: true, doubles: true}, {signs: true, stale: true}, {late: 1, whispers: true, signs: true}, {late: 3},
		{noise: true, signs: true}, {signs: true, doubles: true, stale: true, late: 2, noise: true}, {stale: true, whispers: true, doubles: true}}
	e := *all[i%len(all)]
	return &e
}

func (e *evil) step(x *node, ev Event) {
	if e.mute {
		return
	}
	// What an honest machine hears it knows too. What it would say and promise is dropped, but for answers and final blocks.
	for _, effect := range x.m.Step(ev) {
		switch effect := effect.(type) {
		case Send, Serve:
			x.do(effect)
		case Finalized:
			x.chain = append(x.chain, effect.Blocks...)
		case Broadcast:
			if !e.signs && effect.Message.Signature != nil {
				x.do(effect)
			}
		}
	}
	if in, ok := ev.(Received); ok && in.Message.Block != nil && e.signs {
		e.consent(x, in.Message.Block)
	}
	slot := x.slot()
	switch {
	case slot <= e.built:
	case e.cabal != nil:
		e.built = slot
		e.cabal.act(x, slot)
	default:
		e.build(x, slot)
	}
}

func (e *evil) consent(x *node, b *Block) {
	s := &Signature{b.ID, b.Slot, x.id, simKey(x.id).Sign(b.Slot, b.ID)}
	if e.whispers {
		x.w.net.Send(x.id, x.w.nodes[x.w.rng.IntN(len(x.w.nodes))].id, packet{message: Message{Signature: s}})
	} else {
		x.w.net.Broadcast(x.id, packet{message: Message{Signature: s}})
	}
	if e.noise {
		bad := *s
		bad.Signature = []byte("x")
		x.w.net.Broadcast(x.id, packet{message: Message{Signature: &bad}})
	}
}

// build builds whatever this node's slot allows.
func (e *evil) build(x *node, slot int64) {
	tree := x.m.Tree()
	parents := []*Node{tree.Best()}
	if e.stale {
		parents = parents[:0]
		for _, id := range slices.SortedFunc(maps.Keys(tree.nodes), func(a, b ID) int { return slices.Compare(a[:], b[:]) }) {
			if n := tree.nodes[id]; n.Certified() && n.Height >= tree.Final().Height-2 && n.Up != nil && n.Shown != nil {
				parents = append(parents, n)
			}
		}
	}
	if len(parents) == 0 {
		return
	}
	parent := parents[x.w.rng.IntN(len(parents))]
	if parent.Slot >= slot || parent.Electorate.Leader(parent.ShownTo().Beacon, slot) != x.id {
		return
	}
	e.built = slot
	block := func(body []*record) *Block {
		b := &Block{Parent: parent.ID, Height: parent.Height + 1, Slot: slot, Leader: x.id, Certificate: parent.certificate, Body: body}
		seal(simKey(x.id), parent, b)
		return b
	}
	body, _ := x.rules.Build(parent, slot, true)
	one := block(body.([]*record))
	two := one
	if e.doubles {
		two = block([]*record{})
	}
	tell := func() {
		for i, y := range x.w.nodes {
			b := one
			if i%2 == 1 {
				b = two
			}
			if y != x {
				x.w.net.Send(x.id, y.id, packet{message: Message{Block: b}})
			}
		}
	}
	x.m.Step(Received{x.id, Message{Block: one}})
	x.w.net.After(time.Duration(e.late)*slotTime, tell)
	if e.noise {
		e.garble(x, one)
	}
}

// garble sends blocks that are wrong in one thing each.
func (e *evil) garble(x *node, b *Block) {
	for i := range 6 {
		bad := *b
		switch i {
		case 0:
			bad.Height++
		case 1:
			bad.Slot--
		case 2:
			bad.Leader = x.w.nodes[0].id
		case 3:
			bad.Certificate = nil
		case 4:
			if c := b.Certificate; c != nil {
				bad.Certificate = &Certificate{c.Block, c.Slot, c.Signers[:1], c.Signatures[:1]}
			}
		case 5:
			if c := b.Certificate; c != nil {
				forged := *c
				forged.Signatures = slices.Clone(c.Signatures)
				forged.Signatures[0] = []byte("forged")
				bad.Certificate = &forged
			}
		}
		bad.ID[0] ^= byte(i + 1)
		bad.Signature = simKey(x.id).Sign(bad.Slot, bad.ID)
		x.w.net.Broadcast(x.id, packet{message: Message{Block: &bad}})
	}
}
