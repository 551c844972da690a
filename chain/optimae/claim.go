package optimae

import (
	"crypto/sha256"
	"math/bits"
	"slices"
	"strings"
)

// commit takes a promise: from an account with its deposit, or from one that cannot pay with a stamp.
func (b *Block) commit(from string, m *Commit) (Receipt, error) {
	if _, ok := b.rules.Domains[m.Domain]; !ok {
		return Receipt{}, refuse("no domain %.32q", m.Domain)
	}
	if load(b.state, indexKey(m.Commitment), new(index)) {
		return Receipt{}, refuse("commitment %s is on the chain already", short(m.Commitment))
	}
	if err := b.fresh(m.Slot); err != nil {
		return Receipt{}, err
	}
	var d Domain
	load(b.state, domainKey(m.Domain), &d)
	if d.Open >= maxOpen {
		return Receipt{}, refuse("%d claims of %s are open", d.Open, m.Domain)
	}
	if !b.verifiable(m.Domain, from) {
		return Receipt{}, refuse("nobody of %s can verify it", m.Domain)
	}
	deposit := Deposit(&b.t)
	has := b.has(from)
	if m.Stamped {
		if has >= deposit {
			return Receipt{}, refuse("a stamp of who can pay the deposit")
		}
		if err := b.stamp(from, m, d.OpenStamped); err != nil {
			return Receipt{}, err
		}
		deposit = 0
	} else if err := b.putDown(from, has, deposit); err != nil {
		return Receipt{}, err
	}
	b.t.Escrow += deposit
	d.Open++
	if m.Stamped {
		d.OpenStamped++
		b.t.Stamped[b.ctx.Height%stampWindow]++
	}
	save(b.state, domainKey(m.Domain), &d)
	claim := &Claim{Commitment: m.Commitment, Author: from, Domain: m.Domain, Height: b.ctx.Height, Seq: b.t.Commits, Deposit: deposit,
		DrawFrom: b.ctx.Height, Stamped: m.Stamped}
	save(b.state, indexKey(m.Commitment), &index{m.Domain, b.t.Commits})
	b.remember('x', m.Slot+TxLife, indexKey(m.Commitment))
	save(b.state, claimKey(b.t.Commits), claim)
	b.t.Commits++
	return Receipt{Deposit: deposit}, nil
}

// putDown takes a deposit off an account, or off an evaluator's stake as long as half of that stays.
func (b *Block) putDown(from string, has, deposit int64) error {
	if has >= deposit {
		b.credit(from, -deposit)
		return nil
	}
	var p Peer
	if !load(b.state, peerKey(from), &p) || p.Leaving != 0 || p.Out || p.Stake-deposit < p.Full-p.Full/2 {
		return refuse("a balance of %d, and the deposit is %d", has, deposit)
	}
	p.Stake -= deposit
	b.t.Stakes -= deposit
	savePeer(b.state, from, &p)
	return nil
}

// stamp checks a stamp: on a final block at most 64 back, of as many bits as the state asks for.
func (b *Block) stamp(from string, m *Commit, open int64) error {
	if open >= maxStamped {
		return refuse("a stamped claim of %s is open", m.Domain)
	}
	var on passed
	h := m.Stamp.Height
	if h > b.ctx.Final || h < b.ctx.Height-stampWindow || !load(b.state, blockKey(h), &on) {
		return refuse("a stamp on block %d, final is %d", h, b.ctx.Final)
	}
	hash := b.rules.StampHash(m.Commitment, on.hash, from, m.Stamp.Nonce)
	if got, want := zeros(hash), b.rules.stampBits(&b.t); got < want {
		return refuse("a stamp of %d bits, want %d", got, want)
	}
	return nil
}

// stampBits is one more than StampBits for each stamped commit among the last 64 blocks above 8.
func (r *Rules) stampBits(t *Totals) int {
	n := 0
	for _, c := range t.Stamped {
		n += int(c)
	}
	return r.StampBits + max(0, n-stampFree)
}

// zeros counts the zero bits that a hash begins with.
func zeros(h ID) (n int) {
	for _, v := range h {
		n += bits.LeadingZeros8(v)
		if v != 0 {
			break
		}
	}
	return n
}

// find returns the claim of a commitment that is not over.
func (b *Block) find(commitment ID) (*Claim, error) {
	var x index
	m := new(Claim)
	if !load(b.state, indexKey(commitment), &x) || !load(b.state, claimKey(x.Seq), m) {
		return nil, refuse("no open claim %s", short(commitment))
	}
	return m, nil
}

// reveal publishes a recipe, while its window is open. It is void at once where the recipe was published under an earlier commit.
func (b *Block) reveal(from string, r *Reveal) (Receipt, error) {
	m, err := b.find(r.Commitment)
	switch {
	case err != nil:
		return Receipt{}, err
	case m.Author != from || !strings.HasPrefix(r.Nonce, from):
		return Receipt{}, refuse("claim %s is another's", short(r.Commitment))
	case Commitment(r.Recipe, r.Nonce) != r.Commitment:
		return Receipt{}, refuse("not what claim %s promised", short(r.Commitment))
	case m.Begun == 0 && m.Phase == waiting && !m.Revealed:
		return Receipt{}, refuse("the commit of claim %s is not final", short(r.Commitment))
	case m.Revealed:
		return Receipt{}, refuse("claim %s is revealed", short(r.Commitment))
	}
	m.Recipe, m.Revealed, m.Begun, m.Past = sha256.Sum256([]byte(r.Recipe)), true, 0, 0
	var first published
	known := load(b.state, recipeKey(m.Domain, m.Recipe), &first)
	if known && first.Seq < m.Seq {
		var burned int64
		if first.Slot+duplicateGrace < b.slotOf(m) {
			burned = m.Deposit
		}
		b.release(m, nil, 0, burned)
		b.over(m)
		b.say(m, Duplicate, 0)
		b.state.Delete(claimKey(m.Seq))
		return Receipt{Burned: burned}, nil
	}
	save(b.state, recipeKey(m.Domain, m.Recipe), &published{m.Seq, b.ctx.Slot})
	b.remember('j', b.ctx.Slot+RecipeLife, recipeKey(m.Domain, m.Recipe))
	save(b.state, claimKey(m.Seq), m)
	return Receipt{}, nil
}

// slotOf is the slot of a claim's commit, kept in DecidedSlot until it is decided.
func (b *Block) slotOf(m *Claim) int64 { return m.DecidedSlot }

// advance moves a claim on by one block, and reports whether it is over.
func (b *Block) advance(m *Claim) bool {
	if m.Height == b.ctx.Height {
		m.DecidedSlot = b.ctx.Slot
	}
	if m.Phase == waiting {
		if !m.Revealed && m.Begun == 0 && b.ctx.Final >= m.Height {
			m.Begun, m.Past = b.ctx.Slot, 0
		}
		if !m.Revealed && m.Begun > 0 && b.closed(m, m.Begun+RevealWindow) {
			b.release(m, nil, 0, m.Deposit)
			b.over(m)
			b.say(m, Unrevealed, 0)
			return true
		}
		if m.DrawHeight == 0 && b.ctx.Height > m.DrawFrom {
			b.draw(m)
		}
		if m.DrawHeight > 0 && m.Revealed {
			m.Phase, m.Begun, m.Past = voting, b.ctx.Slot, 0
		}
		return false
	}
	switch m.Phase {
	case decided:
		b.try(m)
	case voting:
		cast, refusals := b.count(m)
		window := b.rules.Domains[m.Domain].VerifyWindow
		switch {
		case refusals >= b.enough(m):
			return b.refused(m)
		case b.closed(m, m.Begun+window) || cast == len(m.Members) && (b.ctx.Slot > m.Begun+window/2 || b.heardBeside(m)):
			m.Phase, m.Begun, m.Past = opening, b.ctx.Slot, 0
		}
	case opening:
		if b.rules.Domains[m.Domain].Radius > 0 {
			if b.closed(m, m.Begun+UnsealWindow) || b.shown(m) {
				return b.gather(m)
			}
			return false
		}
		if b.closed(m, m.Begun+OpeningWindow) {
			return b.undecided(m)
		}
	}
	return false
}

// closed counts the blocks past the end of a claim's window, and reports whether this is the third. It is asked once a block,
// after the block's transactions: what they brought in time is read.
func (b *Block) closed(m *Claim, end int64) bool {
	if b.ctx.Slot > end {
		m.Past++
	}
	return m.Past >= pastBlocks
}

// draw draws if there were enough builders.
func (b *Block) draw(m *Claim) {
	if !b.built(m) {
		return
	}
	m.DrawHeight, m.DrawHash, m.Beacon, m.Builders = b.ctx.Height, b.ctx.Hash, b.ctx.Beacon, nil
	b.members(m)
	m.Solo = len(m.Members) == 1 && m.Members[0] == m.Author
	var d Domain
	load(b.state, domainKey(m.Domain), &d)
	m.HasBase, m.Base, m.BaseClaim = d.HasBest, d.Best, d.Champion
}

// built counts the builder of this block, and reports whether enough have built for a draw.
func (b *Block) built(m *Claim) bool {
	if who := b.ctx.Builder; who != m.Author && len(m.Builders) < drawBuilders && !slices.Contains(m.Builders, who) {
		m.Builders = append(m.Builders, who)
	}
	_, elected := b.state.Get(electedKey("", m.Author))
	alone := b.t.Electors == 1 && elected
	return alone || len(m.Builders) >= min(int(b.t.Electors-1)/3+1, drawBuilders) || b.ctx.Height >= m.DrawFrom+drawBound
}

// verifiable reports whether a claim of an author has anybody who could be a member.
func (b *Block) verifiable(domain, author string) (ok bool) {
	alone := false
	p := electedKey(domain, "")
	b.state.Range(p, func(k, _ []byte) bool {
		alone = string(k[len(p):]) == author
		ok = !alone
		return !ok
	})
	return ok || alone && b.rules.Solo
}

// members draws who verifies a claim, and two of those who may vote beside them.
func (b *Block) members(m *Claim) {
	of := listed(b.state, electedKey(m.Domain, ""))
	m.Evaluators = int64(len(of))
	others := func(peers []string) []string {
		return slices.DeleteFunc(peers, func(peer string) bool { return peer == m.Author })
	}
	most := drawnMembers
	switch {
	case m.Round > 0:
		most = maxMembers
	case len(of) <= wholeDraw:
		most = wholeDraw
	}
	m.Members, m.All = m.lowest(others(slices.Clone(of)), most)
	if len(m.Members) == 0 && b.rules.Solo && len(of) == 1 {
		m.Members = of
	}
	m.Beside, _ = m.lowest(others(listed(b.state, besideKey(m.Domain, ""))), besideMembers)
}

// lowest draws at most most of peers, ascending, and reports whether that is everybody. It keeps peers.
func (m *Claim) lowest(peers []string, most int) (drawn []string, all bool) {
	if len(peers) <= most {
		return peers, true
	}
	type ranked struct {
		hash ID
		peer string
	}
	prefix := slices.Concat(m.Beacon[:], []byte{':'}, m.Commitment[:], []byte{':'})
	list := make([]ranked, len(peers))
	for i, peer := range peers {
		list[i] = ranked{sha256.Sum256(append(prefix[:len(prefix):len(prefix)], peer...)), peer}
	}
	slices.SortFunc(list, func(p, q ranked) int { return slices.Compare(p.hash[:], q.hash[:]) })
	for _, r := range list[:most] {
		drawn = append(drawn, r.peer)
	}
	slices.Sort(drawn)
	return drawn, false
}
