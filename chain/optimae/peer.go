package optimae

import (
	"math"
	"slices"

	"doin.network/node/chain/account"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/streamlet"
)

// silentClaims is how many decided claims of a domain running a member may say nothing to before it is out of that domain.
const silentClaims = 8

// A Peer is a registered evaluator.
type Peer struct {
	Domains []string
	Missed  []byte // by domain: decided claims running that it was a member of and said nothing to, at most silentClaims
	Stake   int64  // locked now
	Full    int64  // locked at its registration
	Acted   int64  // slot in which it last registered, left, came back or filled its stake up
	Leaving int64  // slot of its leaving, 0 while it stays
	Reached bool   // its reputation once reached what the electorate asks for
	Elected bool   // in the electorate
	Absent  bool   // until it says that it is back
	Out     bool   // for ever, for an offence
}

func (p *Peer) code(c *codec) {
	c.texts(&p.Domains, 32, maxName)
	if c.read {
		p.Missed = make([]byte, len(p.Domains))
	}
	for i := range p.Domains {
		c.small(&p.Missed[i], silentClaims)
	}
	for _, v := range []*int64{&p.Stake, &p.Full, &p.Acted, &p.Leaving} {
		c.integer(v)
	}
	for _, v := range []*bool{&p.Reached, &p.Elected, &p.Absent, &p.Out} {
		c.truth(v)
	}
}

// fit reports whether nothing but its reputation keeps a peer from the electorate.
func (p *Peer) fit() bool { return p.Leaving == 0 && !p.Absent && !p.Out && p.Stake >= p.Full-p.Full/2 }

// places are the keys of the indices that a peer stands in. They follow from its record alone.
func (p *Peer) places(peer string) (keys [][]byte) {
	if p.Elected {
		keys = append(keys, electedKey("", peer))
	}
	if p.Elected != (p.Reached && p.fit()) {
		keys = append(keys, waitKey(peer))
	}
	for i, d := range p.Domains {
		silent := p.Missed[i] >= silentClaims
		switch {
		case p.Elected && !silent:
			keys = append(keys, electedKey(d, peer))
		case p.fit() && (silent || !p.Reached):
			keys = append(keys, besideKey(d, peer))
		}
	}
	return keys
}

// savePeer writes a peer and puts it where it belongs in the indices; nil removes it.
func savePeer(s State, peer string, p *Peer) {
	var before, after [][]byte
	var old Peer
	if load(s, peerKey(peer), &old) {
		before = old.places(peer)
	}
	if p != nil {
		after = p.places(peer)
		save(s, peerKey(peer), p)
	} else {
		s.Delete(peerKey(peer))
	}
	has := func(list [][]byte, k []byte) bool {
		return slices.ContainsFunc(list, func(o []byte) bool { return slices.Equal(o, k) })
	}
	for _, k := range before {
		if !has(after, k) {
			s.Delete(k)
		}
	}
	for _, k := range after {
		if !has(before, k) {
			s.Put(k, []byte{1})
		}
	}
}

// listed returns the peers of an index, ascending.
func listed(s State, prefix []byte) (peers []string) {
	s.Range(prefix, func(k, _ []byte) bool {
		peers = append(peers, string(k[len(prefix):]))
		return true
	})
	return peers
}

// MaxElectors bounds the electorate: who comes later waits until somebody leaves it.
const MaxElectors = 1_024

// Electorate is the peers that sign the children of the block that left the state, ascending.
func Electorate(s State) []string { return listed(s, electedKey("", "")) }

// standing is a reputation at a slot.
type standing struct{ Score, Since int64 }

func (v *standing) code(c *codec) { c.integer(&v.Score); c.integer(&v.Since) }

// Reputation is a peer's in a slot, 10⁻⁶. It halves as account.Peer's does: of who is registered and neither absent nor out to what the
// electorate asks for and not below.
func Reputation(s State, peer string, slot int64) int64 {
	var v standing
	if !load(s, standingKey(peer), &v) {
		return 0
	}
	now := account.Peer{Score: v.Score, Since: v.Since}.Reputation(slot)
	var p Peer
	if load(s, peerKey(peer), &p) && !p.Absent && !p.Out {
		now = max(now, min(v.Score, consensus.MinReputation))
	}
	return now
}

// move changes a reputation. Who is registered and has reached what the electorate asks for waits for its turn from now on.
func (b *Block) move(peer string, by int64) {
	now := max(0, min(reputationMost, Reputation(b.state, peer, b.ctx.Slot)+by))
	stand(b.state, peer, now, b.ctx.Slot)
	var p Peer
	if load(b.state, peerKey(peer), &p) && !p.Reached && now >= consensus.MinReputation {
		p.Reached = true
		savePeer(b.state, peer, &p)
	}
}

// stand writes a reputation.
func stand(s State, peer string, now, slot int64) {
	if now == 0 {
		s.Delete(standingKey(peer))
		return
	}
	save(s, standingKey(peer), &standing{now, slot})
}

// seen is the height of the last block that shows an elected peer at work.
type seen struct{ height int64 }

func (v *seen) code(c *codec) { c.integer(&v.height) }

// watch begins to look for the absence of who is elected from the block after h on.
func watch(s State, peer string, h int64) {
	save(s, seenKey(peer), &seen{h + 1})
	s.Put(dueKey(h+1+streamlet.AbsentBlocks, peer), []byte{1})
}

// active notes that a peer has built, signed or voted. Who was about to leave the electorate for its absence stays.
func (b *Block) active(peer string) {
	var v seen
	if !load(b.state, seenKey(peer), &v) || v.height >= b.ctx.Height {
		return
	}
	if v.height+streamlet.AbsentBlocks < b.ctx.Height {
		b.absence(peer, false)
		b.state.Put(dueKey(b.ctx.Height+streamlet.AbsentBlocks, peer), []byte{1})
	}
	save(b.state, seenKey(peer), &seen{b.ctx.Height})
}

// absence says whether a peer is absent. What it has lost of its reputation until now stays lost.
func (b *Block) absence(peer string, is bool) {
	var p Peer
	if load(b.state, peerKey(peer), &p) && p.Absent != is {
		b.move(peer, 0)
		p.Absent = is
		savePeer(b.state, peer, &p)
	}
}

// missing finds who did nothing in the last AbsentBlocks blocks. Of the electorate only those are looked at whom nobody has looked at
// for so long.
func (b *Block) missing() {
	for _, k := range b.dueBy('y', b.ctx.Height, math.MaxInt) {
		b.state.Delete(k)
		peer := string(k[len(key('y'))+8:])
		var v seen
		switch {
		case !load(b.state, seenKey(peer), &v):
		case v.height+streamlet.AbsentBlocks <= b.ctx.Height:
			b.absence(peer, true)
		default:
			b.state.Put(dueKey(v.height+streamlet.AbsentBlocks, peer), []byte{1})
		}
	}
}

// dueBy returns the first keys of a table whose number is at most last, at most most of them.
func (b *Block) dueBy(table byte, last int64, most int) (keys [][]byte) {
	p := key(table)
	b.state.Range(p, func(k, _ []byte) bool {
		if slices.Compare(k[len(p):len(p)+8], number(last)) > 0 || len(keys) == most {
			return false
		}
		keys = append(keys, slices.Clone(k))
		return true
	})
	return keys
}

// register locks a stake. Until its reputation reaches what the electorate asks for a peer votes beside the members.
func (b *Block) register(from string, m *Register) (Receipt, error) {
	if load(b.state, peerKey(from), new(Peer)) {
		return Receipt{}, refuse("registered already, or put out")
	}
	if err := b.fresh(m.Slot); err != nil {
		return Receipt{}, err
	}
	for _, d := range m.Domains {
		if _, ok := b.rules.Domains[d]; !ok {
			return Receipt{}, refuse("no domain %.32q", d)
		}
	}
	stake := Stake(&b.t)
	if has := b.has(from); has < stake {
		return Receipt{}, refuse("a balance of %d, and the stake is %d", has, stake)
	}
	b.credit(from, -stake)
	b.t.Stakes += stake
	p := &Peer{Domains: m.Domains, Missed: make([]byte, len(m.Domains)), Stake: stake, Full: stake, Acted: b.ctx.Slot}
	p.Reached = Reputation(b.state, from, b.ctx.Slot) >= consensus.MinReputation
	savePeer(b.state, from, p)
	return Receipt{Deposit: stake}, nil
}

// fill makes a stake whole again, as far as the balance goes.
func (b *Block) fill(from string, m *Fill) (Receipt, error) {
	var p Peer
	if !load(b.state, peerKey(from), &p) || p.Out || p.Leaving != 0 {
		return Receipt{}, refuse("not registered, or leaving")
	}
	units := min(p.Full-p.Stake, b.has(from))
	if units <= 0 {
		return Receipt{}, refuse("nothing to fill up, or nothing to do it with")
	}
	if err := b.acts(&p, m.Slot); err != nil {
		return Receipt{}, err
	}
	b.credit(from, -units)
	b.t.Stakes += units
	p.Stake += units
	savePeer(b.state, from, &p)
	return Receipt{Deposit: units}, nil
}

// back ends an absence.
func (b *Block) back(from string, m *Return) error {
	var p Peer
	if !load(b.state, peerKey(from), &p) || !p.Absent || p.Out {
		return refuse("not absent")
	}
	if err := b.acts(&p, m.Slot); err != nil {
		return err
	}
	savePeer(b.state, from, &p)
	b.absence(from, false)
	return nil
}

// leave gives a registration up: out of the electorate by one of the next blocks, the stake back after a day of slots.
func (b *Block) leave(from string, m *Leave) error {
	var p Peer
	if !load(b.state, peerKey(from), &p) || p.Leaving != 0 {
		return refuse("not registered, or leaving")
	}
	if err := b.acts(&p, m.Slot); err != nil {
		return err
	}
	b.retire(from, &p)
	return nil
}

func (b *Block) retire(peer string, p *Peer) {
	p.Leaving = b.ctx.Slot
	savePeer(b.state, peer, p)
	b.state.Put(refundKey(b.ctx.Slot+LeaveAfter, peer), []byte{1})
}

// refund gives back the stakes of who left long enough ago, and has no claim any more that it verified.
func (b *Block) refund() {
	due := b.dueBy('l', b.ctx.Slot, math.MaxInt)
	if len(due) == 0 {
		return
	}
	bound := map[string]bool{}
	for _, m := range b.open() {
		for _, peer := range slices.Concat(m.Members, m.Beside) {
			bound[peer] = true
		}
	}
	for _, k := range due {
		peer := string(k[len(key('l'))+8:])
		var p Peer
		if load(b.state, peerKey(peer), &p) && (p.Elected || bound[peer]) {
			continue
		}
		b.state.Delete(k)
		b.t.Stakes -= p.Stake
		b.credit(peer, p.Stake)
		if p.Stake, p.Full = 0, 0; p.Out {
			savePeer(b.state, peer, &p) // remembered, so that it never registers again
		} else {
			savePeer(b.state, peer, nil)
			b.out.Gone = append(b.out.Gone, peer)
		}
	}
}

// change makes one change of the electorate, the first by peer of those that wait and are safe, if the one before it is final.
func (b *Block) change() {
	if b.t.Pending > b.ctx.Final {
		return
	}
	b.t.Pending = 0
	for _, peer := range listed(b.state, waitKey("")) {
		var p Peer
		load(b.state, peerKey(peer), &p)
		if !b.safe(peer, !p.Elected) || !p.Elected && b.t.Electors >= MaxElectors {
			continue
		}
		if p.Elected = !p.Elected; p.Elected {
			b.t.Electors++
			watch(b.state, peer, b.ctx.Height)
		} else {
			b.t.Electors--
			b.state.Delete(seenKey(peer))
		}
		savePeer(b.state, peer, &p)
		b.out.Change = &streamlet.Change{Peer: peer, Add: p.Elected}
		b.t.Pending = b.ctx.Height
		return
	}
}

// safe reports whether an electorate goes on after a change, as chain/streamlet has it: those who have signed the certificate that the
// block carries are here, and must be enough of the new one. One alone takes a second at its word.
func (b *Block) safe(peer string, add bool) bool {
	if b.t.Electors == 1 {
		return add
	}
	next, here := b.t.Electors-1, 0
	if add {
		next = b.t.Electors + 1
	}
	for _, signer := range b.ctx.Signers {
		if _, ok := b.state.Get(electedKey("", signer)); ok && signer != peer {
			here++
		}
	}
	return here >= thirds(int(next))
}
