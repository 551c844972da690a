package optimae

import "doin.network/node/chain/consensus"

// settle puts a decided claim into the pool, if its outcome is final and nobody can appeal any more. It is called in commit order.
// The increment is over the best of all that settled before, in units of the domain's scale, bounded, and scaled by
// its author's reputation.
func (b *Block) settle(m *Claim) bool {
	rules := b.rules.Domains[m.Domain]
	if b.ctx.Final < m.DecidedHeight || !m.All && m.Appeal.State != judged &&
		(m.Appeal.State != unappealed || !b.closed(m, m.DecidedSlot+max(rules.VerifyWindow, AppealWindow))) {
		return false
	}
	if r := Result(m.Result); r == NotBetter || r == Refused {
		b.fine(m)
		return true
	}
	b.forget(m)
	var d Domain
	load(b.state, domainKey(m.Domain), &d)
	raw := int64(consensus.FirstIncrement)
	if d.HasSettled {
		raw = 0
		if m.Performance > d.Settled {
			raw = consensus.RawIncrement(d.Settled, m.Performance, rules.PerformanceScale)
		}
	}
	if !d.HasSettled || m.Performance > d.Settled {
		d.HasSettled, d.Settled = true, m.Performance
		save(b.state, domainKey(m.Domain), &d)
	}
	credited := consensus.MulDiv(min(raw, rules.Possible), consensus.ReputationFactor(Reputation(b.state, m.Author, b.ctx.Slot)), consensus.Micro)
	increment := min(consensus.MulDiv(credited, rules.Weight, consensus.Micro), maxPool)
	if increment > 0 {
		save(b.state, poolKey(b.t.PoolNext), &share{m.Author, m.Voters, increment})
		b.t.PoolNext++
		b.t.Pooled += increment
	}
	b.say(m, Settled, increment)
	return true
}

// pay makes this a paying block if the pool has reached the threshold, which halves for each target time since the last one.
// First in, first out, it takes as much as the threshold before its halvings, and the reward is as large a share of a block's as
// what was taken is of that threshold; the rest waits.
func (b *Block) pay() {
	d := b.t.Controller
	if b.t.Pooled == 0 || b.t.Pooled < d.Required(b.ctx.Time, b.rules.TargetTime) {
		return
	}
	whole, full := b.reward(), d.Threshold
	for left := full; left > 0 && b.t.PoolFirst < b.t.PoolNext; {
		var s share
		load(b.state, poolKey(b.t.PoolFirst), &s)
		taken := min(left, s.Left)
		b.slice(&s, consensus.MulDiv(whole, taken, full))
		left -= taken
		b.t.Pooled -= taken
		if s.Left -= taken; s.Left > 0 {
			save(b.state, poolKey(b.t.PoolFirst), &s)
			break
		}
		b.state.Delete(poolKey(b.t.PoolFirst))
		b.t.PoolFirst++
	}
	b.t.Paid++
	b.t.Controller = d.Next(max(b.ctx.Time, d.Last+1), b.rules.TargetTime)
}

// slice issues money for a part of a claim: 30 % of it to those who verified it, in equal parts, the rest to its author. What does
// not divide is the author's.
func (b *Block) slice(s *share, units int64) {
	if !b.book.Mint(units) {
		panic("optimae: a reward beyond the supply")
	}
	each := int64(0)
	if n := int64(len(s.Voters)); n > 0 {
		each = part(units, votersShare) / n
	}
	give := func(peer string, units int64) {
		if units > 0 {
			b.credit(peer, units)
			b.out.Paid = append(b.out.Paid, Payment{peer, units})
		}
	}
	for _, peer := range s.Voters {
		give(peer, each)
	}
	give(s.Author, units-each*int64(len(s.Voters)))
}
