package optimae

import (
	"crypto/sha256"
	"errors"
	"slices"

	"doin.network/node/chain/consensus"
)

// States of an appeal.
const (
	unappealed uint8 = iota
	juryDraw
	juryVoting
	juryOpening
	judged
)

// Appeal asks for another draw about a claim that has an outcome and of which not all others were members. Hash is the appellant's own
// vote, as VoteHash over the claim's first draw.
type Appeal struct{ Commitment, Draw, Hash ID }

func (m *Appeal) code(c *codec) {
	for _, v := range []*ID{&m.Commitment, &m.Draw, &m.Hash} {
		c.fixed(v[:])
	}
}

// appeal is what a claim keeps of one.
type appeal struct {
	State       uint8
	By          string
	Hash        ID    // of the appellant's vote
	Deposit     int64 // its
	Draw, Votes ID    // block of the jury's draw, and the name that its votes are under
	Jury        []string
}

func (a *appeal) code(c *codec) {
	c.small(&a.State, judged)
	c.text(&a.By, maxName)
	c.fixed(a.Hash[:])
	c.integer(&a.Deposit)
	c.fixed(a.Draw[:])
	c.fixed(a.Votes[:])
	c.texts(&a.Jury, maxMembers, maxName)
}

// appeal begins one.
func (b *Block) appeal(from string, a *Appeal) (Receipt, error) {
	m, err := b.find(a.Commitment)
	deposit := AppealDeposit(&b.t)
	var p Peer
	switch {
	case err != nil:
		return Receipt{}, err
	case m.Phase != decided || m.All || m.Appeal.State != unappealed || m.Past >= pastBlocks || m.DrawHash != a.Draw ||
		b.rules.Domains[m.Domain].Radius > 0:
		return Receipt{}, refuse("claim %s has no outcome to appeal against", short(a.Commitment))
	case from == m.Author || !load(b.state, peerKey(from), &p) || p.Out:
		return Receipt{}, refuse("an appeal of nobody registered, or of the author")
	case b.has(from) < deposit:
		return Receipt{}, refuse("a balance of %d, and the deposit is %d", b.has(from), deposit)
	}
	b.credit(from, -deposit)
	b.t.Escrow += deposit
	m.Appeal = appeal{State: juryDraw, By: from, Hash: a.Hash, Deposit: deposit}
	m.DrawFrom, m.Builders, m.Past = b.ctx.Height, nil, 0
	save(b.state, claimKey(m.Seq), m)
	return Receipt{Deposit: deposit}, nil
}

// try moves an appeal on by one block.
func (b *Block) try(m *Claim) {
	a := &m.Appeal
	switch a.State {
	case juryDraw:
		if b.ctx.Height == m.DrawFrom || !b.built(m) {
			return
		}
		a.Draw, m.Builders = b.ctx.Hash, nil
		a.Votes = sha256.Sum256(slices.Concat(m.Commitment[:], a.Draw[:]))
		others := slices.DeleteFunc(listed(b.state, electedKey(m.Domain, "")), func(peer string) bool { return peer == m.Author })
		a.Jury, _ = (&Claim{Commitment: m.Commitment, Beacon: b.ctx.Beacon}).lowest(others, maxMembers)
		a.State, m.Begun, m.Past = juryVoting, b.ctx.Slot, 0
	case juryVoting:
		votes := b.said(a.Votes, a.Jury)
		if !slices.Contains(votes, nil) || b.closed(m, m.Begun+b.rules.Domains[m.Domain].VerifyWindow) {
			a.State, m.Begun, m.Past = juryOpening, b.ctx.Slot, 0
		}
	case juryOpening:
		if b.closed(m, m.Begun+OpeningWindow) {
			b.credit(a.By, a.Deposit)
			b.judge(m)
		}
	}
}

// judge ends an appeal, whose deposit has gone where it belongs.
func (b *Block) judge(m *Claim) {
	a := &m.Appeal
	b.t.Escrow -= a.Deposit
	for _, k := range b.under(votesKey(a.Votes)) {
		b.state.Delete(k)
	}
	*a = appeal{State: judged}
	m.DecidedHeight, m.Past = b.ctx.Height, 0
}

// verdict takes an opening of the jury's votes: ⌈2k/3⌉ of it decide who was right, and what became of the claim.
func (b *Block) verdict(m *Claim, o *Open) error {
	a := &m.Appeal
	var right, wrong []string
	sort := func(draw, votes ID, peers []string) {
		for i, v := range b.said(votes, peers) {
			switch {
			case v == nil || v.Kind == abstention:
			case v.Kind == finding && v.Hash == b.rules.VoteHash(m.Commitment, draw, peers[i], o.Finding):
				right = append(right, peers[i])
			default:
				wrong = append(wrong, peers[i])
			}
		}
	}
	sort(a.Draw, a.Votes, a.Jury)
	jury := right
	if least := thirds(len(a.Jury)); len(jury) == 0 || len(jury) < least {
		return refuse("%d of %d votes of the jury hash to it, want %d", len(jury), len(a.Jury), least)
	}
	sort(m.DrawHash, m.Commitment, m.Members)
	pot := int64(0)
	liable := a.Hash != b.rules.VoteHash(m.Commitment, m.DrawHash, a.By, o.Finding)
	if liable {
		pot = a.Deposit
	} else {
		right = append(right, a.By)
		b.credit(a.By, a.Deposit)
	}
	slices.Sort(right)
	slices.Sort(wrong)
	right, wrong = slices.Compact(right), slices.Compact(wrong)
	for _, peer := range wrong {
		pot += b.charge(peer)
	}
	// Who was wrong once shares nothing, though it was right in the jury.
	right = slices.DeleteFunc(right, func(peer string) bool { return slices.Contains(wrong, peer) || liable && peer == a.By })
	for _, peer := range right {
		b.credit(peer, pot/int64(len(right)))
	}
	b.book.Burn(pot - pot/int64(max(1, len(right)))*int64(len(right)))
	found := Finding{m.Digest, m.Performance, m.Sums}
	b.judge(m)
	if Result(m.Result) == Refused || found != o.Finding {
		b.annul(m, jury, o.Finding)
	}
	save(b.state, claimKey(m.Seq), m)
	return nil
}

// charge takes a tenth of a stake.
func (b *Block) charge(peer string) int64 {
	var p Peer
	load(b.state, peerKey(peer), &p)
	units := min(p.Full/10, p.Stake)
	if units > 0 {
		p.Stake -= units
		b.t.Stakes -= units
		savePeer(b.state, peer, &p)
		b.move(peer, -contradicted)
	}
	return units
}

// annul puts what the jury found in place of an outcome. A champion gives way to the one before it if it still is the champion; the
// claim's deposit goes back, and those of the claims judged against it that have not settled.
func (b *Block) annul(m *Claim, jury []string, f Finding) {
	var d Domain
	load(b.state, domainKey(m.Domain), &d)
	if Result(m.Result) == Accepted {
		b.move(m.Author, -improved)
		if d.Champion == m.Commitment {
			d.HasBest, d.Best, d.Champion = m.HadBefore, m.BestBefore, m.ChampionBefore
			save(b.state, domainKey(m.Domain), &d)
		}
		for _, other := range b.open() {
			if other.Domain == m.Domain && other.Phase == decided && other.BaseClaim == m.Commitment && Result(other.Result) == NotBetter {
				b.release(other, nil, 0, 0)
				save(b.state, claimKey(other.Seq), other)
			}
		}
	}
	b.release(m, nil, 0, 0)
	m.Digest, m.Performance, m.Sums, m.Voters = f.Digest, f.Performance, f.Sums, jury
	rules := b.rules.Domains[m.Domain]
	_, err := rules.Wins(m.Base, m.Performance, m.HasBase, m.Sums)
	m.Result = uint8(NotBetter)
	if !errors.Is(err, consensus.ErrLoses) {
		b.rank(m)
	}
	b.say(m, Result(m.Result), 0)
}
