package replica

import (
	"crypto/sha256"

	"doin.network/node/chain/optimae"
)

// checkedBits says of how many outcomes that a node was not asked about it checks one: those of whose claims SHA-256(peer ":" commitment) begins
// with so many zero bits. A false outcome that n honest evaluators were not asked about stays unseen with a chance of (1 − 1/4)ⁿ, where none
// of those who were asked was honest.
const checkedBits = 2

// check holds an outcome against this node's own run of the claim, where not all others were asked, and appeals against one that it
// contradicts. Who was a member has a run; of the others each makes one for some outcomes.
func (a *agent) check(d optimae.State, c *optimae.Claim) {
	rules := a.m.net.Rules().Domains[c.Domain]
	p, registered := optimae.Registered(d, a.m.peer)
	if rules.Radius > 0 || c.Author == a.m.peer || !registered || p.Out || !a.m.cfg.Domains[c.Domain].Evaluate {
		return
	}
	at := draw{c.Commitment, c.DrawHash}
	r := a.runs[at]
	switch {
	case r == nil && a.checks(c):
		effect, err := a.rerun(d, c)
		if err != nil {
			return
		}
		a.runs[at] = &run{domain: c.Domain, asked: true, check: true}
		a.queue = append(a.queue, &job{draw: at, effect: effect, author: c.Author})
	case r != nil && r.finding != nil && !r.appealed && !c.Says(*r.finding):
		a.appeal(d, c, r)
	}
}

// checks reports whether this node is one of those who check a claim's outcome without having been asked.
func (a *agent) checks(c *optimae.Claim) bool {
	sum := sha256.Sum256(append([]byte(a.m.peer+":"), c.Commitment[:]...))
	return sum[0]>>(8-checkedBits) == 0
}

// appeal asks for a jury.
func (a *agent) appeal(d optimae.State, c *optimae.Claim, r *run) {
	deposit := optimae.AppealDeposit(a.totals(d))
	if has := optimae.Balance(d, a.m.peer); has < deposit {
		a.m.notice(true, "an outcome contradicts this node's own run, and there is no money for an appeal", "domain", c.Domain, "optimae", short(c.Commitment),
			"balance", has, "deposit", deposit)
		r.appealed = true
		return
	}
	r.appealed = true
	a.m.say(&optimae.Appeal{Commitment: c.Commitment, Draw: c.DrawHash, Hash: a.m.net.Rules().VoteHash(c.Commitment, c.DrawHash, a.m.peer, *r.finding)})
	a.m.notice(true, "appealing against an outcome that this node's own run contradicts", "domain", c.Domain, "optimae", short(c.Commitment),
		"outcome", c.Performance, "here", r.finding.Performance)
}

// judge votes in a jury about the claim with the seeds of its first draw: who has run it says what it found then.
func (a *agent) judge(d optimae.State, c *optimae.Claim) {
	at := draw{c.Commitment, c.Appeal.Draw}
	if first := a.runs[draw{c.Commitment, c.DrawHash}]; a.runs[at] == nil && first != nil && first.finding != nil {
		r := &run{domain: c.Domain, asked: true}
		a.runs[at] = r
		a.conclude(at, r, *first.finding)
		return
	}
	a.verify(d, c, at, c.Appeal.Votes)
}
