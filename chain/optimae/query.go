package optimae

import "doin.network/node/chain/ledger"

// This file is what a node asks a state, to know what it has to say.

// Counted is what the chain counts over all domains, in a state between blocks.
func Counted(s State) (t Totals) {
	load(s, totalsKey(), &t)
	return t
}

// Find returns a claim that is not over, nil if there is none of that commitment.
func Find(s State, commitment ID) *Claim {
	m, err := (&Block{state: s}).find(commitment)
	if err != nil {
		return nil
	}
	return m
}

// OpenClaims returns the claims that are not over, in commit order.
func OpenClaims(s State) []*Claim { return (&Block{state: s}).open() }

// Waits reports whether a claim's author has to reveal it now.
func (m *Claim) Waits() bool { return m.Phase == waiting && m.Begun > 0 && !m.Revealed }

// Votes reports whether a claim's members have to vote now.
func (m *Claim) Votes() bool { return m.Phase == voting }

// Opens reports whether a claim's votes may be opened now.
func (m *Claim) Opens() bool { return m.Phase == opening }

// Appealable reports whether a claim has an outcome that somebody may appeal against now, in a domain whose results are equal.
func (m *Claim) Appealable() bool {
	return m.Phase == decided && !m.All && m.Appeal.State == unappealed && m.Past < pastBlocks && m.DrawHash != ID{}
}

// Says reports whether a claim's outcome is what somebody found.
func (m *Claim) Says(f Finding) bool {
	return Result(m.Result) != Refused && f == Finding{m.Digest, m.Performance, m.Sums}
}

// Judged reports whether a jury, Appeal.Jury, has to vote about a claim now.
func (m *Claim) Judged() bool { return m.Phase == decided && m.Appeal.State == juryVoting }

// JuryOpens reports whether the votes of a jury may be opened now.
func (m *Claim) JuryOpens() bool { return m.Phase == decided && m.Appeal.State == juryOpening }

// AppealDeposit is what an appeal puts down now: a block reward.
func AppealDeposit(t *Totals) int64 { return ledger.Reward(t.Paid + 1) }

// HasVoted reports whether a peer has said something in the votes of a name: a claim's commitment, or its Appeal.Votes.
func HasVoted(s State, votes ID, peer string) bool {
	return load(s, voteKey(votes, peer), new(ballot))
}

// Away reports whether a registered peer is out of the electorate until it says that it is back.
func Away(s State, peer string) bool {
	var p Peer
	return load(s, peerKey(peer), &p) && p.Absent && !p.Out && p.Leaving == 0
}

// Registered returns what is known of a registered peer.
func Registered(s State, peer string) (p Peer, ok bool) {
	ok = load(s, peerKey(peer), &p)
	return p, ok
}

// DomainOf returns what the chain knows of a domain, the zero value if it has had no claim.
func DomainOf(s State, domain string) (d Domain) {
	load(s, domainKey(domain), &d)
	return d
}

// StampOn returns what a stamp of now is to be on: a final block at a height, by the hash that the rules know it by, and how many zero
// bits it begins with; one more for each that is to spare, as others may come before it. false where no stamped claim of the domain can
// be made now, or the block is not known any more.
func (r *Rules) StampOn(s State, domain string, height int64) (block ID, bits int, ok bool) {
	var d Domain
	var on passed
	t := Counted(s)
	load(s, domainKey(domain), &d)
	ok = d.OpenStamped < maxStamped && height > t.Height-stampWindow && load(s, blockKey(height), &on)
	return on.hash, r.stampBits(&t) + 1, ok
}

// Stamps reports whether a stamp's hash begins with so many zero bits.
func Stamps(hash ID, bits int) bool { return zeros(hash) >= bits }
