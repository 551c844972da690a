package optimae

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

// Due reports whether a block of a slot without transactions would bring something on: a draw that waits for builders, a window that
// has ended, a payment. What becomes final by three more blocks is not its matter.
func (r *Rules) Due(s State, slot, time int64) bool {
	t := Counted(s)
	if t.Pooled > 0 && t.Pooled >= t.Controller.Required(time, r.TargetTime) {
		return true
	}
	b := &Block{rules: r, state: s}
	blocked := map[string]bool{} // domains with an earlier claim: what is decided waits for it, and asks for nothing
	for _, m := range b.open() {
		waits := m.Phase == decided && m.Appeal.State == unappealed && blocked[m.Domain]
		if !waits && b.due(m, slot) {
			return true
		}
		blocked[m.Domain] = true
	}
	return false
}

// due reports whether a claim waits for a block of a slot.
func (b *Block) due(m *Claim, slot int64) bool {
	window := b.rules.Domains[m.Domain].VerifyWindow
	switch {
	case m.Phase == waiting:
		return m.DrawHeight == 0 || !m.Revealed && m.Begun > 0 && slot > m.Begun+RevealWindow
	case m.Phase == voting:
		cast, _ := b.count(m)
		return slot > m.Begun+window || cast == len(m.Members) && slot > m.Begun+window/2
	case m.Phase == opening && b.rules.Domains[m.Domain].Radius > 0:
		return slot > m.Begun+UnsealWindow
	case m.Phase == opening:
		return slot > m.Begun+OpeningWindow
	}
	switch m.Appeal.State {
	case unappealed:
		return !m.All && m.Past < pastBlocks && slot > m.DecidedSlot+max(window, AppealWindow)
	case juryDraw:
		return true
	case juryVoting:
		return slot > m.Begun+window
	case juryOpening:
		return slot > m.Begun+OpeningWindow
	}
	return false
}

// Waits reports whether a claim's author has to reveal it now.
func (m *Claim) Waits() bool { return m.Phase == waiting && m.Begun > 0 && !m.Revealed }

// Votes reports whether a claim's members have to vote now.
func (m *Claim) Votes() bool { return m.Phase == voting }

// Opens reports whether a claim's votes may be opened now.
func (m *Claim) Opens() bool { return m.Phase == opening }

// HasVoted reports whether a peer has said something about a claim's draw.
func HasVoted(s State, commitment ID, peer string) bool {
	return load(s, voteKey(commitment, peer), new(ballot))
}

// Elected reports whether a peer is in the electorate.
func Elected(s State, peer string) bool { _, ok := s.Get(electedKey("", peer)); return ok }

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
