package optimae

import (
	"crypto/sha256"
	"slices"
)

// UnsealWindow is how many slots the members of a domain whose results agree within a radius have to show their votes.
const UnsealWindow = 60

// Unseal shows what a member's vote hides in a domain whose results agree within a radius.
type Unseal struct {
	Commitment, Draw ID
	Performance      float64
	Salt             ID
}

func (m *Unseal) code(c *codec) {
	c.fixed(m.Commitment[:])
	c.fixed(m.Draw[:])
	c.finite(&m.Performance)
	c.fixed(m.Salt[:])
}

// SealHash is what a member's vote publishes in such a domain: SHA-256 over the pre-image of kind "optimae-seal", commitment, hash of
// the draw's block, length of the member's id in two bytes and the id, performance and 32 random bytes.
func (r *Rules) SealHash(commitment, draw ID, member string, performance float64, salt ID) ID {
	c := &codec{b: preimage("optimae-seal", r.Network)}
	c.fixed(commitment[:])
	c.fixed(draw[:])
	c.text(&member, maxName)
	c.finite(&performance)
	c.fixed(salt[:])
	return sha256.Sum256(c.b)
}

// unseal takes what a vote hides, once.
func (b *Block) unseal(from string, u *Unseal) error {
	m, err := b.find(u.Commitment)
	switch {
	case err != nil:
		return err
	case b.rules.Domains[m.Domain].Radius == 0 || m.Phase != opening || m.DrawHash != u.Draw:
		return refuse("claim %s has no votes to be shown", short(u.Commitment))
	}
	var v ballot
	if !load(b.state, voteKey(m.Commitment, from), &v) || v.Kind != finding || v.Shown ||
		v.Hash != b.rules.SealHash(m.Commitment, m.DrawHash, from, u.Performance, u.Salt) {
		return refuse("not what the vote about claim %s hides", short(m.Commitment))
	}
	v.Shown, v.Performance = true, u.Performance
	save(b.state, voteKey(m.Commitment, from), &v)
	b.active(from)
	return nil
}

// shown reports whether all have shown their votes who have any, those beside the members too.
func (b *Block) shown(m *Claim) bool {
	return !slices.ContainsFunc(b.ballots(m, slices.Concat(m.Members, m.Beside)), func(v *ballot) bool {
		return v != nil && v.Kind == finding && !v.Shown
	})
}

// gather decides a claim by the lower median of the votes that are shown, if ⌈2k/3⌉ of the members are within the radius of it, and
// reports whether the claim is over. A vote that is not shown is none. Who is further away is wrong by chance, and not charged.
func (b *Block) gather(m *Claim) bool {
	votes := b.ballots(m, m.Members)
	var list []float64
	for _, v := range votes {
		if v != nil && v.Shown {
			list = append(list, v.Performance)
		}
	}
	if len(list) == 0 {
		return b.undecided(m)
	}
	slices.Sort(list)
	median := list[(len(list)-1)/2]
	radius := b.rules.Domains[m.Domain].Radius
	near := func(v *ballot) bool {
		return v != nil && v.Shown && v.Performance-median <= radius && median-v.Performance <= radius
	}
	var agree []string
	within := 0
	for i, v := range votes {
		if near(v) {
			agree = append(agree, m.Members[i])
			within += b.tolerated(v)
		}
	}
	if len(agree) < b.enough(m) {
		return b.undecided(m)
	}
	b.stand(agree, agreed)
	for i, v := range b.ballots(m, m.Beside) {
		if near(v) {
			b.move(m.Beside[i], agreed)
		}
	}
	b.heard(m)
	m.Performance = median
	return b.decide(m, agree, b.rules.Domains[m.Domain].Synthetic && 2*within <= len(agree))
}
