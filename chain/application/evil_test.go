package application

import (
	"slices"

	"doin.network/node/chain/ledger"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/streamlet"
)

// evil is what a dishonest node does.
type evil struct {
	lies     bool // its agent votes for what is false, and opens it
	mute     bool // it signs and never votes
	doubles  bool // it builds two blocks in its slot, for one half of the network each
	signs    bool // it signs every block that it hears of
	withhold bool // it keeps its blocks and its votes on blocks to itself
	breaks   bool // it commits and does not reveal
	floods   bool // it sends transactions that cannot be taken, and those that are taken elsewhere
	steals   bool // it spends its money twice, in two transfers of one nonce
}

// evils returns a dishonest node of every kind in turn.
func evils(i int) *evil {
	all := []evil{{lies: true}, {mute: true}, {doubles: true, signs: true}, {withhold: true}, {breaks: true}, {floods: true}, {steals: true},
		{lies: true, doubles: true, signs: true, breaks: true, floods: true, steals: true}}
	e := all[i%len(all)]
	return &e
}

// say is what the node sends as transactions beside its agent.
func (e *evil) say(x *node, s *State) (txs []*Tx) {
	slot := x.slot()
	if e.breaks && slot%40 == 7 {
		tx := x.agent.tx(&optimae.Commit{Domain: "d", Commitment: ID{byte(slot), byte(slot >> 8), x.id[0], x.id[1]}, Slot: slot - 1})
		txs = append(txs, tx)
	}
	if e.floods && slot%3 == 0 {
		bad := x.agent.tx(&optimae.Vote{Commitment: ID{byte(slot)}, Draw: ID{1}, Hash: ID{2}})
		forged := *bad
		forged.Signature[0] ^= 1
		garbage := x.agent.sign(optimae.KindCommit, []byte{1, 2, 3})
		unknown := x.agent.sign(200, nil)
		open := x.agent.tx(&optimae.Open{Commitment: ID{byte(slot)}, Draw: ID{1}})
		txs = append(txs, bad, &forged, garbage, unknown, open)
	}
	if e.steals && slot%10 == 0 {
		a := s.Account(idFor(x.id))
		for i, y := range x.w.nodes[:2] {
			if y != x && a.Balance > ledger.Unit {
				tx := x.agent.sign(KindTransfer, (&Transfer{idFor(y.id), a.Balance - 10*ledger.MinBaseFee, 2 * ledger.MinBaseFee, a.Nonce + 1}).Encode())
				x.w.net.Send(x.id, x.w.nodes[(i+1)%len(x.w.nodes)].id, packet{txs: []*Tx{tx}})
			}
		}
	}
	return txs
}

// hear is what the node does beside its machine with a message.
func (e *evil) hear(x *node, m streamlet.Message) {
	if b := m.Block; b != nil && e.signs {
		x.w.net.Broadcast(x.id, packet{message: streamlet.Message{Signature: &streamlet.Signature{Block: b.ID, Slot: b.Slot, Peer: x.id,
			Signature: x.rules.Sign(b.Slot, b.ID)}}})
	}
}

// does reports whether an effect of its machine is to be done as it is.
func (e *evil) does(x *node, effect streamlet.Effect) bool {
	b, ok := effect.(streamlet.Broadcast)
	if !ok {
		return true
	}
	switch {
	case e.withhold && (b.Message.Block != nil || b.Message.Signature != nil):
		return false
	case e.doubles && b.Message.Block != nil && b.Message.Block.Leader == x.id:
		parent := x.m.Tree().Node(b.Message.Block.Parent)
		if parent == nil || parent.Shown == nil {
			return true
		}
		pending := x.Pending(nil)
		two, err := x.w.app.Build(parent.State.(*State), b.Message.Block.Certificate, parent.ShownTo().Height, b.Message.Block.Slot, simKey(x.id),
			pending[:len(pending)/2])
		if err != nil {
			return true
		}
		for i, y := range slices.Backward(x.w.nodes) {
			if p := pack(streamlet.Message{Block: b.Message.Block}); i%2 == 0 {
				x.w.net.Send(x.id, y.id, p)
			} else {
				x.w.net.Send(x.id, y.id, pack(streamlet.Message{Block: two.Chain()}))
			}
		}
		return false
	}
	return true
}
