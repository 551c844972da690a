package streamlet

import (
	"slices"
	"time"
)

// cabal is dishonest nodes that act as one: they hear every word that an honest node says, wherever it gets to, remember every
// signature, count their own with every block that it suits them with, and tell whom they like when they like.
type cabal struct {
	members    []string
	signatures map[ID]map[string][]byte
}

// hear notes what an honest node says.
func (c *cabal) hear(m Message) {
	switch {
	case m.Block != nil:
		c.note(&Signature{m.Block.ID, m.Block.Slot, m.Block.Leader, m.Block.Signature})
	case m.Signature != nil:
		c.note(m.Signature)
	}
}

func (c *cabal) note(s *Signature) {
	if c.signatures[s.Block] == nil {
		c.signatures[s.Block] = map[string][]byte{}
	}
	c.signatures[s.Block][s.Peer] = s.Signature
}

// certificate is that of a block by all that the cabal has, nil if it is not enough.
func (c *cabal) certificate(n *Node) *Certificate {
	out := &Certificate{Block: n.ID, Slot: n.Slot}
	electorates := n.electorates()
	for _, e := range electorates {
		for _, peer := range e.Peers() {
			if _, ok := c.signatures[n.ID][peer]; ok || slices.Contains(c.members, peer) {
				out.Signers = append(out.Signers, peer)
			}
		}
	}
	slices.Sort(out.Signers)
	out.Signers = slices.Compact(out.Signers)
	if !enough(out.Signers, electorates) {
		return nil
	}
	for _, peer := range out.Signers {
		out.Signatures = append(out.Signatures, simKey(peer).Sign(n.Slot, n.ID)) // the honest ones have been heard
	}
	return out
}

// known returns the blocks that honest nodes know above what is final for them, ascending.
func (w *world) known() (out []*Node) {
	seen := map[ID]bool{}
	for _, x := range w.honest() {
		if !x.up {
			continue
		}
		for id, n := range x.m.Tree().nodes {
			if !seen[id] && n.Height > x.m.Tree().Final().Height {
				seen[id] = true
				out = append(out, n)
			}
		}
	}
	slices.SortFunc(out, func(a, b *Node) int {
		if a.Height != b.Height {
			return int(a.Height - b.Height)
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	return out
}

// act is what a member does in a slot.
func (c *cabal) act(x *node, slot int64) {
	w := x.w
	known := w.known()
	var grounds []*Certificate
	var parents []*Node
	for _, n := range known {
		if n.Slot >= slot || n.Electorate.Leader(n.ShownTo().Beacon, slot) != x.id {
			continue
		}
		if certificate := c.certificate(n); certificate != nil {
			parents, grounds = append(parents, n), append(grounds, certificate)
		}
	}
	if len(parents) > 0 {
		at := max(w.rng.IntN(len(parents)), w.rng.IntN(len(parents)))
		for range 1 + w.rng.IntN(2) {
			c.build(x, slot, parents[at], grounds[at])
			at = w.rng.IntN(len(parents))
		}
	}
	for _, n := range known[max(len(known)-12, 0):] {
		if w.rng.IntN(3) == 0 {
			s := Message{Signature: &Signature{n.ID, n.Slot, x.id, simKey(x.id).Sign(n.Slot, n.ID)}}
			c.tell(x, s, w.rng.Float64())
		}
	}
}

func (c *cabal) build(x *node, slot int64, parent *Node, certificate *Certificate) {
	body, _ := x.rules.Build(parent, slot, true)
	b := &Block{Parent: parent.ID, Height: parent.Height + 1, Slot: slot, Leader: x.id, Certificate: certificate, Body: body}
	if x.w.rng.IntN(2) == 0 {
		b.Body = []*record{}
	}
	seal(simKey(x.id), parent, b)
	c.tell(x, Message{Block: b}, 0.3+x.w.rng.Float64())
}

// tell tells each honest node with a probability, some of them later.
func (c *cabal) tell(x *node, m Message, share float64) {
	for _, y := range x.w.honest() {
		if x.w.rng.Float64() < share {
			later := time.Duration(x.w.rng.IntN(4)*x.w.rng.IntN(4)) * slotTime / 2
			x.w.net.After(later, func() { y.deliver(x.id, packet{message: m}) })
		}
	}
}
