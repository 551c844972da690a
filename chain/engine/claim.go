package engine

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/task"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// commitKey: one hash may have several committers, so that nobody can squat on another's.
type commitKey struct{ hash, sender string }

type commit struct {
	domain, anchor string
	received       int64
	revealed       bool
}

// claim is one revealed optimae on its way to acceptance or rejection.
type claim struct {
	st         *consensus.Statement
	reveal     *chain.Message
	experiment *canon.Object
	metrics    *canon.Object
	received   int64
	members    []string
	votes      map[string]*chain.Vote
	own        bool
	evaluated  bool // by this node
	accepted   bool // an acceptance is in the pool
	rejected   bool // a rejection is in the pool
	taskID     string
}

func (c *claim) isMember(id string) bool { return slices.Contains(c.members, id) }

func (e *Engine) receiveCommit(m *chain.Message) error {
	a, err := parseCommit(m)
	if err != nil {
		return err
	}
	hash, domain, anchor := a.hash, a.domain, a.anchor
	if _, ok := e.rules.Domains[domain]; !ok {
		return fmt.Errorf("unknown domain %q", domain)
	}
	k := commitKey{hash, m.SenderID}
	if e.commits[k] != nil {
		return late("commit is known")
	}
	// Our tip may be ahead of the sender's or behind it; only an anchor we know to be old is refused.
	if r := e.tip.RecentAt(anchor); r != nil && r.Height < e.tip.Height-2*consensus.MaxAnchorAge {
		return late("anchor at %d, tip at %d", r.Height, e.tip.Height)
	}
	if !e.allow(m.SenderID) {
		if !e.registered(m.SenderID) { // it may be others' flood
			return late("too many commits of strangers in a minute")
		}
		return errors.New("too many commits in a minute")
	}
	if len(e.commits) >= 10*e.cfg.MaxClaims {
		return late("too many open commits")
	}
	e.commits[k] = &commit{domain: domain, anchor: anchor, received: e.now}
	return nil
}

func (e *Engine) receiveReveal(m *chain.Message) error {
	st, err := consensus.ParseReveal(m)
	if err != nil {
		return err
	}
	c := e.commits[commitKey{st.OptimaeID, m.SenderID}]
	switch {
	case e.claims[st.OptimaeID] != nil || e.tip.Settled(st.OptimaeID):
		return late("reveal is known")
	case c == nil:
		return late("reveal without a commit")
	case c.revealed:
		return late("revealed already")
	case c.domain != st.DomainID || c.anchor != st.Anchor:
		return errors.New("reveal differs from its commit in domain or anchor")
	case e.now-c.received > e.cfg.CommitMaxAge:
		return late("commit has expired")
	}
	c.revealed = true
	if !e.improves(st.DomainID, st.Claim.Performance) {
		return late("claim %v does not improve", st.Claim.Performance)
	}
	members, ok := e.tip.Members(st.Anchor, st.OptimaeID, st.OptimizerID)
	if !ok { // our chain may be behind: the reveal is looked at again with the next block
		if len(e.parked) < maxParked {
			c.revealed = false
			e.parked = append(e.parked, m)
		}
		return late("anchor %.12s is not in our chain", st.Anchor)
	}
	if len(e.claims) >= e.cfg.MaxClaims {
		return late("too many open claims")
	}
	cl := &claim{st: st, reveal: m, received: e.now, members: members, votes: map[string]*chain.Vote{}}
	if cl.metrics, err = m.Payload.ObjectOr("champion_metrics", nil); err != nil {
		return err
	}
	e.claims[st.OptimaeID] = cl
	e.verify(cl)
	e.countEarly(cl)
	return nil
}

// maxParked bounds the reveals that wait for the block they are anchored at.
const maxParked = 64

// unpark looks again at reveals whose anchor was not in our chain. They stay parked until it is, or their commit expires.
func (e *Engine) unpark() {
	parked := e.parked
	e.parked = nil
	for _, m := range parked {
		if err := e.receiveReveal(m); err != nil && !errors.Is(err, ErrLate) {
			e.emit(Penalize{Peer: m.SenderID, Reason: err.Error()})
		}
	}
}

// early are votes that came before their reveal.
type early struct {
	votes    []*chain.Vote
	received int64
}

func (e *Engine) countEarly(c *claim) {
	for _, v := range e.early[c.st.OptimaeID].votes {
		if err := e.addVote(c, v); err != nil {
			e.emit(Penalize{Peer: v.EvaluatorID, Reason: err.Error()})
		}
	}
	delete(e.early, c.st.OptimaeID)
}

// verify queues the re-run of a claim, if this node has anything to do with its domain.
func (e *Engine) verify(c *claim) {
	role := e.cfg.Domains[c.st.DomainID]
	member := role.Evaluate && c.isMember(e.key.PeerID())
	if !member && !role.Optimize && !role.Evaluate {
		return
	}
	j := &job{kind: jobVerify, st: c.st, domain: c.st.DomainID, parameters: c.st.Parameters, optimae: c.st.OptimaeID,
		seed: chain.TrainingSeed(c.st.DomainID, c.st.OptimaeID, 0)}
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
	// A round waits for what came before its own reveal was out. Without that limit, reveals that come faster than
	// this node can re-run them would keep it in one round for ever.
	if r := e.rounds[c.st.DomainID]; r != nil && r.phase != closing {
		j.round = true
		r.waiting++
	}
	e.enqueue(j)
}

// synthetic says on which data this node scores challenger and incumbent.
func (e *Engine) synthetic(optimae, domain, anchor string) *Synthetic {
	s := &Synthetic{Seed: chain.DeterministicSeed(optimae, domain, chain.SyntheticSalt(e.key.PeerID(), anchor))}
	if d := e.tip.Domains[domain]; d.HasBest {
		if p, err := canon.ParseObject(d.Parameters); err == nil {
			s.Incumbent, s.IncumbentSeed = p, chain.TrainingSeed(domain, d.OptimaeID, 0)
		}
	}
	return s
}

// verified handles the end of a re-run.
func (e *Engine) verified(j *job, o Outcome, err error) {
	c := e.claims[j.optimae]
	equal := err == nil && sameBits(o.Performance, j.st.Claim.Performance) && o.Digest == j.st.Claim.Digest
	if c != nil {
		c.evaluated = true
	}
	switch {
	case c == nil: // settled meanwhile: nothing to vote on, but what was reproduced can still migrate
	case errors.Is(err, ErrAbstain):
		e.notice(true, "abstaining from a vote", "domain", c.st.DomainID, "optimae", short(j.optimae), "err", err)
	case err != nil && !errors.Is(err, ErrInvalid):
		e.notice(true, "verification failed here", "domain", c.st.DomainID, "optimae", short(j.optimae), "err", err)
	case j.synthetic != nil:
		e.vote(c, o, err)
	}
	if err == nil && !equal {
		e.notice(true, "claim is not reproducible", "domain", j.domain, "optimizer", short(j.st.OptimizerID),
			"claimed", j.st.Claim.Performance, "verified", o.Performance)
	}
	if r := e.rounds[j.domain]; equal && r != nil && e.cfg.Domains[j.domain].Optimize {
		r.immigrants = append(r.immigrants, Immigrant{OptimaeID: j.optimae, OptimizerID: j.st.OptimizerID,
			Parameters: j.parameters, Performance: o.Performance, Metrics: o.Metrics})
	}
}

// vote signs what this node found and tells everybody.
func (e *Engine) vote(c *claim, o Outcome, err error) {
	v := &chain.Vote{OptimaeID: c.st.OptimaeID, DomainID: c.st.DomainID, EvaluatorID: e.key.PeerID(), Anchor: c.st.Anchor,
		Digest: o.Digest, VerifiedPerformance: o.Performance, SyntheticScore: o.SyntheticScore,
		IncumbentScore: o.IncumbentScore, SyntheticDataHash: o.SyntheticDataHash}
	if err != nil { // the recipe was refused: a digest nobody can have claimed
		v.Digest, v.VerifiedPerformance, v.SyntheticScore, v.IncumbentScore = consensus.RefusedDigest, 0, 0, 0
		v.SyntheticDataHash = consensus.RefusedDigest
	}
	if err := chain.SignVote(v, e.key, e.rules.Network); err != nil {
		e.notice(true, "vote not signed", "err", err)
		return
	}
	e.message(chain.MsgTaskCompleted, canon.NewObject("task_id", c.taskID, "evaluator_id", v.EvaluatorID, "domain_id", v.DomainID,
		"verified_performance", v.VerifiedPerformance, "result", nil, "optimae_id", v.OptimaeID, "vote", v.Object()))
	e.addVote(c, v)
}

func (e *Engine) receiveTask(m *chain.Message) error {
	v, err := parseVote(m)
	if err != nil || v == nil {
		return err
	}
	return e.offerVote(v)
}

// offerVote takes a vote from the network or the API.
func (e *Engine) offerVote(v *chain.Vote) error {
	if err := v.ValidateBasic(); err != nil {
		return err
	}
	if err := chain.VerifyVote(v, e.rules.Network); err != nil {
		return err
	}
	c := e.claims[v.OptimaeID]
	if c == nil {
		if e.tip.Settled(v.OptimaeID) {
			return late("optimae is settled")
		}
		held := e.early[v.OptimaeID]
		if !e.registered(v.EvaluatorID) {
			return late("vote of an unregistered peer")
		}
		if slices.ContainsFunc(held.votes, func(o *chain.Vote) bool { return o.EvaluatorID == v.EvaluatorID }) {
			return late("voted already")
		}
		if len(e.early) >= e.cfg.MaxClaims || len(held.votes) >= 64 {
			return late("too many votes ahead of their reveals")
		}
		e.early[v.OptimaeID] = early{votes: append(held.votes, v), received: e.now}
		return nil
	}
	return e.addVote(c, v)
}

// addVote counts a verified vote and settles the claim if it decides it.
func (e *Engine) addVote(c *claim, v *chain.Vote) error {
	switch {
	case v.DomainID != c.st.DomainID || v.Anchor != c.st.Anchor:
		return fmt.Errorf("%w: about another domain or anchor", ErrVote)
	case !c.isMember(v.EvaluatorID):
		return fmt.Errorf("%w: voter is not in the quorum", ErrVote)
	case c.votes[v.EvaluatorID] != nil:
		return late("voted already")
	}
	c.votes[v.EvaluatorID] = v
	if c.taskID != "" && v.EvaluatorID == e.key.PeerID() {
		e.completeTask(c.taskID, canon.NewObject("digest", v.Digest), &v.VerifiedPerformance)
	}
	e.settle(c)
	return nil
}

// settle assembles the transaction when the quorum has decided: the optimizer its acceptance, the first
// divergent member of the quorum the rejection. That is another one each time: rejections count against their author's
// rate, and a liar must not be able to use up that of one node.
func (e *Engine) settle(c *claim) {
	var agreed, divergent []*chain.Vote
	for _, id := range c.members {
		v := c.votes[id]
		switch {
		case v == nil:
		case consensus.Agrees(v, c.st.Claim, e.rules.QuorumTolerance):
			agreed = append(agreed, v)
		default:
			divergent = append(divergent, v)
		}
	}
	k := len(c.members)
	switch {
	case c.accepted || c.rejected:
	case c.own && len(agreed) >= consensus.Needed(k):
		st := *c.st
		st.Votes = slices.Concat(agreed, divergent)
		e.issue(consensus.TxAccepted, st.DomainID, consensus.AcceptancePayload(&st, len(agreed), c.metrics, c.experiment))
	case len(divergent) > k-consensus.Needed(k):
		if divergent[0].EvaluatorID != e.key.PeerID() {
			return
		}
		st := *c.st
		st.Votes = slices.Concat(divergent, agreed)
		e.issue(consensus.TxRejected, st.DomainID, consensus.RejectionPayload(&st,
			fmt.Sprintf("%d of %d evaluators disagree", len(divergent), k), c.reveal.Object()))
	}
}

// issue makes, signs, pools and broadcasts a transaction of this node.
func (e *Engine) issue(kind, domain string, payload *canon.Object) {
	tx := &chain.Tx{Type: kind, DomainID: domain, PeerID: e.key.PeerID(), Payload: payload, Timestamp: timestamp.FromMicro(e.now)}
	tx.ID = tx.ComputeID()
	if err := chain.SignTx(tx, e.key, e.rules.Network); err != nil {
		e.notice(true, "transaction not signed", "type", kind, "err", err)
		return
	}
	if err := e.submit(tx, true); err != nil {
		e.notice(true, "own transaction refused", "type", kind, "err", err)
	}
}

// drop forgets a claim.
func (e *Engine) drop(id string) {
	if c := e.claims[id]; c != nil && c.taskID != "" && !c.evaluated {
		e.failTask(c.taskID, "settled elsewhere")
	}
	delete(e.claims, id)
	delete(e.early, id)
}

func sameBits(a, b float64) bool { return a == b && (a != 0 || 1/a == 1/b) }

func short(id string) string { return id[:min(12, len(id))] }
