package optimae

import (
	"errors"
	"slices"

	"doin.network/node/chain/consensus"
)

// Kinds of ballots.
const (
	finding uint8 = iota
	refusal
	abstention
)

// ballot is what a member said.
type ballot struct {
	Kind             uint8
	Hash             ID
	Score, Incumbent float64
	Shown            bool // in a domain with a radius: Performance is what it hides
	Performance      float64
}

func (v *ballot) code(c *codec) {
	c.small(&v.Kind, abstention)
	c.fixed(v.Hash[:])
	c.finite(&v.Score)
	c.finite(&v.Incumbent)
	c.truth(&v.Shown)
	c.finite(&v.Performance)
}

// vote takes a member's word, once.
func (b *Block) vote(from string, commitment, draw ID, v *ballot) error {
	m, err := b.find(commitment)
	switch {
	case err != nil:
		return err
	case m.Phase == decided && m.Appeal.State == juryVoting && draw == m.Appeal.Draw:
		return b.juror(from, m, v)
	case m.Phase != voting:
		return refuse("claim %s takes no votes", short(commitment))
	case m.DrawHash != draw:
		return refuse("claim %s has another draw", short(commitment))
	case !slices.Contains(m.Members, from) && !slices.Contains(m.Beside, from):
		return refuse("no member of claim %s", short(commitment))
	case load(b.state, voteKey(commitment, from), new(ballot)):
		return refuse("a second vote about claim %s", short(commitment))
	}
	save(b.state, voteKey(commitment, from), v)
	b.active(from)
	return nil
}

// juror takes the word of a member of a jury, once.
func (b *Block) juror(from string, m *Claim, v *ballot) error {
	k := voteKey(m.Appeal.Votes, from)
	if !slices.Contains(m.Appeal.Jury, from) || load(b.state, k, new(ballot)) {
		return refuse("no member of the jury of claim %s, or a second vote", short(m.Commitment))
	}
	save(b.state, k, v)
	b.active(from)
	return nil
}

// ballots returns what peers said about a claim, in their order; nil for who said nothing.
func (b *Block) ballots(m *Claim, peers []string) []*ballot { return b.said(m.Commitment, peers) }

// said is ballots of votes under a name: a commitment, or an appeal's.
func (b *Block) said(votes ID, peers []string) []*ballot {
	all := make([]*ballot, len(peers))
	for i, peer := range peers {
		v := new(ballot)
		if load(b.state, voteKey(votes, peer), v) {
			all[i] = v
		}
	}
	return all
}

// heardBeside reports whether all have spoken who vote beside the members.
func (b *Block) heardBeside(m *Claim) bool { return !slices.Contains(b.ballots(m, m.Beside), nil) }

// count returns how many members have spoken, and how many of them refused.
func (b *Block) count(m *Claim) (cast, refusals int) {
	for _, v := range b.ballots(m, m.Members) {
		if v != nil {
			cast++
			if v.Kind == refusal {
				refusals++
			}
		}
	}
	return cast, refusals
}

// enough is how many must agree: ⌈2k/3⌉ of the members, whoever is silent, and at least the network's least quorum. A member
// alone with the claim, its author under solo, is enough.
func (b *Block) enough(m *Claim) int {
	least := b.rules.QuorumMin
	if least == 0 {
		least = 2
		if m.Evaluators <= 3 {
			least = 1
		}
	}
	if m.Solo {
		least = 1
	}
	return max(thirds(len(m.Members)), least)
}

// reveals decides a claim, if ⌈2k/3⌉ votes hash to what it says.
func (b *Block) reveals(from string, o *Open) error {
	m, err := b.find(o.Commitment)
	switch {
	case err != nil:
		return err
	case m.Phase == decided && m.Appeal.State == juryOpening && o.Draw == m.Appeal.Draw && load(b.state, peerKey(from), new(Peer)):
		return b.verdict(m, o)
	case m.Phase != opening || b.rules.Domains[m.Domain].Radius > 0:
		return refuse("claim %s is not to be opened", short(o.Commitment))
	case m.DrawHash != o.Draw:
		return refuse("claim %s has another draw", short(o.Commitment))
	case !load(b.state, peerKey(from), new(Peer)):
		return refuse("opened by nobody registered")
	}
	var agree, differ []string
	within := 0
	says := func(v *ballot, peer string) bool {
		return v.Kind == finding && v.Hash == b.rules.VoteHash(m.Commitment, m.DrawHash, peer, o.Finding)
	}
	for i, v := range b.ballots(m, m.Members) {
		switch {
		case v == nil || v.Kind == abstention:
		case says(v, m.Members[i]):
			agree = append(agree, m.Members[i])
			within += b.tolerated(v)
		default:
			differ = append(differ, m.Members[i])
		}
	}
	if len(agree) < b.enough(m) {
		return refuse("%d of %d votes about claim %s hash to it, want %d", len(agree), len(m.Members), short(m.Commitment), b.enough(m))
	}
	b.stand(agree, agreed)
	b.stand(differ, -contradicted)
	for i, v := range b.ballots(m, m.Beside) {
		switch peer := m.Beside[i]; {
		case v == nil || v.Kind == abstention:
		case says(v, peer):
			b.move(peer, agreed)
		default:
			b.move(peer, -contradicted)
		}
	}
	b.heard(m)
	m.Digest, m.Performance, m.Sums = o.Finding.Digest, o.Finding.Performance, o.Finding.Sums
	b.decide(m, agree, b.rules.Domains[m.Domain].Synthetic && 2*within <= len(agree))
	return nil
}

// tolerated is 1 for a vote whose score on synthetic data is near enough to the incumbent's, else 0.
func (b *Block) tolerated(v *ballot) int {
	if consensus.Tolerates(v.Score, v.Incumbent, b.rules.Tolerance) {
		return 1
	}
	return 0
}

// stand moves the reputation of peers.
func (b *Block) stand(peers []string, by int64) {
	for _, peer := range peers {
		b.move(peer, by)
	}
}

// heard counts, when a claim is decided, who of its members said nothing. Who votes beside is a member of the domain again.
func (b *Block) heard(m *Claim) {
	peers := slices.Concat(m.Members, m.Beside)
	for i, v := range b.ballots(m, peers) {
		var p Peer
		load(b.state, peerKey(peers[i]), &p)
		at := slices.Index(p.Domains, m.Domain)
		if at < 0 {
			continue
		}
		missed := byte(0)
		if v == nil || v.Kind == finding && !v.Shown && b.rules.Domains[m.Domain].Radius > 0 {
			v, missed = nil, min(p.Missed[at]+1, silentClaims)
		}
		if v == nil && i >= len(m.Members) || missed == p.Missed[at] {
			continue
		}
		p.Missed[at] = missed
		savePeer(b.state, peers[i], &p)
	}
}

// decide derives the outcome of a claim that has been reproduced, and reports whether the claim is over.
func (b *Block) decide(m *Claim, agree []string, beyondTolerance bool) bool {
	rules := b.rules.Domains[m.Domain]
	_, err := rules.Wins(m.Base, m.Performance, m.HasBase, m.Sums)
	switch {
	case errors.Is(err, consensus.ErrLoses):
		return b.fail(m, agree, NotBetter)
	case beyondTolerance:
		over := b.undecided(m)
		if !over {
			save(b.state, claimKey(m.Seq), m)
		}
		return over
	}
	m.Voters = agree
	b.rank(m)
	b.release(m, nil, 0, 0)
	b.over(m)
	b.say(m, Result(m.Result), 0)
	m.Phase, m.DecidedHeight, m.DecidedSlot, m.Past = decided, b.ctx.Height, b.ctx.Slot, 0
	if m.All {
		b.forget(m)
	}
	save(b.state, claimKey(m.Seq), m)
	return false
}

// rank makes a claim that wins over its base the champion, unless another one has come meanwhile that it does not win over.
func (b *Block) rank(m *Claim) {
	rules := b.rules.Domains[m.Domain]
	var d Domain
	load(b.state, domainKey(m.Domain), &d)
	m.Over = d.Champion != m.BaseClaim &&
		(m.Performance <= d.Best || consensus.RawIncrement(d.Best, m.Performance, rules.PerformanceScale) < rules.MinIncrement)
	b.move(m.Author, improved)
	if m.Result = uint8(Overtaken); m.Over {
		return
	}
	m.Result = uint8(Accepted)
	m.HadBefore, m.BestBefore, m.ChampionBefore = d.HasBest, d.Best, d.Champion
	d.HasBest, d.Best, d.Champion = true, m.Performance, m.Commitment
	save(b.state, domainKey(m.Domain), &d)
}

// end takes a claim off the chain that earns nothing.
func (b *Block) end(m *Claim, r Result) {
	b.forget(m)
	b.over(m)
	b.say(m, r, 0)
	b.state.Delete(claimKey(m.Seq))
}

// refused ends a claim that is beyond the limits: its deposit goes to those who said so, what cannot be divided burns.
func (b *Block) refused(m *Claim) bool {
	var agree []string
	b.heard(m)
	for i, v := range b.ballots(m, m.Members) {
		if v != nil && v.Kind == refusal {
			agree = append(agree, m.Members[i])
		}
	}
	return b.fail(m, agree, Refused)
}

// fail ends a claim that earns nothing, and reports whether it is over: what can be appealed against waits with its deposit.
func (b *Block) fail(m *Claim, agree []string, r Result) bool {
	b.over(m)
	b.say(m, r, 0)
	m.Phase, m.Voters, m.Result, m.DecidedHeight, m.DecidedSlot, m.Past = decided, agree, uint8(r), b.ctx.Height, b.ctx.Slot, 0
	save(b.state, claimKey(m.Seq), m)
	if m.All {
		b.fine(m)
	}
	return m.All
}

// fine shares the deposit of a claim that has failed, if it is still there, and forgets the claim.
func (b *Block) fine(m *Claim) {
	n := int64(len(m.Voters))
	switch {
	case m.Deposit == 0:
	case Result(m.Result) == Refused:
		b.release(m, m.Voters, m.Deposit/n, m.Deposit%n)
	default:
		b.release(m, m.Voters, m.Deposit/2/n, 0)
	}
	b.forget(m)
	b.state.Delete(claimKey(m.Seq))
}

// undecided draws a claim a second time, or ends it as void the second time. It reports whether it is over.
func (b *Block) undecided(m *Claim) bool {
	if m.Round == 0 {
		b.forget(m)
		m.Round, m.Phase, m.DrawFrom, m.DrawHeight, m.Begun, m.Past, m.Members, m.Beside = 1, waiting, b.ctx.Height, 0, 0, 0, nil, nil
		b.say(m, Redrawn, 0)
		return false
	}
	var first published
	if load(b.state, recipeKey(m.Domain, m.Recipe), &first) && first.Seq == m.Seq {
		b.state.Delete(recipeKey(m.Domain, m.Recipe))
	}
	b.release(m, nil, 0, 0)
	b.end(m, Void)
	return true
}
