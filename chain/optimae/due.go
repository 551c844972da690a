package optimae

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
