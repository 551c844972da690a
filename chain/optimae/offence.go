package optimae

import (
	"bytes"

	"doin.network/node/chain/streamlet"
)

// Keys verify what peers have signed outside of the transaction at hand.
type Keys interface {
	// Verify reports whether a peer has signed a block of a slot: as its leader or to certify it, which is one form.
	Verify(peer string, slot int64, block streamlet.ID, signature []byte) bool
	// VerifyTx reports whether a transaction's author has signed it.
	VerifyTx(tx Tx, signature []byte) bool
}

// maxSignature bounds a signature in bytes.
const maxSignature = 128

// TwoBlocks shows that a peer has signed two blocks of one slot, as leader or as evaluator: building is signing.
type TwoBlocks struct {
	Peer                            string
	Slot                            int64
	First, Second                   ID
	FirstSignature, SecondSignature string
}

func (m *TwoBlocks) code(c *codec) {
	c.text(&m.Peer, maxName)
	c.integer(&m.Slot)
	c.fixed(m.First[:])
	c.fixed(m.Second[:])
	c.text(&m.FirstSignature, maxSignature)
	c.text(&m.SecondSignature, maxSignature)
}

// TwoVotes shows that a peer has signed two votes, refusals or abstentions about one draw of one claim with other contents.
type TwoVotes struct {
	Peer                            string
	First, Second                   Kind
	FirstBody, SecondBody           string
	FirstSignature, SecondSignature string
}

func (m *TwoVotes) code(c *codec) {
	c.text(&m.Peer, maxName)
	c.small((*uint8)(&m.First), uint8(KindAbstain))
	c.text(&m.FirstBody, maxVote)
	c.text(&m.FirstSignature, maxSignature)
	c.small((*uint8)(&m.Second), uint8(KindAbstain))
	c.text(&m.SecondBody, maxVote)
	c.text(&m.SecondSignature, maxSignature)
}

// maxVote bounds the body of a Vote, a Refuse or an Abstain in bytes.
const maxVote = 256

// about returns claim and draw that the body of a vote is about.
func about(kind Kind, body []byte) (commitment, draw ID, ok bool) {
	m := kind.body()
	if m == nil || decode(body, m) != nil {
		return ID{}, ID{}, false
	}
	switch v := m.(type) {
	case *Vote:
		return v.Commitment, v.Draw, true
	case *Refuse:
		return v.Commitment, v.Draw, true
	case *Abstain:
		return v.Commitment, v.Draw, true
	}
	return ID{}, ID{}, false
}

func (b *Block) twoBlocks(m *TwoBlocks) (Receipt, error) {
	keys := b.rules.Keys
	if keys == nil || m.First == m.Second ||
		!keys.Verify(m.Peer, m.Slot, m.First, []byte(m.FirstSignature)) ||
		!keys.Verify(m.Peer, m.Slot, m.Second, []byte(m.SecondSignature)) {
		return Receipt{}, refuse("no proof of two blocks in slot %d", m.Slot)
	}
	return b.punish(m.Peer)
}

func (b *Block) twoVotes(m *TwoVotes) (Receipt, error) {
	first, second := Tx{m.Peer, m.First, []byte(m.FirstBody)}, Tx{m.Peer, m.Second, []byte(m.SecondBody)}
	claim, draw, ok := about(first.Kind, first.Body)
	claim2, draw2, ok2 := about(second.Kind, second.Body)
	keys := b.rules.Keys
	if keys == nil || !ok || !ok2 || claim != claim2 || draw != draw2 || first.Kind == second.Kind && bytes.Equal(first.Body, second.Body) ||
		!keys.VerifyTx(first, []byte(m.FirstSignature)) || !keys.VerifyTx(second, []byte(m.SecondSignature)) {
		return Receipt{}, refuse("no proof of two votes")
	}
	return b.punish(m.Peer)
}

// punish burns half of what a peer has at stake and puts it out for ever. The rest goes back as that of who leaves.
func (b *Block) punish(peer string) (Receipt, error) {
	var p Peer
	if !load(b.state, peerKey(peer), &p) || p.Out {
		return Receipt{}, refuse("%.16s is not registered, or out", peer)
	}
	burned := p.Stake - p.Stake/2
	p.Stake -= burned
	b.t.Stakes -= burned
	b.book.Burn(burned)
	p.Out = true
	b.state.Delete(standingKey(peer))
	if p.Leaving == 0 {
		b.retire(peer, &p)
	} else {
		savePeer(b.state, peer, &p)
	}
	return Receipt{Burned: burned}, nil
}
