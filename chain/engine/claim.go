package engine

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/task"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// commitKey: one hash may have several committers, so that nobody can squat on another's.
type commitKey struct{ hash, sender string }

type commit struct {
	domain, anchor string
	before         string // anchor of the commit that this one took the place of, "" for none
	received       int64
	revealed       bool
}

// anchored reports whether a reveal may be anchored so: commits of one hash can overtake each other on their way.
func (c *commit) anchored(anchor string) bool {
	return anchor == c.anchor || c.before != "" && anchor == c.before
}

// claim is one revealed optimae on its way to acceptance or rejection.
type claim struct {
	st        *consensus.Statement
	reveal    *chain.Message
	metrics   *canon.Object
	base      *protocol.Recipe // what its sums are against; nil: the baseline
	received  int64
	members   []string
	votes     map[string]*chain.Vote
	own       *proposal // nil: somebody else's
	evaluated bool      // by this node
	recorded  bool      // its acceptance or rejection is in the pool
	bytes     int       // of memory that it takes
	taskID    string
}

func (c *claim) isMember(id string) bool { return slices.Contains(c.members, id) }

// receiveCommit remembers a commitment. One that was not revealed may be made again at a newer block: a node that was
// stopped in between repeats its confirming run with the same nonce.
func (e *Engine) receiveCommit(sender string, a *announcedCommit) error {
	if !e.tip.Running(a.domain) {
		// It was there at its author's tip, if that is honest: a block that is still to come here may have added it.
		if _, closed := e.tip.Rule(a.domain); closed || e.rules.MayAdd && e.tip.RecentAt(a.anchor) == nil {
			return late("domain %q is closed or not known yet", a.domain)
		}
		return fmt.Errorf("unknown domain %q", a.domain)
	}
	k := commitKey{a.hash, sender}
	was := e.commits[k]
	if was != nil && (was.revealed || was.domain != a.domain || was.anchored(a.anchor)) {
		return late("commit is known")
	}
	// Our tip may be ahead of the sender's or behind it; only an anchor we know to be old is refused.
	if r := e.tip.RecentAt(a.anchor); r != nil && r.Height < e.tip.Height-2*consensus.MaxAnchorAge {
		return late("anchor at %d, tip at %d", r.Height, e.tip.Height)
	}
	stranger := e.known(sender) == ""
	if !stranger && !e.allow(sender) {
		return errors.New("too many commits in a minute")
	}
	before := ""
	if was != nil {
		before = was.anchor
	} else {
		if !stranger && len(e.commits) >= 10*e.cfg.MaxClaims {
			return late("too many open commits")
		}
		e.hidden++
	}
	if stranger {
		e.arrive(k)
	}
	e.commits[k] = &commit{domain: a.domain, anchor: a.anchor, before: before, received: e.now}
	return nil
}

func (e *Engine) forgetCommit(k commitKey, c *commit) {
	if !c.revealed {
		e.hidden--
	}
	delete(e.commits, k)
}

func (e *Engine) receiveReveal(m *chain.Message, r *revealed) error {
	st := r.st
	c := e.commits[commitKey{st.OptimaeID, m.SenderID}]
	switch {
	case e.claims[st.OptimaeID] != nil || e.tip.Settled(st.OptimaeID):
		return late("reveal is known")
	case c == nil:
		return late("reveal without a commit")
	case c.revealed:
		return late("revealed already")
	case c.domain == st.DomainID && c.before != "" && !c.anchored(st.Anchor):
		return late("reveal of an earlier commit")
	case c.domain != st.DomainID || !c.anchored(st.Anchor):
		return errors.New("reveal differs from its commit in domain or anchor")
	case e.now-c.received > e.cfg.CommitMaxAge:
		return late("commit has expired")
	case r.bytes > maxStrangersBytes && e.known(m.SenderID) == "":
		return late("a claim of %d bytes of somebody whom the chain does not know", r.bytes)
	}
	members, ok := e.tip.Members(st.Anchor, st.OptimaeID, st.OptimizerID)
	basis := e.basis(st.DomainID, st.Base)
	if !ok || basis == unknownBase { // our chain may be behind
		e.park(m, r)
		return late("anchor %.12s or base %.12s is not in our chain", st.Anchor, st.Base)
	}
	c.revealed = true
	e.hidden--
	if e.known(m.SenderID) == "" {
		if _, err := e.promises(st, basis); err != nil { // it takes nobody's place
			return err
		}
		if !e.enters(m, r, e.cfg.Domains[st.DomainID].Evaluate && slices.Contains(members, e.key.PeerID())) {
			return late("too many claims of strangers, this one was not drawn")
		}
	}
	return e.admit(m, r, members, basis)
}

// admit opens a claim whose commit and reveal agree, if it promises something.
func (e *Engine) admit(m *chain.Message, r *revealed, members []string, basis basis) error {
	st := r.st
	base, err := e.promises(st, basis)
	if err != nil {
		return err
	}
	if len(e.claims) >= e.cfg.MaxClaims {
		return late("too many open claims")
	}
	if of := e.claimBytes(m.SenderID); of > 0 && of+r.bytes > maxClaimBytesOf {
		return late("open claims of their author take %d bytes", of)
	}
	cl := &claim{st: st, reveal: m, metrics: r.metrics, base: base, received: e.now, members: members, votes: map[string]*chain.Vote{}, bytes: r.bytes}
	e.openClaim(cl)
	e.verify(cl)
	e.countEarly(cl)
	return nil
}

// Bounds of the memory that revealed claims take: those of one author that are open, and one of an author whom the chain does not
// know, of which a hundred and more may be kept. A number of a recipe takes some 80 bytes.
const (
	maxClaimBytesOf   = 32 << 20
	maxStrangersBytes = 256 << 10
)

// claimBytes is how much memory an author's open claims take.
func (e *Engine) claimBytes(author string) (bytes int) {
	for _, c := range e.claims {
		if c.st.OptimizerID == author {
			bytes += c.bytes
		}
	}
	return bytes
}

// promises returns what a claim is compared with, or why it cannot be accepted whatever its quorum says.
func (e *Engine) promises(st *consensus.Statement, basis basis) (base *protocol.Recipe, err error) {
	base, living := e.baseRecipe(st.DomainID, st.Base)
	switch {
	case basis == passedBase || !living:
		return nil, late("base %.12s is no longer the champion", st.Base)
	case !e.improves(st.DomainID, st.Claim.Performance):
		return nil, late("claim %v does not improve", st.Claim.Performance)
	case e.within(st):
		return nil, late("claim is within the noise of its base")
	}
	return base, nil
}

// within reports whether a claim's own sums say that it is not beyond noise, whatever its base performs.
func (e *Engine) within(st *consensus.Statement) bool {
	return e.loses(st.DomainID, st.Claim.Performance, st.Claim.Sums, best{}) != nil
}

func (e *Engine) openClaim(c *claim) {
	e.claims[c.st.OptimaeID] = c
	e.open++
	e.setRecorded(c, e.pool.HasKey(consensus.OptimaeKey(c.st.OptimaeID)))
}

// setRecorded notes whether a claim waits for votes or its record waits for a block.
func (e *Engine) setRecorded(c *claim, recorded bool) {
	switch {
	case recorded && !c.recorded:
		e.open--
	case !recorded && c.recorded:
		e.open++
	}
	c.recorded = recorded
}

// parked is a reveal that waits for the block it is anchored at or based on.
type parked struct {
	m        *chain.Message
	r        *revealed
	received int64
}

// Bounds of the reveals that wait for blocks: of all authors, and of one. Those whom the chain does not know count as one.
const (
	maxParked   = 64
	maxParkedOf = 16
)

// park keeps a reveal for later. Among those whom the chain does not know, who comes first keeps nobody out: where their places are
// taken, a new one takes one that nobody can choose from outside.
func (e *Engine) park(m *chain.Message, r *revealed) {
	author := e.known(m.SenderID)
	var of []int // places of the author's
	for i, p := range e.parked {
		if p.r.st.OptimaeID == r.st.OptimaeID && p.m.SenderID == m.SenderID {
			e.parked[i].m, e.parked[i].r = m, r // of a commit that was made again: the last one counts
			return
		}
		if e.known(p.m.SenderID) == author {
			of = append(of, i)
		}
	}
	switch p := (parked{m, r, e.now}); {
	case len(of) < maxParkedOf && len(e.parked) < maxParked:
		e.parked = append(e.parked, p)
	case author == "" && len(of) > 0:
		e.parked[of[e.place(r.st.OptimaeID, len(of))]] = p
	}
}

// unpark looks again at reveals whose anchor or base was not in our chain. They stay parked until it is, or their commit
// expires.
func (e *Engine) unpark() {
	list := e.parked
	e.parked = nil
	for _, p := range list {
		e.penalize(p.m.SenderID, e.receiveReveal(p.m, p.r))
	}
}

// early are votes that came before their reveal.
type early struct {
	votes    []*chain.Vote
	received int64
}

func (e *Engine) countEarly(c *claim) {
	for _, v := range e.early[c.st.OptimaeID].votes {
		e.penalize(v.EvaluatorID, e.addVote(c, v))
	}
	e.forgetEarly(c.st.OptimaeID)
}

// forgetEarly forgets the votes about an optimae that came before its reveal.
func (e *Engine) forgetEarly(id string) {
	for _, v := range e.early[id].votes {
		if e.earlyOf[v.EvaluatorID]--; e.earlyOf[v.EvaluatorID] == 0 {
			delete(e.earlyOf, v.EvaluatorID)
		}
	}
	delete(e.early, id)
}

// verify queues the re-run of a claim, if this node has anything to do with its domain.
func (e *Engine) verify(c *claim) {
	role := e.cfg.Domains[c.st.DomainID]
	member := role.Evaluate && c.isMember(e.key.PeerID())
	if !member && !role.Optimize && !role.Evaluate {
		return
	}
	j := &job{st: c.st, domain: c.st.DomainID, parameters: c.st.Parameters, optimae: c.st.OptimaeID,
		base: c.base}
	if member {
		j.synthetic = e.synthetic(c.st.OptimaeID, c.st.DomainID, c.st.Anchor)
	}
	t := &task.Task{
		Type: task.Verification, DomainID: c.st.DomainID, RequesterID: c.st.OptimizerID, Parameters: c.st.Parameters,
		OptimaeID: c.st.OptimaeID, ReportedPerformance: &c.st.Claim.Performance,
		Status: task.Pending, CreatedAt: timestamp.FromMicro(e.now), Priority: task.PriorityVerification,
	}
	t.ID = t.ComputeID()
	if err := e.tasks.Add(t); err == nil {
		c.taskID, j.task = t.ID, t.ID
	}
	e.enqueue(j)
}

// synthetic says on which data this node scores challenger and incumbent.
func (e *Engine) synthetic(optimae, domain, anchor string) *protocol.Synthetic {
	s := &protocol.Synthetic{Seed: chain.DeterministicSeed(optimae, domain, chain.SyntheticSalt(e.key.PeerID(), anchor))}
	if c := e.storedChampion(domain); c != nil {
		s.Incumbent = &c.Recipe
	}
	return s
}

// verified handles the end of a re-run.
func (e *Engine) verified(j *job, o protocol.Outcome, err error) {
	c := e.claims[j.optimae]
	rule := e.rule(j.domain)
	equal := err == nil && rule.Same(j.st.Claim, claimOf(o))
	if c != nil {
		c.evaluated = true
	}
	switch {
	case c == nil: // settled meanwhile: nothing to vote on, but what was reproduced can still migrate
	case errors.Is(err, protocol.ErrAbstain):
		e.notice(true, "abstaining from a vote", "domain", c.st.DomainID, "optimae", short(j.optimae), "err", err)
	case err != nil && !errors.Is(err, protocol.ErrRefused):
		e.notice(true, "verification failed here", "domain", c.st.DomainID, "optimae", short(j.optimae), "err", err)
	case j.synthetic != nil && !e.syncing:
		e.vote(c, o, err)
	}
	switch {
	case equal && e.cfg.Domains[j.domain].Optimize:
		e.emit(protocol.Migrant{Domain: j.domain, OptimaeID: j.optimae, OptimizerID: j.st.OptimizerID,
			Parameters: j.parameters, Performance: o.Performance, Metrics: o.Metrics})
	case err == nil && !equal:
		e.notice(true, "claim is not reproducible", "domain", j.domain, "optimizer", short(j.st.OptimizerID),
			"claimed", j.st.Claim.Performance, "verified", o.Performance)
	}
}

// drop forgets a claim; of one of this node it is the end, at the stage.
func (e *Engine) drop(id string, stage protocol.Stage, reason string) {
	if c := e.claims[id]; c != nil {
		if c.taskID != "" && !c.evaluated {
			e.failTask(c.taskID, "settled elsewhere")
		}
		e.setRecorded(c, true)
		delete(e.claims, id)
		if c.own != nil {
			e.end(c.own, stage, reason)
		}
	}
	e.forgetEarly(id)
}

// claimOf is what a run says of its recipe.
func claimOf(o protocol.Outcome) consensus.Claim {
	return consensus.Claim{Performance: o.Performance, Digest: o.Digest, Sums: o.Sums}
}

func short(id string) string { return id[:min(12, len(id))] }
